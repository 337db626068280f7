//! What was promised.

use aftercall_domain::commitment::{CommitmentKind, Origin, Owner, Priority};
use aftercall_domain::due::DueSpec;
use aftercall_domain::interaction::CommitmentDraft;
use aftercall_domain::limits::DEPENDENCIES_MAX;
use aftercall_domain::spoken::{FINDER, Finding, VERSION};
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, FieldPath, Violations};
use jiff::Timestamp;

use crate::convert::message::FromWire;
use crate::convert::{due, enums, instant, message, time};
use crate::model::v1 as wire;

impl FromWire<wire::CommitmentDraft> for CommitmentDraft {
    fn from_wire(wire: wire::CommitmentDraft, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::CommitmentDraft {
            commitment_id,
            kind,
            promise_text,
            told_to_customer,
            promised_by,
            promised_not_before,
            time_zone,
            owner,
            priority,
            read_back_confirmed,
            fulfilled_at,
            kind_code,
            owner_team_id,
            due,
            proposed_until,
            depends_on,
            recurrence,
            plan_id,
            step_no,
            // Only answers and events say these.
            occurrence: _,
            due_resolution: _,
            policy: _,
            target: _,
            stages: _,
            expire_after: _,
            origin: _,
            finding: _,
        } = wire;
        let (promised_by, due) = read_due(promised_by, due, &time_zone, path, found);
        Self {
            commitment_id,
            kind: read_kind(kind, &kind_code, path.field("kind"), found),
            kind_code,
            promise_text,
            told_to_customer,
            promised_by,
            due,
            due_resolution: None,
            promised_not_before: instant::optional(
                promised_not_before,
                path.field("promised_not_before"),
                found,
            ),
            time_zone,
            owner: owner.and_then(read_owner),
            owner_team_id,
            priority: enums::optional::<wire::Priority>(priority, path.field("priority"), found),
            read_back_confirmed,
            fulfilled_at: instant::optional(fulfilled_at, path.field("fulfilled_at"), found),
            proposed_until: instant::optional(proposed_until, path.field("proposed_until"), found),
            policy: None,
            target: None,
            stages: Vec::new(),
            expire_after: None,
            depends_on: read_ids(depends_on, path.field("depends_on"), found),
            origin: Origin::Given,
            finding: None,
            recurrence: message::optional(recurrence, path.field("recurrence"), found),
            occurrence: None,
            plan_id,
            step_no,
        }
    }
}

impl From<CommitmentDraft> for wire::CommitmentDraft {
    fn from(value: CommitmentDraft) -> Self {
        let CommitmentDraft {
            commitment_id,
            kind,
            kind_code,
            promise_text,
            told_to_customer,
            promised_by,
            due,
            due_resolution,
            promised_not_before,
            time_zone,
            owner,
            owner_team_id,
            priority,
            read_back_confirmed,
            fulfilled_at,
            proposed_until,
            policy,
            target,
            stages,
            expire_after,
            depends_on,
            origin,
            finding,
            recurrence,
            occurrence,
            plan_id,
            step_no,
        } = value;
        Self {
            commitment_id,
            kind: wire::CommitmentKind::from(kind).into(),
            promise_text,
            told_to_customer,
            promised_by: Some(time::to_wire(promised_by)),
            promised_not_before: promised_not_before.map(time::to_wire),
            time_zone,
            owner: owner.map(Into::into),
            priority: enums::number::<wire::Priority>(priority),
            read_back_confirmed,
            fulfilled_at: fulfilled_at.map(time::to_wire),
            kind_code,
            owner_team_id,
            due: due.map(due::to_wire),
            due_resolution: due_resolution.map(Into::into),
            proposed_until: proposed_until.map(time::to_wire),
            policy: policy.map(Into::into),
            target: target.map(Into::into),
            stages: stages.into_iter().map(Into::into).collect(),
            expire_after: expire_after.map(due::duration_to_wire),
            depends_on,
            origin: wire::CommitmentOrigin::from(origin).into(),
            finding: finding.map(Into::into),
            recurrence: recurrence.map(Into::into),
            occurrence: occurrence.map(Into::into),
            plan_id,
            step_no,
        }
    }
}

impl From<Finding> for wire::PromiseFinding {
    fn from(value: Finding) -> Self {
        let Finding {
            turn,
            span,
            rule,
            time_rule,
            confidence,
            is_due_said,
        } = value;
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            finder: FINDER.to_owned(),
            finder_version: VERSION.to_owned(),
            rule: rule.to_owned(),
            time_rule: time_rule.unwrap_or_default().to_owned(),
            confidence_percent: confidence.into(),
            due_said: is_due_said,
            turn: place(turn),
            begin: place(span.start),
            end: place(span.end),
        }
    }
}

enums::known!(CommitmentKind = Other);

enums::known!(Priority = P3);

message::readable!(CommitmentDraft);

/// By when: as an instant, or as it was told, but not both.
fn read_due(
    promised_by: Option<pbjson_types::Timestamp>,
    due: Option<wire::DueSpec>,
    time_zone: &str,
    path: FieldPath<'_>,
    found: &mut Violations,
) -> (Timestamp, Option<DueSpec>) {
    let at = path.field("promised_by");
    let Some(due) = due else {
        return (instant::required(promised_by, at, found), None);
    };
    if promised_by.is_some() {
        let text = "says the same as due, and may say something else; give one of the two";
        found.add(at, Reason::Conflicting, text);
    }
    let due = due::read(due, time_zone, path.field("due"), found);
    (Timestamp::UNIX_EPOCH, due)
}

/// The promises that one waits for, each in the one spelling of its id.
fn read_ids(ids: Vec<String>, path: FieldPath<'_>, found: &mut Violations) -> Vec<String> {
    let ids = message::bounded(ids, DEPENDENCIES_MAX, path, found).into_iter();
    ids.map(|id| CommitmentId::read(&id).into_string())
        .collect()
}

/// The kind, which a code of the tenant's own may stand in for.
fn read_kind(
    kind: i32,
    kind_code: &str,
    path: FieldPath<'_>,
    found: &mut Violations,
) -> CommitmentKind {
    match kind == 0 && !kind_code.is_empty() {
        true => CommitmentKind::Other,
        false => enums::required::<wire::CommitmentKind>(kind, path, found),
    }
}

/// The owner; none where the message names nobody. One with an empty id is kept, to be refused.
fn read_owner(owner: wire::Owner) -> Option<Owner> {
    let wire::Owner { owner } = owner;
    owner.map(|owner| match owner {
        wire::owner::Owner::AgentId(id) => Owner::Agent(id),
        wire::owner::Owner::QueueId(id) => Owner::Queue(id),
    })
}
