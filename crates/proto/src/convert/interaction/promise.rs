//! What was promised.

use aftercall_domain::commitment::{CommitmentKind, Owner, Priority};
use aftercall_domain::interaction::CommitmentDraft;
use aftercall_domain::{FieldPath, Violations};

use crate::convert::message::FromWire;
use crate::convert::{enums, instant, message, time};
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
        } = wire;
        Self {
            commitment_id,
            kind: read_kind(kind, &kind_code, path.field("kind"), found),
            kind_code,
            promise_text,
            told_to_customer,
            promised_by: instant::required(promised_by, path.field("promised_by"), found),
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
            promised_not_before,
            time_zone,
            owner,
            owner_team_id,
            priority,
            read_back_confirmed,
            fulfilled_at,
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
        }
    }
}

enums::known!(CommitmentKind = Other);

enums::known!(Priority = P3);

message::readable!(CommitmentDraft);

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
