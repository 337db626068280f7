//! Dues that move, and pauses.

use jiff::{SignedDuration, Timestamp};

use super::{Actor, Permission, Refusal, permitted};
use crate::commitment::{
    Change, Clock, Commitment, Event, Evidence, Lifecycle, NewTarget, Paused, Reckoned,
    Rescheduled, ResumeCause, StageAt,
};
use crate::due::{Calendars, PauseReason, ToldDue, Turn, end_of_business_day};
use crate::limits::{DUE_DAYS_MAX, PAUSES_MAX, RESCHEDULES_MAX};

/// How often the dues may move before a team lead has to agree.
const RESCHEDULES_BY_OWNER_MAX: u32 = 2;

/// How many days with open time a promise may wait for the customer in all before a team lead has to agree.
const PAUSE_BUSINESS_DAYS_MAX: u32 = 5;

/// The same by any clock, where nothing says when we are open.
const PAUSE_DAYS_MAX: i64 = 7;

/// Moves a promise's due: with the customer told the promise itself, else our own due only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reschedule {
    /// The new due.
    pub promised_by: Timestamp,
    /// How it was said, if not as an instant.
    pub due: Option<ToldDue>,
    /// Where the customer was told.
    pub customer_informed: Evidence,
    /// When the contact began in which the customer was told, from which the due is reckoned; none for now.
    pub told_at: Option<Timestamp>,
    /// Why. Personal.
    pub reason: String,
    /// Our own due, where the customer was told another one and a policy asks for it.
    pub target: Option<NewTarget>,
}

/// Lets our own clock stand still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pausing {
    /// When it goes on by itself; none for when somebody says so. An owner's pause ends by itself.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: PauseReason,
    /// What else is to be said of it. Personal.
    pub note: String,
}

impl Commitment {
    /// A due moves.
    ///
    /// # Errors
    /// When it is not open, the actor may not move it, it has moved too often, or the new due isn't one.
    pub fn reschedule(
        &self,
        wish: Reschedule,
        actor: Actor<'_>,
        now: Timestamp,
        calendars: &impl Calendars,
    ) -> Result<Event, Refusal> {
        let after_lapse = self.check_movable(actor, now)?;
        let clock = match self.told_to_customer && wish.customer_informed.is_given() {
            true => Clock::Promise,
            false => Clock::Internal,
        };
        if wish.promised_by <= now {
            return Err(Refusal::DueNotAhead);
        }
        if wish.promised_by.duration_since(now) > SignedDuration::from_hours(24 * DUE_DAYS_MAX) {
            return Err(Refusal::DueTooFar);
        }
        let to = wish.promised_by;
        let target = match clock {
            Clock::Promise => wish.target,
            Clock::Internal => Some(self.target_set_to(to, now, calendars)),
        };
        let stages = self.stages_moved(clock, (now, to), target.as_ref(), calendars);
        let from = match (clock, &self.target) {
            (Clock::Internal, Some(target)) => target.at,
            _ => self.promised_by,
        };
        let change = Change::Rescheduled(Box::new(Rescheduled {
            number: self.moves.saturating_add(1),
            clock,
            due_revision: self.revision(clock).saturating_add(1),
            from,
            to,
            reason: wish.reason,
            customer_informed: wish.customer_informed,
            after_lapse,
            by: actor.id.to_owned(),
            at: now,
            told_at: wish.told_at.unwrap_or(now),
            due: wish.due,
            target,
            stages,
        }));
        Ok(self.next_event(change, actor.id, now))
    }

    /// Whether the actor may move a due of it, whichever it is to be; gives whether its own due has passed.
    ///
    /// # Errors
    /// When it is not open, the actor may not move it, or it has moved too often.
    pub fn check_movable(&self, actor: Actor<'_>, now: Timestamp) -> Result<bool, Refusal> {
        self.check_open()?;
        let after_lapse = self.has_passed(self.own_clock(), now);
        self.check_mover(actor, after_lapse)?;
        match self.moves >= RESCHEDULES_MAX {
            true => Err(Refusal::MovedTooOften),
            false => Ok(after_lapse),
        }
    }

    fn check_mover(&self, actor: Actor<'_>, after_lapse: bool) -> Result<(), Refusal> {
        let lacks = match actor.leads() {
            true => None,
            false if !self.is_owned_by(actor) => Some(Permission::Reschedule),
            false if after_lapse => Some(Permission::RescheduleAfterLapse),
            false if self.moves >= RESCHEDULES_BY_OWNER_MAX => Some(Permission::RescheduleAgain),
            false => None,
        };
        lacks.map_or(Ok(()), |permission| Err(Refusal::NotPermitted(permission)))
    }

    /// Our own due as somebody sets it to an instant. It goes on in the open time of its calendar, if it has
    /// one, so that a pause moves it by that.
    fn target_set_to(
        &self,
        at: Timestamp,
        now: Timestamp,
        calendars: &impl Calendars,
    ) -> NewTarget {
        let reckoned = self.target.as_ref().and_then(|target| {
            let reckoned = target.reckoned.clone()?;
            let calendar = reckoned.calendar.find(calendars)?;
            let duration = calendar.between(now, at);
            (duration > SignedDuration::ZERO).then_some(Reckoned {
                duration,
                ..reckoned
            })
        });
        NewTarget { at, reckoned }
    }

