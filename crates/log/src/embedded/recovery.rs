//! Opens a log's directory: checks what is there, cuts a torn tail, makes the rest durable.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cut::Cut;
use super::disk::{Disk, is_full, make_dirs, write_all_at};
use super::index::SparseIndex;
use super::notes::Notes;
use super::notes::durable::{self, End, Found};
use super::notes::home;
use super::scan::{Bad, Scan, Step, read_at};
use super::segment::{self, Head, PAGE_BYTES, Segment};
use super::survey::{Known, Rest, Survey, survey};
use super::writer::{Active, save_index};
use super::{Damage, OpenError};
use crate::{Copied, LogId, Offset};

/// What a log's directory holds.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) id: LogId,
    pub(super) segments: Vec<Arc<Segment>>,
    pub(super) active: Active,
    pub(super) notes: Notes,
    pub(super) tail: Offset,
    /// Whether the files are a copy of a log that lives elsewhere.
    pub(super) copied: Option<Copied>,
}

/// Makes the directory of a log, and those above it that are missing, durably.
pub(crate) fn create_dir(disk: &dyn Disk, dir: &Path) -> Result<(), OpenError> {
    let named = |path: &&Path| !path.as_os_str().is_empty();
    let missing: Vec<_> = dir
        .ancestors()
        .filter(named)
        .take_while(|path| !path.exists())
        .collect();
    make_dirs(dir).map_err(OpenError::io("create", dir))?;
    for made in missing {
        let parent = made.parent().filter(named).unwrap_or(Path::new("."));
        disk.sync_dir(parent)
            .map_err(OpenError::io("sync", parent))?;
    }
    Ok(())
}

/// Opens the log in `dir`, or begins one.
pub(super) fn recover(
    disk: &dyn Disk,
    dir: &Path,
    new_log_id: Option<LogId>,
) -> Result<Recovered, OpenError> {
    remove_unfinished(dir)?;
    let noted = durable::find(dir)?;
    let mut found = heads(dir)?;
    if let Some(damage) = missing_segment(dir, noted.as_ref(), &found) {
        return Err(OpenError::Corrupt(damage));
    }
    let is_new = found.is_empty();
    if is_new {
        let id = new_log_id
            .map_or_else(random_id, Ok)
            .map_err(OpenError::io("name", dir))?;
        let head = Head {
            origin: id,
            id,
            base: 0,
        };
        let (_, path) = segment::create(disk, dir, head).map_err(OpenError::io("create", dir))?;
        tracing::info!(dir = %dir.display(), %id, "new log");
        found.push((head, path));
    }
    let bases: Vec<Offset> = found.iter().map(|(head, _)| head.base).skip(1).collect();
    let (last, path) = found.pop().ok_or_else(|| OpenError::Missing {
        dir: dir.to_owned(),
    })?;
    let mut segments = Vec::with_capacity(bases.len() + 1);
    for ((head, path), next) in found.into_iter().zip(bases) {
        segments.push(Arc::new(open_sealed(head, path, next)?));
    }
    let active = open_last(disk, (dir, noted.as_ref()), last, path)?;
    segments.push(Arc::clone(&active.segment));
    let tail = active.segment.index.lock().next();
    let end = End {
        base: last.base,
        byte: active.segment.end(),
        next: tail,
    };
    // Before the notes, which are written anew in a copy.
    let copied = home::settle(disk, dir, (last.origin, is_new), noted.as_ref())?;
    let notes = Notes::open(disk, dir, last.origin, (noted.as_ref(), end))?;
    Ok(Recovered {
        id: last.id,
        segments,
        active,
        notes,
        tail,
        copied,
    })
}

