//! One contact that a customer sees, from the first ring to the end of wrap-up, and the rules for
//! its record. A text or list that is empty means that nothing was said.

mod amendment;
mod analysis;
mod attention;
mod check;
mod clean;
mod codes;
mod contact;
mod customer;
mod disconnect;
mod driver;
mod followed_up;
mod forms;
mod handling;
mod identification;
mod ivr;
mod life;
mod making;
mod names;
mod ours;
mod promise;
mod reach;
mod recording;
mod recovering;
mod said;
mod segment;
mod sentiment;
mod speech;

use jiff::Timestamp;

use crate::{Country, Handle};

pub use amendment::{AMENDABLE, Amendment, TELEPHONY};
pub use analysis::Analysis;
pub use attention::{
    Escalation, EscalationKind, EscalationRequester, Signal, SignalKind, SignalSource,
};
pub use contact::{
    Channel, ContactReason, Direction, Disposition, DispositionSetter, ExternalRef,
    InitiationMethod, ReasonResolution,
};
pub use customer::{Customer, MatchStatus, Verification};
pub use disconnect::{Disconnect, DisconnectReason, DisconnectStage, DropAttribution, DropClass};
pub use driver::{DriverSegment, DriverSetter};
pub use followed_up::FollowedUp;
pub(crate) use forms::is_language;
pub use handling::{
    Action, Handling, Money, Remedy, RemedyKind, SolutionUse, SolutionUseKind, SummaryAuthor,
};
pub use identification::{Identification, check_id};
pub use ivr::{IvrOutcome, IvrStep, last_node, path_in_line};
pub use life::{Life, PromiseLife, Refused, Step};
pub use making::Surroundings;
pub use names::{
    commitment_id, correction_id, drop_recovery_id, id_of_reference, is_ours, made_commitment_id,
    occurrence_commitment_id,
};
pub use promise::CommitmentDraft;
pub use reach::{PartsShown, Reach};
pub use recording::Recording;
pub use recovering::CutOff;
pub use segment::{Hold, HoldReason, Segment, SegmentKind, Transfer, TransferKind};
pub use sentiment::{
    Sentiment, SentimentEvidence, SentimentParticipant, SentimentPoint, SentimentSummary,
};
pub use speech::{Interruption, NonTalk};

/// One contact that a customer sees, from the first ring to the end of wrap-up, transfers
/// included. Fields marked \[P\] are personal: they never reach logs, metrics or alert texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Interaction {
    /// A UUID in text form, the caller's. Left empty, it is derived from `external_ref`, or drawn
    /// by the server where that is empty too.
    pub interaction_id: String,
    /// The record's name in the system that it comes from. Unique for ever within the tenant.
    pub external_ref: Option<ExternalRef>,
    /// How the customer and we spoke. Required.
    pub channel: Channel,
    /// Who reached out. Required.
    pub direction: Direction,
    /// What started the contact.
    pub initiation_method: Option<InitiationMethod>,
    /// Whose contact it is, as far as is known. A contact of nobody that we know is never taken for
    /// another such contact.
    pub customer: Customer,
    /// The firm on whose behalf we answered, at a centre that serves several.
    pub client_account_id: String,
    /// The agent who wrapped the contact up.
    pub agent_id: String,
    /// The agent's team at that time.
    pub team_id: String,
    /// The agent's site at that time.
    pub site_id: String,
    /// When the contact began, by the caller's clock. Required; at most five minutes ahead of
    /// ours.
    pub occurred_at: Timestamp,
    /// When it ended for the customer, by the caller's clock. Not before `occurred_at`.
    pub ended_at: Option<Timestamp>,
    /// When the server appended the record, by its own clock. Set by the server.
    pub recorded_at: Option<Timestamp>,
    /// The contact in parts: queues, agents, consultations.
    pub segments: Vec<Segment>,
    /// How the contact ended.
    pub disconnect: Option<Disconnect>,
    /// Why the customer called. At least one, exactly one of them primary.
    pub contact_reasons: Vec<ContactReason>,
    /// How it was handled.
    pub handling: Option<Handling>,
    /// The wrap-up code.
    pub disposition: Option<Disposition>,
    /// What was promised. Either at least one, or `no_follow_up_promised`.
    pub commitments: Vec<CommitmentDraft>,
    /// Says that nothing was promised. An empty list of commitments alone never means that.
    pub no_follow_up_promised: bool,
    /// Solutions that were looked at or relied on.
    pub solution_uses: Vec<SolutionUse>,
    /// Calls for somebody with more say or knowledge.
    pub escalations: Vec<Escalation>,
    /// What deserves notice: a threat to leave, a vulnerable customer.
    pub signals: Vec<Signal>,
    /// How the customer felt.
    pub sentiment: Option<Sentiment>,
    /// Free labels, for finding the record again.
    pub labels: Vec<String>,
    /// The contact that this one follows up, where the caller knows it.
    pub previous_interaction_id: String,
    /// 1 when recorded, one more with each amendment. Set by the server.
    pub version: u64,
    /// Ours in this contact: the number that was called or that we called from, the mailbox, the
    /// page that was reviewed.
    pub our_handle: Option<Handle>,
    /// The promises of earlier contacts that this one follows up.
    pub follow_ups: Vec<FollowedUp>,
    /// Since when the customer has had the trouble that the contact is about. Not after `occurred_at`.
    pub problem_onset_at: Option<Timestamp>,
    /// When nobody spoke.
    pub non_talk: Vec<NonTalk>,
    /// When somebody spoke while the other one did.
    pub interruptions: Vec<Interruption>,
    /// How participants felt by further scorers, each in one of its versions once.
    pub sentiments: Vec<Sentiment>,
    /// What made the customer call.
    pub driver_segment: Option<DriverSegment>,
    /// The way through the voice menu, in its order.
    pub ivr_path: Vec<IvrStep>,
}

impl Interaction {
    /// Brings all handles into the form by which they are found. `country` is the tenant's: where
    /// numbers without a country code are dialled, unless the customer's country is said.
    pub fn canonicalise(&mut self, country: Option<Country>) {
        self.customer.canonicalise(country);
        if let Some(handle) = &mut self.our_handle {
            handle.canonicalise(country);
        }
    }
}
