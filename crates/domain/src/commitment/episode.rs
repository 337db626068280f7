//! The alerts of a promise: what needs a human, in episodes.
//!
//! A condition that begins to hold fires an episode; it is over when the condition is gone, whatever anybody
//! did with it meanwhile. Of each rule a promise holds the latest episode.

use jiff::{SignedDuration, Timestamp};

use super::{Change, Clock, Commitment, Escalation, Event, WentOn};
use crate::alert::{ResolveCause, Resolved, Rule};

/// What is noticed later than this was noticed late: told one by one, it would come as a storm.
pub(crate) const LATE_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// An episode of one of a promise's alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Which condition.
    pub rule: Rule,
    /// 1 at first, one more whenever it fires again.
    pub number: u32,
    /// Of which clock.
    pub clock: Clock,
    /// The due that passed, or is about to.
    pub due: Timestamp,
    /// Which revision of that due.
    pub due_revision: u32,
    /// The stage that was reached; empty for a due that passed.
    pub stage_id: String,
    /// When it fired.
    pub first_fired_at: Timestamp,
    /// Whether it was noticed long after its time: because nobody looked, or because it came with an import.
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
    },
    /// Somebody put it away.
    Closed {
        /// Why. Personal.
        reason: String,
    },
    /// It was put away a day ago, and the condition still holds: the next episode.
    FiredAgain,
}

