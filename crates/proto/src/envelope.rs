//! The envelope of the log's records: keys, decoding, and the CloudEvents names of its attributes.

use bytes::Bytes;
use prost::{DecodeError, Message};

use crate::event::v1::event::Payload;
use crate::event::v1::{
    AggregateKind, CommitmentCancelled, CommitmentFulfilled, CommitmentLapsed,
    CommitmentRescheduled, CustomersMerged, CustomersUnmerged, Event, EventType,
    InteractionAmended, InteractionIdentified, InteractionRecorded, SettingsChanged,
    SolutionPublished, WebhookAttempted, WebhookChanged, WebhookQueued, WebhookReplayed,
};

/// What an event says: its type and data together.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A contact was recorded.
    InteractionRecorded(Box<InteractionRecorded>),
    /// A contact's record was amended.
    InteractionAmended(Box<InteractionAmended>),
    /// It was said whose contact it is.
    InteractionIdentified(InteractionIdentified),
    /// A promise was kept.
    CommitmentFulfilled(CommitmentFulfilled),
    /// A promise was called off.
    CommitmentCancelled(CommitmentCancelled),
    /// A promise's due moved.
    CommitmentRescheduled(CommitmentRescheduled),
    /// A promise's due passed.
    CommitmentLapsed(CommitmentLapsed),
    /// A solution went live.
    SolutionPublished(Box<SolutionPublished>),
    /// Two customers are one.
    CustomersMerged(CustomersMerged),
    /// Two customers are two again.
    CustomersUnmerged(CustomersUnmerged),
    /// Settings were made or changed.
    SettingsChanged(Box<SettingsChanged>),
    /// A webhook was made or changed.
    WebhookChanged(Box<WebhookChanged>),
    /// Deliveries of a webhook are to be sent again.
    WebhookReplayed(WebhookReplayed),
    /// A webhook is to be told of events.
    WebhookQueued(WebhookQueued),
    /// It was tried to tell a webhook of events.
    WebhookAttempted(WebhookAttempted),
}

impl Fact {
    /// The type that goes with the data.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::InteractionRecorded(_) => EventType::InteractionRecorded,
            Self::InteractionAmended(_) => EventType::InteractionAmended,
            Self::InteractionIdentified(_) => EventType::InteractionIdentified,
            Self::CommitmentFulfilled(_) => EventType::CommitmentFulfilled,
            Self::CommitmentCancelled(_) => EventType::CommitmentCancelled,
            Self::CommitmentRescheduled(_) => EventType::CommitmentRescheduled,
            Self::CommitmentLapsed(_) => EventType::CommitmentLapsed,
            Self::SolutionPublished(_) => EventType::SolutionPublished,
            Self::CustomersMerged(_) => EventType::CustomersMerged,
            Self::CustomersUnmerged(_) => EventType::CustomersUnmerged,
            Self::SettingsChanged(_) => EventType::SettingsChanged,
            Self::WebhookChanged(_) => EventType::WebhookChanged,
            Self::WebhookReplayed(_) => EventType::WebhookReplayed,
            Self::WebhookQueued(_) => EventType::WebhookQueued,
            Self::WebhookAttempted(_) => EventType::WebhookAttempted,
        }
    }

    /// What sort of thing it happened to.
    pub const fn aggregate_kind(&self) -> AggregateKind {
        match self {
            Self::InteractionRecorded(_)
            | Self::InteractionAmended(_)
            | Self::InteractionIdentified(_) => AggregateKind::Interaction,
            Self::CommitmentFulfilled(_)
            | Self::CommitmentCancelled(_)
            | Self::CommitmentRescheduled(_)
            | Self::CommitmentLapsed(_) => AggregateKind::Commitment,
            Self::SolutionPublished(_) => AggregateKind::Solution,
            Self::CustomersMerged(_) | Self::CustomersUnmerged(_) => AggregateKind::Customer,
            Self::SettingsChanged(_) => AggregateKind::Settings,
            Self::WebhookChanged(_) | Self::WebhookReplayed(_) => AggregateKind::Webhook,
            Self::WebhookQueued(_) => AggregateKind::WebhookQueue,
            Self::WebhookAttempted(_) => AggregateKind::WebhookOutcomes,
        }
    }

    /// An event that says this, and leaves open of what and by whom.
    pub fn event(&self) -> Event {
        Event {
            r#type: self.event_type().into(),
            aggregate_kind: self.aggregate_kind().into(),
            payload: Some(Payload::Data(self.encode())),
            ..Event::default()
        }
    }

    /// The data, encoded.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::InteractionRecorded(data) => data.encode_to_vec(),
            Self::InteractionAmended(data) => data.encode_to_vec(),
            Self::InteractionIdentified(data) => data.encode_to_vec(),
            Self::CommitmentFulfilled(data) => data.encode_to_vec(),
            Self::CommitmentCancelled(data) => data.encode_to_vec(),
            Self::CommitmentRescheduled(data) => data.encode_to_vec(),
            Self::CommitmentLapsed(data) => data.encode_to_vec(),
            Self::SolutionPublished(data) => data.encode_to_vec(),
            Self::CustomersMerged(data) => data.encode_to_vec(),
            Self::CustomersUnmerged(data) => data.encode_to_vec(),
            Self::SettingsChanged(data) => data.encode_to_vec(),
            Self::WebhookChanged(data) => data.encode_to_vec(),
            Self::WebhookReplayed(data) => data.encode_to_vec(),
            Self::WebhookQueued(data) => data.encode_to_vec(),
            Self::WebhookAttempted(data) => data.encode_to_vec(),
        }
        .into()
    }
}

