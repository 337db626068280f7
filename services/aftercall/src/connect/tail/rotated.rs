//! Files beside one that is read: where it was moved to, and which were moved away after it.
//!
//! A file that was rotated has the name of the path with a number or a date added. Which came after which, says when each
//! was written last: numbers and dates are given in many ways.

use std::fs::{DirEntry, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{FileId, is_it, number};

/// Names beside a file that are looked at.
const NEIGHBOURS_MAX: usize = 10_000;
/// How the names of compressed files end.
const COMPRESSED: [&str; 6] = [".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip"];

/// What comes after a file that was moved away.
#[derive(Debug)]
pub(super) struct After {
    /// The next one that was moved away, too; none where it is the one at the path.
    pub(super) file: Option<File>,
    /// What has to be said of those that are passed over.
    pub(super) said: Vec<String>,
}

/// The file that was at `path`, by another name beside it.
pub(super) fn moved(path: &Path, id: &FileId, offset: u64) -> Option<File> {
    let mut files = beside(path).filter_map(|(entry, found)| {
        id.has_number_of(&found)
            .then(|| File::open(entry.path()).ok())?
    });
    files.find(|file| is_it(file, id, offset).unwrap_or_default())
}

/// What comes after a file that was at `path`, of which `own` is known.
pub(super) fn after(path: &Path, own: &Metadata) -> After {
    let mut next: Option<((i64, i64), File)> = None;
    let mut passed = Vec::new();
    for (entry, _) in beside(path) {
        let Some(is_compressed) = is_rotated(path, &entry) else {
            continue;
        };
        // Names change hands while files are rotated: what counts is the file that was opened.
        let Ok(file) = File::open(entry.path()) else {
            continue;
        };
        let Ok(found) = file.metadata() else { continue };
        let at = written_at(&found);
        if number(&found) == number(own) || found.len() == 0 || at < written_at(own) {
            continue;
        }
        let shown = entry.path().display().to_string();
        if is_compressed {
            passed.push((
                at,
                format!(
                    "{shown} is compressed, and not told: uncompress it, and tell it by itself"
                ),
            ));
        } else if at == written_at(own) {
            passed.push((
                at,
                format!(
                    "{shown} was written last when the file before it was: which of them comes first is not known, \
                     and it is not told. Tell it by itself"
                ),
            ));
        } else if next.as_ref().is_none_or(|(first, _)| at < *first) {
            next = Some((at, file));
        }
    }
    // Those that come later are met again.
    let until = next.as_ref().map(|(at, _)| *at);
    passed.retain(|(at, _)| until.is_none_or(|until| *at < until));
    passed.sort();
    After {
        file: next.map(|(_, file)| file),
        said: passed.into_iter().map(|(_, text)| text).collect(),
    }
}

/// What has to be said of the files that were moved away from `path` when the one that was read is gone.
pub(super) fn unknown(path: &Path) -> Option<String> {
    let rotated = beside(path).filter(|(entry, _)| is_rotated(path, entry).is_some());
    match rotated.count() {
        0 => None,
        count => Some(format!(
            "{count} files beside {} were rotated before it, and which of them were read is not known: they are not \
             told. Tell those by themselves that may be missing; what is told twice counts once",
            path.display()
        )),
    }
}

/// The files in the directory of a path.
fn beside(path: &Path) -> impl Iterator<Item = (DirEntry, Metadata)> + use<> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    entries.take(NEIGHBOURS_MAX).filter_map(|entry| {
        let entry = entry.ok()?;
        let found = entry.metadata().ok().filter(Metadata::is_file)?;
        Some((entry, found))
    })
}

/// Whether a name is that of a path with a number or a date added, behind it or before its extension; and if so,
/// whether the file is compressed.
fn is_rotated(path: &Path, entry: &DirEntry) -> Option<bool> {
    let name = entry.file_name();
    let name = name.to_str()?;
    let own = path.file_name()?.to_str()?;
    let ending = COMPRESSED.iter().find_map(|end| name.strip_suffix(end));
    let (name, is_compressed) = (ending.unwrap_or(name), ending.is_some());
    let added = match name.strip_prefix(own) {
        Some(added) => added,
        None => {
            let (stem, extension) = own.rsplit_once('.')?;
            let rest = name.strip_prefix(stem)?.strip_suffix(extension)?;
            rest.strip_suffix('.')?
        }
    };
    let is_number = |one: char| one.is_ascii_digit() || matches!(one, '.' | '-' | '_' | ':' | 'T');
    let is_added = added.chars().any(|one| one.is_ascii_digit()) && added.chars().all(is_number);
    is_added.then_some(is_compressed)
}

fn written_at(found: &Metadata) -> (i64, i64) {
    (found.mtime(), found.mtime_nsec())
}
