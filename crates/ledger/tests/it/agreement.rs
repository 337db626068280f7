//! Whoever reads, whenever, and however the log is cut: all views are told the same, and it is what a
//! naive model says.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_ledger::{Accepted, Contacts, Feed, FeedRunner, Happening};
use aftercall_log::{Entry, Log, LogId, MemoryLog, Position};
use aftercall_view::key::{Key, Parts};
use aftercall_view::testing::Partitions;
use aftercall_view::{
    ApplyError, Direction, FeedOptions, Options, Positions, Projection, Stepped, Txn, ViewHandle,
    ViewRunner,
};
use proptest::prelude::*;

use crate::model::Model;
use crate::written::{Written, written};

/// Notes where what it is told stands.
struct Told(&'static str);

impl Projection for Told {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        self.0
    }

    fn version(&self) -> u32 {
        1
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let at = fact.position;
        let key = Key::new(1).u32(at.partition).u64(at.offset);
        assert!(txn.get(&key)?.is_none(), "nothing is told twice");
        txn.put(key, "")?;
        Ok(())
    }
}

fn position(key: &[u8]) -> Position {
    let mut parts = Parts::new(key);
    parts.tag().unwrap();
    Position {
        partition: parts.u32().unwrap(),
        offset: parts.u64().unwrap(),
    }
}

fn told(view: &ViewHandle) -> BTreeSet<Position> {
    let entries = view.store().scan_prefix([], Direction::Ascending);
    entries.map(|entry| position(&entry.unwrap().0)).collect()
}

/// All of the log, one partition after the other.
fn entries(log: &MemoryLog) -> Vec<Entry> {
    let mut all = Vec::new();
    for partition in 0..log.partitions() {
        let from = Position {
            partition,
            offset: 0,
        };
        let mut reader = log.reader(&[from]).unwrap();
        loop {
            let next = reader.next(1_000, 1 << 20, Duration::ZERO).unwrap();
            if next.is_empty() {
                break;
            }
            all.extend(next);
        }
    }
    all
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A process that is driven on this thread.
struct Process {
    feed: Feed,
    ledger: FeedRunner,
    views: Vec<ViewRunner<Told>>,
}

impl Process {
    fn start(log: &MemoryLog, dir: &Path, views: &[&'static str], cut: (usize, usize)) -> Self {
        let (poll_records_max, ring_bytes_max) = cut;
        let options = || Options {
            poll_records_max,
            check_wait: Duration::from_secs(60),
            ..Options::default()
        };
        let feed_options = FeedOptions {
            ledger: options(),
            ring_bytes_max,
        };
        let (feed, ledger) = Feed::new(
            Arc::new(log.clone()),
            dir.to_owned().into(),
            Contacts,
            feed_options,
        );
        let views = views.iter().map(|name| feed.view(Told(name), options()));
        Self {
            views: views.collect(),
            feed,
            ledger,
        }
    }

    fn step(&mut self, which: usize) -> Stepped {
        match which % (self.views.len() + 1) {
            0 => self.ledger.step(Duration::ZERO),
            view => self.views[view - 1].step(Duration::ZERO),
        }
    }

    fn catch_up(&mut self, log: &MemoryLog) {
        let tails = Positions::below(&log.tails().unwrap());
        for turn in 0.. {
            assert!(turn < 200_000, "they get on");
            let views = self.views.iter().map(ViewRunner::handle);
            let mut all = views.chain([self.feed.ledger().clone()]);
            if all.all(|view| view.is_ready() && view.applied().covers_all(&tails)) {
                return;
            }
            assert_ne!(self.step(turn), Stepped::Ended);
        }
    }

    fn stop(mut self) {
        let views = self.views.iter().map(ViewRunner::handle);
        views.for_each(|view| view.stop());
        self.feed.ledger().stop();
        for which in 0..=self.views.len() {
            assert_eq!(self.step(which), Stepped::Ended);
        }
    }
}

/// What is written in a day, who works in between, and what is lost in the night.
#[derive(Debug, Clone)]
struct Day {
    written: Vec<Written>,
    turns: Vec<usize>,
    cut: (usize, usize),
    loses: usize,
}

fn day() -> impl Strategy<Value = Day> {
    let written = prop::collection::vec(written(), 0..30);
    let turns = prop::collection::vec(0..5_usize, 0..80);
    let cut = (1..9_usize, 1..2_000_usize);
    (written, turns, cut, 0..6_usize).prop_map(|(written, turns, cut, loses)| Day {
        written,
        turns,
        cut,
        loses,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn all_views_agree_with_the_model_late_or_rebuilt_and_so_does_a_rebuilt_ledger(
        partitions in 1..4_u32,
        days in prop::collection::vec(day(), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        let log = MemoryLog::new(LogId([7; 16]), partitions);
        let dir = tempfile::tempdir().unwrap();
        for (number, day) in days.iter().enumerate() {
            let names = &NAMES[..=number];
            let mut process = Process::start(&log, dir.path(), names, day.cut);
            let mut turns = day.turns.iter();
            for written in &day.written {
                runtime.block_on(log.append(vec![written.record()])).unwrap();
                turns.by_ref().take(2).for_each(|turn| { process.step(*turn); });
            }
            turns.for_each(|turn| { process.step(*turn); });
            process.stop();
            if let Some(lost) = ["ledger", "a", "b"].get(day.loses) {
                let _ = std::fs::remove_dir_all(dir.path().join(lost));
            }
            let mut process = Process::start(&log, dir.path(), names, day.cut);
            process.catch_up(&log);
            let entries = entries(&log);
            let model = Model::of(&entries);
            for view in &process.views {
                prop_assert_eq!(&told(&view.handle()), &model.told, "{}", view.handle().name());
            }
            for entry in entries {
                let refused = process.feed.refusal(entry.position).unwrap();
                prop_assert_eq!(refused.is_none(), model.accepted.contains(&entry.position));
            }
            process.stop();
        }
    }
}

proptest! {
    #[test]
    fn the_ledger_holds_the_same_however_the_log_is_read(
        log in prop::collection::vec(written(), 0..80),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let mut written = Partitions::new(partitions);
        for one in &log {
            written.append(one.record());
        }
        let judge = |turns: &[_]| written.judge(&mut Contacts, turns);
        prop_assert_eq!(judge(&turns), judge(&[(0, usize::MAX)]));
    }
}
