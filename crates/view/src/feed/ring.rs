//! The batches that the ledger has judged last, for the views that keep up with it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::{Placed, Positions};

/// What was judged at once: the accepted facts of some records.
#[derive(Debug)]
pub(crate) struct Batch<F> {
    /// What comes before.
    pub(crate) from: Positions,
    /// What whoever has taken it in is complete through.
    pub(crate) through: Positions,
    pub(crate) facts: Vec<Placed<F>>,
    /// How many records it was made of.
    pub(crate) records: u64,
    /// How many bytes those had.
    pub(crate) bytes: usize,
    /// Whether there was nothing more to read.
    pub(crate) is_last: bool,
}

/// How near to the ledger a view is.
#[derive(Debug, Clone)]
enum Reach {
    /// It has not said where it begins.
    Unknown,
    /// The ring holds all that it lacks.
    Within(Positions),
    /// It is far behind, and reads the log for itself.
    Beyond,
}

/// The last batches, in their order: each begins where the one before ends.
#[derive(Debug)]
pub(crate) struct Ring<F> {
    batches: VecDeque<Arc<Batch<F>>>,
    bytes: usize,
    bytes_max: usize,
    /// What the ledger is complete through.
    through: Positions,
    /// Grows when the ledger is opened, or begins anew.
    generation: u64,
    followers: BTreeMap<u64, Reach>,
    followers_ever: u64,
}

/// What a view that has all of some positions finds.
#[derive(Debug)]
pub(crate) enum Found<F> {
    /// Nothing new.
    Nothing,
    /// The next batches.
    Batches(Vec<Arc<Batch<F>>>),
    /// It is far behind: what it lacks, up to these positions, is in the log only.
    Far { through: Positions, generation: u64 },
}

