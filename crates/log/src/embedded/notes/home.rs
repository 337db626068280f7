//! The file `home`: where the log lives. By it a copy of the log's files is known to be one.
//!
//! Lines of text, so that people can read it, too:
//!
//! ```text
//! aftercall log home 1
//! origin 0d5c…                the log's origin
//! inode 1180341               this file's: a copy has another one
//! made 1763000000000000000    when this file was made, nanoseconds since the Unix epoch; 0 if unknown
//! path /var/lib/aftercall/log where that was, for people alone
//! ```
//!
//! A copy by `cp`, `tar` or `rsync`, a clone of files and a move to another file system make another file, with another
//! number and another time of its making. A directory that is renamed, or mounted elsewhere, keeps both. Numbers of
//! devices are not asked for: they change when a machine starts. What copies blocks and not files (a snapshot of a
//! disk, or of a whole file system) keeps both, too, and is not recognised.
//!
//! The file is made once: when the log begins, at the first start of a version that knows of it, and when a copy takes
//! the log's place ([`crate::take_over`]). In a copy it stays as it is, so that each start finds it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::durable::Found;
use crate::backup::SUMMARY_NAME;
use crate::embedded::OpenError;
use crate::embedded::disk::{Disk, is_full, write_all_at};
use crate::{Copied, LogId};

const NAME: &str = "home";
const FIRST_LINE: &str = "aftercall log home 1";

/// More than a file of it has.
const BYTES_MAX: u64 = 64 << 10;

/// The number of no file: what says it is a copy wherever it is.
const NOWHERE: u64 = 0;

/// Which file something was written into: a copy of it is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) inode: u64,
    /// 0 where the file system does not say.
    pub(super) made_at_ns: u64,
}

impl Home {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let made = metadata.created().ok();
        let since = made.and_then(|made| made.duration_since(SystemTime::UNIX_EPOCH).ok());
        Self {
            inode: metadata.ino(),
            made_at_ns: since.map_or(0, |since| since.as_nanos() as u64),
        }
    }

    /// Whether both are of one file. Where one of them does not say when the file was made, its number alone decides:
    /// a file system may begin to say it after an upgrade.
    pub(super) fn is(self, other: Self) -> bool {
        let unsaid = self.made_at_ns == 0 || other.made_at_ns == 0;
        self.inode == other.inode && (unsaid || self.made_at_ns == other.made_at_ns)
    }
}

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Deed {
    origin: String,
    home: Home,
    path: String,
}

impl Deed {
    fn encode(&self) -> String {
        let Self { origin, home, path } = self;
        let Home { inode, made_at_ns } = home;
        format!("{FIRST_LINE}\norigin {origin}\ninode {inode}\nmade {made_at_ns}\npath {path}\n")
    }

    /// None of what is not whole.
    fn decode(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let first = lines.next()?;
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let deed = Self {
            origin: value("origin")?.to_owned(),
            home: Home {
                inode: value("inode")?.parse().ok()?,
                made_at_ns: value("made")?.parse().ok()?,
            },
            path: value("path")?.to_owned(),
        };
        (first == FIRST_LINE && lines.next().is_none()).then_some(deed)
    }
}

/// Finds out whether the files in `dir` are a copy of the log `origin`, and notes where they are if nothing says it yet.
/// `noted` is what the log says of how far it is durable; `is_new` means that it has just begun.
pub(crate) fn settle(
    disk: &dyn Disk,
    dir: &Path,
    (origin, is_new): (LogId, bool),
    noted: Option<&Found>,
) -> Result<Option<Copied>, OpenError> {
    let found = find(dir).map_err(OpenError::io("read", &path(dir)))?;
    if let Some(found) = found.filter(|_| !is_new) {
        return Ok(found.judge(origin));
    }
    // Of a log from before there was this file, the other note tells whether it stands where it was written. A backup
    // has neither, and a summary.
    let is_copy = noted.is_some_and(|noted| !noted.is_here()) || dir.join(SUMMARY_NAME).exists();
    if is_copy && !is_new {
        let copied = Copied { from: None };
        written(put_elsewhere(disk, dir, origin, ""), dir)?;
        return Ok(Some(copied));
    }
    written(put(disk, dir, origin), dir)?;
    Ok(None)
}

