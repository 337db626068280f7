//! Contacts as a CRM would send them.

use aftercall_proto::model::v1::{
    Channel, CommitmentDraft, CommitmentKind, ContactReason, Customer, Direction, Interaction,
};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use pbjson_types::Timestamp;

/// When the tests begin, in seconds: 2026-05-04T10:00:00Z.
pub(crate) const NOW_S: i64 = 1_777_888_800;

pub(crate) const HOUR_S: i64 = 3_600;

/// A UUID for a test's contact.
pub(crate) fn id(number: u32) -> String {
    format!("0199c3a4-6f00-7000-8000-{number:012x}")
}

pub(crate) fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// A sound contact in which nothing was promised.
pub(crate) fn interaction(id: &str) -> Interaction {
    Interaction {
        interaction_id: id.to_owned(),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: "customer-1".to_owned(),
            ..Customer::default()
        }),
        agent_id: "agent-1".to_owned(),
        occurred_at: at(NOW_S - 600),
        ended_at: at(NOW_S - 60),
        contact_reasons: vec![reason("billing.double_charge")],
        no_follow_up_promised: true,
        ..Interaction::default()
    }
}

pub(crate) fn reason(code: &str) -> ContactReason {
    ContactReason {
        code: code.to_owned(),
        primary: true,
        ..ContactReason::default()
    }
}

/// A sound contact with one promise.
pub(crate) fn with_promise(id: &str) -> Interaction {
    Interaction {
        no_follow_up_promised: false,
        commitments: vec![CommitmentDraft {
            kind: CommitmentKind::CallBack.into(),
            promise_text: "We call you back by tomorrow noon".to_owned(),
            told_to_customer: true,
            promised_by: at(NOW_S + 24 * HOUR_S),
            ..CommitmentDraft::default()
        }],
        ..interaction(id)
    }
}

pub(crate) fn request(interaction: Interaction) -> RecordInteractionRequest {
    RecordInteractionRequest {
        interaction: Some(interaction),
        import_batch: String::new(),
    }
}
