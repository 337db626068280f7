//! Copying a log into another, broken off anywhere.

use aftercall_log::copy::{CopyError, Phase, copy};
use aftercall_log::{Log, LogId, MemoryLog, Record};
use futures::executor::block_on;

fn records(range: std::ops::Range<i64>) -> Vec<Record> {
    range
        .map(|n| Record {
            key: format!("tenant|customer-{}", n % 37).into(),
            recorded_at_us: n - 5,
            body: vec![n as u8; (n % 91) as usize].into(),
        })
        .collect()
}

pub(crate) fn fill(log: &dyn Log, count: i64) {
    for from in (0..count).step_by(500) {
        block_on(log.append(records(from..(from + 500).min(count)))).unwrap();
    }
}

fn memory(partitions: u32) -> MemoryLog {
    MemoryLog::new(LogId([partitions as u8; 16]), partitions)
}

#[test]
fn a_copy_there_and_back_is_the_same_log() {
    let (source, middle, back) = (memory(1), memory(5), memory(1));
    fill(&source, 9_000);
    let there = copy(&source, &middle, |_| {}).unwrap();
    assert_eq!((there.records, there.found), (9_000, 0));
    copy(&middle, &back, |_| {}).unwrap();
    // Once more copies nothing, and finds the same.
    let again = copy(&source, &middle, |_| {}).unwrap();
    assert_eq!((again.records, again.found), (9_000, 9_000));
    assert_eq!(again.digest, there.digest);
    // Each key's records have their order; the order between keys is the partitions'.
    let of = |log: &MemoryLog, key: &[u8]| {
        let start = aftercall_log::Position {
            partition: 0,
            offset: 0,
        };
        let mut reader = log.reader(&[start]).unwrap();
        let read = reader.next(usize::MAX, usize::MAX, std::time::Duration::ZERO);
        let records = read.unwrap().into_iter().map(|entry| entry.record);
        records
            .filter(|record| record.key == key)
            .collect::<Vec<_>>()
    };
    for n in 0..37 {
        let key = format!("tenant|customer-{n}");
        assert_eq!(of(&source, key.as_bytes()), of(&back, key.as_bytes()));
    }
}

#[test]
fn a_copy_that_was_broken_off_goes_on() {
    let source = memory(3);
    fill(&source, 10_000);
    let whole = copy(&source, &memory(4), |_| {}).unwrap();
    for there in [1, 100, 4_096, 9_999] {
        let target = memory(4);
        // As far as a copy got, in the order in which it appends.
        let mut left = there;
        for partition in 0..3 {
            let start = aftercall_log::Position {
                partition,
                offset: 0,
            };
            let mut reader = source.reader(&[start]).unwrap();
            let read = reader.next(usize::MAX, usize::MAX, std::time::Duration::ZERO);
            let part = read.unwrap().into_iter().take(left);
            let part: Vec<_> = part.map(|entry| entry.record).collect();
            left -= part.len();
            block_on(target.append(part)).unwrap();
        }
        let mut phases = Vec::new();
        let copied = copy(&source, &target, |progress| {
            phases.push(progress.phase);
            assert!(progress.records <= progress.of);
        });
        let copied = copied.unwrap();
        assert_eq!((copied.found, copied.digest), (there as u64, whole.digest));
        phases.dedup();
        assert_eq!(phases, [Phase::Resuming, Phase::Copying, Phase::Verifying]);
    }
}

#[test]
fn a_target_that_holds_something_else_is_refused() {
    let source = memory(1);
    fill(&source, 100);
    let other = memory(2);
    let mut changed = records(0..10);
    changed[3].body = "another".into();
    block_on(other.append(changed)).unwrap();
    let more = memory(2);
    block_on(more.append(records(0..101))).unwrap();
    for target in [other, more] {
        let before = target.tails().unwrap();
        let refused = copy(&source, &target, |_| {});
        assert_eq!(target.tails().unwrap(), before, "nothing is written");
        assert!(
            matches!(refused, Err(CopyError::Differs { .. })),
            "{refused:?}"
        );
    }
}
