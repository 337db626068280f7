//! A block of rows in memory, and its bytes.
//!
//! A row has a place for all that may be said of a contact, and most contacts say less than half of it. In a block's bytes
//! stand only those words of four bytes in which a row differs from one that says nothing, after a bit for each word
//! that says whether it does. So a pass over many rows has less than half to read, and a row that changes less to write.

use std::sync::LazyLock;

use crate::limits::BLOCK_ROWS;
use crate::row::{ROW_BYTES, Row, RowBytes};

/// Words of a row, the last of them filled up.
const WORDS: usize = ROW_BYTES.div_ceil(4);
const WORDS_BYTES: usize = 4 * WORDS;

/// A row as it is read.
type Words = [u8; WORDS_BYTES];

/// A bit for each word of a row.
type Said = u64;
const _: () = assert!(WORDS <= Said::BITS as usize);

/// A bit for each row of a block.
type Held = u16;
const _: () = assert!(BLOCK_ROWS as u32 == Held::BITS);

/// A row that says nothing.
static BLANK: LazyLock<Words> = LazyLock::new(|| words(&Row::default()));

/// The rows of a block, each in its slot.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Which there are.
    held: Held,
    rows: [Words; BLOCK_ROWS as usize],
}

impl Default for Block {
    fn default() -> Self {
        Self {
            held: 0,
            rows: [[0; WORDS_BYTES]; BLOCK_ROWS as usize],
        }
    }
}

impl Block {
    /// The rows of a block's bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut block = Self::default();
        block.read(bytes);
        block
    }

    /// Takes the rows of a block's bytes in place of its own. Where the bytes end too early, the last ones are missing.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.held = 0;
        let Some((held, mut rest)) = bytes.split_first_chunk() else {
            return;
        };
        let held = Held::from_le_bytes(*held);
        let blank = &*BLANK;
        for (slot, row) in self.rows.iter_mut().enumerate() {
            if (held >> slot) & 1 == 0 {
                continue;
            }
            let Some(after) = unpack(rest, blank, row) else {
                return;
            };
            rest = after;
            self.held |= 1 << slot;
        }
    }

    /// The bytes of the rows.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.rows.len() * WORDS_BYTES / 2);
        bytes.extend(self.held.to_le_bytes());
        let blank = &*BLANK;
        for (slot, row) in self.rows.iter().enumerate() {
            if self.has(slot) {
                pack(row, blank, &mut bytes);
            }
        }
        bytes
    }

    /// Whether there is no row.
    pub(crate) const fn is_empty(&self) -> bool {
        self.held == 0
    }

    pub(crate) const fn has(&self, slot: usize) -> bool {
        (self.held >> slot) & 1 == 1
    }

    /// The row of a slot, if there is one.
    pub(crate) fn row(&self, slot: usize) -> Option<RowBytes<'_>> {
        let row = self.rows.get(slot).filter(|_| self.has(slot));
        row.and_then(|row| RowBytes::of(row))
    }

    /// The rows that there are, each with its number in the partition, in a block of this number.
    pub(crate) fn rows(&self, block: u32) -> impl Iterator<Item = (u64, RowBytes<'_>)> {
        let numbers = u64::from(block) * BLOCK_ROWS..;
        let rows = numbers.zip(0..self.rows.len());
        rows.filter_map(|(number, slot)| Some((number, self.row(slot)?)))
    }

    /// Puts a row in a slot. Says whether that changes anything.
    pub(crate) fn put(&mut self, slot: usize, row: &Row) -> bool {
        let words = words(row);
        let is_there = self.has(slot);
        let Some(there) = self.rows.get_mut(slot) else {
            return false;
        };
        if is_there && *there == words {
            return false;
        }
        *there = words;
        self.held |= 1 << slot;
        true
    }

    /// Takes the row of a slot away.
    pub(crate) const fn remove(&mut self, slot: usize) {
        self.held &= !(1 << slot);
    }
}

