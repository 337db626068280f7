//! Amazon Connect: contact events, as EventBridge delivers them, and contact records, as Kinesis does, mixed.
//!
//! Both tell the same facts: of each contact when it was begun, queued, answered and disconnected, and the work after
//! it. A fact has one name whichever of them tells it, so that it counts once; a record tells it with the time of its
//! last change as revision, so that it counts instead of the event, and a later record instead of an earlier one.

mod contact;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, Direction, DisconnectReason, DropSide, Transfer, TransferKind,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::{Agent, event, name};
use super::mapping::Taken;
use super::staff::Staff;
use contact::{Contact, Told};

/// Contacts of which it is remembered whether they were handed on.
const CONTACTS_MAX: usize = 10_000;
/// The revision of an end that turned out to be a transfer, where only events say so.
const HANDED_ON: u64 = 1;

/// What the house says of its instance.
#[derive(Debug, Default)]
pub(super) struct House {
    /// Agents, by the last part of their ARN, or by their user name.
    pub(super) agents: Staff,
    /// Queues, by the last part of their ARN.
    pub(super) queues: Staff,
}

/// Which contacts were handed on: the end of one that has a next one is no end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Amazon {
    contacts: BTreeMap<String, Known>,
    /// In the order in which they became known.
    order: VecDeque<String>,
}

/// What events have said of a contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Known {
    has_next: bool,
    /// When it ended, by whom it was had then, and the call that it is of.
    ended: Option<(Timestamp, Agent, String)>,
}

impl Amazon {
    /// Takes an event or a record, and gives what it means.
    pub(super) fn take(
        &mut self,
        text: &str,
        house: &House,
        came_at: Option<Timestamp>,
        out: &mut Vec<CallEvent>,
    ) -> Taken {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            return Taken::passed("no JSON");
        };
        let contact = match Contact::read(&value, house, came_at) {
            Ok(contact) => contact,
            Err(why) => return Taken::passed(&why),
        };
        if let Some(previous) = &contact.previous {
            self.is_handed_on(previous, out);
        }
        match contact.told {
            Told::Event => self.event(&contact, out),
            Told::Record { .. } => self.record(&contact, out),
        }
    }

    /// An event tells what its type says; that of an end, and of the work after it, what led there, too.
    fn event(&mut self, contact: &Contact, out: &mut Vec<CallEvent>) -> Taken {
        match contact.event_type.as_str() {
            "INITIATED" => started(contact, out),
            "QUEUED" => queued(contact, out),
            "CONNECTED_TO_AGENT" => {
                queued(contact, out);
                answered(contact, out);
            }
            "DISCONNECTED" => self.ended(contact, out),
            "COMPLETED" => {
                self.ended(contact, out);
                worked(contact, out);
            }
            other => return Taken::passed(other),
        }
        Taken::In
    }

    fn record(&mut self, contact: &Contact, out: &mut Vec<CallEvent>) -> Taken {
        started(contact, out);
        queued(contact, out);
        answered(contact, out);
        self.ended(contact, out);
        worked(contact, out);
        Taken::In
    }

    /// A contact's end: one that was handed on has its next one, and the customer is still there.
    fn ended(&mut self, contact: &Contact, out: &mut Vec<CallEvent>) {
        let Some(at) = contact.disconnected_at else {
            return;
        };
        let is_event = matches!(contact.told, Told::Event);
        let known = self.known(&contact.id);
        let is_handed_on = contact.has_next || known.has_next;
        if is_event {
            known.ended = Some((
                at,
                contact.agent.clone().unwrap_or_default(),
                contact.call.clone(),
            ));
        }
        let told = match is_handed_on {
            true => handed_on(
                &contact.id,
                &contact.call,
                (at, contact.agent.as_ref()),
                &contact.next,
            ),
            false => ended(contact, at),
        };
        let revision = match is_event {
            true if is_handed_on => HANDED_ON,
            _ => contact.revision(),
        };
        out.push(CallEvent { revision, ..told });
    }

    /// A contact has a next one. If its end was told already, that was none.
    fn is_handed_on(&mut self, previous: &str, out: &mut Vec<CallEvent>) {
        let known = self.known(previous);
        if std::mem::replace(&mut known.has_next, true) {
            return;
        }
        if let Some((at, agent, call)) = &known.ended {
            let told = handed_on(previous, call, (*at, Some(agent)), "");
            out.push(CallEvent {
                revision: HANDED_ON,
                ..told
            });
        }
    }

    fn known(&mut self, contact: &str) -> &mut Known {
        if !self.contacts.contains_key(contact) {
            if self.contacts.len() >= CONTACTS_MAX
                && let Some(first) = self.order.pop_front()
            {
                self.contacts.remove(&first);
            }
            self.order.push_back(contact.to_owned());
        }
        self.contacts.entry(contact.to_owned()).or_default()
    }
}

