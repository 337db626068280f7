//! What becomes of a promise by what happens to it.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    AlertAcknowledged, AlertClosed, AlertFiredAgain, AlertRetriggered, AlertSnoozed,
    CommitmentDependencyTurned, CommitmentExpired, CommitmentLapsed, CommitmentPaused,
    CommitmentRescheduled, CommitmentResumed, CommitmentRetargeted, CommitmentStageReached, Event,
};
use aftercall_proto::model::v1::{
    AlertState, CommitmentClock, DependencySlip, HandoverEnd, PauseReason, ResumeCause,
};
use jiff::Timestamp;

use super::alert::{
    AT_RISK, Fires, GIVEN_UP, LATE, OURS_LATE, Reason, Seen, ToldBy, WAITS, again_at, outlives,
};
use super::at;
use super::promise::{Pause, Promise, State, target_at};
use crate::log::Stored;

/// What changed of a promise's alerts, if the event counts.
pub(super) type Counted = Result<Option<Vec<Seen>>, String>;

impl Promise {
    /// Takes what happened. Gives what became of its alerts; nothing if it does not count.
    ///
    /// # Errors
    /// What nobody may say of it: too early, twice, or while our own clock stands still.
    pub(super) fn take(&mut self, fact: &Fact, event: &Event, stored: &Stored) -> Counted {
        let was_open = self.is_open();
        if self.version + 1 != event.sequence || !was_open && !outlives(fact) {
            return Ok(None);
        }
        let taken = match fact {
            Fact::CommitmentLapsed(lapsed) => self.lapse(lapsed)?,
            Fact::CommitmentRescheduled(moved) => self.reschedule(moved, event, stored),
            Fact::CommitmentRetargeted(change) => Some(self.retarget(change, event, stored)),
            Fact::CommitmentStageReached(reached) => self.reach(reached, stored)?,
            Fact::CommitmentPaused(paused) => Some(self.stand_still(paused, stored)),
            Fact::CommitmentResumed(resumed) => Some(self.go_on(resumed, stored)?),
            Fact::CommitmentAttempted(attempted) => {
                let attempt = attempted.attempt.clone().unwrap_or_default();
                self.try_by(&attempt.evidence_interaction_id)?;
                let kept = attempted.outcome != 0;
                Some(match kept {
                    true => {
                        // The last attempt that it took may have been told before.
                        let until = attempted.fulfilled_at.or(attempt.attempted_at);
                        self.close(State::Kept, Some(at(until)), stored)
                    }
                    false => Vec::new(),
                })
            }
            Fact::CommitmentFulfilled(fulfilled) => {
                let until = at(fulfilled.fulfilled_at);
                Some(self.close(State::Kept, Some(until), stored))
            }
            Fact::CommitmentCancelled(_)
            | Fact::CommitmentWaived(_)
            | Fact::CommitmentSuperseded(_) => {
                let until = at(event.recorded_at);
                Some(self.close(State::NotKept, Some(until), stored))
            }
            Fact::CommitmentExpired(expired) => Some(self.give_up(expired, stored)),
            Fact::CommitmentDependenciesSet(set) => {
                let said = std::mem::take(&mut self.waits_for);
                let before = |id: &String| said.iter().find(|one| one.0 == *id).map(|one| one.1);
                let all = set.depends_on.iter();
                let all = all.map(|id| (id.clone(), before(id).unwrap_or_default()));
                self.waits_for = all.collect();
                Some(self.averted())
            }
            Fact::CommitmentDependencyTurned(turned) => Some(self.turn(turned)),
            Fact::CommitmentRecurrenceEnded(_) => {
                self.says_end = true;
                Some(Vec::new())
            }
            fact => self
                .hand_over(fact, stored)?
                .or(self.see_to(fact, event, stored)?),
        };
        if taken.is_some() {
            self.version += 1;
        }
        if was_open && !self.is_open() {
            self.ended_at = Some(at(event.recorded_at));
        }
        Ok(taken)
    }

