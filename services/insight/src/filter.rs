//! What contacts must fulfil, checked.

mod felt;
mod searched;

use aftercall_domain::interaction::last_node;
use aftercall_domain::limits::IVR_PATH_BYTES_MAX;
use aftercall_domain::measure::{Counted, REPEAT_DAYS, REPEAT_DAYS_MAX, Why, family};
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    ContactFact, ContactFilter, Dimension, RepeatCauseKind, Terms as WireTerms,
};
use aftercall_proto::model::v1::{Channel, Direction, DropAttribution};
use aftercall_service::Checker;
use jiff::Timestamp;

pub(crate) use felt::FeltFilter;
pub(crate) use searched::searched;

use crate::limits::{SECONDS_MAX, VALUES_MAX};
use crate::row::Column;

/// What one word of a row must be among.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Among {
    pub(crate) column: Column,
    /// Whether its [`part`] must be, and not the whole word.
    pub(crate) by_part: bool,
    pub(crate) values: Vec<String>,
}

/// A request's filter, checked. All must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) from_us: i64,
    pub(crate) before_us: i64,
    pub(crate) among: Vec<Among>,
    pub(crate) channels: Vec<Vec<u8>>,
    pub(crate) directions: Vec<Vec<u8>>,
    pub(crate) attributions: Vec<Vec<u8>>,
    pub(crate) causes: Vec<Vec<Option<Why>>>,
    /// All must be so.
    pub(crate) facts: Vec<Counted>,
    pub(crate) felt: FeltFilter,
}

/// The part of a word by which contacts can be grouped, too: of a code its family, of a way through a voice menu its last step.
pub(crate) fn part(column: Column, word: &str) -> &str {
    match column {
        Column::IvrPath => last_node(word),
        _ => family(word),
    }
}

/// The words that a dimension's values are, and whether only a [`part`] of each; none for those that are no words.
pub(crate) const fn column(dimension: Dimension) -> Option<(Column, bool)> {
    Some(match dimension {
        Dimension::Agent => (Column::Agent, false),
        Dimension::Team => (Column::Team, false),
        Dimension::Site => (Column::Site, false),
        Dimension::Queue => (Column::Queue, false),
        Dimension::Reason => (Column::Reason, false),
        Dimension::ReasonFamily => (Column::Reason, true),
        Dimension::Disposition => (Column::Disposition, false),
        Dimension::Language => (Column::Language, false),
        Dimension::ClientAccount => (Column::ClientAccount, false),
        Dimension::RootCause => (Column::RootCause, false),
        Dimension::RepeatCommitment => (Column::RepeatCommitment, false),
        Dimension::RepeatTeam => (Column::RepeatTeam, false),
        Dimension::DriverSegment => (Column::Driver, false),
        Dimension::DriverFamily => (Column::Driver, true),
        Dimension::IvrPath => (Column::IvrPath, false),
        Dimension::IvrNode => (Column::IvrPath, true),
        Dimension::Channel
        | Dimension::Direction
        | Dimension::DropAttribution
        | Dimension::RepeatCause
        | Dimension::Sentiment
        | Dimension::WorstSentiment
        | Dimension::SentimentTrend
        | Dimension::Signal
        | Dimension::SentimentScorer
        | Dimension::Unspecified => return None,
    })
}

/// Why a contact is a repeat, as the wire says it.
pub(crate) const fn cause_kind(why: Option<Why>) -> RepeatCauseKind {
    match why {
        None => RepeatCauseKind::Unspecified,
        Some(Why::LapsedCommitment) => RepeatCauseKind::LapsedCommitment,
        Some(Why::Drop) => RepeatCauseKind::Drop,
        Some(Why::NotResolved) => RepeatCauseKind::NotResolved,
        Some(Why::Unknown) => RepeatCauseKind::Unknown,
        Some(Why::Unrelated) => RepeatCauseKind::Unrelated,
        Some(Why::Correction) => RepeatCauseKind::Correction,
        Some(Why::NewFacts) => RepeatCauseKind::NewFacts,
    }
}

const fn why(kind: RepeatCauseKind) -> Option<Why> {
    match kind {
        RepeatCauseKind::Unspecified => None,
        RepeatCauseKind::LapsedCommitment => Some(Why::LapsedCommitment),
        RepeatCauseKind::Drop => Some(Why::Drop),
        RepeatCauseKind::NotResolved => Some(Why::NotResolved),
        RepeatCauseKind::Unknown => Some(Why::Unknown),
        RepeatCauseKind::Unrelated => Some(Why::Unrelated),
        RepeatCauseKind::Correction => Some(Why::Correction),
        RepeatCauseKind::NewFacts => Some(Why::NewFacts),
    }
}