impl Event {
    /// The encoded data; nothing where it is encrypted.
    pub fn data(&self) -> Option<&Bytes> {
        match &self.payload {
            Some(Payload::Data(data)) => Some(data),
            Some(Payload::Sealed(_)) | None => None,
        }
    }

    /// Decodes the data that `type` names; nothing for a type that this version doesn't know or data
    /// that it can't decrypt, which every reader passes over.
    ///
    /// # Errors
    /// When the data isn't the message that the type names.
    pub fn fact(&self) -> Result<Option<Fact>, DecodeError> {
        let Some(data) = self.data().cloned() else {
            return Ok(None);
        };
        Ok(Some(match self.r#type() {
            EventType::Unspecified => return Ok(None),
            EventType::InteractionRecorded => {
                Fact::InteractionRecorded(Box::new(InteractionRecorded::decode(data)?))
            }
            EventType::InteractionAmended => {
                Fact::InteractionAmended(Box::new(InteractionAmended::decode(data)?))
            }
            EventType::InteractionIdentified => {
                Fact::InteractionIdentified(InteractionIdentified::decode(data)?)
            }
            EventType::CommitmentFulfilled => {
                Fact::CommitmentFulfilled(CommitmentFulfilled::decode(data)?)
            }
            EventType::CommitmentCancelled => {
                Fact::CommitmentCancelled(CommitmentCancelled::decode(data)?)
            }
            EventType::CommitmentRescheduled => {
                Fact::CommitmentRescheduled(CommitmentRescheduled::decode(data)?)
            }
            EventType::CommitmentLapsed => Fact::CommitmentLapsed(CommitmentLapsed::decode(data)?),
            EventType::SolutionPublished => {
                Fact::SolutionPublished(Box::new(SolutionPublished::decode(data)?))
            }
            EventType::CustomersMerged => Fact::CustomersMerged(CustomersMerged::decode(data)?),
            EventType::CustomersUnmerged => {
                Fact::CustomersUnmerged(CustomersUnmerged::decode(data)?)
            }
            EventType::SettingsChanged => {
                Fact::SettingsChanged(Box::new(SettingsChanged::decode(data)?))
            }
            EventType::WebhookChanged => {
                Fact::WebhookChanged(Box::new(WebhookChanged::decode(data)?))
            }
            EventType::WebhookReplayed => Fact::WebhookReplayed(WebhookReplayed::decode(data)?),
            EventType::WebhookQueued => Fact::WebhookQueued(WebhookQueued::decode(data)?),
            EventType::WebhookAttempted => Fact::WebhookAttempted(WebhookAttempted::decode(data)?),
        }))
    }

    /// The event's CloudEvents type, such as `aftercall.commitment.lapsed.v1`.
    pub fn cloud_event_type(&self) -> &'static str {
        match self.r#type() {
            EventType::Unspecified => "aftercall.unknown",
            EventType::InteractionRecorded => "aftercall.interaction.recorded.v1",
            EventType::InteractionAmended => "aftercall.interaction.amended.v1",
            EventType::InteractionIdentified => "aftercall.interaction.identified.v1",
            EventType::CommitmentFulfilled => "aftercall.commitment.fulfilled.v1",
            EventType::CommitmentCancelled => "aftercall.commitment.cancelled.v1",
            EventType::CommitmentRescheduled => "aftercall.commitment.rescheduled.v1",
            EventType::CommitmentLapsed => "aftercall.commitment.lapsed.v1",
            EventType::SolutionPublished => "aftercall.solution.published.v1",
            EventType::CustomersMerged => "aftercall.customer.merged.v1",
            EventType::CustomersUnmerged => "aftercall.customer.unmerged.v1",
            EventType::SettingsChanged => "aftercall.settings.changed.v1",
            EventType::WebhookChanged => "aftercall.webhook.changed.v1",
            EventType::WebhookReplayed => "aftercall.webhook.replayed.v1",
            EventType::WebhookQueued => "aftercall.webhook.queued.v1",
            EventType::WebhookAttempted => "aftercall.webhook.attempted.v1",
        }
    }
}

/// The log key of all that concerns a customer: one customer's history is totally ordered. The first
/// `|` ends the tenant's id, which holds none; the customer's id is all the rest, whatever it holds.
pub fn customer_key(tenant_id: &str, customer_id: &str) -> Bytes {
    joined(&[tenant_id, "|", customer_id])
}

/// The log key of a contact and of all that follows from it: that of the customer to whom it was
/// recorded. A contact whose customer isn't identified, with an empty `customer_id`, stands for itself.
pub fn contact_key(tenant_id: &str, customer_id: &str, interaction_id: &str) -> Bytes {
    match customer_id {
        "" => joined(&[tenant_id, "| interaction/", interaction_id]),
        customer_id => customer_key(tenant_id, customer_id),
    }
}

/// The log key of a solution.
pub fn solution_key(tenant_id: &str, solution_id: &str) -> Bytes {
    joined(&[tenant_id, "| solution/", solution_id])
}

/// The log key of all that a tenant has set up.
pub fn settings_key(tenant_id: &str) -> Bytes {
    joined(&[tenant_id, "| settings"])
}

/// The log key of all about what a tenant is told outside: so one partition, and who works for it, has all
/// of a tenant's.
pub fn notify_key(tenant_id: &str) -> Bytes {
    joined(&[tenant_id, "| notify"])
}

/// What is no customer's begins with a blank after the tenant, as no customer's id does.
fn joined(parts: &[&str]) -> Bytes {
    parts.concat().into()
}
