//! The state directory: who uses it, how far is told, and what the server refused.
//!
//! A place is written when all that stands before it is acknowledged, together with the mapper's memory at that place.
//! Whoever reads on from a place comes to the same events under the same names, so what was told after it was written
//! is told again, and counts once.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::mapping::Memory;
use super::tail::FileId;
use crate::command::CommandError;

/// Files are the user's own: they hold telephone numbers.
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;
const PLACE: &str = "place.json";
const REFUSED: &str = "refused.jsonl";
/// The largest place that is read.
const PLACE_BYTES_MAX: u64 = 256 << 20;
/// What the server refused is kept up to here. Then somebody has to look.
const REFUSED_BYTES_MAX: u64 = 256 << 20;
/// The form of a place.
const VERSION: u32 = 1;

/// Up to where an input is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Spot {
    /// In a file: which one, and how many of its bytes.
    File {
        /// Which file it is, by whatever name.
        file: FileId,
        /// How many of its bytes.
        offset: u64,
    },
    /// In what was kept of a stream.
    Outbox {
        /// Of which outbox.
        number: u64,
        /// How many of its bytes.
        offset: u64,
    },
}

/// How far is told, and what is remembered there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    version: u32,
    /// What the records are.
    format: String,
    /// Under which name they are told.
    source: String,
    pub(super) spot: Spot,
    pub(super) memory: Memory,
}

impl Place {
    pub(super) fn new((format, source): (&str, &str), spot: Spot, memory: Memory) -> Self {
        Self {
            version: VERSION,
            format: format.to_owned(),
            source: source.to_owned(),
            spot,
            memory,
        }
    }
}

/// A state directory that is this process's alone.
#[derive(Debug)]
pub(super) struct StateDir {
    dir: PathBuf,
    _lock: File,
}

impl StateDir {
    /// Takes a directory, and makes it where there is none.
    ///
    /// # Errors
    /// When another process has it, or it can't be used.
    pub(super) fn take(dir: &Path) -> Result<Self, CommandError> {
        let failed = failed(dir);
        let mut making = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut making, DIR_MODE);
        making.recursive(true).create(dir).map_err(&failed)?;
        let lock = open(&dir.join("lock")).map_err(&failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                dir: dir.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(CommandError::Input(format!(
                "another connector uses {}: give each a directory of its own with --state",
                dir.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The place that was written last; none where none was.
    ///
    /// # Errors
    /// When it can't be read, or is another input's.
    pub(super) fn place(
        &self,
        (format, source): (&str, &str),
    ) -> Result<Option<Place>, CommandError> {
        let path = self.dir.join(PLACE);
        let mut text = String::new();
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path)(error)),
            Ok(file) => file
                .take(PLACE_BYTES_MAX)
                .read_to_string(&mut text)
                .map_err(failed(&path))?,
        };
        let shown = path.display();
        let place: Place = serde_json::from_str(&text).map_err(|error| {
            CommandError::Input(format!(
                "{shown} is no place: {error}. Without it everything is told again, which is harmless"
            ))
        })?;
        if place.version != VERSION {
            let text = format!(
                "{shown} has version {}, and {VERSION} is known",
                place.version
            );
            return Err(CommandError::Input(text));
        }
        if (place.format.as_str(), place.source.as_str()) != (format, source) {
            return Err(CommandError::Input(format!(
                "{shown} is of {} as source {}, and this is {format} as source {source}: give it a directory of its own with --state",
                place.format, place.source
            )));
        }
        Ok(Some(place))
    }

    /// Writes a place, whole or not at all.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn save(&self, place: &Place) -> Result<(), CommandError> {
        let path = self.dir.join(PLACE);
        let written = (|| -> io::Result<()> {
            let new = self.dir.join("place.json.new");
            let mut file = open(&new)?;
            file.set_len(0)?;
            serde_json::to_writer(&mut file, place)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            File::open(&self.dir)?.sync_all()
        })();
        written.map_err(failed(&path))
    }

    /// Keeps what the server refused, a line each.
    ///
    /// # Errors
    /// When it can't be written, or there is too much of it.
    pub(super) fn keep_refused(&self, lines: &[u8]) -> Result<(), CommandError> {
        let path = self.dir.join(REFUSED);
        let kept = (|| -> io::Result<()> {
            let mut options = OpenOptions::new();
            let mut file = options
                .append(true)
                .create(true)
                .mode(FILE_MODE)
                .open(&path)?;
            if file.metadata()?.len() > REFUSED_BYTES_MAX {
                return Err(io::Error::other(
                    "it has 256 MiB of events that the server refused: see why, and move it away",
                ));
            }
            file.write_all(lines)?;
            file.sync_all()
        })();
        kept.map_err(failed(&path))
    }
}

/// Opens a file to read and write, and makes it where there is none.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(FILE_MODE).open(path)
}

/// A failure with the file that it is about.
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> CommandError + use<> {
    let path = path.display().to_string();
    move |source| CommandError::File {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn place(offset: u64) -> Place {
        let spot = Spot::Outbox { number: 1, offset };
        Place::new(("asterisk-cdr", "pbx"), spot, Memory::None)
    }

    #[test]
    fn a_place_is_found_again_by_whose_it_is() {
        let dir = TempDir::new().unwrap();
        let state = StateDir::take(dir.path()).unwrap();
        assert!(state.place(("asterisk-cdr", "pbx")).unwrap().is_none());
        state.save(&place(3)).unwrap();
        state.save(&place(70)).unwrap();
        let found = state.place(("asterisk-cdr", "pbx")).unwrap().unwrap();
        assert_eq!(found.spot, place(70).spot);
        for other in [("asterisk-cel", "pbx"), ("asterisk-cdr", "other")] {
            let error = state.place(other).unwrap_err().to_string();
            assert!(error.contains("--state"), "{error}");
        }
        std::fs::write(dir.path().join(PLACE), "{\"version\":1").unwrap();
        let error = state.place(("asterisk-cdr", "pbx")).unwrap_err();
        assert!(error.to_string().contains("no place"), "{error}");
    }

    #[test]
    fn two_never_share_a_directory() {
        let dir = TempDir::new().unwrap();
        let state = StateDir::take(dir.path()).unwrap();
        let error = StateDir::take(dir.path()).unwrap_err();
        assert!(error.to_string().contains("another connector"), "{error}");
        drop(state);
        StateDir::take(dir.path()).unwrap();
    }
}