/// A log must open to be read when the disk is full: the next start notes it.
fn written(done: io::Result<()>, dir: &Path) -> Result<(), OpenError> {
    match done {
        Err(error) if is_full(&error) => Ok(()),
        done => done.map_err(OpenError::io("write", &path(dir))),
    }
}

/// What stands in the directory.
struct Standing {
    /// None if it is damaged.
    deed: Option<Deed>,
    home: Home,
}

impl Standing {
    fn judge(self, origin: LogId) -> Option<Copied> {
        let Self { deed, home } = self;
        let is_here = |deed: &Deed| deed.origin == origin.to_string() && deed.home.is(home);
        if deed.as_ref().is_some_and(is_here) {
            return None;
        }
        let from = deed.map(|deed| deed.path).filter(|path| !path.is_empty());
        Some(Copied { from })
    }
}

fn find(dir: &Path) -> io::Result<Option<Standing>> {
    let file = match File::open(path(dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    (&file).take(BYTES_MAX).read_to_end(&mut bytes)?;
    let deed = std::str::from_utf8(&bytes).ok().and_then(Deed::decode);
    let home = Home::of(&file.metadata()?);
    Ok(Some(Standing { deed, home }))
}

/// Notes durably that the log lives in `dir`.
pub(crate) fn put(disk: &dyn Disk, dir: &Path, origin: LogId) -> io::Result<()> {
    let shown = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    write(disk, dir, (origin, &shown.to_string_lossy()), Home::of)
}

/// Notes durably that what is in `dir` is a copy of a log that lives elsewhere; `from` says where, for people.
pub(crate) fn put_elsewhere(
    disk: &dyn Disk,
    dir: &Path,
    origin: LogId,
    from: &str,
) -> io::Result<()> {
    let nowhere = |_: &Metadata| Home {
        inode: NOWHERE,
        made_at_ns: 0,
    };
    write(disk, dir, (origin, from), nowhere)
}

fn write(
    disk: &dyn Disk,
    dir: &Path,
    (origin, shown): (LogId, &str),
    home: impl FnOnce(&Metadata) -> Home,
) -> io::Result<()> {
    let fresh = path(dir).with_extension("new");
    let file = disk.create(&fresh)?;
    let deed = Deed {
        origin: origin.to_string(),
        home: home(&file.metadata()?),
        path: shown.replace(char::is_control, "?"),
    };
    write_all_at(disk, &file, deed.encode().as_bytes(), 0)?;
    disk.sync(&file)?;
    // It is the same file under its name.
    fs::rename(&fresh, path(dir))?;
    disk.sync_dir(dir)
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: Home = Home {
        inode: 7,
        made_at_ns: 9,
    };

    #[test]
    fn a_file_is_itself_by_its_number_and_by_when_it_was_made_if_that_is_known() {
        let home = |inode, made_at_ns| Home { inode, made_at_ns };
        for (other, same) in [
            (home(7, 9), true),
            (home(7, 0), true),
            (home(7, 8), false),
            (home(8, 9), false),
            (home(8, 0), false),
        ] {
            assert_eq!(HERE.is(other), same, "{other:?}");
            assert_eq!(other.is(HERE), same, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(inode: u64, made_at_ns: u64, path in "[^\\p{Cc}]{0,60}") {
            let home = Home { inode, made_at_ns };
            let deed = Deed { origin: LogId([3; 16]).to_string(), home, path };
            prop_assert_eq!(Deed::decode(&deed.encode()), Some(deed));
        }

        #[test]
        fn what_is_not_whole_is_not_read(cut in 0..60_usize) {
            let deed = Deed { origin: "ab".to_owned(), home: HERE, path: "/a/b".to_owned() };
            let text = deed.encode();
            prop_assume!(cut < text.len());
            prop_assert_eq!(Deed::decode(&text[..cut]), None);
        }
    }
}
