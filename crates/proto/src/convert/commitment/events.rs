//! The events that promises are folded from.

use aftercall_domain::commitment::{Change, CommitmentKind, Event, Made};

use super::parts::{
    evidence_from_wire, evidence_to_wire, handles_from_wire, owner_from_wire, required, specified,
};
use crate::convert::{Unreadable, due, text, time};
use crate::envelope::Fact;
use crate::event::v1 as wire;
use crate::model::v1::{CommitmentDraft, CommitmentOutcome};

/// The promises that a recorded contact makes, in its order. A draft that no writer of ours makes
/// (without an id or a due) makes none, for every reader alike, and of equal ids the first counts.
pub fn made(event: &wire::Event, recorded: &wire::InteractionRecorded) -> Vec<Made> {
    let contacts = recorded.interaction.iter();
    let drafts = contacts.flat_map(|contact| &contact.commitments);
    let mut all: Vec<Made> = Vec::new();
    for made in drafts.filter_map(|draft| made_by(event, recorded, draft).ok()) {
        if all
            .iter()
            .all(|one| one.commitment_id != made.commitment_id)
        {
            all.push(made);
        }
    }
    all
}

fn made_by(
    event: &wire::Event,
    recorded: &wire::InteractionRecorded,
    draft: &CommitmentDraft,
) -> Result<Made, Unreadable> {
    let contact = recorded.interaction.as_ref();
    let contact = contact.ok_or(Unreadable {
        field: "interaction",
    })?;
    let recorded_at = required("recorded_at", event.recorded_at.as_ref())?;
    let occurred_at = contact.occurred_at.as_ref().and_then(time::from_wire);
    let commitment_id = text(draft.commitment_id.clone());
    let customer = contact.customer.as_ref();
    Ok(Made {
        commitment_id: commitment_id.ok_or(Unreadable {
            field: "commitment_id",
        })?,
        interaction_id: contact.interaction_id.clone(),
        customer_id: text(event.customer_id.clone()),
        customer_name: customer.map_or_else(String::new, |it| it.display_name.clone()),
        handles: customer.map_or_else(Vec::new, |it| handles_from_wire(&it.handles)),
        made_by: contact.agent_id.clone(),
        team_id: contact.team_id.clone(),
        site_id: contact.site_id.clone(),
        // A kind of a later version is none that we know.
        kind: draft.kind().try_into().unwrap_or(CommitmentKind::Other),
        kind_code: draft.kind_code.clone(),
        promise_text: draft.promise_text.clone(),
        told_to_customer: draft.told_to_customer,
        promised_by: required("promised_by", draft.promised_by.as_ref())?,
        promised_not_before: draft.promised_not_before.as_ref().and_then(time::from_wire),
        time_zone: draft.time_zone.clone(),
        owner: draft.owner.clone().and_then(owner_from_wire),
        owner_team_id: draft.owner_team_id.clone(),
        priority: draft.priority().try_into().unwrap_or_default(),
        read_back_confirmed: draft.read_back_confirmed,
        due: due::told_from_wire(draft.due.clone(), draft.due_resolution.clone()),
        fulfilled_at: draft.fulfilled_at.as_ref().and_then(time::from_wire),
        made_at: occurred_at.unwrap_or(recorded_at),
        recorded_at,
        recorded_by: event.actor_id.clone(),
        imported: !event.import_batch.is_empty(),
    })
}

/// The event as its promise is folded by it; none for one that doesn't follow up a promise. What no
/// writer of ours makes is none, for every reader alike.
pub fn later_event(event: &wire::Event, fact: &Fact) -> Option<Event> {
    let recorded_at = required("recorded_at", event.recorded_at.as_ref()).ok()?;
    Some(Event {
        sequence: event.sequence,
        recorded_at,
        actor_id: event.actor_id.clone(),
        change: change(fact).ok()??,
    })
}

fn change(fact: &Fact) -> Result<Option<Change>, Unreadable> {
    Ok(Some(match fact {
        Fact::CommitmentFulfilled(data) => Change::Fulfilled {
            fulfilled_at: required("fulfilled_at", data.fulfilled_at.as_ref())?,
            outcome: specified("outcome", data.outcome())?,
            evidence: evidence_from_wire(
                data.evidence_interaction_id.clone(),
                data.evidence_message_id.clone(),
            ),
            note: data.note.clone(),
        },
        Fact::CommitmentCancelled(data) => Change::Cancelled {
            outcome: specified("outcome", data.outcome())?,
            customer_informed: evidence_from_wire(
                data.customer_informed_interaction_id.clone(),
                data.customer_informed_message_id.clone(),
            ),
            reason: data.reason.clone(),
        },
        Fact::CommitmentRescheduled(data) => {
            let moved = data.reschedule.clone();
            Change::Rescheduled(
                moved
                    .ok_or(Unreadable {
                        field: "reschedule",
                    })?
                    .try_into()?,
            )
        }
        Fact::CommitmentLapsed(data) => {
            let lapse = data.lapse;
            Change::Lapsed(lapse.ok_or(Unreadable { field: "lapse" })?.try_into()?)
        }
        Fact::InteractionRecorded(_)
        | Fact::InteractionAmended(_)
        | Fact::InteractionIdentified(_)
        | Fact::SolutionPublished(_)
        | Fact::CustomersMerged(_)
        | Fact::CustomersUnmerged(_)
        | Fact::SettingsChanged(_)
        | Fact::WebhookChanged(_)
        | Fact::WebhookReplayed(_)
        | Fact::WebhookQueued(_)
        | Fact::WebhookAttempted(_) => return Ok(None),
    }))
}

/// What the log says of a change to a promise.
pub fn fact(change: Change) -> Fact {
    match change {
        Change::Fulfilled {
            fulfilled_at,
            outcome,
            evidence,
            note,
        } => {
            let (evidence_interaction_id, evidence_message_id) = evidence_to_wire(evidence);
            Fact::CommitmentFulfilled(wire::CommitmentFulfilled {
                fulfilled_at: Some(time::to_wire(fulfilled_at)),
                outcome: CommitmentOutcome::from(outcome).into(),
                evidence_interaction_id,
                note,
                evidence_message_id,
            })
        }
        Change::Cancelled {
            outcome,
            customer_informed,
            reason,
        } => {
            let (customer_informed_interaction_id, customer_informed_message_id) =
                evidence_to_wire(customer_informed);
            Fact::CommitmentCancelled(wire::CommitmentCancelled {
                outcome: CommitmentOutcome::from(outcome).into(),
                customer_informed_interaction_id,
                reason,
                customer_informed_message_id,
            })
        }
        Change::Rescheduled(moved) => Fact::CommitmentRescheduled(wire::CommitmentRescheduled {
            reschedule: Some(moved.into()),
        }),
        Change::Lapsed(lapse) => Fact::CommitmentLapsed(wire::CommitmentLapsed {
            lapse: Some(lapse.into()),
        }),
    }
}
