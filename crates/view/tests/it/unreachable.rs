//! A log on a cluster that can't be reached, or only in part.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{
    Append, Claim, Log, LogId, MemoryLog, Offset, Partition, Position, ReadError, Reader, Record,
    WriteBlocked,
};
use aftercall_view::{Positions, WaitError};
use parking_lot::{Condvar, Mutex};
use tokio::time::Instant;

use crate::fixture::{LOG, View, Words, append, options, soon, start_over, stop, words_key};

/// Whether the log says where it ends, and how many wait for that.
#[derive(Debug, Default)]
struct Silence {
    silent: bool,
    waiting: usize,
    /// How many more times it tells an end that is long passed, as a leader does that was replaced
    /// and has not heard of it.
    tells_old: usize,
    /// Where readers began.
    read_from: Vec<Vec<Position>>,
}

/// A log that does not say where it ends, or says where it ended once, while a test says so.
#[derive(Debug, Clone)]
struct SilentLog {
    log: MemoryLog,
    silence: Arc<(Mutex<Silence>, Condvar)>,
}

impl SilentLog {
    fn new() -> Self {
        Self {
            log: MemoryLog::new(LOG, 2).of_another_process(),
            silence: Arc::default(),
        }
    }

    fn set_silent(&self, silent: bool) {
        self.silence.0.lock().silent = silent;
        self.silence.1.notify_all();
    }

    fn tell_old(&self, times: usize) {
        self.silence.0.lock().tells_old = times;
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
        if silence.tells_old > 0 {
            silence.tells_old -= 1;
            return Ok(vec![0, 0]);
        }
        self.log.tails()
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        self.log.offset_at(partition, recorded_at_us)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        self.silence.0.lock().read_from.push(from.to_vec());
        self.log.reader(from)
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.log.claim(role)
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        self.log.check_writable()
    }
}

fn start(log: &SilentLog, dir: &Path) -> View {
    let views = dir.to_owned().into();
    start_over(Arc::new(log.clone()), views, Words::plain(), options())
}

#[tokio::test]
async fn a_log_that_does_not_say_where_it_ends_is_read_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let log = SilentLog::new();
    let view = start(&log, dir.path());
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

#[tokio::test]
async fn a_position_that_a_shared_log_does_not_know_yet_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let log = SilentLog::new();
    let view = start(&log, dir.path());
    let next = Positions::from_iter([(log.partition_of(b"a"), 1)]);
    let in_a_moment = Instant::now() + Duration::from_millis(100);
    let late = view.wait_for(&next, in_a_moment).await;
    assert!(
        matches!(late, Err(WaitError::DeadlineExceeded { .. })),
        "{late:?}"
    );
    let write = append(&log.log, &[("a", "one")]);
    let (waited, _) = tokio::join!(view.wait_for(&next, soon()), write);
    waited.unwrap();
    let nowhere = Positions::from_iter([(2, 1)]);
    let refused = view.wait_for(&nowhere, soon()).await;
    assert!(matches!(refused, Err(WaitError::BeyondTail)), "{refused:?}");
    stop(view).await;
}

#[tokio::test]
async fn a_view_is_kept_when_a_leader_that_was_replaced_tells_an_old_end() {
    let dir = tempfile::tempdir().unwrap();
    let log = SilentLog::new();
    let written = append(&log.log, &[("a", "one"), ("b", "two")]).await;
    let view = start(&log, dir.path());
    view.wait_for(&written, soon()).await.unwrap();
    stop(view).await;

    log.tell_old(3);
    let view = start(&log, dir.path());
    let more = append(&log.log, &[("a", "three")]).await;
    view.wait_for(&more, soon()).await.unwrap();
    let read_from = log.silence.0.lock().read_from.last().cloned().unwrap();
    let read_from: Positions = read_from
        .iter()
        .map(|at| (at.partition, at.offset))
        .collect();
    assert_eq!(read_from, written, "nothing is read twice");
    stop(view).await;
}
