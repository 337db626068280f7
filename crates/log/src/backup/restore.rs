//! Puts a backup in the place of a log.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::keep::is_of_backup;
use super::summary::{SUMMARY_NAME, Summary};
use crate::embedded::disk::{make_dirs, write_all_at};
use crate::embedded::notes::home;
use crate::embedded::segment::Head;
use crate::embedded::{Disk, OsDisk, recovery};
use crate::inspect::verify;
use crate::{LogId, Offset, OpenError};

/// What was put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The log's identity.
    pub log: LogId,
    /// How many records it has.
    pub records: Offset,
}

/// Why a backup was not put in place. Nothing is there then that was not there before.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is something already.
    #[error(
        "{} is not empty: move it aside first, or name another data directory",
        dir.display()
    )]
    NotEmpty {
        /// The log's directory.
        dir: PathBuf,
    },
    /// The backup was broken off.
    #[error("the backup is not whole: run `aftercall backup` again, it goes on where it ended")]
    Incomplete,
    /// The backup holds a file that is none of its own.
    #[error("a backup has no file that is called {name:?}")]
    Foreign {
        /// The file's name.
        name: String,
    },
    /// The backup is damaged.
    #[error("the backup is damaged: {detail}")]
    Damaged {
        /// Where, and what is wrong there.
        detail: String,
    },
    /// The backup's files.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The operating system refused.
    #[error("{} can't be restored", dir.display())]
    Io {
        /// The log's directory.
        dir: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

/// A log's directory that is being filled from a backup, beside its place.
#[derive(Debug)]
pub struct Restoring {
    to: PathBuf,
    beside: PathBuf,
}

impl Restoring {
    /// Begins to restore the log that is to be in the directory `to`.
    ///
    /// # Errors
    /// [`RestoreError::NotEmpty`] when there is one.
    pub fn begin(to: impl AsRef<Path>) -> Result<Self, RestoreError> {
        let to = to.as_ref().to_owned();
        let restoring = Self {
            beside: to.with_extension("restoring"),
            to,
        };
        let occupied = || match fs::read_dir(&restoring.to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            entries => Ok(entries?.next().is_some()),
        };
        if occupied().map_err(restoring.io())? {
            return Err(RestoreError::NotEmpty { dir: restoring.to });
        }
        restoring.clear().map_err(restoring.io())?;
        make_dirs(&restoring.beside).map_err(restoring.io())?;
        Ok(restoring)
    }

    /// Takes a file of the backup.
    ///
    /// # Errors
    /// [`RestoreError::Foreign`] when a backup has none of this name.
    pub fn file(&self, name: &str, bytes: &mut dyn Read) -> Result<(), RestoreError> {
        if !is_of_backup(name) {
            let name = name.to_owned();
            return Err(RestoreError::Foreign { name });
        }
        let mut copy = || {
            let mut file = OsDisk.create(&self.beside.join(name))?;
            io::copy(bytes, &mut file)?;
            file.sync_all()
        };
        copy().map_err(self.io())
    }

    /// Takes all files of the backup in `dir`.
    ///
    /// # Errors
    /// As [`Restoring::file`].
    pub fn directory(&self, dir: &Path) -> Result<(), RestoreError> {
        for entry in fs::read_dir(dir).map_err(OpenError::io("list", dir))? {
            let path = entry.map_err(OpenError::io("list", dir))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            // The lock of the process that wrote it.
            let Some(name) = name.filter(|name| *name != "lock") else {
                continue;
            };
            let mut file = File::open(&path).map_err(OpenError::io("open", &path))?;
            self.file(name, &mut file)?;
        }
        Ok(())
    }

    /// Reads what was taken, and puts it in place: as the log that it is of, or, with `as_copy`, as
    /// another one. The same log may live on elsewhere, so what was put in place as such counts as a copy of it
    /// ([`crate::Log::copied`]) until it takes its place ([`crate::take_over`]).
    ///
    /// # Errors
    /// [`RestoreError::Incomplete`] or [`RestoreError::Damaged`]; then nothing is put in place.
    pub fn finish(self, as_copy: bool) -> Result<Restored, RestoreError> {
        let restored = self.check();
        let restored = restored.and_then(|restored| match as_copy {
            true => self.rename(restored),
            false => self.note_copy().map(|()| restored),
        });
        let placed = restored.and_then(|restored| {
            self.place().map_err(self.io())?;
            Ok(restored)
        });
        if placed.is_err() {
            // What failed says more.
            let _ = self.clear();
        }
        placed
    }

    fn check(&self) -> Result<Restored, RestoreError> {
        let summary = Summary::read(&self.beside).map_err(self.io())?;
        let summary = summary.ok_or(RestoreError::Incomplete)?;
        let report = verify(&self.beside, |_| {})?;
        if let Some(damage) = report.damages.first() {
            let detail = damage.to_string();
            return Err(RestoreError::Damaged { detail });
        }
        let heads = recovery::heads(&self.beside)?;
        let log = heads.last().map(|(head, _)| head.id);
        if report.records != summary.records || log != Some(summary.log) {
            let detail = format!("it has {} of {} records", report.records, summary.records);
            return Err(RestoreError::Damaged { detail });
        }
        Ok(Restored {
            log: summary.log,
            records: summary.records,
        })
    }

    /// Gives the log another identity: the last segment's counts.
    fn rename(&self, restored: Restored) -> Result<Restored, RestoreError> {
        let log = recovery::random_id().map_err(self.io())?;
        let heads = recovery::heads(&self.beside)?;
        if let Some((head, path)) = heads.last() {
            let page = Head { id: log, ..*head }.encode();
            let file = OpenOptions::new().write(true).open(path);
            let file = file.map_err(self.io())?;
            write_all_at(&OsDisk, &file, &page, 0).map_err(self.io())?;
            file.sync_all().map_err(self.io())?;
        }
        Ok(Restored { log, ..restored })
    }

    fn note_copy(&self) -> Result<(), RestoreError> {
        let heads = recovery::heads(&self.beside)?;
        let Some((head, _)) = heads.last() else {
            return Ok(());
        };
        home::put_elsewhere(&OsDisk, &self.beside, head.origin, "a backup").map_err(self.io())
    }

    fn place(&self) -> io::Result<()> {
        fs::remove_file(self.beside.join(SUMMARY_NAME))?;
        OsDisk.sync_dir(&self.beside)?;
        // It goes in the place of an empty directory, and of no other.
        fs::rename(&self.beside, &self.to)?;
        let parent = self.to.parent().filter(|path| !path.as_os_str().is_empty());
        OsDisk.sync_dir(parent.unwrap_or(Path::new(".")))
    }

    fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn io(&self) -> impl FnOnce(io::Error) -> RestoreError + use<> {
        let dir = self.to.clone();
        move |source| RestoreError::Io { dir, source }
    }
}
