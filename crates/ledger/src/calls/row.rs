//! A call as a view keeps it: what is shown of it, and what more is known.

use aftercall_domain::call::{Call, CallTerms};
use aftercall_domain::limits::{CALL_TOLD_LATE_S_MAX, DROP_JUDGEMENTS_MAX};
use aftercall_log::Position;
use aftercall_proto::convert::call as convert;
use aftercall_proto::convert::interaction::replace;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::event::v1::{
    ActorKind, CallClosed, CallClosing, CallDropJudged, CallWrapUpSaved, Event,
};
use aftercall_proto::model::v1 as wire;
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use super::recorded_at_us;
use crate::Accepted;

const SECOND_US: i64 = 1_000_000;

/// A call as a view keeps it.
#[derive(Clone, PartialEq, Message)]
pub struct CallRow {
    /// What is shown of it.
    #[prost(message, optional, tag = "1")]
    pub call: Option<wire::Call>,
    /// Where the first that was told of it stands.
    #[prost(uint32, tag = "2")]
    partition: u32,
    #[prost(uint64, tag = "3")]
    offset: u64,
    /// How many rows of what was told there are.
    #[prost(uint32, tag = "4")]
    pub(super) told_n: u32,
    /// When something was told of it last.
    #[prost(sint64, tag = "5")]
    pub(super) told_at_us: i64,
    #[prost(bool, tag = "6")]
    closed_end: bool,
    #[prost(bool, tag = "7")]
    closed_wrap_up: bool,
    #[prost(message, repeated, tag = "8")]
    judged: Vec<Judged>,
    #[prost(bool, tag = "9")]
    pub(super) is_cut_short: bool,
    #[prost(message, optional, tag = "10")]
    pub(super) external_ref: Option<wire::ExternalRef>,
    /// If it is lost, or taken to be so: by which record that is known.
    #[prost(message, optional, tag = "11")]
    lost: Option<Lost>,
    /// Whether it would be judged otherwise if the customer was back soon after it.
    #[prost(bool, tag = "12")]
    awaits_return: bool,
    /// What its agent has saved of the wrap-up.
    #[prost(message, optional, tag = "13")]
    saved: Option<CallWrapUpSaved>,
    /// Whether something was told by which it may be over.
    #[prost(bool, tag = "14")]
    may_be_over: bool,
    /// When something was told of it first; 0 where nothing was.
    #[prost(sint64, tag = "15")]
    first_told_at_us: i64,
    /// By what it is judged and closed, as the first that was told of it says; none for the usual.
    #[prost(message, optional, tag = "16")]
    terms: Option<wire::CallTerms>,
}

/// The record by which a call is known to be lost.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Lost {
    /// Where it stands in the call's partition.
    #[prost(uint64, tag = "1")]
    pub offset: u64,
    /// When it was written, in microseconds since the Unix epoch.
    #[prost(sint64, tag = "2")]
    pub known_at_us: i64,
}

/// What somebody said of how it ended.
#[derive(Clone, PartialEq, Message)]
struct Judged {
    #[prost(string, tag = "1")]
    event_id: String,
    #[prost(message, optional, tag = "2")]
    judgement: Option<wire::CallDropJudgement>,
    #[prost(bool, tag = "3")]
    by_system: bool,
    /// When the customer was back.
    #[prost(sint64, tag = "4")]
    back_at_us: i64,
}

impl CallRow {
    /// One of which the first record stands there.
    pub(super) fn at(position: Position) -> Self {
        Self {
            partition: position.partition,
            offset: position.offset,
            ..Self::default()
        }
    }

    /// By what it is judged and closed.
    pub(super) fn terms(&self) -> CallTerms {
        convert::terms(self.terms.as_ref())
    }

    /// Notes by what it is judged and closed. What is told first decides for good, so that a change of what the tenant has
    /// set alters no call that is there.
    pub(super) fn note_terms(&mut self, terms: Option<&wire::CallTerms>) {
        if self.told_n == 0 {
            self.terms = terms.cloned();
        }
    }

    /// What is shown of it; of a row that is not whole, an empty call.
    pub fn shown(&self) -> wire::Call {
        self.call.clone().unwrap_or_default()
    }

    /// The call, where the row is whole.
    pub fn call(&self) -> Option<&wire::Call> {
        self.call.as_ref()
    }

    /// The call, once it is over: what is not over yet is measured by nobody.
    pub fn over(&self) -> Option<&wire::Call> {
        let is_over = |call: &&wire::Call| {
            matches!(
                call.state(),
                wire::CallState::WrapUp | wire::CallState::Abandoned
            )
        };
        self.call().filter(is_over)
    }

