//! What the engine makes of a disk that fails, is full, or is slow. The calls to the disk are real,
//! but for those that a test's script answers.

mod full;
mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use self::scene::{Answer, Call, Scene, done, from, is_data, read, record, records};
use super::segment::PAGE_BYTES;
use super::*;
use crate::AppendError;

const EIO: i32 = 5;
const FOREVER: Duration = Duration::from_secs(60);

#[test]
fn after_a_failed_sync_nothing_is_acknowledged() {
    let scene = Scene::new(|_| {});
    scene.append(records(0..3)).unwrap();
    let mut syncs = 0;
    scene.disk.script(move |call| {
        syncs += usize::from(call == Call::Sync);
        // The kernel reports a failure once: the next sync would succeed.
        if call == Call::Sync && syncs == 1 {
            Answer::Error(EIO)
        } else {
            Answer::Real
        }
    });
    let appends: Vec<_> = (3..6).map(|n| scene.log.append(vec![record(n)])).collect();
    for outcome in appends.into_iter().map(done) {
        assert!(
            matches!(outcome, Err(AppendError::Unknown(_) | AppendError::Closed)),
            "{outcome:?}"
        );
    }
    let later = scene.append(records(6..7));
    assert!(matches!(later, Err(AppendError::Closed)), "{later:?}");
    assert_eq!(scene.fatal(), 1);
    let syncs = scene
        .disk
        .take_calls()
        .into_iter()
        .filter(|call| *call == Call::Sync)
        .count();
    assert_eq!(syncs, 2, "one that worked, one that failed, none after it");
    assert_eq!(scene.log.tails().unwrap()[0], 3);
    assert_eq!(read(&scene.log), records(0..3));
    let mut reader = scene.log.reader(&[from(3)]).unwrap();
    assert!(matches!(reader.next(1, 1, FOREVER), Err(ReadError::Closed)));
}

#[test]
fn the_handler_is_called_before_anyone_hears_of_a_failed_sync() {
    let heard = Arc::new(Mutex::new(None::<Append>));
    let outcome = Arc::clone(&heard);
    let silent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&silent);
    let scene = Scene::new(|options| {
        options.on_fatal = Arc::new(move |error| {
            assert_eq!(error.source.raw_os_error(), Some(EIO));
            let mut append = outcome.lock().take().unwrap();
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let polled = Future::poll(std::pin::Pin::new(&mut append), &mut context);
            counted.fetch_add(usize::from(polled.is_pending()), Ordering::SeqCst);
        });
    });
    scene.disk.close_gate();
    scene.disk.script(|call| {
        if call == Call::Sync {
            Answer::Error(EIO)
        } else {
            Answer::Real
        }
    });
    {
        let mut heard = heard.lock();
        *heard = Some(scene.log.append(records(0..1)));
    }
    scene.log.close();
    assert_eq!(silent.load(Ordering::SeqCst), 1);
}

#[test]
fn a_failed_write_is_fatal_too() {
    let scene = Scene::new(|_| {});
    scene.disk.script(|call| {
        if is_data(call) {
            Answer::Error(EIO)
        } else {
            Answer::Real
        }
    });
    let outcome = scene.append(records(0..3));
    assert!(
        matches!(outcome, Err(AppendError::Unknown(_))),
        "{outcome:?}"
    );
    assert_eq!((scene.fatal(), scene.log.tails().unwrap()[0]), (1, 0));
}

