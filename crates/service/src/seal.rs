//! The one writer of envelopes: of what happened, who did it and when, it makes the log's record.
//!
//! An event's key, type, ids and times follow from here alone, so that every event of every service is
//! framed alike, and the same command or observation gives the same event id wherever it is written
//! again.

use aftercall_domain::ids::Namespace;
use aftercall_log::{BODY_BYTES_MAX, Record};
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::envelope::{
    Fact, calendar_feeds_key, candidates_key, contact_key, customer_key, exports_key, notify_key,
    problem_key, search_key, settings_key, solution_key,
};
use aftercall_proto::event::v1::{self as wire, AggregateKind, Event};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::{ActorKind, Failure, Principal, Reason};

/// Who did it.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// Whose event it is.
    pub tenant_id: &'a str,
    /// The person or program.
    pub actor_id: &'a str,
    /// What sort of actor.
    pub kind: ActorKind,
}

impl<'a> From<&'a Principal> for Author<'a> {
    fn from(principal: &'a Principal) -> Self {
        Self {
            tenant_id: &principal.tenant_id,
            actor_id: &principal.actor_id,
            kind: principal.actor_kind,
        }
    }
}

/// The command that an event answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// The caller's id of it; empty where the thing itself is what is named.
    pub id: &'a str,
    /// What it said.
    pub hash: RequestHash,
}

/// What an event says of itself beside the fact.
#[derive(Debug, Clone, Copy)]
pub struct Sealing<'a> {
    /// Who did it.
    pub by: Author<'a>,
    /// What it happened to, by its id.
    pub aggregate_id: &'a str,
    /// The contact that it concerns; empty for what concerns none.
    pub interaction_id: &'a str,
    /// Whom it concerns; empty where nobody is identified.
    pub customer_id: &'a str,
    /// Its place among the events of its aggregate, from 1.
    pub sequence: u64,
    /// When it happened, by the clock of whoever saw it.
    pub occurred_at: Timestamp,
    /// When it is written, by ours.
    pub recorded_at: Timestamp,
    /// The import that brings it; empty for what comes live.
    pub import_batch: &'a str,
    /// The command that it answers; none for what we noticed ourselves.
    pub request: Option<Request<'a>>,
}