fn words(row: &Row) -> Words {
    let mut bytes = Vec::with_capacity(WORDS_BYTES);
    row.write(&mut bytes);
    let mut words = [0; WORDS_BYTES];
    words[..ROW_BYTES].copy_from_slice(&bytes);
    words
}

fn pack(row: &Words, blank: &Words, bytes: &mut Vec<u8>) {
    let pairs = || row.as_chunks::<4>().0.iter().zip(blank.as_chunks::<4>().0);
    let said = pairs()
        .enumerate()
        .fold(0, |said: Said, (at, (own, blank))| {
            said | (Said::from(own != blank) << at)
        });
    bytes.extend(said.to_le_bytes());
    for (own, blank) in pairs() {
        if own != blank {
            bytes.extend(own);
        }
    }
}

/// Reads a row from the beginning of `bytes`; gives what comes after it.
fn unpack<'b>(bytes: &'b [u8], blank: &Words, row: &mut Words) -> Option<&'b [u8]> {
    let (said, rest) = bytes.split_first_chunk()?;
    let mut said = Said::from_le_bytes(*said);
    let (own, rest) = rest.split_at_checked(4 * said.count_ones() as usize)?;
    row.copy_from_slice(blank);
    let words = row.as_chunks_mut::<4>().0;
    for word in own.as_chunks::<4>().0 {
        *words.get_mut(said.trailing_zeros() as usize)? = *word;
        said &= said - 1;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use aftercall_domain::measure::Facts;
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn row()(
            occurred_at_us in any::<i64>(),
            interaction_id in any::<[u8; 16]>(),
            channel in 0..9_u8,
            words in prop::array::uniform15(prop_oneof![Just(0), any::<u32>()]),
            (talk, since_any) in (prop_oneof![Just(0), any::<u32>()], any::<u32>()),
            holds in prop::array::uniform7((any::<u16>(), prop_oneof![Just(0), any::<u32>()])),
            interruptions in any::<[u16; 2]>(),
        ) -> Row {
            let facts = Facts { talk, since_any, holds, interruptions, ..Facts::default() };
            Row { occurred_at_us, interaction_id, channel, words, facts, ..Row::default() }
        }
    }

    proptest! {
        /// Whatever rows there are, and whatever was there before, they are read as they were put.
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::btree_map(0..16_usize, row(), 0..16),
            before in prop::collection::btree_map(0..16_usize, row(), 0..16),
            cut in any::<prop::sample::Index>(),
        ) {
            let block = |rows: &std::collections::BTreeMap<usize, Row>| {
                let mut block = Block::default();
                for (slot, row) in rows {
                    assert!(block.put(*slot, row) && !block.put(*slot, row));
                }
                block
            };
            let bytes = block(&rows).to_bytes();
            let mut read = block(&before);
            read.read(&bytes);
            prop_assert_eq!(read.is_empty(), rows.is_empty());
            let found: Vec<_> = read.rows(3).map(|(number, row)| (number, row.row(crate::afters::After::default()))).collect();
            let expected: Vec<_> = rows.iter().map(|(slot, row)| (48 + *slot as u64, row.clone())).collect();
            prop_assert_eq!(&found, &expected);
            // What is cut off is missing, and the rest is right.
            read.read(&bytes[..cut.index(bytes.len())]);
            let found: Vec<_> = read.rows(3).map(|(number, _)| number).collect();
            let numbers: Vec<_> = expected.iter().map(|(number, _)| *number).collect();
            prop_assert!(numbers.starts_with(&found));
            prop_assert!(found.len() < numbers.len() || numbers.is_empty());
        }
    }

    #[test]
    fn what_says_little_takes_little() {
        let mut block = Block::default();
        block.put(0, &Row::default());
        assert_eq!(
            block.to_bytes().len(),
            size_of::<Held>() + size_of::<Said>()
        );
    }
}
