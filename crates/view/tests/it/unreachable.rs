//! A log on a cluster that can't be reached, or only in part.

use std::sync::Arc;

use aftercall_log::{
    Append, Claim, Log, LogId, MemoryLog, Offset, Partition, Position, ReadError, Reader, Record,
    WriteBlocked,
};
use parking_lot::{Condvar, Mutex};

use crate::fixture::{LOG, Words, append, options, soon, stop, words_key};

/// Whether the log says where it ends, and how many wait for that.
#[derive(Debug, Default)]
struct Silence {
    silent: bool,
    waiting: usize,
}

/// A log that does not say where it ends while a test says so.
#[derive(Debug, Clone)]
struct SilentLog {
    log: MemoryLog,
    silence: Arc<(Mutex<Silence>, Condvar)>,
}

impl SilentLog {
    fn new() -> Self {
        Self {
            log: MemoryLog::new(LOG, 2),
            silence: Arc::default(),
        }
    }

    fn set_silent(&self, silent: bool) {
        self.silence.0.lock().silent = silent;
        self.silence.1.notify_all();
    }

    fn waiting(&self) -> usize {
        self.silence.0.lock().waiting
    }
}

impl Log for SilentLog {
    fn id(&self) -> LogId {
        self.log.id()
    }

    fn partitions(&self) -> u32 {
        self.log.partitions()
    }

    fn is_shared(&self) -> bool {
        self.log.is_shared()
    }

    fn partition_of(&self, key: &[u8]) -> Partition {
        self.log.partition_of(key)
    }

    fn append(&self, records: Vec<Record>) -> Append {
        self.log.append(records)
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        let mut silence = self.silence.0.lock();
        if silence.silent {
            silence.waiting += 1;
            self.silence.1.wait_while(&mut silence, |one| one.silent);
            silence.waiting -= 1;
            return Err(ReadError::Unavailable {
                detail: "no leader".to_owned(),
            });
        }
        self.log.tails()
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        self.log.offset_at(partition, recorded_at_us)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        self.log.reader(from)
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.log.claim(role)
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        self.log.check_writable()
    }
}

#[tokio::test]
async fn a_log_that_does_not_say_where_it_ends_is_read_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let log = SilentLog::new();
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    let view = aftercall_view::spawn(shared, dir.path(), Words::plain(), options()).unwrap();
    view.ready(soon()).await.unwrap();
    log.set_silent(true);
    while log.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let written = append(&log.log, &[("a", "one"), ("b", "two")]).await;
    view.wait_for(&written, soon()).await.unwrap();
    assert!(view.store().get(words_key("b")).unwrap().is_some());
    log.set_silent(false);
    let written = append(&log.log, &[("a", "three")]).await;
    view.wait_for(&written, soon()).await.unwrap();
    stop(view).await;
}
