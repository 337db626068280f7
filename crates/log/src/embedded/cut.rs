//! Takes the end of a segment away, and keeps it in a file beside it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::disk::{Disk, FILE_MODE, OsDisk, write_all_at};
use super::scan::{CHUNK_BYTES, read_at};
use super::segment::{Head, PAGE_BYTES, write_page};

/// The end of a segment, to be taken away.
#[derive(Debug)]
pub(crate) struct Cut<'a> {
    dir: &'a Path,
    path: &'a Path,
    file: &'a File,
    at: u64,
    end: u64,
}

impl<'a> Cut<'a> {
    /// What the segment at `path` has after the byte `at`, but for zeros at the end of the file.
    pub(crate) fn new(
        dir: &'a Path,
        path: &'a Path,
        file: &'a File,
        (at, file_bytes): (u64, u64),
    ) -> io::Result<Self> {
        Ok(Self {
            dir,
            path,
            file,
            at,
            end: last_written(file, file_bytes)?.max(at),
        })
    }

    /// How long it is.
    pub(crate) fn bytes(&self) -> u64 {
        self.end - self.at
    }

    /// A name beside the segment that is not taken.
    pub(crate) fn kept_in(&self) -> PathBuf {
        let name = |n: u32| self.path.with_extension(format!("{}.{n}.cut", self.at));
        (0..)
            .map(name)
            .find(|path| !path.exists())
            .unwrap_or_else(|| name(u32::MAX))
    }

    /// Keeps it, durably.
    pub(crate) fn keep(&self, kept_in: &Path) -> io::Result<()> {
        let mut options = File::options();
        let kept = options
            .write(true)
            .create_new(true)
            .mode(FILE_MODE)
            .open(kept_in)?;
        self.copy(self.at, self.end, &kept, 0)?;
        kept.sync_all()
    }

    /// Keeps it, then puts a segment without it in the place of the old one. Whatever happens in
    /// between, the old or the new segment is there whole.
    pub(crate) fn make(&self, kept_in: &Path, head: Head) -> io::Result<()> {
        self.keep(kept_in)?;
        let fresh = self.path.with_extension("log.new");
        let whole = write_page(&OsDisk, &fresh, head)?;
        self.copy(PAGE_BYTES, self.at, &whole, PAGE_BYTES)?;
        whole.sync_all()?;
        fs::rename(&fresh, self.path)?;
        OsDisk.sync_dir(self.dir)
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
