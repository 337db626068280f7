//! The two clocks of a promise, and the times at which something is to be said of it.

use jiff::{SignedDuration, Timestamp};

use super::{Commitment, Lifecycle};
use crate::due::{CalendarRef, Calendars, InternalTarget, Pause, WarnStage};

/// Which of a promise's two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// The promise to the customer: by when they were told. It never pauses.
    Promise,
    /// Our own: by when we want it done.
    Internal,
}

/// Our own due, as it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// By when. While the promise is paused it stands still, and this is where it stood.
    pub at: Timestamp,
    /// Since when it runs.
    pub from: Timestamp,
    /// 1 at first, one more whenever it moves, whatever moves it.
    pub revision: u32,
    /// Whether it passed with the promise open.
    pub lapsed: bool,
    /// By what it was reckoned; none where somebody set it to an instant.
    pub reckoned: Option<Reckoned>,
}

/// By what our own due was reckoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoned {
    /// The policy.
    pub policy_id: String,
    /// Its version.
    pub policy_version: u32,
    /// The calendar whose open time counts.
    pub calendar: CalendarRef,
    /// How much open time there is.
    pub duration: SignedDuration,
}

/// Our own due, as an event sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTarget {
    /// By when.
    pub at: Timestamp,
    /// By what it was reckoned; none where somebody set it to an instant.
    pub reckoned: Option<Reckoned>,
}

/// A warning before one of the dues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Which, and how it is reckoned.
    pub warning: WarnStage,
    /// Before which due.
    pub clock: Clock,
    /// When, for the revision of the due that is in force.
    pub at: Timestamp,
    /// Whether it was reached, or never will be, because the due came first.
    pub over: bool,
}

/// When a stage is, for a new revision of its due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageAt {
    /// Which stage.
    pub stage_id: String,
    /// Before which due.
    pub clock: Clock,
    /// When.
    pub at: Timestamp,
}

/// A stage that was reached with the promise open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReached {
    /// Which stage.
    pub stage_id: String,
    /// Before which due.
    pub clock: Clock,
    /// Which revision of that due.
    pub due_revision: u32,
    /// When it was to be reached.
    pub reached_at: Timestamp,
    /// When we noticed.
    pub detected_at: Timestamp,
    /// Whether it is news where the promise is warned of already. What was noted before further stages were told is not:
    /// nobody hears of it because a later version reads it.
    pub is_news: bool,
}

/// What the tracker has to say of a promise by itself, once its time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A due has passed.
    Lapse(Clock),
    /// A pause is over.
    Resume,
    /// Nobody accepted it in time.
    Handover,
    /// Nobody confirmed it in time.
    Proposal,
    /// It was overdue for too long.
    Expiry,
    /// A stage, by its place among the promise's.
    Stage(usize),
    /// An alert goes on: by its place among the promise's.
    Alert(usize),
    /// A promise that it waits for puts it in danger, or no longer does: by its place among those.
    Dependency(usize),
    /// The next promise of its series is to be made, or there is none.
    Recurrence,
}

impl Commitment {
    /// By when it is to be done: as the customer was told, or if they were not, as we want it.
    pub fn due_at(&self) -> Timestamp {
        match (self.told_to_customer, &self.target) {
            (false, Some(target)) => target.at,
            _ => self.promised_by,
        }
    }

    /// Whether a clock runs: the promise is open, has such a due, and it has not lapsed in its revision. Our own
    /// stands still in a pause, but a due that had passed when the pause began has passed.
    pub fn runs(&self, clock: Clock) -> bool {
        self.is_open()
            && match clock {
                Clock::Promise => self.told_to_customer && !self.promise_lapsed,
                Clock::Internal => self.target.as_ref().is_some_and(|target| {
                    let paused = self.pause.as_ref();
                    !target.lapsed && paused.is_none_or(|pause| target.at < pause.from)
                }),
            }
    }

    /// The revision of a clock's due; 0 where it never had one.
    pub const fn revision(&self, clock: Clock) -> u32 {
        match clock {
            Clock::Promise => self.due_revision,
            Clock::Internal => self.target_revision,
        }
    }

    /// The clock by which it is late.
    pub(super) const fn own_clock(&self) -> Clock {
        match self.told_to_customer {
            true => Clock::Promise,
            false => Clock::Internal,
        }
    }

    /// Whether our own due stands still: the promise is paused, and it had not passed when the pause began.
    pub(super) fn target_stands_still(&self) -> bool {
        let target = self.target.as_ref().filter(|target| !target.lapsed);
        let pause = self.pause.as_ref().zip(target);
        pause.is_some_and(|(pause, target)| target.at >= pause.from)
    }

    /// The due of a clock that runs.
    pub(super) fn running(&self, clock: Clock) -> Option<Timestamp> {
        if !self.runs(clock) {
            return None;
        }
        match clock {
            Clock::Promise => Some(self.promised_by),
            Clock::Internal => self.target.as_ref().map(|target| target.at),
        }
    }