    /// Notes whether it may be over by what is told of it.
    pub(super) fn note_end(&mut self, told: &wire::CallEvent) {
        use wire::CallEventKind as Kind;
        self.may_be_over |= matches!(told.kind(), Kind::Ended | Kind::Dropped | Kind::AcwBegan);
    }

    /// Whether anything says that it may be over. Before that it is not.
    pub(super) fn may_be_over(&self) -> bool {
        self.may_be_over || self.closed_end
    }

    /// Where the first that was told of it stands.
    pub fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }

    /// Whether it is not over, or its agent's wrap-up is waited for. One that nobody told of while it could be either
    /// never is: it is read from an old log.
    pub fn is_live(&self) -> bool {
        let state = self.call().map(wire::Call::state);
        let over = matches!(state, None | Some(wire::CallState::Abandoned));
        !over && !self.closed_wrap_up && !self.is_never_ended() && self.told_late_us() <= 0
    }

    /// Whether nobody's wrap-up is waited for any more, and somebody may be asked for it.
    pub fn is_incomplete(&self) -> bool {
        let call = self.call();
        call.is_some_and(|call| call.never_wrapped_up) && !self.is_of_old()
    }

    /// Something was told of it.
    pub(super) fn note_told(&mut self, at_us: i64) {
        self.first_told_at_us = match self.first_told_at_us {
            0 => at_us,
            first => first.min(at_us),
        };
        self.told_at_us = self.told_at_us.max(at_us);
    }

    /// How long after its wrap-up could have come it was told of for the first time, in microseconds; less than nothing
    /// if before that.
    fn told_late_us(&self) -> i64 {
        let Some(call) = self.call() else { return 0 };
        let us = |at: &Option<pbjson_types::Timestamp>| {
            at.as_ref().and_then(from_wire).map(microseconds)
        };
        let terms = self.terms();
        let until_us = match (us(&call.ended_at), us(&call.began_at)) {
            (Some(ended_us), _) => ended_us + span_us(terms.wrap_up_within),
            (None, Some(began_us)) => began_us + span_us(terms.max_duration),
            (None, None) => return 0,
        };
        self.first_told_at_us.saturating_sub(until_us)
    }

    /// Whether it was told of for the first time so late that it is history: it waits for nothing.
    fn is_of_old(&self) -> bool {
        self.told_late_us() > CALL_TOLD_LATE_S_MAX * SECOND_US
    }

    /// Adds to the contact that the call is what its agent has saved of the wrap-up.
    pub fn add_saved(&self, contact: &mut wire::Interaction) {
        let Some(CallWrapUpSaved {
            update_mask: Some(mask),
            interaction: Some(values),
        }) = &self.saved
        else {
            return;
        };
        replace(contact, values.clone(), &mask.paths);
    }

    /// Part of the wrap-up was saved.
    pub(super) fn save(&mut self, saved: &CallWrapUpSaved) {
        let kept = self.saved.get_or_insert_default();
        let paths = saved.update_mask.iter().flat_map(|mask| &mask.paths);
        let paths: Vec<_> = paths.cloned().collect();
        let values = saved.interaction.clone().unwrap_or_default();
        replace(kept.interaction.get_or_insert_default(), values, &paths);
        let mask = kept.update_mask.get_or_insert_default();
        for path in paths {
            if !mask.paths.contains(&path) {
                mask.paths.push(path);
            }
        }
    }

    /// By which record it is known to be lost; none if it is not, or if somebody says that it isn't.
    pub fn lost(&self) -> Option<Lost> {
        self.lost
    }

    /// Until when the customer must be back for the call to be judged otherwise, and since when they may be: its end.
    /// None where it makes no difference.
    pub fn awaits_return(&self) -> Option<(Timestamp, Timestamp)> {
        let ended_at = self.call()?.ended_at.as_ref().and_then(from_wire)?;
        let until = ended_at.checked_add(self.terms().back_within).ok()?;
        self.awaits_return.then_some((ended_at, until))
    }

    /// When the customer was back, as far as that is known, in microseconds since the Unix epoch.
    pub fn back_at_us(&self) -> Option<i64> {
        let noticed = self.judged.iter().filter(|one| one.by_system);
        noticed.map(|one| one.back_at_us).min()
    }

    /// Notes whether it is lost by what `fact` says.
    pub(super) fn note_lost(&mut self, fact: &Accepted) {
        let class = self.call().and_then(|call| call.drop.as_ref());
        let is_lost = class.is_some_and(|drop| {
            let class = drop.drop_class();
            matches!(
                class,
                wire::DropClass::Suspected | wire::DropClass::Confirmed
            )
        });
        self.lost = is_lost.then(|| {
            self.lost.unwrap_or(Lost {
                offset: fact.position.offset,
                known_at_us: recorded_at_us(&fact.event),
            })
        });
    }

    fn is_never_ended(&self) -> bool {
        self.closed_end && self.call().is_some_and(|call| call.ended_at.is_none())
    }

    /// What of it is to be closed, and when, in microseconds since the Unix epoch; none if nothing is waited for.
    pub fn closing(&self) -> Option<(CallClosing, i64)> {
        let call = self.call()?;
        let terms = self.terms();
        let settled_us = self.told_at_us + span_us(terms.late_window);
        let us = |at: &Option<pbjson_types::Timestamp>| {
            let at = at.as_ref().and_then(from_wire);
            at.map_or(0, microseconds)
        };
        match call.state() {
            wire::CallState::Abandoned | wire::CallState::Unspecified => None,
            wire::CallState::WrapUp
                if self.closed_wrap_up || self.is_never_ended() || self.is_of_old() =>
            {
                None
            }
            wire::CallState::WrapUp => {
                let due_us = us(&call.ended_at) + span_us(terms.wrap_up_within);
                Some((CallClosing::WrapUp, due_us.max(settled_us)))
            }
            _ if self.closed_end => None,
            _ => {
                let due_us = us(&call.began_at) + span_us(terms.max_duration);
                Some((CallClosing::End, due_us.max(settled_us)))
            }
        }
    }

    /// Puts together what is shown.
    pub(super) fn show(&mut self, call: Call, interaction_id: &str) {
        let drop = self.drop(&call);
        self.awaits_return = self.would_be_judged_otherwise(&call);
        let needs_wrap_up = call.needs_wrap_up();
        let is_over = !call.state.is_live();
        let mut shown = convert::to_wire(call);
        interaction_id.clone_into(&mut shown.interaction_id);
        shown.external_ref.clone_from(&self.external_ref);
        shown.is_cut_short = self.is_cut_short;
        shown.never_ended = self.closed_end && !is_over;
        shown.never_wrapped_up = needs_wrap_up && (self.closed_wrap_up || shown.never_ended);
        if shown.never_ended {
            let state = match needs_wrap_up {
                true => wire::CallState::WrapUp,
                false => wire::CallState::Abandoned,
            };
            shown.state = state.into();
            (shown.queued_since, shown.on_hold_since) = (None, None);
            shown.disconnect = Some(wire::Disconnect {
                reason: wire::DisconnectReason::Unknown.into(),
                ..wire::Disconnect::default()
            });
        }
        if let (Some(disconnect), Some(drop)) = (&mut shown.disconnect, &drop) {
            disconnect.drop_class = drop.drop_class;
            disconnect.attribution = drop.attribution;
        }
        shown.drop = drop;
        shown.terms.clone_from(&self.terms);
        self.call = Some(shown);
        // Of a call that is over, and was before anybody told of it, no wrap-up is waited for: nobody has to say so.
        if is_over && needs_wrap_up && self.is_of_old() {
            let call = self.call.get_or_insert_default();
            call.never_wrapped_up = true;
        }
    }

    /// Whether it makes a difference if the customer is back soon: not if a person has judged the call.
    fn would_be_judged_otherwise(&self, call: &Call) -> bool {
        let rule = self.terms().drop_rule();
        let is_judged = self.judged.iter().any(|one| !one.by_system);
        !is_judged && rule.judge(call, None) != rule.judge(call, call.ended_at)
    }

    /// Whether it was lost: what a person said last of that, or else what follows from the events, and from when the
    /// customer was back.
    fn drop(&self, call: &Call) -> Option<wire::CallDrop> {
        let back = self
            .judged
            .iter()
            .filter(|one| one.by_system)
            .min_by_key(|one| {
                let by = one.judgement.as_ref().map(|it| &it.back_by_interaction_id);
                (one.back_at_us, by)
            });
        let back_at = back.and_then(|one| Timestamp::from_microsecond(one.back_at_us).ok());
        let verdict = self.terms().drop_rule().judge(call, back_at);
        let said = self.judged.iter().rev().find(|one| !one.by_system);
        let said = said.and_then(|one| one.judgement.as_ref());
        let mut drop = match (said, verdict) {
            (None, None) => return None,
            (None, Some(verdict)) => convert::drop_judged(verdict),
            (Some(said), _) => wire::CallDrop {
                drop_class: said.drop_class,
                basis: wire::DropBasis::Evidence.into(),
                attribution: said.attribution,
                ..wire::CallDrop::default()
            },
        };
        let back = back.and_then(|one| one.judgement.as_ref());
        if drop.drop_class() != wire::DropClass::NotADrop {
            let by = back.map(|it| it.back_by_interaction_id.clone());
            drop.back_by_interaction_id = by.unwrap_or_default();
        }
        let judgements = self.judged.iter().filter(|one| !one.by_system);
        drop.judgements = judgements.filter_map(|one| one.judgement.clone()).collect();
        Some(drop)
    }
}

