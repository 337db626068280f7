//! Cuts the last segment of a log where it is damaged, so that the log opens again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::heads;
use crate::embedded::cut::Cut;
use crate::embedded::lock::Lock;
use crate::embedded::notes::durable::{self, Found};
use crate::embedded::recovery::damage;
use crate::embedded::scan::Bad;
use crate::embedded::segment::Head;
use crate::embedded::survey::{Known, Rest, Survey, find_frame, survey};
use crate::{Damage, Offset, OpenError};

/// What a repair may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RepairOptions {
    /// Change nothing, only say what would be done.
    pub dry_run: bool,
    /// Cut also records that were acknowledged. The log goes on in another epoch, so views and
    /// positions of what is lost are refused.
    pub allow_loss: bool,
}

/// What a repair did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepairReport {
    /// The last segment has nothing to repair.
    Sound,
    /// The last segment is cut.
    Cut {
        /// Where, and why.
        damage: Damage,
        /// How many bytes are cut.
        bytes: u64,
        /// Where the cut bytes are kept.
        kept_in: PathBuf,
        /// The first and the last offset of the acknowledged records that are lost, if there are
        /// any.
        lost: Option<(Offset, Offset)>,
    },
}

/// Why a repair was refused.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The directory can't be opened as a log, for a reason that cutting does not mend.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Acknowledged records would be lost.
    #[error(
        "{damage}; cutting there loses the acknowledged records {first} to {last}: bring the file \
         back from a backup, or allow the loss"
    )]
    WouldLose {
        /// Where the cut would be.
        damage: Damage,
        /// The first record that would be lost.
        first: Offset,
        /// The last one that is known.
        last: Offset,
    },
}

/// Cuts the last segment of the log in `dir` at its first bad record. The cut bytes are kept in a
/// file beside it first. Takes the log's lock: no server may be running.
///
/// Only the last segment is looked at. Damage within a sealed one can't be cut out without losing
/// all that follows: reading stops there, until the file is brought back from a backup.
///
/// # Errors
/// [`RepairError::WouldLose`] when acknowledged records stand behind the cut, and
/// [`RepairOptions::allow_loss`] is not set.
pub fn repair(dir: impl AsRef<Path>, options: RepairOptions) -> Result<RepairReport, RepairError> {
    let dir = dir.as_ref();
    let mut heads = heads(dir)?;
    let _lock = Lock::take(dir)?;
    let Some((head, path)) = heads.pop() else {
        return Ok(RepairReport::Sound);
    };
    let file = Arc::new(File::open(&path).map_err(OpenError::io("open", &path))?);
    let noted = durable::find(dir)?;
    let known = Known::of(noted.as_ref(), head);
    let survey = survey(&file, head, known).map_err(OpenError::io("read", &path))?;
    let (bad, lost) = match survey.rest {
        Rest::Unwritten => return Ok(RepairReport::Sound),
        Rest::Torn(bad) | Rest::Copied(bad) => (bad, None),
        Rest::Damaged(bad) => {
            let last = last_known(&file, (head, noted.as_ref()), &path, (&survey, bad))?;
            (bad, Some((bad.offset, last)))
        }
    };
    let damage = damage(path.clone(), bad);
    if let Some((first, last)) = lost.filter(|_| !options.allow_loss) {
        return Err(RepairError::WouldLose {
            damage,
            first,
            last,
        });
    }
    let read = OpenError::io("read", &path);
    let cut = Cut::new(dir, &path, &file, (bad.at, survey.file_bytes)).map_err(read)?;
    let kept_in = cut.kept_in();
    if !options.dry_run {
        cut.make(&kept_in, head)
            .map_err(OpenError::io("cut", &path))?;
        // It says how far the old segment was durable.
        durable::remove(dir)?;
    }
    Ok(RepairReport::Cut {
        damage,
        bytes: cut.bytes(),
        kept_in,
        lost,
    })
}

/// The last acknowledged record that is known of, at or after the bad one.
fn last_known(
    file: &File,
    (head, noted): (Head, Option<&Found>),
    path: &Path,
    (survey, bad): (&Survey, Bad),
) -> Result<Offset, OpenError> {
    let mut last = bad.offset;
    find_frame(file, head, bad.at..survey.file_bytes, |found| {
        last = last.max(found.offset);
        false
    })
    .map_err(OpenError::io("read", path))?;
    let end = noted
        .filter(|noted| noted.origin() == head.origin)
        .and_then(Found::end);
    Ok(last.max(end.map_or(0, |end| end.next.saturating_sub(1))))
}
