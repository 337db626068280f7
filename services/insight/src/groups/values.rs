//! The values of a dimension, numbered over all partitions.

use std::collections::HashMap;

use aftercall_domain::measure::{Feeling, SIGNALS, Terms};
use aftercall_log::Partition;
use aftercall_proto::history::v1::{SentimentBand, SentimentTrend};
use aftercall_proto::insight::v1::{Dimension, RepeatCauseKind};
use aftercall_proto::model::v1::{Channel, Direction, DropAttribution, SignalKind};
use aftercall_view::StoreError;

use crate::filter::{cause_kind, column, part};
use crate::row::Column;
use crate::seen::Seen;
use crate::words::WordList;

/// A number of a value that is not known yet.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// By what rows are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A word.
    Word(Column),
    /// A part of a word: see [`part`].
    Part(Column),
    /// A number that names itself.
    Channel,
    /// The same.
    Direction,
    /// The same.
    Attribution,
    /// Why it is a repeat.
    Cause,
    /// The band at the end.
    End,
    /// The worst band.
    Worst,
    /// Which way the feeling moved.
    Trend,
    /// What was noticed: any number of them.
    Signal,
    /// Who scored it: any number of them.
    Scorer,
}

impl By {
    /// Whether a contact may have several values.
    pub(crate) const fn is_several(self) -> bool {
        matches!(self, Self::Signal | Self::Scorer)
    }
}

impl From<Dimension> for By {
    fn from(dimension: Dimension) -> Self {
        match (dimension, column(dimension)) {
            (_, Some((column, true))) => Self::Part(column),
            (_, Some((column, false))) => Self::Word(column),
            (Dimension::Channel, None) => Self::Channel,
            (Dimension::Direction, None) => Self::Direction,
            (Dimension::DropAttribution, None) => Self::Attribution,
            (Dimension::Sentiment, None) => Self::End,
            (Dimension::WorstSentiment, None) => Self::Worst,
            (Dimension::SentimentTrend, None) => Self::Trend,
            (Dimension::Signal, None) => Self::Signal,
            (Dimension::SentimentScorer, None) => Self::Scorer,
            (_, None) => Self::Cause,
        }
    }
}

/// The number of a value, and where it is a scorer's how the customer felt as that says.
pub(crate) type Value = (u32, Option<Feeling>);

/// The values of one dimension, over all partitions.
#[derive(Debug)]
pub(crate) struct Values {
    by: By,
    values: Vec<String>,
    numbers: HashMap<String, u32>,
    /// The numbers of the partition's own numbers, as far as they came up.
    local: Vec<u32>,
    partition: Option<Partition>,
}

impl Values {
    pub(crate) fn by(by: By) -> Self {
        Self {
            by,
            values: Vec::new(),
            numbers: HashMap::new(),
            local: Vec::new(),
            partition: None,
        }
    }

    /// Whether a contact may have several.
    pub(crate) const fn are_several(&self) -> bool {
        self.by.is_several()
    }

    /// The number of a row's value, where it has one and no more.
    pub(crate) fn of(&mut self, seen: &Seen<'_>, terms: &Terms) -> u32 {
        let row = seen.row;
        let [end, worst, trend] = seen.feeling.bands;
        let own = match self.by {
            By::Word(column) | By::Part(column) => row.word(column),
            By::Channel => row.channel().into(),
            By::Direction => row.direction().into(),
            By::Attribution => row.attribution().into(),
            By::Cause => cause_kind(terms.why(&seen.facts())) as u32,
            By::End => end.into(),
            By::Worst => worst.into(),
            By::Trend => trend.into(),
            By::Signal | By::Scorer => 0,
        };
        self.own(seen, own)
    }

