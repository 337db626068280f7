//! What happens to a promise.

use jiff::{SignedDuration, Timestamp};

use super::{
    AlertStep, Attempt, CommitmentKind, DependencyTurn, Escalation, Evidence, Handover,
    HandoverEnd, Lapse, NewTarget, Origin, Outcome, Owner, Paused, PolicyRef, Priority, Reopens,
    Rescheduled, ResumeCause, Retargeted, Stage, StageAt, StageReached, Tried, Withdrawal,
};
use crate::Handle;
use crate::due::ToldDue;
use crate::recurrence::{Occurrence, Recurrence, RecurrenceEnd};

/// A promise as the contact's record made it, complete: ids assigned and defaults resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The promise's id.
    pub commitment_id: String,
    /// The contact in which it was made.
    pub interaction_id: String,
    /// Whom it was made to; none for a caller who isn't identified.
    pub customer_id: Option<String>,
    /// The name to show of whom it was made to; may be empty. Personal.
    pub customer_name: String,
    /// The names under which they reached us or were reached in its contact. Personal.
    pub handles: Vec<Handle>,
    /// The agent in whose contact it was made; may be empty.
    pub made_by: String,
    /// That agent's team; may be empty.
    pub team_id: String,
    /// That agent's site; may be empty.
    pub site_id: String,
    /// What sort of promise it is.
    pub kind: CommitmentKind,
    /// The tenant's own code of the kind; may be empty.
    pub kind_code: String,
    /// What made it.
    pub origin: Origin,
    /// The promise, word for word. Personal.
    pub promise_text: String,
    /// Whether the customer was told.
    pub told_to_customer: bool,
    /// By when.
    pub promised_by: Timestamp,
    /// How that was told, if not as an instant.
    pub due: Option<ToldDue>,
    /// Not earlier than this.
    pub promised_not_before: Option<Timestamp>,
    /// The zone in which the customer understood the time; may be empty.
    pub time_zone: String,
    /// Who keeps it.
    pub owner: Option<Owner>,
    /// The team of whoever keeps it; may be empty.
    pub owner_team_id: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether the agent read the time back and the customer agreed.
    pub read_back_confirmed: bool,
    /// The policy by which it is followed up, as it was then; none if there was none.
    pub policy: Option<PolicyRef>,
    /// Our own due; none where there is none. A task of which the customer was not told has one.
    pub target: Option<NewTarget>,
    /// The warnings before the dues.
    pub stages: Vec<Stage>,
    /// How long it may be overdue before it is given up.
    pub expire_after: SignedDuration,
    /// Until when somebody has to confirm it, where it is only proposed.
    pub proposed_until: Option<Timestamp>,
    /// The promises that have to be kept before it can be, by their ids.
    pub depends_on: Vec<String>,
    /// How it recurs, and which occurrence it is; none for what is promised once.
    pub series: Option<(Recurrence, Occurrence)>,
    /// The plan that it is a step of; may be empty.
    pub plan_id: String,
    /// Which step, from 1; 0 where nobody said it.
    pub step_no: u32,
    /// The promise that it takes up again, and why; none for one of its own.
    pub reopens: Option<Reopens>,
    /// When it was done, for an imported promise whose end is history; else it is ignored.
    pub fulfilled_at: Option<Timestamp>,
    /// When it was made: when the contact began, by the caller's clock.
    pub made_at: Timestamp,
    /// When it was recorded, by our clock.
    pub recorded_at: Timestamp,
    /// Who recorded it.
    pub recorded_by: String,
    /// Whether it came with an import of history.
    pub imported: bool,
}

/// A later event of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The promise's version once this event is applied. Any other than the next lost a race.
    pub sequence: u64,
    /// When it was appended, by our clock.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor_id: String,
    /// How an alert goes on that fires by it, or comes to another level; none where nobody is to be told.
    pub escalation: Option<Escalation>,
    /// What happened.
    pub change: Change,
}

/// What happened to a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A proposal is a promise from now on.
    Confirmed,
    /// A proposal is none.
    Dismissed {
        /// Why. Personal.
        reason: String,
    },
    /// It was done.
    Fulfilled {
        /// When, by the evidence.
        fulfilled_at: Timestamp,
        /// What it counts as.
        outcome: Outcome,
        /// Where it was done.
        evidence: Evidence,
        /// How. Personal.
        note: String,
    },
    /// It was called off.
    Cancelled {
        /// What it counts as.
        outcome: Outcome,
        /// Where the customer let us off.
        customer_informed: Evidence,
        /// Why. Personal.
        reason: String,
    },
    /// The customer was tried.
    Attempted {
        /// When, and what came of it.
        attempt: Attempt,
        /// How often they were tried, this time included.
        tried: Tried,
        /// What the promise counts as, if it was kept by this.
        outcome: Option<Outcome>,
        /// When it was kept, if it was: when the last of the attempts that it took was made. None where nobody
        /// noted it, which means this one.
        fulfilled_at: Option<Timestamp>,
    },
    /// One of its dues was moved.
    Rescheduled(Box<Rescheduled>),
    /// It is followed up by the policies as they are now.
    Retargeted(Box<Retargeted>),
    /// A due passed with the promise open.
    Lapsed(Lapse),
    /// A stage was reached with the promise open.
    StageReached(StageReached),
    /// Our own clock stands still from now on.
    Paused(Paused),
    /// Our own clock goes on.
    Resumed {
        /// Why.
        cause: ResumeCause,
        /// When the pause ended.
        at: Timestamp,
        /// Our own due from then on, if the pause moved it.
        target_at: Option<Timestamp>,
        /// When its stages are from then on.
        stages: Vec<StageAt>,
    },
    /// Somebody else is asked to keep it.
    HandoverAsked(Handover),
    /// Who was asked keeps it from now on.
    HandoverAccepted,
    /// It stays with its owner.
    HandoverEnded(HandoverEnd),
    /// Somebody else keeps it.
    Reassigned {
        /// Who.
        to: Owner,
        /// Their team; may be empty.
        to_team_id: String,
    },
    /// Somebody wants to let it go.
    WaiverAsked {
        /// Why. Personal.
        reason: String,
    },
    /// It is not let go.
    WaiverDeclined {
        /// Why not. Personal.
        reason: String,
    },
    /// It was let go.
    Waived {
        /// Who had asked.
        asked_by: String,
        /// Why. Personal.
        reason: String,
    },
    /// Another promise took its place.
    Superseded {
        /// The other one.
        by_commitment_id: String,
        /// Why. Personal.
        reason: String,
    },
    /// What had made it by itself took it back.
    Withdrawn {
        /// Why.
        cause: Withdrawal,
        /// What it counts as.
        outcome: Outcome,
    },
    /// It waits for other promises from now on.
    DependenciesSet {
        /// Which, by their ids.
        commitment_ids: Vec<String>,
    },
    /// A promise that it waits for puts it in danger, or no longer does.
    DependencyTurned(DependencyTurn),
    /// No further promise of its series is made.
    RecurrenceEnded {
        /// Why.
        cause: RecurrenceEnd,
        /// What was said of it; may be empty. Personal.
        reason: String,
    },
    /// Something was done about one of its alerts.
    Alert(AlertStep),
    /// It was overdue for too long, or nobody confirmed it.
    Expired {
        /// What it counts as.
        outcome: Outcome,
        /// When its time was over.
        expired_at: Timestamp,
        /// The level on which the alert begins that it was given up; none where it raises none.
        alert_level: Option<u32>,
    },
}
