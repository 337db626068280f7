//! What an event or a record says of a contact. Keys are taken in any case: the events' reference writes them with a
//! capital letter, and its samples in both ways.

use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_proto::model::v1::{CallEvent, CallEventKind, Channel, Handle};
use jiff::Timestamp;
use serde_json::Value;

use super::House;
use crate::connect::facts::{Agent, event, name, telephone};

/// What a contact id may be longer by, so that the names of its facts are names.
const FACT_BYTES_MAX: usize = 12;

/// Who tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Event,
    Record {
        /// When it was written, in milliseconds since 1970.
        updated_at: u64,
    },
}

/// A contact, as far as it is said.
#[derive(Debug, Clone)]
pub(super) struct Contact {
    pub(super) told: Told,
    pub(super) event_type: String,
    is_chat: bool,
    pub(super) id: String,
    /// The first contact: the call.
    pub(super) call: String,
    /// The contact that was handed on to this one.
    pub(super) previous: Option<String>,
    pub(super) has_next: bool,
    /// To whom it was handed on.
    pub(super) next: String,
    pub(super) method: String,
    pub(super) initiated_at: Option<Timestamp>,
    pub(super) enqueued_at: Option<Timestamp>,
    pub(super) answered_at: Option<Timestamp>,
    pub(super) disconnected_at: Option<Timestamp>,
    pub(super) acw_began_at: Option<Timestamp>,
    pub(super) acw_ended_at: Option<Timestamp>,
    pub(super) agent: Option<Agent>,
    pub(super) queue: Option<Agent>,
    pub(super) reason: String,
    pub(super) customer_id: String,
    pub(super) customer: Option<Handle>,
    pub(super) ours: Option<Handle>,
}

/// A field of an object, in any case.
fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let fields = value.as_object()?;
    let exact = fields.get(key);
    let found = exact.or_else(|| {
        let mut fields = fields.iter();
        fields.find_map(|(own, value)| own.eq_ignore_ascii_case(key).then_some(value))
    });
    found.filter(|value| !value.is_null())
}

/// A text, some keys deep; empty for none.
fn text<'v>(value: &'v Value, keys: &[&str]) -> &'v str {
    let mut at = Some(value);
    for key in keys {
        at = at.and_then(|value| field(value, key));
    }
    at.and_then(Value::as_str).unwrap_or_default()
}

fn instant(value: &Value, keys: &[&str]) -> Option<Timestamp> {
    text(value, keys).parse().ok()
}

