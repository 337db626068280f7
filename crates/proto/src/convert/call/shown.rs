//! Calls as they are shown: by themselves, and as contacts.

use aftercall_domain::call::{Call, CallState, DropBasis, DropVerdict, Measures, Restatement};
use aftercall_domain::interaction::Channel;
use aftercall_domain::measure::EDITION;
use jiff::SignedDuration;

use crate::convert::{enums, message, time};
use crate::model::v1 as wire;

/// The call, but for its names and what is judged of it.
pub fn to_wire(call: Call) -> wire::Call {
    let hold = call.holding().cloned();
    let queued_since = call.queued_since().map(time::to_wire);
    wire::Call {
        state: wire::CallState::from(call.state).into(),
        since: Some(time::to_wire(call.since)),
        began_at: Some(time::to_wire(call.began_at)),
        ended_at: call.ended_at.map(time::to_wire),
        direction: enums::number::<wire::Direction>(call.direction),
        customer_id: call.customer_id.unwrap_or_default(),
        handles: message::outward(call.handles),
        our_handle: call.our_handle.map(Into::into),
        channel: enums::number::<wire::Channel>(call.channel.or(Some(Channel::Voice))),
        queue_id: call.place.queue_id,
        agent_id: call.place.agent_id,
        team_id: call.place.team_id,
        site_id: call.place.site_id,
        queued_since,
        on_hold_since: hold.as_ref().map(|hold| time::to_wire(hold.began_at)),
        hold_reason: enums::number::<wire::HoldReason>(hold.and_then(|hold| hold.reason)),
        menu_node: call.menu_node,
        ivr_path: message::outward(call.ivr_path),
        segments: message::outward(call.segments),
        disconnect: call.disconnect.map(Into::into),
        measures: Some(call.measures.into()),
        restatements: message::outward(call.restatements),
        ..wire::Call::default()
    }
}

impl From<CallState> for wire::CallState {
    fn from(state: CallState) -> Self {
        match state {
            CallState::Initiated => Self::Initiated,
            CallState::Menu => Self::Menu,
            CallState::Queued => Self::Queued,
            CallState::Ringing => Self::Ringing,
            CallState::Connected => Self::Connected,
            CallState::OnHold => Self::OnHold,
            CallState::Transferring => Self::Transferring,
            CallState::WrapUp => Self::WrapUp,
            CallState::Abandoned => Self::Abandoned,
        }
    }
}

impl From<Measures> for wire::CallMeasures {
    fn from(measures: Measures) -> Self {
        let handle_time = measures.handle_time();
        Self {
            queue_wait: Some(duration(measures.queue_wait)),
            ring_time: Some(duration(measures.ring_time)),
            talk_time: Some(duration(measures.talk_time)),
            hold_time: Some(duration(measures.hold_time)),
            hold_count: measures.holds_n,
            longest_hold: Some(duration(measures.longest_hold)),
            acw_time: Some(duration(measures.acw_time)),
            handle_time: Some(duration(handle_time)),
            transfer_count: measures.transfer_n,
            answer_count: measures.answered_n,
            ring_no_answer_count: measures.ring_no_answer_n,
            abandoned: measures.abandoned,
            short_abandon: measures.short_abandon,
            definitions: EDITION.to_owned(),
        }
    }
}

impl From<Restatement> for wire::CallRestatement {
    fn from(restated: Restatement) -> Self {
        let (before, after) = restated.ended_at;
        Self {
            restated_at: Some(time::to_wire(restated.at)),
            source: restated.by.source,
            event_id: restated.by.event_id,
            before: Some(restated.before.into()),
            after: Some(restated.after.into()),
            ended_at_before: before.map(time::to_wire),
            ended_at_after: after.map(time::to_wire),
        }
    }
}

impl From<DropBasis> for wire::DropBasis {
    fn from(basis: DropBasis) -> Self {
        match basis {
            DropBasis::TelecomProblem => Self::TelecomProblem,
            DropBasis::AgentSide => Self::AgentSide,
            DropBasis::HungUpOnHold => Self::HungUpOnHold,
            DropBasis::CustomerBack => Self::CustomerBack,
            DropBasis::Unanswered => Self::Unanswered,
            DropBasis::LeftWaiting => Self::LeftWaiting,
        }
    }
}

/// What is judged of how a call ended, by its events alone.
pub fn drop_judged(verdict: DropVerdict) -> wire::CallDrop {
    let basis = verdict.basis.map(wire::DropBasis::from);
    wire::CallDrop {
        drop_class: wire::DropClass::from(verdict.class).into(),
        basis: basis.unwrap_or_default().into(),
        attribution: match verdict.basis {
            Some(_) => wire::DropAttribution::from(verdict.attribution).into(),
            None => wire::DropAttribution::Unspecified.into(),
        },
        ..wire::CallDrop::default()
    }
}