impl<'a> Sealing<'a> {
    /// An event of this place among those of an aggregate, which concerns that alone, happens as it is written, and
    /// answers nobody.
    pub const fn alone(
        by: Author<'a>,
        (aggregate_id, sequence): (&'a str, u64),
        now: Timestamp,
    ) -> Self {
        Self {
            by,
            aggregate_id,
            interaction_id: "",
            customer_id: "",
            sequence,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: None,
        }
    }

    /// The log's record of `fact`.
    ///
    /// # Errors
    /// [`TooLarge`] when the log takes no record of that size.
    pub fn seal(&self, fact: &Fact) -> Result<Record, TooLarge> {
        self.seal_under(self.key(fact.aggregate_kind()), fact)
    }

    /// The same for a contact that stands under another key than its present customer's: the one that
    /// it was recorded under.
    ///
    /// # Errors
    /// As [`Sealing::seal`].
    pub fn seal_under(&self, key: Bytes, fact: &Fact) -> Result<Record, TooLarge> {
        let request = self.request.unwrap_or_default();
        let event = Event {
            event_id: self.event_id(fact, &key).to_string(),
            tenant_id: self.by.tenant_id.to_owned(),
            aggregate_id: self.aggregate_id.to_owned(),
            sequence: self.sequence,
            occurred_at: Some(to_wire(self.occurred_at)),
            recorded_at: Some(to_wire(self.recorded_at)),
            actor_id: self.by.actor_id.to_owned(),
            actor_kind: wire::ActorKind::from(self.by.kind).into(),
            request_id: request.id.to_owned(),
            request_hash: match self.request {
                Some(request) => Bytes::copy_from_slice(&request.hash.0),
                None => Bytes::new(),
            },
            customer_id: self.customer_id.to_owned(),
            import_batch: self.import_batch.to_owned(),
            interaction_id: self.interaction_id.to_owned(),
            ..fact.event()
        };
        let bytes = event.encoded_len();
        if bytes > BODY_BYTES_MAX {
            return Err(TooLarge { bytes });
        }
        Ok(Record {
            key,
            recorded_at_us: microseconds(self.recorded_at),
            body: event.encode_to_vec().into(),
        })
    }

    fn key(&self, of: AggregateKind) -> Bytes {
        let Author { tenant_id, .. } = self.by;
        match of {
            AggregateKind::Solution => solution_key(tenant_id, self.aggregate_id),
            AggregateKind::Customer => customer_key(tenant_id, self.aggregate_id),
            AggregateKind::Settings => settings_key(tenant_id),
            AggregateKind::Webhook
            | AggregateKind::WebhookQueue
            | AggregateKind::WebhookOutcomes
            | AggregateKind::MailOutcomes
            | AggregateKind::AlertRoutes => notify_key(tenant_id),
            AggregateKind::Problem => problem_key(tenant_id, self.aggregate_id),
            AggregateKind::Candidate => candidates_key(tenant_id, self.aggregate_id),
            AggregateKind::CalendarFeed => calendar_feeds_key(tenant_id),
            AggregateKind::Export => exports_key(tenant_id),
            // A link without its solution's key, which the caller gives, stands for itself.
            AggregateKind::Search | AggregateKind::Link => search_key(tenant_id, self.aggregate_id),
            // A call stands for itself, whoever's it is.
            AggregateKind::Call => contact_key(tenant_id, "", self.interaction_id),
            AggregateKind::Interaction
            | AggregateKind::Commitment
            | AggregateKind::Repeat
            | AggregateKind::Cause
            | AggregateKind::Concern
            | AggregateKind::Unspecified => {
                contact_key(tenant_id, self.customer_id, self.interaction_id)
            }
        }
    }

    /// The same for the same event, whoever writes it again. A request is its actor's own, so the
    /// actor tells two commands apart; what a thing's own id names is the same from everybody.
    fn event_id(&self, fact: &Fact, key: &[u8]) -> uuid::Uuid {
        let Request { id, hash } = self.request.unwrap_or_default();
        let asked_by = match id {
            "" => "",
            _ => self.by.actor_id,
        };
        Namespace::Event.id(&[
            key,
            fact.event_type().as_str_name().as_bytes(),
            self.aggregate_id.as_bytes(),
            &self.sequence.to_be_bytes(),
            asked_by.as_bytes(),
            id.as_bytes(),
            &hash.0,
        ])
    }
}

/// The event takes more than the log's records may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the record takes {bytes} bytes, and at most {BODY_BYTES_MAX} are taken; shorten its texts or \
     lists"
)]
pub struct TooLarge {
    bytes: usize,
}

impl Failure for TooLarge {
    fn reason(&self) -> Reason {
        Reason::MessageTooLarge
    }
}

/// Tells a repetition of a request from another one that has its id: the version of the rule, and 15
/// bytes of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RequestHash([u8; 16]);

impl RequestHash {
    /// The rule by which requests are hashed now. A new rule gets a new number; hashes by the old one
    /// are compared by the old one.
    const VERSION: u8 = 1;

    /// The hash of a request as it was sent, of its canonical encoding: fields in the order of their
    /// numbers, those with their default value left out. Nothing that defaults or policies make of it
    /// may be part of it, for they change, and a repetition must stay one for ever.
    pub fn of(request: &impl Message) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[Self::VERSION]);
        hasher.update(&request.encode_to_vec());
        Self::finish(&hasher)
    }

    /// The same of a request to one of several methods that make events of one type: two of them may be sent the
    /// same, and are different requests.
    pub fn of_method(method: &str, request: &impl Message) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[Self::VERSION]);
        hasher.update(&(method.len() as u64).to_le_bytes());
        hasher.update(method.as_bytes());
        hasher.update(&request.encode_to_vec());
        Self::finish(&hasher)
    }

    fn finish(hasher: &blake3::Hasher) -> Self {
        let mut hash = [0; 16];
        hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        hash[0] = Self::VERSION;
        Self(hash)
    }

    /// The bytes, as events have them.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<ActorKind> for wire::ActorKind {
    fn from(kind: ActorKind) -> Self {
        match kind {
            ActorKind::Agent => Self::Agent,
            ActorKind::Supervisor => Self::Supervisor,
            ActorKind::System => Self::System,
            ActorKind::Integration => Self::Integration,
            ActorKind::Customer => Self::Customer,
            ActorKind::Ai => Self::Ai,
        }
    }
}