    fn lapse(&mut self, lapsed: &CommitmentLapsed) -> Counted {
        let lapse = lapsed.lapse.unwrap_or_default();
        let clock = lapse.clock();
        if clock == CommitmentClock::Internal && self.stands_still() {
            return Err(format!(
                "our own due lapses while it stands still: {self:?}"
            ));
        }
        let due = self.due_mut(clock);
        if due.lapsed || due.at.is_none() || lapse.due_revision != due.revision {
            return Ok(None);
        }
        due.lapsed = true;
        let at = due.at;
        self.lapses += 1;
        self.warn_no_more(clock);
        let mut changed = Vec::new();
        let rule = match clock {
            CommitmentClock::Internal => {
                self.alerts.let_go(Reason::is_ours, &mut changed);
                OURS_LATE
            }
            _ => {
                self.alerts.resolve(&[OURS_LATE, AT_RISK], &mut changed);
                LATE
            }
        };
        let fires = Fires {
            rule,
            reason: Reason {
                clock,
                revision: lapse.due_revision,
                due: at,
                stage_id: String::new(),
            },
            told_by: ToldBy::of(lapsed.escalation.as_ref()),
        };
        self.alerts.fire(fires, &mut changed);
        Ok(Some(changed))
    }

    fn reach(&mut self, reached: &CommitmentStageReached, stored: &Stored) -> Counted {
        let (clock, when) = (reached.clock(), at(reached.reached_at));
        if stored.asked_at <= when {
            return Err(format!("a warning before its time: {reached:?}"));
        }
        if reached.due_revision != self.due_mut(clock).revision {
            return Ok(None);
        }
        if clock == CommitmentClock::Internal && self.stands_still() {
            return Err(format!(
                "a warning while our own due stands still: {self:?}"
            ));
        }
        let mut warnings = self.warnings.iter_mut();
        let found = warnings.find(|one| one.clock == clock && one.stage_id == reached.stage_id);
        match found.filter(|one| !one.over && one.at == when) {
            Some(warning) => warning.over = true,
            None => {
                return Err(format!(
                    "a warning that there is not, or not again: {reached:?}, {self:?}"
                ));
            }
        }
        let mut changed = Vec::new();
        let overdue = self.told_to_customer && self.told.lapsed;
        if self.runs(clock) && !overdue {
            let due = self.due_mut(clock).at;
            let fires = Fires {
                rule: AT_RISK,
                reason: Reason {
                    clock,
                    revision: reached.due_revision,
                    due,
                    stage_id: reached.stage_id.clone(),
                },
                told_by: ToldBy::of(reached.escalation.as_ref()),
            };
            self.alerts.fire(fires, &mut changed);
        }
        Ok(Some(changed))
    }

    fn reschedule(
        &mut self,
        moved: &CommitmentRescheduled,
        event: &Event,
        stored: &Stored,
    ) -> Option<Vec<Seen>> {
        let moved = moved.reschedule.clone().unwrap_or_default();
        let clock = moved.clock();
        if moved.due_revision != self.due_mut(clock).revision + 1 {
            return None;
        }
        let (now, to) = (at(event.recorded_at), Some(at(moved.to_due)));
        let mut changed = Vec::new();
        if clock == CommitmentClock::Promise {
            self.end(now, stored);
            self.told.move_to(to);
            self.alerts.resolve_all(&mut changed);
        } else {
            self.end_due(clock, now, stored);
            self.alerts.resolve(&[OURS_LATE], &mut changed);
            self.alerts.let_go(Reason::is_ours, &mut changed);
        }
        if clock == CommitmentClock::Promise || !self.told_to_customer {
            self.look_at_dangers_anew();
        }
        self.move_ours(moved.target.as_ref().and_then(target_at), stored);
        self.warn_at(&moved.stages);
        Some(changed)
    }

    fn retarget(
        &mut self,
        change: &CommitmentRetargeted,
        event: &Event,
        stored: &Stored,
    ) -> Vec<Seen> {
        let mut changed = Vec::new();
        if let Some(moved) = &change.target {
            let clock = CommitmentClock::Internal;
            self.end_due(clock, at(event.recorded_at), stored);
            self.move_ours(moved.target.as_ref().and_then(target_at), stored);
            self.alerts.resolve(&[OURS_LATE], &mut changed);
            self.alerts.let_go(Reason::is_ours, &mut changed);
            if !self.told_to_customer {
                self.look_at_dangers_anew();
            }
        }
        self.warn_by(&change.stages, change.target.is_some());
        changed
    }

    /// Our own due is another one, also while it stands still.
    fn move_ours(&mut self, to: Option<Timestamp>, stored: &Stored) {
        self.ours.move_to(to);
        if self.stands_still() {
            self.ours.end(stored);
        }
    }

    fn stand_still(&mut self, paused: &CommitmentPaused, stored: &Stored) -> Vec<Seen> {
        let pause = paused.pause.clone().unwrap_or_default();
        self.pause = Some(Pause {
            from: at(pause.paused_at),
            until: pause.paused_until.map(|until| at(Some(until))),
            awaits_customer: pause.reason() == PauseReason::AwaitingCustomer
                && pause.ends_by_return,
        });
        if self.stands_still() {
            self.ours.end(stored);
        }
        Vec::new()
    }