/// Whole seconds, which terms are, in microseconds.
const fn span_us(span: SignedDuration) -> i64 {
    span.as_secs().saturating_mul(SECOND_US)
}

/// Nothing more is waited for; says whether that is new.
pub(super) fn close(row: &mut CallRow, closed: &CallClosed) -> bool {
    let flag = match closed.closing() {
        CallClosing::Unspecified => return false,
        CallClosing::End => &mut row.closed_end,
        CallClosing::WrapUp => &mut row.closed_wrap_up,
    };
    !std::mem::replace(flag, true)
}

/// It was judged whether it was lost; says whether that is new.
pub(super) fn judge(row: &mut CallRow, event: &Event, judged: &CallDropJudged) -> bool {
    if row.judged.iter().any(|one| one.event_id == event.event_id) {
        return false;
    }
    let back_at = event.occurred_at.as_ref().and_then(from_wire);
    row.judged.push(Judged {
        event_id: event.event_id.clone(),
        judgement: Some(wire::CallDropJudgement {
            drop_class: judged.drop_class,
            attribution: judged.attribution,
            reason: judged.reason.clone(),
            judged_by: event.actor_id.clone(),
            judged_at: event.recorded_at,
            back_by_interaction_id: judged.back_by_interaction_id.clone(),
        }),
        by_system: event.actor_kind() == ActorKind::System,
        back_at_us: back_at.map_or(0, microseconds),
    });
    if row.judged.len() > DROP_JUDGEMENTS_MAX {
        row.judged.remove(0);
    }
    true
}

