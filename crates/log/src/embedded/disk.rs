//! The few calls that change files, in one place: so that tests can make the n-th of them fail.

use std::fmt::Debug;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

/// Who may read and write what a log keeps: its user, and to read its group.
pub(crate) const FILE_MODE: u32 = 0o640;

/// The same of directories.
const DIR_MODE: u32 = 0o750;

/// Changes files. The provided methods are the operating system's; faults are injected by tests.
pub(crate) trait Disk: Debug + Send + Sync + 'static {
    /// Creates `path`, or empties it, for reading and writing.
    fn create(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(path)
    }

    /// Writes some of `bytes` at the position `at`; says how many.
    fn write_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
        file.write_at(bytes, at)
    }

    /// Cuts `file` to `length` bytes.
    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    /// `fdatasync`: the file's content, and its length, are on disk.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Writes a note in the place of an older one, at the position `at`.
    fn note(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    /// `fdatasync` of a file of notes.
    fn sync_note(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Makes renames and new names in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

/// The operating system, as it is.
#[derive(Debug)]
pub(crate) struct OsDisk;

impl Disk for OsDisk {}

/// Makes `dir`, and those above it that are missing.
pub(crate) fn make_dirs(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)
}

/// Writes all of `bytes` at the position `at`.
pub(crate) fn write_all_at(
    disk: &dyn Disk,
    file: &File,
    mut bytes: &[u8],
    mut at: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write_at(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                at += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether `error` means that there is no space left, on the disk or in the user's quota.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