    fn go_on(&mut self, resumed: &CommitmentResumed, stored: &Stored) -> Result<Vec<Seen>, String> {
        let pause = self.pause.take();
        let until = pause.and_then(|pause| pause.until);
        let by_itself = resumed.cause() == ResumeCause::UntilReached;
        let at_end = Some(at(resumed.resumed_at)) == until;
        if by_itself && (!at_end || until.is_some_and(|until| stored.asked_at <= until)) {
            return Err(format!(
                "a pause of {until:?} ends early, or later than it was to: {resumed:?}"
            ));
        }
        // The customer ends it who reached us while it lasted, and nobody else's pause.
        let back = at(resumed.resumed_at);
        let is_awaited = pause.is_some_and(|pause| pause.is_ended_by_return(back));
        if resumed.cause() == ResumeCause::CustomerReturned && !is_awaited {
            return Err(format!("nobody waited for {resumed:?}: {pause:?}"));
        }
        self.pauses += 1;
        let mut changed = Vec::new();
        match resumed.target_at {
            Some(to) => {
                self.ours.move_to(Some(at(Some(to))));
                self.warn_at(&resumed.stages);
                self.alerts.let_go(Reason::is_ours, &mut changed);
                if !self.told_to_customer {
                    self.look_at_dangers_anew();
                }
            }
            // It goes on towards the same due.
            None => {
                self.ours.ends.remove(&self.ours.revision);
                let from = pause.map_or(Timestamp::MAX, |pause| pause.from);
                if !self.ours.lapsed && self.ours.at.is_some_and(|due| due >= from) {
                    let to = at(resumed.resumed_at).max(from);
                    self.alerts.wait_on(to.duration_since(from));
                }
            }
        }
        Ok(changed)
    }

    /// A contact counts once.
    fn try_by(&mut self, interaction_id: &str) -> Result<(), String> {
        let is_new = interaction_id.is_empty() || self.tried_by.insert(interaction_id.to_owned());
        match is_new {
            true => Ok(()),
            false => Err(format!("contact {interaction_id} counts twice: {self:?}")),
        }
    }

    /// Nothing becomes of it any more. Its dues had not passed, or are said to have, if it was open until then.
    fn close(&mut self, state: State, until: Option<Timestamp>, stored: &Stored) -> Vec<Seen> {
        match until {
            Some(until) => self.end(until, stored),
            None => [&mut self.told, &mut self.ours]
                .into_iter()
                .for_each(|due| due.end(stored)),
        }
        self.pauses += usize::from(self.pause.take().is_some());
        (self.state, self.asked) = (state, None);
        let mut changed = Vec::new();
        self.alerts.resolve_all(&mut changed);
        changed
    }

    /// It was overdue for too long: that is an alert of its own, if it is said to be.
    fn give_up(&mut self, expired: &CommitmentExpired, stored: &Stored) -> Vec<Seen> {
        let mut changed = self.close(State::NotKept, None, stored);
        if expired.alert_level > 0 {
            let clock = self.own_clock();
            let due = self.due_mut(clock);
            let fires = Fires {
                rule: GIVEN_UP,
                reason: Reason {
                    clock,
                    revision: due.revision,
                    due: due.at,
                    stage_id: String::new(),
                },
                told_by: ToldBy::of(expired.escalation.as_ref()),
            };
            self.alerts.fire(fires, &mut changed);
        }
        changed
    }

    /// Something that it waits for puts it in danger, or no longer does.
    fn turn(&mut self, turned: &CommitmentDependencyTurned) -> Vec<Seen> {
        let mut all = self.waits_for.iter_mut();
        if let Some(one) = all.find(|one| one.0 == turned.depends_on) {
            one.1 = turned.slip();
        }
        if turned.slip() == DependencySlip::Unspecified {
            return self.averted();
        }
        let mut changed = Vec::new();
        let clock = self.own_clock();
        let due = self.due_mut(clock);
        if !due.lapsed {
            let fires = Fires {
                rule: AT_RISK,
                reason: Reason {
                    clock,
                    revision: due.revision,
                    due: due.at,
                    stage_id: WAITS.to_owned(),
                },
                told_by: ToldBy::of(turned.escalation.as_ref()),
            };
            self.alerts.fire(fires, &mut changed);
        }
        changed
    }

