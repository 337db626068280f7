//! The alerts of a promise: what needs a human, in episodes.
//!
//! A condition that begins to hold fires an episode; it is over when the condition is gone, whatever anybody
//! did with it meanwhile. Of each rule a promise holds the latest episode.

use jiff::{SignedDuration, Timestamp};

use super::{
    AlertReason, Change, Clock, Commitment, DEPENDENCY_STAGE, DependencyTurn, Escalation, Event,
    Lapse, StageReached, WentOn,
};
use crate::alert::{ResolveCause, Resolved, Rule};
use crate::due::Pause;

/// What is noticed later than this was noticed late: told one by one, it would come as a storm.
pub(crate) const LATE_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// An episode of one of a promise's alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Which condition.
    pub rule: Rule,
    /// 1 at first, one more whenever it fires again.
    pub number: u32,
    /// For what it fired last, of what holds; of one that is over, of what held.
    pub reason: AlertReason,
    /// What else holds, the oldest first.
    pub also: Vec<AlertReason>,
    /// For how many reasons it has fired: 1 at first, one more with each that is news.
    pub reason_no: u32,
    /// When it fired.
    pub first_fired_at: Timestamp,
    /// Whether what is news was noticed long after its time: because nobody looked, or because it came with an import.
    pub late: bool,
    /// 1 at first, one more whenever nobody did anything about it.
    pub level: u32,
    /// Why it went on to that level; none on the first.
    pub went_on: Option<WentOn>,
    /// By what it is told, and when it goes on; none where nobody is to be told.
    pub escalation: Option<Escalation>,
    /// What somebody did about it, or how it was over.
    pub state: AlertState,
}

/// What somebody did about an alert, or how it was over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertState {
    /// Nobody has done anything.
    Triggered,
    /// Somebody sees to it.
    Acknowledged(Acknowledged),
    /// Somebody wants to hear of it later.
    Snoozed {
        /// Who.
        by: String,
        /// Since when, if the customer's return ends it; none if it does not, as where an earlier version noted it.
        at: Option<Timestamp>,
        /// Until when.
        until: Timestamp,
    },
    /// The condition is gone.
    Resolved(Resolved),
    /// Somebody put it away although the condition holds.
    Closed {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
        /// Why. Personal.
        reason: String,
    },
}

/// That somebody sees to an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Until when that counts: then it goes on, a level higher.
    pub until: Timestamp,
    /// What else is to be said. Personal.
    pub note: String,
}

/// What happens to an alert of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertStep {
    /// Which alert.
    pub rule: Rule,
    /// Which episode of it.
    pub episode_no: u32,
    /// What happens.
    pub what: AlertWhat,
}

/// What happens to an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertWhat {
    /// Somebody sees to it.
    Acknowledged {
        /// Until when that counts.
        until: Timestamp,
        /// What else is to be said. Personal.
        note: String,
    },
    /// The time of an acknowledgement, of a snooze or of a level is over, and the condition still holds.
    Retriggered,
    /// Somebody wants to hear of it later.
    Snoozed {
        /// Until when.
        until: Timestamp,
        /// Whether the customer ends it who reaches us before. Not of a snooze from before there was that rule: no contact
        /// ends it because a later version reads it.
        ends_by_return: bool,
    },
    /// Somebody wanted to hear of it later, and the customer reached us before that: it goes on as if its time had come.
    CustomerReturned {
        /// The contact by which they did.
        interaction_id: String,
    },
    /// Somebody put it away.
    Closed {
        /// Why. Personal.
        reason: String,
    },
    /// It was put away a day ago, and the condition still holds: the next episode.
    FiredAgain,
}

