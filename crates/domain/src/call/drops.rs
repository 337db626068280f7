//! Whether a call was lost rather than ended, and by whom, as far as its events tell.

use jiff::{SignedDuration, Timestamp};

use super::{Call, DropSide, Speech, Talk};
use crate::interaction::{
    Direction, DisconnectReason, DisconnectStage, DropAttribution, DropClass, SentimentParticipant,
};
use crate::limits::{DROP_BACK_WITHIN_S, DROP_HOLD_S_MIN};

/// By what a call is taken to be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropBasis {
    /// Telephony says that the line failed.
    TelecomProblem,
    /// The line was lost on our side.
    AgentSide,
    /// The customer hung up after a while on hold.
    HungUpOnHold,
    /// Nobody said why it ended, and the customer was back soon.
    CustomerBack,
    /// The customer spoke last, and waited for an answer.
    Unanswered,
    /// The agent had the customer wait, and was not back.
    LeftWaiting,
}

/// A judgement on how a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropVerdict {
    /// Whether it was lost.
    pub class: DropClass,
    /// By what; none where it was not.
    pub basis: Option<DropBasis>,
    /// To whom it is put down.
    pub attribution: DropAttribution,
}

/// From when on a call is taken to be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DropRule {
    /// From how long on hold on whoever hangs up is.
    pub on_hold_for: SignedDuration,
    /// Within how long a customer who is back was.
    pub back_within: SignedDuration,
}

impl Default for DropRule {
    fn default() -> Self {
        Self {
            on_hold_for: SignedDuration::from_secs(DROP_HOLD_S_MIN),
            back_within: SignedDuration::from_secs(DROP_BACK_WITHIN_S),
        }
    }
}

impl DropRule {
    /// Judges a call that has ended, of which it is known when the customer reached out next; none of one that has
    /// not. What makes it suspect, and that the customer was back soon, together confirm it.
    pub fn judge(self, call: &Call, back_at: Option<Timestamp>) -> Option<DropVerdict> {
        let ended_at = call.ended_at?;
        let is_back = back_at.is_some_and(|at| self.is_soon(ended_at, at));
        let basis = self.basis(call, ended_at);
        Some(match (basis, is_back) {
            (Some(basis), true) => verdict(DropClass::Confirmed, basis, call),
            (Some(basis), false) => verdict(DropClass::Suspected, basis, call),
            (None, true) if is_unexplained(call) => {
                verdict(DropClass::Suspected, DropBasis::CustomerBack, call)
            }
            (None, _) => DropVerdict {
                class: DropClass::NotADrop,
                basis: None,
                attribution: DropAttribution::Unknown,
            },
        })
    }

    /// Whether a contact that began then may confirm that one was lost which ended.
    pub fn is_soon(self, ended_at: Timestamp, began_at: Timestamp) -> bool {
        let after = began_at.duration_since(ended_at);
        !after.is_negative() && after <= self.back_within
    }

    fn basis(self, call: &Call, ended_at: Timestamp) -> Option<DropBasis> {
        let disconnect = call.disconnect.as_ref()?;
        if call.dropped == Some(DropSide::Agent) {
            return Some(DropBasis::AgentSide);
        }
        let reason = disconnect.reason;
        if reason == Some(DisconnectReason::TelecomProblem) || call.dropped.is_some() {
            return Some(DropBasis::TelecomProblem);
        }
        if self.is_hung_up_on_hold(call, ended_at) {
            return Some(DropBasis::HungUpOnHold);
        }
        call.talk.and_then(|talk| left_open(call, talk))
    }

    fn is_hung_up_on_hold(self, call: &Call, ended_at: Timestamp) -> bool {
        let Some(disconnect) = &call.disconnect else {
            return false;
        };
        let by_customer = matches!(disconnect.reason, None | Some(DisconnectReason::Customer));
        let held = call.segments.iter().flat_map(|segment| &segment.holds);
        let last = held.map(|hold| hold.began_at).max();
        let is_long = last.is_some_and(|it| ended_at.duration_since(it) >= self.on_hold_for);
        by_customer && disconnect.stage == Some(DisconnectStage::Hold) && is_long
    }
}

/// How a talk was left open that an agent had a part in; not if the agent, or the flow, ended it.
fn left_open(call: &Call, talk: Talk) -> Option<DropBasis> {
    let reason = call.disconnect.as_ref().and_then(|it| it.reason);
    let is_left = matches!(
        reason,
        None | Some(
            DisconnectReason::Customer | DisconnectReason::Unknown | DisconnectReason::System
        )
    );
    if talk.is_closed || !is_left || !call.needs_wrap_up() {
        return None;
    }
    match (talk.by, talk.speech) {
        (SentimentParticipant::Customer, _) => Some(DropBasis::Unanswered),
        (SentimentParticipant::Agent, Speech::Wait) => Some(DropBasis::LeftWaiting),
        (SentimentParticipant::Agent, _) => None,
    }
}

/// Whether nobody says who ended a call that somebody wanted something of, nor what was said in it: where that is known, it
/// tells how the call ended, and who is back has something else.
fn is_unexplained(call: &Call) -> bool {
    let reason = call.disconnect.as_ref().and_then(|it| it.reason);
    let is_open = matches!(
        reason,
        None | Some(DisconnectReason::Unknown | DisconnectReason::System)
    );
    is_open && call.talk.is_none() && call.direction != Some(Direction::Internal)
}

fn verdict(class: DropClass, basis: DropBasis, call: &Call) -> DropVerdict {
    let reason = call.disconnect.as_ref().and_then(|it| it.reason);
    let attribution = match (call.dropped, reason) {
        (Some(DropSide::Agent), _) | (_, Some(DisconnectReason::System)) => DropAttribution::Ours,
        (Some(DropSide::Customer), _) => DropAttribution::Carrier,
        _ => DropAttribution::Unknown,
    };
    DropVerdict {
        class,
        basis: Some(basis),
        attribution,
    }
}
