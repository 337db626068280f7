//! A view follows its log, stops, resumes and reports.

use std::sync::Arc;

use aftercall_log::{Log, MemoryLog};
use aftercall_view::{Options, Positions, ViewError, ViewHandle, WaitError};
use tokio::time::Instant;

use crate::fixture::{
    LOG, PANIC, POISON, Words, append, options, record, soon, start, start_with, stop, words_key,
};

#[tokio::test]
async fn a_write_is_read_by_whoever_waits_for_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 3);
    let view = start(&log, dir.path(), Words::plain());
    for round in 0..20 {
        let key = format!("customer-{}", round % 5);
        let written = append(&log, &[(&key, "called")]).await;
        view.wait_for(&written, soon()).await.unwrap();
        let words = view.store().get(words_key(&key)).unwrap().unwrap();
        assert_eq!(words.len(), "called ".len() * (round / 5 + 1));
    }
    stop(view).await;
}

#[tokio::test]
async fn a_stopped_view_resumes_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    for round in 0..4 {
        let written = append(&log, &[("a", "one"), ("b", "two"), ("a", "three")]).await;
        let view = start(&log, dir.path(), Words::plain());
        view.wait_for(&written, soon()).await.unwrap();
        let words = view.store().get(words_key("a")).unwrap().unwrap();
        assert_eq!(words, "one three ".repeat(round + 1));
        stop(view).await;
    }
}

#[tokio::test]
async fn a_position_beyond_the_tail_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    append(&log, &[("a", "one")]).await;
    let view = start(&log, dir.path(), Words::plain());
    for beyond in [(0, 2), (1, 1)] {
        let beyond = Positions::from_iter([beyond]);
        let refused = view.wait_for(&beyond, soon()).await;
        assert!(matches!(refused, Err(WaitError::BeyondTail)), "{refused:?}");
    }
    stop(view).await;
}

#[tokio::test]
async fn a_wait_ends_with_its_deadline_and_says_how_far_the_view_is() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    let first = append(&log, &[("a", "one")]).await;
    let view = start(&log, dir.path(), Words::indexed());
    view.wait_for(&first, soon()).await.unwrap();
    stop(view.clone()).await;
    let second = append(&log, &[("a", "two")]).await;
    let stopped = view.wait_for(&second, soon()).await;
    assert!(matches!(stopped, Err(WaitError::Stopped)), "{stopped:?}");

    let other = tempfile::tempdir().unwrap();
    let view = start(&log, other.path(), Words::plain());
    let late = view.wait_for_index(&second, Instant::now()).await;
    let Err(WaitError::DeadlineExceeded { reached }) = late else {
        panic!("{late:?}")
    };
    assert!(second.covers_all(&reached));
    stop(view).await;
}

#[tokio::test]
async fn a_record_that_cannot_be_applied_is_named_and_what_came_before_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    let written = append(&log, &[("a", "one")]).await;
    let view = start(&log, dir.path(), Words::plain());
    view.wait_for(&written, soon()).await.unwrap();
    log.append(vec![record("a", POISON)]).await.unwrap();
    let trouble = troubled(&view).await;
    assert!(
        matches!(&*trouble, ViewError::Apply { at, .. } if at.offset == 1),
        "{trouble:?}"
    );
    assert_eq!(view.store().get(words_key("a")).unwrap().unwrap(), "one ");
    stop(view).await;
}

#[tokio::test]
async fn a_panic_in_the_fold_is_reported_and_what_came_before_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    let written = append(&log, &[("a", "one")]).await;
    let view = start(&log, dir.path(), Words::plain());
    view.wait_for(&written, soon()).await.unwrap();
    log.append(vec![record("a", PANIC)]).await.unwrap();
    let trouble = troubled(&view).await;
    assert!(matches!(&*trouble, ViewError::Panicked(_)), "{trouble:?}");
    assert_eq!(view.store().get(words_key("a")).unwrap().unwrap(), "one ");
    stop(view).await;
}

/// What keeps the view from going on was in its way for a while only: it goes on by itself.
#[tokio::test]
async fn a_view_that_cannot_be_opened_is_tried_again_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    let written = append(&log, &[("a", "one")]).await;
    // A file in the place of its directory.
    let place = dir.path().join("words");
    std::fs::write(&place, "in the way").unwrap();
    let view = start(&log, dir.path(), Words::indexed());
    let trouble = troubled(&view).await;
    assert!(
        matches!(&*trouble, ViewError::Directory { .. }),
        "{trouble:?}"
    );
    // Others do not suffer from it.
    view.feed.ledger().wait_for(&written, soon()).await.unwrap();
    std::fs::remove_file(&place).unwrap();
    view.wait_for_index(&written, soon()).await.unwrap();
    let mut progress = view.progress();
    progress
        .wait_for(|progress| progress.trouble.is_none())
        .await
        .unwrap();
    stop(view).await;
}

/// Waits until the view says why it can't go on.
async fn troubled(view: &ViewHandle) -> Arc<ViewError> {
    let mut progress = view.progress();
    let troubled = progress.wait_for(|progress| progress.trouble.is_some());
    troubled.await.unwrap().trouble.clone().unwrap()
}

#[tokio::test]
async fn lag_counts_what_is_not_applied() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 2);
    let written = append(&log, &[("a", "one"), ("b", "two"), ("c", "three")]).await;
    let view = start(&log, dir.path(), Words::indexed());
    view.wait_for_index(&written, soon()).await.unwrap();
    assert_eq!(view.lag().unwrap().records, 0);
    assert_eq!(view.lag().unwrap().index_records, 0);
    stop(view.clone()).await;
    append(&log, &[("a", "one"), ("b", "two")]).await;
    assert_eq!(view.lag().unwrap().records, 2);
    assert_eq!(view.lag().unwrap().index_records, 2);
}

#[tokio::test]
async fn a_view_pauses_before_its_disk_is_full_and_still_answers() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    let first = append(&log, &[("a", "one")]).await;
    let view = start(&log, dir.path(), Words::plain());
    view.wait_for(&first, soon()).await.unwrap();
    stop(view).await;

    append(&log, &[("a", "two")]).await;
    let full = Options {
        disk_free_bytes_min: u64::MAX,
        ..options()
    };
    let view = start_with(&log, dir.path(), Words::plain(), full);
    view.progress()
        .wait_for(|progress| progress.paused)
        .await
        .unwrap();
    assert_eq!(view.applied(), first);
    assert_eq!(view.store().get(words_key("a")).unwrap().unwrap(), "one ");
    stop(view).await;
}

#[tokio::test]
async fn two_views_never_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    let written = append(&log, &[("a", "one")]).await;
    let first = start(&log, dir.path(), Words::plain());
    first.wait_for(&written, soon()).await.unwrap();
    let second = start(&log, dir.path(), Words::plain());
    let refused = second.feed.ledger().stopped().await.unwrap_err();
    assert!(matches!(&*refused, ViewError::Locked { .. }), "{refused:?}");
    let refused = troubled(&second.view).await;
    assert!(matches!(&*refused, ViewError::Locked { .. }), "{refused:?}");
    assert_eq!(first.store().get(words_key("a")).unwrap().unwrap(), "one ");
    stop(first).await;
}