    /// Nothing that it waits for puts it in danger, if that is so.
    fn averted(&mut self) -> Vec<Seen> {
        let mut changed = Vec::new();
        let mut said = self.waits_for.iter().map(|one| one.1);
        if said.all(|slip| slip == DependencySlip::Unspecified) {
            let waits = |reason: &Reason| reason.stage_id == WAITS;
            self.alerts.let_go(waits, &mut changed);
        }
        changed
    }

    /// Who keeps it.
    fn hand_over(&mut self, fact: &Fact, stored: &Stored) -> Counted {
        match fact {
            Fact::CommitmentHandoverAsked(asked) => {
                let asked = asked.handover.clone().unwrap_or_default();
                let until = asked.accept_until.map(|until| at(Some(until)));
                self.asked = Some((asked.to_owner, until));
            }
            Fact::CommitmentHandoverAccepted(_) => {
                let asked = self.asked.take();
                let to =
                    asked.ok_or_else(|| format!("accepted, and nobody was asked: {self:?}"))?;
                self.owner = to.0;
            }
            Fact::CommitmentHandoverEnded(ended) => {
                let asked = self.asked.take();
                let until = asked.and_then(|asked| asked.1);
                let timed_out = ended.cause() == HandoverEnd::TimedOut;
                if timed_out && until.is_none_or(|until| stored.asked_at <= until) {
                    return Err(format!("a hand-over ends before its time: {self:?}"));
                }
            }
            Fact::CommitmentReassigned(given) => {
                self.owner.clone_from(&given.to_owner);
                self.asked = None;
            }
            _ => return Ok(None),
        }
        Ok(Some(Vec::new()))
    }

    /// What somebody does about an alert, or that its time is over.
    fn see_to(&mut self, fact: &Fact, event: &Event, stored: &Stored) -> Counted {
        let mut changed = Vec::new();
        let handled = at(event.recorded_at);
        let taken = match fact {
            Fact::AlertAcknowledged(AlertAcknowledged {
                rule,
                episode_no,
                acknowledged_until,
                ..
            }) => {
                let until = acknowledged_until.map(|until| at(Some(until)));
                self.alerts.step(
                    (rule, *episode_no),
                    (AlertState::Acknowledged, until),
                    &mut changed,
                )
            }
            Fact::AlertSnoozed(AlertSnoozed {
                rule,
                episode_no,
                snoozed_until,
                ..
            }) => {
                let until = snoozed_until.map(|until| at(Some(until)));
                self.alerts.step(
                    (rule, *episode_no),
                    (AlertState::Snoozed, until),
                    &mut changed,
                )
            }
            Fact::AlertClosed(AlertClosed {
                rule, episode_no, ..
            }) => {
                // That it was given up has happened: who puts it away has seen to it.
                let until = again_at(handled).filter(|_| rule != GIVEN_UP);
                self.alerts.step(
                    (rule, *episode_no),
                    (AlertState::Closed, until),
                    &mut changed,
                )
            }
            Fact::AlertRetriggered(AlertRetriggered {
                rule,
                episode_no,
                escalation,
                returned_interaction_id,
            }) => {
                self.check_alert(rule, returned_interaction_id, stored)?;
                let told_by = ToldBy::of(escalation.as_ref());
                self.alerts
                    .go_on((rule, *episode_no), told_by, &mut changed)
            }
            Fact::AlertFiredAgain(AlertFiredAgain {
                rule,
                episode_no,
                escalation,
            }) => {
                self.check_alert(rule, "", stored)?;
                let told_by = ToldBy::of(escalation.as_ref());
                self.alerts
                    .fire_again((rule, *episode_no), told_by, &mut changed)
            }
            _ => return Ok(None),
        };
        match taken {
            Some(()) => Ok(Some(changed)),
            None => Err(format!(
                "something is done about an alert that there is not: {fact:?}, {self:?}"
            )),
        }
    }

    /// An alert goes on after its time, and not before; but by a contact if somebody wanted to hear of it later.
    fn check_alert(&mut self, rule: &str, by: &str, stored: &Stored) -> Result<(), String> {
        let alert = self.alerts.latest(rule);
        let snoozed = alert.as_ref().map(|it| it.seen.state) == Some(AlertState::Snoozed);
        let until = alert.and_then(|alert| alert.until);
        let is_over = until.is_some_and(|until| stored.asked_at > until);
        match is_over && by.is_empty() || snoozed && !by.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "an alert goes on before its time ({until:?}): {self:?}"
            )),
        }
    }
}
