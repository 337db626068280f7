//! What may be done with a solution as it stands: each command is decided by its life, the version's work and who
//! acts, and becomes one change.

use jiff::{SignedDuration, Timestamp};

use super::confidence::is_expired;
use super::life::{Change, End, Life, VersionState};
use super::rights::{Actor, Barred, Right, Work};
use crate::limits::{
    SOLUTION_CHANGES_MAX, SOLUTION_EDITORS_MAX, SOLUTION_VERSIONS_MAX, UNMERGE_DAYS_MAX,
};

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Somebody may not.
    Barred(Barred),
    /// The version is in another state than it would have to be.
    WrongState {
        /// Which version.
        version: u32,
        /// How far it has come.
        is: VersionState,
        /// How far it would have to.
        wanted: &'static [VersionState],
    },
    /// Nothing of the solution is live.
    NothingLive,
    /// The solution has ended.
    Ended(VersionState),
    /// It has not ended in the way that is to be undone.
    NotEnded(VersionState),
    /// Somebody works on a version.
    DraftOpen(u32),
    /// What it says has to be verified again.
    VerificationDue,
    /// The time in which a merge may be undone is over.
    UnmergeTooLate,
    /// The solution, or one of its versions, has been changed as often as it may.
    ChangedTooOften,
    /// The version was recalled, and no more is said of that than there was.
    NothingMore,
    /// It is promised already to put right what was told, in another way.
    PromisedAlready,
}

impl From<Barred> for Refused {
    fn from(barred: Barred) -> Self {
        Self::Barred(barred)
    }
}

/// What a command comes to.
pub type Decided = Result<Change, Refused>;

impl Life {
    /// Refuses any command on a solution that was changed too often.
    fn has_room(&self) -> Result<(), Refused> {
        match self.sequence < SOLUTION_CHANGES_MAX {
            true => Ok(()),
            false => Err(Refused::ChangedTooOften),
        }
    }

    fn has_not_ended(&self) -> Result<(), Refused> {
        match &self.end {
            None => Ok(()),
            Some(end) => Err(Refused::Ended(end.state())),
        }
    }

    /// The open version, in one of the states that are wanted. `work` is of the version that is asked for.
    fn open_in(
        &self,
        asked: (u32, VersionState),
        wanted: &'static [VersionState],
    ) -> Result<(), Refused> {
        let (version, is) = asked;
        self.has_room()?;
        let is_open = self.open.is_some_and(|open| open.version == version);
        match is_open && wanted.contains(&is) {
            true => Ok(()),
            false => Err(Refused::WrongState {
                version,
                is,
                wanted,
            }),
        }
    }

    /// A version begins: the first one, or the next while the live one stays as it is.
    ///
    /// # Errors
    /// Why not.
    pub fn draft(&self, actor: Actor<'_>) -> Decided {
        actor.need(Right::Draft)?;
        self.has_room()?;
        self.has_not_ended()?;
        if let Some(open) = self.open {
            return Err(Refused::DraftOpen(open.version));
        }
        match self.latest < SOLUTION_VERSIONS_MAX {
            true => Ok(Change::Drafted(self.latest.saturating_add(1))),
            false => Err(Refused::ChangedTooOften),
        }
    }

    /// Somebody writes in a draft.
    ///
    /// # Errors
    /// Why not.
    pub fn edit(&self, work: Work<'_>, state: VersionState, actor: Actor<'_>) -> Decided {
        actor.may_edit(work)?;
        self.open_in((work.version, state), &[VersionState::Draft])?;
        let is_new = !work.editors.iter().any(|id| id == actor.id);
        match is_new && work.editors.len() >= SOLUTION_EDITORS_MAX {
            true => Err(Refused::ChangedTooOften),
            false => Ok(Change::Edited(work.version)),
        }
    }

    /// A draft is handed in.
    ///
    /// # Errors
    /// Why not.
    pub fn submit(&self, work: Work<'_>, state: VersionState, actor: Actor<'_>) -> Decided {
        actor.may_submit(work)?;
        self.open_in((work.version, state), &[VersionState::Draft])?;
        Ok(Change::Submitted(work.version))
    }

    /// A reviewer wants a version to be different.
    ///
    /// # Errors
    /// Why not.
    pub fn request_changes(
        &self,
        work: Work<'_>,
        state: VersionState,
        actor: Actor<'_>,
    ) -> Decided {
        actor.may_send_back(work)?;
        self.open_in((work.version, state), REVIEWED)?;
        Ok(Change::Returned(work.version))
    }

    /// Who wrote a version takes it back.
    ///
    /// # Errors
    /// Why not.
    pub fn take_back(&self, work: Work<'_>, state: VersionState, actor: Actor<'_>) -> Decided {
        actor.may_submit(work)?;
        self.open_in((work.version, state), REVIEWED)?;
        Ok(Change::Returned(work.version))
    }

    /// A version is given up.
    ///
    /// # Errors
    /// Why not.
    pub fn discard(&self, work: Work<'_>, state: VersionState, actor: Actor<'_>) -> Decided {
        actor.may_edit(work)?;
        self.open_in((work.version, state), OPEN)?;
        Ok(Change::Discarded(work.version))
    }

    /// A version may be published.
    ///
    /// # Errors
    /// Why not.
    pub fn approve(&self, work: Work<'_>, state: VersionState, actor: Actor<'_>) -> Decided {
        actor.may_approve(work)?;
        let wanted = &[VersionState::InReview, VersionState::Draft];
        self.open_in((work.version, state), wanted)?;
        Ok(Change::Approved(work.version))
    }

