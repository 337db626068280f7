//! The parts of a contact.

use aftercall_domain::interaction::{
    Hold, HoldReason, Segment, SegmentKind, Transfer, TransferKind,
};
use aftercall_domain::{FieldPath, Violations, limits};

use crate::convert::message::FromWire;
use crate::convert::{enums, instant, message, time};
use crate::model::v1 as wire;

message::readable!(Segment);

impl FromWire<wire::Segment> for Segment {
    fn from_wire(wire: wire::Segment, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Segment {
            segment_id,
            kind,
            queue_id,
            agent_id,
            team_id,
            site_id,
            skill,
            enqueued_at,
            dequeued_at,
            offered_at,
            answered_at,
            ended_at,
            holds,
            acw_started_at,
            acw_ended_at,
            transfer,
            ring_no_answer_count,
        } = wire;
        Self {
            segment_id,
            kind: enums::required::<wire::SegmentKind>(kind, path.field("kind"), found),
            queue_id,
            agent_id,
            team_id,
            site_id,
            skill,
            enqueued_at: instant::optional(enqueued_at, path.field("enqueued_at"), found),
            dequeued_at: instant::optional(dequeued_at, path.field("dequeued_at"), found),
            offered_at: instant::optional(offered_at, path.field("offered_at"), found),
            answered_at: instant::optional(answered_at, path.field("answered_at"), found),
            ended_at: instant::optional(ended_at, path.field("ended_at"), found),
            holds: message::list(holds, limits::LIST_MAX, path.field("holds"), found),
            acw_started_at: instant::optional(acw_started_at, path.field("acw_started_at"), found),
            acw_ended_at: instant::optional(acw_ended_at, path.field("acw_ended_at"), found),
            transfer: message::optional(transfer, path.field("transfer"), found),
            ring_no_answer_count,
        }
    }
}

impl From<Segment> for wire::Segment {
    fn from(value: Segment) -> Self {
        let Segment {
            segment_id,
            kind,
            queue_id,
            agent_id,
            team_id,
            site_id,
            skill,
            enqueued_at,
            dequeued_at,
            offered_at,
            answered_at,
            ended_at,
            holds,
            acw_started_at,
            acw_ended_at,
            transfer,
            ring_no_answer_count,
        } = value;
        Self {
            segment_id,
            kind: wire::SegmentKind::from(kind).into(),
            queue_id,
            agent_id,
            team_id,
            site_id,
            skill,
            enqueued_at: enqueued_at.map(time::to_wire),
            dequeued_at: dequeued_at.map(time::to_wire),
            offered_at: offered_at.map(time::to_wire),
            answered_at: answered_at.map(time::to_wire),
            ended_at: ended_at.map(time::to_wire),
            holds: message::outward(holds),
            acw_started_at: acw_started_at.map(time::to_wire),
            acw_ended_at: acw_ended_at.map(time::to_wire),
            transfer: transfer.map(Into::into),
            ring_no_answer_count,
        }
    }
}

enums::closed!(SegmentKind {
    Ivr,
    Queue,
    Agent,
    Consult,
    Conference,
    Bot,
    Voicemail
});

impl FromWire<wire::Hold> for Hold {
    fn from_wire(wire: wire::Hold, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Hold {
            began_at,
            ended_at,
            reason,
        } = wire;
        Self {
            began_at: instant::required(began_at, path.field("began_at"), found),
            ended_at: instant::optional(ended_at, path.field("ended_at"), found),
            reason: enums::optional::<wire::HoldReason>(reason, path.field("reason"), found),
        }
    }
}

impl From<Hold> for wire::Hold {
    fn from(value: Hold) -> Self {
        let Hold {
            began_at,
            ended_at,
            reason,
        } = value;
        Self {
            began_at: Some(time::to_wire(began_at)),
            ended_at: ended_at.map(time::to_wire),
            reason: enums::number::<wire::HoldReason>(reason),
        }
    }
}

enums::closed!(HoldReason {
    Lookup,
    AskSupervisor,
    Verify,
    SystemSlow,
    TransferPrep,
    Other,
    Unstated
});

impl FromWire<wire::Transfer> for Transfer {
    fn from_wire(wire: wire::Transfer, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Transfer { kind, to, reason } = wire;
        Self {
            kind: enums::required::<wire::TransferKind>(kind, path.field("kind"), found),
            to,
            reason,
        }
    }
}

impl From<Transfer> for wire::Transfer {
    fn from(value: Transfer) -> Self {
        let Transfer { kind, to, reason } = value;
        Self {
            kind: wire::TransferKind::from(kind).into(),
            to,
            reason,
        }
    }
}

enums::closed!(TransferKind { Cold, Warm, Blind });