impl AlertWhat {
    /// How it leaves an alert, if somebody does it at an instant.
    pub(crate) fn leaves(&self, by: &str, at: Timestamp) -> AlertState {
        let by = by.to_owned();
        match self {
            Self::Acknowledged { until, note } => AlertState::Acknowledged(Acknowledged {
                by,
                at,
                until: *until,
                note: note.clone(),
            }),
            Self::Snoozed {
                until,
                ends_by_return,
            } => AlertState::Snoozed {
                by,
                at: ends_by_return.then_some(at),
                until: *until,
            },
            Self::Closed { reason } => AlertState::Closed {
                by,
                at,
                reason: reason.clone(),
            },
            Self::Retriggered | Self::CustomerReturned { .. } | Self::FiredAgain => {
                AlertState::Triggered
            }
        }
    }
}

impl AlertState {
    /// Why an alert goes on that was so.
    pub(crate) fn went_on(&self) -> WentOn {
        match self {
            Self::Acknowledged(seen) => WentOn::Acknowledged {
                by: seen.by.clone(),
            },
            Self::Snoozed { by, .. } => WentOn::Snoozed { by: by.clone() },
            Self::Triggered | Self::Resolved(_) | Self::Closed { .. } => WentOn::Untaken,
        }
    }

    /// Whether the condition holds and nobody put it away.
    pub const fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Triggered | Self::Acknowledged(_) | Self::Snoozed { .. }
        )
    }
}

impl Commitment {
    /// The latest episode of an alert.
    pub fn alert(&self, rule: Rule) -> Option<&Episode> {
        self.alerts.iter().find(|episode| episode.rule == rule)
    }

    /// Whether an alert stands still: while our own clock does, nobody is told of what warns of our own due alone.
    pub(crate) fn stands_still(&self, episode: &Episode) -> bool {
        self.target_stands_still() && episode.warns_of_target_only()
    }

    /// Whether an alert goes on by itself when its time comes: one of a promise that is open, or that it was given up.
    pub(super) fn alert_runs(&self, episode: &Episode) -> bool {
        let holds = self.is_open() || episode.rule == Rule::Expired;
        holds && !self.stands_still(episode)
    }

    /// Takes in what an event that counts means for the alerts.
    pub(super) fn alert_by(&mut self, event: &Event) {
        let now = event.recorded_at;
        match &event.change {
            Change::Lapsed(lapse) => self.alert_by_lapse(lapse, event),
            Change::StageReached(reached) => self.alert_by_stage(reached, event),
            Change::Rescheduled(moved) => match moved.clock {
                Clock::Promise => self.resolve(&Rule::ALL, now, ResolveCause::Rescheduled),
                Clock::Internal => self.target_moved(now),
            },
            Change::Retargeted(change) if change.moved.is_some() => self.target_moved(now),
            Change::Resumed {
                target_at: Some(_), ..
            } => self.warn_no_more(of_target, now, ResolveCause::Rescheduled),
            Change::Resumed {
                target_at: None, ..
            } => self.warning_goes_on(),
            Change::Fulfilled { .. }
            | Change::Attempted {
                outcome: Some(_), ..
            } => self.resolve(&Rule::ALL, now, ResolveCause::Fulfilled),
            Change::Cancelled { .. } | Change::Withdrawn { .. } => {
                self.resolve(&Rule::ALL, now, ResolveCause::Cancelled);
            }
            Change::Waived { .. } => self.resolve(&Rule::ALL, now, ResolveCause::Waived),
            Change::Superseded { .. } => self.resolve(&Rule::ALL, now, ResolveCause::Superseded),
            Change::Expired {
                expired_at,
                alert_level,
                ..
            } => {
                self.resolve(&Rule::ALL, now, ResolveCause::Expired);
                if let Some(level) = *alert_level {
                    let (reason, times) = (self.own_reason(""), (*expired_at, now));
                    let fires = Episode::first(Rule::Expired, reason, times, event);
                    self.alert_fires(Episode { level, ..fires }, true);
                }
            }
            Change::DependencyTurned(turn) => self.alert_by_dependency(Some(turn), event),
            Change::DependenciesSet { .. } => self.alert_by_dependency(None, event),
            Change::Alert(step) => self.alert_steps(step, event),
            _ => {}
        }
    }

