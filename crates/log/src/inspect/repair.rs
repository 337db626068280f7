//! Cuts the last segment of a log where it is damaged, so that the log opens again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::heads;
use crate::embedded::index::SparseIndex;
use crate::embedded::lock::Lock;
use crate::embedded::recovery::{damage, durable_end, random_id};
use crate::embedded::scan::{Bad, CHUNK_BYTES, read_at};
use crate::embedded::segment::{Head, PAGE_BYTES, index_path, write_page};
use crate::embedded::survey::{Rest, Survey, find_frame, survey};
use crate::embedded::{Disk, OsDisk, write_all_at};
use crate::{Damage, LogId, Offset, OpenError};

/// What a repair may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RepairOptions {
    /// Change nothing, only say what would be done.
    pub dry_run: bool,
    /// Cut also records that were acknowledged. The log gets a new identity then, so that views of
    /// what is lost are built again.
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
        /// The identity that the log has afterwards. Unknown yet in a dry run that loses records.
        id: Option<LogId>,
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
    let survey =
        survey(&file, head, durable_end(head, &path)).map_err(OpenError::io("read", &path))?;
    let (bad, lost) = match survey.rest {
        Rest::Unwritten => return Ok(RepairReport::Sound),
        Rest::Torn(bad) => (bad, None),
        Rest::Damaged(bad) => {
            let last = last_known(&file, head, &path, &survey, bad)?;
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
    let written = last_written(&file, survey.file_bytes).map_err(OpenError::io("read", &path))?;
    let cut = Cut {
        dir,
        path: &path,
        file: &file,
        at: bad.at,
        end: written.max(bad.at),
    };
    let mut id = lost.is_none().then_some(head.id);
    let kept_in = cut.kept_in();
    if !options.dry_run {
        let new = match id {
            Some(id) => id,
            None => random_id().map_err(OpenError::io("name", dir))?,
        };
        id = Some(new);
        cut.make(&kept_in, Head { id: new, ..head })
            .map_err(OpenError::io("cut", &path))?;
    }
    Ok(RepairReport::Cut {
        damage,
        bytes: cut.end - cut.at,
        kept_in,
        lost,
        id,
    })
}

/// The last acknowledged record that is known of, at or after the bad one.
fn last_known(
    file: &File,
    head: Head,
    path: &Path,
    survey: &Survey,
    bad: Bad,
) -> Result<Offset, OpenError> {
    let mut last = bad.offset;
    find_frame(file, head, bad.at..survey.file_bytes, |found| {
        last = last.max(found.offset);
        false
    })
    .map_err(OpenError::io("read", path))?;
    let noted = SparseIndex::load(&index_path(path), head.origin, head.base)
        .map_or(0, |index| index.next().saturating_sub(1));
    Ok(last.max(noted))
}

/// The byte after the last one that isn't zero.
fn last_written(file: &File, file_bytes: u64) -> io::Result<u64> {
    let mut end = file_bytes;
    while end > 0 {
        let start = end.saturating_sub(CHUNK_BYTES as u64);
        let chunk = read_at(
            file,
            start,
            usize::try_from(end - start).unwrap_or(CHUNK_BYTES),
        )?;
        if let Some(last) = chunk.iter().rposition(|&byte| byte != 0) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

struct Cut<'a> {
    dir: &'a Path,
    path: &'a Path,
    file: &'a File,
    at: u64,
    end: u64,
}

impl Cut<'_> {
    /// A name beside the segment that is not taken.
    fn kept_in(&self) -> PathBuf {
        let name = |n: u32| self.path.with_extension(format!("{}.{n}.cut", self.at));
        (0..)
            .map(name)
            .find(|path| !path.exists())
            .unwrap_or_else(|| name(u32::MAX))
    }

    /// Keeps what is cut, then puts a segment without it in the place of the old one. Whatever
    /// happens in between, the old or the new segment is there whole.
    fn make(&self, kept_in: &Path, head: Head) -> io::Result<()> {
        let kept = File::create_new(kept_in)?;
        self.copy(self.at, self.end, &kept, 0)?;
        kept.sync_all()?;
        let fresh = self.path.with_extension("log.new");
        let whole = write_page(&OsDisk, &fresh, head)?;
        self.copy(PAGE_BYTES, self.at, &whole, PAGE_BYTES)?;
        whole.sync_all()?;
        fs::rename(&fresh, self.path)?;
        OsDisk.sync_dir(self.dir)?;
        // It says how far the old segment was durable.
        match fs::remove_file(index_path(self.path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => OsDisk.sync_dir(self.dir),
        }
    }

    fn copy(&self, from: u64, end: u64, to: &File, mut at: u64) -> io::Result<()> {
        let mut from = from;
        while from < end {
            let wanted = usize::try_from(end - from)
                .unwrap_or(CHUNK_BYTES)
                .min(CHUNK_BYTES);
            let chunk = read_at(self.file, from, wanted)?;
            if chunk.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            write_all_at(&OsDisk, to, &chunk, at)?;
            from += chunk.len() as u64;
            at += chunk.len() as u64;
        }
        Ok(())
    }
}
