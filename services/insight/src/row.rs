//! A contact's row: what it comes to, in a fixed number of bytes.

use aftercall_domain::measure::{Facts, HOLD_REASONS, SinceOnset, promised};

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
}

/// How many columns have words.
pub(crate) const COLUMNS: usize = 12;

/// The bytes of a row.
pub(crate) const ROW_BYTES: usize = 8 + 16 + 2 + 4 * COLUMNS + FACTS_BYTES;

/// Numbers of four bytes, times on hold, numbers of two bytes, and promises.
const FACTS_BYTES: usize = 4 * 16 + 6 * HOLD_REASONS.len() + 2 * 6 + promised::COUNTS;

/// A contact's row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row {
    pub(crate) occurred_at_us: i64,
    pub(crate) interaction_id: [u8; 16],
    pub(crate) channel: u8,
    pub(crate) direction: u8,
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

    fn array<const N: usize>(self, at: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.0[at..at + N]);
        bytes
    }

    pub(crate) fn occurred_at_us(self) -> i64 {
        i64::from_le_bytes(self.array(0))
    }

    pub(crate) fn interaction_id(self) -> [u8; 16] {
        self.array(8)
    }

    pub(crate) fn channel(self) -> u8 {
        self.0[24]
    }

    pub(crate) fn direction(self) -> u8 {
        self.0[25]
    }

    pub(crate) fn word(self, column: Column) -> u32 {
        u32::from_le_bytes(self.array(26 + 4 * column as usize))
    }

    /// The largest number of a word.
    pub(crate) fn words_max(self) -> u32 {
        let numbers = (0..COLUMNS).map(|at| u32::from_le_bytes(self.array(26 + 4 * at)));
        numbers.max().unwrap_or(0)
    }

    pub(crate) fn facts(self) -> Facts {
        let mut at = 26 + 4 * COLUMNS;
        let mut number = || {
            let number = u32::from_le_bytes(self.array(at));
            at += 4;
            number
        };
        let mut facts = Facts {
            flags: number(),
            queue_wait: number(),
            ring: number(),
            talk: number(),
            hold: number(),
            longest_hold: number(),
            after_call: number(),
            answer: number(),
            contact: number(),
            since_family: number(),
            since_any: number(),
            until_family: number(),
            since_correction: number(),
            effort_s: number(),
            dead_air: number(),
            since_onset: SinceOnset {
                time: number(),
                ..SinceOnset::default()
            },
            ..Facts::default()
        };
        facts.holds = std::array::from_fn(|_| (0, number()));
        let mut number = || {
            let number = u16::from_le_bytes(self.array(at));
            at += 2;
            number
        };
        for (count, _) in &mut facts.holds {
            *count = number();
        }
        facts.transfers = number();
        facts.since_onset.contacts = number();
        facts.since_onset.transfers = number();
        facts.dead_airs = number();
        facts.interruptions = [number(), number()];
        facts.promises = self.array(at);
        facts
    }

    pub(crate) fn row(self) -> Row {
        Row {
            occurred_at_us: self.occurred_at_us(),
            interaction_id: self.interaction_id(),
            channel: self.channel(),
            direction: self.direction(),
            words: std::array::from_fn(|at| u32::from_le_bytes(self.array(26 + 4 * at))),
            facts: self.facts(),
        }
    }
}

impl Row {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.occurred_at_us.to_le_bytes());
        out.extend(self.interaction_id);
        out.extend([self.channel, self.direction]);
        self.words
            .iter()
            .for_each(|word| out.extend(word.to_le_bytes()));
        let facts = &self.facts;
        for number in [
            facts.flags,
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
            facts.until_family,
            facts.since_correction,
            facts.effort_s,
            facts.dead_air,
            facts.since_onset.time,
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
        out.extend(facts.promises);
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
                promises: [1, 2, 3, 4, 5, 6, 7],
            },
        };
        let mut block = Vec::new();
        row.write(&mut block);
        row.set(Column::RepeatTeam, 77);
        row.write(&mut block);
        assert_eq!(block.len(), 2 * ROW_BYTES);
        let rows: Vec<_> = RowBytes::all(&block).collect();
        assert_eq!(rows[1].row(), row);
        assert_eq!(rows[1].word(Column::RepeatTeam), 77);
        assert_eq!(rows[1].words_max(), 11_000);
        assert_eq!(rows[0].word(Column::RepeatTeam), 10_000);
    }
}
