//! What the engine makes of a disk that fails, is full, or is slow. The calls to the disk are real,
//! but for those that a test's script answers.

mod scene;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use self::scene::{Answer, Call, Scene, done, from, is_data, read, record, records};
use super::segment::PAGE_BYTES;
use super::*;
use crate::{AppendError, WriteBlocked};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EDQUOT: i32 = 122;
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
fn a_full_disk_refuses_appends_keeps_reads_and_recovers() {
    for number in [ENOSPC, EDQUOT] {
        let scene = Scene::new(|_| {});
        scene.append(records(0..3)).unwrap();
        let room = fs::metadata(scene.dir.path().join("00000000000000000000.log"))
            .unwrap()
            .len();
        // Nothing can be written beyond what the file has, and no new file.
        scene.disk.script(move |call| match call {
            Call::Write { at, bytes, .. } if at + bytes as u64 > room => Answer::Error(number),
            Call::Create => Answer::Error(number),
            _ => Answer::Real,
        });
        let mut written = 3;
        let refused = loop {
            match scene.append(records(written..written + 50)) {
                Ok(_) => written += 50,
                Err(refused) => break refused,
            }
        };
        assert!(
            matches!(refused, AppendError::DiskFull { .. }),
            "{refused:?}"
        );
        for _ in 0..3 {
            let refused = scene.append(records(0..50));
            assert!(
                matches!(refused, Err(AppendError::DiskFull { .. })),
                "{refused:?}"
            );
        }
        assert_eq!(scene.log.check_writable(), Err(WriteBlocked::DiskFull));
        assert_eq!(read(&scene.log), records(0..written));
        assert_eq!(scene.after_crash(), records(0..written));
        scene.disk.script(|_| Answer::Real);
        let positions = scene.append(records(written..written + 50)).unwrap();
        assert_eq!(scene.log.check_writable(), Ok(()));
        assert_eq!(positions[0].offset, written);
        assert_eq!(scene.after_crash(), records(0..written + 50));
        assert_eq!(scene.fatal(), 0);
    }
}

#[test]
fn no_part_of_a_batch_that_met_a_full_disk_comes_to_light() {
    let scene = Scene::new(|_| {});
    scene.append(records(0..3)).unwrap();
    let mut written = false;
    scene.disk.script(move |call| match call {
        // Two of three records, then the disk is full.
        _ if is_data(call) && !written => {
            written = true;
            Answer::Short(300)
        }
        _ if is_data(call) => Answer::Error(ENOSPC),
        _ => Answer::Real,
    });
    let refused = scene.append(records(3..6));
    assert!(
        matches!(refused, Err(AppendError::DiskFull { .. })),
        "{refused:?}"
    );
    assert_eq!(scene.after_crash(), records(0..3));
    scene.disk.script(|_| Answer::Real);
    scene.append(records(6..7)).unwrap();
    let expected: Vec<_> = records(0..3).into_iter().chain(records(6..7)).collect();
    assert_eq!(scene.after_crash(), expected);
}

#[test]
fn a_part_that_can_not_be_taken_back_is_fatal() {
    let scene = Scene::new(|_| {});
    scene.disk.script(|call| match call {
        Call::Truncate(_) => Answer::Error(EIO),
        _ if is_data(call) => Answer::Error(ENOSPC),
        _ => Answer::Real,
    });
    let outcome = scene.append(records(0..3));
    assert!(
        matches!(outcome, Err(AppendError::Unknown(_))),
        "{outcome:?}"
    );
    assert_eq!(scene.fatal(), 1);
}

#[test]
fn a_disk_that_is_full_when_a_segment_begins_is_survived() {
    let scene = Scene::new(|options| options.segment_bytes = 6_000);
    scene.disk.script(|call| {
        if call == Call::Create {
            Answer::Error(ENOSPC)
        } else {
            Answer::Real
        }
    });
    let mut written = 0;
    while scene.append(records(written..written + 3)).is_ok() {
        written += 3;
    }
    assert!(written > 0);
    let refused = scene.append(records(0..3));
    assert!(
        matches!(refused, Err(AppendError::DiskFull { .. })),
        "{refused:?}"
    );
    assert_eq!(read(&scene.log), records(0..written));
    scene.disk.script(|_| Answer::Real);
    for _ in 0..20 {
        scene.append(records(written..written + 3)).unwrap();
        written += 3;
    }
    assert_eq!(scene.after_crash(), records(0..written));
    assert_eq!(scene.fatal(), 0);
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
    let calls = scene.disk.take_calls();
    let rewrite = Call::Write {
        at: end - last as u64,
        bytes: last,
        zeros: false,
    };
    assert_eq!(calls, [Call::Truncate(end), rewrite, Call::Sync]);
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

#[test]
fn an_idle_log_notices_that_a_full_disk_has_space_again() {
    let scene = Scene::new(|_| {});
    scene.append(records(0..3)).unwrap();
    scene.disk.script(|call| match call {
        Call::Write { .. } => Answer::Error(ENOSPC),
        _ => Answer::Real,
    });
    scene.append(records(3..5)).unwrap_err();
    assert_eq!(scene.log.check_writable(), Err(WriteBlocked::DiskFull));
    scene.disk.script(|_| Answer::Real);
    while scene.log.check_writable().is_err() {
        std::thread::yield_now();
    }
    assert_eq!(read(&scene.log), records(0..3));
    scene.append(records(3..5)).unwrap();
    assert_eq!(scene.after_crash(), records(0..5));
}
