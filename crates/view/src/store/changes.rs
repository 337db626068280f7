//! What a batch changes: gathered by key while it is made, in the order of keys when it is applied.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

use bytes::Bytes;

/// A value to set, or none to remove the key.
type Change = Option<Bytes>;

/// Writes of one batch in the order of their keys, each key once: a value to set, or none to remove.
///
/// Collect it from changes in any order; of several for one key the last counts.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    in_order: Vec<(Bytes, Change)>,
    /// The keys whose values are seldom changed again.
    lasting: HashSet<Bytes>,
}

impl Changes {
    /// How many keys are changed.
    pub fn len(&self) -> usize {
        self.in_order.len()
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// The writes in the order of their keys.
    pub fn iter(&self) -> std::slice::Iter<'_, (Bytes, Change)> {
        self.in_order.iter()
    }

    /// Whether the value of `key` is seldom changed again: see [`Txn::put_lasting`](crate::Txn::put_lasting).
    pub fn is_lasting(&self, key: &Bytes) -> bool {
        self.lasting.contains(key)
    }
}

impl FromIterator<(Bytes, Change)> for Changes {
    fn from_iter<I: IntoIterator<Item = (Bytes, Change)>>(changes: I) -> Self {
        Self {
            in_order: sorted(changes.into_iter().collect::<HashMap<_, _>>()),
            lasting: HashSet::new(),
        }
    }
}

impl IntoIterator for Changes {
    type Item = (Bytes, Change);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.in_order.into_iter()
    }
}

impl<'a> IntoIterator for &'a Changes {
    type Item = &'a (Bytes, Change);
    type IntoIter = std::slice::Iter<'a, (Bytes, Change)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Sorts by key. The keys of a tag begin alike, with the tenant for instance; comparing a number made
/// of what follows settles nearly all, without a look at keys that lie about in memory.
fn sorted(changes: impl IntoIterator<Item = (Bytes, Change)>) -> Vec<(Bytes, Change)> {
    let mut by_tag: BTreeMap<Option<u8>, Vec<(Bytes, Change)>> = BTreeMap::new();
    for change in changes {
        let tag = change.0.first().copied();
        by_tag.entry(tag).or_default().push(change);
    }
    let mut all = Vec::with_capacity(by_tag.values().map(Vec::len).sum());
    for changes in by_tag.into_values() {
        let shared = shared_bytes(&changes);
        let numbered = changes.into_iter();
        let mut numbered: Vec<_> = numbered
            .map(|(key, change)| (number(&key[shared..]), key, change))
            .collect();
        numbered.sort_unstable_by(|(a, a_key, _), (b, b_key, _)| {
            a.cmp(b).then_with(|| a_key.cmp(b_key))
        });
        all.extend(numbered.into_iter().map(|(_, key, change)| (key, change)));
    }
    all
}

/// How many bytes all keys begin with alike.
fn shared_bytes(changes: &[(Bytes, Change)]) -> usize {
    let Some((first, rest)) = changes.split_first() else {
        return 0;
    };
    rest.iter().fold(first.0.len(), |shared, (key, _)| {
        let both = first.0[..shared].iter().zip(key);
        both.take_while(|(a, b)| a == b).count()
    })
}

/// The first eight bytes, as a number that is ordered as they are.
fn number(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    let len = bytes.len().min(first.len());
    first[..len].copy_from_slice(&bytes[..len]);
    u64::from_be_bytes(first)
}

/// The changes of a batch that is being made. No key is empty.
///
/// They are found by key, and kept in order only where they are scanned: of a tag from its first scan
/// on. A fold looks up and writes much and scans little, and order costs more than all else there.
#[derive(Debug)]
pub(super) struct Pending {
    unordered: HashMap<Bytes, Change>,
    ordered: BTreeMap<Bytes, Change>,
    lasting: HashSet<Bytes>,
    /// Whether the keys that begin with a byte are among the ordered.
    is_ordered: [bool; 256],
}

impl Default for Pending {
    fn default() -> Self {
        Self {
            unordered: HashMap::new(),
            ordered: BTreeMap::new(),
            lasting: HashSet::new(),
            is_ordered: [false; 256],
        }
    }
}

impl Pending {
    /// What becomes of `key`, if it is changed.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Change> {
        match self.keeps_in_order(key) {
            true => self.ordered.get(key),
            false => self.unordered.get(key),
        }
    }