    fn alert_by_lapse(&mut self, lapse: &Lapse, event: &Event) {
        let (now, overtaken) = (event.recorded_at, ResolveCause::Overtaken);
        let rule = match lapse.clock {
            Clock::Promise => {
                self.resolve(&[Rule::TargetLapsed, Rule::AtRisk], now, overtaken);
                Rule::PromiseLapsed
            }
            Clock::Internal => {
                self.warn_no_more(of_target, now, overtaken);
                Rule::TargetLapsed
            }
        };
        let reason = AlertReason {
            clock: lapse.clock,
            due: lapse.lapsed_at,
            due_revision: lapse.due_revision,
            stage_id: String::new(),
        };
        let times = (lapse.lapsed_at, lapse.detected_at);
        self.alert_fires(Episode::first(rule, reason, times, event), true);
    }

    fn alert_by_stage(&mut self, reached: &StageReached, event: &Event) {
        let overdue = self.has_lapsed(Clock::Promise) && self.told_to_customer;
        let Some(due) = self.running(reached.clock).filter(|_| !overdue) else {
            return;
        };
        let reason = AlertReason {
            clock: reached.clock,
            due,
            due_revision: reached.due_revision,
            stage_id: reached.stage_id.clone(),
        };
        let times = (reached.reached_at, reached.detected_at);
        let fires = Episode::first(Rule::AtRisk, reason, times, event);
        self.alert_fires(fires, reached.is_news);
    }

    /// A promise that it waits for puts it in danger, or no longer does. While it is overdue, nobody needs a warning.
    fn alert_by_dependency(&mut self, turn: Option<&DependencyTurn>, event: &Event) {
        let now = event.recorded_at;
        match turn.filter(|turn| turn.slip.is_some()) {
            Some(turn) if !self.has_lapsed(self.own_clock()) => {
                let reason = self.own_reason(DEPENDENCY_STAGE);
                let fires = Episode::first(Rule::AtRisk, reason, (now, now), event);
                self.alert_fires(fires, turn.is_news);
            }
            Some(_) => {}
            None if self.is_held_up() => {}
            None => self.warn_no_more(AlertReason::is_dependency, now, ResolveCause::Averted),
        }
    }

    /// What is said of the due by which it is late.
    fn own_reason(&self, stage_id: &str) -> AlertReason {
        let clock = self.own_clock();
        AlertReason {
            clock,
            due: self.due_at(),
            due_revision: self.revision(clock),
            stage_id: stage_id.to_owned(),
        }
    }

    /// A condition begins to hold, or holds for a further reason, which is news or is not.
    fn alert_fires(&mut self, fires: Episode, is_news: bool) {
        let found = self.alerts.iter().position(|it| it.rule == fires.rule);
        let last = found.map(|place| self.alerts.remove(place));
        let episode = match last {
            Some(last) if last.state.is_open() => last.joined_by(fires, is_news),
            last => fires.after(last),
        };
        self.alerts.push(episode);
        self.alerts.sort_by_key(|episode| episode.rule);
    }

    /// Our own due is another one.
    fn target_moved(&mut self, at: Timestamp) {
        let cause = ResolveCause::Rescheduled;
        self.resolve(&[Rule::TargetLapsed], at, cause);
        self.warn_no_more(of_target, at, cause);
    }

    /// The condition of these alerts is gone: also of one that somebody put away, so that it does not come back.
    fn resolve(&mut self, rules: &[Rule], at: Timestamp, cause: ResolveCause) {
        let alerts = self.alerts.iter_mut();
        for episode in alerts.filter(|episode| rules.contains(&episode.rule)) {
            episode.resolve(at, cause);
        }
    }