    /// When the stages are of what moved by somebody's will at `now`.
    fn stages_moved(
        &self,
        clock: Clock,
        (now, to): (Timestamp, Timestamp),
        target: Option<&NewTarget>,
        calendars: &impl Calendars,
    ) -> Vec<StageAt> {
        let mut stages = match clock {
            Clock::Promise => self.stages_of(clock, (now, to), &[], calendars),
            Clock::Internal => Vec::new(),
        };
        if let Some(target) = target {
            let ours = self.stages_of(Clock::Internal, (now, target.at), &[], calendars);
            stages.extend(ours);
        }
        stages
    }

    /// Our own clock stands still.
    ///
    /// # Errors
    /// When it is not open, stands still already, or the actor may not.
    pub fn pause(
        &self,
        wish: Pausing,
        actor: Actor<'_>,
        now: Timestamp,
        calendars: &impl Calendars,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        if self.lifecycle == Lifecycle::Paused {
            return Err(Refusal::AlreadyPaused);
        }
        permitted(self.is_owned_or_led_by(actor), Permission::Pause)?;
        if self.pauses.len() >= PAUSES_MAX {
            return Err(Refusal::PausedTooOften);
        }
        let latest = now + SignedDuration::from_hours(24 * DUE_DAYS_MAX);
        if wish
            .until
            .is_some_and(|until| until <= now || until > latest)
        {
            return Err(Refusal::PauseEndOutOfRange);
        }
        let until = match actor.leads() {
            true => wish.until,
            false => Some(self.owners_pause_until(&wish, now, calendars)?),
        };
        let change = Change::Paused(Paused {
            from: now,
            until,
            reason: wish.reason,
            turn: Turn::of(wish.reason),
            note: wish.note,
            by: actor.id.to_owned(),
            ends_by_return: wish.reason == PauseReason::AwaitingCustomer,
        });
        Ok(self.next_event(change, actor.id, now))
    }

    /// When a pause ends that an owner makes, who may wait for the customer only, and only for so long.
    fn owners_pause_until(
        &self,
        wish: &Pausing,
        now: Timestamp,
        calendars: &impl Calendars,
    ) -> Result<Timestamp, Refusal> {
        let awaits = wish.reason == PauseReason::AwaitingCustomer;
        permitted(awaits, Permission::PauseSoLong)?;
        let lacks = match self.waits_for_customer().next() {
            None => Permission::PauseSoLong,
            Some(_) => Permission::PauseAgain,
        };
        let longest = self.owners_pause_ends(now, calendars);
        let longest = longest.ok_or(Refusal::NotPermitted(lacks))?;
        let until = wish.until.unwrap_or(longest);
        permitted(until <= longest, lacks)?;
        Ok(until)
    }

    /// When the longest pause ends that an owner may make: with the fifth day that has open time after this
    /// one, or where our own due has no calendar, a week from now; earlier by as long as the promise has waited for the
    /// customer before. None if that was as long already.
    fn owners_pause_ends(&self, now: Timestamp, calendars: &impl Calendars) -> Option<Timestamp> {
        let reckoned = self
            .target
            .as_ref()
            .and_then(|target| target.reckoned.as_ref());
        let by_calendar = reckoned.and_then(|reckoned| {
            let calendar = reckoned.calendar.find(calendars)?;
            let ends = end_of_business_day(&calendar, now, PAUSE_BUSINESS_DAYS_MAX)?;
            Some((calendar, ends))
        });
        let Some((calendar, ends)) = by_calendar else {
            let waited = self.waits_for_customer();
            let left = waited.fold(
                SignedDuration::from_hours(24 * PAUSE_DAYS_MAX),
                |left, (from, to)| left.saturating_sub(to.duration_since(from)),
            );
            return (left > SignedDuration::ZERO).then(|| now + left);
        };
        let waited = self
            .waits_for_customer()
            .map(|(from, to)| calendar.between(from, to))
            .fold(SignedDuration::ZERO, SignedDuration::saturating_add);
        if waited.is_zero() {
            return Some(ends);
        }
        let left = calendar.between(now, ends).saturating_sub(waited);
        let is_left = left > SignedDuration::ZERO;
        is_left.then(|| calendar.add(now, left).ok()).flatten()
    }

    /// The pauses that are over and in which the promise waited for the customer: from when to when.
    fn waits_for_customer(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let waits = self.pauses.iter();
        let waits = waits.filter(|pause| pause.reason == PauseReason::AwaitingCustomer);
        waits.filter_map(|pause| Some((pause.from, pause.to?)))
    }

    /// Our own clock goes on.
    ///
    /// # Errors
    /// When it does not stand still, or the actor may not.
    pub fn resume(
        &self,
        actor: Actor<'_>,
        now: Timestamp,
        calendars: &impl Calendars,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        permitted(self.is_owned_or_led_by(actor), Permission::Pause)?;
        let change = self.resumed(ResumeCause::Asked, now, calendars)?;
        Ok(self.next_event(change, actor.id, now))
    }

    /// Our own clock goes on at `at`.
    pub(super) fn resumed(
        &self,
        cause: ResumeCause,
        at: Timestamp,
        calendars: &impl Calendars,
    ) -> Result<Change, Refusal> {
        let pause = self.pause.as_ref().ok_or(Refusal::NotPaused)?;
        let mut pauses = self.pauses.clone();
        pauses.push(pause.ended(at));
        let target = self.target.as_ref().filter(|target| !target.lapsed);
        let target_at = target.and_then(|target| target.after(&pauses, calendars));
        let stages = match (target, target_at) {
            (Some(target), Some(due)) => {
                let times = (target.from, due);
                self.stages_of(Clock::Internal, times, &pauses, calendars)
            }
            _ => Vec::new(),
        };
        Ok(Change::Resumed {
            cause,
            at,
            target_at,
            stages,
        })
    }
}