/// The first pages of the segments of `dir`, in order; they are of one log, and none is missing at
/// the front.
pub(crate) fn heads(dir: &Path) -> Result<Vec<(Head, PathBuf)>, OpenError> {
    let mut heads: Vec<(Head, PathBuf)> = Vec::new();
    for (base, path) in segment::list(dir)? {
        let file = File::open(&path).map_err(OpenError::io("open", &path))?;
        let head = Head::read(&file, &path, base)?;
        match heads.first() {
            Some((first, _)) if first.origin != head.origin => {
                return Err(OpenError::Mixed { path });
            }
            None if base != 0 => return Err(gap(segment::path(dir, 0), 0, 0, base)),
            _ => heads.push((head, path)),
        }
    }
    Ok(heads)
}

/// What a crash left of a file that was being made.
fn remove_unfinished(dir: &Path) -> Result<(), OpenError> {
    for entry in fs::read_dir(dir).map_err(OpenError::io("list", dir))? {
        let path = entry.map_err(OpenError::io("list", dir))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.ends_with(".new") {
            fs::remove_file(&path).map_err(OpenError::io("remove", &path))?;
        }
    }
    Ok(())
}

pub(crate) fn random_id() -> io::Result<LogId> {
    let mut id = [0; 16];
    rustix::rand::getrandom(&mut id, rustix::rand::GetRandomFlags::empty())?;
    Ok(LogId(id))
}

/// A sealed segment is not read, as long as its index is good.
fn open_sealed(head: Head, path: PathBuf, next: Offset) -> Result<Segment, OpenError> {
    let bytes = fs::metadata(&path)
        .map_err(OpenError::io("look at", &path))?
        .len();
    let index = SparseIndex::load(&segment::index_path(&path), head.origin, head.base)
        .filter(|index| index.end() == bytes);
    let index = match index {
        Some(index) => index,
        None => rebuild(head, &path, bytes)?,
    };
    let whole = index.end() == bytes;
    if whole && index.next() != next {
        return Err(gap(path, bytes, index.next(), next));
    }
    Ok(Segment::new(head, path, bytes, index))
}

/// Builds the index of a sealed segment again. Of a damaged one, it covers what is before the
/// damage: reading on from there reports it.
fn rebuild(head: Head, path: &Path, bytes: u64) -> Result<SparseIndex, OpenError> {
    tracing::info!(path = %path.display(), "building a segment's index again");
    let (index, bad) = scan_sealed(head, path, bytes).map_err(OpenError::io("read", path))?;
    match bad {
        Some(bad) => tracing::error!(
            path = %path.display(), byte = bad.at, offset = bad.offset, detail = %bad.fault,
            "a sealed segment is damaged; reading stops there"
        ),
        None => save_index(path, &index, head),
    }
    Ok(index)
}

/// Reads a sealed segment up to its end, or to the first damage.
pub(crate) fn scan_sealed(
    head: Head,
    path: &Path,
    bytes: u64,
) -> io::Result<(SparseIndex, Option<Bad>)> {
    let file = Arc::new(File::open(path)?);
    let mut scan = Scan::new(file, head.seed(), PAGE_BYTES, head.base);
    let mut index = SparseIndex::new(head.base, PAGE_BYTES);
    loop {
        match scan.next(bytes)? {
            Step::Frame(frame) => {
                index.push(
                    frame.header.recorded_at_us,
                    frame.header.frame_bytes() as u64,
                );
            }
            Step::End => return Ok((index, None)),
            Step::Bad(bad) => return Ok((index, Some(bad))),
        }
    }
}

/// The segment that the note speaks of and that is not there, with those after the ones that are.
pub(crate) fn missing_segment(
    dir: &Path,
    noted: Option<&Found>,
    found: &[(Head, PathBuf)],
) -> Option<Damage> {
    let end = noted.and_then(Found::end)?;
    let last = found.last().map(|(head, _)| head);
    let missing = match last {
        Some(last) => last.origin == noted?.origin() && end.base > last.base,
        None => end.next > 0,
    };
    let detail = format!(
        "the segment is missing; {} says that the log had {} records",
        durable::path(dir).display(),
        end.next
    );
    missing.then(|| Damage {
        path: segment::path(dir, end.base),
        byte: 0,
        offset: end.base,
        detail,
    })
}

