//! What the tracker says of a promise by itself.

use jiff::Timestamp;

use super::Refusal;
use crate::commitment::{
    AlertStep, Change, Commitment, Event, HandoverEnd, Lapse, Outcome, ResumeCause, StageReached,
    Timer,
};
use crate::due::Calendars;

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
            Timer::Handover => Change::HandoverEnded(HandoverEnd::TimedOut),
            Timer::Proposal => Change::Expired {
                outcome: Outcome::NotApplicable,
                expired_at: at,
            },
            Timer::Expiry => Change::Expired {
                outcome: self.outcome_if_not_done(),
                expired_at: at,
            },
        };
        Ok((at, self.next_event(change, actor_id, now)))
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
