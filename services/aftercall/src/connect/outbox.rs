//! What was read of a stream, kept until it is told: a stream can't be read again.
//!
//! Records stand in a file as lines of JSON, each with when it came, and are on disk before they are told. When all of
//! a file is told, and it has grown, the next one begins in its place.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::cutter::{Cut, Cutter, RECORD_BYTES_MAX};
use super::mapping::Raw;
use super::place::{Spot, failed, open};
use super::tail::More;
use crate::command::CommandError;

/// From how many bytes on the next file is begun.
const RENEW_BYTES: u64 = 1 << 20;
/// How much is read at a time.
const PIECE_BYTES: usize = 64 << 10;
/// The longest line: a record whose every byte is written as `\u0000`, and what is beside it.
const LINE_BYTES_MAX: usize = 6 * RECORD_BYTES_MAX + 1_024;
/// How much of a file's end is looked at for its last whole line.
const TORN_BYTES_MAX: u64 = 2 * LINE_BYTES_MAX as u64;

/// What came, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) at: Timestamp,
    /// The record; none of the connection itself, which was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) record: Option<String>,
}

impl Kept {
    pub(super) fn raw(&self) -> Raw<'_> {
        match &self.record {
            Some(record) => Raw::Record(record.as_bytes(), Some(self.at)),
            None => Raw::Connected(self.at),
        }
    }
}

#[derive(Debug)]
struct Current {
    file: File,
    number: u64,
    /// How many of its bytes are on disk.
    bytes: u64,
    /// Whether nothing more comes.
    is_closed: bool,
}

/// What is kept, shared by who reads the stream and who tells.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    dir: PathBuf,
    bytes_max: u64,
    current: Arc<Mutex<Current>>,
    /// Something came.
    came: Arc<Notify>,
    /// Something was told.
    went: Arc<Notify>,
}

impl Outbox {
    /// Opens the outbox of this number, and removes those before it, of which all is told.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub(super) fn open(dir: &Path, number: u64, bytes_max: u64) -> Result<Self, CommandError> {
        let path = path(dir, number);
        let opened = (|| -> io::Result<Current> {
            let file = open(&path)?;
            let bytes = whole_lines(&file)?;
            file.set_len(bytes)?;
            file.sync_all()?;
            File::open(dir)?.sync_all()?;
            for entry in std::fs::read_dir(dir)? {
                let entry = entry?;
                let name = entry.file_name();
                if number_of(&name.to_string_lossy()).is_some_and(|other| other != number) {
                    std::fs::remove_file(entry.path())?;
                }
            }
            Ok(Current {
                file,
                number,
                bytes,
                is_closed: false,
            })
        })();
        Ok(Self {
            dir: dir.to_owned(),
            bytes_max,
            current: Arc::new(Mutex::new(opened.map_err(failed(&path))?)),
            came: Arc::default(),
            went: Arc::default(),
        })
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more is taken for now.
    pub(super) fn is_full(&self) -> bool {
        self.current().bytes >= self.bytes_max
    }

    /// Waits until something was told.
    pub(super) async fn went(&self) {
        self.went.notified().await;
    }

    /// Waits until something came.
    pub(super) async fn came(&self) {
        self.came.notified().await;
    }

    /// Keeps what came. When this has returned it is on disk.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn keep(&self, all: &[Kept]) -> Result<(), CommandError> {
        if all.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::new();
        for kept in all {
            // A text and a time have a form in JSON.
            serde_json::to_writer(&mut lines, kept)
                .map_err(io::Error::from)
                .map_err(failed(&self.dir))?;
            lines.push(b'\n');
        }
        let mut current = self.current();
        let (at, number) = (current.bytes, current.number);
        let written = current
            .file
            .write_all_at(&lines, at)
            .and_then(|()| current.file.sync_data());
        written.map_err(failed(&path(&self.dir, number)))?;
        current.bytes += lines.len() as u64;
        drop(current);
        self.came.notify_one();
        Ok(())
    }

    /// Nothing more comes.
    pub(super) fn close(&self) {
        self.current().is_closed = true;
        self.came.notify_one();
    }
}

/// Who tells what is kept.
#[derive(Debug)]
pub(super) struct Reader {
    outbox: Outbox,
    number: u64,
    at: u64,
    done: u64,
    cutter: Cutter,
}

impl Reader {
    /// Reads on from a place.
    pub(super) fn new(outbox: Outbox, number: u64, offset: u64) -> Self {
        // Less is there after a power cut than was told: then nothing is left to tell.
        let at = offset.min(outbox.current().bytes);
        Self {
            outbox,
            number,
            at,
            done: at,
            cutter: Cutter::new(Cut::Lines, at).taking(LINE_BYTES_MAX),
        }
    }

    pub(super) fn spot(&self) -> Spot {
        Spot::Outbox {
            number: self.number,
            offset: self.done,
        }
    }

    /// Waits until something comes.
    pub(super) async fn came(&self) {
        self.outbox.came().await;
    }

