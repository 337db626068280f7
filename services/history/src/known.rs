//! The store as questions read it: as it is, or as it was at a position.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, Positions, Store, StoreError};
use bytes::Bytes;

use crate::failure::Unanswered;
use crate::limits::AS_OF_LOOKS_MAX;
use crate::{before, calls, keys};

/// How many rows are read at once, at first and at most.
const ROWS: std::ops::RangeInclusive<usize> = 64..=1_024;

/// What is known, now or as of a position. Cheap to clone.
///
/// As of a position, a row is what it was before the first change that the position does not include; so an answer is
/// that of a view of the log that was cut there, to the byte.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    store: Store,
    then: Option<Arc<Positions>>,
    looks_max: u64,
}

/// The entries of a scan, key and value.
pub(crate) type Entries = Box<dyn Iterator<Item = Result<(Bytes, Bytes), Unanswered>> + Send>;

impl Known {
    /// As the store is.
    pub(crate) fn now(store: &Store) -> Self {
        Self {
            store: store.clone(),
            then: None,
            looks_max: AS_OF_LOOKS_MAX,
        }
    }

    /// As it was when it included `then`, and nothing else. The store must include that.
    pub(crate) fn as_of(store: &Store, then: Positions) -> Self {
        Self {
            then: Some(Arc::new(then)),
            ..Self::now(store)
        }
    }

    /// The same for who looks at so many rows that came later, until there is one that was there then.
    pub(crate) fn looking_at(self, rows: u64) -> Self {
        Self {
            looks_max: rows,
            ..self
        }
    }

    /// Whether it is as of a position.
    pub(crate) fn is_past(&self) -> bool {
        self.then.is_some()
    }

    /// The store as it is.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, StoreError> {
        let key = key.as_ref();
        let Some(then) = &self.then else {
            return self.store.get(key);
        };
        if calls::is_call(key) {
            return calls::entry_as_of(key, |key| self.get(key));
        }
        // What stands there comes first: a change in between is among the changes then.
        let now = self.store.get(key)?;
        if now.is_none() && keys::never_goes(key) {
            return Ok(None);
        }
        let value = before::at(&self.store, key, then)?.unwrap_or(now);
        Ok(value.filter(|value| is_born(key, value, then)))
    }

    /// All entries whose keys begin with `prefix`, in the order of their keys or against it.
    pub(crate) fn scan_prefix(&self, prefix: impl AsRef<[u8]>, direction: Direction) -> Entries {
        let prefix = prefix.as_ref();
        let end = prefix_end(prefix);
        self.scan_range(prefix, end.as_deref(), direction)
    }

    /// All entries with `from <= key < to`; without `to`, all from `from` on. Of one tag.
    pub(crate) fn scan_range(
        &self,
        from: impl AsRef<[u8]>,
        to: Option<&[u8]>,
        direction: Direction,
    ) -> Entries {
        let Some(then) = &self.then else {
            let scan = self.store.scan_range(from, to, direction);
            return Box::new(scan.map(|entry| entry.map_err(Unanswered::from)));
        };
        Box::new(Past {
            store: self.store.clone(),
            then: Arc::clone(then),
            from: from.as_ref().to_vec(),
            to: to.map(<[u8]>::to_vec),
            direction,
            rows: *ROWS.start(),
            ready: VecDeque::new(),
            ended: false,
            looks: 0,
            looks_max: self.looks_max,
        })
    }
}

/// Whether what stands in a row was there then, as far as the row itself says it.
fn is_born(key: &[u8], value: &[u8], then: &Positions) -> bool {
    before::born_at(key, value).is_none_or(|born_at| then.covers(born_at))
}

/// A scan as of a position, of as many rows at once as one goes over quickly: first those that stand there, and then
/// what changed in them, so that no change in between is missed.
struct Past {
    store: Store,
    then: Arc<Positions>,
    from: Vec<u8>,
    to: Option<Vec<u8>>,
    direction: Direction,
    rows: usize,
    ready: VecDeque<(Bytes, Bytes)>,
    ended: bool,
    /// How many rows were looked at since there was one that stood there then.
    looks: u64,
    looks_max: u64,
}

impl Iterator for Past {
    type Item = Result<(Bytes, Bytes), Unanswered>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.ready.pop_front() {
                self.looks = 0;
                return Some(Ok(row));
            }
            if self.ended {
                return None;
            }
            if self.looks > self.looks_max {
                self.ended = true;
                return Some(Err(Unanswered::AsOfTooFarBack));
            }
            if let Err(error) = self.fill() {
                self.ended = true;
                return Some(Err(error.into()));
            }
        }
    }
}

impl Past {
    fn fill(&mut self) -> Result<(), StoreError> {
        let scan = self
            .store
            .scan_range(&self.from, self.to.as_deref(), self.direction);
        let rows = scan.take(self.rows).collect::<Result<Vec<_>, _>>()?;
        self.ended = rows.len() < self.rows;
        self.rows = (2 * self.rows).min(*ROWS.end());
        let (from, to) = (self.from.clone(), self.to.clone());
        // Up to which key, and with it, the changes are looked at.
        let mut last = to.clone();
        let mut first = from.clone();
        if let Some((key, _)) = rows.last().filter(|_| !self.ended) {
            match self.direction {
                Direction::Ascending => {
                    last = Some(key.to_vec());
                    self.from = [&**key, &[0]].concat();
                }
                Direction::Descending => {
                    first = key.to_vec();
                    self.to = Some(key.to_vec());
                }
            }
        }
        self.looks += rows.len() as u64;
        let mut standing: BTreeMap<Bytes, Bytes> = rows.into_iter().collect();
        let mut decided = BTreeSet::new();
        for change in before::between(&self.store, &first, last.as_deref()) {
            let (key, at, before) = change?;
            self.looks += 1;
            let is_asked = *key >= *from && to.as_deref().is_none_or(|to| *key < *to);
            // The first change that is not included says what stood there then.
            if !is_asked || self.then.covers(at) || !decided.insert(key.clone()) {
                continue;
            }
            match before {
                Some(before) => standing.insert(key, before),
                None => standing.remove(&key),
            };
        }
        standing.retain(|key, value| is_born(key, value, &self.then));
        self.ready.extend(standing);
        if self.direction == Direction::Descending {
            self.ready.make_contiguous().reverse();
        }
        Ok(())
    }
}
