//! A view's way through what was accepted.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::cursor::Cursor;
use super::{Feed, Found};
use crate::run::{Got, Source};
use crate::{FromRecord, Positions, ViewError};

/// How long a view that is behind waits for more than it has found.
const GATHER_WAIT: Duration = Duration::from_millis(100);

/// Follows the ledger: by the ring while it keeps up, by a cursor of its own while it is far behind.
pub(crate) struct Following<F> {
    feed: Feed<F>,
    number: u64,
    cursor: Option<Cursor>,
}

impl<F> Following<F> {
    pub(crate) fn new(feed: Feed<F>) -> Self {
        let number = feed.0.ring.lock().enter();
        Self {
            feed,
            number,
            cursor: None,
        }
    }
}

impl<F: FromRecord> Source for Following<F> {
    type Fact = F;

    fn begin(&mut self) {
        self.cursor = None;
    }

    fn next(
        &mut self,
        after: &Positions,
        at_once: (usize, usize),
        wait: Duration,
    ) -> Result<Got<F>, ViewError> {
        let began = Instant::now();
        let (deadline, gathers_until) = (began + wait, began + wait.min(GATHER_WAIT));
        let feed = self.feed.clone();
        loop {
            let mut ring = feed.0.ring.lock();
            match ring.find(self.number, after, at_once) {
                Found::Batches(batches)
                    if ring.has_more_soon(&batches, at_once.0)
                        && Instant::now() < gathers_until =>
                {
                    self.cursor = None;
                    drop(batches);
                    feed.0.taken.notify_all();
                    feed.0
                        .pushed
                        .wait_until(&mut ring, gathers_until.into_std());
                }
                Found::Batches(batches) => {
                    self.cursor = None;
                    // Whoever makes room is told that what was taken before is done with.
                    feed.0.taken.notify_all();
                    return Ok(Got::Batches(batches));
                }
                Found::Nothing => {
                    self.cursor = None;
                    feed.0.taken.notify_all();
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(Got::Nothing);
                    }
                    feed.0.pushed.wait_for(&mut ring, left);
                }
                Found::Far {
                    through,
                    generation,
                } => {
                    drop(ring);
                    feed.0.taken.notify_all();
                    return self.read(after, (through, generation), at_once, wait);
                }
            }
        }
    }

    fn pause(&mut self) {
        self.cursor = None;
        self.feed.0.ring.lock().fall_behind(self.number);
        self.feed.0.taken.notify_all();
    }
}

impl<F: FromRecord> Following<F> {
    /// Reads the log itself.
    fn read(
        &mut self,
        after: &Positions,
        (through, generation): (Positions, u64),
        at_once: (usize, usize),
        wait: Duration,
    ) -> Result<Got<F>, ViewError> {
        let mut cursor = match self.cursor.take() {
            Some(cursor) if !cursor.is_used_up(after, generation) => cursor,
            _ => match Cursor::begin(&self.feed, after, through, generation)? {
                Some(cursor) => cursor,
                None => return Ok(Got::Blocked),
            },
        };
        let Some(batch) = cursor.next(&self.feed, after, at_once, wait)? else {
            return Ok(Got::Blocked);
        };
        self.cursor = Some(cursor);
        Ok(match batch.through == *after {
            true => Got::Nothing,
            false => Got::Batches(vec![Arc::new(batch)]),
        })
    }
}

impl<F> Drop for Following<F> {
    fn drop(&mut self) {
        self.feed.0.ring.lock().leave(self.number);
        self.feed.0.taken.notify_all();
    }
}
