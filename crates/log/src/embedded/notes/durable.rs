//! The file `durable`: how far the log is durable, noted before it is acknowledged.
//!
//! Frames tell a torn tail from damage in all batches but the last: a later batch proves that those
//! before it were synced. Of the last one this note tells. It is written over in place, into one of
//! two slots by turns, so that a power cut leaves one of them whole. A commit does not wait for it
//! to be synced: under load the next batch proves the same, and when the log is idle it is synced
//! at once. So it is exact as long as the machine has not failed since, and else never says too
//! much.
//!
//! A slot begins at the bytes 0 and 4096. The one that was written last and is whole counts.
//!
//! | at | bytes | field                                                                       |
//! |---:|------:|-----------------------------------------------------------------------------|
//! |  0 |     8 | `ACLOGEND`                                                                  |
//! |  8 |     4 | version: 1                                                                  |
//! | 12 |     4 | 1 when the log was closed in order, else 0                                  |
//! | 16 |    16 | the log's origin                                                            |
//! | 32 |    16 | the machine's run: what is not synced is gone in the next one; zeros if unknown |
//! | 48 |     8 | this file's inode: a copy has another one                                   |
//! | 56 |     8 | when this file was made, nanoseconds since the Unix epoch; 0 if unknown     |
//! | 64 |     8 | how often the note was written                                              |
//! | 72 |     8 | the first offset of the segment that is written to                          |
//! | 80 |     8 | the byte of it before which all is durable                                  |
//! | 88 |     8 | the first offset that is not durable                                        |
//! | 96 |     4 | CRC-32C of all before it                                                    |

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use bytes::{Buf, BufMut};

use super::home::Home;
use crate::embedded::OpenError;
use crate::embedded::disk::{Disk, write_all_at};
use crate::embedded::scan::read_at;
use crate::{LogId, Offset};

const NAME: &str = "durable";
const MAGIC: &[u8; 8] = b"ACLOGEND";
const VERSION: u32 = 1;
const SLOT_BYTES: usize = 4096;
const NOTE_BYTES: usize = 100;

/// Where the machine says which of its runs it is in.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The end of what is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The segment that is written to, by its first offset.
    pub(crate) base: Offset,
    /// The byte of it before which all is durable.
    pub(crate) byte: u64,
    /// The first offset that is not durable.
    pub(crate) next: Offset,
}

/// One note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    closed: bool,
    origin: LogId,
    run: [u8; 16],
    home: Home,
    count: u64,
    end: End,
}

impl Note {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(NOTE_BYTES);
        out.put_slice(MAGIC);
        out.put_u32_le(VERSION);
        out.put_u32_le(self.closed.into());
        out.put_slice(&self.origin.0);
        out.put_slice(&self.run);
        out.put_u64_le(self.home.inode);
        out.put_u64_le(self.home.made_at_ns);
        out.put_u64_le(self.count);
        out.put_u64_le(self.end.base);
        out.put_u64_le(self.end.byte);
        out.put_u64_le(self.end.next);
        out.put_u32_le(crc32c::crc32c(&out));
        out
    }

    fn decode(slot: &[u8]) -> Option<Self> {
        let (mut rest, crc) = slot.get(..NOTE_BYTES)?.split_last_chunk::<4>()?;
        if crc32c::crc32c(rest) != u32::from_le_bytes(*crc) || !rest.starts_with(MAGIC) {
            return None;
        }
        rest.advance(MAGIC.len());
        if rest.get_u32_le() != VERSION {
            return None;
        }
        let closed = match rest.get_u32_le() {
            0 => false,
            1 => true,
            _ => return None,
        };
        let (mut origin, mut run) = ([0; 16], [0; 16]);
        rest.copy_to_slice(&mut origin);
        rest.copy_to_slice(&mut run);
        Some(Self {
            closed,
            origin: LogId(origin),
            run,
            home: Home {
                inode: rest.get_u64_le(),
                made_at_ns: rest.get_u64_le(),
            },
            count: rest.get_u64_le(),
            end: End {
                base: rest.get_u64_le(),
                byte: rest.get_u64_le(),
                next: rest.get_u64_le(),
            },
        })
    }
}

/// The note that a process before left, and what it is worth here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    note: Note,
    /// Whether it stands where it was written for certain, so that what it says of the end holds here.
    here: bool,
    /// Whether nothing says that it is a copy: see [`Home::is`].
    is_own: bool,
}

impl Found {
    /// How far the log was durable, at least. None in a copy that was made while the log was written
    /// to: its files are of different moments.
    pub(crate) fn end(&self) -> Option<End> {
        (self.here || self.note.closed).then_some(self.note.end)
    }

    /// Whether nothing beyond [`Found::end`] was acknowledged.
    pub(crate) fn is_exact(&self) -> bool {
        let same_run = || self.note.run == run() && self.note.run != [0; 16];
        self.note.closed || (self.here && same_run())
    }

