//! The one thread that writes: takes what waits, writes it at once, syncs once, publishes.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::disk::{Disk, is_full, write_all_at};
use super::frame::{Seed, encode};
use super::index::SparseIndex;
use super::lock::Lock;
use super::notes::Notes;
use super::notes::durable::End;
use super::queue::{Outcome, Pending, Queue};
use super::segment::{self, Head, PAGE_BYTES, Segment};
use super::shared::Shared;
use super::{FatalError, Options};
use crate::{AppendError, BODY_BYTES_MAX, Offset, Position};

/// How far ahead of the end a segment is filled with zeros. Syncing a write into blocks that exist
/// and were written before needs no change of the file system's own records, which would cost a
/// journal commit each time.
const AHEAD_BYTES: u64 = 4 << 20;

/// When a caller that met a full disk should try again.
const DISK_RETRY_AFTER: Duration = Duration::from_secs(1);

/// How often an idle writer looks whether a full disk has space again.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// How long an idle writer waits before it makes its notes survive the machine. A caller that awaits
/// each append does not meet that sync.
const NOTES_SYNCED_AFTER: Duration = Duration::from_millis(50);

/// A batch buffer that grew beyond this is given back.
const BUFFER_BYTES_KEPT: usize = 8 << 20;

/// The segment that is written to.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) segment: Arc<Segment>,
    pub(super) file: File,
    /// The file's length: zeros from the segment's end to here.
    pub(super) allocated: u64,
    /// Whether the file's name is durable. Nothing is written before it is.
    pub(super) named: bool,
}

/// Why a batch was not committed.
#[derive(Debug)]
enum Refusal {
    /// There is no space, and the log is as it was before.
    Full,
    /// The log can't go on.
    Fatal(FatalError),
}

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: Arc<Queue>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) options: Options,
    pub(super) active: Active,
    pub(super) notes: Notes,
    pub(super) buffer: Vec<u8>,
    /// Held as long as there is someone who may write.
    pub(super) _lock: Lock,
}

impl Writer {
    /// Commits batches until the queue is closed and empty, or the disk fails.
    pub(super) fn run(mut self) {
        let mut batch = Vec::new();
        let mut full = false;
        while self.queue.take(&mut batch, self.idle_max(full)) {
            let outcome = match batch.is_empty() {
                true => self.idle(full).map(|()| 0),
                false => self.commit(&batch),
            };
            if let Err(Refusal::Fatal(error)) = outcome {
                return self.fail(batch, &error);
            }
            full = outcome.is_err();
            self.shared.set_full(full);
            self.queue.release(&batch);
            match outcome {
                Ok(first) => acknowledge(first, &mut batch),
                Err(_) => answer(&mut batch, |_| {
                    Err(AppendError::DiskFull {
                        retry_after: DISK_RETRY_AFTER,
                    })
                }),
            }
        }
        // What it would say follows from the log as well.
        if let Err(error) = self.notes.close(&*self.disk) {
            tracing::warn!(%error, "that the log was closed in order could not be noted");
        }
    }

    /// How long the writer waits for appends before it has something else to do.
    fn idle_max(&self, full: bool) -> Option<Duration> {
        match full {
            true => Some(PROBE_EVERY),
            false => self.notes.are_unsynced().then_some(NOTES_SYNCED_AFTER),
        }
    }

    fn idle(&mut self, full: bool) -> Result<(), Refusal> {
        // Nobody may write before it is known that there is space again.
        if full {
            return self.extend(BODY_BYTES_MAX as u64);
        }
        let synced = self.notes.sync(&*self.disk);
        self.unless_full("sync the notes of", synced)
    }

    /// A full disk refuses what was to be done; any other failure ends the log.
    fn unless_full(&self, action: &'static str, done: io::Result<()>) -> Result<(), Refusal> {
        match done {
            Ok(()) => Ok(()),
            Err(error) if is_full(&error) => Err(Refusal::Full),
            Err(error) => Err(self.fatal(action, error)),
        }
    }

