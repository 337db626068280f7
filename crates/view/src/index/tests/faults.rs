//! A disk on which any call may fail: nothing that was committed is lost, and nothing sound is taken for
//! damaged.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use parking_lot::Mutex;
use rustix::io::Errno;
use tantivy::collector::Count;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};
use tantivy::query::AllQuery;

use super::super::{IndexError, IndexOptions, SearchIndex};
use super::{LOG, replace, schema, through};
use crate::Cause;

/// Lets so many calls that change something pass, and then fails all of them.
#[derive(Debug, Clone)]
pub(super) struct Fails {
    left: Arc<AtomicI64>,
    errno: Errno,
    /// While this is held, merges wait before they write a file.
    pub(super) merging: Arc<Mutex<()>>,
}

impl Fails {
    pub(super) fn never() -> Self {
        Self::after(i64::MAX, Errno::NOSPC)
    }

    fn after(calls: i64, errno: Errno) -> Self {
        Self {
            left: Arc::new(AtomicI64::new(calls)),
            errno,
            merging: Arc::default(),
        }
    }

    fn call(&self) -> io::Result<()> {
        match self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            true => Ok(()),
            false => Err(self.errno.into()),
        }
    }

    /// Waits, on a thread that merges, until merges may write.
    fn await_turn(&self) {
        let merges = |name: &str| name.starts_with("merge_thread");
        if thread::current().name().is_some_and(merges) {
            drop(self.merging.lock());
        }
    }

    fn has_failed(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }
}

/// The operating system's directory, with faults.
#[derive(Debug, Clone)]
struct FaultyDirectory(MmapDirectory, Fails);

impl Directory for FaultyDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.0.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.0.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.0.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.1.await_turn();
        let failed = |error| OpenWriteError::wrap_io_error(error, path.to_owned());
        self.1.call().map_err(failed)?;
        let file = self.0.open_write(path)?;
        Ok(BufWriter::new(Box::new(FaultyFile(file, self.1.clone()))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.0.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.1.call()?;
        self.0.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.1.call()?;
        self.0.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.1.call().map_err(LockError::wrap_io_error)?;
        self.0.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.0.watch(callback)
    }
}

struct FaultyFile(WritePtr, Fails);

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.call()?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.call()?;
        self.0.flush()
    }
}

impl TerminatingWrite for FaultyFile {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.1.call()?;
        self.0.terminate_ref(token)
    }
}

pub(super) fn open(dir: &Path, fails: &Fails) -> Result<SearchIndex, IndexError> {
    let disk = |dir: &Path| {
        let directory = FaultyDirectory(MmapDirectory::open(dir)?, fails.clone());
        Ok(Box::new(directory) as Box<dyn Directory>)
    };
    SearchIndex::open_on(&disk, dir, schema(), LOG.into(), &IndexOptions::default())
}

/// Opens the index, writes documents into two segments, and commits.
fn write(dir: &Path, fails: &Fails, part: u8) -> Result<(), IndexError> {
    let mut index = open(dir, fails)?;
    for segment in 0..2 {
        for document in 0..5 {
            replace(&mut index, 2 * part + segment, document)?;
        }
        // A document of the first part anew: what is deleted is written, too.
        replace(&mut index, 0, segment)?;
        index.commit(&through(2 * part + segment))?;
    }
    Ok(())
}

#[test]
fn a_disk_that_fails_at_any_call_loses_nothing_and_is_not_damage() {
    // Every call once, and some of them for what the system may say else.
    for (errno, cause, step) in [
        (Errno::NOSPC, Cause::Full, 1),
        (Errno::DQUOT, Cause::Full, 7),
        (Errno::MFILE, Cause::Unclear, 7),
        (Errno::IO, Cause::Unclear, 7),
    ] {
        for calls in (0..).step_by(step) {
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), &Fails::never(), 0).unwrap();
            let fails = Fails::after(calls, errno);
            let written = write(dir.path(), &fails, 1);
            if let Err(error) = &written {
                assert_eq!(error.cause(), cause, "call {calls}: {error}");
            }
            // What was committed is read, also while it still fails.
            let there = SearchIndex::peek(dir.path(), &schema(), LOG)
                .unwrap()
                .unwrap();
            let found = there.searcher.search(&AllQuery, &Count).unwrap();
            assert!(found >= 10, "{errno}, call {calls}: {found} left");
            assert!(there.complete_through.covers_all(&through(1)));

            write(dir.path(), &Fails::never(), 1).unwrap();
            let index = open(dir.path(), &Fails::never()).unwrap();
            assert!(!index.is_new(), "{errno}, call {calls}: begun anew");
            let found = index.snapshot().searcher.search(&AllQuery, &Count).unwrap();
            assert_eq!(found, 20, "{errno}, call {calls}");
            if !fails.has_failed() {
                assert!(calls > 20, "only {calls} calls can fail");
                break;
            }
        }
    }
}

/// Files whose making was broken off, or that another hand wrote, in the place of those that an opening
/// parses: these are damage, and these alone are.
#[test]
fn what_does_not_parse_is_damage() {
    for bytes in [&b""[..], b"{", b"nonsense"] {
        for file in ["meta.json", ".managed.json"] {
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), &Fails::never(), 0).unwrap();
            std::fs::write(dir.path().join(file), bytes).unwrap();
            let index = open(dir.path(), &Fails::never()).unwrap();
            assert!(index.is_new(), "{file} of {bytes:?}");
        }
    }
}
