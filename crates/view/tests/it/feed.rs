//! Each record is read, decoded and judged once, however many views there are and wherever they are.

mod counted;
mod moments;
mod process;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aftercall_log::{Entry, Log, MemoryLog, Position};
use aftercall_view::key::Key;
use aftercall_view::{
    ApplyError, FromRecord, Judge, Observer, Placed, Positions, Projection, Stepped, Txn, Verdict,
    ViewHandle,
};
use bytes::Bytes;
use parking_lot::Mutex;
use proptest::prelude::*;

use crate::fixture::{LOG, contents, record, soon};
use counted::Counts;
use process::{COARSE, Cut, Process};

/// A step of a key: a body that says which it is. The first byte of a body is the step's number; a
/// body `?` is of a later version.
#[derive(Debug, Clone)]
struct Step {
    key: Bytes,
    number: u8,
    is_known: bool,
}

thread_local! {
    /// Whose decoding is counted on this thread.
    static COUNTED: Mutex<Option<Arc<Counts>>> = const { Mutex::new(None) };
}

impl FromRecord for Step {
    fn from_record(entry: &Entry) -> Result<Self, ApplyError> {
        COUNTED.with(|counts| {
            if let Some(counts) = &*counts.lock() {
                counts.decoded.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(Self {
            key: entry.record.key.clone(),
            number: entry.record.body[0],
            is_known: entry.record.body.len() == 1,
        })
    }

    fn is_for_views(&self) -> bool {
        self.is_known
    }
}

/// A step counts if it is the next one of its key.
struct NextOnly(Arc<Counts>);

fn count_key(key: &[u8]) -> Key {
    Key::new(1).bytes(key)
}

impl Judge for NextOnly {
    type Fact = Step;

    fn name(&self) -> &'static str {
        "ledger"
    }

    fn version(&self) -> u32 {
        1
    }

    fn judge(&mut self, fact: &Placed<Step>, txn: &mut Txn<'_>) -> Result<Verdict, ApplyError> {
        self.0.judged.fetch_add(1, Ordering::Relaxed);
        let count = txn.get(count_key(&fact.key))?;
        let count = count.map_or(0, |count| count[0]);
        if fact.number != count.wrapping_add(1) {
            return Ok(Verdict::Refused("not next"));
        }
        txn.put(count_key(&fact.key), vec![fact.number])?;
        Ok(Verdict::Accepted)
    }
}

/// Writes down what it is given, per key.
struct Listing(&'static str);

impl Projection for Listing {
    type Fact = Step;

    fn name(&self) -> &'static str {
        self.0
    }

    fn version(&self) -> u32 {
        1
    }

    fn apply(&mut self, fact: &Placed<Step>, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let mut list = txn.get(count_key(&fact.key))?.unwrap_or_default().to_vec();
        list.push(fact.number);
        txn.put(count_key(&fact.key), list)?;
        Ok(())
    }
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// All of the log.
fn records(log: &MemoryLog) -> Vec<Entry> {
    let partitions = 0..log.partitions();
    let from: Vec<_> = partitions
        .map(|partition| Position {
            partition,
            offset: 0,
        })
        .collect();
    let mut reader = log.reader(&from).unwrap();
    let mut all = Vec::new();
    loop {
        let next = reader.next(1_000, 1 << 20, Duration::ZERO).unwrap();
        if next.is_empty() {
            return all;
        }
        all.extend(next);
    }
}

/// What every view should hold.
fn model(log: &MemoryLog) -> BTreeMap<Bytes, Vec<u8>> {
    let mut counts: BTreeMap<Bytes, u8> = BTreeMap::new();
    let mut lists: BTreeMap<Bytes, Vec<u8>> = BTreeMap::new();
    for entry in records(log) {
        let body = &entry.record.body;
        let step = Step {
            key: entry.record.key,
            number: body[0],
            is_known: body.len() == 1,
        };
        let count = counts.entry(step.key.clone()).or_default();
        if step.number == count.wrapping_add(1) {
            *count = step.number;
            if step.is_known {
                let key = Bytes::from(count_key(&step.key));
                lists.entry(key).or_default().push(step.number);
            }
        }
    }
    lists
}

fn held(view: &ViewHandle) -> BTreeMap<Bytes, Vec<u8>> {
    let held = contents(&view.store()).into_iter();
    held.map(|(key, list)| (key, list.to_vec())).collect()
}

async fn append(log: &MemoryLog, steps: impl IntoIterator<Item = (u8, u8, bool)>) {
    let records = steps.into_iter().map(|(key, number, is_known)| {
        let body: &[u8] = if is_known { &[number] } else { &[number, b'?'] };
        record(&format!("key-{key}"), body)
    });
    log.append(records.collect()).await.unwrap();
}

#[tokio::test]
async fn eight_views_cost_one_reading_one_decoding_and_one_judgement() {
    let log = MemoryLog::new(LOG, 3);
    let dir = tempfile::tempdir().unwrap();
    append(
        &log,
        (0..1_000_u32).map(|n| ((n % 5) as u8, (n / 5) as u8 + 1, true)),
    )
    .await;
    let mut process = Process::start(&log, dir.path(), &NAMES, COARSE);
    process.catch_up(&log);
    let expected = [1, 1_000, 1_000, 1_000];
    assert_eq!(
        process.counted(),
        expected,
        "readers, read, decoded, judged"
    );
    append(&log, (0..50).map(|n| (n % 5, 201 + n / 5, true))).await;
    process.catch_up(&log);
    assert_eq!(process.counted(), [1, 1_050, 1_050, 1_050]);
    for view in &process.views {
        assert_eq!(held(&view.handle()), model(&log));
    }
    process.stop();
}

#[tokio::test]
async fn a_view_that_is_new_reads_the_log_for_itself_and_nobody_judges_again() {
    let log = MemoryLog::new(LOG, 2);
    let dir = tempfile::tempdir().unwrap();
    // Every third is a repetition.
    append(&log, (0..300_u32).map(|n| (0, (n - n / 3 + 1) as u8, true))).await;
    let mut first = Process::start(&log, dir.path(), &NAMES[..1], COARSE);
    first.catch_up(&log);
    first.stop();

    let mut second = Process::start(&log, dir.path(), &NAMES[..2], COARSE);
    second.catch_up(&log);
    let [readers, read, decoded, judged] = second.counted();
    assert_eq!((read, judged), (300, 0), "by the new view alone");
    assert!(
        decoded < 300,
        "what was refused is not even decoded: {decoded}"
    );
    assert!(readers >= 2);
    // Once it has caught up, it is one of those that follow the ledger.
    append(&log, [(0, 201, true), (0, 201, true), (0, 202, true)]).await;
    second.catch_up(&log);
    assert_eq!(second.counted()[1..], [303, decoded + 3, 3]);
    for view in &second.views {
        assert_eq!(held(&view.handle()), model(&log));
    }
    second.stop();
}

#[tokio::test]
async fn a_ledger_that_is_lost_decides_alike_and_views_that_are_ahead_wait_for_it() {
    let log = MemoryLog::new(LOG, 2);
    let dir = tempfile::tempdir().unwrap();
    append(
        &log,
        (0..200_u32).map(|n| ((n % 3) as u8, (n / 6) as u8 + 1, n % 7 != 0)),
    )
    .await;
    let mut first = Process::start(&log, dir.path(), &NAMES[..2], COARSE);
    first.catch_up(&log);
    let before = contents(&first.feed.ledger().store());
    let refused = |process: &Process| {
        let refused = records(&log).into_iter().map(|entry| {
            let reason = process.feed.refusal(entry.position).unwrap();
            reason.map(|reason| (entry.position, reason))
        });
        refused.flatten().collect::<Vec<_>>()
    };
    let refused_before = refused(&first);
    assert!(!refused_before.is_empty());
    first.stop();

    std::fs::remove_dir_all(dir.path().join("ledger")).unwrap();
    let mut second = Process::start(&log, dir.path(), &NAMES[..2], COARSE);
    second.catch_up(&log);
    assert_eq!(second.counted()[1..], [200, 200, 200]);
    assert_eq!(contents(&second.feed.ledger().store()), before);
    assert_eq!(refused(&second), refused_before);
    for view in &second.views {
        assert_eq!(held(&view.handle()), model(&log));
    }
    second.stop();
}

/// Hurries, and counts what it is told.
#[derive(Debug, Default)]
struct Hurrying(AtomicU64);

impl Observer<Step> for Hurrying {
    fn committed(&self, facts: &[Placed<Step>]) {
        self.0.fetch_add(facts.len() as u64, Ordering::Relaxed);
    }

    fn hurries(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn the_ledger_waits_for_a_slow_view_unless_somebody_waits_for_the_ledger() {
    let log = MemoryLog::new(LOG, 1);
    let dir = tempfile::tempdir().unwrap();
    append(&log, (0..200).map(|n| (0, n + 1, true))).await;
    let cut = Cut {
        records_max: 10,
        ring_bytes_max: 200,
    };
    let mut process = Process::start(&log, dir.path(), &NAMES[..2], cut);
    // The second view does nothing at all.
    for turn in 0..2_000 {
        process.step(turn % 2);
    }
    let applied = process.feed.ledger().applied().next(0);
    assert!(
        (10..200).contains(&applied),
        "as much as is kept: {applied}"
    );

    let hurrying = Arc::new(Hurrying::default());
    process.feed.observe(Arc::clone(&hurrying) as Arc<_>);
    for turn in 0..2_000 {
        process.step(turn % 2);
    }
    assert_eq!(process.feed.ledger().applied().next(0), 200);
    assert_eq!(hurrying.0.load(Ordering::Relaxed), 200 - applied);
    process.catch_up(&log);
    for view in &process.views {
        assert_eq!(held(&view.handle()), model(&log));
    }
    process.stop();
}

#[tokio::test]
async fn whoever_waits_for_a_view_hurries_the_ledger() {
    let log = MemoryLog::new(LOG, 1);
    let dir = tempfile::tempdir().unwrap();
    append(&log, (0..200).map(|n| (0, n + 1, true))).await;
    let cut = Cut {
        records_max: 10,
        ring_bytes_max: 100,
    };
    let process = Process::start(&log, dir.path(), &NAMES[..2], cut);
    let Process {
        feed,
        ledger,
        mut views,
        ..
    } = process;
    // It never takes a step, and so is waited for.
    let slow = views.pop().unwrap();
    let quick = views.pop().unwrap();
    let view = quick.handle();
    quick.spawn().unwrap();
    ledger.spawn().unwrap();
    let all = Positions::from_iter([(0, 200)]);
    view.wait_for(&all, soon()).await.unwrap();
    drop(slow);
    for one in [&view, feed.ledger()] {
        one.stop();
        one.stopped().await.unwrap();
    }
}

/// Asks its view to stop at the first fact, and counts them.
struct Stopping {
    view: Arc<Mutex<Option<ViewHandle>>>,
    applied: Arc<AtomicU64>,
}

impl Projection for Stopping {
    type Fact = Step;

    fn name(&self) -> &'static str {
        "stopping"
    }

    fn version(&self) -> u32 {
        1
    }

    fn apply(&mut self, fact: &Placed<Step>, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        self.applied.fetch_add(1, Ordering::Relaxed);
        txn.put(count_key(&fact.key), "applied")?;
        self.view.lock().as_ref().unwrap().stop();
        Ok(())
    }
}

#[tokio::test]
async fn a_stop_abandons_a_batch() {
    let log = MemoryLog::new(LOG, 1);
    let dir = tempfile::tempdir().unwrap();
    append(&log, (0..250).map(|n| (0, n + 1, true))).await;
    let cut = Cut {
        records_max: 250,
        ..COARSE
    };
    let mut process = Process::start(&log, dir.path(), &[], cut);
    process.catch_up(&log);
    let (view, applied) = (Arc::default(), Arc::default());
    let stopping = Stopping {
        view: Arc::clone(&view),
        applied: Arc::clone(&applied),
    };
    let mut runner = process.feed.view(stopping, cut.options());
    *view.lock() = Some(runner.handle());
    while runner.step(Duration::ZERO) != Stepped::Ended {}
    assert!(applied.load(Ordering::Relaxed) < 250);
    assert!(matches!(
        runner.handle().progress().borrow().ended,
        Some(Ok(()))
    ));
    // Nothing of the batch is kept: a view of the same name begins with it.
    let mut again = process.feed.view(Listing("stopping"), cut.options());
    assert_eq!(again.step(Duration::ZERO), Stepped::Opened);
    assert_eq!(again.handle().applied(), Positions::new());
    again.handle().stop();
    assert_eq!(again.step(Duration::ZERO), Stepped::Ended);
    process.stop();
}

/// A log of duplicates, lost races, gaps and what nobody understands yet; and what a day brings.
#[derive(Debug, Clone)]
struct Day {
    steps: Vec<(u8, u8, bool)>,
    turns: Vec<usize>,
    cut: (usize, usize),
    loses: usize,
}

fn day() -> impl Strategy<Value = Day> {
    let step = (0..4_u8, 1..6_u8, prop::bool::weighted(0.8));
    let steps = prop::collection::vec(step, 0..40);
    let turns = prop::collection::vec(0..4_usize, 0..80);
    (steps, turns, (1..9_usize, 1..60_usize), 0..6_usize).prop_map(|(steps, turns, cut, loses)| {
        Day {
            steps,
            turns,
            cut,
            loses,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn all_views_agree_with_a_model_whatever_is_lost_late_or_cut_off(
        partitions in 1..4_u32,
        days in prop::collection::vec(day(), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        let log = MemoryLog::new(LOG, partitions);
        let dir = tempfile::tempdir().unwrap();
        for (number, day) in days.iter().enumerate() {
            let (records_max, ring_bytes_max) = day.cut;
            let cut = Cut { records_max, ring_bytes_max };
            // Each day brings one more view.
            let names = &NAMES[..=number];
            let mut process = Process::start(&log, dir.path(), names, cut);
            let mut turns = day.turns.iter();
            for step in &day.steps {
                runtime.block_on(append(&log, [*step]));
                turns.by_ref().take(2).for_each(|turn| { process.step(*turn); });
            }
            turns.for_each(|turn| { process.step(*turn); });
            // A stop in the middle of whatever was under way.
            process.stop();
            let lost = ["ledger", "a", "b"].get(day.loses);
            if let Some(lost) = lost {
                let _ = std::fs::remove_dir_all(dir.path().join(lost));
            }
            let mut process = Process::start(&log, dir.path(), names, cut);
            process.catch_up(&log);
            let expected = model(&log);
            for view in &process.views {
                let view = view.handle();
                prop_assert_eq!(&held(&view), &expected, "view {}", view.name());
            }
            process.stop();
        }
    }
}
