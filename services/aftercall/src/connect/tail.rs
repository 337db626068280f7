//! A file that is read to its end, or followed as it grows, is rotated and is cut.

mod rotated;

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
        (self.device, self.inode) == number(found)
    }
}

/// What tells a file from all others that are there.
fn number(found: &Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// How its records are told apart.
    pub(super) cut: Cut,
    /// Whether it is read on as it grows.
    pub(super) follows: bool,
    /// Whether it is kept how far it was read, so that another run goes on there.
    pub(super) is_kept: bool,
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
    how: How,
    file: File,
    /// The offset of the next byte.
    at: u64,
    /// The end of the last record.
    done: u64,
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
    pub(super) fn open(path: &Path, how: How, from: Option<(&FileId, u64)>) -> io::Result<Self> {
        let at_path = File::open(path);
        let (mut begins_at, mut is_moved, mut said) = (0, false, Vec::new());
        let file = match from {
            None => at_path?,
            Some((id, offset)) => {
                let same = at_path
                    .as_ref()
                    .is_ok_and(|file| is_it(file, id, offset).unwrap_or_default());
                let moved = (!same).then(|| rotated::moved(path, id, offset)).flatten();
                (begins_at, is_moved) = (offset, moved.is_some());
                if !same && !is_moved {
                    begins_at = 0;
                    said.push(format!(
                        "{} is another file than before, and the one before is not beside it: what was written there \
                         after byte {offset} is not told",
                        path.display()
                    ));
                    said.extend(rotated::unknown(path));
                }
                match moved {
                    Some(moved) => moved,
                    None => at_path?,
                }
            }
        };
        Ok(Self {
            path: path.to_owned(),
            how,
            file,
            at: begins_at,
            done: begins_at,
            cutter: Cutter::new(how.cut, begins_at),
            is_moved,
            said,
        })
    }

    fn begin(&mut self) {
        (self.at, self.done) = (0, 0);
        self.cutter = Cutter::new(self.how.cut, 0);
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
        if !self.how.follows && !self.is_moved {
            self.finish(found);
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
        let at_path = match std::fs::metadata(&self.path) {
            Ok(at_path) => Some(at_path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if at_path.as_ref().map(number) == Some(number(&own)) {
            self.is_moved = false;
            return Ok(More::NotYet);
        }
        self.turn(at_path.as_ref(), found)
    }

    /// There is no more for now. What has no end may grow: where it is kept how far was read, the next run reads it, and
    /// would be told nothing new by it if this one had told half of it.
    fn finish(&mut self, found: &mut Vec<Found>) {
        if !self.how.is_kept {
            self.cutter.finish(found);
        } else if self.cutter.abandon() {
            self.said.push(format!(
                "the last record of {}, after byte {}, has no end yet, and is not told: the next run tells it when it \
                 has one. Without --state it is told as it is",
                self.path.display(),
                self.done
            ));
        }
    }

    /// Goes on to the file after this one, which was moved away: one that was moved away, too, or the one at the path.
    fn turn(&mut self, at_path: Option<&Metadata>, found: &mut Vec<Found>) -> io::Result<More> {
        let own = self.file.metadata()?;
        // What came between the last look and the move is still to be read.
        if own.len() > self.at {
            return Ok(More::Perhaps);
        }
        let after = rotated::after(&self.path, &own);
        let is_moved = after.file.is_some();
        let file = match (after.file, at_path) {
            (Some(file), _) => file,
            (None, Some(at_path)) => {
                let file = File::open(&self.path)?;
                if number(&file.metadata()?) != number(at_path) {
                    // That one was moved away just now, and comes first.
                    return Ok(More::Perhaps);
                }
                file
            }
            // The next one is not there yet.
            (None, None) => return Ok(More::NotYet),
        };
        self.said.extend(after.said);
        self.cutter.finish(found);
        (self.file, self.is_moved) = (file, is_moved);
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

    const ONCE: How = How {
        cut: Cut::Lines,
        follows: false,
        is_kept: false,
    };
    const FOLLOWS: How = How {
        follows: true,
        is_kept: true,
        ..ONCE
    };

    /// When a file was written last, in seconds from some instant on.
    fn written(path: &Path, second: u64) {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000 + second);
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(at).unwrap();
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
        let mut tail = Tail::open(&path, FOLLOWS, None).unwrap();
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
        let mut tail = Tail::open(&path, ONCE, None).unwrap();
        tail.done = 2;
        let (id, _) = tail.spot().unwrap();
        let open = || Tail::open(&path, ONCE, Some((&id, 2))).unwrap();
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
        let mut tail = Tail::open(&path, ONCE, Some((&id, 2))).unwrap();
        assert_eq!(all(&mut tail), ["x", "y", "z"]);
    }

    #[test]
    fn files_that_were_rotated_while_nothing_read_them_are_read_in_their_order() {
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        let path = at("Master.csv");
        append(&path, "a\nb\n");
        let mut tail = Tail::open(&path, ONCE, None).unwrap();
        tail.done = 2;
        let (id, _) = tail.spot().unwrap();
        std::fs::rename(&path, at("Master.csv.3")).unwrap();
        let others = [
            ("Master.csv.4", "older\n", 1),
            ("Master.csv.3", "", 2),
            ("Master.csv.2", "c\n", 3),
            ("Master.csv.1", "d\ne\n", 4),
            ("Master.csv", "f\n", 5),
            // None of these was rotated from there.
            ("Master.csv.bak", "x\n", 4),
            ("Other.csv.1", "y\n", 4),
        ];
        for (name, text, second) in others {
            append(&at(name), text);
            written(&at(name), second);
        }
        let mut tail = Tail::open(&path, FOLLOWS, Some((&id, 2))).unwrap();
        assert_eq!(all(&mut tail), ["b", "c", "d", "e", "f"]);
        assert_eq!(tail.said, Vec::<String>::new());
        // What can't be read, or has no place in the order, is said.
        append(&at("Master.csv.2.gz"), "…");
        written(&at("Master.csv.2.gz"), 3);
        written(&at("Master.csv.1"), 2);
        let mut tail = Tail::open(&path, ONCE, Some((&id, 2))).unwrap();
        std::fs::remove_file(at("Master.csv.2")).unwrap();
        assert_eq!(all(&mut tail), ["b", "f"]);
        let said = tail.said.join("\n");
        assert!(said.contains("Master.csv.2.gz is compressed"), "{said}");
        assert!(said.contains("Master.csv.1 was written last"), "{said}");
        // And so it is where the file that was read is gone.
        std::fs::remove_file(at("Master.csv.3")).unwrap();
        let tail = Tail::open(&path, ONCE, Some((&id, 2))).unwrap();
        assert!(tail.said[1].contains("3 files"), "{:?}", tail.said);
    }

    #[test]
    fn a_row_that_has_no_end_is_told_once_and_as_a_whole() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("Master.csv");
        append(&path, "a\nb,to");
        let kept = How {
            is_kept: true,
            ..ONCE
        };
        let mut tail = Tail::open(&path, kept, None).unwrap();
        assert_eq!(all(&mut tail), ["a"]);
        assert!(tail.said[0].contains("has no end yet"), "{:?}", tail.said);
        let (id, offset) = tail.spot().unwrap();
        append(&path, "rn\n");
        let mut tail = Tail::open(&path, kept, Some((&id, offset))).unwrap();
        assert_eq!(all(&mut tail), ["b,torn"]);
        // Where nobody reads on, it is told as it is.
        append(&path, "c");
        let mut tail = Tail::open(&path, ONCE, None).unwrap();
        assert_eq!(all(&mut tail), ["a", "b,torn", "c"]);
    }
}
