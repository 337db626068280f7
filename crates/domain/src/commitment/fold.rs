//! From events to the promise. Total: whatever the log holds, folding it does not fail.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Attempt, Change, Clock, Commitment, Dependency, Event, Evidence, Lapse, Lifecycle, Made,
    NewTarget, Outcome, Owner, Rescheduled, Retargeted, Series, Stage, StageAt, StageReached,
    Target, Tried, WaiverAsked, Withdrawal,
};
use crate::due::Pause;
use crate::limits::{ATTEMPTS_SHOWN_MAX, LAPSES_SHOWN_MAX, PAUSES_MAX, RESCHEDULES_SHOWN_MAX};

/// What an event did to a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// It counts.
    Applied,
    /// It changes nothing, for every reader alike.
    Ignored(Ignored),
}

/// Why an event changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// Another event took its place in the sequence.
    NotNext,
    /// The promise is closed.
    Closed,
    /// It is of proposals, and this is none; or the other way about.
    OtherState,
    /// It speaks of another revision of the due than the one in force.
    OtherRevision,
    /// The due of this revision has lapsed already, or never can.
    NoLapse,
}

impl Commitment {
    /// The promise as it was recorded: version 1.
    #[expect(
        clippy::too_many_lines,
        reason = "each field is named, so that none can be forgotten"
    )]
    pub fn new(made: Made) -> Self {
        let lifecycle = match made.proposed_until {
            Some(_) => Lifecycle::Proposed,
            None => Lifecycle::Active,
        };
        let target = made.target.map(|target| Target {
            at: target.at,
            from: made.made_at,
            revision: 1,
            lapsed: false,
            reckoned: target.reckoned,
        });
        let mut commitment = Self {
            commitment_id: made.commitment_id,
            interaction_id: made.interaction_id,
            customer_id: made.customer_id,
            customer_name: made.customer_name,
            handles: made.handles,
            made_by: made.made_by,
            team_id: made.team_id,
            site_id: made.site_id,
            kind: made.kind,
            kind_code: made.kind_code,
            origin: made.origin,
            promise_text: made.promise_text,
            told_to_customer: made.told_to_customer,
            promised_by: made.promised_by,
            due: made.due,
            promised_not_before: made.promised_not_before,
            time_zone: made.time_zone,
            due_revision: 1,
            promise_lapsed: false,
            policy: made.policy,
            target_revision: u32::from(target.is_some()),
            target,
            stages: made.stages,
            warned: BTreeSet::new(),
            alerts: Vec::new(),
            expire_after: made.expire_after,
            proposed_until: made.proposed_until,
            owner: made.owner,
            owner_team_id: made.owner_team_id,
            handover: None,
            pause: None,
            pauses: Vec::new(),
            waiver: None,
            superseded_by: None,
            depends_on: made.depends_on.into_iter().map(Dependency::new).collect(),
            is_awaited: false,
            series: made
                .series
                .map(|(recurrence, occurrence)| Box::new(Series::new(recurrence, occurrence))),
            plan_id: made.plan_id,
            step_no: made.step_no,
            reopens: made.reopens,
            reopened_by: None,
            attempts: Vec::new(),
            tried: Tried::default(),
            priority: made.priority,
            read_back_confirmed: made.read_back_confirmed,
            lifecycle,
            lapses: Vec::new(),
            moves: 0,
            reschedules: Vec::new(),
            outcome: None,
            fulfilled_at: None,
            evidence: Evidence::default(),
            customer_informed: Evidence::default(),
            closed_at: None,
            closed_by: String::new(),
            close_note: String::new(),
            made_at: made.made_at,
            recorded_at: made.recorded_at,
            imported: made.imported,
            version: 1,
        };
        if made.imported {
            commitment.begin_as_history(made.fulfilled_at, made.recorded_by);
        }
        commitment
    }

    /// Applies the next event of the promise.
    pub fn apply(&mut self, event: &Event) -> Folded {
        match self.life().ignores(event) {
            Some(ignored) => Folded::Ignored(ignored),
            None => {
                self.accept(event);
                Folded::Applied
            }
        }
    }

    /// Applies an event of which somebody else has found that it counts.
    pub fn accept(&mut self, event: &Event) {
        self.version = event.sequence;
        match &event.change {
            Change::Confirmed => {
                self.lifecycle = Lifecycle::Active;
                self.proposed_until = None;
            }
            Change::Rescheduled(moved) => {
                let now = event.recorded_at;
                match moved.clock {
                    Clock::Promise => self.note_passed_dues(now, now),
                    // The promise stands as it was told: the tracker says it if that has passed.
                    Clock::Internal => self.note_passed_due(Clock::Internal, now, now),
                }
                self.take_due(moved);
            }
            Change::Retargeted(change) => self.retargeted(change, event.recorded_at),
            Change::Lapsed(lapse) => self.lapse_due(*lapse),
            Change::StageReached(reached) => self.reach(reached),
            Change::Attempted { attempt, tried, .. } => {
                self.tried.clone_from(tried);
                keep(&mut self.attempts, attempt.clone(), ATTEMPTS_SHOWN_MAX);
                self.keep_by(attempt, event);
            }
            Change::Paused(pause) => {
                self.lifecycle = Lifecycle::Paused;
                self.pause = Some(pause.clone());
            }
            Change::Resumed {
                at,
                target_at,
                stages,
                ..
            } => self.go_on(*at, *target_at, stages),
            Change::HandoverAsked(handover) => self.handover = Some(handover.clone()),
            Change::HandoverAccepted => {
                if let Some(asked) = self.handover.take() {
                    self.give(&asked.to, &asked.to_team_id);
                }
            }
            Change::HandoverEnded(_) => self.handover = None,
            Change::Reassigned { to, to_team_id } => self.give(to, to_team_id),
            Change::WaiverAsked { reason } => {
                self.waiver = Some(WaiverAsked {
                    by: event.actor_id.clone(),
                    at: event.recorded_at,
                    reason: reason.clone(),
                });
            }
            Change::WaiverDeclined { .. } => self.waiver = None,
            Change::DependenciesSet { commitment_ids } => self.wait_for(commitment_ids),
            Change::DependencyTurned(turn) => self.take_turn(turn),
            Change::RecurrenceEnded { .. } => self.end_series(),
            Change::Dismissed { .. }
            | Change::Fulfilled { .. }
            | Change::Cancelled { .. }
            | Change::Waived { .. }
            | Change::Superseded { .. }
            | Change::Withdrawn { .. }
            | Change::Expired { .. } => self.end(event),
            Change::Alert(_) => {}
        }
        self.alert_by(event);
    }

    /// Somebody is warned.
    fn reach(&mut self, reached: &StageReached) {
        let mut stages = self.stages.iter_mut();
        let stage = stages
            .find(|stage| stage.clock == reached.clock && stage.warning.id == reached.stage_id);
        if let Some(stage) = stage {
            stage.over = true;
            self.warned.insert(reached.clock);
        }
    }

    /// It was kept by an attempt and those before it, if the event says so.
    fn keep_by(&mut self, attempt: &Attempt, event: &Event) {
        let Change::Attempted {
            outcome: Some(outcome),
            fulfilled_at,
            ..
        } = &event.change
        else {
            return;
        };
        let done_at = fulfilled_at.unwrap_or(attempt.at);
        self.fulfilled_at = Some(done_at);
        self.evidence.clone_from(&attempt.evidence);
        self.note_passed_dues(done_at, event.recorded_at);
        self.close(event, Lifecycle::Fulfilled, *outcome, "");
    }

    /// Nothing becomes of it any more.
    fn end(&mut self, event: &Event) {
        let now = event.recorded_at;
        match &event.change {
            Change::Fulfilled {
                fulfilled_at,
                outcome,
                evidence,
                note,
            } => {
                self.fulfilled_at = Some(*fulfilled_at);
                self.evidence.clone_from(evidence);
                self.note_passed_dues(*fulfilled_at, now);
                self.close(event, Lifecycle::Fulfilled, *outcome, note);
            }
            Change::Cancelled {
                outcome,
                customer_informed,
                reason,
            } => {
                self.customer_informed.clone_from(customer_informed);
                self.note_passed_dues(now, now);
                self.close(event, Lifecycle::Cancelled, *outcome, reason);
            }
            Change::Dismissed { reason } => {
                self.close(event, Lifecycle::Cancelled, Outcome::NotApplicable, reason);
            }
            Change::Waived { reason, .. } => {
                self.note_passed_dues(now, now);
                self.close(event, Lifecycle::Waived, Outcome::NotApplicable, reason);
            }
            Change::Superseded {
                by_commitment_id,
                reason,
            } => {
                self.superseded_by = Some(by_commitment_id.clone());
                self.note_passed_dues(now, now);
                self.close(event, Lifecycle::Superseded, Outcome::NotApplicable, reason);
            }
            Change::Withdrawn { cause, outcome } => {
                let open_until = match cause {
                    Withdrawal::CustomerReturned { interaction_id, at } => {
                        self.evidence.interaction_id = Some(interaction_id.clone());
                        *at
                    }
                    Withdrawal::NoDrop => now,
                };
                self.note_passed_dues(open_until, now);
                self.close(event, Lifecycle::Cancelled, *outcome, cause.note());
            }
            Change::Expired { outcome, .. } => self.close(event, Lifecycle::Expired, *outcome, ""),
            _ => {}
        }
    }

    /// What had become of an imported promise when it was recorded.
    fn begin_as_history(&mut self, fulfilled_at: Option<Timestamp>, recorded_by: String) {
        self.note_passed_dues(fulfilled_at.unwrap_or(self.recorded_at), self.recorded_at);
        if let Some(fulfilled_at) = fulfilled_at {
            self.lifecycle = Lifecycle::Fulfilled;
            self.outcome = Some(self.outcome_if_done(fulfilled_at));
            self.fulfilled_at = Some(fulfilled_at);
            self.closed_at = Some(self.recorded_at);
            self.closed_by = recorded_by;
        }
    }

    /// Notes the lapses of a promise that was open until `open_until`, unless they are known already.
    fn note_passed_dues(&mut self, open_until: Timestamp, detected_at: Timestamp) {
        self.note_passed_due(Clock::Promise, open_until, detected_at);
        self.note_passed_due(Clock::Internal, open_until, detected_at);
    }

    fn note_passed_due(&mut self, clock: Clock, open_until: Timestamp, detected_at: Timestamp) {
        let passed = self.running(clock).filter(|due| open_until > *due);
        if let Some(lapsed_at) = passed {
            self.lapse_due(Lapse {
                clock,
                due_revision: self.revision(clock),
                lapsed_at,
                // An evidence's clock may be a little ahead of ours.
                detected_at: detected_at.max(open_until),
            });
        }
    }

    fn lapse_due(&mut self, lapse: Lapse) {
        match (lapse.clock, &mut self.target) {
            (Clock::Promise, _) => self.promise_lapsed = true,
            (Clock::Internal, Some(target)) => target.lapsed = true,
            (Clock::Internal, None) => {}
        }
        let stages = self.stages.iter_mut();
        stages
            .filter(|stage| stage.clock == lapse.clock)
            .for_each(|stage| stage.over = true);
        keep(&mut self.lapses, lapse, LAPSES_SHOWN_MAX);
    }

    fn take_due(&mut self, moved: &Rescheduled) {
        self.moves = moved.number;
        match moved.clock {
            Clock::Promise => {
                self.due_revision = moved.due_revision;
                self.promise_lapsed = false;
                self.promised_by = moved.to;
                self.warned.remove(&Clock::Promise);
            }
            // A task of which nobody was told is due when we want it done.
            Clock::Internal if !self.told_to_customer => self.promised_by = moved.to,
            Clock::Internal => {}
        }
        if moved.clock == Clock::Promise || !self.told_to_customer {
            self.look_at_dependencies_anew();
        }
        self.unwarn();
        let due = self.promised_by;
        self.promised_not_before = self.promised_not_before.filter(|from| *from <= due);
        self.take_target(moved.at, moved.target.clone());
        self.take_stages(&moved.stages);
        keep(&mut self.reschedules, moved.clone(), RESCHEDULES_SHOWN_MAX);
    }

    fn take_target(&mut self, from: Timestamp, target: Option<NewTarget>) {
        self.target_revision = self
            .target_revision
            .saturating_add(u32::from(target.is_some()));
        self.target = target.map(|NewTarget { at, reckoned }| Target {
            at,
            from,
            revision: self.target_revision,
            lapsed: false,
            reckoned,
        });
    }

    fn take_stages(&mut self, moved: &[StageAt]) {
        for at in moved {
            let mut stages = self.stages.iter_mut();
            let stage =
                stages.find(|stage| stage.clock == at.clock && stage.warning.id == at.stage_id);
            if let Some(stage) = stage {
                (stage.at, stage.over) = (at.at, false);
            }
        }
    }

    /// It is followed up in another way. A warning that was given, or never will be, stays so unless its due moved.
    fn retargeted(&mut self, change: &Retargeted, now: Timestamp) {
        let given = std::mem::take(&mut self.stages);
        self.stages.clone_from(&change.stages);
        if let Some(moved) = &change.moved {
            self.note_passed_due(Clock::Internal, now, now);
            self.unwarn();
            self.take_target(moved.from, moved.target.clone());
            self.target_moves_dependencies();
        }
        let moves = |clock| clock == Clock::Internal && change.moved.is_some();
        let lapsed = [Clock::Promise, Clock::Internal].map(|clock| self.has_lapsed(clock));
        for stage in &mut self.stages {
            let is_same = |one: &&Stage| {
                (&one.warning.id, one.clock, one.at) == (&stage.warning.id, stage.clock, stage.at)
            };
            let was_over = given.iter().find(is_same).is_some_and(|one| one.over);
            let [promise, internal] = lapsed;
            let has_lapsed = match stage.clock {
                Clock::Promise => promise,
                Clock::Internal => internal,
            };
            stage.over = has_lapsed || was_over && !moves(stage.clock);
        }
        self.policy.clone_from(&change.policy);
        self.expire_after = change.expire_after;
    }

    /// A pause ends.
    fn go_on(&mut self, at: Timestamp, target_at: Option<Timestamp>, stages: &[StageAt]) {
        self.lifecycle = Lifecycle::Active;
        if let Some(pause) = self.pause.take() {
            self.pauses.push(pause.ended(at));
            let too_many = self.pauses.len().saturating_sub(PAUSES_MAX);
            self.pauses.drain(..too_many);
        }
        if let (Some(due), Some(target)) = (target_at, &mut self.target) {
            self.target_revision = self.target_revision.saturating_add(1);
            (target.at, target.revision) = (due, self.target_revision);
            target.lapsed = false;
            self.take_stages(stages);
            self.unwarn();
            self.target_moves_dependencies();
        }
    }

    /// Our own due moved: where that is the one by which it is late, what put it in danger is looked at anew.
    fn target_moves_dependencies(&mut self) {
        if !self.told_to_customer {
            self.look_at_dependencies_anew();
        }
    }

    /// A warning of our own due is void once that moves.
    fn unwarn(&mut self) {
        self.warned.remove(&Clock::Internal);
    }

    fn give(&mut self, to: &Owner, to_team_id: &str) {
        self.handover = None;
        self.owner = Some(to.clone());
        to_team_id.clone_into(&mut self.owner_team_id);
    }

    fn close(&mut self, event: &Event, lifecycle: Lifecycle, outcome: Outcome, note: &str) {
        if let Some(pause) = self.pause.take() {
            self.pauses.push(pause.ended(event.recorded_at));
        }
        self.lifecycle = lifecycle;
        (self.handover, self.waiver) = (None, None);
        self.outcome = Some(outcome);
        self.closed_at = Some(event.recorded_at);
        self.closed_by.clone_from(&event.actor_id);
        note.clone_into(&mut self.close_note);
    }
}

/// Adds what came last, and lets go what is too old to be among the latest.
fn keep<T>(latest: &mut Vec<T>, last: T, count_max: usize) {
    latest.push(last);
    let too_many = latest.len().saturating_sub(count_max);
    latest.drain(..too_many);
}

impl super::Paused {
    /// The pause as it was, once it has ended.
    pub fn ended(&self, to: Timestamp) -> Pause {
        Pause {
            from: self.from,
            to: Some(to.max(self.from)),
            reason: self.reason,
            turn: self.turn,
        }
    }
}
