//! Promises to customers: what may become of them, who may do it, and what it counts as.
//!
//! A promise is a fold of its events, and holds the latest of them only: however often it moves, it does
//! not grow. The `decide` side ([`Commitment::fulfil`],
//! [`Commitment::cancel`], [`Commitment::reschedule`], [`Commitment::lapse`]) turns a wish into an
//! [`Event`] or says why not; the `fold` side ([`Commitment::new`], [`Commitment::apply`]) takes
//! events in the log's order and never fails: an event that lost a race changes nothing.
//!
//! # What a promise counts as
//!
//! * Done at `promised_by` or before: [`Outcome::Kept`]; the boundary belongs to the promise. Done
//!   later: [`Outcome::KeptLate`]. It is the time of the evidence that counts, not the time at
//!   which we heard of it.
//! * The due that counts is the last one that **the customer was told**
//!   ([`Commitment::told_due`]). A move that we make on our own shifts our timer, but it doesn't
//!   shift the promise: done after the told due it is [`Outcome::KeptLate`], even if it was done
//!   before the due that we had set ourselves.
//! * Called off: [`Outcome::ReleasedByCustomer`] if the customer was told (see [`Evidence`]), else
//!   [`Outcome::Broken`].
//! * A task of which the customer was never told is [`Outcome::NotApplicable`] however it ends, and
//!   never lapses.
//!
//! # Lapses
//!
//! A due that passes with the promise open is a [`Lapse`]: a fact, at most one for each
//! `due_revision`, never removed. Usually the tracker's event says so. Where another event proves
//! that the due had passed before the tracker spoke (the promise was done after it, or called off
//! or moved after it), the fold notes the lapse by itself, so that no race loses one. A promise
//! that was done in time has no lapse for being reported late, unless the tracker had spoken first;
//! its outcome is [`Outcome::Kept`] in both cases.
//!
//! # Imports
//!
//! An imported promise may be history already when it is recorded. Its end is folded from the one
//! event that brings it: with `fulfilled_at` it is closed at once; without, and with the due
//! behind it, it begins with its lapse. Neither raises an alert. An imported promise whose due lies
//! ahead is a promise like any other.

mod customer;
mod decide;
mod event;
mod fold;
mod life;
mod parts;
#[cfg(test)]
mod tests;

pub use customer::Contact;
pub use decide::{Actor, Cancel, Fulfil, Permission, Refusal, Reschedule, Standing};
pub use event::{Change, Event, Made};
pub use fold::{Folded, Ignored};
pub use life::Life;
pub use parts::{
    CommitmentKind, Evidence, Lapse, Lifecycle, Outcome, Owner, Priority, Rescheduled, Timeliness,
};

use jiff::Timestamp;

use crate::due::ToldDue;
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
    /// The promise, word for word. Personal.
    pub promise_text: String,
    /// Whether the customer was told.
    pub told_to_customer: bool,
    /// By when, in the revision in force. Done exactly then is in time.
    pub promised_by: Timestamp,
    /// How the first due was told, if not as an instant.
    pub due: Option<ToldDue>,
    /// Not earlier than this.
    pub promised_not_before: Option<Timestamp>,
    /// The zone in which the customer understood the time; may be empty.
    pub time_zone: String,
    /// 1 at first, one more whenever `promised_by` moves.
    pub due_revision: u32,
    /// Who keeps it.
    pub owner: Option<Owner>,
    /// The team of whoever keeps it; may be empty.
    pub owner_team_id: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether the agent read the time back and the customer agreed.
    pub read_back_confirmed: bool,
    /// Open, or how it was closed.
    pub lifecycle: Lifecycle,
    /// The latest dues that passed with the promise open, the oldest first: at most
    /// [`LAPSES_SHOWN_MAX`](crate::limits::LAPSES_SHOWN_MAX).
    pub lapses: Vec<Lapse>,
    /// The latest moves of the due, the oldest first: at most
    /// [`RESCHEDULES_SHOWN_MAX`](crate::limits::RESCHEDULES_SHOWN_MAX) of [`Commitment::moves`].
    pub reschedules: Vec<Rescheduled>,
    /// The due that the customer was last told: moves without the customer don't count.
    pub told_due: Timestamp,
    /// What became of it; set when it closes.
    pub outcome: Option<Outcome>,
    /// When it was done, by the evidence.
    pub fulfilled_at: Option<Timestamp>,
    /// Where it was done.
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
    /// Who has a part in it: who made it, with team and site, and who keeps it, with the team.
    pub fn parties(&self) -> impl Iterator<Item = Party<'_>> {
        let owner = match &self.owner {
            Some(Owner::Agent(id)) => Party::Agent(id),
            Some(Owner::Queue(_)) | None => Party::Agent(""),
        };
        let parties = [
            owner,
            Party::Agent(&self.made_by),
            Party::Team(&self.owner_team_id),
            Party::Team(&self.team_id),
            Party::Site(&self.site_id),
        ];
        parties.into_iter().filter(|party| party.is_named())
    }

    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        self.lifecycle == Lifecycle::Active
    }

    /// Whether the due of the revision in force is known to have passed with the promise open.
    pub fn has_lapsed(&self) -> bool {
        self.lapses
            .iter()
            .any(|lapse| lapse.due_revision == self.due_revision)
    }

    /// Whether the tracker must watch its due: it is open, the customer was told, and the due has
    /// not lapsed in this revision.
    pub fn may_lapse(&self) -> bool {
        self.life().may_lapse()
    }

    /// Whether it is late at `now`. A closed promise keeps its last value.
    pub fn timeliness(&self, now: Timestamp) -> Timeliness {
        match self.has_lapsed() || self.may_lapse() && now > self.promised_by {
            true => Timeliness::Overdue,
            false => Timeliness::OnTrack,
        }
    }

    /// How often the due has moved.
    pub fn moves(&self) -> u32 {
        self.due_revision.saturating_sub(1)
    }

    /// What the promise counts as if it was done at `fulfilled_at`.
    pub fn outcome_if_done(&self, fulfilled_at: Timestamp) -> Outcome {
        match self.told_to_customer {
            false => Outcome::NotApplicable,
            true if fulfilled_at <= self.told_due => Outcome::Kept,
            true => Outcome::KeptLate,
        }
    }
}
