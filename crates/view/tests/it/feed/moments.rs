//! The moment that a view says it is complete through, against the log.

use aftercall_log::{Log, MemoryLog};
use aftercall_view::{Positions, Stepped, ViewHandle};
use tokio::time::Instant;

use super::process::{COARSE, Process};
use super::{NAMES, append};
use crate::fixture::LOG;

/// What the log held, each time something was written, and when it did.
struct Written {
    log: MemoryLog,
    held: Vec<(Instant, Positions)>,
}

impl Written {
    /// Writes something; says when the log had it.
    async fn append(&mut self, number: u8) -> Instant {
        append(&self.log, [(0, number, true)]).await;
        let at = Instant::now();
        let tails = self.log.tails().unwrap();
        self.held.push((at, Positions::below(&tails)));
        at
    }

    /// Whether a view includes all that the log held at the moment that it names.
    fn bears_out(&self, view: &ViewHandle) -> bool {
        let (complete_at, applied) = (view.complete_at(), view.applied());
        let mut then = self
            .held
            .iter()
            .filter(|(at, _)| complete_at.is_some_and(|complete_at| *at <= complete_at));
        then.all(|(_, held)| applied.covers_all(held))
    }
}

#[tokio::test]
async fn a_view_names_a_moment_only_once_it_includes_what_the_log_held_then() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = Written {
        log: MemoryLog::new(LOG, 1),
        held: Vec::new(),
    };
    written.append(1).await;
    let mut process = Process::start(&written.log, dir.path(), &NAMES[..1], COARSE);
    let view = process.views[0].handle();
    assert_eq!(view.complete_at(), None, "nothing is known of it yet");
    process.catch_up(&written.log);
    let first = view.complete_at().unwrap();
    for number in 2..20 {
        let before = view.complete_at().unwrap();
        let at = written.append(number).await;
        process.feed.look_for_ends();
        let tails = Positions::below(&written.log.tails().unwrap());
        while !process.feed.ledger().applied().covers_all(&tails) {
            process.step(0);
        }
        // The view is held with what it has read, and the log goes on.
        while process.step(1) != Stepped::Folded {
            assert!(written.bears_out(&view));
        }
        let later = written.append(number + 100).await;
        process.feed.look_for_ends();
        assert_eq!(view.complete_at(), Some(before), "it is held");
        while process.step(1) != Stepped::Committed {}
        assert!(written.bears_out(&view));
        let complete_at = view.complete_at().unwrap();
        assert!(at <= complete_at && complete_at <= later);
        process.catch_up(&written.log);
        assert!(written.bears_out(&view));
        assert!(later <= view.complete_at().unwrap());
    }
    assert!(first < view.complete_at().unwrap());
    process.stop();
}
