//! A file that is read to its end, or followed as it grows, is rotated and is cut.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::cutter::{Cut, Cutter, Found};
use super::facts::hex;

/// How much is read at a time.
const PIECE_BYTES: usize = 64 << 10;
/// By how many of its first bytes a file is known again, at most.
const HEAD_BYTES_MAX: u64 = 1_024;
/// Names beside a file that are looked at for where it was moved to.
const NEIGHBOURS_MAX: usize = 10_000;

/// Which file it is, by whatever name: a number may be another file's when its own is gone, so how it begins counts, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileId {
    device: u64,
    inode: u64,
    /// How many of its first bytes are in the hash.
    head_bytes: u64,
    head_sha256: String,
}

impl FileId {
    fn has_number_of(&self, found: &Metadata) -> bool {
        (self.device, self.inode) == (found.dev(), found.ino())
    }
}

/// What reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    /// There may be more.
    Perhaps,
    /// There is no more for now.
    NotYet,
    /// There is no more.
    Never,
}

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    follows: bool,
    file: File,
    /// The offset of the next byte.
    at: u64,
    /// The end of the last record.
    done: u64,
    cut: Cut,
    cutter: Cutter,
    /// Whether the file is one that was moved away, and the one at its path comes after it.
    is_moved: bool,
    /// What has to be said.
    pub(super) said: Vec<String>,
}

impl Tail {
    /// Opens a file from its beginning, or from where it was read to before: `from` is which file, and how many bytes.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn open(
        path: &Path,
        (cut, follows): (Cut, bool),
        from: Option<(&FileId, u64)>,
    ) -> io::Result<Self> {
        let at_path = File::open(path);
        let (mut begins_at, mut is_moved, mut said) = (0, false, Vec::new());
        let file = match from {
            None => at_path?,
            Some((id, offset)) => {
                let same = at_path
                    .as_ref()
                    .is_ok_and(|file| is_it(file, id, offset).unwrap_or_default());
                let moved = (!same).then(|| moved(path, id, offset)).flatten();
                (begins_at, is_moved) = (offset, moved.is_some());
                if !same && !is_moved {
                    begins_at = 0;
                    said.push(format!(
                        "{} is another file than before, and the one before is not beside it: what was written there \
                         after byte {offset} is not told",
                        path.display()
                    ));
                }
                match moved {
                    Some(moved) => moved,
                    None => at_path?,
                }
            }
        };
        Ok(Self {
            path: path.to_owned(),
            follows,
            file,
            at: begins_at,
            done: begins_at,
            cut,
            cutter: Cutter::new(cut, begins_at),
            is_moved,
            said,
        })
    }

    fn begin(&mut self) {
        (self.at, self.done) = (0, 0);
        self.cutter = Cutter::new(self.cut, 0);
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Up to where records were given: in which file, and how many of its bytes.
    ///
    /// # Errors
    /// When the file's beginning can't be read.
    pub(super) fn spot(&self) -> io::Result<(FileId, u64)> {
        let found = self.file.metadata()?;
        let head_bytes = self.done.min(HEAD_BYTES_MAX).min(found.len());
        let id = FileId {
            device: found.dev(),
            inode: found.ino(),
            head_bytes,
            head_sha256: head(&self.file, head_bytes)?,
        };
        Ok((id, self.done))
    }

    /// Reads on, and gives the records that are whole.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn more(&mut self, found: &mut Vec<Found>) -> io::Result<More> {
        let mut piece = vec![0; PIECE_BYTES];
        let read = self.file.read_at(&mut piece, self.at)?;
        if read > 0 {
            self.at += read as u64;
            self.cutter.push(&piece[..read], found);
            self.done = found.last().map_or(self.done, |last| last.end);
            return Ok(More::Perhaps);
        }
        if !self.follows && !self.is_moved {
            // What has no end yet may grow: it is told as it is, and read again by the next run.
            self.cutter.finish(found);
            return Ok(More::Never);
        }
        let own = self.file.metadata()?;
        if own.len() < self.at {
            self.said.push(format!(
                "{} was cut: it is read from its beginning. What was written after byte {} and before that is not told",
                self.path.display(),
                self.at
            ));
            self.begin();
            return Ok(More::Perhaps);
        }
        let next = match std::fs::metadata(&self.path) {
            Ok(next) => next,
            // It was moved away, and the next one is not there yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(More::NotYet),
            Err(error) => return Err(error),
        };
        if (next.dev(), next.ino()) == (own.dev(), own.ino()) {
            self.is_moved = false;
            return Ok(More::NotYet);
        }
        // What came between the last look and the move is still to be read.
        if self.file.metadata()?.len() > self.at {
            return Ok(More::Perhaps);
        }
        self.cutter.finish(found);
        self.file = File::open(&self.path)?;
        self.is_moved = false;
        self.begin();
        Ok(More::Perhaps)
    }
}

