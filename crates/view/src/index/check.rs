//! Reads an index's files against their checksums, beside everything else.
//!
//! tantivy reads its files by memory map and trusts them; a damaged one gives wrong answers, or a
//! panic in the middle of a query.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use tantivy::{Directory, Index, IndexMeta};

use super::IndexError;
use super::fault::reading;

/// A check under way, or its outcome if that was not asked for yet.
#[derive(Debug)]
pub(super) struct Check(Receiver<Result<(), IndexError>>);

impl Check {
    /// Begins to check the segments that `index` has now.
    pub(super) fn begin(index: &Index) -> tantivy::Result<Self> {
        // While these are held, the segments keep their files, whatever is merged meanwhile.
        let metas = index.load_metas()?;
        let index = index.clone();
        let (verdict, check) = sync_channel(1);
        std::thread::Builder::new()
            .name("view-check".to_owned())
            .spawn(move || {
                // Nobody listens any more if the index was closed.
                let _ = verdict.send(check_segments(&index, &metas));
            })?;
        Ok(Self(check))
    }

    /// The outcome, if it is there in time: a large index is in use before it is checked.
    pub(super) fn wait(&self, at_most: Duration) -> Option<Result<(), IndexError>> {
        match self.0.recv_timeout(at_most) {
            Ok(verdict) => Some(verdict),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Ok(())),
        }
    }
}

/// Checks all segments that `index` has now, before anything else is done.
pub(super) fn all(index: &Index) -> Result<(), IndexError> {
    let metas = reading(|| index.load_metas())?;
    check_segments(index, &metas)
}

fn check_segments(index: &Index, metas: &IndexMeta) -> Result<(), IndexError> {
    let directory = index.directory();
    for file in metas.list_segment_files() {
        let sound = reading(|| {
            // Not every segment has every kind of file.
            Ok(!directory.exists(&file)? || directory.validate_checksum(&file)?)
        })?;
        if !sound {
            return Err(IndexError::damaged(format_args!(
                "{} is damaged",
                file.display()
            )));
        }
    }
    Ok(())
}