impl<F> Ring<F> {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            batches: VecDeque::new(),
            bytes: 0,
            bytes_max,
            through: Positions::new(),
            generation: 0,
            followers: BTreeMap::new(),
            followers_ever: 0,
        }
    }

    /// Begins anew with a ledger that is complete through `through`.
    pub(crate) fn reset(&mut self, through: Positions) {
        self.batches.clear();
        self.bytes = 0;
        self.through = through;
        self.generation += 1;
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Takes part, and gets a number.
    pub(crate) fn enter(&mut self) -> u64 {
        self.followers_ever += 1;
        self.followers.insert(self.followers_ever, Reach::Unknown);
        self.followers_ever
    }

    pub(crate) fn leave(&mut self, follower: u64) {
        self.followers.remove(&follower);
    }

    /// The follower is not to be waited for until it asks again.
    pub(crate) fn fall_behind(&mut self, follower: u64) {
        self.followers.insert(follower, Reach::Beyond);
    }

    /// What comes after `after`: a batch, and those after it while they have at most so many records
    /// and bytes together.
    pub(crate) fn find(
        &mut self,
        follower: u64,
        after: &Positions,
        (records_max, bytes_max): (usize, usize),
    ) -> Found<F> {
        let has = |through: &Positions| after.covers_all(through);
        let next = self.batches.iter().position(|batch| !has(&batch.through));
        let (reach, found) = match next {
            _ if has(&self.through) => (Reach::Within(after.clone()), Found::Nothing),
            Some(next) if has(&self.batches[next].from) => {
                let (mut records, mut bytes) = (0, 0);
                let batches = self.batches.range(next..).take_while(|batch| {
                    let first = bytes == 0;
                    records += batch.records as usize;
                    bytes += batch.bytes.max(1);
                    first || records <= records_max && bytes <= bytes_max
                });
                let batches: Vec<_> = batches.cloned().collect();
                (Reach::Within(after.clone()), Found::Batches(batches))
            }
            _ => {
                let (through, generation) = (self.through.clone(), self.generation);
                let far = Found::Far {
                    through,
                    generation,
                };
                (Reach::Beyond, far)
            }
        };
        self.followers.insert(follower, reach);
        found
    }

    /// Whether it is worth waiting for more than these batches: the log has more, the ring has room for
    /// it, and what a few large batches leave in a store need not be merged as often as what many small
    /// ones do.
    pub(crate) fn has_more_soon(&self, found: &[Arc<Batch<F>>], records_max: usize) -> bool {
        let records: u64 = found.iter().map(|batch| batch.records).sum();
        found.last().is_some_and(|batch| !batch.is_last)
            && records < records_max as u64 / 2
            && self.bytes < self.bytes_max / 2
    }

    pub(crate) fn push(&mut self, batch: Batch<F>) {
        self.through = batch.through.clone();
        self.bytes += batch.bytes;
        self.batches.push_back(Arc::new(batch));
    }

    /// Lets go what nobody needs, for the caller to drop outside any lock; says whether there is room
    /// for another batch. There is none while a view that keeps up lacks the oldest, unless the
    /// ledger is `hurried`: then that view falls behind.
    pub(crate) fn make_room(&mut self, hurried: bool) -> (bool, Vec<Arc<Batch<F>>>) {
        let mut let_go = Vec::new();
        while let Some(oldest) = self.batches.front() {
            let is_full = self.bytes >= self.bytes_max;
            let lacks = |reach: &Reach| match reach {
                Reach::Unknown => true,
                Reach::Within(has) => !has.covers_all(&oldest.through),
                Reach::Beyond => false,
            };
            let is_needed = self.followers.values().any(lacks);
            // Whoever is behind comes back the sooner, the more there is.
            let is_wanted = || {
                let mut reaches = self.followers.values();
                reaches.any(|reach| matches!(reach, Reach::Beyond))
            };
            let goes = match is_full {
                true => !is_needed || hurried,
                false => !is_needed && !is_wanted(),
            };
            if !goes {
                break;
            }
            for reach in self.followers.values_mut() {
                let lost = match reach {
                    Reach::Within(has) => !has.covers_all(&oldest.through),
                    Reach::Unknown | Reach::Beyond => false,
                };
                if lost {
                    *reach = Reach::Beyond;
                }
            }
            self.bytes -= oldest.bytes;
            let_go.extend(self.batches.pop_front());
        }
        (self.bytes < self.bytes_max, let_go)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(next: u64) -> Positions {
        [(0, next)].into_iter().collect()
    }

    /// A ring for two batches of ten records, and three that are in it or were.
    fn ring() -> (Ring<()>, u64) {
        let mut ring = Ring::new(20);
        let follower = ring.enter();
        for number in 0..3 {
            ring.push(Batch {
                from: through(number * 10),
                through: through(number * 10 + 10),
                facts: Vec::new(),
                records: 10,
                bytes: 10,
                is_last: false,
            });
        }
        (ring, follower)
    }

    fn found(found: &Found<()>) -> Option<usize> {
        match found {
            Found::Nothing => Some(0),
            Found::Batches(batches) => Some(batches.len()),
            Found::Far { .. } => None,
        }
    }

    #[test]
    fn a_view_that_has_not_said_where_it_begins_is_waited_for() {
        let (mut ring, follower) = ring();
        assert!(!ring.make_room(false).0);
        let all = ring.find(follower, &through(0), (100, 100));
        assert_eq!(found(&all), Some(3));
        let few = ring.find(follower, &through(0), (15, 100));
        assert_eq!(found(&few), Some(1));
        assert!(!ring.make_room(false).0, "it has not come back for more");
        let rest = ring.find(follower, &through(20), (100, 100));
        assert_eq!(found(&rest), Some(1));
        assert!(ring.make_room(false).0);
        assert_eq!(found(&ring.find(follower, &through(30), (9, 9))), Some(0));
    }

    #[test]
    fn a_ledger_that_is_hurried_leaves_a_slow_view_behind() {
        let (mut ring, follower) = ring();
        ring.find(follower, &through(5), (100, 100));
        assert!(!ring.make_room(false).0);
        assert!(ring.make_room(true).0);
        let far = ring.find(follower, &through(5), (100, 100));
        assert!(matches!(far, Found::Far { through: all, .. } if all == through(30)));
        assert!(ring.make_room(false).0, "nobody waits for it any more");
        // It comes back where a batch begins, or within the first that is left.
        assert_eq!(found(&ring.find(follower, &through(25), (9, 9))), Some(1));
    }

    #[test]
    fn without_views_nothing_is_kept() {
        let (mut ring, follower) = ring();
        ring.leave(follower);
        assert!(ring.make_room(false).0);
        assert_eq!((ring.batches.len(), ring.bytes), (0, 0));
    }

    #[test]
    fn a_view_that_is_ahead_of_a_ledger_that_begins_anew_waits() {
        let (mut ring, follower) = ring();
        ring.reset(Positions::new());
        assert_eq!(found(&ring.find(follower, &through(30), (9, 9))), Some(0));
    }
}
