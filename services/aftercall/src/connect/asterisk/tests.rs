//! What an Asterisk's records come to, by records written for this purpose in the forms of its references.

mod fixtures;
mod logs;
mod manager;

use aftercall_domain::call::Call;
use aftercall_domain::interaction::{Segment, SegmentKind};
use aftercall_proto::convert::call::from_log;
use aftercall_proto::model::v1::{CallEvent, CallEventKind as Kind};
use jiff::Timestamp;

use super::switch::Setup;
use crate::connect::mapping::{Format, Memory, Raw, Taken};
use crate::connect::staff::Staff;
use fixtures::began_at;

/// The house: a carrier, and two agents.
fn setup() -> Setup {
    Setup {
        trunks: vec!["PJSIP/carrier-".to_owned()],
        menus: vec!["main-menu".to_owned()],
        staff: Staff::parse("PJSIP/1001,ana,billing,berlin\nPJSIP/1002,ben,sales\n").unwrap(),
        queues: Staff::default(),
    }
}

/// What records mean, one after the other.
fn told(format: &Format, records: &[String]) -> Vec<CallEvent> {
    take(format, &mut format.beginning(), records)
}

fn take(format: &Format, memory: &mut Memory, records: &[String]) -> Vec<CallEvent> {
    let mut events = Vec::new();
    for record in records {
        let taken = memory.take(format, Raw::Record(record.as_bytes(), None), &mut events);
        assert!(!matches!(taken, Taken::Said(_)), "{taken:?}");
    }
    events
}

/// The call that events make, as the server has it.
fn call(events: &[CallEvent]) -> Call {
    let events: Vec<_> = events
        .iter()
        .filter_map(|event| from_log(event, began_at()))
        .collect();
    Call::of(&events).unwrap()
}

fn kinds(events: &[CallEvent]) -> Vec<Kind> {
    events.iter().map(CallEvent::kind).collect()
}

/// Seconds since the beginning.
fn second(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.as_second() - began_at().as_second())
}

/// A segment in short: what, where, who, from when until when.
fn short(segment: &Segment) -> (SegmentKind, &str, &str, Option<i64>, Option<i64>) {
    let from = segment.enqueued_at.or(segment.answered_at);
    (
        segment.kind,
        &segment.queue_id,
        &segment.agent_id,
        second(from),
        second(segment.ended_at),
    )
}

/// Whatever the cut, the rest of the records means the same to whoever reads on from what was remembered there.
fn survives_any_cut(format: &Format, records: &[String]) {
    let whole = told(format, records);
    assert!(!whole.is_empty());
    for at in 0..=records.len() {
        let mut memory = format.beginning();
        let mut events = take(format, &mut memory, &records[..at]);
        let written = serde_json::to_string(&memory).unwrap();
        let mut memory = serde_json::from_str(&written).unwrap();
        events.extend(take(format, &mut memory, &records[at..]));
        assert_eq!(events, whole, "cut at {at}");
    }
}
