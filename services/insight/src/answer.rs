//! What answers have in common: measures and definitions, as the wire says them.

use aftercall_domain::interaction::HoldReason;
use aftercall_domain::measure::{self, EDITION, Felt, HOLD_REASONS, SERVICE_LEVEL, Sums};
use aftercall_proto::insight::v1::{
    AggregateResponse, CompareDriversResponse, CountRepeatContactsResponse, Definitions, HoldTime,
    MeasureFairClocksResponse, MeasureImprovementResponse, Measures, SignalContacts,
};
use aftercall_proto::model::v1 as wire;

use crate::filter::Terms;

/// An answer that says how far it is complete.
pub(crate) trait Completed {
    /// The same, complete through a position and a time.
    fn completed(self, through: String, at: pbjson_types::Timestamp) -> Self;
}

macro_rules! completed {
    ($($answer:ident),* $(,)?) => {$(
        impl Completed for $answer {
            fn completed(self, through: String, at: pbjson_types::Timestamp) -> Self {
                Self {
                    complete_through: through,
                    complete_through_at: Some(at),
                    ..self
                }
            }
        }
    )*};
}

completed! {
    AggregateResponse,
    CompareDriversResponse,
    CountRepeatContactsResponse,
    MeasureFairClocksResponse,
    MeasureImprovementResponse,
}

pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A sum of contacts, as the wire says it.
pub(crate) fn measures(sums: &Sums) -> Measures {
    Measures {
        contacts: number(sums.contacts),
        unrecorded: number(sums.unrecorded),
        offered: number(sums.offered),
        handled: number(sums.handled),
        answered: number(sums.answered),
        abandoned: number(sums.abandoned),
        short_abandoned: number(sums.short_abandoned),
        answered_within: number(sums.answered_within),
        queue_wait_ms: number(sums.queue_wait),
        queue_wait_contacts: number(sums.queue_wait_contacts),
        waited_ms: number(sums.waited),
        waited_contacts: number(sums.waited_contacts),
        average_wait_seconds: sums.average_wait(),
        ring_ms: number(sums.ring),
        talk_ms: number(sums.talk),
        hold_ms: number(sums.hold),
        verify_hold_ms: number(sums.verify_hold()),
        holds: number(sums.holds),
        longest_hold_ms: number(sums.longest_hold),
        after_call_ms: number(sums.after_call),
        handle_ms: number(sums.handle()),
        answer_ms: number(sums.answer),
        answer_contacts: number(sums.answer_contacts),
        contact_ms: number(sums.contact),
        contact_ms_contacts: number(sums.contact_contacts),
        transfers: number(sums.transfers),
        transferred: number(sums.transferred),
        dropped: number(sums.dropped),
        resolvable: number(sums.resolvable),
        resolved_first: number(sums.resolved_first),
        provisional: number(sums.provisional),
        redialled: number(sums.redialled),
        repeats: number(sums.repeats),
        promises: number(sums.promises),
        promises_kept: number(sums.promises_kept),
        promises_late: number(sums.promises_late),
        promises_broken: number(sums.promises_broken),
        promises_called_off: number(sums.promises_called_off),
        promises_open: number(sums.promises_open),
        promises_moved_alone: number(sums.promises_moved_alone),
        dead_air_ms: number(sums.dead_air),
        dead_airs: number(sums.dead_airs),
        interruptions_by_agents: number(sums.interruptions_by_agents),
        interruptions_by_customers: number(sums.interruptions_by_customers),
        onset_contacts: number(sums.onset_contacts),
        since_onset_contacts: number(sums.since_onset_contacts),
        since_onset_ms: number(sums.since_onset_time),
        since_onset_transfers: number(sums.since_onset_transfers),
        effort_seconds: number(sums.effort_s),
        effort_contacts: number(sums.effort_contacts),
        average_effort_seconds: sums.average_effort(),
        average_since_onset_contacts: sums.average_since_onset_contacts(),
        average_since_onset_seconds: sums.average_since_onset_time(),
        average_since_onset_transfers: sums.average_since_onset_transfers(),
        average_handle_seconds: sums.average_handle(),
        average_handle_less_verify_seconds: sums.average_handle_less_verify(),
        average_answer_seconds: sums.average_answer(),
        abandonment_rate: sums.abandonment(),
        service_level: sums.service_level(),
        first_contact_resolution: sums.first_contact_resolution(),
        repeat_rate: sums.repeat_rate(),
        promises_kept_rate: sums.kept_rate(),
        holds_by_reason: holds(sums),
        ..felt(&sums.felt)
    }
}

/// How customers felt, and nothing else.
fn felt(felt: &Felt) -> Measures {
    let [ended_negative, ended_neutral, ended_positive] = felt.bands.map(number);
    let [worst_negative, ..] = felt.worst_bands.map(number);
    let [moved_worse, _, moved_better] = felt.trends.map(number);
    Measures {
        felt_contacts: number(felt.ended),
        felt_start_contacts: number(felt.started),
        average_start_sentiment: felt.average_start(),
        average_end_sentiment: felt.average_end(),
        average_worst_sentiment: felt.average_worst(),
        average_sentiment_shift: felt.average_shift(),
        ended_negative,
        ended_neutral,
        ended_positive,
        worst_negative,
        moved_worse,
        moved_better,
        signalled: number(felt.signalled),
        signals: signals(felt),
        ..Measures::default()
    }
}

fn signals(felt: &Felt) -> Vec<SignalContacts> {
    let counts = (0..).zip(felt.signals).filter(|(_, count)| *count > 0);
    let counts = counts.map(|(kind, count)| SignalContacts {
        kind,
        contacts: number(count),
    });
    counts.collect()
}

fn holds(sums: &Sums) -> Vec<HoldTime> {
    let holds = HOLD_REASONS.into_iter().zip(sums.holds_by_reason);
    holds
        .filter(|(_, (count, _))| *count > 0)
        .map(|(reason, (count, time))| HoldTime {
            reason: hold_name(reason).to_owned(),
            holds: number(count),
            hold_ms: number(time),
        })
        .collect()
}

fn hold_name(reason: HoldReason) -> &'static str {
    let name = wire::HoldReason::from(reason).as_str_name();
    name.strip_prefix("HOLD_REASON_").unwrap_or(name)
}

/// How an answer was reckoned.
pub(crate) fn definitions(terms: Terms, time_zone: &str) -> Definitions {
    Definitions {
        version: EDITION.to_owned(),
        service_level: SERVICE_LEVEL.to_owned(),
        answer_within_seconds: terms.answer_within_s.cast_signed(),
        repeat_within_days: terms.repeat_days.cast_signed(),
        time_zone: time_zone.to_owned(),
    }
}

/// The terms of an answer in which they make no difference.
pub(crate) const fn usual() -> Terms {
    Terms {
        answer_within_s: measure::ANSWER_WITHIN_S,
        repeat_days: measure::REPEAT_DAYS,
    }
}
