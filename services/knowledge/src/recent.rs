//! What was asked for of late, in a bounded amount of memory.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::Hash;

use parking_lot::Mutex;

/// How many are passed over at once because they were asked for since they came, before one goes all the same: so that
/// to take one in never means to look at all of them.
const SPARED_MAX: usize = 16;

/// How many are looked at while others wait, when those go that are not wanted any more.
const SIFTED_AT_A_TIME: usize = 256;

/// What was asked for of late. What comes goes again in the order in which it came; but what was asked for meanwhile
/// stays for another turn.
pub(crate) struct Recent<K, V> {
    kept: Mutex<Kept<K, V>>,
    bytes_max: usize,
}

struct Kept<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// Each entry's key, once.
    turns: VecDeque<K>,
    bytes: usize,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    is_used: bool,
}

impl<K, V> fmt::Debug for Recent<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.lock();
        f.debug_struct("Recent")
            .field("entries", &kept.entries.len())
            .field("bytes", &kept.bytes)
            .finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    /// Nothing yet, and so many bytes of it at most.
    pub(crate) fn of(bytes_max: usize) -> Self {
        Self {
            kept: Mutex::new(Kept {
                entries: HashMap::new(),
                turns: VecDeque::new(),
                bytes: 0,
            }),
            bytes_max,
        }
    }

    /// What is kept under a key.
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut kept = self.kept.lock();
        let entry = kept.entries.get_mut(key)?;
        entry.is_used = true;
        Some(entry.value.clone())
    }

    /// Whether something is kept under a key. That does not count as asking for it.
    pub(crate) fn has(&self, key: &K) -> bool {
        self.kept.lock().entries.contains_key(key)
    }

    /// Keeps a value of so many bytes, in place of what was kept under the key.
    pub(crate) fn put(&self, key: K, value: V, bytes: usize) {
        let entry = Entry {
            value,
            bytes,
            is_used: false,
        };
        let mut kept = self.kept.lock();
        kept.bytes += bytes;
        match kept.entries.insert(key.clone(), entry) {
            Some(before) => kept.bytes -= before.bytes,
            None => kept.turns.push_back(key),
        }
        while kept.bytes > self.bytes_max && kept.let_go() {}
    }

    /// Whether there is room for something that nobody has asked for yet: an eighth stays for what is asked for.
    pub(crate) fn has_room(&self) -> bool {
        self.kept.lock().bytes < self.bytes_max / 8 * 7
    }

    /// Lets all go that is not wanted any more. Whoever asks meanwhile waits until a piece of it was looked at.
    pub(crate) fn retain(&self, is_wanted: impl Fn(&K) -> bool) {
        let mut left = self.kept.lock().turns.len();
        while left > 0 {
            let piece = left.min(SIFTED_AT_A_TIME);
            // Values are dropped once nobody waits for the lock.
            let gone = self.kept.lock().sift(piece, &is_wanted);
            drop(gone);
            left -= piece;
        }
    }
}

impl<K: Clone + Eq + Hash, V> Kept<K, V> {
    /// Looks at so many whose turn is next, and takes those out that are not wanted. The others keep their order.
    fn sift(&mut self, count: usize, is_wanted: impl Fn(&K) -> bool) -> Vec<Entry<V>> {
        let mut gone = Vec::new();
        for _ in 0..count {
            let Some(key) = self.turns.pop_front() else {
                break;
            };
            if is_wanted(&key) {
                self.turns.push_back(key);
            } else if let Some(entry) = self.entries.remove(&key) {
                self.bytes -= entry.bytes;
                gone.push(entry);
            }
        }
        gone
    }

    /// Lets one go whose turn it is; says whether there was any.
    fn let_go(&mut self) -> bool {
        let mut spared = 0;
        while let Some(key) = self.turns.pop_front() {
            let used = self
                .entries
                .get_mut(&key)
                .filter(|entry| entry.is_used && spared < SPARED_MAX);
            if let Some(entry) = used {
                entry.is_used = false;
                spared += 1;
                self.turns.push_back(key);
                continue;
            }
            if let Some(gone) = self.entries.remove(&key) {
                self.bytes -= gone.bytes;
            }
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes_in_its_turn() {
        let recent = Recent::of(30);
        for key in 0..3 {
            recent.put(key, key, 10);
        }
        assert_eq!(recent.get(&0), Some(0));
        recent.put(3, 3, 10);
        assert_eq!(recent.get(&1), None);
        assert_eq!(
            [0, 2, 3].map(|key| recent.get(&key)),
            [Some(0), Some(2), Some(3)]
        );
    }

    #[test]
    fn what_is_larger_than_all_room_is_not_kept() {
        let recent = Recent::of(30);
        recent.put(1, 'a', 10);
        recent.put(2, 'b', 31);
        assert_eq!(recent.get(&2), None);
        recent.put(3, 'c', 30);
        assert_eq!(recent.get(&3), Some('c'));
    }

    #[test]
    fn what_is_not_wanted_goes_and_the_rest_keeps_its_turn() {
        let recent = Recent::of(1_000 * 10);
        for key in 0..1_000 {
            recent.put(key, key, 10);
        }
        assert!(!recent.has_room());
        recent.retain(|key| key % 2 == 0);
        assert!(recent.has_room());
        assert_eq!(
            [0, 1, 998, 999].map(|key| recent.has(&key)),
            [true, false, true, false]
        );
        // The first that came are the first to go.
        for key in 1_000..1_501 {
            recent.put(key, key, 10);
        }
        assert_eq!([0, 2].map(|key| recent.get(&key)), [None, Some(2)]);
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_came_last_and_within_bounds(
            steps in prop::collection::vec((0..12_u8, 0..40_usize, any::<bool>()), 0..200),
        ) {
            let recent = Recent::of(100);
            let mut last = HashMap::new();
            for (number, (key, bytes, is_asked)) in steps.into_iter().enumerate() {
                if is_asked {
                    let kept = recent.get(&key);
                    prop_assert!(kept.is_none() || kept == last.get(&key).copied());
                } else {
                    recent.put(key, number, bytes);
                    last.insert(key, number);
                }
                let kept = recent.kept.lock();
                let bytes: usize = kept.entries.values().map(|entry| entry.bytes).sum();
                prop_assert_eq!(bytes, kept.bytes);
                prop_assert!(kept.bytes <= 100);
                prop_assert_eq!(kept.turns.len(), kept.entries.len());
            }
        }
    }
}
