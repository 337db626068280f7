//! Who is told of alerts, when, and why not.
//!
//! One pure decision, made in rounds: [`decide`] is given some alerts as they are, what was decided of them before
//! ([`Route`]), what each receiver was told lately ([`Book`]), what the tenant has set up ([`House`]) and the
//! time; it says who is told what now, and of each alert why somebody is, or is not ([`Verdict`]). What it
//! decides becomes an event, and nothing else is remembered: [`Route::take`] and [`Book`] are the folds of those
//! events.
//!
//! # Rules
//!
//! * **Groups.** What one team is told by one escalation policy is one group. A person gets one message for a group
//!   in a round, however many alerts and rules it is about: where these name several of their receivers, through the one of
//!   the highest level, the first by its id of several. One that may not be told now keeps what is its own for its digest. The first word of an alert waits for
//!   [`GROUP_WAIT`], so that what happens together is told together; what is critical does not wait.
//! * **Reasons.** An alert that fires for a further reason, such as a stage that is nearer to the due, is told once more,
//!   on the level that it has.
//! * **Levels.** The alert's level says who of the policy is told. Where nobody of a level can be, or all levels are
//!   used up, the catch-all is told.
//! * **Reach.** A receiver whose webhook is not in use, and that takes no mail, can't be told. Where the catch-all can't,
//!   either, that of the tenant's fallback is told. That nobody can be told of a level is said once, and the alert is looked
//!   at again when somebody can be: when the house is set up otherwise, or somebody else should act.
//! * **One for many.** While it is open that something has to be done to keep a customer, and that reaches somebody, what
//!   was not kept to them and is no worse is not told one by one: what that alert lists, and what is told to the same group
//!   ([`Alert::sums_up`]).
//! * **Once.** Of one level and reason a person hears once, through whichever of their receivers; of what is bad again after [`REPEAT_AFTER`], until somebody takes
//!   it.
//! * **Held.** In quiet hours, beyond the budget of an hour, and for what was noticed late or was silent, nothing is
//!   told one by one: it is held, and told in one digest when that is allowed.
//! * **Over.** That an alert is over is told once, to those alone who were told of it.

mod audience;
mod decide;
mod decided;
mod digest;
mod inhibit;
mod reach;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::alert::{Alert, Rule, Severity};
use crate::ids::Namespace;
use crate::setting::{EscalationPolicy, Receiver, Silence, Team};

pub use audience::on_level;
pub use decide::decide;
pub use state::{Book, Books, Held, Route, Routed, Seen, Standing, ToNobody, Told};

/// How long the first word of an alert waits for others of its group.
pub const GROUP_WAIT: SignedDuration = SignedDuration::from_secs(30);
/// After which time what is bad is told again, while nobody takes it.
pub const REPEAT_AFTER: SignedDuration = SignedDuration::from_hours(4);
/// How long what is told in a digest waits for more of it.
pub const GATHER_FOR: SignedDuration = SignedDuration::from_secs(60);
/// In which time a receiver's budget is used up.
pub const BUDGET_TIME: SignedDuration = SignedDuration::from_hours(1);

/// What the tenant has set up, as far as it decides who is told.
#[derive(Debug, Clone, Default)]
pub struct House {
    /// Versions of escalation policies: those by which alerts are told, and what stands for them.
    pub escalations: BTreeMap<(String, u64), EscalationPolicy>,
    /// The teams in use.
    pub teams: BTreeMap<String, Team>,
    /// The receivers in use, with their versions.
    pub receivers: BTreeMap<String, (u64, Receiver)>,
    /// The silences in use.
    pub silences: BTreeMap<String, Silence>,
    /// The webhooks in use: what goes to another one reaches nobody.
    pub webhooks: BTreeSet<String>,
    /// The catch-all of the tenant's fallback, which is told where a policy reaches nobody; may be empty.
    pub last_receiver_id: String,
}

/// When and where it is decided.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Whose alerts they are.
    pub tenant_id: &'a str,
    /// The number of the round: with it, ids of messages are derived.
    pub round: u64,
    /// The time.
    pub now: Timestamp,
    /// Whether this is another environment than the one in which the tenant's alerts are told: a copy is mute.
    pub mute: bool,
}

/// An alert to be decided about.
#[derive(Debug, Clone)]
pub struct Firing {
    /// The alert as it is.
    pub alert: Alert,
    /// What was decided of it before.
    pub route: Route,
    /// An open alert about its customer that [sums it up](Alert::sums_up); none if there is none.
    pub whole: Option<Alert>,
}

/// A receiver whose digest is due.
#[derive(Debug, Clone)]
pub struct DueDigest {
    /// The receiver.
    pub receiver_id: String,
    /// What is held for it, with the alerts as they are now.
    pub held: Vec<(Held, Alert)>,
}

/// What was decided in a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// The messages.
    pub notifications: Vec<Notification>,
    /// Of each alert what was decided. An alert that only waits for its group is left out.
    pub alerts: Vec<Routed>,
    /// The digests that were due.
    pub digests: Vec<Digested>,
    /// Whose turn it was on levels that are told by turns: the policy, the level's place, how many had theirs.
    pub turns: Vec<(String, u32, u64)>,
}

/// What became of a digest that was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digested {
    /// Whose.
    pub receiver_id: String,
    /// To when it was put off; none if it is told, or there was nothing left to tell.
    pub put_off_to: Option<Timestamp>,
}