/// The call begins with its first contact. Those after it are legs of it.
fn started(contact: &Contact, out: &mut Vec<CallEvent>) {
    let Some(at) = contact.initiated_at.filter(|_| contact.id == contact.call) else {
        return;
    };
    let direction = match contact.is_outbound() {
        true => Direction::Outbound,
        false => Direction::Inbound,
    };
    out.push(CallEvent {
        direction: direction.into(),
        handles: contact.customer.clone().into_iter().collect(),
        our_handle: contact.ours.clone(),
        customer_id: name(&contact.customer_id),
        ..contact.event("started", Kind::Started, at)
    });
}

fn queued(contact: &Contact, out: &mut Vec<CallEvent>) {
    if let Some(at) = contact.enqueued_at {
        let queue = contact.queue.clone().unwrap_or_default();
        out.push(CallEvent {
            queue_id: queue.id,
            team_id: queue.team_id,
            ..contact.event("queued", Kind::Queued, at)
        });
    }
}

fn answered(contact: &Contact, out: &mut Vec<CallEvent>) {
    if let (Some(at), Some(agent)) = (contact.answered_at, &contact.agent) {
        let queue = contact.queue.clone().unwrap_or_default();
        out.push(agent.with(CallEvent {
            queue_id: queue.id,
            ..contact.event("answered", Kind::Answered, at)
        }));
    }
}

fn worked(contact: &Contact, out: &mut Vec<CallEvent>) {
    let Some(agent) = &contact.agent else { return };
    for (what, kind, at) in [
        ("acw-began", Kind::AcwBegan, contact.acw_began_at),
        ("acw-ended", Kind::AcwEnded, contact.acw_ended_at),
    ] {
        if let Some(at) = at {
            out.push(agent.with(contact.event(what, kind, at)));
        }
    }
}

fn ended(contact: &Contact, at: Timestamp) -> CallEvent {
    // The agent did not leave the chat: the network between did.
    if contact.reason == "AGENT_NETWORK_DISCONNECT" {
        return CallEvent {
            drop_side: DropSide::Agent.into(),
            ..contact.event("ended", Kind::Dropped, at)
        };
    }
    let reason = reason(&contact.reason, contact.is_outbound());
    CallEvent {
        disconnect_reason: reason.map_or(0, Into::into),
        ..contact.event("ended", Kind::Ended, at)
    }
}

/// Amazon Connect does not say whether the next agent was told first: what it calls a transfer is told as one of which
/// the customer was told.
fn handed_on(
    contact: &str,
    call: &str,
    (at, agent): (Timestamp, Option<&Agent>),
    to: &str,
) -> CallEvent {
    let told = CallEvent {
        transfer: Some(Transfer {
            kind: TransferKind::Cold.into(),
            to: name(to),
            reason: String::new(),
        }),
        ..event(call, &format!("{contact}:ended"), Kind::Transferred, at)
    };
    match agent {
        Some(agent) => agent.with(told),
        None => told,
    }
}

/// Why a contact was disconnected, by the contact records data model; none for what is not said, or new.
fn reason(text: &str, is_outbound: bool) -> Option<DisconnectReason> {
    let reason = match text {
        "CUSTOMER_DISCONNECT"
        | "CUSTOMER_NEVER_ARRIVED"
        | "CUSTOMER_CONNECTION_NOT_ESTABLISHED" => DisconnectReason::Customer,
        "AGENT_DISCONNECT" => DisconnectReason::Agent,
        "THIRD_PARTY_DISCONNECT" => DisconnectReason::ThirdParty,
        "TELECOM_PROBLEM" => DisconnectReason::TelecomProblem,
        "CONTACT_FLOW_DISCONNECT" => DisconnectReason::Flow,
        "BARGED" => DisconnectReason::SupervisorBarge,
        // Whoever called gave up before anybody answered.
        "TELECOM_ORIGINATOR_CANCEL" if is_outbound => DisconnectReason::Agent,
        "TELECOM_ORIGINATOR_CANCEL" => DisconnectReason::Customer,
        "EXPIRED" | "API" | "IDLE_DISCONNECT" | "SYSTEM_ERROR" => DisconnectReason::System,
        // Nobody was reached, and nothing was lost: busy, unanswered, no such number.
        text if text.starts_with("TELECOM_")
            || text.starts_with("OUTBOUND_")
            || text.starts_with("OUTBUND_") =>
        {
            DisconnectReason::System
        }
        _ => return None,
    };
    Some(reason)
}
