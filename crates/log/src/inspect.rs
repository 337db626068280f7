//! Looks into an embedded log's directory, and repairs it, without the engine.
//!
//! * [`stats`] counts what is there, quickly.
//! * [`verify`] reads every byte, and names each place that is damaged.
//! * [`repair`] cuts the last segment where it is damaged, and keeps what it cut.
//! * [`ReadOnlyLog`] reads the records, while a server has the log open or not.
//!
//! All but [`repair`] change nothing and need no lock. What they see of a log that is being written
//! to may include records that are not durable yet.

mod read_only;
mod repair;
mod stats;
mod verify;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::read_only::ReadOnlyLog;
pub use self::repair::{RepairError, RepairOptions, RepairReport, repair};
pub use self::stats::{LogStats, SegmentStats, stats};
pub use self::verify::{IndexState, Progress, SegmentReport, TornTail, VerifyReport, verify};

use crate::OpenError;
use crate::embedded::notes::durable;
use crate::embedded::recovery;
use crate::embedded::segment::Head;
use crate::embedded::survey::{Known, Rest, Survey, survey};

/// How often the last segment is looked at again when it seems damaged: the server may be writing
/// to it, so that what is read of it is of different moments.
const LOOKS: usize = 5;

/// The segments of `dir`, of which there is at least one.
fn heads(dir: &Path) -> Result<Vec<(Head, PathBuf)>, OpenError> {
    let missing = || OpenError::Missing {
        dir: dir.to_owned(),
    };
    if !dir.is_dir() {
        return Err(missing());
    }
    let heads = recovery::heads(dir)?;
    if heads.is_empty() {
        Err(missing())
    } else {
        Ok(heads)
    }
}

/// Surveys the last segment. Only what looks damaged twice in a row is.
fn survey_last(head: Head, path: &Path) -> Result<Survey, OpenError> {
    let file = Arc::new(File::open(path).map_err(OpenError::io("open", path))?);
    let dir = path.parent().unwrap_or(Path::new(""));
    let look = || {
        // First the note: what is durable then is read after it.
        let noted = durable::find(dir)?;
        survey(&file, head, Known::of(noted.as_ref(), head)).map_err(OpenError::io("read", path))
    };
    let mut seen = look()?;
    for _ in 1..LOOKS {
        if !matches!(seen.rest, Rest::Damaged(_)) {
            break;
        }
        let again = look()?;
        let same = again.rest == seen.rest;
        seen = again;
        if same {
            break;
        }
    }
    Ok(seen)
}
