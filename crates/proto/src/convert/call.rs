//! Calls: what sources tell of them, and what follows from that.

mod shown;
mod terms;

use aftercall_domain::call::{CallEvent, DropSide, EventName, Place, Speech, What};
use aftercall_domain::interaction::{HoldReason, SentimentParticipant, Transfer, TransferKind};
use aftercall_domain::limits::HANDLES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Handle, Violations};
use jiff::Timestamp;

use super::enums::{self, Closed};
use super::message::{self, FromWire};
use super::{instant, time};
use crate::model::v1 as wire;

pub use shown::{complete, drop_judged, is_judged, provisional, to_wire};
pub use terms::{terms, terms_to_wire};

/// Reads an event of a request. What is wrong with its encoding goes into `found`; the rules are the caller's.
pub fn read(event: &wire::CallEvent, at: FieldPath<'_>, found: &mut Violations) -> CallEvent {
    let occurred_at = instant::required(event.occurred_at, at.field("occurred_at"), found);
    let kind = wire::CallEventKind::try_from(event.kind).unwrap_or_default();
    if kind == wire::CallEventKind::Unspecified {
        let text = "is required; choose a value that this server knows";
        found.add(at.field("kind"), Reason::Required, text);
    }
    if kind == wire::CallEventKind::Transferred {
        match &event.transfer {
            None => found.required(at.field("transfer")),
            Some(transfer) => {
                let at = at.field("transfer");
                let _ =
                    enums::required::<wire::TransferKind>(transfer.kind, at.field("kind"), found);
            }
        }
    }
    if kind == wire::CallEventKind::Said {
        let participant = at.field("participant");
        let _ =
            enums::required::<wire::SentimentParticipant>(event.participant, participant, found);
        let _ = enums::optional::<wire::Speech>(event.speech, at.field("speech"), found);
    }
    let _ = enums::optional::<wire::Channel>(event.channel, at.field("channel"), found);
    let handles = message::bounded(
        event.handles.clone(),
        HANDLES_MAX,
        at.field("handles"),
        found,
    );
    let handles = message::list(handles, HANDLES_MAX, at.field("handles"), found);
    let our_handle = message::optional(event.our_handle.clone(), at.field("our_handle"), found);
    CallEvent {
        handles,
        our_handle,
        occurred_at,
        ..of_kind(event, kind, Timestamp::UNIX_EPOCH)
    }
}

/// An event of the log; none of a kind that only a later version knows, or without its time.
pub fn from_log(event: &wire::CallEvent, recorded_at: Timestamp) -> Option<CallEvent> {
    let kind = wire::CallEventKind::try_from(event.kind).ok()?;
    if kind == wire::CallEventKind::Unspecified {
        return None;
    }
    let occurred_at = event.occurred_at.as_ref().and_then(time::from_wire)?;
    let mut found = Violations::new();
    let at = FieldPath::ROOT;
    let handle = |handle: &wire::Handle, found: &mut Violations| {
        Handle::from_wire(handle.clone(), at, found)
    };
    let handles = event.handles.iter().take(HANDLES_MAX);
    Some(CallEvent {
        handles: handles.map(|one| handle(one, &mut found)).collect(),
        our_handle: event.our_handle.as_ref().map(|one| handle(one, &mut found)),
        occurred_at,
        ..of_kind(event, kind, recorded_at)
    })
}

/// All of an event but its time and handles.
fn of_kind(
    event: &wire::CallEvent,
    kind: wire::CallEventKind,
    recorded_at: Timestamp,
) -> CallEvent {
    let customer_id = Some(event.customer_id.clone()).filter(|id| !id.is_empty());
    CallEvent {
        name: EventName {
            source: event.source.clone(),
            call_id: event.call_id.clone(),
            event_id: event.event_id.clone(),
        },
        revision: event.revision,
        occurred_at: Timestamp::UNIX_EPOCH,
        recorded_at,
        what: what(event, kind),
        place: Place {
            queue_id: event.queue_id.clone(),
            agent_id: event.agent_id.clone(),
            team_id: event.team_id.clone(),
            site_id: event.site_id.clone(),
            skill: event.skill.clone(),
        },
        customer_id,
        handles: Vec::new(),
        our_handle: None,
        channel: known::<wire::Channel>(event.channel),
    }
}

fn what(event: &wire::CallEvent, kind: wire::CallEventKind) -> What {
    use wire::CallEventKind as Kind;
    match kind {
        Kind::Started => What::Started {
            direction: known::<wire::Direction>(event.direction),
        },
        Kind::Unspecified | Kind::Identified => What::Identified,
        Kind::MenuStep => What::MenuStep {
            node: event.menu_node.clone(),
        },
        Kind::Queued => What::Queued,
        Kind::Offered => What::Offered,
        Kind::Answered => What::Answered,
        Kind::Held => What::Held {
            reason: known::<wire::HoldReason>(event.hold_reason).unwrap_or(HoldReason::Unstated),
        },
        Kind::Resumed => What::Resumed,
        Kind::Transferred => {
            let transfer = event.transfer.clone().unwrap_or_default();
            What::Transferred(Transfer {
                kind: known::<wire::TransferKind>(transfer.kind).unwrap_or(TransferKind::Blind),
                to: transfer.to,
                reason: transfer.reason,
            })
        }
        Kind::Consulted => What::Consulted,
        Kind::Conferenced => What::Conferenced,
        Kind::Dropped => What::Dropped {
            side: match event.drop_side() {
                wire::DropSide::Unspecified => DropSide::Unknown,
                wire::DropSide::Customer => DropSide::Customer,
                wire::DropSide::Agent => DropSide::Agent,
            },
        },
        Kind::Ended => What::Ended {
            reason: known::<wire::DisconnectReason>(event.disconnect_reason),
        },
        Kind::AcwBegan => What::AcwBegan,
        Kind::AcwEnded => What::AcwEnded,
        Kind::Said => What::Said {
            by: known::<wire::SentimentParticipant>(event.participant)
                .unwrap_or(SentimentParticipant::Customer),
            speech: known::<wire::Speech>(event.speech).unwrap_or(Speech::Other),
        },
    }
}

enums::closed!(Speech {
    Other,
    Farewell,
    Offer,
    Wait,
    Question,
    Closing,
    Refusal
});

fn known<W: Closed>(number: i32) -> Option<W::Domain> {
    W::try_from(number).ok().and_then(W::known)
}
