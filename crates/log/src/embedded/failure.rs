//! What can go wrong with a log on disk.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Offset;

/// A place in a log's files that does not hold what was written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// The byte of the file at which the first damaged record (or page) begins.
    pub byte: u64,
    /// The offset of the first damaged record.
    pub offset: Offset,
    /// What is wrong there.
    pub detail: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            byte,
            offset,
            detail,
        } = self;
        write!(
            f,
            "{} is damaged at byte {byte}, offset {offset}: {detail}",
            path.display()
        )
    }
}

/// Why a log's directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the log open, and a log belongs to one process.
    #[error(
        "another process{} holds the log in {}: stop it first, or use another directory",
        holder.map(|pid| format!(" (number {pid})")).unwrap_or_default(),
        dir.display()
    )]
    Held {
        /// The log's directory.
        dir: PathBuf,
        /// The number of that process, if it is known.
        holder: Option<u32>,
    },
    /// Records that were acknowledged are damaged or gone.
    #[error(
        "{0}; acknowledged records are affected, so nothing was changed: bring the file back from a \
         backup, or see what `aftercall log repair` can keep"
    )]
    Corrupt(Damage),
    /// The directory holds a file that is named like a segment and isn't one that this version
    /// reads.
    #[error("{} is not a segment of an aftercall log, or of a later version", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The directory holds segments of different logs.
    #[error("{} belongs to another log than the segments before it", path.display())]
    Mixed {
        /// The first segment that differs.
        path: PathBuf,
    },
    /// There is no log in the directory.
    #[error("there is no log in {}", dir.display())]
    Missing {
        /// The directory.
        dir: PathBuf,
    },
    /// The operating system refused.
    #[error("can't {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl OpenError {
    /// Makes an [`OpenError::Io`] of the operating system's answer.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// Why the log can't go on: what the disk said after records were handed to it. What of them is on
/// disk is unknown, and asking again would not tell (the kernel forgets the pages that it could not
/// write), so the process has to end, and recovery has to look.
#[derive(Debug, Clone, thiserror::Error)]
#[error("can't {action} the log's segment {}", path.display())]
pub struct FatalError {
    /// What failed.
    pub action: &'static str,
    /// With which file.
    pub path: PathBuf,
    /// The operating system's answer.
    pub source: Arc<io::Error>,
}
