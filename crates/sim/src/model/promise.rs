//! A promise as the log says it: its dues, what stands still, who keeps it, and what it waits for.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_proto::model::v1::{
    CommitmentClock, CommitmentDraft, DependencySlip, NewTarget, Owner, Stage, StageTime,
};
use jiff::Timestamp;

use super::alert::Alerts;
use super::at;
use super::series::Place;
use crate::log::Stored;

/// A promise.
#[derive(Debug, Default)]
pub(crate) struct Promise {
    pub(crate) id: String,
    pub(crate) version: u64,
    pub(crate) told_to_customer: bool,
    /// As the customer was told.
    pub(crate) told: Due,
    /// Our own, while there is such a due.
    pub(crate) ours: Due,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) alerts: Alerts,
    pub(crate) pause: Option<Pause>,
    /// Pauses that are over.
    pub(crate) pauses: usize,
    pub(crate) owner: Option<Owner>,
    /// Who was asked to keep it, and until when they are.
    pub(crate) asked: Option<(Option<Owner>, Option<Timestamp>)>,
    /// What it waits for, and the danger that was said of each.
    pub(crate) waits_for: Vec<(String, DependencySlip)>,
    /// The contacts that count as attempts.
    pub(super) tried_by: BTreeSet<String>,
    /// How often it was said that a due lapsed, or was over too late before anybody had said so.
    pub(crate) lapses: usize,
    pub(crate) state: State,
    pub(super) reopened: bool,
    /// Whether it was made in its contact's record.
    pub(super) is_from_record: bool,
    /// Its place in a series.
    pub(super) place: Option<Place>,
    /// When it ended.
    pub(super) ended_at: Option<Timestamp>,
    /// Whether an event of its own says that its series has ended.
    pub(super) says_end: bool,
}

/// Open, or how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Open,
    Kept,
    /// It ended in another way.
    NotKept,
}

/// Our own due stands still.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// Whether a contact in which the customer reaches us ends it.
    pub(crate) awaits_customer: bool,
}

impl Pause {
    pub(super) fn is_ended_by_return(self, at: Timestamp) -> bool {
        self.awaits_customer && at >= self.from && self.until.is_none_or(|until| at <= until)
    }
}

/// A warning before a due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(super) clock: CommitmentClock,
    pub(super) stage_id: String,
    pub(super) at: Timestamp,
    pub(super) over: bool,
}

/// A due of a promise.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// None if there is none.
    pub(crate) at: Option<Timestamp>,
    pub(crate) revision: u32,
    pub(crate) lapsed: bool,
    /// For each revision that is over, or stands still, what the clocks had shown then.
    pub(super) ends: BTreeMap<u32, Vec<Timestamp>>,
}

impl Due {
    fn first(at: Option<Timestamp>) -> Self {
        Self {
            at,
            revision: u32::from(at.is_some()),
            ..Self::default()
        }
    }

    /// No lapse of it is asked for by whoever knows this before it has passed.
    pub(super) fn end(&mut self, stored: &Stored) {
        let clocks = || stored.clocks.clone();
        self.ends.entry(self.revision).or_insert_with(clocks);
    }

    /// Whether it has passed, and nobody has said so.
    pub(crate) fn is_late_at(&self, now: Timestamp) -> bool {
        !self.lapsed && self.at.is_some_and(|at| now > at)
    }

    pub(super) fn move_to(&mut self, at: Option<Timestamp>) {
        self.revision += u32::from(at.is_some());
        (self.at, self.lapsed) = (at, false);
    }
}

impl Warning {
    fn of(stage: &Stage) -> Self {
        Self {
            clock: stage.clock(),
            stage_id: stage.stage_id.clone(),
            at: at(stage.stage_at),
            over: stage.over,
        }
    }
}

