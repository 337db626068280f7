//! What a promise is made of.

use jiff::Timestamp;

use super::clock::{Clock, NewTarget, StageAt};
use crate::Party;
use crate::due::{GivenDue, PauseReason, ToldDue, Turn};

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
    /// Whether a regulator requires it.
    pub const fn is_regulatory(self) -> bool {
        matches!(self, Self::RegulatoryAck | Self::RegulatoryFinal)
    }

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

impl Owner {
    /// The agent's or the queue's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Agent(id) | Self::Queue(id) => id,
        }
    }

    /// The owner as one who has a part in it; a queue has none.
    pub fn party(&self) -> Party<'_> {
        match self {
            Self::Agent(id) => Party::Agent(id),
            Self::Queue(_) => Party::Agent(""),
        }
    }
}

/// Open, or how a promise was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    /// Somebody or something believes that it was promised; nobody has confirmed it.
    Proposed,
    /// To be done.
    Active,
    /// To be done, and nobody can act on it for the time being: our own clock stands still.
    Paused,
    /// Done.
    Fulfilled,
    /// Called off, or never a promise.
    Cancelled,
    /// Let go, with the consent of two.
    Waived,
    /// Another promise took its place.
    Superseded,
    /// Overdue for so long that it was given up.
    Expired,
}

impl Lifecycle {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Proposed,
        Self::Active,
        Self::Paused,
        Self::Fulfilled,
        Self::Cancelled,
        Self::Waived,
        Self::Superseded,
        Self::Expired,
    ];

    /// Whether it is a promise that is to be kept.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Active | Self::Paused)
    }

    /// Whether nothing can become of it any more.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Proposed | Self::Active | Self::Paused)
    }
}

/// Whether a promise is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timeliness {
    /// There is time.
    OnTrack,
    /// The due lies ahead, and somebody was warned, or our own due has passed.
    AtRisk,
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
    /// The customer had never been told; or it was let go, or was no promise of its own.
    NotApplicable,
    /// A call back after a dropped call was not needed: the customer was back first.
    SatisfiedByCustomerReturn,
}

/// What made a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Origin {
    /// Somebody gave it.
    #[default]
    Given,
    /// The contact in which it was made was cut off: the customer is to be called back.
    DropRecovery,
    /// The customer was told a version of a solution that was recalled since: it is to be put right.
    Recall,
    /// The agent said it, and nobody listed it: the finder of promises proposed it ([`crate::spoken`]).
    Said,
}

/// Why a promise that nobody gave is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawal {
    /// The customer was back first.
    CustomerReturned {
        /// The contact by which they were.
        interaction_id: String,
        /// When that began.
        at: Timestamp,
    },
    /// The contact was not cut off, as it turned out.
    NoDrop,
}

impl Withdrawal {
    /// What the promise counts as.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::CustomerReturned { .. } => Outcome::SatisfiedByCustomerReturn,
            Self::NoDrop => Outcome::NotApplicable,
        }
    }

    /// How the promise's note says it.
    pub(super) const fn note(&self) -> &'static str {
        match self {
            Self::CustomerReturned { .. } => "The customer was back first.",
            Self::NoDrop => "The contact was not cut off, as it turned out.",
        }
    }
}

/// A due that passed with the promise open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lapse {
    /// Of which clock.
    pub clock: Clock,
    /// Which revision of that clock's due.
    pub due_revision: u32,
    /// The due itself.
    pub lapsed_at: Timestamp,
    /// When we noticed; always after `lapsed_at`.
    pub detected_at: Timestamp,
}

/// That a promise takes up again another one, which had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopens {
    /// The other one.
    pub commitment_id: String,
    /// Why. Personal.
    pub reason: String,
}

/// A due that somebody moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescheduled {
    /// Which move of the promise's dues it is, from 1.
    pub number: u32,
    /// Whose due moved: with the customer told the promise's, else our own.
    pub clock: Clock,
    /// The revision of that due that the move made.
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
    /// From when the new due is reckoned: when the contact began in which the customer was told, else when it was
    /// moved.
    pub told_at: Timestamp,
    /// How the new due was said, if not as an instant.
    pub due: Option<ToldDue>,
    /// Our own due from then on; none for none.
    pub target: Option<NewTarget>,
    /// When the stages are from then on.
    pub stages: Vec<StageAt>,
}

impl Rescheduled {
    /// The due that it gave, beside what the customer was told by when, as it stands with the move.
    pub fn given(self, promised_by: Timestamp) -> GivenDue {
        let ours = self.target.map(|target| {
            let calendar = target.reckoned.map(|reckoned| reckoned.calendar);
            (target.at, calendar)
        });
        GivenDue {
            told_at: self.told_at,
            at: self.to,
            said: self.due,
            told_to_customer: self.clock == Clock::Promise,
            promised_by,
            ours,
        }
    }
}

/// A pause that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Since when.
    pub from: Timestamp,
    /// When it ends by itself; none if somebody has to end it.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: PauseReason,
    /// Whose turn it is.
    pub turn: Turn,
    /// What else is to be said of it. Personal.
    pub note: String,
    /// Who paused it.
    pub by: String,
    /// Whether the customer ends it who reaches us: it waits for them. Not of a pause from before there was that rule: no
    /// contact ends it because a later version reads it.
    pub ends_by_return: bool,
}

/// Why a pause ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResumeCause {
    /// Somebody said so.
    Asked,
    /// Its end was reached.
    UntilReached,
    /// We waited for the customer, and they reached us.
    CustomerReturned {
        /// The contact by which they did.
        interaction_id: String,
    },
}

/// A promise that somebody else is to keep, once they have accepted it. Until then the owner answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Who is to keep it.
    pub to: Owner,
    /// Their team; may be empty.
    pub to_team_id: String,
    /// Who asked them.
    pub asked_by: String,
    /// When they were asked, by our clock.
    pub asked_at: Timestamp,
    /// When it stays with the owner, if they have not accepted; none if it waits for ever.
    pub until: Option<Timestamp>,
}

/// Why a promise stays with its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HandoverEnd {
    /// Nobody accepted it in time.
    TimedOut,
    /// Whoever was asked declined.
    Declined,
    /// Whoever asked took it back.
    Withdrawn,
}

/// That somebody asked to let a promise go: somebody else has to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverAsked {
    /// Who asked.
    pub by: String,
    /// When, by our clock.
    pub at: Timestamp,
    /// Why. Personal.
    pub reason: String,
}
