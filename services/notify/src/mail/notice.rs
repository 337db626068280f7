//! What is to be told, and to whom.

use aftercall_domain::alert::{ResolveCause, Rule, Severity};
use aftercall_domain::commitment::{Clock, CommitmentKind, Owner};
use aftercall_domain::setting::Receiver;
use aftercall_domain::wording::Language;
use jiff::Timestamp;
use uuid::Uuid;

/// A notification: what somebody is to be told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id: the same whenever it is sent again.
    pub notification_id: Uuid,
    /// Why.
    pub cause: Cause,
    /// When that was decided.
    pub queued_at: Timestamp,
    /// Of which promises, the most urgent first.
    pub promises: Vec<Told>,
    /// Of what about contacts and customers, the worst first.
    pub concerns: Vec<ToldConcern>,
    /// Of how many more, which are not named.
    pub omitted: usize,
}

/// Why somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A due is near.
    Warning,
    /// A due passed.
    Lapse,
    /// What was overdue for too long was given up.
    GivenUp,
    /// Something about a contact or a customer needs a human.
    Concern,
    /// Nobody acknowledged in time: it goes a level higher.
    Escalation {
        /// The level from now on: 2 or more.
        level: u32,
    },
    /// What they were told of is over.
    Resolved {
        /// Why; none where it is not the same for all, or where nobody says it.
        by: Option<ResolveCause>,
    },
    /// What there is, in one mail instead of many.
    Digest,
    /// Somebody tries whether mail arrives.
    Test,
    /// Somebody said that they see to it; the time for that is over, and it is not done.
    AcknowledgementOver {
        /// Who.
        by: String,
    },
}

/// A promise that somebody is told of. Holds nothing personal but its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub commitment_id: String,
    /// What sort of promise it is.
    pub kind: CommitmentKind,
    /// Whom it was made to; none where nobody is identified.
    pub customer_id: Option<String>,
    /// Of which due.
    pub clock: Clock,
    /// When that is, or was.
    pub due: Timestamp,
    /// How bad it is.
    pub severity: Severity,
    /// Who keeps it.
    pub owner: Option<Owner>,
    /// Where it stands.
    pub standing: Standing,
    /// The promise, word for word; may be empty. Personal.
    pub promise_text: String,
}

/// Something about a contact or a customer that somebody is told of. Holds nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldConcern {
    /// What it is.
    pub rule: Rule,
    /// The contact; empty for what is about a customer.
    pub interaction_id: String,
    /// Whom it concerns; none where nobody is identified.
    pub customer_id: Option<String>,
    /// Since when it is so.
    pub since: Timestamp,
    /// How bad it is.
    pub severity: Severity,
    /// Who should act.
    pub owner: Option<Owner>,
    /// Whether it is over.
    pub is_over: bool,
}

/// Where a promise stands that somebody is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its due is near.
    AtRisk,
    /// Its due passed.
    Overdue,
    /// It was given up, because it was overdue for too long.
    GivenUp,
    /// It needs nobody any more.
    Over {
        /// Why; none where nobody says it.
        by: Option<ResolveCause>,
    },
}

impl Standing {
    /// Whether it needs nobody any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Over { .. })
    }
}

/// Who is told, and how they read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Where mail goes. Personal.
    pub mail_address: String,
    /// What people call them; may be empty.
    pub display_name: String,
    /// In which language.
    pub language: Language,
    /// By the clocks of which zone, by its IANA name; those of UTC if there is no such zone.
    pub time_zone: String,
    /// Whether they may be told what is personal.
    pub personal_allowed: bool,
}

impl From<&Receiver> for Reader {
    fn from(receiver: &Receiver) -> Self {
        Self {
            mail_address: receiver.mail_address.clone(),
            display_name: receiver.display_name.clone(),
            language: Language::read_by(&receiver.language),
            time_zone: receiver.time_zone.clone(),
            personal_allowed: receiver.personal_allowed,
        }
    }
}