const fn counted(fact: ContactFact) -> Option<Counted> {
    Some(match fact {
        ContactFact::Offered => Counted::Offered,
        ContactFact::Handled => Counted::Handled,
        ContactFact::Answered => Counted::Answered,
        ContactFact::AnsweredWithin => Counted::AnsweredWithin,
        ContactFact::Abandoned => Counted::Abandoned,
        ContactFact::ShortAbandoned => Counted::ShortAbandoned,
        ContactFact::Transferred => Counted::Transferred,
        ContactFact::Dropped => Counted::Dropped,
        ContactFact::Resolvable => Counted::Resolvable,
        ContactFact::ResolvedFirst => Counted::ResolvedFirst,
        ContactFact::Redialled => Counted::Redialled,
        ContactFact::Repeat => Counted::Repeat,
        ContactFact::Recorded => Counted::Recorded,
        ContactFact::Unrecorded => Counted::Unrecorded,
        ContactFact::Onset => Counted::Onset,
        ContactFact::Promised => Counted::Promised,
        ContactFact::PromiseKept => Counted::PromiseKept,
        ContactFact::PromiseLate => Counted::PromiseLate,
        ContactFact::PromiseBroken => Counted::PromiseBroken,
        ContactFact::PromiseCalledOff => Counted::PromiseCalledOff,
        ContactFact::PromiseOpen => Counted::PromiseOpen,
        ContactFact::PromiseMovedAlone => Counted::PromiseMovedAlone,
        ContactFact::Unspecified => return None,
    })
}

impl Filter {
    /// Checks a request's filter.
    pub(crate) fn of(wire: &ContactFilter, checker: &mut Checker) -> Self {
        let mut filter = Self {
            from_us: i64::MIN,
            before_us: i64::MAX,
            among: Vec::new(),
            channels: Vec::new(),
            directions: Vec::new(),
            attributions: Vec::new(),
            causes: Vec::new(),
            facts: Vec::new(),
            felt: FeltFilter::of(wire, checker),
        };
        filter.take_words(wire, checker);
        filter.take_numbers(wire, checker);
        let unset = &wire.unset;
        let unset = checker.known_list::<Dimension>("filter.unset", unset, VALUES_MAX);
        for dimension in unset {
            match (dimension, column(dimension)) {
                (_, Some((column, by_part))) => filter.among.push(Among {
                    column,
                    by_part,
                    values: vec![String::new()],
                }),
                (Dimension::Channel, _) => filter.channels.push(vec![0]),
                (Dimension::Direction, _) => filter.directions.push(vec![0]),
                (Dimension::DropAttribution, _) => filter.attributions.push(vec![0]),
                (felt, None) if filter.felt.take_unset(felt) => {}
                (_, None) => filter.causes.push(vec![None]),
            }
        }
        let (from, before) = checker.within(
            ("filter.occurred_from", wire.occurred_from.as_ref()),
            ("filter.occurred_before", wire.occurred_before.as_ref()),
        );
        filter.from_us = from.map_or(i64::MIN, time::microseconds);
        filter.before_us = before.map_or(i64::MAX, time::microseconds);
        filter
    }

    fn take_words(&mut self, wire: &ContactFilter, checker: &mut Checker) {
        let lists = [
            ("agent_ids", &wire.agent_ids, Column::Agent, false),
            ("team_ids", &wire.team_ids, Column::Team, false),
            ("site_ids", &wire.site_ids, Column::Site, false),
            ("queue_ids", &wire.queue_ids, Column::Queue, false),
            ("reason_codes", &wire.reason_codes, Column::Reason, false),
            (
                "reason_families",
                &wire.reason_families,
                Column::Reason,
                true,
            ),
            (
                "disposition_codes",
                &wire.disposition_codes,
                Column::Disposition,
                false,
            ),
            ("languages", &wire.languages, Column::Language, false),
            (
                "client_account_ids",
                &wire.client_account_ids,
                Column::ClientAccount,
                false,
            ),
            (
                "repeat_commitment_ids",
                &wire.repeat_commitment_ids,
                Column::RepeatCommitment,
                false,
            ),
            (
                "repeat_team_ids",
                &wire.repeat_team_ids,
                Column::RepeatTeam,
                false,
            ),
            (
                "root_cause_codes",
                &wire.root_cause_codes,
                Column::RootCause,
                false,
            ),
            ("driver_codes", &wire.driver_codes, Column::Driver, false),
            (
                "driver_families",
                &wire.driver_families,
                Column::Driver,
                true,
            ),
            ("ivr_nodes", &wire.ivr_nodes, Column::IvrPath, true),
        ];
        for (field, values, column, by_part) in lists {
            let is_checked = checker.ids(&format!("filter.{field}"), values, VALUES_MAX);
            if is_checked && !values.is_empty() {
                self.among.push(Among {
                    column,
                    by_part,
                    values: values.clone(),
                });
            }
        }
        self.take_ways(&wire.ivr_paths, checker);
    }

