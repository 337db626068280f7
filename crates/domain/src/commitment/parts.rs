//! What a promise is made of.

use jiff::Timestamp;

/// What sort of promise it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommitmentKind {
    /// To call back.
    CallBack,
    /// To send information.
    SendInfo,
    /// To send a document.
    SendDocument,
    /// To pay back.
    Refund,
    /// To replace.
    Replacement,
    /// To send a technician.
    TechVisit,
    /// To look into it.
    Investigate,
    /// To take it further up.
    Escalate,
    /// To say how it stands.
    StatusUpdate,
    /// A call by a supervisor.
    SupervisorCall,
    /// To put right what the customer was wrongly told.
    CorrectMisinformation,
    /// To acknowledge, as a regulator requires.
    RegulatoryAck,
    /// To answer finally, as a regulator requires.
    RegulatoryFinal,
    /// To answer a review.
    ReviewResponse,
    /// To coach.
    Coaching,
    /// Something else.
    Other,
}

impl CommitmentKind {
    /// The kind as one word, for labels.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CallBack => "call_back",
            Self::SendInfo => "send_info",
            Self::SendDocument => "send_document",
            Self::Refund => "refund",
            Self::Replacement => "replacement",
            Self::TechVisit => "tech_visit",
            Self::Investigate => "investigate",
            Self::Escalate => "escalate",
            Self::StatusUpdate => "status_update",
            Self::SupervisorCall => "supervisor_call",
            Self::CorrectMisinformation => "correct_misinformation",
            Self::RegulatoryAck => "regulatory_ack",
            Self::RegulatoryFinal => "regulatory_final",
            Self::ReviewResponse => "review_response",
            Self::Coaching => "coaching",
            Self::Other => "other",
        }
    }
}

/// How urgent a promise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// At once.
    P1,
    /// Soon.
    P2,
    /// As usual.
    #[default]
    P3,
    /// When there is time.
    P4,
}

impl Priority {
    /// The priority as one word, for labels.
    pub const fn code(self) -> &'static str {
        match self {
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
            Self::P4 => "p4",
        }
    }
}

/// Where it can be looked up that something was done, or that the customer was told: in a contact of
/// ours, in a message of another system, in both, or nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// The contact.
    pub interaction_id: Option<String>,
    /// The message, by its id in the mail or chat system.
    pub message_id: Option<String>,
}

impl Evidence {
    /// Whether there is any.
    pub const fn is_given(&self) -> bool {
        self.interaction_id.is_some() || self.message_id.is_some()
    }
}

/// Who keeps a promise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// An agent, by id.
    Agent(String),
    /// Whoever works off a queue, by the queue's id.
    Queue(String),
}

/// Open, or how a promise was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    /// To be done.
    Active,
    /// Done.
    Fulfilled,
    /// Called off.
    Cancelled,
}

/// Whether a promise is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timeliness {
    /// There is time.
    OnTrack,
    /// The due has passed.
    Overdue,
}

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Done in time; exactly at the due is in time.
    Kept,
    /// Done, too late.
    KeptLate,
    /// Not done.
    Broken,
    /// The customer let us off.
    ReleasedByCustomer,
    /// The customer had never been told.
    NotApplicable,
}

/// A due that passed with the promise open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lapse {
    /// Which revision of the due.
    pub due_revision: u32,
    /// The due itself.
    pub lapsed_at: Timestamp,
    /// When we noticed; always after `lapsed_at`.
    pub detected_at: Timestamp,
}

/// A due that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescheduled {
    /// The revision that the move made.
    pub due_revision: u32,
    /// The due before.
    pub from: Timestamp,
    /// The due after.
    pub to: Timestamp,
    /// Why. Personal.
    pub reason: String,
    /// Where the customer was told; nowhere if we moved it on our own.
    pub customer_informed: Evidence,
    /// Whether the old due had passed already.
    pub after_lapse: bool,
    /// Who moved it.
    pub by: String,
    /// When, by our clock.
    pub at: Timestamp,
}