/// A contact of which only telephony told.
pub fn provisional(call: &wire::Call) -> wire::Interaction {
    let status = match call.never_wrapped_up || call.never_ended {
        true => wire::RecordStatus::Incomplete,
        false => wire::RecordStatus::Provisional,
    };
    // Who left while waiting has no agent who could say more.
    let is_whole = call.state() == wire::CallState::Abandoned
        && call.measures.as_ref().is_none_or(|it| it.answer_count == 0);
    let status = match is_whole {
        true => wire::RecordStatus::Unspecified,
        false => status,
    };
    let is_known = !call.customer_id.is_empty();
    let customer = (is_known || !call.handles.is_empty()).then(|| wire::Customer {
        customer_id: call.customer_id.clone(),
        handles: call.handles.clone(),
        ..wire::Customer::default()
    });
    wire::Interaction {
        interaction_id: call.interaction_id.clone(),
        external_ref: call.external_ref.clone(),
        // A call that was put together before it was told by what has none.
        channel: match call.channel {
            0 => wire::Channel::Voice.into(),
            told => told,
        },
        direction: call.direction,
        customer,
        agent_id: call.agent_id.clone(),
        team_id: call.team_id.clone(),
        site_id: call.site_id.clone(),
        occurred_at: call.began_at,
        ended_at: call.ended_at,
        segments: call.segments.clone(),
        disconnect: end(call),
        ivr_path: call.ivr_path.clone(),
        our_handle: call.our_handle.clone(),
        record_status: status.into(),
        ..wire::Interaction::default()
    }
}

/// How a call ended, with what shows it: why somebody said whether it was lost, if anybody did.
fn end(call: &wire::Call) -> Option<wire::Disconnect> {
    let mut end = call.disconnect.clone()?;
    let judged = call.drop.as_ref().filter(|_| is_judged(call));
    let said = judged.and_then(|drop| drop.judgements.last());
    let said = said.filter(|judgement| !judgement.reason.is_empty());
    end.evidence = said
        .map(|judgement| judgement.reason.clone())
        .into_iter()
        .collect();
    Some(end)
}

/// Whether somebody said of a call that is over whether it was lost.
pub fn is_judged(call: &wire::Call) -> bool {
    let drop = call.drop.as_ref();
    drop.is_some_and(|drop| drop.basis() == wire::DropBasis::Evidence)
}

/// A recorded contact, with what telephony tells of it where its record says nothing: what was recorded wins. But whether
/// it was lost is known better later: by somebody who says so, and by a redial that confirms what was suspected.
pub fn complete(contact: &mut wire::Interaction, call: &wire::Call) {
    if contact.segments.is_empty() {
        contact.segments.clone_from(&call.segments);
    }
    if contact.ivr_path.is_empty() {
        contact.ivr_path.clone_from(&call.ivr_path);
    }
    contact.ended_at = contact.ended_at.or(call.ended_at);
    match &mut contact.disconnect {
        None => contact.disconnect = end(call),
        Some(own) => {
            let told = end(call).unwrap_or_default();
            for (own, told) in [
                (&mut own.reason, told.reason),
                (&mut own.stage, told.stage),
                (&mut own.drop_class, told.drop_class),
            ] {
                if *own == 0 {
                    *own = told;
                }
            }
            let is_confirmed = own.drop_class() == wire::DropClass::Suspected
                && told.drop_class() == wire::DropClass::Confirmed;
            if told.drop_class != 0 && (is_judged(call) || is_confirmed) {
                own.drop_class = told.drop_class;
            }
            // What was not lost is put down to nobody.
            let says_none = own.attribution == 0 && own.drop_class() != wire::DropClass::NotADrop;
            if says_none || is_judged(call) {
                own.attribution = told.attribution;
            }
            if is_judged(call) {
                own.evidence = told.evidence;
            }
        }
    }
    if contact.our_handle.is_none() {
        contact.our_handle.clone_from(&call.our_handle);
    }
}

fn duration(length: SignedDuration) -> pbjson_types::Duration {
    pbjson_types::Duration {
        seconds: length.as_secs(),
        nanos: length.subsec_nanos(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_how_a_contact_ended_is_why_its_call_was_judged_so_and_else_its_own() {
        let why = |reason: &str| wire::CallDropJudgement {
            reason: reason.to_owned(),
            ..wire::CallDropJudgement::default()
        };
        let judged = wire::CallDrop {
            basis: wire::DropBasis::Evidence.into(),
            judgements: vec![why("a first look"), why("the carrier's report")],
            ..wire::CallDrop::default()
        };
        for (drop, expected) in [
            (wire::CallDrop::default(), "our own trace"),
            (judged, "the carrier's report"),
        ] {
            let call = wire::Call {
                disconnect: Some(wire::Disconnect::default()),
                drop: Some(drop),
                ..wire::Call::default()
            };
            let mut contact = wire::Interaction {
                disconnect: Some(wire::Disconnect {
                    evidence: vec!["our own trace".to_owned()],
                    ..wire::Disconnect::default()
                }),
                ..wire::Interaction::default()
            };
            complete(&mut contact, &call);
            assert_eq!(contact.disconnect.unwrap_or_default().evidence, [expected]);
        }
    }
}
