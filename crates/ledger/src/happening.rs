//! What a record of the log says, decoded.

use aftercall_domain::commitment::{Commitment, Event as Step};
use aftercall_log::Entry;
use aftercall_proto::convert::commitment as convert;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    AlertsRouted, CalendarFeedChanged, CustomersMerged, CustomersUnmerged, Event,
    InteractionAmended, InteractionIdentified, InteractionRecorded, MailAttempted,
    RepeatAttributed, SettingsChanged, SolutionPublished, WebhookAttempted, WebhookChanged,
    WebhookQueued, WebhookReplayed,
};
use aftercall_view::{ApplyError, FromRecord, key};
use bytes::Bytes;
use prost::Message;

/// An event as its record holds it.
#[derive(Debug, Clone)]
pub struct Happening {
    /// The record's key.
    pub key: Bytes,
    /// Whose it is: see [`key::whose`].
    pub whose: u64,
    /// The envelope.
    pub event: Event,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// A contact was recorded.
    Recorded {
        /// The record.
        recorded: Box<InteractionRecorded>,
        /// The promises that begin with it, in its order.
        promises: Vec<Commitment>,
    },
    /// A contact's record was amended.
    Amended(Box<InteractionAmended>),
    /// It was said whose contact it is.
    Identified(InteractionIdentified),
    /// A promise was made after its contact, or without one.
    Made(Box<Commitment>),
    /// Something became of a promise.
    Promise(Step),
    /// A solution went live.
    Published(Box<SolutionPublished>),
    /// Two customers are one.
    Merged(CustomersMerged),
    /// Two customers are two again.
    Unmerged(CustomersUnmerged),
    /// A tenant's settings were made or changed.
    Settings(Box<SettingsChanged>),
    /// A promise that was not kept caused a contact.
    Repeat(Box<RepeatAttributed>),
    /// Something became of a webhook.
    Webhook(Webhook),
    /// A calendar of an agent's promises was made, or revoked.
    CalendarFeed(Box<CalendarFeedChanged>),
    /// It was decided who is told of alerts.
    Routed(Box<AlertsRouted>),
    /// It was tried to send mails.
    Mailed(MailAttempted),
    /// Something that only a later version understands, or that can't be decrypted.
    Unknown,
    /// What no writer of ours makes.
    Malformed,
}

/// What became of a webhook.
#[derive(Debug, Clone)]
pub enum Webhook {
    /// It was made or changed.
    Changed(Box<WebhookChanged>),
    /// Deliveries are to be sent again.
    Replayed(WebhookReplayed),
    /// It is to be told of events.
    Queued(WebhookQueued),
    /// It was tried to tell it.
    Attempted(WebhookAttempted),
}

impl What {
    fn of(event: &Event) -> Result<Self, ApplyError> {
        let fact = event.fact().map_err(ApplyError::record)?;
        Ok(match fact {
            None => Self::Unknown,
            Some(Fact::InteractionRecorded(recorded)) if recorded.interaction.is_none() => {
                Self::Malformed
            }
            Some(Fact::InteractionRecorded(recorded)) => {
                let promises = convert::made(event, &recorded).into_iter();
                Self::Recorded {
                    promises: promises.map(Commitment::new).collect(),
                    recorded,
                }
            }
            Some(Fact::CommitmentMade(made)) => match convert::made_later(event, &made) {
                Some(made) => Self::Made(Box::new(Commitment::new(made))),
                None => Self::Malformed,
            },
            Some(Fact::InteractionAmended(amended)) => Self::Amended(amended),
            Some(Fact::InteractionIdentified(identified)) => Self::Identified(identified),
            Some(Fact::CustomersMerged(merged)) => Self::Merged(merged),
            Some(Fact::CustomersUnmerged(unmerged)) => Self::Unmerged(unmerged),
            Some(Fact::SettingsChanged(changed)) => Self::Settings(changed),
            Some(Fact::AlertsRouted(routed)) => Self::Routed(Box::new(routed)),
            Some(Fact::RepeatAttributed(attributed)) => Self::Repeat(attributed),
            Some(Fact::WebhookChanged(changed)) if changed.webhook.is_none() => Self::Malformed,
            Some(Fact::WebhookChanged(changed)) => Self::Webhook(Webhook::Changed(changed)),
            Some(Fact::WebhookReplayed(replayed)) => Self::Webhook(Webhook::Replayed(replayed)),
            Some(Fact::WebhookQueued(queued)) => Self::Webhook(Webhook::Queued(queued)),
            Some(Fact::WebhookAttempted(attempted)) => Self::Webhook(Webhook::Attempted(attempted)),
            Some(Fact::MailAttempted(attempted)) => Self::Mailed(attempted),
            Some(Fact::CalendarFeedChanged(changed)) if changed.feed.is_none() => Self::Malformed,
            Some(Fact::CalendarFeedChanged(changed)) => Self::CalendarFeed(changed),
            Some(Fact::SolutionPublished(published)) if published.solution.is_none() => {
                Self::Malformed
            }
            Some(Fact::SolutionPublished(published)) => Self::Published(published),
            Some(fact) => match convert::later_event(event, &fact) {
                Some(step) => Self::Promise(step),
                None => Self::Malformed,
            },
        })
    }
}

impl FromRecord for Happening {
    fn from_record(entry: &Entry) -> Result<Self, ApplyError> {
        let event = Event::decode(entry.record.body.clone()).map_err(ApplyError::record)?;
        Ok(Self {
            key: entry.record.key.clone(),
            whose: key::whose(&entry.record.key),
            what: What::of(&event)?,
            event,
        })
    }

    fn is_for_views(&self) -> bool {
        !matches!(self.what, What::Unknown | What::Malformed)
    }
}
