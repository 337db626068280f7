//! What is remembered of decisions: folds of what was decided.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::audience::{is_same_person, receivers_of_person};
use super::{BUDGET_TIME, Hold, House, Verdict, Why, after, first_look_at};
use crate::alert::Alert;
use crate::commitment::{AlertState, Owner};
use crate::setting::Receiver;

/// What was decided of an alert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// How the alert was when it was decided about last; none if it never was.
    pub seen: Option<Seen>,
    /// Who was told of it, or will be in a digest: each receiver once, as it was told last.
    pub told: Vec<Told>,
    /// The latest verdicts.
    pub verdicts: Vec<Verdict>,
    /// The silence that keeps it; empty if none does.
    pub silence_id: String,
    /// When it is to be looked at again, if nothing happens to it; none if never.
    pub next_look_at: Option<Timestamp>,
    /// The number of the round in which that was decided; 0 if it never was.
    pub round: u64,
}

/// As much of an alert as makes its decision another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its level.
    pub level: u32,
    /// For how many reasons it had fired, while it fires; else 0.
    pub reason_no: u32,
    /// How it stands.
    pub standing: Standing,
    /// Until when that lasts.
    pub until: Option<Timestamp>,
    /// Whether another alert says all of it.
    pub inhibited: bool,
    /// Whether it stands still.
    pub paused: bool,
    /// Who should act, where nobody of its level could be told; none where somebody could, or nobody was to be.
    pub to_nobody: Option<ToNobody>,
}

/// Who should act on an alert of which nobody can be told: with somebody else, there may be somebody to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToNobody {
    /// Who.
    pub owner: Option<Owner>,
    /// The team; may be empty.
    pub team_id: String,
}

impl ToNobody {
    /// Who should act on an alert.
    pub(super) fn of(alert: &Alert) -> Self {
        Self {
            owner: alert.owner.clone(),
            team_id: alert.team_id.clone(),
        }
    }
}

/// How an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It fires, and nobody has taken it.
    Triggered,
    /// Somebody sees to it.
    Acknowledged,
    /// Somebody wants to hear of it later.
    Snoozed,
    /// It is over.
    Resolved,
    /// Somebody put it away.
    Closed,
}

/// That a receiver was told of an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The receiver.
    pub receiver_id: String,
    /// Of which level.
    pub level: u32,
    /// Of how many of the reasons for which it fired.
    pub reason_no: u32,
    /// When; or when it is, if it is held.
    pub at: Timestamp,
    /// Whether it waits for its digest.
    pub held: bool,
}

/// What is held of an alert for a receiver's digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Why it is.
    pub by: Hold,
    /// Whether the digest is to say that the alert is over.
    pub over: bool,
}

/// What was decided of an alert in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The alert.
    pub alert_id: Uuid,
    /// How it was.
    pub seen: Seen,
    /// Why who is told, and who is not.
    pub verdicts: Vec<Verdict>,
    /// Who is told from now on, or will be.
    pub told: Vec<Told>,
    /// Whether what is held says that the alert is over.
    pub over: bool,
    /// For whom nothing is held any more.
    pub dropped: Vec<String>,
    /// The silence that keeps it; empty if none does.
    pub silence_id: String,
    /// When it is to be looked at again, if nothing happens to it; none if never.
    pub next_look_at: Option<Timestamp>,
}

/// What a receiver was told lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// When it got its messages of the last hour, the oldest first.
    pub told_at: Vec<Timestamp>,
    /// When its digest is due; none if nothing is held.
    pub digest_at: Option<Timestamp>,
}

/// What was told lately, of all receivers that are asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// By receiver.
    pub receivers: BTreeMap<String, Book>,
    /// How many had their turn on a level that is told by turns, by the policy and the level's place.
    pub turns: BTreeMap<(String, u32), u64>,
}

