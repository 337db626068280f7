//! The messages of the load: about 700 bytes, one promise, varied words, unique ids.
//!
//! They are encoded once as templates whose ids are then patched in place, so that the client's own
//! work stays small beside the server's on the same cores.

use aftercall_proto::model::v1 as model;
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionsRequest};
use bytes::Bytes;
use prost::Message;

const ID: &str = "00000000-0000-7000-8000-000000000000";
const CUSTOMER: &str = "C-00000000";
/// How many customers share the contacts.
pub(crate) const CUSTOMERS: u64 = 50_000;

const WORDS: [&str; 48] = [
    "invoice",
    "router",
    "refund",
    "delivery",
    "contract",
    "meter",
    "outage",
    "technician",
    "signal",
    "payment",
    "account",
    "password",
    "address",
    "upgrade",
    "cable",
    "warranty",
    "reading",
    "tariff",
    "line",
    "speed",
    "order",
    "parcel",
    "receipt",
    "credit",
    "number",
    "station",
    "firmware",
    "reset",
    "orange",
    "light",
    "charged",
    "twice",
    "waiting",
    "called",
    "again",
    "promised",
    "yesterday",
    "morning",
    "evening",
    "screen",
    "update",
    "message",
    "transfer",
    "fault",
    "repair",
    "visit",
    "confirmed",
    "checked",
];
const REASONS: [&str; 10] = [
    "billing.double_charge",
    "billing.bill_too_high",
    "internet.no_connection",
    "internet.slow",
    "power.outage",
    "power.meter_reading",
    "account.locked_out",
    "appliances.warranty",
    "complaint.agent_conduct",
    "sales.new_contract",
];

/// Templates, and the places of their ids.
pub(crate) struct Messages {
    unary: Vec<Template>,
    stream: Vec<Template>,
}

struct Template {
    bytes: Vec<u8>,
    id_at: usize,
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
            id_at: place(ID),
            customer_at: place(CUSTOMER),
            bytes,
        }
    }

    fn filled(&self, number: u64) -> Bytes {
        let mut bytes = self.bytes.clone();
        let id = interaction_id(number);
        bytes[self.id_at..self.id_at + id.len()].copy_from_slice(id.as_bytes());
        let customer = customer_id(number);
        bytes[self.customer_at..self.customer_at + customer.len()]
            .copy_from_slice(customer.as_bytes());
        bytes.into()
    }
}

/// The id of the contact `number`: in the order of time, as a CRM's are.
pub(crate) fn interaction_id(number: u64) -> String {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
    let mut random = [0; 10];
    random[..8].copy_from_slice(&scattered);
    uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000 + number, &random)
        .into_uuid()
        .to_string()
}

/// The customer of the contact `number`.
pub(crate) fn customer_id(number: u64) -> String {
    customer_of(number, CUSTOMERS)
}

/// The customer of the contact `number`, of so many customers.
pub(crate) fn customer_of(number: u64, customers: u64) -> String {
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    format!("C-{:08}", scattered % customers)
}

impl Messages {
    pub(crate) fn new(now: jiff::Timestamp) -> Self {
        let requests: Vec<_> = (0..997).map(|variant| request(variant, now)).collect();
        let stream = requests.iter().map(|request| RecordInteractionsRequest {
            correlation_id: String::new(),
            request: Some(request.clone()),
        });
        Self {
            stream: stream
                .map(|request| Template::new(request.encode_to_vec()))
                .collect(),
            unary: requests
                .iter()
                .map(|it| Template::new(it.encode_to_vec()))
                .collect(),
        }
    }

    /// The request that records the contact `number` alone.
    pub(crate) fn unary(&self, number: u64) -> Bytes {
        self.unary[number as usize % self.unary.len()].filled(number)
    }

    /// The request that records the contact `number` in a stream.
    pub(crate) fn stream(&self, number: u64) -> Bytes {
        self.stream[number as usize % self.stream.len()].filled(number)
    }

    /// The mean size of a request, in bytes.
    pub(crate) fn bytes_mean(&self) -> f64 {
        let total: usize = self.unary.iter().map(|template| template.bytes.len()).sum();
        total as f64 / self.unary.len() as f64
    }
}

fn text(seed: usize, words: usize) -> String {
    let word = |nth: usize| WORDS[(seed * 31 + nth * 17 + seed * nth) % WORDS.len()];
    (0..words).map(word).collect::<Vec<_>>().join(" ")
}

fn request(variant: usize, now: jiff::Timestamp) -> RecordInteractionRequest {
    let began = now.as_second() - 600 - (variant as i64 * 2_591) % 2_592_000;
    let stamp = |seconds| Some(pbjson_types::Timestamp { seconds, nanos: 0 });
    let resolved = variant % 10 < 7;
    let resolution = if resolved {
        model::ReasonResolution::Resolved
    } else {
        model::ReasonResolution::NotResolved
    };
    let interaction = model::Interaction {
        interaction_id: ID.to_owned(),
        channel: model::Channel::Voice.into(),
        direction: model::Direction::Inbound.into(),
        customer: Some(model::Customer {
            customer_id: CUSTOMER.to_owned(),
            ..Default::default()
        }),
        agent_id: format!("agent-{:03}", variant % 400),
        team_id: format!("team-{:02}", variant % 24),
        occurred_at: stamp(began),
        ended_at: stamp(began + 240),
        contact_reasons: vec![model::ContactReason {
            code: REASONS[variant % REASONS.len()].to_owned(),
            primary: true,
            stated_verbatim: text(variant, 14),
            resolution: resolution.into(),
            ..Default::default()
        }],
        handling: Some(model::Handling {
            summary: text(variant + 7, 30),
            // As in life, some cases are solved by words of their own, most of them by known ones.
            resolution: if resolved {
                text(variant % 60, 10)
            } else {
                String::new()
            },
            ..Default::default()
        }),
        disposition: Some(model::Disposition {
            code: if resolved { "resolved" } else { "follow_up" }.to_owned(),
            ..Default::default()
        }),
        commitments: vec![model::CommitmentDraft {
            kind: model::CommitmentKind::CallBack.into(),
            promise_text: text(variant + 3, 6),
            told_to_customer: true,
            promised_by: stamp(now.as_second() + 86_400 + variant as i64 * 60),
            ..Default::default()
        }],
        sentiment: Some(model::Sentiment {
            start: Some(-1.0),
            end: Some((variant % 9) as f64 - 4.0),
            ..Default::default()
        }),
        ..Default::default()
    };
    RecordInteractionRequest {
        interaction: Some(interaction),
        ..RecordInteractionRequest::default()
    }
}