/// What stands in a warning in place of a stage, where a promise that is waited for has put one in danger.
pub const DEPENDENCY_STAGE: &str = "depends_on";

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
            Self::Snoozed { until } => AlertState::Snoozed { by, until: *until },
            Self::Closed { reason } => AlertState::Closed {
                by,
                at,
                reason: reason.clone(),
            },
            Self::Retriggered | Self::FiredAgain => AlertState::Triggered,
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

    /// Takes in what an event that counts means for the alerts.
    pub(super) fn alert_by(&mut self, event: &Event) {
        let now = event.recorded_at;
        match &event.change {
            Change::Lapsed(lapse) => {
                let (rule, clock) = match lapse.clock {
                    Clock::Promise => (Rule::PromiseLapsed, None),
                    Clock::Internal => (Rule::TargetLapsed, Some(Clock::Internal)),
                };
                if rule == Rule::PromiseLapsed {
                    self.resolve(&[Rule::TargetLapsed], now, ResolveCause::Overtaken);
                }
                self.resolve_warning(clock, now, ResolveCause::Overtaken);
                let (due, revision) = (lapse.lapsed_at, lapse.due_revision);
                let noticed = (lapse.lapsed_at, lapse.detected_at);
                let fires = self.fires(rule, (lapse.clock, due, revision), noticed, event);
                self.alert_fires(fires);
            }
            Change::StageReached(reached) => {
                let overdue = self.has_lapsed(Clock::Promise) && self.told_to_customer;
                if let Some(due) = self.running(reached.clock).filter(|_| !overdue) {
                    let of = (reached.clock, due, reached.due_revision);
                    let noticed = (reached.reached_at, reached.detected_at);
                    let mut fires = self.fires(Rule::AtRisk, of, noticed, event);
                    fires.stage_id = reached.stage_id.clone();
                    self.alert_fires(fires);
                }
            }
            Change::Rescheduled(moved) => {
                let cause = ResolveCause::Rescheduled;
                match moved.clock {
                    Clock::Promise => self.resolve(&Rule::ALL, now, cause),
                    Clock::Internal => {
                        self.resolve(&[Rule::TargetLapsed], now, cause);
                        self.resolve_warning(Some(Clock::Internal), now, cause);
                    }
                }
            }
            Change::Retargeted(change) if change.moved.is_some() => {
                let cause = ResolveCause::Rescheduled;
                self.resolve(&[Rule::TargetLapsed], now, cause);
                self.resolve_warning(Some(Clock::Internal), now, cause);
            }
            Change::Resumed {
                target_at: Some(_), ..
            } => self.resolve_warning(Some(Clock::Internal), now, ResolveCause::Rescheduled),
            Change::Fulfilled { .. }
            | Change::Attempted {
                outcome: Some(_), ..
            } => self.resolve(&Rule::ALL, now, ResolveCause::Fulfilled),
            Change::Cancelled { .. } | Change::Withdrawn { .. } => {
                self.resolve(&Rule::ALL, now, ResolveCause::Cancelled);
            }
            Change::Waived { .. } => self.resolve(&Rule::ALL, now, ResolveCause::Waived),
            Change::Superseded { .. } => self.resolve(&Rule::ALL, now, ResolveCause::Superseded),
            Change::Expired { .. } => self.resolve(&Rule::ALL, now, ResolveCause::Expired),
            Change::DependencyTurned(turn) => self.alert_by_dependency(turn.slip.is_some(), event),
            Change::DependenciesSet { .. } => self.alert_by_dependency(false, event),
            Change::Alert(step) => self.alert_steps(step, event),
            _ => {}
        }
    }

    /// A promise that it waits for puts it in danger, or no longer does. While it is overdue, nobody needs a warning.
    fn alert_by_dependency(&mut self, slips: bool, event: &Event) {
        let now = event.recorded_at;
        let clock = match self.told_to_customer {
            true => Clock::Promise,
            false => Clock::Internal,
        };
        match slips {
            true if !self.has_lapsed(clock) => {
                let of = (clock, self.due_at(), self.revision(clock));
                let mut fires = self.fires(Rule::AtRisk, of, (now, now), event);
                fires.stage_id = DEPENDENCY_STAGE.to_owned();
                self.alert_fires(fires);
            }
            true => {}
            false if self.is_held_up() => {}
            false => {
                let warning = self.alert(Rule::AtRisk);
                if warning.is_some_and(|warning| warning.stage_id == DEPENDENCY_STAGE) {
                    self.resolve(&[Rule::AtRisk], now, ResolveCause::Averted);
                }
            }
        }
    }

    /// The first episode of a condition that begins to hold by `event`, and was noticed some time after it did.
    fn fires(
        &self,
        rule: Rule,
        (clock, due, due_revision): (Clock, Timestamp, u32),
        (began_at, noticed_at): (Timestamp, Timestamp),
        event: &Event,
    ) -> Episode {
        Episode {
            rule,
            number: 1,
            clock,
            due,
            due_revision,
            stage_id: String::new(),
            first_fired_at: noticed_at,
            late: noticed_at.duration_since(began_at) > LATE_AFTER,
            level: 1,
            went_on: None,
            escalation: event.escalation.clone(),
            state: AlertState::Triggered,
        }
    }

    /// A condition begins to hold. Of one that holds already, the stage that was reached last is told.
    fn alert_fires(&mut self, fires: Episode) {
        let found = self.alerts.iter().position(|it| it.rule == fires.rule);
        let last = found.map(|place| self.alerts.remove(place));
        let episode = match last {
            Some(last) if last.state.is_open() => Episode {
                clock: fires.clock,
                due: fires.due,
                due_revision: fires.due_revision,
                stage_id: fires.stage_id,
                ..last
            },
            last => Episode {
                number: last.map_or(0, |last| last.number).saturating_add(1),
                ..fires
            },
        };
        self.alerts.push(episode);
        self.alerts.sort_by_key(|episode| episode.rule);
    }

    /// The condition of these alerts is gone: also of one that somebody put away, so that it does not come back.
    fn resolve(&mut self, rules: &[Rule], at: Timestamp, cause: ResolveCause) {
        let alerts = self.alerts.iter_mut();
        for episode in alerts.filter(|episode| rules.contains(&episode.rule)) {
            if !matches!(episode.state, AlertState::Resolved(_)) {
                episode.state = AlertState::Resolved(Resolved { at, cause });
            }
        }
    }

    /// What was warned of has come, or is gone: of one clock, or of both.
    fn resolve_warning(&mut self, of: Option<Clock>, at: Timestamp, cause: ResolveCause) {
        let warning = self.alert(Rule::AtRisk).map(|warning| warning.clock);
        if warning.is_some_and(|clock| of.is_none_or(|of| of == clock)) {
            self.resolve(&[Rule::AtRisk], at, cause);
        }
    }

    fn alert_steps(&mut self, step: &AlertStep, event: &Event) {
        let mut alerts = self.alerts.iter_mut();
        let found = alerts.find(|it| it.rule == step.rule && it.number == step.episode_no);
        let Some(episode) = found else { return };
        let at = event.recorded_at;
        let state = step.what.leaves(&event.actor_id, at);
        match &step.what {
            AlertWhat::Retriggered => {
                episode.level = episode.level.saturating_add(1);
                episode.went_on = Some(episode.state.went_on());
                episode.escalation = event.escalation.clone();
            }
            AlertWhat::FiredAgain => {
                episode.number = episode.number.saturating_add(1);
                (episode.first_fired_at, episode.level) = (at, 1);
                (episode.late, episode.went_on) = (false, None);
                episode.escalation = event.escalation.clone();
            }
            AlertWhat::Acknowledged { .. }
            | AlertWhat::Snoozed { .. }
            | AlertWhat::Closed { .. } => {}
        }
        episode.state = state;
    }
}