    /// Whether it stands where it was written, as far as the file system says, and is not a copy.
    pub(crate) fn is_here(&self) -> bool {
        self.is_own
    }

    /// The log that it is of.
    pub(crate) fn origin(&self) -> LogId {
        self.note.origin
    }
}

/// The path of the file in a log's directory.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// Reads the note in `dir`. None without one, or with one that is damaged.
pub(crate) fn find(dir: &Path) -> Result<Option<Found>, OpenError> {
    let path = path(dir);
    read(&path).map_err(OpenError::io("read", &path))
}

fn read(path: &Path) -> io::Result<Option<Found>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let home = Home::of(&file.metadata()?);
    let slots = read_at(&file, 0, 2 * SLOT_BYTES)?;
    let note = latest(&slots);
    Ok(note.map(|note| Found {
        note,
        here: note.home == home,
        is_own: note.home.is(home),
    }))
}

/// The note that was written last, of those that are whole.
pub(crate) fn latest(slots: &[u8]) -> Option<Note> {
    slots
        .chunks(SLOT_BYTES)
        .filter_map(Note::decode)
        .max_by_key(|note| note.count)
}

/// Removes the note: it says what is no longer so.
pub(crate) fn remove(dir: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path(dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(OpenError::io("remove", &path(dir))(error))
        }
        _ => Ok(()),
    }
}

/// Writes the note of a log that is open.
#[derive(Debug)]
pub(super) struct Pen {
    file: File,
    note: Note,
    unsynced: bool,
}

impl Pen {
    /// Begins to note, in the file that is there if it is this log's own.
    pub(super) fn take(
        disk: &dyn Disk,
        dir: &Path,
        (origin, found): (LogId, Option<&Found>),
        end: End,
    ) -> io::Result<Self> {
        let own = found.filter(|found| found.here && found.note.origin == origin);
        let mut pen = match own {
            Some(found) => Self::resume(dir, found)?,
            None => Self::create(disk, dir, origin, end)?,
        };
        pen.note.closed = false;
        pen.note.run = run();
        pen.advance(disk, end)?;
        pen.sync(disk)?;
        if own.is_none() {
            fs::rename(fresh(dir), path(dir))?;
            disk.sync_dir(dir)?;
        }
        Ok(pen)
    }

    fn resume(dir: &Path, found: &Found) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path(dir))?;
        Ok(Self {
            file,
            note: found.note,
            unsynced: false,
        })
    }

    fn create(disk: &dyn Disk, dir: &Path, origin: LogId, end: End) -> io::Result<Self> {
        let file = disk.create(&fresh(dir))?;
        // So that later notes need no space.
        write_all_at(disk, &file, &[0; 2 * SLOT_BYTES], 0)?;
        let home = Home::of(&file.metadata()?);
        Ok(Self {
            file,
            note: Note {
                closed: false,
                origin,
                run: run(),
                home,
                count: 0,
                end,
            },
            unsynced: false,
        })
    }

    pub(super) fn advance(&mut self, disk: &dyn Disk, end: End) -> io::Result<()> {
        let note = Note {
            end,
            count: self.note.count + 1,
            ..self.note
        };
        // Never over the last one that is whole.
        let slot = note.count % 2 * SLOT_BYTES as u64;
        disk.note(&self.file, &note.encode(), slot)?;
        self.note = note;
        self.unsynced = true;
        Ok(())
    }

    pub(super) fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    pub(super) fn sync(&mut self, disk: &dyn Disk) -> io::Result<()> {
        disk.sync_note(&self.file)?;
        self.unsynced = false;
        Ok(())
    }

    pub(super) fn close(&mut self, disk: &dyn Disk) -> io::Result<()> {
        self.note.closed = true;
        self.advance(disk, self.note.end)?;
        self.sync(disk)
    }
}

fn fresh(dir: &Path) -> PathBuf {
    path(dir).with_extension("new")
}

/// The machine's run; zeros where it does not tell.
fn run() -> [u8; 16] {
    let mut run = [0; 16];
    if let Ok(told) = fs::read(BOOT_ID) {
        run.copy_from_slice(&blake3::hash(&told).as_bytes()[..16]);
    }
    run
}

/// See [`super::decode_anything`]. `data` is read as it is, and with the checksum that a note of it
/// would have: chance does not find that.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn decode_anything(data: &[u8]) {
    let mut data = data.to_vec();
    for _ in 0..2 {
        if let Some(note) = Note::decode(&data) {
            assert_eq!(
                note.encode(),
                data[..NOTE_BYTES],
                "a note has one form only"
            );
        }
        let _ = latest(&data);
        data.resize(NOTE_BYTES, 0);
        data[..12].copy_from_slice(b"ACLOGEND\x01\0\0\0");
        let crc = crc32c::crc32c(&data[..NOTE_BYTES - 4]);
        data[NOTE_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