/// The last part of an Amazon Resource Name.
fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl Contact {
    /// Reads an event, bare or in EventBridge's envelope, or a record.
    ///
    /// # Errors
    /// When it says nothing of a call: why.
    pub(super) fn read(
        value: &Value,
        house: &House,
        came_at: Option<Timestamp>,
    ) -> Result<Self, String> {
        let detail = field(value, "detail").filter(|detail| detail.is_object());
        let inner = detail.unwrap_or(value);
        let event_type = text(inner, &["eventType"]).to_ascii_uppercase();
        let contact_id = text(inner, &["contactId"]);
        if contact_id.is_empty() {
            return Err(match text(value, &["detail-type"]) {
                "" => "neither contact event nor contact record".to_owned(),
                other => other.to_owned(),
            });
        }
        if contact_id.len() > ID_BYTES_MAX - FACT_BYTES_MAX {
            return Err("a contact id that is longer than any".to_owned());
        }
        let channel = text(inner, &["channel"]).to_ascii_uppercase();
        if !matches!(channel.as_str(), "VOICE" | "CHAT") {
            return Err(format!("channel {channel}"));
        }
        let method = text(inner, &["initiationMethod"]).to_ascii_uppercase();
        // Who listens in, whom an agent brings in, and what runs after the end: none of them is the customer's.
        if matches!(
            method.as_str(),
            "MONITOR" | "EXTERNAL_OUTBOUND" | "DISCONNECT"
        ) {
            return Err(format!("initiated by {method}"));
        }
        let said_at = instant(value, &["time"]).or(came_at);
        let mut contact = match event_type.as_str() {
            "" => Self::record(inner),
            _ => Self::event_of(inner, &event_type, said_at),
        };
        let initial = text(inner, &["initialContactId"]);
        contact.is_chat = channel == "CHAT";
        contact.id = name(contact_id);
        contact.call = name(match initial {
            "" => contact_id,
            initial => initial,
        });
        let previous = text(inner, &["previousContactId"]);
        let is_next = matches!(method.as_str(), "TRANSFER" | "QUEUE_TRANSFER");
        contact.previous = (is_next && !previous.is_empty()).then(|| name(previous));
        contact.method = method;
        contact.agent = agent(inner, house);
        contact.queue = queue(inner, house);
        contact.customer_id = text(inner, &["customerId"]).to_owned();
        contact.customer = telephone(text(inner, &["customerEndpoint", "address"]));
        contact.ours = telephone(text(inner, &["systemEndpoint", "address"]));
        Ok(contact)
    }

    fn event_of(inner: &Value, event_type: &str, said_at: Option<Timestamp>) -> Self {
        // The event itself says when it was where its own time is left out.
        let own = |at: Option<Timestamp>, own: &str| at.or(said_at.filter(|_| event_type == own));
        let queued_at = instant(inner, &["queueInfo", "enqueueTimestamp"]);
        let answered_at = instant(inner, &["agentInfo", "connectedToAgentTimestamp"]);
        let disconnected_at = instant(inner, &["disconnectTimestamp"]);
        Self {
            told: Told::Event,
            event_type: event_type.to_owned(),
            initiated_at: own(instant(inner, &["initiationTimestamp"]), "INITIATED"),
            enqueued_at: own(queued_at, "QUEUED"),
            answered_at: own(answered_at, "CONNECTED_TO_AGENT"),
            disconnected_at: own(disconnected_at, "DISCONNECTED"),
            acw_began_at: instant(inner, &["agentInfo", "afterContactWorkStartTimestamp"]),
            acw_ended_at: instant(inner, &["agentInfo", "afterContactWorkEndTimestamp"]),
            reason: text(inner, &["disconnectReason"]).to_ascii_uppercase(),
            ..Self::nothing()
        }
    }

    fn record(inner: &Value) -> Self {
        let updated_at = instant(inner, &["lastUpdateTimestamp"]);
        let updated_at = updated_at.map_or(0, |at| at.as_millisecond());
        let next = text(inner, &["nextContactId"]);
        Self {
            told: Told::Record {
                updated_at: u64::try_from(updated_at).unwrap_or_default(),
            },
            has_next: !next.is_empty(),
            next: text(inner, &["transferredToEndpoint", "address"]).to_owned(),
            initiated_at: instant(inner, &["initiationTimestamp"]),
            enqueued_at: instant(inner, &["queue", "enqueueTimestamp"]),
            answered_at: instant(inner, &["agent", "connectedToAgentTimestamp"]),
            disconnected_at: instant(inner, &["disconnectTimestamp"]),
            acw_began_at: instant(inner, &["agent", "afterContactWorkStartTimestamp"]),
            acw_ended_at: instant(inner, &["agent", "afterContactWorkEndTimestamp"]),
            reason: text(inner, &["disconnectReason"]).to_ascii_uppercase(),
            ..Self::nothing()
        }
    }

    fn nothing() -> Self {
        Self {
            told: Told::Event,
            event_type: String::new(),
            is_chat: false,
            id: String::new(),
            call: String::new(),
            previous: None,
            has_next: false,
            next: String::new(),
            method: String::new(),
            initiated_at: None,
            enqueued_at: None,
            answered_at: None,
            disconnected_at: None,
            acw_began_at: None,
            acw_ended_at: None,
            agent: None,
            queue: None,
            reason: String::new(),
            customer_id: String::new(),
            customer: None,
            ours: None,
        }
    }

    /// An event of this contact's call, with the revision of whoever tells it.
    pub(super) fn event(&self, what: &str, kind: CallEventKind, at: Timestamp) -> CallEvent {
        let channel = match self.is_chat {
            true => i32::from(Channel::Chat),
            // A call is one unless something else is said.
            false => 0,
        };
        CallEvent {
            channel,
            revision: self.revision(),
            ..event(&self.call, &format!("{}:{what}", self.id), kind, at)
        }
    }

    pub(super) const fn revision(&self) -> u64 {
        match self.told {
            Told::Event => 0,
            Told::Record { updated_at } => updated_at,
        }
    }

    /// Whether we reached out. A program begins a chat for the customer who writes, and a call for us who dial.
    pub(super) fn is_outbound(&self) -> bool {
        match self.method.as_str() {
            "OUTBOUND" | "CALLBACK" => true,
            "API" => !self.is_chat,
            _ => false,
        }
    }
}

fn agent(inner: &Value, house: &House) -> Option<Agent> {
    let arn = match text(inner, &["agentInfo", "agentArn"]) {
        "" => text(inner, &["agent", "arn"]),
        arn => arn,
    };
    let (id, user) = (last_part(arn), text(inner, &["agent", "username"]));
    let known = house.agents.of(id).or_else(|| house.agents.of(user));
    let named = || Agent {
        id: name(id),
        ..Agent::default()
    };
    (!id.is_empty()).then(|| known.cloned().unwrap_or_else(named))
}

fn queue(inner: &Value, house: &House) -> Option<Agent> {
    let arn = match text(inner, &["queueInfo", "queueArn"]) {
        "" => text(inner, &["queue", "arn"]),
        arn => arn,
    };
    let id = last_part(arn);
    let named = || Agent {
        id: name(id),
        ..Agent::default()
    };
    (!id.is_empty()).then(|| house.queues.of(id).cloned().unwrap_or_else(named))
}
