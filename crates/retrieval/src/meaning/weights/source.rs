//! What models are published as: weights in the form `safetensors`, and a vocabulary.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Description, HEADER_BYTES_MAX, Head, MAGIC, NUMBERS_MAX};

/// How a file is called while it is written.
const UNFINISHED: &str = "unfinished";

/// A model as it is published, and what of it is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that it is given.
    pub name: &'static str,
    /// The SHA-256 of its weights, in hexadecimal.
    pub weights_sha256: &'static str,
    /// The SHA-256 of its vocabulary: each piece with the end of a line, in hexadecimal.
    pub vocabulary_sha256: &'static str,
    /// How many ways each layer has for tokens to look at each other: the weights don't say.
    pub heads: usize,
}

/// Something has another hash than what is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The hash that it has.
    pub found: String,
    /// The hash that it should have.
    pub expected: &'static str,
}

/// Why no model is made.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The weights are others.
    #[error("the weights are not those of {name}: their SHA-256 is {}, not {}", mismatch.found, mismatch.expected)]
    Weights {
        /// The model.
        name: &'static str,
        /// The hashes.
        mismatch: Mismatch,
    },
    /// The vocabulary is another one.
    #[error("the vocabulary is not that of {name}: its SHA-256 is {}, not {}", mismatch.found, mismatch.expected)]
    Vocabulary {
        /// The model.
        name: &'static str,
        /// The hashes.
        mismatch: Mismatch,
    },
    /// The weights can't be understood.
    #[error("the weights can't be used: {0}")]
    Form(&'static str),
    /// The vocabulary can't be understood.
    #[error("the vocabulary can't be used: {0}")]
    VocabularyForm(&'static str),
    /// What is given can't be read.
    #[error("the weights can't be read")]
    Read(#[source] io::Error),
    /// The model can't be written.
    #[error("{path} can't be written")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// all-MiniLM-L6-v2: sentences as directions of 384 numbers.
pub const MINI_LM: Source = Source {
    name: "all-MiniLM-L6-v2",
    weights_sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    vocabulary_sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    heads: 12,
};

impl Source {
    /// The most bytes that the weights may have.
    pub const WEIGHTS_BYTES_MAX: u64 = 1 << 28;

    /// What its file is called.
    pub fn file_name(&self) -> String {
        format!("{}.model", self.name.to_lowercase())
    }

    /// Makes a model at `path` of weights and the text of a vocabulary: `tokenizer.json`, or one
    /// piece a line. It stands there whole, or not at all; one that stood there before is replaced.
    ///
    /// # Errors
    /// When one of them is another one, can't be understood, or the model can't be written.
    pub fn convert(
        &self,
        weights: impl Read,
        vocabulary: &str,
        path: &Path,
    ) -> Result<Description, SourceError> {
        let vocabulary = self.vocabulary(vocabulary)?;
        let mut bytes = Vec::new();
        let mut weights = weights.take(Self::WEIGHTS_BYTES_MAX + 1);
        weights.read_to_end(&mut bytes).map_err(SourceError::Read)?;
        let found = hex(&Sha256::digest(&bytes));
        if found != self.weights_sha256 {
            return Err(SourceError::Weights {
                name: self.name,
                mismatch: Mismatch {
                    found,
                    expected: self.weights_sha256,
                },
            });
        }
        let published = Published::of(&bytes)?;
        let head = Head {
            description: self.description(&published)?,
            vocabulary_bytes: vocabulary.len() as u32,
            tables: published
                .tables
                .iter()
                .map(|one| (one.name.clone(), one.shape.clone()))
                .collect(),
        };
        let failed = |source| SourceError::Write {
            path: path.to_owned(),
            source,
        };
        write(path, &head, &vocabulary, &published).map_err(failed)?;
        Ok(head.description)
    }

    /// Checks the vocabulary, and gives it as one piece a line.
    fn vocabulary(&self, text: &str) -> Result<String, SourceError> {
        let pieces = match text.trim_start().starts_with('{') {
            true => of_tokenizer(text)?,
            false => text.lines().map(str::to_owned).collect(),
        };
        let mut lines = pieces.join("\n");
        lines.push('\n');
        let found = hex(&Sha256::digest(&lines));
        if found == self.vocabulary_sha256 {
            return Ok(lines);
        }
        Err(SourceError::Vocabulary {
            name: self.name,
            mismatch: Mismatch {
                found,
                expected: self.vocabulary_sha256,
            },
        })
    }

    fn description(&self, published: &Published<'_>) -> Result<Description, SourceError> {
        let shape = |name: &str| {
            let found = published.tables.iter().find(|one| one.name == name);
            found.map(|one| one.shape.as_slice())
        };
        let (Some([_, dimensions]), Some([tokens_max, _])) = (
            shape("embeddings.word_embeddings.weight"),
            shape("embeddings.position_embeddings.weight"),
        ) else {
            return Err(SourceError::Form("they are not those of a BERT model"));
        };
        let is_there =
            |layer: &usize| shape(&format!("encoder.layer.{layer}.output.dense.weight")).is_some();
        Ok(Description {
            name: self.name.to_owned(),
            source_sha256: self.weights_sha256.to_owned(),
            dimensions: *dimensions,
            layers: (0..).take_while(is_there).count(),
            heads: self.heads,
            tokens_max: *tokens_max,
        })
    }
}

/// The vocabulary that stands in a `tokenizer.json`.
fn of_tokenizer(text: &str) -> Result<Vec<String>, SourceError> {
    #[derive(Deserialize)]
    struct Tokenizer {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        vocab: BTreeMap<String, usize>,
    }
    let unread = |_| SourceError::VocabularyForm("tokenizer.json has no model.vocab");
    let tokenizer: Tokenizer = serde_json::from_str(text).map_err(unread)?;
    let mut pieces = vec![String::new(); tokenizer.model.vocab.len()];
    for (piece, number) in tokenizer.model.vocab {
        let place = pieces.get_mut(number);
        let place = place.ok_or(SourceError::VocabularyForm("its numbers have gaps"))?;
        *place = piece;
    }
    Ok(pieces)
}

/// Weights as they are published.
struct Published<'b> {
    tables: Vec<PublishedTable<'b>>,
}

struct PublishedTable<'b> {
    name: String,
    shape: Vec<usize>,
    numbers: &'b [u8],
}

impl<'b> Published<'b> {
    /// The tables that a sentence's direction needs.
    fn of(bytes: &'b [u8]) -> Result<Self, SourceError> {
        #[derive(Deserialize)]
        struct Entry {
            dtype: String,
            shape: Vec<usize>,
            data_offsets: [usize; 2],
        }
        let form = || SourceError::Form("they are no whole safetensors file");
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(form)?;
        let length = u64::from_le_bytes(*length);
        if length > u64::from(HEADER_BYTES_MAX) {
            return Err(form());
        }
        let (head, data) = rest.split_at_checked(length as usize).ok_or_else(form)?;
        let head: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(head).map_err(|_| form())?;
        let mut tables = Vec::new();
        for (name, entry) in head {
            // The rest is for training, or for other tasks.
            let is_needed = name.starts_with("embeddings.") || name.starts_with("encoder.");
            if !is_needed || name.ends_with("position_ids") {
                continue;
            }
            let entry: Entry = serde_json::from_value(entry).map_err(|_| form())?;
            if entry.dtype != "F32" {
                return Err(SourceError::Form("they are not of 32 bits each"));
            }
            let [from, to] = entry.data_offsets;
            let numbers = data.get(from..to).ok_or_else(form)?;
            let count = entry
                .shape
                .iter()
                .try_fold(4_usize, |all, one| all.checked_mul(*one));
            if count != Some(numbers.len()) || numbers.len() > 4 * NUMBERS_MAX {
                return Err(form());
            }
            tables.push(PublishedTable {
                name,
                shape: entry.shape,
                numbers,
            });
        }
        Ok(Self { tables })
    }
}

fn write(path: &Path, head: &Head, vocabulary: &str, published: &Published<'_>) -> io::Result<()> {
    let beside = path.with_extension(UNFINISHED);
    let mut file = File::create(&beside)?;
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(bytes);
        file.write_all(bytes)
    };
    let text = serde_json::to_vec(head)?;
    add(&MAGIC)?;
    add(&(text.len() as u32).to_le_bytes())?;
    add(&text)?;
    add(vocabulary.as_bytes())?;
    for table in &published.tables {
        add(table.numbers)?;
    }
    file.write_all(hasher.finalize().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
