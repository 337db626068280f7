//! The alerts of a promise, in episodes.

use aftercall_proto::model::v1::{AlertEscalation, AlertState, CommitmentClock};
use jiff::{SignedDuration, Timestamp};

use super::at;
use crate::client::watches::Change;

/// The rules by which alerts are told.
pub(crate) const LATE: &str = "commitment.promise_lapsed";
pub(super) const OURS_LATE: &str = "commitment.target_lapsed";
pub(super) const AT_RISK: &str = "commitment.at_risk";

/// What stands in place of a stage where a promise that is waited for is the danger.
pub(super) const WAITS: &str = "depends_on";

/// After how long an alert that was put away fires again.
const PUT_AWAY_FOR: SignedDuration = SignedDuration::from_hours(24);

/// All episodes of a promise's alerts, in the order of their beginnings.
#[derive(Debug, Default)]
pub(crate) struct Alerts(Vec<Alert>);

/// An episode of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) rule: &'static str,
    /// Which revision of the due.
    pub(crate) revision: u32,
    pub(crate) state: AlertState,
}

impl Seen {
    /// As whoever watches hears of it.
    pub(crate) fn change(self, promise: &str, contact: &str) -> Change {
        let of = (promise.to_owned(), contact.to_owned());
        (of.0, of.1, self.rule.to_owned(), self.revision, self.state)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alert {
    pub(super) seen: Seen,
    pub(super) episode: u32,
    pub(super) clock: CommitmentClock,
    pub(super) due: Option<Timestamp>,
    pub(super) stage_id: String,
    /// When it goes on by itself.
    pub(super) until: Option<Timestamp>,
}

/// What fires an alert.
#[derive(Debug, Clone)]
pub(super) struct Fires {
    pub(super) rule: &'static str,
    pub(super) clock: CommitmentClock,
    pub(super) revision: u32,
    pub(super) due: Option<Timestamp>,
    pub(super) stage_id: String,
    /// When it goes on to its next level, if nobody does anything.
    pub(super) until: Option<Timestamp>,
}

/// When an alert goes on, by its escalation policy.
pub(super) fn goes_on(escalation: Option<&AlertEscalation>) -> Option<Timestamp> {
    let goes_on_at = escalation?.goes_on_at?;
    Some(at(Some(goes_on_at)))
}

impl Alerts {
    /// All episodes, in short.
    pub(crate) fn all(&self) -> impl Iterator<Item = Seen> {
        self.0.iter().map(|alert| alert.seen)
    }

    /// When alerts go on by themselves.
    pub(super) fn timers(&self) -> impl Iterator<Item = (Timestamp, String)> {
        let latest = self.0.iter().filter(|alert| self.is_latest(alert));
        latest.filter_map(|alert| Some((alert.until?, format!("{} goes on", alert.seen.rule))))
    }

    fn is_latest(&self, alert: &Alert) -> bool {
        let mut later = self
            .0
            .iter()
            .filter(|other| other.seen.rule == alert.seen.rule);
        later.all(|other| other.episode <= alert.episode)
    }

    pub(super) fn latest(&mut self, rule: &str) -> Option<&mut Alert> {
        self.0
            .iter_mut()
            .rev()
            .find(|alert| alert.seen.rule == rule)
    }

    /// A condition begins to hold, or is told anew while it does.
    pub(super) fn fire(&mut self, fires: Fires, changed: &mut Vec<Seen>) {
        let last = self.latest(fires.rule);
        let number = last.as_ref().map_or(0, |last| last.episode);
        if let Some(last) = last.filter(|last| is_open(last.seen.state)) {
            let before = last.clone();
            last.seen.revision = fires.revision;
            (last.clock, last.due, last.stage_id) = (fires.clock, fires.due, fires.stage_id);
            if *last != before {
                changed.push(last.seen);
            }
            return;
        }
        let seen = Seen {
            rule: fires.rule,
            revision: fires.revision,
            state: AlertState::Triggered,
        };
        self.0.push(Alert {
            seen,
            episode: number + 1,
            clock: fires.clock,
            due: fires.due,
            stage_id: fires.stage_id,
            until: fires.until,
        });
        changed.push(seen);
    }

    /// The conditions of some rules are gone.
    pub(super) fn resolve(&mut self, rules: &[&str], changed: &mut Vec<Seen>) {
        for rule in rules {
            if let Some(last) = self.latest(rule)
                && last.seen.state != AlertState::Resolved
            {
                (last.seen.state, last.until) = (AlertState::Resolved, None);
                changed.push(last.seen);
            }
        }
    }

    /// What was warned of is gone, or has come: of one clock, or of both.
    pub(super) fn resolve_warning(&mut self, of: Option<CommitmentClock>, changed: &mut Vec<Seen>) {
        let clock = self.latest(AT_RISK).map(|warning| warning.clock);
        if clock.is_some_and(|clock| of.is_none_or(|of| of == clock)) {
            self.resolve(&[AT_RISK], changed);
        }
    }

    /// All conditions are gone.
    pub(super) fn resolve_all(&mut self, changed: &mut Vec<Seen>) {
        self.resolve(&[LATE, OURS_LATE, AT_RISK], changed);
    }

    /// Somebody does something about an episode, or its time is over.
    pub(super) fn step(
        &mut self,
        (rule, episode): (&str, u32),
        (state, until): (AlertState, Option<Timestamp>),
        changed: &mut Vec<Seen>,
    ) -> Option<()> {
        let alert = self.latest(rule).filter(|alert| alert.episode == episode)?;
        (alert.seen.state, alert.until) = (state, until);
        changed.push(alert.seen);
        Some(())
    }

    /// An episode that was put away is followed by another one.
    pub(super) fn fire_again(
        &mut self,
        (rule, episode): (&str, u32),
        until: Option<Timestamp>,
        changed: &mut Vec<Seen>,
    ) -> Option<()> {
        let alert = self.latest(rule).filter(|alert| alert.episode == episode)?;
        alert.until = None;
        let mut next = alert.clone();
        (next.episode, next.seen.state) = (episode + 1, AlertState::Triggered);
        next.until = until;
        changed.push(next.seen);
        self.0.push(next);
        Some(())
    }
}

/// Whether the condition holds and nobody put it away.
fn is_open(state: AlertState) -> bool {
    matches!(
        state,
        AlertState::Triggered | AlertState::Acknowledged | AlertState::Snoozed
    )
}

/// When an alert that was put away then fires again.
pub(super) fn again_at(closed_at: Timestamp) -> Option<Timestamp> {
    closed_at.checked_add(PUT_AWAY_FOR).ok()
}