    /// All that the tracker has to say of it by itself: when, and what.
    pub fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> {
        let lapses = [Clock::Promise, Clock::Internal];
        let lapses = lapses
            .into_iter()
            .filter_map(|clock| Some((self.running(clock)?, Timer::Lapse(clock))));
        let until = self.pause.as_ref().and_then(|pause| pause.until);
        let handover = self.handover.as_ref().and_then(|handover| handover.until);
        let open = |at: Option<Timestamp>| at.filter(|_| self.is_open());
        let single = [
            (open(until), Timer::Resume),
            (open(handover), Timer::Handover),
            (self.proposal_ends(), Timer::Proposal),
            (self.expires_at(), Timer::Expiry),
            (self.recurs_at(), Timer::Recurrence),
        ];
        let single = single
            .into_iter()
            .filter_map(|(at, timer)| Some((at?, timer)));
        let stages = self.stages.iter().enumerate();
        let stages = stages
            .filter(|(_, stage)| !stage.over && self.runs(stage.clock))
            .map(|(place, stage)| (stage.at, Timer::Stage(place)));
        let alerts = self.alerts.iter().enumerate();
        let alerts = alerts.filter(|(_, it)| self.alert_runs(it));
        let alerts = alerts.filter_map(|(place, it)| {
            let (at, _) = Self::alert_timer(it)?;
            Some((at, Timer::Alert(place)))
        });
        let waits = self.dependency_timers();
        let waits = waits.map(|(at, place)| (at, Timer::Dependency(place)));
        lapses
            .chain(single)
            .chain(stages)
            .chain(alerts)
            .chain(waits)
    }

    /// The first instant after which the tracker has something to say; none if it never will.
    pub fn watched_until(&self) -> Option<Timestamp> {
        self.timers().map(|(at, _)| at).min()
    }

    /// What the tracker has to say first at `now`. A stage whose due has passed, too, is not said any more:
    /// the lapse says it.
    pub(super) fn timer_at(&self, now: Timestamp) -> Option<(Timestamp, Timer)> {
        let passed = |clock| self.running(clock).is_some_and(|due| due < now);
        let due = self.timers().filter(|(at, timer)| {
            *at < now
                && match timer {
                    Timer::Stage(place) => !passed(self.stages[*place].clock),
                    _ => true,
                }
        });
        due.min()
    }

    /// When a proposal is dropped; none if it is not one.
    fn proposal_ends(&self) -> Option<Timestamp> {
        self.proposed_until
            .filter(|_| self.lifecycle == Lifecycle::Proposed)
    }

    /// When it is given up, if nothing happens; none while it is not overdue, or if it never is.
    ///
    /// Nobody could keep it here before it was recorded: what comes with an import is in view for as long as any other.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let overdue = match self.told_to_customer {
            true => self.promise_lapsed,
            false => self.target.as_ref().is_some_and(|target| target.lapsed),
        };
        if !overdue || !self.is_open() {
            return None;
        }
        let in_view = self.due_at().max(self.recorded_at);
        in_view.checked_add(self.expire_after).ok()
    }

    /// The calendars by which its own due and its stages are reckoned.
    pub fn calendar_ids(&self) -> impl Iterator<Item = &str> {
        let target = self.target.as_ref();
        let reckoned = target.and_then(|target| target.reckoned.as_ref());
        let own = reckoned.map(|reckoned| reckoned.calendar.calendar_id.as_str());
        let stages = self.stages.iter();
        own.into_iter()
            .chain(stages.filter_map(|stage| stage.warning.basis.calendar_id()))
    }

    /// When the stages of a due are that runs from `from` to `due`. One whose calendar is not known stays
    /// away.
    pub(super) fn stages_of(
        &self,
        clock: Clock,
        (from, due): (Timestamp, Timestamp),
        pauses: &[Pause],
        calendars: &impl Calendars,
    ) -> Vec<StageAt> {
        let stages = self.stages.iter().filter(|stage| stage.clock == clock);
        let at = stages.filter_map(|stage| {
            let at = stage.warning.instant(from, due, pauses, calendars)?;
            Some(StageAt {
                stage_id: stage.warning.id.clone(),
                clock,
                at,
            })
        });
        at.collect()
    }
}

impl Target {
    /// The target with the pauses of its promise, to be reckoned again; none where somebody set it.
    pub fn internal(&self, pauses: &[Pause]) -> Option<InternalTarget> {
        let reckoned = self.reckoned.clone()?;
        Some(InternalTarget {
            policy_id: reckoned.policy_id,
            policy_version: reckoned.policy_version,
            calendar: reckoned.calendar,
            from: self.from,
            duration: reckoned.duration,
            pauses: pauses.to_vec(),
        })
    }

    /// Where it stands after the pauses of its promise, the last of which has just ended; none if they moved
    /// nothing.
    ///
    /// What was reckoned in open time moves by the open time that lies in the pause; what somebody set moves
    /// by the whole of it. A pause that began when the target had passed moves nothing.
    pub(super) fn after(&self, pauses: &[Pause], calendars: &impl Calendars) -> Option<Timestamp> {
        let last = pauses.last().filter(|last| last.from < self.at)?;
        let reckoned = self.internal(pauses).and_then(|internal| {
            let calendar = internal.calendar.find(calendars)?;
            internal.clock(&calendar).ok()?.lapses_at()
        });
        let moved = match reckoned {
            Some(at) => at,
            None => {
                // One that was set in the pause stands still since then.
                let paused = last.to?.duration_since(last.from.max(self.from));
                self.at.checked_add(paused).ok()?
            }
        };
        (moved > self.at).then_some(moved)
    }
}
