//! Logs on disk whose files were copied: there may be two of one log then, and one of them has to be silent.

use std::path::Path;

use crate::embedded::lock::Lock;
use crate::embedded::notes::home;
use crate::embedded::{OsDisk, recovery};
use crate::{LogId, OpenError};

/// A log whose files were copied to where they are, or put there from a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// From where, if it is known: the directory in which the log lives, as it was called there, or `a backup`. For
    /// people: it may have been renamed since.
    pub from: Option<String>,
}

/// Has the log in `dir` live there from its next start on: it is a copy no more. Harmless to repeat. Which log it is.
///
/// # Errors
/// [`OpenError::Missing`] when there is no log, [`OpenError::Held`] when a server runs on it.
pub fn take_over(dir: impl AsRef<Path>) -> Result<LogId, OpenError> {
    let dir = dir.as_ref();
    let missing = || OpenError::Missing {
        dir: dir.to_owned(),
    };
    if !dir.is_dir() {
        return Err(missing());
    }
    let heads = recovery::heads(dir)?;
    let (head, _) = heads.last().ok_or_else(missing)?;
    let _lock = Lock::take(dir)?;
    home::put(&OsDisk, dir, head.origin).map_err(OpenError::io("note the home of", dir))?;
    Ok(head.id)
}
