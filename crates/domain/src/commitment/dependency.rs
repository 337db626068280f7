//! What a promise waits for: other promises to the same customer, which have to be kept before it can be.
//!
//! What becomes of one promise is no event of another. So whoever folds both notes beside a promise how those stand that
//! it waits for ([`Commitment::note_foregoing`]); where that means that the promise is in danger, or no longer is, the
//! tracker says so by an event of the promise ([`Change::DependencyTurned`](super::Change)), and only that
//! counts.

use jiff::Timestamp;

use super::{Clock, Commitment, Lifecycle};
use crate::limits::DEPENDENCIES_WALKED_MAX;

/// A promise that has to be kept first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Which.
    pub commitment_id: String,
    /// How it stands, where whoever folds both has noted it.
    pub foregoing: Option<Foregoing>,
    /// The danger that was said last; none if all is well.
    pub slip: Option<Slip>,
}

/// How a promise stands that another one waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foregoing {
    /// Open, or how it was closed.
    pub lifecycle: Lifecycle,
    /// By when it is to be expected: the later one of its dues.
    pub expected_at: Timestamp,
    /// Whether it is overdue.
    pub overdue: bool,
    /// When it came to stand so, by our clock.
    pub since: Timestamp,
}

/// How a promise that is waited for puts another one in danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slip {
    /// It is to be expected only after the other one is due.
    DueTooLate,
    /// Its due has passed.
    Overdue,
    /// It ended without being kept.
    NotKept,
}

/// That a promise is put in danger by another one, or no longer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencyTurn {
    /// The other one.
    pub commitment_id: String,
    /// How; none if the danger is over.
    pub slip: Option<Slip>,
    /// By when the other one was to be expected then.
    pub expected_at: Timestamp,
    /// When we noticed.
    pub detected_at: Timestamp,
    /// Whether it is news where the promise is warned of already, as of a stage that is reached
    /// ([`StageReached::is_news`](super::StageReached::is_news)).
    pub is_news: bool,
}

impl Dependency {
    /// A promise of which nothing is known yet.
    pub const fn new(commitment_id: String) -> Self {
        Self {
            commitment_id,
            foregoing: None,
            slip: None,
        }
    }

    /// The danger in which it puts what is due at `due`; none where it isn't known how it stands.
    fn slips(&self, due: Timestamp) -> Option<Option<Slip>> {
        let foregoing = self.foregoing.as_ref()?;
        let over = foregoing.lifecycle.is_over();
        Some(match (over, foregoing.lifecycle) {
            (true, Lifecycle::Fulfilled) => None,
            (true, _) => Some(Slip::NotKept),
            (false, _) if foregoing.overdue => Some(Slip::Overdue),
            (false, _) if foregoing.expected_at > due => Some(Slip::DueTooLate),
            (false, _) => None,
        })
    }
}

impl Commitment {
    /// How it stands for those that wait for it, since an event of `since`.
    pub fn foregoing(&self, since: Timestamp) -> Foregoing {
        let target = self.target.as_ref().map(|target| target.at);
        let clock = match self.told_to_customer {
            true => Clock::Promise,
            false => Clock::Internal,
        };
        Foregoing {
            lifecycle: self.lifecycle,
            expected_at: target.map_or(self.promised_by, |at| at.max(self.due_at())),
            overdue: self.is_open() && self.has_lapsed(clock),
            since,
        }
    }

    /// Notes how a promise stands that this one waits for.
    pub fn note_foregoing(&mut self, commitment_id: &str, foregoing: Foregoing) {
        let mut all = self.depends_on.iter_mut();
        if let Some(one) = all.find(|one| one.commitment_id == commitment_id) {
            one.foregoing = Some(foregoing);
        }
    }

    /// The promises that it waits for, by their ids.
    pub fn awaited_ids(&self) -> Vec<String> {
        let all = self.depends_on.iter();
        all.map(|one| one.commitment_id.clone()).collect()
    }

    /// Whether a promise that it waits for is known to put it in danger.
    pub fn is_held_up(&self) -> bool {
        self.depends_on.iter().any(|one| one.slip.is_some())
    }

    /// Where something is to be said of a promise that it waits for, and since when.
    pub(super) fn dependency_timers(&self) -> impl Iterator<Item = (Timestamp, usize)> {
        let due = self.due_at();
        let all = self.depends_on.iter().enumerate();
        all.filter_map(move |(place, one)| {
            let slip = one.slips(due)?;
            let since = one.foregoing.as_ref()?.since;
            (self.is_open() && slip != one.slip).then_some((since, place))
        })
    }

    /// What is to be said of a promise that it waits for.
    pub(super) fn dependency_turn(&self, place: usize, now: Timestamp) -> Option<DependencyTurn> {
        let one = self.depends_on.get(place)?;
        Some(DependencyTurn {
            commitment_id: one.commitment_id.clone(),
            slip: one.slips(self.due_at())?,
            expected_at: one.foregoing.as_ref()?.expected_at,
            detected_at: now,
            is_news: true,
        })
    }

    /// A promise that it waits for puts it in danger, or no longer does.
    pub(super) fn take_turn(&mut self, turn: &DependencyTurn) {
        let mut all = self.depends_on.iter_mut();
        if let Some(one) = all.find(|one| one.commitment_id == turn.commitment_id) {
            one.slip = turn.slip;
        }
    }

    /// It waits for these from now on: what is known of those that it waited for before stays.
    pub(super) fn wait_for(&mut self, commitment_ids: &[String]) {
        let before = std::mem::take(&mut self.depends_on);
        let mut all: Vec<Dependency> = Vec::with_capacity(commitment_ids.len());
        for id in commitment_ids {
            let known = before.iter().find(|one| one.commitment_id == *id);
            all.push(
                known
                    .cloned()
                    .unwrap_or_else(|| Dependency::new(id.clone())),
            );
        }
        self.depends_on = all;
    }

    /// Its due moved: what put the old one in danger is looked at anew.
    pub(super) fn look_at_dependencies_anew(&mut self) {
        self.depends_on.iter_mut().for_each(|one| one.slip = None);
    }
}

/// Whether a promise would wait for itself, if it waited for `first`: `next` says for which ones another promise waits. A
/// chain that is too long to be looked through counts as one.
///
/// # Errors
/// Those of `next`.
pub fn is_cyclic<E>(
    commitment_id: &str,
    first: &[String],
    mut next: impl FnMut(&str) -> Result<Vec<String>, E>,
) -> Result<bool, E> {
    let mut seen = std::collections::BTreeSet::new();
    let mut open: Vec<String> = first.to_vec();
    while let Some(id) = open.pop() {
        if id == commitment_id || seen.len() >= DEPENDENCIES_WALKED_MAX {
            return Ok(true);
        }
        if seen.insert(id.clone()) {
            open.extend(next(&id)?);
        }
    }
    Ok(false)
}
