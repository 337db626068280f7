//! Sets of records by their places in the log: asked of each row that is read, in an order that may have nothing to do
//! with theirs, so that a search among millions would look all over the memory.

use aftercall_log::Position;

/// How many bits of a place in the log are the offset: a trillion records a partition.
const OFFSET_BITS: u32 = 40;

/// A place in the log as one number. Unique; grows with arrival within a partition.
pub fn seq_of(position: Position) -> u64 {
    (u64::from(position.partition) << OFFSET_BITS) | position.offset
}

/// The place in the log that [`seq_of`] made a number of.
pub fn position_of(seq: u64) -> Position {
    Position {
        partition: (seq >> OFFSET_BITS) as u32,
        offset: seq & ((1 << OFFSET_BITS) - 1),
    }
}

/// How many places a word has a bit for.
const WORD_BITS: u64 = 64;

/// Places in the log, as the numbers that [`seq_of`] makes of them.
#[derive(Debug, Default)]
pub struct Places {
    /// Those of each partition, in their order.
    runs: Vec<Run>,
    len: usize,
}

/// The places of one partition.
#[derive(Debug)]
struct Run {
    first: u64,
    held: Held,
}

/// How they are held. Neither takes more memory than a list of all.
#[derive(Debug)]
enum Held {
    /// A bit for each place from the first one on, whether it is one of them.
    Bits(Vec<u64>),
    /// All of them, where they lie far from each other.
    Listed(Vec<u64>),
}

impl Places {
    /// These, which are in order.
    pub fn of(places: &[u64]) -> Self {
        let partition = |seq: &u64| position_of(*seq).partition;
        let runs = places.chunk_by(|one, next| partition(one) == partition(next));
        Self {
            runs: runs.filter_map(Run::of).collect(),
            len: places.len(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.len as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it is one of them.
    pub fn contains(&self, place: u64) -> bool {
        let begun = self.runs.partition_point(|run| run.first <= place);
        let run = self.runs[..begun].last();
        run.is_some_and(|run| run.contains(place))
    }
}

impl Run {
    /// These, which are in order; none, if there are none.
    fn of(places: &[u64]) -> Option<Self> {
        let (first, last) = (*places.first()?, *places.last()?);
        let words = usize::try_from((last - first) / WORD_BITS + 1);
        let held = match words {
            Ok(words) if words <= places.len() => {
                let mut bits = vec![0; words];
                for place in places {
                    let (word, bit) = word_of(place - first);
                    if let Some(word) = bits.get_mut(word) {
                        *word |= bit;
                    }
                }
                Held::Bits(bits)
            }
            _ => Held::Listed(places.to_vec()),
        };
        Some(Self { first, held })
    }

    /// Whether one is among them that is not before the first.
    fn contains(&self, place: u64) -> bool {
        match &self.held {
            Held::Bits(bits) => {
                let (word, bit) = word_of(place - self.first);
                bits.get(word).is_some_and(|word| word & bit != 0)
            }
            Held::Listed(places) => places.binary_search(&place).is_ok(),
        }
    }
}

/// Which word has the bit of the place so far after the first one, and that bit.
fn word_of(after_first: u64) -> (usize, u64) {
    let word = usize::try_from(after_first / WORD_BITS).unwrap_or(usize::MAX);
    (word, 1_u64 << (after_first % WORD_BITS))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn seq(partition: u32, offset: u64) -> u64 {
        seq_of(Position { partition, offset })
    }

    proptest! {
        /// Close to each other and far, in any partitions.
        #[test]
        fn what_is_among_them_is_found_and_nothing_else(
            dense in prop::collection::btree_set((0..3_u32, 0..400_u64), 0..300),
            far in prop::collection::btree_set((0..5_u32, 0..1_u64 << 40), 0..40),
            asked in prop::collection::vec((0..6_u32, 0..500_u64), 0..60),
        ) {
            let all: BTreeSet<u64> = dense
                .iter()
                .chain(&far)
                .map(|(partition, offset)| seq(*partition, *offset))
                .collect();
            let listed: Vec<u64> = all.iter().copied().collect();
            let places = Places::of(&listed);
            prop_assert_eq!(places.len(), listed.len() as u64);
            let asked = asked.iter().map(|(partition, offset)| seq(*partition, *offset));
            let beside = listed.iter().flat_map(|seq| [seq.saturating_sub(1), *seq, seq + 1]);
            for asked in asked.chain(beside) {
                prop_assert_eq!(places.contains(asked), all.contains(&asked), "{}", asked);
            }
        }
    }

    #[test]
    fn a_place_in_the_log_reads_back() {
        for position in [(0, 0), (0, 77), (3, 77), (4_095, (1 << OFFSET_BITS) - 1)] {
            let position = Position {
                partition: position.0,
                offset: position.1,
            };
            assert_eq!(position_of(seq_of(position)), position);
        }
    }

    #[test]
    fn they_never_take_more_memory_than_a_list() {
        let far: Vec<u64> = (0..1_000).map(|n| seq(1, n * 65)).collect();
        let close: Vec<u64> = (0..1_000).map(|n| seq(2, n * 3)).collect();
        let places = Places::of(&[far, close].concat());
        let words = places.runs.iter().map(|run| match &run.held {
            Held::Bits(words) | Held::Listed(words) => words.len(),
        });
        assert_eq!(words.collect::<Vec<_>>(), [1_000, 47]);
    }
}
