//! A backup as a tar archive.

use std::io::{self, Read, Write};

use aftercall_log::LogId;
use aftercall_log::backup::{Part, RestoreError, Restoring, SUMMARY_NAME, Summary, segment_name};
use tar::{EntryType, Header};

use super::unexpected;
use crate::command::CommandError;

/// A tar archive counts in blocks of so many bytes.
const BLOCK_BYTES: u64 = 512;

/// Writes an archive.
pub(super) struct Archive<W> {
    out: W,
    /// How many bytes of the file that is being written are still to come, and how many it has.
    left: u64,
    size: u64,
    total: u64,
}

impl<W: Write> Archive<W> {
    pub(super) const fn new(out: W) -> Self {
        Self {
            out,
            left: 0,
            size: 0,
            total: 0,
        }
    }

    /// Writes the next part.
    pub(super) fn take(&mut self, part: &Part) -> Result<(), CommandError> {
        match part {
            Part::Epochs(bytes) => self.file("epochs", bytes),
            Part::Frames(bytes) => self.write(bytes),
            // All is asked for, so each segment comes from its beginning on.
            Part::Segment {
                base, page, bytes, ..
            } => {
                self.begin(&segment_name(*base), *bytes)?;
                self.write(page)
            }
        }
    }

    /// Ends the archive. What it holds is said last: an archive that was broken off does not say it.
    pub(super) fn finish(mut self, log: LogId, records: u64) -> Result<(), CommandError> {
        let summary = Summary {
            log,
            records,
            bytes: self.total,
        };
        self.file(SUMMARY_NAME, summary.text().as_bytes())?;
        self.end()?;
        self.out.write_all(&[0; 2 * BLOCK_BYTES as usize])?;
        Ok(self.out.flush()?)
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), CommandError> {
        self.begin(name, bytes.len() as u64)?;
        self.write(bytes)
    }

    fn begin(&mut self, name: &str, bytes: u64) -> Result<(), CommandError> {
        self.end()?;
        let mut header = Header::new_ustar();
        header.set_path(name)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes);
        header.set_mode(0o640);
        header.set_mtime(0);
        header.set_cksum();
        self.out.write_all(header.as_bytes())?;
        (self.left, self.size) = (bytes, bytes);
        self.total += bytes;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(unexpected)?;
        Ok(self.out.write_all(bytes)?)
    }

    fn end(&mut self) -> Result<(), CommandError> {
        if self.left > 0 {
            return Err(unexpected());
        }
        let beyond = self.size.next_multiple_of(BLOCK_BYTES) - self.size;
        self.out
            .write_all(&[0; BLOCK_BYTES as usize][..beyond as usize])?;
        self.size = 0;
        Ok(())
    }
}

/// Takes the files of an archive.
pub(in crate::command) fn unpack(
    restoring: &Restoring,
    archive: impl Read,
) -> Result<(), CommandError> {
    let failed = |error: RestoreError| CommandError::Log(Box::new(error));
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries().map_err(unread)? {
        let mut entry = entry.map_err(unread)?;
        match entry.header().entry_type() {
            EntryType::Regular => {}
            // Programs that pack a directory name it, too.
            EntryType::Directory => continue,
            _ => return Err(CommandError::Input("the archive is no backup".to_owned())),
        }
        let path = entry.path().map_err(unread)?.into_owned();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        restoring.file(name, &mut entry).map_err(failed)?;
    }
    Ok(())
}

fn unread(error: io::Error) -> CommandError {
    CommandError::Input(format!("the archive can't be read: {error}"))
}
