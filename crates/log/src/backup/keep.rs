//! Writes a backup into a directory.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::Part;
use super::summary::{SUMMARY_NAME, Summary};
use crate::embedded::disk::write_all_at;
use crate::embedded::lock::Lock;
use crate::embedded::notes::epochs;
use crate::embedded::segment::{self, PAGE_BYTES};
use crate::embedded::survey::{Known, survey};
use crate::embedded::{Disk, OsDisk, recovery};
use crate::inspect::{ReadOnlyLog, verify};
use crate::{LogIdentity, Offset, OpenError};

/// What a directory holds of a backup before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The log that it is of.
    pub identity: LogIdentity,
    /// The first offset that it lacks.
    pub next: Offset,
}

/// Why a backup can't be written or is none.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The directory's files.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The directory has a log in it that a server writes to, or something else.
    #[error("{} holds files that are no backup: name another directory", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// The parts do not continue what is there.
    #[error("what comes does not continue the backup in {}: name a new directory", dir.display())]
    Differs {
        /// The directory.
        dir: PathBuf,
    },
    /// What was written does not read back.
    #[error("the backup in {} is not as it was sent: {detail}", dir.display())]
    Unverified {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The operating system refused.
    #[error("the backup in {} can't be written", dir.display())]
    Io {
        /// The directory.
        dir: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

/// A directory that a backup is written into.
#[derive(Debug)]
pub struct Keeper {
    dir: PathBuf,
    held: Option<Held>,
    writing: Option<(File, u64)>,
    _lock: Lock,
}

impl Keeper {
    /// Makes the directory, or takes up the backup that is in it: what a broken off one left of a
    /// record is cut.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, KeepError> {
        let dir = dir.as_ref();
        recovery::create_dir(&OsDisk, dir)?;
        let foreign = |name: &str| !is_of_backup(name) && name != "lock" && !name.ends_with(".new");
        let io_error = |source| KeepError::Io {
            dir: dir.to_owned(),
            source,
        };
        for entry in fs::read_dir(dir).map_err(io_error)? {
            let name = entry.map_err(io_error)?.file_name();
            if name.to_str().is_none_or(foreign) {
                return Err(KeepError::NotEmpty {
                    dir: dir.to_owned(),
                });
            }
        }
        let lock = Lock::take(dir)?;
        Ok(Self {
            held: held(dir)?,
            dir: dir.to_owned(),
            writing: None,
            _lock: lock,
        })
    }

    /// What is there already.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// Writes the next part.
    ///
    /// # Errors
    /// [`KeepError::Differs`] when it doesn't follow what is there, and when it can't be written.
    pub fn take(&mut self, part: Part) -> Result<(), KeepError> {
        match part {
            Part::Epochs(bytes) => self.epochs(&bytes),
            Part::Segment {
                base, page, from, ..
            } => self.segment(base, &page, from),
            Part::Frames(bytes) => self.frames(&bytes),
        }
    }

    /// Makes all durable, reads it once more, and says what it holds.
    ///
    /// # Errors
    /// [`KeepError::Unverified`] when it is not all before the record `tail`, as it was written.
    pub fn finish(mut self, tail: Offset) -> Result<Summary, KeepError> {
        self.seal()?;
        OsDisk.sync_dir(&self.dir).map_err(self.io())?;
        let report = verify(&self.dir, |_| {})?;
        let unverified = |detail| KeepError::Unverified {
            dir: self.dir.clone(),
            detail,
        };
        if let Some(damage) = report.damages.first() {
            return Err(unverified(damage.to_string()));
        }
        if report.torn_tail.is_some() || report.records != tail {
            let detail = format!("it has {} of {tail} records", report.records);
            return Err(unverified(detail));
        }
        let summary = Summary {
            log: ReadOnlyLog::open(&self.dir)?.id(),
            records: tail,
            bytes: report.bytes,
        };
        self.replace(SUMMARY_NAME, summary.text().as_bytes())?;
        Ok(summary)
    }

    fn epochs(&mut self, bytes: &[u8]) -> Result<(), KeepError> {
        // From here on it is no whole backup any more, until it is one again.
        match fs::remove_file(self.dir.join(SUMMARY_NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(self.io()(error));
            }
            _ => {}
        }
        let name = epochs::path(Path::new(""));
        self.replace(&name.to_string_lossy(), bytes)
    }

    fn segment(&mut self, base: Offset, page: &Bytes, from: u64) -> Result<(), KeepError> {
        self.seal()?;
        let path = segment::path(&self.dir, base);
        let there = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let continues = match there {
            0 => from == PAGE_BYTES,
            there => there == from,
        };
        if !continues || page.len() as u64 != PAGE_BYTES {
            return Err(KeepError::Differs {
                dir: self.dir.clone(),
            });
        }
        let open = || match there {
            0 => OsDisk.create(&path),
            _ => OpenOptions::new().write(true).open(&path),
        };
        let file = open().map_err(self.io())?;
        // A segment's page is the same for ever, but for the log's identity, which is the last one's.
        write_all_at(&OsDisk, &file, page, 0).map_err(self.io())?;
        self.writing = Some((file, from));
        Ok(())
    }

    fn frames(&mut self, bytes: &[u8]) -> Result<(), KeepError> {
        let dir = self.dir.clone();
        let Some((file, at)) = &mut self.writing else {
            return Err(KeepError::Differs { dir });
        };
        write_all_at(&OsDisk, file, bytes, *at).map_err(|source| KeepError::Io { dir, source })?;
        *at += bytes.len() as u64;
        Ok(())
    }

    /// Makes the segment that was written to durable.
    fn seal(&mut self) -> Result<(), KeepError> {
        match self.writing.take() {
            Some((file, _)) => file.sync_all().map_err(self.io()),
            None => Ok(()),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), KeepError> {
        let write = || {
            let fresh = self.dir.join(format!("{name}.new"));
            let file = OsDisk.create(&fresh)?;
            write_all_at(&OsDisk, &file, bytes, 0)?;
            file.sync_all()?;
            fs::rename(&fresh, self.dir.join(name))?;
            OsDisk.sync_dir(&self.dir)
        };
        write().map_err(self.io())
    }

    fn io(&self) -> impl FnOnce(io::Error) -> KeepError + use<> {
        let dir = self.dir.clone();
        move |source| KeepError::Io { dir, source }
    }
}

/// Whether a file of this name is part of a backup.
pub(super) fn is_of_backup(name: &str) -> bool {
    let is_segment = name.strip_suffix(".log").is_some_and(|digits| {
        digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    is_segment || name == SUMMARY_NAME || Path::new(name) == epochs::path(Path::new(""))
}

/// What `dir` holds already. What a broken off backup left of a record, or of a page, is cut.
fn held(dir: &Path) -> Result<Option<Held>, KeepError> {
    let found = segment::list(dir)?;
    let Some((_, last)) = found.last() else {
        return Ok(None);
    };
    let io = |source| KeepError::Io {
        dir: dir.to_owned(),
        source,
    };
    let bytes = fs::metadata(last).map_err(io)?.len();
    if bytes < PAGE_BYTES {
        fs::remove_file(last).map_err(io)?;
        return held(dir);
    }
    let mut heads = recovery::heads(dir)?;
    let Some((head, path)) = heads.pop() else {
        return Ok(None);
    };
    let file = OpenOptions::new().read(true).write(true).open(&path);
    let file = Arc::new(file.map_err(io)?);
    let found = survey(&file, head, Known::of(None, head)).map_err(io)?;
    file.set_len(found.index.end()).map_err(io)?;
    Ok(Some(Held {
        identity: ReadOnlyLog::open(dir)?.identity().clone(),
        next: found.index.next(),
    }))
}
