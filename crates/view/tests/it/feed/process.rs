//! A process that is driven step by step.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::testing::FaultyLog;
use aftercall_log::{Log, MemoryLog};
use aftercall_view::{Feed, FeedOptions, FeedRunner, Options, Positions, Stepped, ViewRunner};

use super::counted::Counts;
use super::{COUNTED, Listing, NextOnly, Step};
use crate::fixture::options;

/// A process that is driven on this thread.
pub(super) struct Process {
    log: FaultyLog,
    counts: Arc<Counts>,
    pub(super) feed: Feed<Step>,
    pub(super) ledger: FeedRunner<NextOnly>,
    pub(super) views: Vec<ViewRunner<Listing>>,
}

/// How the log is cut into batches, and how much of it is kept decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) records_max: usize,
    pub(super) ring_bytes_max: usize,
}

pub(super) const COARSE: Cut = Cut {
    records_max: 16,
    ring_bytes_max: 1 << 20,
};

impl Cut {
    pub(super) fn options(self) -> Options {
        Options {
            poll_records_max: self.records_max,
            ..options()
        }
    }
}

impl Process {
    pub(super) fn start(log: &MemoryLog, dir: &Path, views: &[&'static str], cut: Cut) -> Self {
        let counts = Arc::new(Counts::default());
        COUNTED.with(|counted| *counted.lock() = Some(Arc::clone(&counts)));
        let log = FaultyLog::new(log.clone());
        let judge = NextOnly(Arc::clone(&counts));
        let options = FeedOptions {
            ledger: cut.options(),
            ring_bytes_max: cut.ring_bytes_max,
        };
        let (feed, ledger) =
            Feed::new(Arc::new(log.clone()), dir.to_owned().into(), judge, options);
        let views = views
            .iter()
            .map(|name| feed.view(Listing(name), cut.options()));
        Self {
            log,
            counts,
            views: views.collect(),
            ledger,
            feed,
        }
    }

    /// How many readers there were, how many records they gave, how many of these were decoded, and
    /// how many judged.
    pub(super) fn counted(&self) -> [u64; 4] {
        let readers = self.log.read_from().len() as u64;
        let [decoded, judged] = self.counts.all();
        [readers, self.log.records_read(), decoded, judged]
    }

    /// One step of the ledger, for 0, or of a view.
    pub(super) fn step(&mut self, which: usize) -> Stepped {
        match which % (self.views.len() + 1) {
            0 => self.ledger.step(Duration::ZERO),
            view => self.views[view - 1].step(Duration::ZERO),
        }
    }

    /// Steps until everybody has all of the log.
    pub(super) fn catch_up(&mut self, log: &MemoryLog) {
        let tails = Positions::below(&log.tails().unwrap());
        for turn in 0.. {
            assert!(turn < 200_000, "they get on");
            let handles = self.views.iter().map(ViewRunner::handle);
            let mut handles = handles.chain([self.feed.ledger().clone()]);
            if handles.all(|view| view.applied().covers_all(&tails) && view.is_ready()) {
                return;
            }
            assert_ne!(self.step(turn), Stepped::Ended);
        }
    }

    pub(super) fn stop(mut self) {
        let views = self.views.iter().map(ViewRunner::handle);
        views.for_each(|view| view.stop());
        self.feed.ledger().stop();
        for which in 0..=self.views.len() {
            assert_eq!(self.step(which), Stepped::Ended);
        }
    }
}