/// A message to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id: the same, whoever decides this round.
    pub notification_id: Uuid,
    /// Whom it is for.
    pub receiver_id: String,
    /// As which version of it says how it is told.
    pub receiver_version: u64,
    /// What it says.
    pub kind: NotificationKind,
    /// The group that it is about; none for a digest, which is about any.
    pub group: Option<Group>,
    /// The highest level of what it is about.
    pub level: u32,
    /// The highest severity of what it is about.
    pub severity: Severity,
    /// What it is about: at most [`ALERTS_TOLD_MAX`](crate::limits::ALERTS_TOLD_MAX) of it.
    pub alerts: Vec<(Uuid, NotificationKind)>,
    /// About how many alerts it is.
    pub alert_count: u64,
    /// Why they are told in a digest.
    pub held_by: Vec<Hold>,
    /// When it was decided.
    pub at: Timestamp,
    /// The webhook that takes it; may be empty.
    pub webhook_id: String,
    /// Whether it goes by mail.
    pub by_mail: bool,
}

/// What is told together: what one team is told by one policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The escalation policy.
    pub policy_id: String,
    /// The team that should act; may be empty.
    pub team_id: String,
}

/// What a message says of an alert. Of several, the last of these is what the whole message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotificationKind {
    /// It is over.
    Resolved,
    /// It still fires, and nobody took it.
    Repeated,
    /// The time of a snooze is over.
    SnoozeOver,
    /// The time of an acknowledgement is over, and it is not done.
    AcknowledgementOver,
    /// It fires.
    Triggered,
    /// Nobody took it on the levels before.
    Escalated,
    /// Nobody took it on any level.
    Exhausted,
    /// What came while it could not be told, in short.
    Digest,
    /// A silence is over, and these fire.
    SilenceEnded,
}

/// Why something is not told at once, but in a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// The receiver is not to be disturbed.
    QuietHours,
    /// The receiver was told as much in the last hour as it may be.
    Rate,
    /// It was noticed long after its time.
    Late,
    /// It came with an import, and its time was over.
    Import,
    /// It was silent until now.
    SilenceEnded,
}

/// Why a receiver is told of an alert, or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The receiver; empty where it is the same for all.
    pub receiver_id: String,
    /// Why.
    pub reason: Why,
}

/// Why somebody is told of an alert, or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// They are told now.
    Told {
        /// By which message.
        notification_id: Uuid,
        /// What it says of the alert.
        kind: NotificationKind,
    },
    /// They are told later, in a digest.
    Held {
        /// Why not now.
        by: Hold,
        /// When, if nothing comes in between.
        until: Timestamp,
    },
    /// They were told of this level and of its reason before, or will be in a digest.
    AlreadyTold {
        /// When.
        at: Timestamp,
    },
    /// They are told, or were, through another of their receivers.
    SamePerson {
        /// Through which.
        receiver_id: String,
    },
    /// The webhook that the receiver names is not in use: nothing goes there. Without mail, nobody is reached.
    WebhookNotInUse {
        /// Which.
        webhook_id: String,
    },
    /// The level names the alert's owner, or their team, and whoever that is has no receiver in use.
    OwnerUnreached {
        /// The agent, queue or team; empty where there is none.
        whom: String,
    },
    /// It waits for what else its group has to tell.
    GroupWait {
        /// Until when.
        until: Timestamp,
    },
    /// A silence keeps it.
    Silence {
        /// Which.
        silence_id: String,
        /// Until when.
        until: Timestamp,
    },
    /// Another alert says all of it.
    Inhibition {
        /// Which rule's.
        by: Rule,
        /// Which, if it is one about the customer; none for one of the same subject.
        alert_id: Option<Uuid>,
    },
    /// Somebody sees to it.
    Acknowledged {
        /// Who.
        by: String,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody wants to hear of it later.
    Snoozed {
        /// Who.
        by: String,
        /// Until when.
        until: Timestamp,
    },
    /// It warns of our own due alone, which stands still while the promise is paused.
    Paused,
    /// It is over, and they never heard of it, or need not hear that it is.
    Resolved,
    /// Somebody put it away.
    Closed,
    /// This is another environment than the one in which it is told.
    Environment,
    /// No escalation policy was given by the promise's policy when it fired, nor was one the tenant's fallback.
    NoPolicy,
    /// No receiver that is in use and reaches somebody comes of the policy's targets, nor is its catch-all one, nor that of
    /// the fallback.
    NoReceiver,
}

impl Group {
    /// The group of an alert; none where nobody is to be told.
    pub fn of(alert: &Alert) -> Option<Self> {
        let escalation = alert.escalation.as_ref()?;
        Some(Self {
            policy_id: escalation.policy_id.clone(),
            team_id: alert.team_id.clone(),
        })
    }

    /// Its id. Kept for ever.
    pub fn id(&self, tenant_id: &str) -> Uuid {
        let parts = [tenant_id, &self.policy_id, &self.team_id];
        Namespace::AlertGroup.id(&parts.map(str::as_bytes))
    }
}

/// When an alert of which nothing was decided is looked at first.
pub fn first_look_at(alert: &Alert) -> Timestamp {
    let wait = match alert.severity {
        Severity::Critical => SignedDuration::ZERO,
        _ => GROUP_WAIT,
    };
    after(alert.first_fired_at, wait)
}

/// An instant so much later, or the last one that there is.
fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