fn open_last(
    disk: &dyn Disk,
    (dir, noted): (&Path, Option<&Found>),
    head: Head,
    path: PathBuf,
) -> Result<Active, OpenError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(OpenError::io("open", &path))?;
    let file = Arc::new(file);
    let survey =
        survey(&file, head, Known::of(noted, head)).map_err(OpenError::io("read", &path))?;
    match survey.rest {
        Rest::Damaged(bad) => return Err(OpenError::Corrupt(damage(path, bad))),
        Rest::Torn(bad) => tracing::warn!(
            path = %path.display(), byte = bad.at, offset = bad.offset, detail = %bad.fault,
            bytes = survey.file_bytes - bad.at,
            "cutting a torn tail: the process ended while it was writing; nothing of it was \
             acknowledged"
        ),
        Rest::Copied(bad) => keep_copied(dir, &path, &file, (bad, survey.file_bytes))
            .map_err(OpenError::io("keep the end of", &path))?,
        Rest::Unwritten => {}
    }
    // A name that the last process gave may not be durable.
    let named = match disk.sync_dir(dir) {
        Err(error) if is_full(&error) => false,
        done => done.map(|()| true).map_err(OpenError::io("sync", dir))?,
    };
    settle(disk, &file, &survey).map_err(OpenError::io("write to", &path))?;
    let end = survey.index.end();
    let segment = Arc::new(Segment::new(head, path, end, survey.index));
    // The scan that shared the file has ended with the survey.
    let file = Arc::into_inner(file).ok_or_else(|| OpenError::Io {
        action: "keep",
        path: segment.path.clone(),
        source: io::ErrorKind::ResourceBusy.into(),
    })?;
    Ok(Active {
        segment,
        file,
        allocated: end,
        named,
    })
}

/// A copy that was made while the log was written to has the log's state of the moment in which it
/// came by its end. What it has of later ones is kept aside.
fn keep_copied(
    dir: &Path,
    path: &Path,
    file: &File,
    (bad, file_bytes): (Bad, u64),
) -> io::Result<()> {
    let cut = Cut::new(dir, path, file, (bad.at, file_bytes))?;
    let kept_in = cut.kept_in();
    cut.keep(&kept_in)?;
    tracing::warn!(
        path = %path.display(), byte = bad.at, offset = bad.offset, kept_in = %kept_in.display(),
        "this log is a copy that was made while it was written to: it goes on after the last record \
         before the first that the copy lacks"
    );
    Ok(())
}

/// Makes what the survey found good durable, and all else gone. What the last process wrote may be
/// in memory only; and if a sync failed under it, the kernel takes those pages for clean, so they
/// are written once more. All before the last batch was synced when that was written.
fn settle(disk: &dyn Disk, file: &File, survey: &Survey) -> io::Result<()> {
    let end = survey.index.end();
    if survey.file_bytes > end {
        disk.truncate(file, end)?;
    }
    let bytes = usize::try_from(end - survey.last_batch_at).unwrap_or(usize::MAX);
    let last_batch = read_at(file, survey.last_batch_at, bytes)?;
    match write_all_at(disk, file, &last_batch, survey.last_batch_at) {
        // A file system that copies on write, and is full. The log must open to be read.
        Err(error) if is_full(&error) => {}
        done => done?,
    }
    disk.sync(file)
}

/// Records are missing between two segments.
fn gap(path: PathBuf, byte: u64, offset: Offset, next: Offset) -> OpenError {
    OpenError::Corrupt(Damage {
        path,
        byte,
        offset,
        detail: format!("records {offset} to {} are missing", next.saturating_sub(1)),
    })
}

pub(crate) fn damage(path: PathBuf, bad: Bad) -> Damage {
    Damage {
        path,
        byte: bad.at,
        offset: bad.offset,
        detail: bad.fault.to_string(),
    }
}
