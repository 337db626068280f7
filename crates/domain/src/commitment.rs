//! Promises to customers: what may become of them, who may do it, and what it counts as.
//!
//! A promise is a fold of its events, and holds the latest of them only: however often it moves, it does
//! not grow. The `decide` side ([`Commitment::fulfil`], [`Commitment::reschedule`], [`Commitment::fire`] and
//! their like) turns a wish into an [`Event`] or says why not; the `fold` side ([`Commitment::new`],
//! [`Commitment::apply`]) takes events in the log's order and never fails: an event that lost a race changes
//! nothing.
//!
//! # Two clocks
//!
//! * The **promise** to the customer: `promised_by`, as they were last told. It never pauses, and moves only
//!   where it can be looked up that the customer was told ([`Evidence`]).
//! * Our **own due**: the [`Target`]. It comes from a policy, or from somebody who moves the work without
//!   telling the customer. It pauses. A task of which the customer was never told has this clock only.
//!
//! Each has revisions of its own, and lapses once in each at most.
//!
//! # What a promise counts as
//!
//! * Done at `promised_by` or before: [`Outcome::Kept`]; the boundary belongs to the promise. Done
//!   later: [`Outcome::KeptLate`]. It is the time of the evidence that counts, not the time at
//!   which we heard of it.
//! * Called off: [`Outcome::ReleasedByCustomer`] if the customer was told (see [`Evidence`]), else
//!   [`Outcome::Broken`].
//! * A contact that is named for either has to show it ([`Shown`]): whoever decides asks, and the fold takes what the
//!   log says.
//! * Overdue for so long that it was given up: [`Outcome::Broken`].
//! * A task of which the customer was never told is [`Outcome::NotApplicable`] however it ends; so is what
//!   was let go by two, or was no promise of its own.
//! * A call back after a dropped call, which is such a task, is [`Outcome::SatisfiedByCustomerReturn`] if the
//!   customer was back first.
//!
//! # Lapses
//!
//! A due that passes with the promise open is a [`Lapse`]: a fact, at most one for each clock and
//! revision, never removed. Usually the tracker's event says so. Where another event proves
//! that the due had passed before the tracker spoke (the promise was done after it, or called off
//! or moved after it), the fold notes the lapse by itself, so that no race loses one. A promise
//! that was done in time has no lapse for being reported late, unless the tracker had spoken first;
//! its outcome is [`Outcome::Kept`] in both cases.
//!
//! # Imports
//!
//! An imported promise may be history already when it is recorded. Its end is folded from the one
//! event that brings it: with `fulfilled_at` it is closed at once; without, and with the due
//! behind it, it begins with its lapse. Neither raises an alert, nor does it when such a promise is given up.
//! An imported promise whose due lies ahead is a promise like any other.

mod attempt;
mod clock;
mod customer;
mod decide;
mod dependency;
mod episode;
mod escalation;
mod event;
mod fold;
mod follow_up;
mod life;
mod parts;
mod reason;
mod series;
mod shares;
mod shown;
#[cfg(test)]
mod tests;
mod turning;

pub use attempt::{Attempt, AttemptResult, Daypart, Tried};
pub use clock::{Clock, NewTarget, Reckoned, Stage, StageAt, StageReached, Target, Timer};
pub use customer::Contact;
pub use decide::{
    Actor, AlertWish, Attempting, Cancel, FollowingUp, Fulfil, Lacking, Pausing, Permission,
    Reassign, Refusal, Reschedule, Retargeting, Return, Standing, Supersede,
};
pub use dependency::{Dependency, DependencyTurn, Foregoing, Slip, is_cyclic};
pub(crate) use episode::LATE_AFTER;
pub use episode::{Acknowledged, AlertState, AlertStep, AlertWhat, Episode};
pub use escalation::{EscalatesBy, Escalation, WentOn};
pub use event::{Change, Event, Made};
pub use fold::{Folded, Ignored};
pub use follow_up::{FollowUp, MovedTarget, PolicyRef, Retargeted, Told};
pub use life::{Due, Life, State};
pub use parts::{
    CommitmentKind, Evidence, Handover, HandoverEnd, Lapse, Lifecycle, Origin, Outcome, Owner,
    Paused, Priority, Reopens, Rescheduled, ResumeCause, Timeliness, WaiverAsked, Withdrawal,
};
pub use reason::{AlertReason, DEPENDENCY_STAGE};
pub use series::Series;
pub use shown::{NotShown, Shown};
pub use turning::{Passing, Turning};

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::due::{Pause, ToldDue};
use crate::{Handle, Party};

