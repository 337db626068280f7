//! To which promises something has happened, where that is few of them. Most look-ups of what became of a promise
//! would find nothing then, and each asks every table of the store; so the rows are read once, in their order, and
//! remembered.

use std::hash::{DefaultHasher, Hasher};

use aftercall_view::{Direction, Store};

use crate::failure::Unanswered;
use crate::keys;

/// How many rows there are to a word of what is remembered: 16 bits to a row.
const WORD_ROWS: usize = 4;

/// Where in a row's hash it stands which bits of its word are the row's.
const BITS_AT: [u32; 3] = [58, 52, 46];

/// The promises that have a row of their own: of these none is missed, and of others about one in a hundred is taken
/// for one of them.
#[derive(Debug)]
pub(super) struct Happened {
    /// Each row has some bits in one word (a Bloom filter of one look).
    words: Vec<u64>,
}

impl Happened {
    /// Those of a tenant, if they are not more than `rows_max`. What gets a row later has none as of an earlier moment.
    pub(super) fn read(
        store: &Store,
        tenant_id: &str,
        rows_max: usize,
    ) -> Result<Option<Self>, Unanswered> {
        let mut hashes = Vec::new();
        for row in store.scan_prefix(keys::commitments(tenant_id), Direction::Ascending) {
            let (key, _) = row?;
            if hashes.len() == rows_max {
                return Ok(None);
            }
            hashes.push(hash(&key));
        }
        Ok(Some(Self::of(&hashes)))
    }

    fn of(hashes: &[u64]) -> Self {
        let count = hashes.len() / WORD_ROWS + 1;
        let mut words = vec![0; count];
        for hash in hashes {
            if let Some(word) = words.get_mut(place(*hash, count)) {
                *word |= bits(*hash);
            }
        }
        Self { words }
    }

    /// Whether something may stand in the row of a promise.
    pub(super) fn may_be(&self, key: &[u8]) -> bool {
        let hash = hash(key);
        let word = self.words.get(place(hash, self.words.len()));
        word.is_none_or(|word| word & bits(hash) == bits(hash))
    }
}

fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish()
}

/// Which word is a row's.
fn place(hash: u64, words: usize) -> usize {
    usize::try_from(hash % words as u64).unwrap_or(0)
}

/// Which bits of it are.
fn bits(hash: u64) -> u64 {
    BITS_AT
        .iter()
        .fold(0, |bits, at| bits | 1_u64 << ((hash >> at) & 63))
}

#[cfg(test)]
mod tests {
    use aftercall_view::Txn;
    use aftercall_view::testing::MemoryEngine;

    use super::*;

    /// The row of a promise.
    fn row(tenant: &str, n: u64) -> Vec<u8> {
        let id = uuid::Uuid::from_u128(n.into()).to_string();
        keys::commitment(tenant, &id, n, &id).into()
    }

    fn store(rows: impl Iterator<Item = Vec<u8>>) -> Store {
        let store = Store::on(Box::new(MemoryEngine::default()));
        let mut txn = Txn::new(&store);
        for row in rows {
            txn.put(row, "what stands there").unwrap();
        }
        store.apply(txn.into_changes()).unwrap();
        store
    }

    #[test]
    fn what_has_a_row_is_never_missed_and_hardly_anything_else_is_taken_for_it() {
        let others = (0..500).map(|n| row("other", n));
        let store = store((0..3_000).map(|n| row("acme", n)).chain(others));
        let happened = Happened::read(&store, "acme", 3_000).unwrap().unwrap();
        assert!((0..3_000).all(|n| happened.may_be(&row("acme", n))));
        let taken = (10_000..20_000).filter(|n| happened.may_be(&row("acme", *n)));
        let taken = taken.count();
        assert!(taken < 300, "{taken} of 10,000");
    }

    #[test]
    fn where_nothing_happened_no_row_is_looked_for() {
        let store = store((0..9).map(|n| row("other", n)));
        let happened = Happened::read(&store, "acme", 5).unwrap().unwrap();
        assert!((0..1_000).all(|n| !happened.may_be(&row("acme", n))));
    }

    #[test]
    fn of_too_many_nothing_is_remembered() {
        let store = store((0..6).map(|n| row("acme", n)));
        assert!(Happened::read(&store, "acme", 5).unwrap().is_none());
        assert!(Happened::read(&store, "acme", 6).unwrap().is_some());
    }
}
