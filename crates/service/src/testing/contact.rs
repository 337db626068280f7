//! A contact as a CRM sends it, from which tests make theirs.

use aftercall_proto::convert::time::to_wire;
use aftercall_proto::model::v1::{
    Channel, CommitmentDraft, CommitmentKind, ContactReason, Customer, Direction, Interaction,
};
use jiff::Timestamp;

/// A sound contact that began then, of `customer-1`, in which nothing was promised. The server draws
/// its id.
pub fn contact(occurred_at: Timestamp) -> Interaction {
    Interaction {
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: "customer-1".to_owned(),
            ..Customer::default()
        }),
        agent_id: "agent-1".to_owned(),
        occurred_at: Some(to_wire(occurred_at)),
        contact_reasons: vec![reason("billing.double_charge")],
        no_follow_up_promised: true,
        ..Interaction::default()
    }
}

/// The primary reason of a contact.
pub fn reason(code: &str) -> ContactReason {
    ContactReason {
        code: code.to_owned(),
        primary: true,
        ..ContactReason::default()
    }
}

/// A promise of which the customer was told. The server draws its id.
pub fn promise(promised_by: Timestamp) -> CommitmentDraft {
    CommitmentDraft {
        kind: CommitmentKind::CallBack.into(),
        promise_text: "We call you back.".to_owned(),
        told_to_customer: true,
        promised_by: Some(to_wire(promised_by)),
        ..CommitmentDraft::default()
    }
}