impl Promise {
    /// A promise as it is made.
    pub(super) fn made(draft: &CommitmentDraft) -> Self {
        let promised_by = Some(at(draft.promised_by));
        let target = draft.target.as_ref().and_then(target_at);
        let told = draft.told_to_customer;
        Self {
            id: draft.commitment_id.clone(),
            version: 1,
            told_to_customer: told,
            told: match told {
                true => Due::first(promised_by),
                false => Due {
                    revision: 1,
                    ..Due::default()
                },
            },
            ours: Due::first(target),
            warnings: draft.stages.iter().map(Warning::of).collect(),
            owner: draft.owner.clone(),
            place: Place::of(draft),
            ..Self::default()
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(super) fn due_mut(&mut self, clock: CommitmentClock) -> &mut Due {
        match clock {
            CommitmentClock::Internal => &mut self.ours,
            _ => &mut self.told,
        }
    }

    fn due(&self, clock: CommitmentClock) -> &Due {
        match clock {
            CommitmentClock::Internal => &self.ours,
            _ => &self.told,
        }
    }

    /// The clock by which it is late.
    pub(super) fn own_clock(&self) -> CommitmentClock {
        match self.told_to_customer {
            true => CommitmentClock::Promise,
            false => CommitmentClock::Internal,
        }
    }

    /// By when it is to be done.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        self.due(self.own_clock()).at
    }

    /// Whether our own due stands still: one that had passed when the pause began has passed.
    pub(super) fn stands_still(&self) -> bool {
        let passed = |pause: Pause| self.ours.at.is_some_and(|at| at < pause.from);
        self.pause.is_some_and(|pause| !passed(pause))
    }

    /// Whether a clock runs towards a due that has not lapsed.
    pub(super) fn runs(&self, clock: CommitmentClock) -> bool {
        let due = self.due(clock);
        let stands = clock == CommitmentClock::Internal && self.stands_still();
        self.is_open() && due.at.is_some() && !due.lapsed && !stands
    }

    /// What has to be said of it by itself, and when the time of each comes.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (Timestamp, String)> {
        let clocks = [CommitmentClock::Promise, CommitmentClock::Internal];
        let lapses = clocks.into_iter().filter(|clock| self.runs(*clock));
        let lapses =
            lapses.filter_map(|clock| Some((self.due(clock).at?, format!("{clock:?} lapses"))));
        let warnings = self.warnings.iter();
        let warnings = warnings.filter(|one| !one.over && self.runs(one.clock));
        // A due that comes before its warning says it all.
        let warnings =
            warnings.filter(|one| self.due(one.clock).at.is_some_and(|due| one.at <= due));
        let warnings = warnings.map(|one| (one.at, format!("stage {}", one.stage_id)));
        let until = self.pause.and_then(|pause| pause.until);
        let asked = self.asked.as_ref().and_then(|asked| asked.1);
        let single = [(until, "a pause ends"), (asked, "a hand-over ends")];
        let single = single
            .into_iter()
            .filter_map(|(at, what)| Some((at?, what.to_owned())));
        let all = lapses.chain(warnings).chain(single);
        let alerts = self.alerts.timers(self.is_open(), self.stands_still());
        all.filter(|_| self.is_open()).chain(alerts)
    }

    /// Both dues are over.
    pub(super) fn end(&mut self, open_until: Timestamp, stored: &Stored) {
        self.end_due(CommitmentClock::Promise, open_until, stored);
        self.end_due(CommitmentClock::Internal, open_until, stored);
    }

    /// A due is over; if it had passed, nobody else has to say so.
    pub(super) fn end_due(
        &mut self,
        clock: CommitmentClock,
        open_until: Timestamp,
        stored: &Stored,
    ) {
        let is_late = self.runs(clock) && self.due(clock).is_late_at(open_until);
        self.due_mut(clock).end(stored);
        if is_late {
            self.lapses += 1;
            self.due_mut(clock).lapsed = true;
            self.warn_no_more(clock);
        }
    }

    /// A due that has passed needs no warning.
    pub(super) fn warn_no_more(&mut self, clock: CommitmentClock) {
        let warnings = self.warnings.iter_mut();
        warnings
            .filter(|one| one.clock == clock)
            .for_each(|one| one.over = true);
    }

    pub(super) fn warn_at(&mut self, times: &[StageTime]) {
        for time in times {
            let mut warnings = self.warnings.iter_mut();
            let found =
                warnings.find(|one| one.clock == time.clock() && one.stage_id == time.stage_id);
            if let Some(warning) = found {
                (warning.at, warning.over) = (at(time.stage_at), false);
            }
        }
    }

    /// All warnings are others; one that was given, or never will be, stays so unless its due moved.
    pub(super) fn warn_by(&mut self, stages: &[Stage], moved: bool) {
        let before = std::mem::take(&mut self.warnings);
        for stage in stages {
            let mut warning = Warning::of(stage);
            let same = |one: &&Warning| {
                (&one.stage_id, one.clock, one.at) == (&warning.stage_id, warning.clock, warning.at)
            };
            let was_over = before.iter().find(same).is_some_and(|one| one.over);
            let moves = moved && warning.clock == CommitmentClock::Internal;
            warning.over = self.due(warning.clock).lapsed || was_over && !moves;
            self.warnings.push(warning);
        }
    }

    /// What put the due in danger that it had is said anew.
    pub(super) fn look_at_dangers_anew(&mut self) {
        let all = self.waits_for.iter_mut();
        all.for_each(|one| one.1 = DependencySlip::Unspecified);
    }

    /// How it stands for those that wait for it and are due then.
    pub(super) fn puts_in_danger(&self, due: Timestamp) -> DependencySlip {
        let own = self.due_at();
        let expected = own.max(self.ours.at).unwrap_or(due);
        match self.state {
            State::Kept => DependencySlip::Unspecified,
            State::NotKept => DependencySlip::NotKept,
            State::Open if self.due(self.own_clock()).lapsed => DependencySlip::Overdue,
            State::Open if expected > due => DependencySlip::DueTooLate,
            State::Open => DependencySlip::Unspecified,
        }
    }
}

/// When a due of our own is.
pub(super) fn target_at(target: &NewTarget) -> Option<Timestamp> {
    target.target_at.map(|by| at(Some(by)))
}