impl Seen {
    /// How an alert is.
    pub fn of(alert: &Alert) -> Self {
        let (standing, until) = match &alert.state {
            AlertState::Triggered => (Standing::Triggered, None),
            AlertState::Acknowledged(seen) => (Standing::Acknowledged, Some(seen.until)),
            AlertState::Snoozed { until, .. } => (Standing::Snoozed, Some(*until)),
            AlertState::Resolved(_) => (Standing::Resolved, None),
            AlertState::Closed { .. } => (Standing::Closed, None),
        };
        Self {
            level: alert.level,
            reason_no: Self::reason_no(standing, alert.reason_no),
            standing,
            until,
            inhibited: alert.inhibited_by.is_some(),
            paused: alert.paused,
            to_nobody: None,
        }
    }

    /// Whether an alert is still so.
    pub fn is_still(&self, alert: &Alert) -> bool {
        let to_nobody = self.to_nobody.as_ref().map(|_| ToNobody::of(alert));
        let now = Self {
            to_nobody,
            ..Self::of(alert)
        };
        *self == now
    }

    /// For how many reasons an alert had fired, as far as that makes its decision another one: what somebody has taken,
    /// or what is over, is not told for whatever reason.
    pub const fn reason_no(standing: Standing, reason_no: u32) -> u32 {
        match matches!(standing, Standing::Triggered) {
            true => reason_no,
            false => 0,
        }
    }
}

impl Route {
    /// When the alert is to be looked at: at once if it has changed, or after its group's wait if it is new. None
    /// for one that nobody is to be told of.
    pub fn look_at(&self, alert: &Alert) -> Option<Timestamp> {
        match &self.seen {
            None if alert.escalation.is_none() || !alert.state.is_open() => None,
            None => Some(first_look_at(alert)),
            Some(seen) if seen.is_still(alert) => self.next_look_at,
            Some(_) => Some(Timestamp::UNIX_EPOCH),
        }
    }

    /// The same, where it is known whether the alert is over that stood for this one: then it is looked at at once.
    pub fn look_at_after(&self, alert: &Alert, whole_is_over: bool) -> Option<Timestamp> {
        match whole_is_over && self.summed_up_by().is_some() {
            true => Some(Timestamp::UNIX_EPOCH),
            false => self.look_at(alert),
        }
    }

    /// The alert about the customer that stands for this one; none if none does.
    pub fn summed_up_by(&self) -> Option<Uuid> {
        self.verdicts
            .iter()
            .find_map(|verdict| match verdict.reason {
                Why::Inhibition { alert_id, .. } => alert_id,
                _ => None,
            })
    }

    /// Whether nobody of its level could be told.
    pub fn is_to_nobody(&self) -> bool {
        let mut seen = self.seen.iter();
        seen.any(|seen| seen.to_nobody.is_some())
    }

    /// Takes in what was decided in a round.
    pub fn take(&mut self, routed: Routed, round: u64) {
        let Routed {
            seen,
            verdicts,
            told,
            dropped,
            silence_id,
            next_look_at,
            ..
        } = routed;
        self.told.retain(|one| !dropped.contains(&one.receiver_id));
        for told in told {
            self.told.retain(|one| one.receiver_id != told.receiver_id);
            self.told.push(told);
        }
        self.seen = Some(seen);
        self.verdicts = verdicts;
        self.silence_id = silence_id;
        self.next_look_at = next_look_at;
        self.round = round;
    }

    /// Takes in who was told of the alert under another id, by which an earlier version knew this episode: nobody is told
    /// twice of one level.
    pub fn told_as(&mut self, other: Self) {
        for told in other.told {
            let mut all = self.told.iter();
            let place = all.position(|own| own.receiver_id == told.receiver_id);
            match place.and_then(|place| self.told.get_mut(place)) {
                Some(own) if (own.level, own.at) < (told.level, told.at) => *own = told,
                Some(_) => {}
                None => self.told.push(told),
            }
        }
    }