    /// Writes and syncs `batch`, and moves the tail. Returns the first record's offset.
    fn commit(&mut self, batch: &[Pending]) -> Result<Offset, Refusal> {
        let bytes = batch
            .iter()
            .map(|pending| pending.bytes as u64)
            .sum::<u64>();
        let noted = self.notes.before_commit(&*self.disk, &self.shared.dir);
        self.unless_full("write the notes of", noted)?;
        let end = self.active.segment.end();
        if end > PAGE_BYTES && end + bytes > self.options.segment_bytes {
            self.roll()?;
        }
        self.name()?;
        self.extend(bytes)?;
        let first = self.shared.tail();
        self.encode(first, batch);
        self.write()?;
        self.sync("sync")?;
        self.note(batch)?;
        self.publish(batch);
        Ok(first)
    }

    /// Makes the segment's name durable, before anything is written that would be lost with it.
    fn name(&mut self) -> Result<(), Refusal> {
        if !self.active.named {
            let synced = self.disk.sync_dir(&self.shared.dir);
            self.unless_full("sync the name of", synced)?;
            self.active.named = true;
        }
        Ok(())
    }

    /// Notes that the batch is durable. One that can't be noted is taken back: what is acknowledged
    /// must be told from what is not.
    fn note(&mut self, batch: &[Pending]) -> Result<(), Refusal> {
        let segment = &self.active.segment;
        let records = batch.iter().map(|pending| pending.records.len() as Offset);
        let end = End {
            base: segment.head.base,
            byte: segment.end() + self.buffer.len() as u64,
            next: self.shared.tail() + records.sum::<Offset>(),
        };
        let noted = self.notes.advance(&*self.disk, end);
        let noted = self.unless_full("note the end of", noted);
        if matches!(noted, Err(Refusal::Full)) {
            self.cut()?;
        }
        noted
    }

    fn encode(&mut self, first: Offset, batch: &[Pending]) {
        let seed: Seed = self.active.segment.head.seed();
        self.buffer.clear();
        self.buffer.shrink_to(BUFFER_BYTES_KEPT);
        let records = batch.iter().flat_map(|pending| &pending.records);
        for (place, record) in (0..).zip(records) {
            encode(
                &mut self.buffer,
                seed,
                first + Offset::from(place),
                place,
                record,
            );
        }
    }

    /// Makes sure that the file has room for `bytes` more, a good piece ahead if the disk allows.
    fn extend(&mut self, bytes: u64) -> Result<(), Refusal> {
        let needed = self.active.segment.end() + bytes;
        if needed <= self.active.allocated {
            return Ok(());
        }
        let wanted = (needed + AHEAD_BYTES)
            .min(self.options.segment_bytes)
            .max(needed);
        match self.zero_until(wanted) {
            Err(error) if is_full(&error) && self.active.allocated >= needed => Ok(()),
            Err(error) if is_full(&error) => Err(Refusal::Full),
            Err(error) => Err(self.fatal("extend", error)),
            Ok(()) => Ok(()),
        }
    }

