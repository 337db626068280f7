//! The envelope of the log's records: keys, decoding, and the CloudEvents names of its attributes.

use bytes::Bytes;
use prost::{DecodeError, Message};

use crate::event::v1::event::Payload;
use crate::event::v1::{
    AggregateKind, AlertAcknowledged, AlertClosed, AlertFiredAgain, AlertRetriggered, AlertSnoozed,
    CommitmentAttempted, CommitmentCancelled, CommitmentConfirmed, CommitmentDismissed,
    CommitmentExpired, CommitmentFulfilled, CommitmentHandoverAccepted, CommitmentHandoverAsked,
    CommitmentHandoverEnded, CommitmentLapsed, CommitmentPaused, CommitmentReassigned,
    CommitmentRescheduled, CommitmentResumed, CommitmentStageReached, CommitmentSuperseded,
    CommitmentWaived, CommitmentWaiverDeclined, CommitmentWaiverRequested, CustomersMerged,
    CustomersUnmerged, Event, EventType, InteractionAmended, InteractionIdentified,
    InteractionRecorded, SettingsChanged, SolutionPublished, WebhookAttempted, WebhookChanged,
    WebhookQueued, WebhookReplayed,
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
    /// A proposal is a promise.
    CommitmentConfirmed(CommitmentConfirmed),
    /// The customer was tried.
    CommitmentAttempted(CommitmentAttempted),
    /// A proposal is none.
    CommitmentDismissed(CommitmentDismissed),
    /// A stage before one of the dues was reached.
    CommitmentStageReached(CommitmentStageReached),
    /// Our own clock stands still.
    CommitmentPaused(CommitmentPaused),
    /// Our own clock goes on.
    CommitmentResumed(CommitmentResumed),
    /// Somebody is asked to keep a promise.
    CommitmentHandoverAsked(CommitmentHandoverAsked),
    /// Who was asked keeps it.
    CommitmentHandoverAccepted(CommitmentHandoverAccepted),
    /// It stays with its owner.
    CommitmentHandoverEnded(CommitmentHandoverEnded),
    /// Somebody else keeps it.
    CommitmentReassigned(CommitmentReassigned),
    /// Somebody wants to let it go.
    CommitmentWaiverRequested(CommitmentWaiverRequested),
    /// It is not let go.
    CommitmentWaiverDeclined(CommitmentWaiverDeclined),
    /// It was let go.
    CommitmentWaived(CommitmentWaived),
    /// Another promise took its place.
    CommitmentSuperseded(CommitmentSuperseded),
    /// It was given up.
    CommitmentExpired(CommitmentExpired),
    /// Somebody sees to an alert.
    AlertAcknowledged(AlertAcknowledged),
    /// An alert was put off.
    AlertSnoozed(AlertSnoozed),
    /// An alert was put away.
    AlertClosed(AlertClosed),
    /// An alert goes on.
    AlertRetriggered(AlertRetriggered),
    /// An alert that was put away fires again.
    AlertFiredAgain(AlertFiredAgain),
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
            Self::CommitmentConfirmed(_) => EventType::CommitmentConfirmed,
            Self::CommitmentAttempted(_) => EventType::CommitmentAttempted,
            Self::CommitmentDismissed(_) => EventType::CommitmentDismissed,
            Self::CommitmentStageReached(_) => EventType::CommitmentStageReached,
            Self::CommitmentPaused(_) => EventType::CommitmentPaused,
            Self::CommitmentResumed(_) => EventType::CommitmentResumed,
            Self::CommitmentHandoverAsked(_) => EventType::CommitmentHandoverAsked,
            Self::CommitmentHandoverAccepted(_) => EventType::CommitmentHandoverAccepted,
            Self::CommitmentHandoverEnded(_) => EventType::CommitmentHandoverEnded,
            Self::CommitmentReassigned(_) => EventType::CommitmentReassigned,
            Self::CommitmentWaiverRequested(_) => EventType::CommitmentWaiverRequested,
            Self::CommitmentWaiverDeclined(_) => EventType::CommitmentWaiverDeclined,
            Self::CommitmentWaived(_) => EventType::CommitmentWaived,
            Self::CommitmentSuperseded(_) => EventType::CommitmentSuperseded,
            Self::CommitmentExpired(_) => EventType::CommitmentExpired,
            Self::AlertAcknowledged(_) => EventType::AlertAcknowledged,
            Self::AlertSnoozed(_) => EventType::AlertSnoozed,
            Self::AlertClosed(_) => EventType::AlertClosed,
            Self::AlertRetriggered(_) => EventType::AlertRetriggered,
            Self::AlertFiredAgain(_) => EventType::AlertFiredAgain,
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
            | Self::CommitmentLapsed(_)
            | Self::CommitmentConfirmed(_)
            | Self::CommitmentAttempted(_)
            | Self::CommitmentDismissed(_)
            | Self::CommitmentStageReached(_)
            | Self::CommitmentPaused(_)
            | Self::CommitmentResumed(_)
            | Self::CommitmentHandoverAsked(_)
            | Self::CommitmentHandoverAccepted(_)
            | Self::CommitmentHandoverEnded(_)
            | Self::CommitmentReassigned(_)
            | Self::CommitmentWaiverRequested(_)
            | Self::CommitmentWaiverDeclined(_)
            | Self::CommitmentWaived(_)
            | Self::CommitmentSuperseded(_)
            | Self::CommitmentExpired(_)
            | Self::AlertAcknowledged(_)
            | Self::AlertSnoozed(_)
            | Self::AlertClosed(_)
            | Self::AlertRetriggered(_)
            | Self::AlertFiredAgain(_) => AggregateKind::Commitment,
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
            Self::CommitmentConfirmed(data) => data.encode_to_vec(),
            Self::CommitmentAttempted(data) => data.encode_to_vec(),
            Self::CommitmentDismissed(data) => data.encode_to_vec(),
            Self::CommitmentStageReached(data) => data.encode_to_vec(),
            Self::CommitmentPaused(data) => data.encode_to_vec(),
            Self::CommitmentResumed(data) => data.encode_to_vec(),
            Self::CommitmentHandoverAsked(data) => data.encode_to_vec(),
            Self::CommitmentHandoverAccepted(data) => data.encode_to_vec(),
            Self::CommitmentHandoverEnded(data) => data.encode_to_vec(),
            Self::CommitmentReassigned(data) => data.encode_to_vec(),
            Self::CommitmentWaiverRequested(data) => data.encode_to_vec(),
            Self::CommitmentWaiverDeclined(data) => data.encode_to_vec(),
            Self::CommitmentWaived(data) => data.encode_to_vec(),
            Self::CommitmentSuperseded(data) => data.encode_to_vec(),
            Self::CommitmentExpired(data) => data.encode_to_vec(),
            Self::AlertAcknowledged(data) => data.encode_to_vec(),
            Self::AlertSnoozed(data) => data.encode_to_vec(),
            Self::AlertClosed(data) => data.encode_to_vec(),
            Self::AlertRetriggered(data) => data.encode_to_vec(),
            Self::AlertFiredAgain(data) => data.encode_to_vec(),
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
            EventType::CommitmentAttempted => {
                Fact::CommitmentAttempted(CommitmentAttempted::decode(data)?)
            }
            EventType::CommitmentConfirmed => {
                Fact::CommitmentConfirmed(CommitmentConfirmed::decode(data)?)
            }
            EventType::CommitmentDismissed => {
                Fact::CommitmentDismissed(CommitmentDismissed::decode(data)?)
            }
            EventType::CommitmentStageReached => {
                Fact::CommitmentStageReached(CommitmentStageReached::decode(data)?)
            }
            EventType::CommitmentPaused => Fact::CommitmentPaused(CommitmentPaused::decode(data)?),
            EventType::CommitmentResumed => {
                Fact::CommitmentResumed(CommitmentResumed::decode(data)?)
            }
            EventType::CommitmentHandoverAsked => {
                Fact::CommitmentHandoverAsked(CommitmentHandoverAsked::decode(data)?)
            }
            EventType::CommitmentHandoverAccepted => {
                Fact::CommitmentHandoverAccepted(CommitmentHandoverAccepted::decode(data)?)
            }
            EventType::CommitmentHandoverEnded => {
                Fact::CommitmentHandoverEnded(CommitmentHandoverEnded::decode(data)?)
            }
            EventType::CommitmentReassigned => {
                Fact::CommitmentReassigned(CommitmentReassigned::decode(data)?)
            }
            EventType::CommitmentWaiverRequested => {
                Fact::CommitmentWaiverRequested(CommitmentWaiverRequested::decode(data)?)
            }
            EventType::CommitmentWaiverDeclined => {
                Fact::CommitmentWaiverDeclined(CommitmentWaiverDeclined::decode(data)?)
            }
            EventType::CommitmentWaived => Fact::CommitmentWaived(CommitmentWaived::decode(data)?),
            EventType::CommitmentSuperseded => {
                Fact::CommitmentSuperseded(CommitmentSuperseded::decode(data)?)
            }
            EventType::CommitmentExpired => {
                Fact::CommitmentExpired(CommitmentExpired::decode(data)?)
            }
            EventType::AlertAcknowledged => {
                Fact::AlertAcknowledged(AlertAcknowledged::decode(data)?)
            }
            EventType::AlertSnoozed => Fact::AlertSnoozed(AlertSnoozed::decode(data)?),
            EventType::AlertClosed => Fact::AlertClosed(AlertClosed::decode(data)?),
            EventType::AlertRetriggered => Fact::AlertRetriggered(AlertRetriggered::decode(data)?),
            EventType::AlertFiredAgain => Fact::AlertFiredAgain(AlertFiredAgain::decode(data)?),
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
            EventType::CommitmentAttempted => "aftercall.commitment.attempted.v1",
            EventType::CommitmentConfirmed => "aftercall.commitment.confirmed.v1",
            EventType::CommitmentDismissed => "aftercall.commitment.dismissed.v1",
            EventType::CommitmentStageReached => "aftercall.commitment.stage_reached.v1",
            EventType::CommitmentPaused => "aftercall.commitment.paused.v1",
            EventType::CommitmentResumed => "aftercall.commitment.resumed.v1",
            EventType::CommitmentHandoverAsked => "aftercall.commitment.handover_asked.v1",
            EventType::CommitmentHandoverAccepted => "aftercall.commitment.handover_accepted.v1",
            EventType::CommitmentHandoverEnded => "aftercall.commitment.handover_ended.v1",
            EventType::CommitmentReassigned => "aftercall.commitment.reassigned.v1",
            EventType::CommitmentWaiverRequested => "aftercall.commitment.waiver_requested.v1",
            EventType::CommitmentWaiverDeclined => "aftercall.commitment.waiver_declined.v1",
            EventType::CommitmentWaived => "aftercall.commitment.waived.v1",
            EventType::CommitmentSuperseded => "aftercall.commitment.superseded.v1",
            EventType::CommitmentExpired => "aftercall.commitment.expired.v1",
            EventType::AlertAcknowledged => "aftercall.alert.acknowledged.v1",
            EventType::AlertSnoozed => "aftercall.alert.snoozed.v1",
            EventType::AlertClosed => "aftercall.alert.closed.v1",
            EventType::AlertRetriggered => "aftercall.alert.retriggered.v1",
            EventType::AlertFiredAgain => "aftercall.alert.fired_again.v1",
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