    /// What was held for a receiver was told in its digest.
    pub fn digested(&mut self, receiver_id: &str, at: Timestamp) {
        let mut told = self.told.iter_mut();
        if let Some(told) = told.find(|told| told.receiver_id == receiver_id) {
            told.at = at;
        }
    }

    /// Whether somebody was told, or will be, of so many reasons for which the alert fired.
    pub(super) fn is_told(&self, reason_no: u32) -> bool {
        self.told.iter().any(|told| told.reason_no == reason_no)
    }

    /// How the person of a receiver was told of a level last, or will be, through whichever of their receivers that is in
    /// reach.
    pub(super) fn told_on(&self, level: u32, receiver_id: &str, house: &House) -> Option<&Told> {
        let theirs = self.told.iter().filter(|told| {
            told.level == level
                && house.reaches(&told.receiver_id)
                && is_same_person(&told.receiver_id, receiver_id, house)
        });
        theirs.max_by_key(|told| (told.reason_no, told.at, &*told.receiver_id))
    }
}

impl Book {
    /// It got a message.
    pub fn told(&mut self, at: Timestamp) {
        self.told_at.retain(|told| after(*told, BUDGET_TIME) > at);
        self.told_at.push(at);
        self.told_at.sort_unstable();
    }

    /// The first instant from `at` on at which a receiver may get a message, and why not before.
    pub(super) fn free_at(&self, receiver: &Receiver, at: Timestamp) -> (Timestamp, Option<Hold>) {
        let (mut free, mut hold) = (at, None);
        loop {
            let awake = receiver.told_at(free);
            if awake > free {
                (free, hold) = (awake, hold.or(Some(Hold::QuietHours)));
            }
            let room = self.room_at(receiver, free);
            if room <= free {
                return (free, hold);
            }
            (free, hold) = (room, hold.or(Some(Hold::Rate)));
        }
    }

    /// The first instant from `at` on at which its budget is not used up.
    fn room_at(&self, receiver: &Receiver, at: Timestamp) -> Timestamp {
        let budget = usize::try_from(receiver.budget_per_hour.max(1)).unwrap_or(usize::MAX);
        let mut recent = self.told_at.iter().map(|told| after(*told, BUDGET_TIME));
        let mut recent: Vec<_> = recent.by_ref().filter(|free| *free > at).collect();
        recent.sort_unstable();
        match recent.len().checked_sub(budget) {
            None => at,
            Some(place) => recent.get(place).copied().unwrap_or(at),
        }
    }
}

impl Books {
    /// A receiver's.
    pub(super) fn of(&mut self, receiver_id: &str) -> &mut Book {
        self.receivers.entry(receiver_id.to_owned()).or_default()
    }

    /// When what is held for a receiver now is told.
    pub(super) fn hold(
        &mut self,
        (receiver_id, house): (&str, &House),
        now: Timestamp,
        earliest: Timestamp,
    ) -> Timestamp {
        if let Some(at) = self.of(receiver_id).digest_at.filter(|at| *at > now) {
            return at;
        }
        let (at, _) = self.free_at((receiver_id, house), earliest);
        self.of(receiver_id).digest_at = Some(at);
        at
    }

    /// The first instant from `at` on at which a receiver may get a message of its own, and why not before. The budget is
    /// the person's: what they were told through another of their receivers counts in it. Digests go by what their own
    /// receiver was told, so that none waits for ever because another one of the same person is busy.
    pub(super) fn free_at(
        &self,
        (receiver_id, house): (&str, &House),
        at: Timestamp,
    ) -> (Timestamp, Option<Hold>) {
        let Some((_, receiver)) = house.receivers.get(receiver_id) else {
            return (at, None);
        };
        let theirs = receivers_of_person(receiver_id, house);
        let books = theirs.filter_map(|id| self.receivers.get(id));
        let person = Book {
            told_at: books.flat_map(|book| book.told_at.clone()).collect(),
            digest_at: None,
        };
        person.free_at(receiver, at)
    }
}