    pub(super) fn insert(&mut self, key: Bytes, change: Change) {
        match self.keeps_in_order(&key) {
            true => self.ordered.insert(key, change),
            false => self.unordered.insert(key, change),
        };
    }

    /// Says that the value of `key` is seldom changed again.
    pub(super) fn lasts(&mut self, key: Bytes) {
        self.lasting.insert(key);
    }

    /// The changes of keys from `from` on, up to, and without, `to`.
    pub(super) fn range<'p>(
        &'p mut self,
        from: &[u8],
        to: Option<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&'p Bytes, &'p Change)> + Send + use<'p> {
        self.keep_in_order(from, to);
        // A range must not end before it begins.
        let to = to.map_or(Bound::Unbounded, |to| Bound::Excluded(to.max(from)));
        let within = (Bound::Included(from), to);
        self.ordered.range::<[u8], _>(within)
    }

    pub(super) fn into_changes(self) -> Changes {
        Changes {
            in_order: sorted(self.unordered.into_iter().chain(self.ordered)),
            lasting: self.lasting,
        }
    }

    fn keeps_in_order(&self, key: &[u8]) -> bool {
        key.first()
            .is_some_and(|tag| self.is_ordered[usize::from(*tag)])
    }

    fn keep_in_order(&mut self, from: &[u8], to: Option<&[u8]>) {
        let first = from.first().copied().unwrap_or(0);
        let last = to.map_or(u8::MAX, |to| to.first().copied().unwrap_or(0));
        let tags = usize::from(first)..=usize::from(last);
        if tags.clone().all(|tag| self.is_ordered[tag]) {
            return;
        }
        tags.for_each(|tag| self.is_ordered[tag] = true);
        let is_ordered = &self.is_ordered;
        let moved = self
            .unordered
            .extract_if(|key, _| key.first().is_some_and(|tag| is_ordered[usize::from(*tag)]));
        self.ordered.extend(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keys of three tags, with long common beginnings and with short ones.
    fn key() -> impl Strategy<Value = Bytes> {
        let text = prop_oneof!["[a-c]customer-00000[01]{0,3}", "[a-c]{1,3}"];
        text.prop_map(Bytes::from)
    }

    proptest! {
        #[test]
        fn changes_are_as_in_a_map_that_is_always_in_order(
            steps in prop::collection::vec((key(), any::<Option<u8>>(), 0..20_u8), 0..80),
            to in prop::option::of(key()),
        ) {
            let mut pending = Pending::default();
            let mut model = BTreeMap::new();
            for (key, value, scans) in steps {
                if scans == 0 {
                    let to = to.as_deref().filter(|to| **to >= key[..]);
                    let upper = to.map_or(Bound::Unbounded, Bound::Excluded);
                    let within = (Bound::Included(&key[..]), upper);
                    prop_assert!(pending.range(&key, to).eq(model.range::<[u8], _>(within)));
                }
                let change = value.map(|value| Bytes::from(vec![value]));
                pending.insert(key.clone(), change.clone());
                model.insert(key.clone(), change);
                prop_assert_eq!(pending.get(&key), model.get(&key));
            }
            let collected: Changes = model.clone().into_iter().rev().collect();
            let model: Vec<_> = model.into_iter().collect();
            prop_assert_eq!(&pending.into_changes().in_order, &model);
            prop_assert_eq!(&collected.in_order, &model);
        }
    }
}
