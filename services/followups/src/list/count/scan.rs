//! A count in pieces, so that no reader is held while a million promises are looked at.
//!
//! Promises change while they are counted. Each counts once all the same, as it was met last: what it counted as is kept
//! by a short name for it, and what changed since the count began is looked at again once all are met.

use std::collections::{BTreeMap, HashMap, VecDeque};

use aftercall_domain::commitment::Lifecycle;
use aftercall_log::{Partition, Position};
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Positions, Store};
use jiff::Timestamp;

use super::{By, Group};
use crate::keys::{self, ListOf};
use crate::list::filter::Filter;
use crate::list::scan::{narrowest, places, tallies};
use crate::list::tally::Tally;
use crate::list::{Place, wanted};
use crate::stored;
use crate::watch::changed_by;

/// A promise by its id and whose it is, in short. That two of a billion promises have the same is less likely than that a
/// machine counts wrongly by itself.
type Name = [u8; 16];

/// A count that goes on.
#[derive(Debug)]
pub(super) struct Counting {
    filter: Filter,
    by: By,
    /// As of when promises are late.
    now: Timestamp,
    /// The lists that are read; none before the first piece.
    lists: Option<Vec<ListOf>>,
    /// The lifecycles that are left, the one at hand first.
    lifecycles: VecDeque<Lifecycle>,
    /// How far that one was looked through.
    after: Option<Place>,
    counted: Counted,
}

/// What was counted so far.
#[derive(Debug, Default)]
struct Counted {
    /// The number of each group.
    numbers: BTreeMap<Group, u32>,
    /// How many there are of each, by its number.
    counts: Vec<u64>,
    /// The group of each promise.
    met: HashMap<Name, u32>,
}

impl Counting {
    /// Nothing is counted yet of what `filter` admits.
    pub(super) fn new(filter: Filter, by: By, now: Timestamp) -> Self {
        Self {
            lifecycles: filter.lifecycles().collect(),
            filter,
            by,
            now,
            lists: None,
            after: None,
            counted: Counted::default(),
        }
    }

    /// How many promises were found.
    pub(super) fn len(&self) -> usize {
        self.counted.met.len()
    }

    /// Looks at the next promises, at most `room` of them. Says whether there are none left.
    pub(super) fn piece(&mut self, store: &Store, mut room: usize) -> Result<bool, ApplyError> {
        let lists = match self.lists.take() {
            Some(lists) => lists,
            None => narrowest(store, &self.filter, None)?,
        };
        while room > 0
            && let Some(lifecycle) = self.lifecycles.front().copied()
        {
            let looked_at = match &lists[..] {
                [ListOf::Tenant] => self.by_tallies(store, lifecycle, room)?,
                _ => self.by_promises(store, (&lists, lifecycle), room)?,
            };
            if looked_at < room {
                self.lifecycles.pop_front();
                self.after = None;
            }
            room -= looked_at;
        }
        self.lists = Some(lists);
        Ok(self.lifecycles.is_empty())
    }

    /// By what stands in the tenant's list alone. Says how many were looked at.
    fn by_tallies(
        &mut self,
        store: &Store,
        lifecycle: Lifecycle,
        room: usize,
    ) -> Result<usize, ApplyError> {
        let mut looked_at = 0;
        let tallies = tallies(store, &self.filter, lifecycle, self.after.as_ref());
        for entry in tallies.take(room) {
            let (place, tally) = entry?;
            let is_one = self.filter.admits_tally(&tally, self.now);
            let group = is_one.then(|| self.by.group(&tally, lifecycle, self.now));
            self.counted.count(name(&place.1, place.2), group);
            self.after = Some(place);
            looked_at += 1;
        }
        Ok(looked_at)
    }

    /// By the promises at the places of other lists.
    fn by_promises(
        &mut self,
        store: &Store,
        (lists, lifecycle): (&[ListOf], Lifecycle),
        room: usize,
    ) -> Result<usize, ApplyError> {
        let mut looked_at = 0;
        let places = places(store, &self.filter, (lists, lifecycle), self.after.as_ref());
        for place in places.take(room) {
            let place = place?;
            // What moved meanwhile is met where it stands now, or among what changed.
            if let Some(found) = wanted(store, &self.filter, &place)? {
                let tally = Tally::of(&found);
                let group = self.by.group(&tally, found.lifecycle, self.now);
                self.counted.count(name(&place.1, place.2), Some(group));
            }
            self.after = Some(place);
            looked_at += 1;
        }
        Ok(looked_at)
    }

    /// Looks again at the promises that changed after `place`, by at most `room` records, and moves it on. Says whether
    /// there are no more.
    pub(super) fn again(
        &mut self,
        store: &Store,
        (place, partitions): (&mut Positions, Partition),
        mut room: usize,
    ) -> Result<bool, ApplyError> {
        for partition in 0..partitions {
            let list = keys::promise_changes(&self.filter.tenant_id, partition);
            let from = list.clone().u64(place.next(partition));
            let changes =
                store.scan_range(from, prefix_end(&list).as_deref(), Direction::Ascending);
            for entry in changes {
                if room == 0 {
                    return Ok(false);
                }
                room -= 1;
                let (key, row) = entry?;
                let offset = Parts::new(&key[list.len()..]).u64();
                let offset = offset.map_err(ApplyError::record)?;
                for (id, whose) in changed_by(row)? {
                    self.look_at(store, (&id, whose))?;
                }
                place.include(Position { partition, offset });
            }
        }
        Ok(true)
    }

    /// Counts a promise as it is now.
    fn look_at(&mut self, store: &Store, (id, whose): (&str, u64)) -> Result<(), ApplyError> {
        let get = |key: &[u8]| store.get(key);
        let found = stored::commitment(&self.filter.tenant_id, id, whose, get)?;
        let group = found
            .filter(|found| self.filter.admits_at(found, self.now))
            .map(|found| self.by.group(&Tally::of(&found), found.lifecycle, self.now));
        self.counted.count(name(id, whose), group);
        Ok(())
    }

    /// By what was counted, and the groups with how many there are of each.
    pub(super) fn done(self) -> (By, Vec<(Group, u64)>) {
        let Counted {
            numbers, counts, ..
        } = self.counted;
        let counts = numbers.into_iter().map(|(group, number)| {
            let count = counts.get(number as usize).copied();
            (group, count.unwrap_or_default())
        });
        (self.by, counts.filter(|(_, count)| *count > 0).collect())
    }
}

impl Counted {
    /// A promise belongs to a group, or to none, whatever it was before.
    fn count(&mut self, name: Name, group: Option<Group>) {
        let before = match group {
            None => self.met.remove(&name),
            Some(group) => {
                let next = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
                let number = *self.numbers.entry(group).or_insert(next);
                if number == next {
                    self.counts.push(0);
                }
                if let Some(count) = self.counts.get_mut(number as usize) {
                    *count += 1;
                }
                self.met.insert(name, number)
            }
        };
        if let Some(count) = before.and_then(|before| self.counts.get_mut(before as usize)) {
            *count -= 1;
        }
    }
}

fn name(commitment_id: &str, whose: u64) -> Name {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&whose.to_be_bytes());
    hasher.update(commitment_id.as_bytes());
    let mut name = Name::default();
    hasher.finalize_xof().fill(&mut name);
    name
}
