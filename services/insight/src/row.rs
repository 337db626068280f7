//! A contact's row: what it comes to, in a fixed number of bytes. What comes after the contact stands beside it
//! ([`crate::afters`]), and is not in the bytes.

use aftercall_domain::measure::{Facts, Feeling, HOLD_REASONS, SinceOnset};

use crate::afters::{After, FLAGS};

/// What a row says by the number of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Column {
    Agent,
    Team,
    Site,
    Queue,
    Reason,
    Disposition,
    Language,
    ClientAccount,
    /// Those who have a part in it.
    Parties,
    /// The promise that caused it.
    RepeatCommitment,
    /// The team that was to keep it.
    RepeatTeam,
    /// What was said of its root cause last.
    RootCause,
    /// What made the customer call.
    Driver,
    /// The way through the voice menu, in one line.
    IvrPath,
    /// Who says how the customer felt: the scorer of the sentiment that counts.
    Scorer,
}

/// How many columns have words.
pub(crate) const COLUMNS: usize = 15;

/// The bytes of a row.
pub(crate) const ROW_BYTES: usize = FACTS_AT + 4 * NUMBERS + 2 * COUNTS;

/// Where it says where its record stands, how the customer felt, and then words and facts.
const OFFSET_AT: usize = 8 + 16 + 3;
const FEELING_AT: usize = OFFSET_AT + 8;
const WORDS_AT: usize = FEELING_AT + FEELING_BYTES;
const FACTS_AT: usize = WORDS_AT + 4 * COLUMNS;

/// Four numbers of two bytes, and then two bits for each of three bands, and one for whether other scorers say something.
const FEELING_BYTES: usize = BANDS + 1;
const BANDS: usize = 4 * 2;
const HAS_OTHERS: u8 = 1 << 6;

/// Facts of four bytes; from [`HOLDS`] on, the times on hold by their reasons.
const NUMBERS: usize = HOLDS + HOLD_REASONS.len();
const HOLDS: usize = 16;

/// Facts of two bytes: how many holds there were of each reason, and then others.
const COUNTS: usize = HOLD_REASONS.len() + 6;

/// A contact's row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row {
    pub(crate) occurred_at_us: i64,
    pub(crate) interaction_id: [u8; 16],
    pub(crate) channel: u8,
    pub(crate) direction: u8,
    /// To whom it is put down that the line was lost; 0 where that is not said.
    pub(crate) attribution: u8,
    /// Where the record, or the first that was told of a call, stands in its partition of the log.
    pub(crate) offset: u64,
    /// How the customer felt, by the sentiment that counts.
    pub(crate) feeling: Feeling,
    /// Whether other scorers say something, too.
    pub(crate) has_others: bool,
    /// The numbers of words, by [`Column`]; 0 for none.
    pub(crate) words: [u32; COLUMNS],
    pub(crate) facts: Facts,
}

/// A row's bytes, of which single fields are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowBytes<'a>(&'a [u8; ROW_BYTES]);

impl<'a> RowBytes<'a> {
    /// The rows of a block; what is no whole row at its end is none.
    pub(crate) fn all(block: &'a [u8]) -> impl ExactSizeIterator<Item = Self> {
        block.as_chunks::<ROW_BYTES>().0.iter().map(Self)
    }

    #[inline]
    fn array<const N: usize>(self, at: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.0[at..at + N]);
        bytes
    }

    #[inline]
    pub(crate) fn occurred_at_us(self) -> i64 {
        i64::from_le_bytes(self.array(0))
    }

    pub(crate) fn interaction_id(self) -> [u8; 16] {
        self.array(8)
    }

    #[inline]
    pub(crate) fn channel(self) -> u8 {
        self.0[24]
    }

    #[inline]
    pub(crate) fn direction(self) -> u8 {
        self.0[25]
    }

    #[inline]
    pub(crate) fn attribution(self) -> u8 {
        self.0[26]
    }

    #[inline]
    pub(crate) fn offset(self) -> u64 {
        u64::from_le_bytes(self.array(OFFSET_AT))
    }

    /// How the customer felt, by the sentiment that counts.
    #[inline]
    pub(crate) fn feeling(self) -> Feeling {
        let numbers: [u8; 8] = self.array(FEELING_AT);
        let numbers = numbers.as_chunks().0;
        let number = |at: usize| u16::from_le_bytes(numbers[at]);
        Feeling {
            start: number(0),
            end: number(1),
            worst: number(2),
            signals: number(3),
            bands: {
                let bands = self.bands();
                [bands & 3, (bands >> 2) & 3, (bands >> 4) & 3]
            },
        }
    }

    /// Whether other scorers say something, too.
    #[inline]
    pub(crate) fn has_others(self) -> bool {
        self.bands() & HAS_OTHERS != 0
    }

    #[inline]
    fn bands(self) -> u8 {
        self.0[FEELING_AT + BANDS]
    }

    #[inline]
    pub(crate) fn word(self, column: Column) -> u32 {
        let at = WORDS_AT + 4 * column as usize;
        u32::from_le_bytes(self.array(at))
    }

    /// The largest number of a word.
    #[inline]
    pub(crate) fn words_max(self) -> u32 {
        let mut most = 0;
        for word in self.words() {
            most = most.max(word);
        }
        most
    }

    #[inline]
    fn words(self) -> [u32; COLUMNS] {
        let bytes: [u8; 4 * COLUMNS] = self.array(WORDS_AT);
        let mut words = [0; COLUMNS];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        words
    }

    /// All facts, with those that come after. Each stands at a place that is known beforehand, and plain loops read them: a pass
    /// decodes those of every row.
    #[inline]
    pub(crate) fn facts(self, after: After) -> Facts {
        let (numbers, counts) = self.0[FACTS_AT..].split_at(4 * NUMBERS);
        let (numbers, counts) = (numbers.as_chunks().0, counts.as_chunks().0);
        let number = |at: usize| u32::from_le_bytes(numbers[at]);
        let count = |at: usize| u16::from_le_bytes(counts[at]);
        let others = |at: usize| count(HOLD_REASONS.len() + at);
        let mut holds = [(0, 0); HOLD_REASONS.len()];
        for (at, hold) in holds.iter_mut().enumerate() {
            *hold = (count(at), number(HOLDS + at));
        }
        Facts {
            flags: number(0) | after.flags,
            queue_wait: number(1),
            ring: number(2),
            talk: number(3),
            hold: number(4),
            longest_hold: number(5),
            after_call: number(6),
            answer: number(7),
            contact: number(8),
            since_family: number(9),
            since_any: number(10),
            until_family: after.until_family,
            since_correction: number(11),
            effort_s: number(12),
            dead_air: number(13),
            since_onset: SinceOnset {
                time: number(14),
                contacts: others(1),
                transfers: others(2),
            },
            waited_before: number(15),
            holds,
            transfers: others(0),
            dead_airs: others(3),
            interruptions: [others(4), others(5)],
            promises: after.promises,
        }
    }

    pub(crate) fn row(self, after: After) -> Row {
        Row {
            occurred_at_us: self.occurred_at_us(),
            interaction_id: self.interaction_id(),
            channel: self.channel(),
            direction: self.direction(),
            attribution: self.attribution(),
            offset: self.offset(),
            feeling: self.feeling(),
            has_others: self.has_others(),
            words: self.words(),
            facts: self.facts(after),
        }
    }
}

