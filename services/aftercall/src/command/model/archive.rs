//! Weights and their vocabulary in an archive, or in an archive in that.

use std::io::{self, Cursor, Read, Seek};

use aftercall_retrieval::meaning::Source;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{VOCABULARIES, VOCABULARY_BYTES_MAX};

const WEIGHTS: &str = "model.safetensors";
/// Entries that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// What an archive holds.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) weights: Vec<u8>,
    pub(super) vocabulary: String,
}

/// Why an archive is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It can't be read.
    #[error("it is no archive that can be read")]
    Form(#[from] ZipError),
    /// Something in it can't be read.
    #[error("its {name} can't be read")]
    Entry {
        /// The entry.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// Something in it is larger than any model.
    #[error("its {name} has {bytes} bytes, more than any model that is known")]
    TooLarge {
        /// The entry.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// The weights are not there.
    #[error("it holds no {WEIGHTS}, and no archive that does")]
    NoWeights,
    /// The weights are there, the vocabulary is not.
    #[error("it holds {WEIGHTS}, but neither tokenizer.json nor vocab.txt beside it")]
    NoVocabulary,
}

/// Finds the weights, in the archive itself or in one that it holds.
pub(super) fn find(file: impl Read + Seek) -> Result<Found, ArchiveError> {
    let mut archive = ZipArchive::new(file)?;
    if let Some(found) = within(&mut archive)? {
        return Ok(found);
    }
    let inner: Vec<String> = names(&archive)
        .filter(|name| name.ends_with(".zip"))
        .collect();
    for name in inner {
        let bytes = read(&mut archive, &name, Source::WEIGHTS_BYTES_MAX)?;
        if let Some(found) = within(&mut ZipArchive::new(Cursor::new(bytes))?)? {
            return Ok(found);
        }
    }
    Err(ArchiveError::NoWeights)
}

fn names<R: Read + Seek>(archive: &ZipArchive<R>) -> impl Iterator<Item = String> {
    archive.file_names().take(ENTRIES_MAX).map(str::to_owned)
}

fn within<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Option<Found>, ArchiveError> {
    let is_weights = |name: &String| {
        let dir = name.strip_suffix(WEIGHTS);
        dir.is_some_and(|dir| dir.is_empty() || dir.ends_with('/'))
    };
    let Some(weights) = names(archive).find(is_weights) else {
        return Ok(None);
    };
    let dir = weights.strip_suffix(WEIGHTS).unwrap_or_default();
    let beside = VOCABULARIES.map(|name| format!("{dir}{name}"));
    let vocabulary = beside
        .into_iter()
        .find(|name| archive.index_for_name(name).is_some());
    let vocabulary = vocabulary.ok_or(ArchiveError::NoVocabulary)?;
    let text = read(archive, &vocabulary, VOCABULARY_BYTES_MAX)?;
    let text = String::from_utf8(text).map_err(|source| ArchiveError::Entry {
        name: vocabulary,
        source: io::Error::new(io::ErrorKind::InvalidData, source),
    })?;
    Ok(Some(Found {
        weights: read(archive, &weights, Source::WEIGHTS_BYTES_MAX)?,
        vocabulary: text,
    }))
}

/// An entry, however large it says to be at most `bytes_max`.
fn read<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
    bytes_max: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let entry = archive.by_name(name)?;
    let told = entry.size();
    let mut bytes = Vec::new();
    let read = entry.take(bytes_max + 1).read_to_end(&mut bytes);
    read.map_err(|source| ArchiveError::Entry {
        name: name.to_owned(),
        source,
    })?;
    match bytes.len() as u64 > bytes_max {
        true => Err(ArchiveError::TooLarge {
            name: name.to_owned(),
            bytes: told.max(bytes.len() as u64),
        }),
        false => Ok(bytes),
    }
}
