//! From the records of a telephone system to call events: pure folds, whose whole memory can be written down.

use std::collections::BTreeMap;

use aftercall_proto::model::v1::CallEvent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::amazon::{Amazon, House};
use super::asterisk::cdr;
use super::asterisk::cel::{self, Cel};
use super::asterisk::manager::Manager;
use super::asterisk::switch::{Setup, Switch};
use super::cutter::Cut;

/// Kinds of records that are counted apart; the rest are counted together.
const KINDS_MAX: usize = 100;
/// The longest name of a kind.
const KIND_CHARS_MAX: usize = 60;

/// What the records are, and what the house says of them.
#[derive(Debug)]
pub(super) enum Format {
    /// Events of Asterisk's manager interface.
    Manager(Setup),
    /// Asterisk's channel event log.
    Cel(Setup, cel::Columns),
    /// Asterisk's call detail records.
    Cdr(Setup, cdr::Zone),
    /// Contact events and contact records of Amazon Connect.
    Amazon(House),
}

impl Format {
    /// Its name, as a place has it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Manager(_) => "asterisk-manager",
            Self::Cel(..) => "asterisk-cel",
            Self::Cdr(..) => "asterisk-cdr",
            Self::Amazon(_) => "amazon-connect",
        }
    }

    /// How its records are told apart.
    pub(super) const fn cut(&self) -> Cut {
        match self {
            Self::Manager(_) => Cut::Frames,
            Self::Cel(..) | Self::Cdr(..) => Cut::Lines,
            Self::Amazon(_) => Cut::Objects,
        }
    }

    /// What it begins with.
    pub(super) fn beginning(&self) -> Memory {
        match self {
            Self::Manager(_) | Self::Cel(..) => Memory::Switch(Switch::default()),
            Self::Cdr(..) => Memory::None,
            Self::Amazon(_) => Memory::Amazon(Amazon::default()),
        }
    }
}

/// All that is remembered of the records so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Memory {
    /// Each record says all that it means.
    None,
    /// What goes on on a switch.
    Switch(Switch),
    /// Which contacts were handed on.
    Amazon(Amazon),
}

/// What a record was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was taken, and may have meant nothing new.
    In,
    /// It says nothing of calls, for this reason or by being of this kind.
    Passed(String),
    /// It was taken, and this has to be said.
    Said(String),
}

impl Taken {
    pub(super) fn passed(why: &str) -> Self {
        Self::Passed(
            why.chars()
                .filter(|one| !one.is_control())
                .take(KIND_CHARS_MAX)
                .collect(),
        )
    }
}

#[cfg(test)]
impl Format {
    /// Fails unless nothing is told of a record, for a reason that begins so.
    pub(super) fn assert_passed(&self, record: &str, why: &str) {
        let mut events = Vec::new();
        let raw = Raw::Record(record.as_bytes(), None);
        let taken = self.beginning().take(self, raw, &mut events);
        assert!(
            matches!(&taken, Taken::Passed(text) if text.starts_with(why)),
            "{taken:?}"
        );
        assert!(events.is_empty());
    }
}

/// A record, as it came.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'a> {
    /// A record, and when it came, where nobody can say when it was written.
    Record(&'a [u8], Option<Timestamp>),
    /// The connection is there, for the first time or again.
    Connected(Timestamp),
    /// Longer than any is taken.
    TooLong,
}

impl Memory {
    /// Takes a record, and gives what it means.
    pub(super) fn take(
        &mut self,
        format: &Format,
        raw: Raw<'_>,
        out: &mut Vec<CallEvent>,
    ) -> Taken {
        let (bytes, came_at) = match raw {
            Raw::Record(bytes, came_at) => (bytes, came_at),
            Raw::TooLong => return Taken::passed("longer than 1 MiB"),
            Raw::Connected(at) => {
                if let Self::Switch(switch) = self {
                    switch.reconnects(at);
                }
                return Taken::In;
            }
        };
        let text = String::from_utf8_lossy(bytes);
        let taken = match (&mut *self, format) {
            (Self::Switch(switch), Format::Manager(setup)) => Manager {
                switch,
                setup,
                came_at,
            }
            .take(&text, out),
            (Self::Switch(switch), Format::Cel(setup, columns)) => Cel {
                switch,
                setup,
                columns,
            }
            .take(&text, out),
            (Self::None, Format::Cdr(setup, zone)) => cdr::take(&text, (setup, zone), out),
            (Self::Amazon(amazon), Format::Amazon(house)) => {
                amazon.take(&text, house, came_at, out)
            }
            _ => Taken::passed("of another format"),
        };
        match self {
            Self::Switch(switch) if taken == Taken::In => match switch.forgotten() {
                0 => taken,
                forgotten => Taken::Said(format!(
                    "{forgotten} calls are forgotten, of which nothing was heard for longest: there are too many"
                )),
            },
            _ => taken,
        }
    }
}

/// How many records meant nothing, and why.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Passed(BTreeMap<String, u64>);

impl Passed {
    pub(super) fn count(&mut self, why: String) {
        let why = match self.0.len() < KINDS_MAX || self.0.contains_key(&why) {
            true => why,
            false => "others".to_owned(),
        };
        *self.0.entry(why).or_default() += 1;
    }

    /// Each reason with its count, the most frequent first.
    pub(super) fn by_count(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self
            .0
            .iter()
            .map(|(why, count)| (why.as_str(), *count))
            .collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }
}