    /// Gives what is kept and not given yet.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn more(&mut self, kept: &mut Vec<Kept>) -> Result<More, CommandError> {
        let path = path(&self.outbox.dir, self.number);
        let current = self.outbox.current();
        let left = usize::try_from(current.bytes - self.at).unwrap_or(PIECE_BYTES);
        let mut piece = vec![0; left.min(PIECE_BYTES)];
        if piece.is_empty() {
            return Ok(match current.is_closed {
                true => More::Never,
                false => More::NotYet,
            });
        }
        current
            .file
            .read_exact_at(&mut piece, self.at)
            .map_err(failed(&path))?;
        drop(current);
        self.at += piece.len() as u64;
        let mut found = Vec::new();
        self.cutter.push(&piece, &mut found);
        for one in found {
            self.done = one.end;
            let line = one
                .bytes
                .and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let line = line.ok_or_else(|| {
                let text = format!(
                    "{} is damaged before byte {}: it was written as lines of JSON",
                    path.display(),
                    one.end
                );
                CommandError::Input(text)
            })?;
            kept.push(line);
        }
        Ok(More::Perhaps)
    }

    /// Begins the next file, where all of this one is told and it has grown. `save` writes the new place. Says whether
    /// it did.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn renew(
        &mut self,
        save: impl FnOnce(Spot) -> Result<(), CommandError>,
    ) -> Result<bool, CommandError> {
        let mut current = self.outbox.current();
        if self.done != current.bytes || current.bytes < RENEW_BYTES {
            return Ok(false);
        }
        let number = current.number + 1;
        let next = path(&self.outbox.dir, number);
        let made = (|| -> io::Result<File> {
            let file = open(&next)?;
            file.set_len(0)?;
            file.sync_all()?;
            File::open(&self.outbox.dir)?.sync_all()?;
            Ok(file)
        })();
        let file = made.map_err(failed(&next))?;
        save(Spot::Outbox { number, offset: 0 })?;
        let old = path(&self.outbox.dir, current.number);
        (current.file, current.number, current.bytes) = (file, number, 0);
        drop(current);
        (self.number, self.at, self.done) = (number, 0, 0);
        self.cutter = Cutter::new(Cut::Lines, 0).taking(LINE_BYTES_MAX);
        self.outbox.went.notify_one();
        std::fs::remove_file(&old).map_err(failed(&old))?;
        Ok(true)
    }
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("outbox-{number}.jsonl"))
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("outbox-")?
        .strip_suffix(".jsonl")?
        .parse()
        .ok()
}

/// How many bytes of a file are whole lines: a process that ended while it wrote leaves a piece of one.
fn whole_lines(file: &File) -> io::Result<u64> {
    let bytes = file.metadata()?.len();
    let from = bytes.saturating_sub(TORN_BYTES_MAX);
    let mut end = vec![0; usize::try_from(bytes - from).unwrap_or_default()];
    file.read_exact_at(&mut end, from)?;
    let last = end.iter().rposition(|byte| *byte == b'\n');
    Ok(last.map_or(from, |at| from + at as u64 + 1))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn kept(record: &str) -> Kept {
        Kept {
            at: "2026-11-20T09:12:00Z".parse().unwrap(),
            record: Some(record.to_owned()),
        }
    }

    fn all(reader: &mut Reader) -> Vec<Kept> {
        let mut kept = Vec::new();
        while reader.more(&mut kept).unwrap() == More::Perhaps {}
        kept
    }

    #[test]
    fn what_was_kept_is_there_again_but_for_a_torn_end() {
        let dir = TempDir::new().unwrap();
        let outbox = Outbox::open(dir.path(), 1, 1 << 20).unwrap();
        let records = [
            kept("Event: A\r\n\r\n"),
            kept("\u{e9}\""),
            Kept {
                record: None,
                ..kept("")
            },
        ];
        outbox.keep(&records[..2]).unwrap();
        outbox.keep(&records[2..]).unwrap();
        let mut reader = Reader::new(outbox.clone(), 1, 0);
        let mut first = Vec::new();
        reader.more(&mut first).unwrap();
        assert_eq!(first, records);
        let file = path(dir.path(), 1);
        let mut bytes = std::fs::read(&file).unwrap();
        let whole = bytes.len() as u64;
        bytes.extend(b"{\"at\":\"2026");
        std::fs::write(&file, bytes).unwrap();
        let outbox = Outbox::open(dir.path(), 1, 1 << 20).unwrap();
        outbox.keep(&[kept("next")]).unwrap();
        let mut reader = Reader::new(outbox, 1, whole);
        assert_eq!(all(&mut reader), [kept("next")]);
    }

    #[test]
    fn a_file_of_which_all_is_told_makes_room() {
        let dir = TempDir::new().unwrap();
        let outbox = Outbox::open(dir.path(), 1, RENEW_BYTES).unwrap();
        let mut reader = Reader::new(outbox.clone(), 1, 0);
        outbox.keep(&[kept("small")]).unwrap();
        assert_eq!(all(&mut reader).len(), 1);
        assert!(!reader.renew(|_| Ok(())).unwrap(), "it is small");
        let large = kept(&"x".repeat(RECORD_BYTES_MAX - 100));
        outbox.keep(&[large]).unwrap();
        outbox.keep(&[kept("more")]).unwrap();
        assert!(outbox.is_full());
        assert!(!reader.renew(|_| Ok(())).unwrap(), "not all is told");
        assert_eq!(all(&mut reader).len(), 2);
        let mut saved = None;
        let renewed = reader.renew(|spot| {
            saved = Some(spot);
            Ok(())
        });
        assert!(renewed.unwrap() && !outbox.is_full());
        assert_eq!(
            saved,
            Some(Spot::Outbox {
                number: 2,
                offset: 0
            })
        );
        assert!(!path(dir.path(), 1).exists());
        outbox.keep(&[kept("after")]).unwrap();
        assert_eq!(all(&mut reader), [kept("after")]);
        // A file of another number is of a life before the place was written.
        let mut reader = Reader::new(Outbox::open(dir.path(), 3, 1).unwrap(), 3, 0);
        assert!(!path(dir.path(), 2).exists());
        assert_eq!(all(&mut reader), []);
    }
}
