//! Contacts in groups: by what they are grouped, and what each group comes to.

mod values;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use aftercall_domain::measure::{Facts, Feeling, Sums, Terms};
use aftercall_proto::history::v1::{SentimentBand, SentimentTrend};
use aftercall_proto::insight::v1::{ContactFilter, Dimension, RepeatCauseKind};
use aftercall_proto::model::v1::{Channel, Direction, DropAttribution, SignalKind};
use aftercall_view::StoreError;

use crate::buckets::Buckets;
use crate::seen::Seen;
pub(crate) use values::{By, Values};
use values::{UNKNOWN, numbered};

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
        Dimension::Channel => filter.channels = numbered(value, Channel::from_str_name),
        Dimension::Direction => filter.directions = numbered(value, Direction::from_str_name),
        Dimension::RepeatCause => {
            filter.repeat_causes = numbered(value, RepeatCauseKind::from_str_name);
        }
        Dimension::Sentiment => filter.sentiments = numbered(value, SentimentBand::from_str_name),
        Dimension::WorstSentiment => {
            filter.worst_sentiments = numbered(value, SentimentBand::from_str_name);
        }
        Dimension::SentimentTrend => {
            filter.sentiment_trends = numbered(value, SentimentTrend::from_str_name);
        }
        // A contact may have another one, too, that the filter asks for already.
        Dimension::Signal => {
            let signal = numbered(value, SignalKind::from_str_name);
            filter.all_signals.extend(signal);
        }
        Dimension::SentimentScorer => filter.all_sentiment_scorers.extend(text),
        Dimension::DropAttribution => {
            filter.drop_attributions = numbered(value, DropAttribution::from_str_name);
        }
        Dimension::Unspecified => {}
    }
}

/// Which group: its bucket and the numbers of its values.
pub(crate) type GroupKey = (u32, u32, u32);

/// Buckets and values of which a group of one dimension is found without a search: their numbers lie below.
const DENSE_BUCKETS: u32 = 1_024;
const DENSE_VALUES: u32 = 256;

/// Groups, each with what it comes to.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) values: Vec<Values>,
    terms: Terms,
    /// The places of groups of one dimension with small numbers, by bucket and value.
    dense: Vec<u32>,
    /// The places of all others.
    places: HashMap<GroupKey, usize, BuildHasherDefault<Mixing>>,
    pub(crate) groups: Vec<(GroupKey, Sums)>,
    /// All contacts, each once, where one may be in several groups.
    whole: Option<Box<Sums>>,
}

impl Groups {
    pub(crate) fn by(dimensions: &[Dimension], terms: Terms) -> Self {
        let values = dimensions.iter().map(|it| Values::by(By::from(*it)));
        let values: Vec<_> = values.collect();
        let is_several = values.iter().any(Values::are_several);
        Self {
            values,
            terms,
            dense: Vec::new(),
            places: HashMap::default(),
            groups: Vec::new(),
            whole: is_several.then(Box::default),
        }
    }

    pub(crate) fn add(&mut self, seen: &Seen<'_>, buckets: &mut Buckets) -> Result<(), StoreError> {
        let (at_us, facts) = (seen.row.occurred_at_us(), seen.facts());
        let bucket = buckets.of(at_us);
        if self.whole.is_some() {
            return self.add_to_several(seen, bucket, &facts);
        }
        let mut number = |place: usize| match self.values.get_mut(place) {
            Some(values) => values.of(seen, &self.terms),
            None => 0,
        };
        let key = (bucket, number(0), number(1));
        let place = self.place(key);
        add(
            &mut self.groups[place].1,
            (&facts, at_us),
            &seen.feeling,
            &self.terms,
        );
        Ok(())
    }

    /// Adds a contact to the group of each of its values.
    fn add_to_several(
        &mut self,
        seen: &Seen<'_>,
        bucket: u32,
        facts: &Facts,
    ) -> Result<(), StoreError> {
        let at_us = seen.row.occurred_at_us();
        let mut all = [vec![(0, None)], vec![(0, None)]];
        for (all, values) in all.iter_mut().zip(&mut self.values) {
            *all = values.all(seen, &self.terms)?;
        }
        let [first, second] = all;
        for (one, says) in first {
            for (other, also_says) in &second {
                let place = self.place((bucket, one, *other));
                let feeling = says.or(*also_says).unwrap_or(seen.feeling);
                add(
                    &mut self.groups[place].1,
                    (facts, at_us),
                    &feeling,
                    &self.terms,
                );
            }
        }
        if let Some(whole) = &mut self.whole {
            add(whole, (facts, at_us), &seen.feeling, &self.terms);
        }
        Ok(())
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
        if let (Some(whole), Some(other)) = (&mut self.whole, &others.whole) {
            whole.merge(other);
        }
    }

    /// Where a group stands; it is made where there is none.
    fn place(&mut self, key: GroupKey) -> usize {
        let (bucket, value, second) = key;
        let next = self.groups.len();
        let place = if second == 0 && bucket < DENSE_BUCKETS && value < DENSE_VALUES {
            let at = (bucket * DENSE_VALUES + value) as usize;
            if self.dense.len() <= at {
                self.dense.resize(at + 1, UNKNOWN);
            }
            let found = &mut self.dense[at];
            if *found == UNKNOWN {
                *found = u32::try_from(next).unwrap_or(UNKNOWN);
            }
            *found as usize
        } else {
            *self.places.entry(key).or_insert(next)
        };
        if place == next {
            self.groups.push((key, Sums::default()));
        }
        place
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
        if let Some(whole) = &self.whole {
            return (**whole).clone();
        }
        let mut total = Sums::default();
        for (_, sums) in &self.groups {
            total.merge(sums);
        }
        total
    }
}

/// Adds a contact to a group.
fn add(sums: &mut Sums, (facts, at_us): (&Facts, i64), feeling: &Feeling, terms: &Terms) {
    sums.add(facts, at_us, terms);
    // In most houses nobody scores most contacts.
    if *feeling != Feeling::default() {
        sums.felt.add(feeling);
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