    fn zero_until(&mut self, wanted: u64) -> io::Result<()> {
        static ZEROS: [u8; 256 << 10] = [0; 256 << 10];
        while self.active.allocated < wanted {
            let rest = usize::try_from(wanted - self.active.allocated).unwrap_or(usize::MAX);
            let zeros = &ZEROS[..rest.min(ZEROS.len())];
            match self
                .disk
                .write_at(&self.active.file, zeros, self.active.allocated)
            {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.active.allocated += written as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes the buffer at the end. On a full disk (some file systems take new blocks even to
    /// overwrite) the file is cut back, so that no part of a refused batch comes to light later.
    fn write(&mut self) -> Result<(), Refusal> {
        let end = self.active.segment.end();
        match write_all_at(&*self.disk, &self.active.file, &self.buffer, end) {
            Ok(()) => Ok(()),
            Err(error) if is_full(&error) => {
                self.cut()?;
                Err(Refusal::Full)
            }
            Err(error) => Err(self.fatal("write", error)),
        }
    }

    /// Cuts the file to what is committed, durably.
    fn cut(&mut self) -> Result<(), Refusal> {
        let end = self.active.segment.end();
        self.disk
            .truncate(&self.active.file, end)
            .map_err(|error| self.fatal("cut", error))?;
        self.active.allocated = end;
        self.sync("sync after a cut")
    }

    fn sync(&self, action: &'static str) -> Result<(), Refusal> {
        self.disk
            .sync(&self.active.file)
            .map_err(|error| self.fatal(action, error))
    }

    fn publish(&mut self, batch: &[Pending]) {
        let segment = &self.active.segment;
        let next = {
            let mut index = segment.index.lock();
            for record in batch.iter().flat_map(|pending| &pending.records) {
                index.push(
                    record.recorded_at_us,
                    super::frame::frame_bytes(record) as u64,
                );
            }
            index.next()
        };
        segment.set_end(segment.end() + self.buffer.len() as u64);
        self.shared.publish(next);
    }

    /// Seals the segment, and begins the next one.
    fn roll(&mut self) -> Result<(), Refusal> {
        if self.active.allocated > self.active.segment.end() {
            self.cut()?;
        }
        let sealed = &self.active.segment;
        save_index(&sealed.path, &sealed.index.lock(), sealed.head);
        let head = Head {
            base: self.shared.tail(),
            ..sealed.head
        };
        let (file, path) = match segment::create(&*self.disk, &self.shared.dir, head) {
            Ok(created) => created,
            Err(error) if is_full(&error) => return Err(Refusal::Full),
            Err(error) => return Err(self.fatal("begin the segment after", error)),
        };
        let index = SparseIndex::new(head.base, PAGE_BYTES);
        let segment = Arc::new(Segment::new(head, path, PAGE_BYTES, index));
        self.shared.segments.write().push(Arc::clone(&segment));
        self.active = Active {
            segment,
            file,
            allocated: PAGE_BYTES,
            named: false,
        };
        Ok(())
    }

    fn fatal(&self, action: &'static str, source: io::Error) -> Refusal {
        let path = self.active.segment.path.clone();
        Refusal::Fatal(FatalError {
            action,
            path,
            source: Arc::new(source),
        })
    }

    /// The end: what was handed to the disk may be there or not. The handler comes first, so that
    /// the usual one ends the process before anything else happens.
    fn fail(self, mut batch: Vec<Pending>, error: &FatalError) {
        (self.options.on_fatal)(error);
        self.queue.abandon();
        answer(&mut batch, |_| {
            Err(AppendError::Unknown(Arc::new(error.clone())))
        });
    }
}

impl Drop for Writer {
    /// However the thread ends, nobody waits for it in vain.
    fn drop(&mut self) {
        self.queue.abandon();
        self.shared.close();
    }
}

/// Writes the index of a sealed segment. It can be built again, so failing is not serious.
pub(super) fn save_index(path: &Path, index: &SparseIndex, head: Head) {
    if let Err(error) = index.save(&segment::index_path(path), head.origin) {
        tracing::warn!(path = %path.display(), %error, "a segment's index could not be saved");
    }
}

fn acknowledge(first: Offset, batch: &mut Vec<Pending>) {
    let mut offset = first;
    answer(batch, |pending| {
        let from = offset;
        offset += pending.records.len() as Offset;
        Ok((from..offset)
            .map(|offset| Position {
                partition: 0,
                offset,
            })
            .collect())
    });
}

fn answer(batch: &mut Vec<Pending>, mut outcome: impl FnMut(&Pending) -> Outcome) {
    for pending in batch.drain(..) {
        let outcome = outcome(&pending);
        // The caller may have stopped waiting; the records stay.
        let _ = pending.done.send(outcome);
    }
}