#[cfg(test)]
mod tests {
    use aftercall_proto::convert::time::to_wire;
    use pbjson_types::Duration;

    use super::*;

    const HOUR_S: i64 = 60 * 60;

    /// A call of which telephony told last when it began, or when it ended, with what was set of its times in seconds.
    fn row(ended_s: Option<i64>, set: Option<(i64, i64, i64)>) -> CallRow {
        let at = |second| Some(to_wire(Timestamp::from_second(second).unwrap()));
        let seconds = |seconds| Some(Duration { seconds, nanos: 0 });
        let state = match ended_s {
            Some(_) => wire::CallState::WrapUp,
            None => wire::CallState::Connected,
        };
        CallRow {
            call: Some(wire::Call {
                state: state.into(),
                began_at: at(0),
                ended_at: ended_s.and_then(at),
                ..wire::Call::default()
            }),
            told_at_us: ended_s.unwrap_or(0) * SECOND_US,
            terms: set.map(|(longest, wrap_up, late)| wire::CallTerms {
                max_duration: seconds(longest),
                wrap_up_within: seconds(wrap_up),
                late_window: seconds(late),
                ..wire::CallTerms::default()
            }),
            ..CallRow::default()
        }
    }

    fn closes_at_s(row: &CallRow) -> i64 {
        row.closing().unwrap().1 / SECOND_US
    }

    #[test]
    fn a_call_is_closed_by_its_own_terms_or_else_by_the_usual_ones() {
        assert_eq!(closes_at_s(&row(None, None)), 8 * HOUR_S);
        assert_eq!(closes_at_s(&row(Some(60), None)), 60 + 2 * HOUR_S);
        let set = Some((HOUR_S, 600, 120));
        assert_eq!(closes_at_s(&row(None, set)), HOUR_S);
        assert_eq!(closes_at_s(&row(Some(60), set)), 660);
        // Not before what is told of it has settled.
        let slow = Some((HOUR_S, 600, 900));
        assert_eq!(closes_at_s(&row(Some(60), slow)), 960);
    }

    #[test]
    fn what_is_told_first_says_by_what_a_call_is_judged_for_good() {
        let mut row = CallRow::default();
        let later = wire::CallTerms {
            policy_id: "calls".to_owned(),
            ..wire::CallTerms::default()
        };
        row.note_terms(None);
        row.told_n += 1;
        row.note_terms(Some(&later));
        assert_eq!(row.terms(), CallTerms::default());
        let mut row = CallRow::default();
        row.note_terms(Some(&later));
        row.told_n += 1;
        row.note_terms(None);
        assert_eq!(row.terms.as_ref(), Some(&later));
    }
}
