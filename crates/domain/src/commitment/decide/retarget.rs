//! The policies as they are now, applied to a promise that was made before.

use jiff::{SignedDuration, Timestamp};

use super::Refusal;
use crate::commitment::{
    Change, Clock, Commitment, Event, FollowUp, MovedTarget, NewTarget, PolicyRef, Retargeted,
    Stage, Target, Told,
};
use crate::due::{Calendars, Pause};
use crate::limits::{EXPIRE_AFTER_DAYS, SECONDS_PER_DAY};
use crate::setting::FollowUpPolicy;

/// What the policies as they are now make of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retargeting {
    /// It is followed up as they say.
    Same,
    /// Somebody moved our own due by hand, and what somebody decided stays.
    MovedByHand,
    /// It would be followed up in another way.
    Changes(Box<Retargeted>),
}

impl Commitment {
    /// What a policy, the one that decides about the promise now, makes of it; without one, it has no due of our own
    /// and no warnings. What the customer was told stays as it is, and so does a due of ours that has lapsed, unless
    /// the new one lies ahead.
    ///
    /// # Errors
    /// When the promise is not open.
    pub fn retargeting(
        &self,
        policy: Option<(&PolicyRef, &FollowUpPolicy)>,
        now: Timestamp,
        calendars: &impl Calendars,
    ) -> Result<Retargeting, Refusal> {
        self.check_open()?;
        let told = self.told();
        if self.is_moved_by_hand() {
            return Ok(Retargeting::MovedByHand);
        }
        let FollowUp {
            target,
            stages,
            expire_after,
        } = match policy {
            Some((by, policy)) => policy.follow_up(by, told, calendars),
            None => FollowUp {
                target: (!told.told_to_customer).then_some(NewTarget {
                    at: told.due,
                    reckoned: None,
                }),
                stages: Vec::new(),
                expire_after: SignedDuration::from_secs(EXPIRE_AFTER_DAYS * SECONDS_PER_DAY),
            },
        };
        let pauses = self.pauses_since(told.at);
        let target = target.map(|target| paused(target, told.at, &pauses, calendars));
        let moved = self
            .is_other_target(target.as_ref(), now)
            .then(|| MovedTarget {
                from: told.at,
                target: target.clone(),
            });
        // Where our own due stays, its warnings are reckoned by it as it is.
        let ours = match (&moved, &self.target) {
            (None, Some(stays)) => Some((stays.from, stays.at)),
            _ => target.as_ref().map(|target| (told.at, target.at)),
        };
        let stages = stages.into_iter().filter_map(|stage| match stage.clock {
            Clock::Promise => Some(stage),
            Clock::Internal => {
                let (from, due) = ours?;
                let at = stage.warning.instant(from, due, &pauses, calendars)?;
                Some(Stage { at, ..stage })
            }
        });
        let retargeted = Retargeted {
            policy: policy.map(|(by, _)| by.clone()),
            moved,
            stages: stages.collect(),
            expire_after,
        };
        Ok(match self.is_followed_up_so(&retargeted) {
            true => Retargeting::Same,
            false => Retargeting::Changes(Box::new(retargeted)),
        })
    }

    /// The policies as they are now are applied to it.
    pub fn retarget(&self, change: Retargeted, actor_id: &str, now: Timestamp) -> Event {
        self.next_event(Change::Retargeted(Box::new(change)), actor_id, now)
    }

    /// The promise as the customer was last told it.
    fn told(&self) -> Told {
        let moves = self.reschedules.iter().rev();
        let told_again = moves
            .into_iter()
            .find(|moved| moved.clock == Clock::Promise)
            .map(|moved| moved.at);
        let running = self.target.as_ref().map(|target| target.from);
        let at = match self.due_revision {
            1 => self.made_at,
            _ => told_again.or(running).unwrap_or(self.made_at),
        };
        Told {
            at,
            due: self.promised_by,
            told_to_customer: self.told_to_customer,
        }
    }

    /// Whether the latest move was one of our own due alone.
    fn is_moved_by_hand(&self) -> bool {
        let last = self.reschedules.last();
        last.is_some_and(|moved| moved.clock == Clock::Internal)
    }

    /// The pauses that are over, as far as they may lie behind `from`.
    fn pauses_since(&self, from: Timestamp) -> Vec<Pause> {
        let pauses = self.pauses.iter();
        let since = pauses.filter(|pause| pause.to.is_none_or(|to| to > from));
        since.cloned().collect()
    }

    /// Whether another due of our own takes the place of the one that there is.
    fn is_other_target(&self, new: Option<&NewTarget>, now: Timestamp) -> bool {
        match (&self.target, new) {
            (None, None) => false,
            (None, Some(_)) => true,
            (Some(old), None) => !old.lapsed,
            (Some(old), Some(new)) if old.lapsed => new.at > now && new.at != old.at,
            (Some(old), Some(new)) => old.at != new.at || !is_reckoned_so(old, new),
        }
    }

    fn is_followed_up_so(&self, new: &Retargeted) -> bool {
        let stages = self.stages.iter();
        let same_stages = self.stages.len() == new.stages.len()
            && stages.zip(&new.stages).all(|(old, new)| {
                (&old.warning, old.clock, old.at) == (&new.warning, new.clock, new.at)
            });
        new.moved.is_none()
            && same_stages
            && self.policy == new.policy
            && self.expire_after == new.expire_after
    }
}

/// Whether both count the same open time. By which version of a policy it was said is no matter.
fn is_reckoned_so(old: &Target, new: &NewTarget) -> bool {
    match (&old.reckoned, &new.reckoned) {
        (None, None) => true,
        (Some(old), Some(new)) => (&old.calendar, old.duration) == (&new.calendar, new.duration),
        _ => false,
    }
}

/// A due of our own that runs since `from`, behind the pauses that there were.
fn paused(
    target: NewTarget,
    from: Timestamp,
    pauses: &[Pause],
    calendars: &impl Calendars,
) -> NewTarget {
    let mut running = Target {
        at: target.at,
        from,
        revision: 0,
        lapsed: false,
        reckoned: target.reckoned,
    };
    for count in 1..=pauses.len() {
        if let Some(at) = running.after(&pauses[..count], calendars) {
            running.at = at;
        }
    }
    NewTarget {
        at: running.at,
        reckoned: running.reckoned,
    }
}
