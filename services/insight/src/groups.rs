//! Contacts in groups: by what they are grouped, and what each group comes to.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use aftercall_domain::measure::{Sums, Terms};
use aftercall_log::Partition;
use aftercall_proto::insight::v1::{ContactFilter, Dimension, RepeatCauseKind};
use aftercall_proto::model::v1::{Channel, Direction};

use crate::buckets::Buckets;
use crate::filter::{cause_kind, column, part};
use crate::row::{Column, RowBytes};
use crate::words::WordList;

/// A number of a value that is not known yet.
const UNKNOWN: u32 = u32::MAX;

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
    /// Why it is a repeat.
    Cause,
}

impl From<Dimension> for By {
    fn from(dimension: Dimension) -> Self {
        match (dimension, column(dimension)) {
            (_, Some((column, true))) => Self::Part(column),
            (_, Some((column, false))) => Self::Word(column),
            (Dimension::Channel, None) => Self::Channel,
            (Dimension::Direction, None) => Self::Direction,
            (_, None) => Self::Cause,
        }
    }
}

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

    /// The number of a row's value.
    pub(crate) fn of(
        &mut self,
        (partition, words): (Partition, &WordList),
        row: RowBytes<'_>,
        terms: &Terms,
    ) -> u32 {
        let own = match self.by {
            By::Word(column) | By::Part(column) => row.word(column),
            By::Channel => row.channel().into(),
            By::Direction => row.direction().into(),
            By::Cause => cause_kind(terms.why(&row.facts())) as u32,
        } as usize;
        if self.partition != Some(partition) {
            self.partition = Some(partition);
            self.local.clear();
        }
        match self.local.get(own) {
            Some(number) if *number != UNKNOWN => *number,
            _ => self.learn(own, words),
        }
    }

    /// The value of a number.
    pub(crate) fn value(&self, number: u32) -> &str {
        self.values.get(number as usize).map_or("", |value| value)
    }

    /// The number of a value; a new one has the next.
    fn number(&mut self, value: &str) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(UNKNOWN);
        let number = *self.numbers.entry(value.to_owned()).or_insert(next);
        if number == next {
            self.values.push(value.to_owned());
        }
        number
    }

    #[cold]
    fn learn(&mut self, own: usize, words: &WordList) -> u32 {
        let number = i32::try_from(own).unwrap_or(0);
        let value = match self.by {
            By::Word(_) => words.word(own),
            By::Part(column) => part(column, words.word(own)),
            By::Channel => name(Channel::try_from(number).ok(), |it| it.as_str_name()),
            By::Direction => name(Direction::try_from(number).ok(), |it| it.as_str_name()),
            By::Cause => name(RepeatCauseKind::try_from(number).ok(), |it| {
                it.as_str_name()
            }),
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
const PREFIXES: [&str; 3] = ["CHANNEL_", "DIRECTION_", "REPEAT_CAUSE_KIND_"];

/// An enum's value as a dimension has it: without its prefix, and empty for the unspecified one.
fn name<E>(value: Option<E>, name: fn(&E) -> &'static str) -> &'static str {
    let name = value.as_ref().map_or("", name);
    let short = PREFIXES.iter().find_map(|it| name.strip_prefix(it));
    short.filter(|it| *it != "UNSPECIFIED").unwrap_or_default()
}

/// Asks in `filter` for the contacts of one value of a dimension.
pub(crate) fn ask_for(filter: &mut ContactFilter, dimension: Dimension, value: &str) {
    if value.is_empty() {
        filter.unset.push(dimension.into());
        return;
    }
    let text = vec![value.to_owned()];
    match dimension {
        Dimension::Agent => filter.agent_ids = text,
        Dimension::Team => filter.team_ids = text,
        Dimension::Site => filter.site_ids = text,
        Dimension::Queue => filter.queue_ids = text,
        Dimension::Reason => filter.reason_codes = text,
        Dimension::ReasonFamily => filter.reason_families = text,
        Dimension::Disposition => filter.disposition_codes = text,
        Dimension::Language => filter.languages = text,
        Dimension::ClientAccount => filter.client_account_ids = text,
        Dimension::RootCause => filter.root_cause_codes = text,
        Dimension::RepeatCommitment => filter.repeat_commitment_ids = text,
        Dimension::RepeatTeam => filter.repeat_team_ids = text,
        Dimension::DriverSegment => filter.driver_codes = text,
        Dimension::DriverFamily => filter.driver_families = text,
        Dimension::IvrNode => filter.ivr_nodes = text,
        Dimension::IvrPath => filter.ivr_paths = text,
        Dimension::Channel => {
            let channel = Channel::from_str_name(&format!("{}{value}", PREFIXES[0]));
            filter.channels = channel.into_iter().map(Into::into).collect();
        }
        Dimension::Direction => {
            let direction = Direction::from_str_name(&format!("{}{value}", PREFIXES[1]));
            filter.directions = direction.into_iter().map(Into::into).collect();
        }
        Dimension::RepeatCause => {
            let cause = RepeatCauseKind::from_str_name(&format!("{}{value}", PREFIXES[2]));
            filter.repeat_causes = cause.into_iter().map(Into::into).collect();
        }
        Dimension::Unspecified => {}
    }
}

/// Which group: its bucket and the numbers of its values.
pub(crate) type GroupKey = (u32, u32, u32);

/// Groups, each with what it comes to.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) values: Vec<Values>,
    terms: Terms,
    places: HashMap<GroupKey, usize, BuildHasherDefault<Mixing>>,
    pub(crate) groups: Vec<(GroupKey, Sums)>,
    /// The group of the row before: rows that stand together often are of one group.
    last: Option<(GroupKey, usize)>,
}

impl Groups {
    pub(crate) fn by(dimensions: &[Dimension], terms: Terms) -> Self {
        let values = dimensions.iter().map(|it| Values::by(By::from(*it)));
        Self {
            values: values.collect(),
            terms,
            places: HashMap::default(),
            groups: Vec::new(),
            last: None,
        }
    }

    pub(crate) fn add(
        &mut self,
        of: (Partition, &WordList),
        row: RowBytes<'_>,
        buckets: &mut Buckets,
    ) {
        let at_us = row.occurred_at_us();
        let mut number = |place: usize| match self.values.get_mut(place) {
            Some(values) => values.of(of, row, &self.terms),
            None => 0,
        };
        let key = (buckets.of(at_us), number(0), number(1));
        let place = match self.last {
            Some((last, place)) if last == key => place,
            _ => self.place(key),
        };
        self.last = Some((key, place));
        self.groups[place].1.add(&row.facts(), at_us, &self.terms);
    }

    /// Adds groups of other rows, by the same dimensions.
    pub(crate) fn take_in(&mut self, others: &Self) {
        for (key, sums) in &others.groups {
            let numbers = [key.1, key.2];
            let mut own = [0, 0];
            let pairs = self.values.iter_mut().zip(&others.values);
            for ((own, theirs), (values, other)) in own.iter_mut().zip(numbers).zip(pairs) {
                *own = values.number(other.value(theirs));
            }
            let place = self.place((key.0, own[0], own[1]));
            self.groups[place].1.merge(sums);
        }
    }

    /// Where a group stands; it is made where there is none.
    fn place(&mut self, key: GroupKey) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.groups.push((key, Sums::default()));
            self.groups.len() - 1
        })
    }

    /// A group's values.
    pub(crate) fn values_of(&self, key: GroupKey) -> Vec<String> {
        let numbers = [key.1, key.2];
        let values = self.values.iter().zip(numbers);
        values
            .map(|(values, number)| values.value(number).to_owned())
            .collect()
    }

    pub(crate) fn total(&self) -> Sums {
        let mut total = Sums::default();
        for (_, sums) in &self.groups {
            total.merge(sums);
        }
        total
    }
}

/// Mixes a few small numbers of our own; nobody chooses them to collide.
#[derive(Debug, Default)]
pub(crate) struct Mixing(u64);

impl Hasher for Mixing {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32((*byte).into()));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