/// The hash of a file's first bytes.
fn head(file: &File, bytes: u64) -> io::Result<String> {
    let mut head = vec![0; usize::try_from(bytes).unwrap_or_default()];
    file.read_exact_at(&mut head, 0)?;
    Ok(hex(digest(&SHA256, &head).as_ref()))
}

/// Whether a file is the one that was told up to `offset`.
fn is_it(file: &File, id: &FileId, offset: u64) -> io::Result<bool> {
    let found = file.metadata()?;
    let may_be = id.has_number_of(&found) && found.len() >= offset.max(id.head_bytes);
    Ok(may_be && id.head_bytes <= HEAD_BYTES_MAX && head(file, id.head_bytes)? == id.head_sha256)
}

/// The file that was at `path`, by another name beside it.
fn moved(path: &Path, id: &FileId, offset: u64) -> Option<File> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let entries = std::fs::read_dir(dir).ok()?.take(NEIGHBOURS_MAX);
    let mut files = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let found = entry.metadata().ok().filter(Metadata::is_file)?;
        id.has_number_of(&found)
            .then(|| File::open(entry.path()).ok())?
    });
    files.find(|file| is_it(file, id, offset).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::TempDir;

    use super::*;

    /// All that is there now, as lines.
    fn all(tail: &mut Tail) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let mut found = Vec::new();
            let more = tail.more(&mut found).unwrap();
            lines.extend(
                found
                    .into_iter()
                    .map(|one| String::from_utf8(one.bytes.unwrap()).unwrap()),
            );
            if more != More::Perhaps {
                return lines;
            }
        }
    }

    fn append(path: &Path, text: &str) {
        let mut options = File::options();
        let mut file = options.append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_file_is_followed_as_it_grows_is_rotated_and_is_cut() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("Master.csv");
        append(&path, "a\nb\nc");
        let mut tail = Tail::open(&path, (Cut::Lines, true), None).unwrap();
        assert_eq!(all(&mut tail), ["a", "b"]);
        append(&path, "c\n");
        assert_eq!(all(&mut tail), ["cc"]);
        append(&path, "d\n");
        let moved = dir.path().join("Master.csv.1");
        std::fs::rename(&path, &moved).unwrap();
        append(&moved, "e\n");
        append(&path, "f\n");
        assert_eq!(all(&mut tail), ["d", "e", "f"]);
        assert_eq!(tail.said, Vec::<String>::new());
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(0)
            .unwrap();
        assert_eq!(all(&mut tail).len(), 0);
        assert!(tail.said[0].contains("was cut"), "{:?}", tail.said);
        append(&path, "h\n");
        assert_eq!(all(&mut tail), ["h"]);
    }

    #[test]
    fn a_file_is_found_again_where_it_was_moved_to() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("events");
        append(&path, "a\nb\n");
        let mut tail = Tail::open(&path, (Cut::Lines, false), None).unwrap();
        tail.done = 2;
        let (id, _) = tail.spot().unwrap();
        let open = || Tail::open(&path, (Cut::Lines, false), Some((&id, 2))).unwrap();
        assert_eq!(all(&mut open()), ["b"]);
        std::fs::rename(&path, dir.path().join("events-20261120")).unwrap();
        append(&path, "c\n");
        assert_eq!(all(&mut open()), ["b", "c"]);
        std::fs::remove_file(dir.path().join("events-20261120")).unwrap();
        let mut tail = open();
        assert!(tail.said[0].contains("not told"), "{:?}", tail.said);
        assert_eq!(all(&mut tail), ["c"]);
        // The same number, as an overwritten file has it, and another beginning.
        let (id, done) = tail.spot().unwrap();
        assert_eq!(done, 2);
        std::fs::write(&path, "x\ny\nz\n").unwrap();
        let mut tail = Tail::open(&path, (Cut::Lines, false), Some((&id, 2))).unwrap();
        assert_eq!(all(&mut tail), ["x", "y", "z"]);
    }
}
