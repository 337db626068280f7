//! A log whose disk a test's script answers for.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tempfile::TempDir;

use crate::embedded::{Disk, EmbeddedLog, Options, OsDisk};
use crate::{Append, AppendError, Log, Offset, Position, Record};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Write { at: u64, bytes: usize, zeros: bool },
    Truncate(u64),
    Sync,
    SyncDir,
    Note,
    SyncNote,
}

pub(super) enum Answer {
    /// The operating system's.
    Real,
    /// Fail with this number.
    Error(i32),
    /// Write only so many bytes.
    Short(usize),
}

pub(super) type Script = Box<dyn FnMut(Call) -> Answer + Send>;

/// A disk that asks a script before each call.
pub(super) struct ScriptedDisk {
    script: Mutex<Script>,
    calls: Mutex<Vec<Call>>,
    /// Closed: a sync waits here.
    gate: (Mutex<bool>, Condvar),
}

impl fmt::Debug for ScriptedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedDisk")
    }
}

impl ScriptedDisk {
    fn new() -> Arc<Self> {
        let gate = (Mutex::new(false), Condvar::new());
        let script: Script = Box::new(|_| Answer::Real);
        Arc::new(Self {
            script: Mutex::new(script),
            calls: Mutex::default(),
            gate,
        })
    }

    pub(super) fn script(&self, script: impl FnMut(Call) -> Answer + Send + 'static) {
        *self.script.lock() = Box::new(script);
    }

    fn ask(&self, call: Call) -> io::Result<Option<usize>> {
        self.calls.lock().push(call);
        match (self.script.lock())(call) {
            Answer::Real => Ok(None),
            Answer::Short(bytes) => Ok(Some(bytes)),
            Answer::Error(number) => Err(io::Error::from_raw_os_error(number)),
        }
    }

    pub(super) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock())
    }

    pub(super) fn close_gate(&self) {
        *self.gate.0.lock() = true;
    }

    pub(super) fn open_gate(&self) {
        *self.gate.0.lock() = false;
        self.gate.1.notify_all();
    }
}

impl Disk for ScriptedDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        self.ask(Call::Create)?;
        OsDisk.create(path)
    }

    fn write_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<usize> {
        let zeros = bytes.iter().all(|&byte| byte == 0);
        match self.ask(Call::Write {
            at,
            bytes: bytes.len(),
            zeros,
        })? {
            Some(short) => file.write_at(&bytes[..short.min(bytes.len())], at),
            None => OsDisk.write_at(file, bytes, at),
        }
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.ask(Call::Truncate(length))?;
        OsDisk.truncate(file, length)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.ask(Call::Sync)?;
        self.gate
            .1
            .wait_while(&mut self.gate.0.lock(), |closed| *closed);
        OsDisk.sync(file)
    }

    fn note(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        self.ask(Call::Note)?;
        OsDisk.note(file, bytes, at)
    }

    fn sync_note(&self, file: &File) -> io::Result<()> {
        self.ask(Call::SyncNote)?;
        OsDisk.sync_note(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.ask(Call::SyncDir)?;
        OsDisk.sync_dir(dir)
    }
}

/// A log on a scripted disk.
pub(super) struct Scene {
    pub(super) dir: TempDir,
    pub(super) disk: Arc<ScriptedDisk>,
    pub(super) log: EmbeddedLog,
    /// How often the handler of fatal errors was called.
    fatal: Arc<AtomicUsize>,
}

impl Scene {
    pub(super) fn new(change: impl FnOnce(&mut Options)) -> Self {
        let (dir, disk) = (tempfile::tempdir().unwrap(), ScriptedDisk::new());
        let fatal = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&fatal);
        let mut options = Options {
            segment_bytes: 1 << 20,
            on_fatal: Arc::new(move |_| {
                counted.fetch_add(1, Ordering::SeqCst);
            }),
            ..Options::default()
        };
        change(&mut options);
        let log = EmbeddedLog::open_on(Arc::clone(&disk) as Arc<dyn Disk>, dir.path(), options);
        let scene = Self {
            dir,
            disk,
            log: log.unwrap(),
            fatal,
        };
        scene.disk.take_calls();
        scene
    }

    pub(super) fn append(&self, records: Vec<Record>) -> Result<Vec<Position>, AppendError> {
        done(self.log.append(records))
    }

    pub(super) fn fatal(&self) -> usize {
        self.fatal.load(Ordering::SeqCst)
    }

    /// What a start after a crash at this moment finds.
    pub(super) fn after_crash(&self) -> Vec<Record> {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.dir.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "log") {
                fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        read(&EmbeddedLog::open(copy.path(), Options::default()).unwrap())
    }
}

impl Drop for Scene {
    /// A test that fails while the gate is closed must not wait for the writer for ever.
    fn drop(&mut self) {
        self.disk.open_gate();
    }
}

pub(super) fn done(append: Append) -> Result<Vec<Position>, AppendError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(append)
}

pub(super) fn record(n: u64) -> Record {
    let body = format!("record {n} {}", "x".repeat(100)).into();
    Record {
        key: "key".into(),
        recorded_at_us: n as i64,
        body,
    }
}

pub(super) fn records(range: std::ops::Range<u64>) -> Vec<Record> {
    range.map(record).collect()
}

/// A place in the one partition.
pub(super) fn from(offset: Offset) -> Position {
    Position {
        partition: 0,
        offset,
    }
}

pub(super) fn read(log: &EmbeddedLog) -> Vec<Record> {
    let mut reader = log.reader(&[from(0)]).unwrap();
    let tail = log.tails().unwrap()[0];
    let mut read = Vec::new();
    while reader.positions()[0].offset < tail {
        let more = reader.next(1000, 1 << 20, Duration::ZERO).unwrap();
        read.extend(more.into_iter().map(|entry| entry.record));
    }
    read
}

pub(super) fn is_data(call: Call) -> bool {
    matches!(call, Call::Write { zeros: false, .. })
}