    /// All values of a row: it has one at least.
    pub(crate) fn all(&mut self, seen: &Seen<'_>, terms: &Terms) -> Result<Vec<Value>, StoreError> {
        let mut all = Vec::new();
        match self.by {
            By::Signal => {
                for kind in (1..SIGNALS).filter(|kind| seen.feeling.has_signal(*kind)) {
                    let kind = u32::try_from(kind).unwrap_or(0);
                    all.push((self.own(seen, kind), None));
                }
            }
            By::Scorer => seen.each_scorer(|scorer, feeling| {
                all.push((self.number(scorer), Some(feeling)));
                Ok::<_, StoreError>(())
            })?,
            _ => all.push((self.of(seen, terms), None)),
        }
        if all.is_empty() {
            all.push((self.number(""), None));
        }
        Ok(all)
    }

    /// The number of what the row says by a number of its own.
    fn own(&mut self, seen: &Seen<'_>, own: u32) -> u32 {
        let (partition, words) = seen.partition();
        if self.partition != Some(partition) {
            self.partition = Some(partition);
            self.local.clear();
        }
        match self.local.get(own as usize) {
            Some(number) if *number != UNKNOWN => *number,
            _ => self.learn(own as usize, words),
        }
    }

    /// The value of a number.
    pub(crate) fn value(&self, number: u32) -> &str {
        self.values.get(number as usize).map_or("", |value| value)
    }

    /// The number of a value; a new one has the next.
    pub(super) fn number(&mut self, value: &str) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let next = u32::try_from(self.values.len()).unwrap_or(UNKNOWN);
        self.numbers.insert(value.to_owned(), next);
        self.values.push(value.to_owned());
        next
    }

    #[cold]
    fn learn(&mut self, own: usize, words: &WordList) -> u32 {
        let number = i32::try_from(own).unwrap_or(0);
        let value = match self.by {
            By::Word(_) => words.word(own),
            By::Part(column) => part(column, words.word(own)),
            By::Channel => name(Channel::try_from(number).ok(), |it| it.as_str_name()),
            By::Direction => name(Direction::try_from(number).ok(), |it| it.as_str_name()),
            By::Attribution => name(DropAttribution::try_from(number).ok(), |it| {
                it.as_str_name()
            }),
            By::Cause => name(RepeatCauseKind::try_from(number).ok(), |it| {
                it.as_str_name()
            }),
            By::End | By::Worst => {
                name(SentimentBand::try_from(number).ok(), |it| it.as_str_name())
            }
            By::Trend => name(SentimentTrend::try_from(number).ok(), |it| it.as_str_name()),
            By::Signal => name(SignalKind::try_from(number).ok(), |it| it.as_str_name()),
            By::Scorer => "",
        };
        let value = value.to_owned();
        let number = self.number(&value);
        if own < words.len().max(256) {
            if self.local.len() <= own {
                self.local.resize(own + 1, UNKNOWN);
            }
            self.local[own] = number;
        }
        number
    }
}

/// The prefixes of enum values that are values of dimensions.
const PREFIXES: [&str; 7] = [
    "CHANNEL_",
    "DIRECTION_",
    "REPEAT_CAUSE_KIND_",
    "SENTIMENT_BAND_",
    "SENTIMENT_TREND_",
    "SIGNAL_KIND_",
    "DROP_ATTRIBUTION_",
];

/// An enum's value as a dimension has it: without its prefix, and empty for the unspecified one.
fn name<E>(value: Option<E>, name: fn(&E) -> &'static str) -> &'static str {
    let name = value.as_ref().map_or("", name);
    let short = PREFIXES.iter().find_map(|it| name.strip_prefix(it));
    short.filter(|it| *it != "UNSPECIFIED").unwrap_or_default()
}

/// The number of an enum's value as a dimension has it; in a list, which is empty where there is no such value.
pub(super) fn numbered<E: Into<i32>>(value: &str, named: fn(&str) -> Option<E>) -> Vec<i32> {
    let mut names = PREFIXES.iter().map(|prefix| format!("{prefix}{value}"));
    let found = names.find_map(|name| named(&name));
    found.into_iter().map(Into::into).collect()
}