    /// Ways through the voice menu, which are longer than ids.
    fn take_ways(&mut self, ways: &[String], checker: &mut Checker) {
        const FIELD: &str = "filter.ivr_paths";
        if ways.is_empty() || !checker.few(FIELD, ways.len(), VALUES_MAX) {
            return;
        }
        for (place, way) in ways.iter().enumerate() {
            checker.required_text(&format!("{FIELD}[{place}]"), way, IVR_PATH_BYTES_MAX);
        }
        self.among.push(Among {
            column: Column::IvrPath,
            by_part: false,
            values: ways.to_vec(),
        });
    }

    fn take_numbers(&mut self, wire: &ContactFilter, checker: &mut Checker) {
        let channels = checker.known_list::<Channel>("filter.channels", &wire.channels, VALUES_MAX);
        if !channels.is_empty() {
            self.channels
                .push(channels.into_iter().map(|it| it as u8).collect());
        }
        let (field, directions) = ("filter.directions", &wire.directions);
        let directions = checker.known_list::<Direction>(field, directions, VALUES_MAX);
        if !directions.is_empty() {
            self.directions
                .push(directions.into_iter().map(|it| it as u8).collect());
        }
        let (field, whose) = ("filter.drop_attributions", &wire.drop_attributions);
        let whose = checker.known_list::<DropAttribution>(field, whose, VALUES_MAX);
        if !whose.is_empty() {
            self.attributions
                .push(whose.into_iter().map(|it| it as u8).collect());
        }
        let facts = checker.known_list::<ContactFact>("filter.facts", &wire.facts, VALUES_MAX);
        self.facts = facts.into_iter().filter_map(counted).collect();
        let (field, causes) = ("filter.repeat_causes", &wire.repeat_causes);
        let causes = checker.known_list::<RepeatCauseKind>(field, causes, VALUES_MAX);
        if !causes.is_empty() {
            self.causes.push(causes.into_iter().map(why).collect());
        }
    }

    /// The same for the period before, which is as long; none without both times.
    pub(crate) fn before(&self) -> Option<Self> {
        if self.from_us == i64::MIN || self.before_us == i64::MAX {
            return None;
        }
        let length = self.before_us.saturating_sub(self.from_us);
        Some(Self {
            from_us: self.from_us.saturating_sub(length),
            before_us: self.from_us,
            ..self.clone()
        })
    }
}

/// How measures are to be reckoned, checked; the rest is the time of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) answer_within_s: u32,
    pub(crate) repeat_days: u32,
}

impl Terms {
    /// Checks what a request says of terms, and what its filter does.
    pub(crate) fn of(
        terms: Option<&WireTerms>,
        filter: Option<&ContactFilter>,
        checker: &mut Checker,
    ) -> Self {
        let days_max = REPEAT_DAYS_MAX.cast_signed();
        let terms = terms.copied().unwrap_or_default();
        let within = (terms.answer_within_seconds, SECONDS_MAX);
        let within = bounded(checker, "terms.answer_within_seconds", within);
        let days = (terms.repeat_within_days, days_max);
        let days = bounded(checker, "terms.repeat_within_days", days);
        let own = filter.map_or(0, |filter| filter.repeat_within_days);
        let own_days = bounded(checker, "filter.repeat_within_days", (own, days_max));
        if let (Some(days), Some(own)) = (days, own_days)
            && days != own
        {
            let text =
                "says other days than terms.repeat_within_days; say the same, or one of them";
            checker.conflicting("filter.repeat_within_days", text);
        }
        let own = filter.map_or(0, |filter| filter.answer_within_seconds);
        let own = (own, SECONDS_MAX);
        let own_within = bounded(checker, "filter.answer_within_seconds", own);
        if within.is_some_and(|within| own_within.is_some_and(|own| own != within)) {
            let text =
                "says another time than terms.answer_within_seconds; say the same, or one of them";
            checker.conflicting("filter.answer_within_seconds", text);
        }
        let within = within.or(own_within);
        Self {
            answer_within_s: within.unwrap_or(aftercall_domain::measure::ANSWER_WITHIN_S),
            repeat_days: days.or(own_days).unwrap_or(REPEAT_DAYS),
        }
    }

    /// With the time that the answer is complete through.
    pub(crate) fn at(self, at: Timestamp) -> aftercall_domain::measure::Terms {
        aftercall_domain::measure::Terms {
            answer_within_s: self.answer_within_s,
            repeat_days: self.repeat_days,
            now_us: time::microseconds(at),
        }
    }
}

/// A number of a request that is not negative and no more than so many; none for 0.
pub(crate) fn bounded(checker: &mut Checker, field: &str, (asked, max): (i32, i32)) -> Option<u32> {
    if !(0..=max).contains(&asked) {
        let text = format!("is not from 0 to {max}");
        checker.add(field, Reason::OutOfRange, text);
        return None;
    }
    u32::try_from(asked).ok().filter(|asked| *asked > 0)
}
