//! A log on a cluster that can't be reached, or only in part.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::testing::FaultyLog;
use aftercall_log::{Log, MemoryLog};
use aftercall_view::{Positions, WaitError};
use tokio::time::Instant;

use crate::fixture::{LOG, View, Words, append, options, soon, start_over, stop, words_key};

/// A log that another process writes, too.
fn shared() -> (MemoryLog, FaultyLog) {
    let log = MemoryLog::new(LOG, 2).of_another_process();
    (log.clone(), FaultyLog::new(log))
}

fn start(log: &FaultyLog, dir: &Path) -> View {
    let views = dir.to_owned().into();
    start_over(Arc::new(log.clone()), views, Words::plain(), options())
}

#[tokio::test]
async fn a_log_that_does_not_say_where_it_ends_is_read_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (written_by_us, log) = shared();
    let view = start(&log, dir.path());
    view.ready(soon()).await.unwrap();
    log.fall_silent();
    while log.waiting() == 0 {
        tokio::task::yield_now().await;
    }
    let written = append(&written_by_us, &[("a", "one"), ("b", "two")]).await;
    view.wait_for(&written, soon()).await.unwrap();
    assert!(view.store().get(words_key("b")).unwrap().is_some());
    log.speak();
    let written = append(&written_by_us, &[("a", "three")]).await;
    view.wait_for(&written, soon()).await.unwrap();
    stop(view).await;
}

#[tokio::test]
async fn a_position_that_a_shared_log_does_not_know_yet_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let (written_by_us, log) = shared();
    let view = start(&log, dir.path());
    let next = Positions::from_iter([(log.partition_of(b"a"), 1)]);
    let in_a_moment = Instant::now() + Duration::from_millis(100);
    let late = view.wait_for(&next, in_a_moment).await;
    assert!(
        matches!(late, Err(WaitError::DeadlineExceeded { .. })),
        "{late:?}"
    );
    let write = append(&written_by_us, &[("a", "one")]);
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
    let (written_by_us, log) = shared();
    let written = append(&written_by_us, &[("a", "one"), ("b", "two")]).await;
    let view = start(&log, dir.path());
    view.wait_for(&written, soon()).await.unwrap();
    stop(view).await;

    log.tell_old_ends(3);
    let view = start(&log, dir.path());
    let more = append(&written_by_us, &[("a", "three")]).await;
    view.wait_for(&more, soon()).await.unwrap();
    let read_from = log.read_from().pop().unwrap();
    let read_from: Positions = read_from
        .iter()
        .map(|at| (at.partition, at.offset))
        .collect();
    assert_eq!(read_from, written, "nothing is read twice");
    stop(view).await;
}
