//! For what an alert of a promise fires, and whether that is news to who was told of it.
//!
//! A warning may have several reasons at once: of each clock the stage that was reached last, and a promise that slips
//! and is waited for. It is over with the last of them.
//!
//! A reason that was not there before is news: whoever is told of the alert is told once more, on the level that it has.
//! An acknowledgement or a snooze keeps some of it back. Somebody sees to it that the due is met, and a further stage of
//! the same clock says no more than that time has passed: they are left in peace until the time that they took is over,
//! and then the alert goes on, and names the stage that was reached last. What is of another sort they could not know
//! of: that the other clock's due is near, too, or that a promise slips that this one waits for. That ends the
//! acknowledgement or the snooze, and the alert's level has its whole time again.
//!
//! A warning that began when nothing was set up to tell it is told from the next reason on that finds something, such as
//! the tenant's fallback. What an earlier version noted, which told no further reasons, is no news: it is kept as a
//! reason, and changes nothing of who is told.

use jiff::Timestamp;

use super::{AlertState, Clock, Episode};

/// What stands in a warning in place of a stage, where a promise that is waited for has put one in danger.
pub const DEPENDENCY_STAGE: &str = "depends_on";

/// For what an alert of a promise fires: a due that passed, or is in danger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertReason {
    /// Of which clock.
    pub clock: Clock,
    /// The due that passed, or is about to.
    pub due: Timestamp,
    /// Which revision of that due.
    pub due_revision: u32,
    /// The stage that was reached; empty for a due that passed; [`DEPENDENCY_STAGE`] where a promise that it waits for
    /// slips.
    pub stage_id: String,
}

impl AlertReason {
    /// Whether it is that a promise slips that is waited for.
    pub(super) fn is_dependency(&self) -> bool {
        self.stage_id == DEPENDENCY_STAGE
    }

    /// Whether it is of the same sort: of two such the later one says all.
    fn is_like(&self, other: &Self) -> bool {
        self.clock == other.clock && self.is_dependency() == other.is_dependency()
    }
}

impl Episode {
    /// All that it fired for and that holds, the latest last.
    pub fn reasons(&self) -> impl Iterator<Item = &AlertReason> {
        self.also.iter().chain([&self.reason])
    }

    /// The same, which is open, once it fires for what `fires` does, and that is news or is not.
    pub(super) fn joined_by(mut self, fires: Self, is_news: bool) -> Self {
        let Self {
            reason,
            late,
            escalation,
            ..
        } = fires;
        let like = self.reasons().find(|one| one.is_like(&reason));
        let is_other_sort = like.is_none();
        // However often others slip, that is one danger.
        if like.is_some_and(|like| reason.is_dependency() || *like == reason) {
            return self;
        }
        if is_news {
            self.reason_no = self.reason_no.saturating_add(1);
            self.late = late;
            let goes_on = is_other_sort && self.state != AlertState::Triggered;
            if goes_on {
                self.state = AlertState::Triggered;
            }
            if goes_on || self.escalation.is_none() {
                self.escalation = escalation;
            }
        }
        let before = std::mem::replace(&mut self.reason, reason);
        self.also.push(before);
        self.also.retain(|one| !one.is_like(&self.reason));
        self
    }

    /// The same, which begins, as the next episode after `last`. What somebody put away holds as it did.
    pub(super) fn after(mut self, last: Option<Self>) -> Self {
        let Some(last) = last else { return self };
        self.number = last.number.saturating_add(1);
        if let AlertState::Closed { .. } = last.state {
            let held = last.also.into_iter().chain([last.reason]);
            self.also = held.filter(|one| !one.is_like(&self.reason)).collect();
        }
        self
    }

    /// Some of its reasons hold no longer; says whether none is left.
    pub(super) fn let_go(&mut self, is_gone: impl Fn(&AlertReason) -> bool) -> bool {
        self.also.retain(|one| !is_gone(one));
        if !is_gone(&self.reason) {
            return false;
        }
        match self.also.pop() {
            Some(last) => {
                self.reason = last;
                false
            }
            None => true,
        }
    }
}
