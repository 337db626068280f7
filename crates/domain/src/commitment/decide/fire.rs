//! What the tracker says of a promise by itself.

use jiff::Timestamp;

use super::Refusal;
use crate::alert::Rule;
use crate::commitment::{
    AlertStep, AlertWhat, Change, Commitment, EscalatesBy, Event, HandoverEnd, Lapse, Outcome,
    ResumeCause, StageReached, Timer,
};
use crate::due::Calendars;
use crate::recurrence::RecurrenceEnd;

impl Commitment {
    /// What the scheduler `actor_id` has to say first at `now`: and when its time was. Once that counts, there
    /// may be more.
    ///
    /// # Errors
    /// When there is nothing to say yet, or not again.
    pub fn fire(
        &self,
        actor_id: &str,
        now: Timestamp,
        calendars: &impl Calendars,
    ) -> Result<(Timestamp, Event), Refusal> {
        self.fire_telling(actor_id, now, calendars, None)
    }

    /// As [`Self::fire`], with the escalation policy by which its alerts are told, if there is one.
    ///
    /// # Errors
    /// As [`Self::fire`].
    pub fn fire_telling(
        &self,
        actor_id: &str,
        now: Timestamp,
        calendars: &impl Calendars,
        escalates_by: Option<EscalatesBy<'_>>,
    ) -> Result<(Timestamp, Event), Refusal> {
        let (at, timer) = self.timer_at(now).ok_or(Refusal::NotYetDue)?;
        let change = match timer {
            Timer::Lapse(clock) => Change::Lapsed(Lapse {
                clock,
                due_revision: self.revision(clock),
                lapsed_at: at,
                detected_at: now,
            }),
            Timer::Stage(place) => {
                let stage = &self.stages[place];
                Change::StageReached(StageReached {
                    stage_id: stage.warning.id.clone(),
                    clock: stage.clock,
                    due_revision: self.revision(stage.clock),
                    reached_at: at,
                    detected_at: now,
                    is_news: true,
                })
            }
            // It went on when its time was, whenever we notice: else downtime would move our own due.
            Timer::Resume => self.resumed(ResumeCause::UntilReached, at, calendars)?,
            Timer::Alert(place) => {
                let episode = &self.alerts[place];
                let (_, what) = Self::alert_timer(episode).ok_or(Refusal::NotYetDue)?;
                Change::Alert(AlertStep {
                    rule: episode.rule,
                    episode_no: episode.number,
                    what,
                })
            }
            Timer::Dependency(place) => {
                let turn = self.dependency_turn(place, now);
                Change::DependencyTurned(turn.ok_or(Refusal::NotYetDue)?)
            }
            Timer::Handover => Change::HandoverEnded(HandoverEnd::TimedOut),
            Timer::Proposal => Change::Expired {
                outcome: Outcome::NotApplicable,
                expired_at: at,
                alert_level: None,
            },
            // What else there is to it, the next promise says.
            Timer::Recurrence => match self.recurs(now) {
                Some(_) => return Err(Refusal::NotYetDue),
                None => Change::RecurrenceEnded {
                    cause: RecurrenceEnd::NoMoreTimes,
                    reason: String::new(),
                },
            },
            Timer::Expiry => Change::Expired {
                outcome: self.outcome_if_not_done(),
                expired_at: at,
                alert_level: (!self.came_overdue())
                    .then(|| escalates_by.map_or(1, EscalatesBy::last_level)),
            },
        };
        let event = self.next_telling(change, (actor_id, now), calendars, escalates_by);
        Ok((at, event))
    }

    /// The next event that is noticed, with what is to be said of an alert that fires or goes on by it.
    pub(super) fn next_telling(
        &self,
        change: Change,
        (actor_id, now): (&str, Timestamp),
        calendars: &impl Calendars,
        escalates_by: Option<EscalatesBy<'_>>,
    ) -> Event {
        let level = self.level_after(&change);
        let mut event = self.next_event(change, actor_id, now);
        event.escalation = escalates_by
            .zip(level)
            .map(|(by, level)| by.at_level(level, now, calendars));
        event
    }

    /// Whether it came with an import of history, in which its due had passed.
    fn came_overdue(&self) -> bool {
        self.imported && self.due_at() <= self.recorded_at
    }

    /// The level of the alert that a change lets fire or go on; none if it does neither.
    fn level_after(&self, change: &Change) -> Option<u32> {
        // A further reason to warn is told on the level that the warning has.
        let warning = self.alert(Rule::AtRisk).filter(|it| it.state.is_open());
        let warned = warning.map_or(1, |warning| warning.level);
        match change {
            Change::Lapsed(_) => Some(1),
            Change::StageReached(_) => Some(warned),
            Change::DependencyTurned(turn) => turn.slip.is_some().then_some(warned),
            Change::Expired { alert_level, .. } => *alert_level,
            Change::Alert(step) => match step.what {
                AlertWhat::Retriggered | AlertWhat::CustomerReturned { .. } => {
                    Some(self.alert(step.rule)?.level.saturating_add(1))
                }
                AlertWhat::FiredAgain => Some(1),
                _ => None,
            },
            _ => None,
        }
    }

    /// As [`Self::fire`], for the lapse of a clock that is due.
    ///
    /// # Errors
    /// When that clock has not lapsed, or is known to have.
    #[cfg(test)]
    pub(crate) fn lapse(
        &self,
        clock: crate::commitment::Clock,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let none = std::collections::BTreeMap::<String, crate::calendar::Calendar>::new();
        let (_, event) = self.fire("timer", now, &none)?;
        match &event.change {
            Change::Lapsed(lapse) if lapse.clock == clock => Ok(event),
            _ => Err(Refusal::NotYetDue),
        }
    }
}
