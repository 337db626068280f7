//! What promises begin with: the record of their contact, or an event of their own.

use aftercall_domain::commitment::{CommitmentKind, Made, NewTarget, Reopens, Stage};
use aftercall_domain::interaction::CommitmentDraft as Draft;
use aftercall_domain::limits::{EXPIRE_AFTER_DAYS, SECONDS_PER_DAY};
use aftercall_domain::{FieldPath, Handle, Violations};
use jiff::{SignedDuration, Timestamp};

use super::parts::{handles_from_wire, owner_from_wire, reopens_from_wire, required};
use super::recurring;
use crate::convert::due::duration_from_wire;
use crate::convert::message::FromWire;
use crate::convert::{Unreadable, due, text, time};
use crate::event::v1 as wire;
use crate::model::v1::{CommitmentDraft, Interaction};

/// Reads the promise of a request, at the field `at`. What is wrong with its encoding goes into `found`; the rules are
/// the domain's to check.
pub fn read_draft(draft: CommitmentDraft, at: FieldPath<'_>, found: &mut Violations) -> Draft {
    Draft::from_wire(draft, at, found)
}

/// The promises that a recorded contact makes, in its order. A draft that no writer of ours makes
/// (without an id or a due) makes none, for every reader alike, and of equal ids the first counts.
pub fn made(event: &wire::Event, recorded: &wire::InteractionRecorded) -> Vec<Made> {
    let contact = recorded.interaction.as_ref();
    contact.map_or_else(Vec::new, |contact| made_in(event, contact))
}

/// The same of the contact itself that `event` recorded.
pub fn made_in(event: &wire::Event, contact: &Interaction) -> Vec<Made> {
    let customer = contact.customer.as_ref();
    let around = || Around {
        interaction_id: contact.interaction_id.clone(),
        customer_name: customer.map_or_else(String::new, |it| it.display_name.clone()),
        handles: customer.map_or_else(Vec::new, |it| handles_from_wire(&it.handles)),
        made_by: contact.agent_id.clone(),
        team_id: contact.team_id.clone(),
        site_id: contact.site_id.clone(),
        reopens: None,
        made_at: contact.occurred_at.as_ref().and_then(time::from_wire),
    };
    let drafts = contact.commitments.iter();
    let mut all: Vec<Made> = Vec::new();
    for made in drafts.filter_map(|draft| made_by(event, around(), draft).ok()) {
        if all
            .iter()
            .all(|one| one.commitment_id != made.commitment_id)
        {
            all.push(made);
        }
    }
    all
}

/// The promise that begins with an event of its own. What no writer of ours makes is none, for every reader alike.
pub fn made_later(event: &wire::Event, made: &wire::CommitmentMade) -> Option<Made> {
    let draft = made.commitment.as_ref()?;
    let around = Around {
        interaction_id: event.interaction_id.clone(),
        customer_name: made.customer_name.clone(),
        handles: handles_from_wire(&made.handles),
        made_by: made.made_by_agent_id.clone(),
        team_id: made.team_id.clone(),
        site_id: made.site_id.clone(),
        reopens: reopens_from_wire(made.reopens.clone(), made.reopen_reason.clone()),
        made_at: made.made_at.as_ref().and_then(time::from_wire),
    };
    let made = made_by(event, around, draft).ok()?;
    (made.commitment_id == event.aggregate_id).then_some(made)
}

/// What is around a promise when it is made.
struct Around {
    interaction_id: String,
    customer_name: String,
    handles: Vec<Handle>,
    made_by: String,
    team_id: String,
    site_id: String,
    reopens: Option<Reopens>,
    made_at: Option<Timestamp>,
}

fn made_by(
    event: &wire::Event,
    around: Around,
    draft: &CommitmentDraft,
) -> Result<Made, Unreadable> {
    let recorded_at = required("recorded_at", event.recorded_at.as_ref())?;
    let commitment_id = text(draft.commitment_id.clone());
    Ok(Made {
        commitment_id: commitment_id.ok_or(Unreadable {
            field: "commitment_id",
        })?,
        interaction_id: around.interaction_id,
        customer_id: text(event.customer_id.clone()),
        customer_name: around.customer_name,
        handles: around.handles,
        made_by: around.made_by,
        team_id: around.team_id,
        site_id: around.site_id,
        // A kind of a later version is none that we know.
        kind: draft.kind().try_into().unwrap_or(CommitmentKind::Other),
        kind_code: draft.kind_code.clone(),
        origin: draft.origin().into(),
        promise_text: draft.promise_text.clone(),
        told_to_customer: draft.told_to_customer,
        promised_by: required("promised_by", draft.promised_by.as_ref())?,
        promised_not_before: draft.promised_not_before.as_ref().and_then(time::from_wire),
        time_zone: draft.time_zone.clone(),
        owner: draft.owner.clone().and_then(owner_from_wire),
        owner_team_id: draft.owner_team_id.clone(),
        priority: draft.priority().try_into().unwrap_or_default(),
        read_back_confirmed: draft.read_back_confirmed,
        policy: draft.policy.clone().map(Into::into),
        target: target(draft)?,
        stages: stages(draft)?,
        expire_after: expire_after(draft),
        proposed_until: draft.proposed_until.as_ref().and_then(time::from_wire),
        depends_on: draft.depends_on.clone(),
        series: recurring::series_from_wire(draft)?,
        plan_id: draft.plan_id.clone(),
        step_no: draft.step_no,
        reopens: around.reopens,
        due: due::told_from_wire(draft.due.clone(), draft.due_resolution.clone()),
        fulfilled_at: draft.fulfilled_at.as_ref().and_then(time::from_wire),
        made_at: around.made_at.unwrap_or(recorded_at),
        recorded_at,
        recorded_by: event.actor_id.clone(),
        imported: !event.import_batch.is_empty(),
    })
}

fn target(draft: &CommitmentDraft) -> Result<Option<NewTarget>, Unreadable> {
    draft.target.clone().map(TryInto::try_into).transpose()
}

fn stages(draft: &CommitmentDraft) -> Result<Vec<Stage>, Unreadable> {
    draft
        .stages
        .iter()
        .cloned()
        .map(TryInto::try_into)
        .collect()
}

fn expire_after(draft: &CommitmentDraft) -> SignedDuration {
    let said = draft.expire_after.as_ref().and_then(duration_from_wire);
    said.unwrap_or(SignedDuration::from_secs(
        EXPIRE_AFTER_DAYS * SECONDS_PER_DAY,
    ))
}
