//! The events of the load: whole calls, many of them at once, from several sources.
//!
//! As contacts are, they are encoded once as templates in which names are then patched, so that the client's own work
//! stays small beside the server's on the same cores.

use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, Direction, DisconnectReason, HoldReason,
};
use aftercall_proto::recorder::v1::ReportCallEventsRequest;
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::message::customer_id;

/// A call's steps, in their order, and how many seconds after its beginning each happens.
static COURSE: [(Kind, i64); STEPS as usize] = [
    (Kind::Started, 0),
    (Kind::Queued, 5),
    (Kind::Offered, 30),
    (Kind::Answered, 36),
    (Kind::Held, 90),
    (Kind::Resumed, 120),
    (Kind::Ended, 240),
    (Kind::AcwBegan, 241),
    (Kind::AcwEnded, 300),
];

/// The events of a call.
pub(super) const STEPS: u64 = 9;
/// The calls that go on at once: each step of all of them is told before the next one of any.
pub(super) const AT_ONCE: u64 = 1_000;

const SOURCES: u64 = 4;
/// Calls that differ in who has them and when they were. A prime, so that a source has all of them.
const VARIANTS: u64 = 97;
/// How long ago the latest of them began.
const AGO_S: i64 = 900;

const CALL: &str = "call-0000000000";
const CUSTOMER: &str = "C-00000000";

/// Templates of each step of each variant.
pub(super) struct Events(Vec<Template>);

struct Template {
    bytes: Vec<u8>,
    call_at: usize,
    customer_at: usize,
}

impl Template {
    fn new(bytes: Vec<u8>) -> Self {
        let place = |needle: &str| {
            bytes
                .windows(needle.len())
                .position(|at| at == needle.as_bytes())
                .unwrap_or(0)
        };
        Self {
            call_at: place(CALL),
            customer_at: place(CUSTOMER),
            bytes,
        }
    }

    fn filled(&self, call: u64) -> Bytes {
        let mut bytes = self.bytes.clone();
        for (at, name) in [
            (self.call_at, call_id(call)),
            (self.customer_at, customer_id(call)),
        ] {
            bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
        }
        bytes.into()
    }
}

impl Events {
    pub(super) fn new(now: Timestamp) -> Self {
        let variants = (0..VARIANTS).flat_map(|variant| {
            let steps = COURSE.iter().zip(1..);
            steps.map(move |(step, nth)| event(variant, (step, nth), now))
        });
        let requests = variants.map(|event| ReportCallEventsRequest {
            correlation_id: String::new(),
            event: Some(event),
        });
        Self(
            requests
                .map(|request| Template::new(request.encode_to_vec()))
                .collect(),
        )
    }

    /// The request that tells the event `number`.
    pub(super) fn request(&self, number: u64) -> Bytes {
        let (call, step) = place_of(number);
        let template = (call % VARIANTS) * STEPS + step;
        self.0[template as usize].filled(call)
    }

    /// The mean size of a request, in bytes.
    pub(super) fn bytes_mean(&self) -> f64 {
        let total: usize = self.0.iter().map(|template| template.bytes.len()).sum();
        total as f64 / self.0.len() as f64
    }
}

/// Of which call the event `number` is, and which step of it, from 0.
pub(super) fn place_of(number: u64) -> (u64, u64) {
    let (round, within) = (number / (AT_ONCE * STEPS), number % (AT_ONCE * STEPS));
    (round * AT_ONCE + within % AT_ONCE, within / AT_ONCE)
}

/// The number of a call's step: the other way round.
pub(super) fn number_of(call: u64, step: u64) -> u64 {
    (call / AT_ONCE * STEPS + step) * AT_ONCE + call % AT_ONCE
}

fn call_id(call: u64) -> String {
    format!("call-{call:010}")
}

/// The call that has this name.
pub(super) fn call_of(call_id: &str) -> Option<u64> {
    call_id.strip_prefix("call-")?.parse().ok()
}

fn event(variant: u64, ((kind, second), nth): (&(Kind, i64), u32), now: Timestamp) -> CallEvent {
    let at = now.as_second() - AGO_S - variant as i64 + second;
    let mut event = CallEvent {
        source: format!("pbx-{}", variant % SOURCES),
        call_id: CALL.to_owned(),
        event_id: nth.to_string(),
        kind: (*kind).into(),
        occurred_at: Some(pbjson_types::Timestamp {
            seconds: at,
            nanos: 0,
        }),
        customer_id: CUSTOMER.to_owned(),
        ..CallEvent::default()
    };
    if *kind == Kind::Started {
        event.direction = Direction::Inbound.into();
        return event;
    }
    event.queue_id = format!("queue-{}", variant % 12);
    event.team_id = format!("team-{:02}", variant % 24);
    if *kind == Kind::Queued {
        return event;
    }
    event.agent_id = format!("agent-{variant:03}");
    match kind {
        Kind::Held => event.hold_reason = HoldReason::Lookup.into(),
        Kind::Ended => event.disconnect_reason = DisconnectReason::Customer.into(),
        _ => {}
    }
    event
}
