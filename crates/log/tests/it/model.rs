//! Random histories of appends, reopenings and crashes, beside the engine in memory.

use aftercall_log::{Log, LogId, MemoryLog};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::scene::{
    PAGE, append, crash, cut_file, end, frame_bytes, last_segment, open_at, overwrite, read,
    record, records,
};

#[derive(Debug, Clone)]
enum Step {
    /// One call with so many records.
    Append(u64),
    /// Closed in order, and opened again.
    Reopen,
    /// The process ends while a batch of so many records is on its way; of its bytes, those up to
    /// `cut` are on disk.
    Crash {
        records: u64,
        cut: prop::sample::Index,
        zeros: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..12_u64).prop_map(Step::Append),
        1 => Just(Step::Reopen),
        2 => (1..8_u64, any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(records, cut, zeros)| Step::Crash { records, cut, zeros }),
    ]
}

/// Crashes in the middle of a batch. Returns what is left, and how many records of the batch.
fn torn(dir: &TempDir, from: u64, step: &Step) -> (TempDir, u64) {
    let Step::Crash {
        records: count,
        cut,
        zeros,
    } = step
    else {
        unreachable!()
    };
    let crashed = crash(dir.path());
    let batch = records(from..from + count);
    let (path, batch_end) = (last_segment(crashed.path()), end(crashed.path()));
    let start = batch_end - frame_bytes(&batch);
    assert!(start >= PAGE);
    let at = start + cut.index((batch_end - start) as usize + 1) as u64;
    if *zeros {
        overwrite(&path, at, &vec![0; (batch_end - at) as usize]);
    } else {
        cut_file(&path, at);
    }
    let whole = |n: &u64| start + frame_bytes(&batch[..*n as usize]) <= at;
    (crashed, (0..=*count).take_while(whole).last().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_embedded_engine_does_as_the_one_in_memory(
        steps in proptest::collection::vec(step(), 1..24),
        segment_bytes in 4_200..9_000_u64,
    ) {
        let model = MemoryLog::new(LogId([1; 16]), 1);
        let mut dir = tempfile::tempdir().unwrap();
        let mut log = open_at(dir.path(), segment_bytes).unwrap();
        for step in steps {
            let next = model.tails().unwrap()[0];
            match step {
                Step::Append(count) => {
                    let batch = records(next..next + count);
                    let expected = append(&model, batch.clone()).unwrap();
                    prop_assert_eq!(append(&log, batch).unwrap(), expected);
                }
                Step::Reopen => {
                    drop(log);
                    log = open_at(dir.path(), segment_bytes).unwrap();
                }
                Step::Crash { records: count, .. } => {
                    append(&log, records(next..next + count)).unwrap();
                    let (crashed, whole) = torn(&dir, next, &step);
                    append(&model, records(next..next + whole)).unwrap();
                    drop(log);
                    dir = crashed;
                    log = open_at(dir.path(), segment_bytes).unwrap();
                }
            }
            let tail = model.tails().unwrap()[0];
            prop_assert_eq!(log.tails().unwrap()[0], tail);
            let from = tail.saturating_sub(7);
            prop_assert_eq!(read(&log, from), read(&model, from));
        }
        prop_assert_eq!(read(&log, 0), read(&model, 0));
        for time in [0, 3, model.tails().unwrap()[0] as i64, i64::MAX] {
            prop_assert_eq!(log.offset_at(0, time).unwrap(), model.offset_at(0, time).unwrap());
        }
        drop(append(&log, vec![record(0)]).unwrap());
    }
}
