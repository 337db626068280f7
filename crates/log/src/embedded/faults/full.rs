//! What the engine makes of a disk that is full.

use std::fs;
use std::sync::Arc;

use super::EIO;
use super::scene::{Answer, Call, Scene, done, is_data, read, records};
use crate::embedded::{Disk, EmbeddedLog, Options};
use crate::{AppendError, Log, WriteBlocked};

const ENOSPC: i32 = 28;
const EDQUOT: i32 = 122;

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
fn a_segment_whose_name_can_not_be_synced_takes_nothing_and_neither_does_the_one_before() {
    for number in [ENOSPC, EDQUOT] {
        let scene = Scene::new(|options| options.segment_bytes = 6_000);
        scene.disk.script(move |call| match call {
            Call::SyncDir => Answer::Error(number),
            _ => Answer::Real,
        });
        let mut written = 0;
        while scene.append(records(written..written + 10)).is_ok() {
            written += 10;
        }
        assert!(written > 0);
        // It would still have a place in the segment before.
        let refused = scene.append(records(written..written + 1));
        assert!(
            matches!(refused, Err(AppendError::DiskFull { .. })),
            "{refused:?}"
        );
        assert_eq!(scene.after_crash(), records(0..written));
        scene.disk.script(|_| Answer::Real);
        scene.append(records(written..written + 1)).unwrap();
        assert_eq!(scene.after_crash(), records(0..written + 1));
        assert_eq!(scene.fatal(), 0);
    }
}

#[test]
fn what_can_not_be_noted_is_not_acknowledged() {
    for number in [ENOSPC, EDQUOT] {
        let scene = Scene::new(|_| {});
        scene.append(records(0..3)).unwrap();
        scene.disk.script(move |call| match call {
            Call::Note => Answer::Error(number),
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
        assert_eq!(scene.fatal(), 0);
    }
    let scene = Scene::new(|_| {});
    scene.disk.script(|call| match call {
        Call::Note => Answer::Error(EIO),
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
fn a_log_that_is_opened_on_a_full_disk_notes_what_is_missing_before_it_writes() {
    let scene = Scene::new(|_| {});
    scene.append(records(0..3)).unwrap();
    scene.log.close();
    for name in ["durable", "epochs"] {
        fs::remove_file(scene.dir.path().join(name)).unwrap();
    }
    scene.disk.script(|call| match call {
        Call::Create => Answer::Error(ENOSPC),
        _ => Answer::Real,
    });
    let disk = Arc::clone(&scene.disk) as Arc<dyn Disk>;
    let log = EmbeddedLog::open_on(disk, scene.dir.path(), Options::default()).unwrap();
    assert_eq!(read(&log), records(0..3));
    let refused = done(log.append(records(3..4)));
    assert!(
        matches!(refused, Err(AppendError::DiskFull { .. })),
        "{refused:?}"
    );
    scene.disk.script(|_| Answer::Real);
    done(log.append(records(3..4))).unwrap();
    let epoch = log.identity().epoch_before(4);
    log.close();
    let again = EmbeddedLog::open(scene.dir.path(), Options::default()).unwrap();
    assert_eq!(again.identity().epoch_before(4), epoch);
    assert_eq!(read(&again), records(0..4));
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
