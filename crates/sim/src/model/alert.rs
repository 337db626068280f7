//! The alerts of a promise, in episodes.

use aftercall_proto::envelope::Fact;
use aftercall_proto::model::v1::{AlertEscalation, AlertState, CommitmentClock};
use jiff::{SignedDuration, Timestamp};

use super::at;
use crate::client::watches::Change;

/// The rules by which alerts are told.
pub(crate) const LATE: &str = "commitment.promise_lapsed";
pub(super) const OURS_LATE: &str = "commitment.target_lapsed";
pub(super) const AT_RISK: &str = "commitment.at_risk";
pub(super) const GIVEN_UP: &str = "commitment.expired";

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
    /// For what it fired and what holds, the latest last.
    pub(super) reasons: Vec<Reason>,
    /// When it goes on by itself.
    pub(super) until: Option<Timestamp>,
    /// Whether something is set up by which it is told.
    pub(super) is_told: bool,
}

/// For what an alert fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) clock: CommitmentClock,
    pub(super) revision: u32,
    pub(super) due: Option<Timestamp>,
    pub(super) stage_id: String,
}

impl Reason {
    /// Whether the later one of the two takes the other one's place.
    fn is_like(&self, other: &Self) -> bool {
        let waits = |one: &Self| one.stage_id == WAITS;
        self.clock == other.clock && waits(self) == waits(other)
    }

    pub(super) fn is_ours(&self) -> bool {
        self.clock == CommitmentClock::Internal
    }
}

impl Alert {
    /// Whether it warns of nothing but our own due.
    fn warns_of_ours(&self) -> bool {
        self.seen.rule == AT_RISK && self.reasons.iter().all(Reason::is_ours)
    }
}

/// What fires an alert.
#[derive(Debug, Clone)]
pub(super) struct Fires {
    pub(super) rule: &'static str,
    pub(super) reason: Reason,
    /// By what it is told.
    pub(super) told_by: ToldBy,
}

/// By what an alert is told, as far as it decides when it goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToldBy {
    is_told: bool,
    /// When it goes on to its next level, if nobody does anything.
    until: Option<Timestamp>,
}

impl ToldBy {
    /// What an event says of it.
    pub(super) fn of(escalation: Option<&AlertEscalation>) -> Self {
        let goes_on_at = escalation.and_then(|it| it.goes_on_at);
        Self {
            is_told: escalation.is_some(),
            until: goes_on_at.map(|goes_on_at| at(Some(goes_on_at))),
        }
    }
}

impl Alerts {
    /// All episodes, in short.
    pub(crate) fn all(&self) -> impl Iterator<Item = Seen> {
        self.0.iter().map(|alert| alert.seen)
    }

    /// When alerts go on by themselves: of a promise that is open or not, and whose own due stands still or not.
    pub(super) fn timers(
        &self,
        is_open: bool,
        stands_still: bool,
    ) -> impl Iterator<Item = (Timestamp, String)> {
        let latest = self.0.iter().filter(|alert| self.is_latest(alert));
        let going = latest.filter(move |alert| {
            let holds = is_open || alert.seen.rule == GIVEN_UP;
            holds && !(stands_still && alert.warns_of_ours())
        });
        going.filter_map(|alert| Some((alert.until?, format!("{} goes on", alert.seen.rule))))
    }

    /// A pause is over that moved nothing: a warning of our own due waits as long for its next level as it had to.
    pub(super) fn wait_on(&mut self, paused_for: SignedDuration) {
        let warning = self.latest(AT_RISK).filter(|alert| alert.warns_of_ours());
        if let Some(warning) = warning.filter(|it| it.seen.state == AlertState::Triggered) {
            warning.until = warning.until.map(|until| until + paused_for);
        }
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
        let Fires {
            rule,
            reason,
            told_by,
        } = fires;
        let last = self.latest(rule);
        let (mut number, mut reasons) = (0, Vec::new());
        if let Some(last) = last {
            let like = last.reasons.iter().find(|one| one.is_like(&reason));
            let is_of_new_sort = like.is_none();
            let is_known = like.is_some_and(|like| reason.stage_id == WAITS || *like == reason);
            if is_open(last.seen.state) {
                if is_known {
                    return;
                }
                last.seen.revision = reason.revision;
                last.reasons.retain(|one| !one.is_like(&reason));
                last.reasons.push(reason);
                // Whoever took it could not know of this.
                let goes_on = is_of_new_sort && last.seen.state != AlertState::Triggered;
                if goes_on {
                    last.seen.state = AlertState::Triggered;
                }
                // What nothing told is told by what there is now; of what somebody took, their time is first.
                if goes_on || !last.is_told {
                    last.is_told = told_by.is_told;
                    if last.seen.state == AlertState::Triggered {
                        last.until = told_by.until;
                    }
                }
                changed.push(last.seen);
                return;
            }
            number = last.episode;
            if last.seen.state == AlertState::Closed {
                reasons.clone_from(&last.reasons);
                reasons.retain(|one| !one.is_like(&reason));
            }
        }
        let seen = Seen {
            rule,
            revision: reason.revision,
            state: AlertState::Triggered,
        };
        reasons.push(reason);
        self.0.push(Alert {
            seen,
            episode: number + 1,
            reasons,
            until: told_by.until,
            is_told: told_by.is_told,
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

    /// Some of what was warned of is gone, or has come: if that was all, the warning is over.
    pub(super) fn let_go(&mut self, is_gone: impl Fn(&Reason) -> bool, changed: &mut Vec<Seen>) {
        let warning = self.latest(AT_RISK);
        let Some(warning) = warning.filter(|it| it.seen.state != AlertState::Resolved) else {
            return;
        };
        let left = warning.reasons.iter().filter(|one| !is_gone(one));
        let left: Vec<_> = left.cloned().collect();
        match left.last().map(|latest| latest.revision) {
            None => self.resolve(&[AT_RISK], changed),
            Some(revision) if left.len() < warning.reasons.len() => {
                (warning.seen.revision, warning.reasons) = (revision, left);
                changed.push(warning.seen);
            }
            Some(_) => {}
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

    /// An episode goes on, a level higher.
    pub(super) fn go_on(
        &mut self,
        of: (&str, u32),
        told_by: ToldBy,
        changed: &mut Vec<Seen>,
    ) -> Option<()> {
        self.step(of, (AlertState::Triggered, told_by.until), changed)?;
        self.latest(of.0)?.is_told = told_by.is_told;
        Some(())
    }

    /// An episode that was put away is followed by another one.
    pub(super) fn fire_again(
        &mut self,
        (rule, episode): (&str, u32),
        told_by: ToldBy,
        changed: &mut Vec<Seen>,
    ) -> Option<()> {
        let alert = self.latest(rule).filter(|alert| alert.episode == episode)?;
        alert.until = None;
        let mut next = alert.clone();
        (next.episode, next.seen.state) = (episode + 1, AlertState::Triggered);
        (next.until, next.is_told) = (told_by.until, told_by.is_told);
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

/// Whether it may be said of a promise that has ended: that its series does, and what is done about its alerts.
pub(super) const fn outlives(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::CommitmentRecurrenceEnded(_)
            | Fact::AlertAcknowledged(_)
            | Fact::AlertSnoozed(_)
            | Fact::AlertClosed(_)
            | Fact::AlertRetriggered(_)
            | Fact::AlertFiredAgain(_)
    )
}
