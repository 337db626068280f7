//! A model on disk, in one file: what it is, its vocabulary, its numbers, and a hash of all that.
//!
//! Made once of what others publish ([`Source`]), so that reading it takes no parser of theirs.

mod source;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use source::{MINI_LM, Mismatch, Source, SourceError};

/// Before all files of this form.
const MAGIC: [u8; 8] = *b"ACMODEL1";
/// Bounds on what a file may say of itself.
const HEADER_BYTES_MAX: u32 = 1 << 20;
const VOCABULARY_BYTES_MAX: u32 = 1 << 24;
const NUMBERS_MAX: usize = 1 << 28;

/// What a model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// The SHA-256 of the weights that it was made of, in hexadecimal.
    pub source_sha256: String,
    /// Numbers of a direction.
    pub dimensions: usize,
    /// Layers, one on the other.
    pub layers: usize,
    /// Ways in which each layer lets the tokens look at each other.
    pub heads: usize,
    /// The most tokens that it can read.
    pub tokens_max: usize,
}

/// A table of numbers, and how many there are in each direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// How many in each direction.
    pub shape: Vec<usize>,
    /// The numbers, the last direction first.
    pub numbers: Vec<f32>,
}

/// A model, read.
#[derive(Debug, Clone)]
pub struct Weights {
    /// What it is.
    pub description: Description,
    /// The pieces of words that it knows, by their numbers.
    pub vocabulary: Vec<String>,
    /// Its numbers, by their names.
    pub tables: BTreeMap<String, Table>,
}

/// Why a model can't be read.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// There is none.
    #[error("there is no model at {0}")]
    Absent(PathBuf),
    /// The file can't be read.
    #[error("{path} can't be read")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else, or of another version.
    #[error("{path} is no model of this version: {why}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// It was changed after it was written.
    #[error("{path} is damaged: its content is not what was written")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// The head of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    description: Description,
    vocabulary_bytes: u32,
    /// Names and shapes, in the order of their numbers.
    tables: Vec<(String, Vec<usize>)>,
}

impl Weights {
    /// Reads a model, and checks that it is as it was written.
    ///
    /// # Errors
    /// When it can't be read, is something else, or was changed.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        let mut reading = Reading::begin(path)?;
        let head = reading.head()?;
        let vocabulary = reading.text(head.vocabulary_bytes, VOCABULARY_BYTES_MAX)?;
        let mut tables = BTreeMap::new();
        let mut left = NUMBERS_MAX;
        for (name, shape) in head.tables {
            let count = shape
                .iter()
                .try_fold(1_usize, |all, one| all.checked_mul(*one));
            let count = count.filter(|count| *count <= left);
            let count = count.ok_or_else(|| reading.form("it is too large"))?;
            left -= count;
            let numbers = reading.numbers(count)?;
            tables.insert(name, Table { shape, numbers });
        }
        reading.end()?;
        Ok(Self {
            description: head.description,
            vocabulary: vocabulary.lines().map(str::to_owned).collect(),
            tables,
        })
    }

    /// What the model at `path` is, without reading all of it.
    ///
    /// # Errors
    /// As [`Weights::read`], but for damage beyond the head.
    pub fn describe(path: &Path) -> Result<Description, WeightsError> {
        Ok(Reading::begin(path)?.head()?.description)
    }
}

/// A file that is being read, and the hash of what was.
struct Reading<'p> {
    path: &'p Path,
    file: BufReader<File>,
    hasher: blake3::Hasher,
}

impl<'p> Reading<'p> {
    fn begin(path: &'p Path) -> Result<Self, WeightsError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => WeightsError::Absent(path.to_owned()),
            _ => WeightsError::Io {
                path: path.to_owned(),
                source,
            },
        })?;
        let mut reading = Self {
            path,
            file: BufReader::with_capacity(1 << 20, file),
            hasher: blake3::Hasher::new(),
        };
        let magic = reading.bytes(MAGIC.len())?;
        match magic == MAGIC {
            true => Ok(reading),
            false => Err(reading.form("it begins otherwise")),
        }
    }

    fn head(&mut self) -> Result<Head, WeightsError> {
        let length = self.bytes(4)?;
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
        let head = self.text(length, HEADER_BYTES_MAX)?;
        serde_json::from_str(&head).map_err(|_| self.form("its head can't be read"))
    }

    fn text(&mut self, length: u32, max: u32) -> Result<String, WeightsError> {
        if length > max {
            return Err(self.form("it is too large"));
        }
        let bytes = self.bytes(length as usize)?;
        String::from_utf8(bytes).map_err(|_| self.form("its text can't be read"))
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<f32>, WeightsError> {
        const AT_ONCE: usize = 1 << 16;
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let bytes = self.bytes(4 * AT_ONCE.min(count - numbers.len()))?;
            let (read, _) = bytes.as_chunks::<4>();
            numbers.extend(read.iter().map(|four| f32::from_le_bytes(*four)));
        }
        numbers.shrink_to_fit();
        Ok(numbers)
    }

    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, WeightsError> {
        let mut bytes = vec![0; count];
        self.file
            .read_exact(&mut bytes)
            .map_err(|source| self.failed(source))?;
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn end(mut self) -> Result<(), WeightsError> {
        let mut written = Vec::new();
        let read = (&mut self.file).take(33).read_to_end(&mut written);
        read.map_err(|source| self.failed(source))?;
        if written == self.hasher.finalize().as_bytes() {
            return Ok(());
        }
        Err(WeightsError::Damaged {
            path: self.path.to_owned(),
        })
    }

    fn failed(&self, source: io::Error) -> WeightsError {
        let path = self.path.to_owned();
        match source.kind() {
            // It was cut.
            io::ErrorKind::UnexpectedEof => WeightsError::Damaged { path },
            _ => WeightsError::Io { path, source },
        }
    }

    fn form(&self, why: &'static str) -> WeightsError {
        WeightsError::Form {
            path: self.path.to_owned(),
            why,
        }
    }
}