impl Row {
    /// All but what comes after the contact.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.occurred_at_us.to_le_bytes());
        out.extend(self.interaction_id);
        out.extend([self.channel, self.direction, self.attribution]);
        out.extend(self.offset.to_le_bytes());
        let felt = &self.feeling;
        for number in [felt.start, felt.end, felt.worst, felt.signals] {
            out.extend(number.to_le_bytes());
        }
        let [end, worst, trend] = felt.bands;
        let others = if self.has_others { HAS_OTHERS } else { 0 };
        out.push(end | (worst << 2) | (trend << 4) | others);
        self.words
            .iter()
            .for_each(|word| out.extend(word.to_le_bytes()));
        let facts = &self.facts;
        for number in [
            facts.flags & !FLAGS,
            facts.queue_wait,
            facts.ring,
            facts.talk,
            facts.hold,
            facts.longest_hold,
            facts.after_call,
            facts.answer,
            facts.contact,
            facts.since_family,
            facts.since_any,
            facts.since_correction,
            facts.effort_s,
            facts.dead_air,
            facts.since_onset.time,
            facts.waited_before,
        ] {
            out.extend(number.to_le_bytes());
        }
        for (_, time) in facts.holds {
            out.extend(time.to_le_bytes());
        }
        let counts = facts.holds.iter().map(|(count, _)| *count);
        let since_onset = facts.since_onset;
        let [by_agents, by_customers] = facts.interruptions;
        let others = [
            facts.transfers,
            since_onset.contacts,
            since_onset.transfers,
            facts.dead_airs,
            by_agents,
            by_customers,
        ];
        for count in counts.chain(others) {
            out.extend(count.to_le_bytes());
        }
    }

    pub(crate) const fn set(&mut self, column: Column, word: u32) {
        self.words[column as usize] = word;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut row = Row {
            occurred_at_us: -7,
            interaction_id: [9; 16],
            channel: 3,
            direction: 2,
            attribution: 4,
            offset: 1 << 40,
            feeling: Feeling {
                start: 23,
                end: 24,
                worst: 25,
                bands: [1, 2, 3],
                signals: 26,
            },
            has_others: true,
            words: std::array::from_fn(|at| at as u32 * 1_000),
            facts: Facts {
                flags: 0xF0F0,
                queue_wait: 1,
                ring: 2,
                talk: 3,
                hold: 4,
                longest_hold: 5,
                after_call: 6,
                answer: 7,
                contact: 8,
                holds: std::array::from_fn(|at| (at as u16, at as u32 * 70_000)),
                transfers: 9,
                since_family: 10,
                since_any: 11,
                until_family: 12,
                since_correction: 13,
                dead_air: 18,
                dead_airs: 19,
                interruptions: [20, 21],
                effort_s: 14,
                since_onset: SinceOnset {
                    contacts: 15,
                    transfers: 16,
                    time: 17,
                },
                waited_before: 22,
                promises: [1, 2, 3, 4, 5, 6, 7],
            },
        };
        let after = After::of(&row.facts);
        let mut block = Vec::new();
        row.write(&mut block);
        row.set(Column::RepeatTeam, 77);
        row.write(&mut block);
        assert_eq!(block.len(), 2 * ROW_BYTES);
        let rows: Vec<_> = RowBytes::all(&block).collect();
        assert_eq!(rows[1].row(after), row);
        assert_eq!(rows[1].word(Column::RepeatTeam), 77);
        assert_eq!(rows[1].words_max(), 14_000);
        assert_eq!(rows[0].word(Column::RepeatTeam), 10_000);
    }
}
