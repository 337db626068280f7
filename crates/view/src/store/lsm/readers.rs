//! Who looks up tables now: one thread can wait for all of them, and they never wait for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

/// How long a waiter sleeps before it looks again. A look-up takes microseconds, unless its thread
/// lost its processor.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// Readers count themselves into the current turn. Whoever waits begins the next turn, and looks
/// until nobody is left in the last one. (A lock would make readers, which answer requests, wait for
/// a thread of low priority.)
#[derive(Debug, Default)]
pub(super) struct Readers {
    turn: AtomicUsize,
    inside: [AtomicUsize; 2],
    /// Held by who waits: turns are drained one after the other.
    waiting: Mutex<()>,
}

/// A reader that is inside until it is dropped.
#[derive(Debug)]
pub(super) struct Inside<'a>(&'a AtomicUsize);

impl Readers {
    /// Enters. What a waiter did before it began to wait is seen from now on, or the waiter waits
    /// for this reader.
    pub(super) fn enter(&self) -> Inside<'_> {
        loop {
            let turn = self.turn.load(Ordering::SeqCst);
            let inside = &self.inside[turn % 2];
            inside.fetch_add(1, Ordering::SeqCst);
            let entered = Inside(inside);
            // A turn that ended in between may have been taken for empty.
            if self.turn.load(Ordering::SeqCst) == turn {
                return entered;
            }
        }
    }

    /// Waits until all who are inside have left. Those who come meanwhile are not waited for.
    pub(super) fn wait_for_all(&self) {
        let _waiting = self.waiting.lock();
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        while self.inside[turn % 2].load(Ordering::SeqCst) > 0 {
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64};

    use super::*;

    #[test]
    fn nothing_goes_that_a_reader_inside_may_still_need() {
        let readers = Readers::default();
        let (visible, gone) = (AtomicU64::new(0), AtomicU64::new(0));
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let inside = readers.enter();
                        let seen = visible.load(Ordering::Acquire);
                        thread::yield_now();
                        let gone = gone.load(Ordering::Acquire);
                        drop(inside);
                        assert!(gone <= seen, "{gone} is gone, and {seen} was seen");
                    }
                });
            }
            for number in 1..2_000 {
                visible.store(number, Ordering::Release);
                readers.wait_for_all();
                gone.store(number, Ordering::Release);
            }
            over.store(true, Ordering::Relaxed);
        });
    }
}