    /// An approved version goes live.
    ///
    /// # Errors
    /// Why not.
    pub fn publish(&self, work: Work<'_>, state: VersionState, actor: Actor<'_>) -> Decided {
        actor.may_publish(work)?;
        self.open_in((work.version, state), &[VersionState::Approved])?;
        Ok(Change::Published(work.version))
    }

    /// The approved version that is to be live now by itself: `effective_from` is the open version's.
    pub fn due(&self, effective_from: Option<Timestamp>, now: Timestamp) -> Option<Change> {
        let open = self
            .open
            .filter(|open| open.state == VersionState::Approved)?;
        let is_due = effective_from.is_some_and(|from| from <= now) && self.end.is_none();
        is_due.then_some(Change::Published(open.version))
    }

    /// What an earlier version said goes live again, as a new version. `verify_by` is until when that has to be
    /// verified then.
    ///
    /// # Errors
    /// Why not.
    pub fn roll_back(
        &self,
        (work, state): (Work<'_>, VersionState),
        verify_by: Option<Timestamp>,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Decided {
        actor.may_revive(work)?;
        self.has_room()?;
        self.has_not_ended()?;
        let wanted = &[VersionState::Superseded];
        if state != VersionState::Superseded {
            let (version, is) = (work.version, state);
            return Err(Refused::WrongState {
                version,
                is,
                wanted,
            });
        }
        is_verified(verify_by, now)?;
        match self.latest < SOLUTION_VERSIONS_MAX {
            true => Ok(Change::Published(self.latest.saturating_add(1))),
            false => Err(Refused::ChangedTooOften),
        }
    }

    /// A version was found wrong. Also one that is out of use by now: there are customers who were told it.
    /// `was_live` says whether it ever was live. Of one that was recalled already more may be said: see
    /// [`Terms::amended`](super::correction::Terms::amended).
    ///
    /// # Errors
    /// Why not.
    pub fn recall(
        &self,
        (version, is): (u32, VersionState),
        was_live: bool,
        actor: Actor<'_>,
    ) -> Decided {
        actor.need(Right::Recall)?;
        // However often the solution has changed: what is wrong must go.
        let wanted = &[VersionState::Published, VersionState::Superseded];
        match is {
            VersionState::Published | VersionState::Superseded => Ok(Change::Recalled(version)),
            VersionState::Retired | VersionState::Merged if was_live => {
                Ok(Change::Recalled(version))
            }
            VersionState::Recalled => Ok(Change::Other),
            _ => Err(Refused::WrongState {
                version,
                is,
                wanted,
            }),
        }
    }

    /// A solution is put out of use.
    ///
    /// # Errors
    /// Why not.
    pub fn retire(&self, replaced_by: Option<String>, actor: Actor<'_>, now: Timestamp) -> Decided {
        actor.may_retire()?;
        self.has_room()?;
        self.has_not_ended()?;
        if let Some(open) = self.open {
            return Err(Refused::DraftOpen(open.version));
        }
        match self.published {
            Some(_) => Ok(Change::Ended(End::Retired {
                replaced_by,
                at: now,
            })),
            None => Err(Refused::NothingLive),
        }
    }

    /// A solution that was put out of use is in use again. `verify_by` is until when it has to be verified then.
    ///
    /// # Errors
    /// Why not.
    pub fn restore(
        &self,
        work: Work<'_>,
        verify_by: Option<Timestamp>,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Decided {
        actor.may_revive(work)?;
        self.has_room()?;
        match &self.end {
            Some(End::Retired { .. }) => {}
            _ => return Err(Refused::NotEnded(VersionState::Retired)),
        }
        if self.published.is_none() {
            return Err(Refused::NothingLive);
        }
        is_verified(verify_by, now)?;
        Ok(Change::Revived)
    }

    /// A solution is merged into another one.
    ///
    /// # Errors
    /// Why not.
    pub fn merge(&self, into: String, actor: Actor<'_>, now: Timestamp) -> Decided {
        actor.need(Right::Publish)?;
        self.has_room()?;
        if let Some(end @ End::Merged { .. }) = &self.end {
            return Err(Refused::Ended(end.state()));
        }
        match self.open {
            Some(open) => Err(Refused::DraftOpen(open.version)),
            None => Ok(Change::Ended(End::Merged { into, at: now })),
        }
    }

    /// Whether another solution may be merged into this one.
    ///
    /// # Errors
    /// Why not.
    pub fn take_in(&self) -> Result<(), Refused> {
        self.has_not_ended()?;
        match self.published {
            Some(_) => Ok(()),
            None => Err(Refused::NothingLive),
        }
    }

    /// A merge is undone.
    ///
    /// # Errors
    /// Why not.
    pub fn unmerge(&self, actor: Actor<'_>, now: Timestamp) -> Decided {
        actor.need(Right::Publish)?;
        self.has_room()?;
        let Some(End::Merged { at, .. }) = &self.end else {
            return Err(Refused::NotEnded(VersionState::Merged));
        };
        let kept = SignedDuration::from_hours(24 * UNMERGE_DAYS_MAX);
        match now.duration_since(*at) <= kept {
            true => Ok(Change::Revived),
            false => Err(Refused::UnmergeTooLate),
        }
    }
}

/// Refuses to have live again what would have to be verified before that.
fn is_verified(verify_by: Option<Timestamp>, now: Timestamp) -> Result<(), Refused> {
    match is_expired(verify_by, now) {
        true => Err(Refused::VerificationDue),
        false => Ok(()),
    }
}

/// Versions that somebody works on.
const OPEN: &[VersionState] = &[
    VersionState::Draft,
    VersionState::InReview,
    VersionState::Approved,
];

/// Versions that can go back to their author.
const REVIEWED: &[VersionState] = &[VersionState::InReview, VersionState::Approved];