    /// Some of what is warned of has come, or is gone: the warning is over if that was all.
    fn warn_no_more(
        &mut self,
        is_gone: impl Fn(&AlertReason) -> bool,
        at: Timestamp,
        cause: ResolveCause,
    ) {
        let mut alerts = self.alerts.iter_mut();
        let warning = alerts.find(|it| it.rule == Rule::AtRisk && !it.is_over());
        if let Some(warning) = warning
            && warning.let_go(is_gone)
        {
            warning.resolve(at, cause);
        }
    }

    /// A pause is over that did not move our own due: what stood still has as long until its next level as it had left.
    fn warning_goes_on(&mut self) {
        let Some(Pause {
            from, to: Some(to), ..
        }) = self.pauses.last()
        else {
            return;
        };
        let target = self.target.as_ref().filter(|target| !target.lapsed);
        if target.is_none_or(|target| target.at < *from) {
            return;
        }
        let stood_for = to.duration_since(*from);
        let mut alerts = self.alerts.iter_mut();
        let warning = alerts.find(|it| it.warns_of_target_only() && !it.is_over());
        if let Some(escalation) = warning.and_then(|warning| warning.escalation.as_mut()) {
            let later = |at: Timestamp| at.checked_add(stood_for).unwrap_or(Timestamp::MAX);
            escalation.goes_on_at = escalation.goes_on_at.map(later);
        }
    }

    fn alert_steps(&mut self, step: &AlertStep, event: &Event) {
        let mut alerts = self.alerts.iter_mut();
        // Earlier versions of this ended a warning with any of its reasons, and counted another episode for the next one:
        // what they say of that one is of this one, which goes on.
        let found = alerts.find(|it| it.rule == step.rule && it.number <= step.episode_no);
        let Some(episode) = found.filter(|episode| !episode.is_over()) else {
            return;
        };
        let at = event.recorded_at;
        let state = step.what.leaves(&event.actor_id, at);
        match &step.what {
            AlertWhat::Retriggered | AlertWhat::CustomerReturned { .. } => {
                episode.level = episode.level.saturating_add(1);
                episode.went_on = Some(episode.state.went_on());
                episode.escalation = event.escalation.clone();
            }
            AlertWhat::FiredAgain => {
                episode.number = episode.number.saturating_add(1);
                (episode.first_fired_at, episode.level) = (at, 1);
                (episode.late, episode.went_on) = (false, None);
                episode.reason_no = 1;
                episode.escalation = event.escalation.clone();
            }
            AlertWhat::Acknowledged { .. }
            | AlertWhat::Snoozed { .. }
            | AlertWhat::Closed { .. } => {}
        }
        episode.state = state;
    }
}

impl Episode {
    /// The first episode of a condition that begins to hold by `event`, and was noticed some time after it did.
    fn first(
        rule: Rule,
        reason: AlertReason,
        (began_at, noticed_at): (Timestamp, Timestamp),
        event: &Event,
    ) -> Self {
        Self {
            rule,
            number: 1,
            reason,
            also: Vec::new(),
            reason_no: 1,
            first_fired_at: noticed_at,
            late: noticed_at.duration_since(began_at) > LATE_AFTER,
            level: 1,
            went_on: None,
            escalation: event.escalation.clone(),
            state: AlertState::Triggered,
        }
    }

    const fn is_over(&self) -> bool {
        matches!(self.state, AlertState::Resolved(_))
    }

    fn resolve(&mut self, at: Timestamp, cause: ResolveCause) {
        if !self.is_over() {
            self.state = AlertState::Resolved(Resolved { at, cause });
        }
    }

    /// Whether it is a warning of nothing but our own due.
    fn warns_of_target_only(&self) -> bool {
        self.rule == Rule::AtRisk && self.reasons().all(of_target)
    }
}

/// Whether an alert fires because of our own due.
fn of_target(reason: &AlertReason) -> bool {
    reason.clock == Clock::Internal
}