/// A promise to a customer, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// The promise's id, unique within the tenant.
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
    /// By when, as the customer was last told; of a task of which nobody was told, as we want it. Done exactly
    /// then is in time.
    pub promised_by: Timestamp,
    /// How the first due was told, if not as an instant.
    pub due: Option<ToldDue>,
    /// Not earlier than this.
    pub promised_not_before: Option<Timestamp>,
    /// The zone in which the customer understood the time; may be empty.
    pub time_zone: String,
    /// 1 at first, one more whenever the customer is told another due.
    pub due_revision: u32,
    /// Whether the due that the customer was told passed with the promise open.
    pub promise_lapsed: bool,
    /// The policy by which it is followed up, as it was when the promise was made; none if there was none.
    pub policy: Option<PolicyRef>,
    /// Our own due; none where there is none.
    pub target: Option<Target>,
    /// How many of our own dues there have been.
    pub target_revision: u32,
    /// The warnings before the dues: those of our own, too.
    pub stages: Vec<Stage>,
    /// Before which dues somebody was warned, of those that stand.
    pub warned: BTreeSet<Clock>,
    /// The latest episode of each of its alerts, by rule.
    pub alerts: Vec<Episode>,
    /// How long it may be overdue before it is given up.
    pub expire_after: SignedDuration,
    /// Until when somebody has to confirm it, where it is only proposed.
    pub proposed_until: Option<Timestamp>,
    /// Who keeps it.
    pub owner: Option<Owner>,
    /// The team of whoever keeps it; may be empty.
    pub owner_team_id: String,
    /// Who is asked to keep it from now on; until they accept, its owner keeps it.
    pub handover: Option<Handover>,
    /// The pause that lasts; none if our own clock runs.
    pub pause: Option<Paused>,
    /// The pauses that are over, the oldest first.
    pub pauses: Vec<Pause>,
    /// Somebody's wish to let it go, on which nobody has decided.
    pub waiver: Option<WaiverAsked>,
    /// The promise that took its place.
    pub superseded_by: Option<String>,
    /// The promises that have to be kept before it can be.
    pub depends_on: Vec<Dependency>,
    /// Whether another promise waits for it, where whoever holds both has noted it.
    pub is_awaited: bool,
    /// The series in which it is promised again and again; none for what is promised once.
    pub series: Option<Box<Series>>,
    /// The plan that it is a step of; may be empty.
    pub plan_id: String,
    /// Which step, from 1; 0 where nobody said it.
    pub step_no: u32,
    /// The promise that it takes up again, and why.
    pub reopens: Option<Reopens>,
    /// The promise that took it up again, where whoever holds both has noted it: no event of its own says so, and what
    /// it counts as does not change.
    pub reopened_by: Option<String>,
    /// The latest attempts to keep it, the oldest first: at most
    /// [`ATTEMPTS_SHOWN_MAX`](crate::limits::ATTEMPTS_SHOWN_MAX).
    pub attempts: Vec<Attempt>,
    /// How often the customer was tried.
    pub tried: Tried,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether the agent read the time back and the customer agreed.
    pub read_back_confirmed: bool,
    /// Open, or how it was closed.
    pub lifecycle: Lifecycle,
    /// The latest dues that passed with the promise open, the oldest first: at most
    /// [`LAPSES_SHOWN_MAX`](crate::limits::LAPSES_SHOWN_MAX).
    pub lapses: Vec<Lapse>,
    /// How often somebody moved one of the dues.
    pub moves: u32,
    /// The latest of these moves, the oldest first: at most
    /// [`RESCHEDULES_SHOWN_MAX`](crate::limits::RESCHEDULES_SHOWN_MAX).
    pub reschedules: Vec<Rescheduled>,
    /// What became of it; set when it closes.
    pub outcome: Option<Outcome>,
    /// When it was done, by the evidence.
    pub fulfilled_at: Option<Timestamp>,
    /// Where it was done; of a call back that was not needed, how the customer was back.
    pub evidence: Evidence,
    /// Where the customer let us off.
    pub customer_informed: Evidence,
    /// When it was closed, by our clock.
    pub closed_at: Option<Timestamp>,
    /// Who closed it; empty while it is open.
    pub closed_by: String,
    /// Why or how it was closed. Personal.
    pub close_note: String,
    /// When it was made: when the contact began, by the caller's clock.
    pub made_at: Timestamp,
    /// When it was recorded, by our clock.
    pub recorded_at: Timestamp,
    /// Whether it came with an import of history.
    pub imported: bool,
    /// How many events made it what it is.
    pub version: u64,
}

impl Commitment {
    /// Who has a part in it: who made it, with team and site, who keeps it, with the team, and who is asked to.
    pub fn parties(&self) -> impl Iterator<Item = Party<'_>> {
        let handover = self.handover.as_ref();
        let parties = [
            self.owner.as_ref().map_or(Party::Agent(""), Owner::party),
            Party::Agent(&self.made_by),
            Party::Team(&self.owner_team_id),
            Party::Team(&self.team_id),
            Party::Site(&self.site_id),
            handover.map_or(Party::Agent(""), |handover| handover.to.party()),
            Party::Team(handover.map_or("", |handover| &handover.to_team_id)),
        ];
        parties.into_iter().filter(|party| party.is_named())
    }

    /// Whether it is a promise that is to be kept.
    pub const fn is_open(&self) -> bool {
        self.lifecycle.is_open()
    }

    /// Whether a due of the revision in force is known to have passed with the promise open.
    pub fn has_lapsed(&self, clock: Clock) -> bool {
        match clock {
            Clock::Promise => self.promise_lapsed,
            Clock::Internal => self.target.as_ref().is_some_and(|target| target.lapsed),
        }
    }

    /// Whether the due passed with the promise open, as is known or as the clock says at `now`.
    fn has_passed(&self, clock: Clock, now: Timestamp) -> bool {
        self.passing(clock).by(now)
    }

    /// Whether it is late at `now`. A closed promise keeps its last value.
    pub fn timeliness(&self, now: Timestamp) -> Timeliness {
        self.turning().timeliness(now)
    }

    /// What the promise counts as if it was done at `fulfilled_at`.
    pub fn outcome_if_done(&self, fulfilled_at: Timestamp) -> Outcome {
        match self.told_to_customer {
            false => Outcome::NotApplicable,
            true if fulfilled_at <= self.promised_by => Outcome::Kept,
            true => Outcome::KeptLate,
        }
    }

    /// What the promise counts as if it is given up.
    const fn outcome_if_not_done(&self) -> Outcome {
        match self.told_to_customer {
            false => Outcome::NotApplicable,
            true => Outcome::Broken,
        }
    }
}