#[test]
fn a_note_is_written_after_the_sync_and_synced_when_the_log_is_idle() {
    let scene = Scene::new(|_| {});
    scene.append(records(0..3)).unwrap();
    let synced = || scene.disk.take_calls().contains(&Call::SyncNote);
    let calls = scene.disk.take_calls();
    let at = |call| calls.iter().position(|made| *made == call);
    assert!(at(Call::Sync) < at(Call::Note), "{calls:?}");
    if at(Call::SyncNote).is_none() {
        while !synced() {
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_short_write_is_completed() {
    let scene = Scene::new(|_| {});
    scene.disk.script(|call| {
        if is_data(call) {
            Answer::Short(7)
        } else {
            Answer::Real
        }
    });
    scene.append(records(0..3)).unwrap();
    assert_eq!(scene.after_crash(), records(0..3));
}

#[test]
fn a_full_queue_refuses_at_once_and_loses_nothing() {
    let scene = Scene::new(|options| {
        options.queue_records = 100;
        options.queue_bytes = 5_000;
    });
    scene.disk.close_gate();
    let mut taken = Vec::new();
    let refused = loop {
        assert!(taken.len() <= 100, "the queue is bounded");
        let mut append = scene
            .log
            .append(records(taken.len() as u64..taken.len() as u64 + 1));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match Future::poll(std::pin::Pin::new(&mut append), &mut context) {
            std::task::Poll::Pending => taken.push(append),
            std::task::Poll::Ready(outcome) => break outcome,
        }
    };
    assert!(
        matches!(refused, Err(AppendError::QueueFull { .. })),
        "{refused:?}"
    );
    let count = taken.len() as u64;
    assert!(
        (20..40).contains(&count),
        "{count} records of about 150 bytes in 5,000"
    );
    scene.disk.open_gate();
    taken
        .into_iter()
        .for_each(|append| drop(done(append).unwrap()));
    scene.append(records(count..count + 1)).unwrap();
    assert_eq!(read(&scene.log), records(0..count + 1));
    let never = scene.append(records(0..101));
    assert!(
        matches!(never, Err(AppendError::TooMuch { records: 101, .. })),
        "{never:?}"
    );
    let never = scene.append(records(0..50));
    assert!(
        matches!(
            never,
            Err(AppendError::TooMuch {
                bytes_max: 5_000,
                ..
            })
        ),
        "{never:?}"
    );
}

#[test]
fn what_waits_together_is_written_and_synced_together() {
    let scene = Scene::new(|options| options.batch_records = 64);
    scene.disk.close_gate();
    let appends: Vec<_> = (0..257)
        .map(|n| scene.log.append(vec![record(n)]))
        .collect();
    scene.disk.open_gate();
    appends
        .into_iter()
        .for_each(|append| drop(done(append).unwrap()));
    let calls = scene.disk.take_calls();
    let syncs = calls.iter().filter(|call| **call == Call::Sync).count();
    let writes = calls.into_iter().filter(|call| is_data(*call)).count();
    assert_eq!(writes, syncs);
    // Whatever the writer took before the gate closed under it, and then full batches.
    assert!((5..=7).contains(&syncs), "{syncs} syncs");
}

#[test]
fn closing_writes_what_waits() {
    let scene = Scene::new(|_| {});
    scene.disk.close_gate();
    let appends: Vec<_> = (0..50).map(|n| scene.log.append(vec![record(n)])).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| scene.log.close());
        scene.disk.open_gate();
    });
    appends
        .into_iter()
        .for_each(|append| drop(done(append).unwrap()));
    assert_eq!(read(&scene.log), records(0..50));
}

#[test]
fn a_new_segment_and_its_name_are_synced_before_it_is_used() {
    let scene = Scene::new(|options| options.segment_bytes = 6_000);
    while scene.log.shared.segments.read().len() < 2 {
        scene.append(records(0..3)).unwrap();
    }
    let calls = scene.disk.take_calls();
    let created = calls.iter().position(|call| *call == Call::Create).unwrap();
    let [
        Call::Create,
        Call::Write { at: 0, bytes, .. },
        Call::Sync,
        Call::SyncDir,
        Call::Write { at, .. },
    ] = calls[created..created + 5]
    else {
        panic!("{calls:?}")
    };
    assert_eq!((bytes as u64, at), (PAGE_BYTES, PAGE_BYTES));
}

#[test]
fn a_start_writes_and_syncs_the_last_batch_again() {
    let scene = Scene::new(|_| {});
    scene.append(records(0..3)).unwrap();
    scene.append(records(3..6)).unwrap();
    scene.log.close();
    let last = 3 * frame::frame_bytes(&record(3));
    scene.disk.take_calls();
    let disk = Arc::clone(&scene.disk) as Arc<dyn Disk>;
    let again = EmbeddedLog::open_on(disk, scene.dir.path(), Options::default()).unwrap();
    let end = PAGE_BYTES + 2 * last as u64;
    let mut calls = scene.disk.take_calls();
    calls.retain(|call| !matches!(call, Call::Note | Call::SyncNote));
    let rewrite = Call::Write {
        at: end - last as u64,
        bytes: last,
        zeros: false,
    };
    assert_eq!(
        calls,
        [Call::SyncDir, Call::Truncate(end), rewrite, Call::Sync]
    );
    assert_eq!(read(&again), records(0..6));
}

#[test]
fn a_start_that_can_not_sync_does_not_open() {
    let scene = Scene::new(|_| {});
    scene.append(records(0..3)).unwrap();
    scene.log.close();
    scene.disk.script(|call| {
        if call == Call::Sync {
            Answer::Error(EIO)
        } else {
            Answer::Real
        }
    });
    let disk = Arc::clone(&scene.disk) as Arc<dyn Disk>;
    let refused = EmbeddedLog::open_on(disk, scene.dir.path(), Options::default());
    assert!(matches!(refused, Err(OpenError::Io { .. })), "{refused:?}");
}
