//! What one contact comes to.

use jiff::Timestamp;

use super::{Answering, NO_GAP};
use crate::interaction::{
    Direction, Disconnect, DropClass, Hold, HoldReason, Interruption, NonTalk, Segment,
    SegmentKind, SentimentParticipant,
};

/// What holds are for, in the order in which [`Facts::holds`] has them.
pub const HOLD_REASONS: [HoldReason; 7] = [
    HoldReason::Lookup,
    HoldReason::AskSupervisor,
    HoldReason::Verify,
    HoldReason::SystemSlow,
    HoldReason::TransferPrep,
    HoldReason::Other,
    HoldReason::Unstated,
];

/// What [`Facts::flags`] says.
pub mod flag {
    /// It came in by a queue or to an agent.
    pub const OFFERED: u32 = 1;
    /// It was offered, and an agent answered.
    pub const ANSWERED: u32 = 1 << 1;
    /// An agent was busy with it.
    pub const HANDLED: u32 = 1 << 2;
    /// It was offered, and nobody answered.
    pub const ABANDONED: u32 = 1 << 3;
    /// The same in less than five seconds.
    pub const SHORT_ABANDONED: u32 = 1 << 4;
    /// It was cut off, or looks so.
    pub const DROPPED: u32 = 1 << 5;
    /// An inbound contact of a known customer with a reason.
    pub const RESOLVABLE: u32 = 1 << 6;
    /// A promise that was not kept caused it.
    pub const BY_LAPSE: u32 = 1 << 7;
    /// The customer's contact before was cut off, or looks so.
    pub const AFTER_DROP: u32 = 1 << 8;
    /// The contact before with a reason of the same family was not solved.
    pub const AFTER_UNSOLVED: u32 = 1 << 9;
    /// One of its reasons was not solved, or in part.
    pub const UNSOLVED: u32 = 1 << 10;
    /// All of its reasons were solved.
    pub const SOLVED: u32 = 1 << 11;
    /// The contact before with a reason of the same family was solved, and this one has other reasons.
    pub const WITH_NEWS: u32 = 1 << 12;
    /// It was cut off, or looks so, and the customer was back soon: it is one with a later contact that has a reason.
    pub const REDIALLED: u32 = 1 << 13;
    /// Telephony alone tells of it: nobody recorded it.
    pub const UNRECORDED: u32 = 1 << 14;
    /// It was cut off, or looks so, or is a call that nobody answered and recorded; and the customer's next contact, which
    /// began soon, goes on with it.
    pub const GONE_ON_WITH: u32 = 1 << 15;
}

/// Which times of [`Facts`] are known.
pub mod known {
    /// The time in queues.
    pub const QUEUE_WAIT: u32 = 1 << 16;
    /// The time to the first answer.
    pub const ANSWER: u32 = 1 << 17;
    /// From begin to end.
    pub const CONTACT: u32 = 1 << 18;
    /// Since when the customer has had the trouble.
    pub const ONSET: u32 = 1 << 19;
    /// From then until the end.
    pub const EFFORT: u32 = 1 << 20;
}

/// What of a contact is measured.
#[derive(Debug, Clone, Copy)]
pub struct Contact<'a> {
    /// Who reached out.
    pub direction: Direction,
    /// When it began.
    pub occurred_at: Timestamp,
    /// When it ended for the customer.
    pub ended_at: Option<Timestamp>,
    /// Its parts.
    pub segments: &'a [Segment],
    /// How it ended.
    pub disconnect: Option<&'a Disconnect>,
    /// Since when the customer has had the trouble.
    pub problem_onset_at: Option<Timestamp>,
    /// When nobody spoke.
    pub non_talk: &'a [NonTalk],
    /// When somebody spoke while the other one did.
    pub interruptions: &'a [Interruption],
}

/// What a contact comes to. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What is so ([`flag`]) and what is known ([`known`]).
    pub flags: u32,
    /// In queues.
    pub queue_wait: u32,
    /// Ringing at agents.
    pub ring: u32,
    /// Talking with agents.
    pub talk: u32,
    /// On hold.
    pub hold: u32,
    /// The longest of the times on hold.
    pub longest_hold: u32,
    /// Work after it.
    pub after_call: u32,
    /// From entering the first queue to the first answer.
    pub answer: u32,
    /// From begin to end.
    pub contact: u32,
    /// How many holds, and how long, by [`HOLD_REASONS`].
    pub holds: [(u16, u32); HOLD_REASONS.len()],
    /// How often it was handed on.
    pub transfers: u16,
    /// Since the customer's last inbound contact with a reason of the same family, or [`NO_GAP`]. Those that this one goes on
    /// with ([`flag::GONE_ON_WITH`]) are one with it.
    pub since_family: u32,
    /// Since the customer's last inbound contact, or [`NO_GAP`].
    pub since_any: u32,
    /// In queues, in the contacts that this one goes on with.
    pub waited_before: u32,
    /// Until the customer's next inbound contact with a reason of the same family, or [`NO_GAP`].
    pub until_family: u32,
    /// Since it was last promised to the customer that what they had been told is put right, or [`NO_GAP`].
    pub since_correction: u32,
    /// In which nobody spoke. What lies in two such times counts once.
    pub dead_air: u32,
    /// How many such times there were.
    pub dead_airs: u16,
    /// How often an agent interrupted the customer, and how often the customer an agent.
    pub interruptions: [u16; 2],
    /// From when the trouble began until the contact ended, in whole seconds.
    pub effort_s: u32,
    /// What the customer spent on the trouble since it began.
    pub since_onset: SinceOnset,
    /// The promises made in it that the customer was told, by [`promised`].
    pub promises: [u8; promised::COUNTS],
}

/// What a customer spent on a trouble since it began: the inbound contacts from then until this one, this one too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SinceOnset {
    /// How many contacts.
    pub contacts: u16,
    /// How often the customer was handed on in them.
    pub transfers: u16,
    /// How long they took.
    pub time: u32,
}

/// Where [`Facts::promises`] counts what.
pub mod promised {
    /// Kept in time.
    pub const KEPT: usize = 0;
    /// Kept too late.
    pub const LATE: usize = 1;
    /// Not kept.
    pub const BROKEN: usize = 2;
    /// Of these, those that we called off without the customer's word.
    pub const CALLED_OFF: usize = 3;
    /// Open.
    pub const OPEN: usize = 4;
    /// All.
    pub const ALL: usize = 5;
    /// Those that we moved at least once without telling the customer.
    pub const MOVED_ALONE: usize = 6;
    /// How many counts there are.
    pub const COUNTS: usize = 7;
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            flags: 0,
            queue_wait: 0,
            ring: 0,
            talk: 0,
            hold: 0,
            longest_hold: 0,
            after_call: 0,
            answer: 0,
            contact: 0,
            holds: [(0, 0); HOLD_REASONS.len()],
            transfers: 0,
            since_family: NO_GAP,
            since_any: NO_GAP,
            waited_before: 0,
            until_family: NO_GAP,
            since_correction: NO_GAP,
            dead_air: 0,
            dead_airs: 0,
            interruptions: [0; 2],
            effort_s: 0,
            since_onset: SinceOnset::default(),
            promises: [0; promised::COUNTS],
        }
    }
}

impl Facts {
    /// What follows from the contact alone.
    pub fn of(contact: Contact<'_>) -> Self {
        let mut facts = Self::default();
        facts.take_queues(contact);
        contact
            .segments
            .iter()
            .filter(|segment| is_with_agent(segment))
            .for_each(|segment| facts.take_agent(segment, contact.ended_at));
        let handed_on = contact.segments.iter().filter(|it| it.transfer.is_some());
        facts.transfers = u16::try_from(handed_on.count()).unwrap_or(u16::MAX);
        facts.set_time(
            known::CONTACT,
            Some(contact.occurred_at),
            contact.ended_at,
            |facts| &mut facts.contact,
        );
        facts.take_speech(contact);
        facts.take_onset(contact);
        facts.take_outcome(contact);
        facts
    }

    /// How long the contact took the customer: from begin to end, or where that is not known with agents and in queues.
    pub fn time(&self) -> u64 {
        match self.has(known::CONTACT) {
            true => self.contact.into(),
            false => u64::from(self.queue_wait) + u64::from(self.talk) + u64::from(self.hold),
        }
    }

    /// Whether all of `flags` hold.
    pub const fn has(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// Sets or clears flags.
    pub const fn set(&mut self, flags: u32, on: bool) {
        match on {
            true => self.flags |= flags,
            false => self.flags &= !flags,
        }
    }

    /// Talk, hold and after-call work.
    pub fn handle(&self) -> u64 {
        u64::from(self.talk) + u64::from(self.hold) + u64::from(self.after_call)
    }

    fn set_time(
        &mut self,
        known: u32,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        field: fn(&mut Self) -> &mut u32,
    ) {
        if let (Some(from), Some(to)) = (from, to)
            && from <= to
        {
            *field(self) = between(from, to);
            self.flags |= known;
        }
    }

    fn take_speech(&mut self, contact: Contact<'_>) {
        let spans = contact.non_talk.iter().map(|one| (one.from_ms, one.to_ms));
        let mut spans: Vec<_> = spans.collect();
        spans.sort_unstable();
        let (mut until, mut all) = (0, 0_u64);
        for (from, to) in spans {
            all = all.saturating_add(to.saturating_sub(from.max(until)));
            until = until.max(to);
        }
        self.dead_air = u32::try_from(all).unwrap_or(NO_GAP - 1).min(NO_GAP - 1);
        let count = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        self.dead_airs = count(contact.non_talk.len());
        let by = |who| {
            contact
                .interruptions
                .iter()
                .filter(|one| one.by == who)
                .count()
        };
        let agents = count(by(SentimentParticipant::Agent));
        self.interruptions = [agents, count(by(SentimentParticipant::Customer))];
    }

    fn take_onset(&mut self, contact: Contact<'_>) {
        let Some(onset) = contact.problem_onset_at else {
            return;
        };
        self.flags |= known::ONSET;
        if let Some(ended) = contact.ended_at.filter(|ended| onset <= *ended) {
            let seconds = ended.duration_since(onset).as_secs();
            self.effort_s = u32::try_from(seconds).unwrap_or(u32::MAX);
            self.flags |= known::EFFORT;
        }
    }

    fn take_queues(&mut self, contact: Contact<'_>) {
        for segment in contact.segments {
            let left = segment.dequeued_at.or(segment.answered_at);
            let left = left.or(segment.ended_at).or(contact.ended_at);
            if let (Some(entered), Some(left)) = (segment.enqueued_at, left) {
                self.queue_wait = self.queue_wait.saturating_add(between(entered, left));
                self.flags |= known::QUEUE_WAIT;
            }
        }
    }

    fn take_agent(&mut self, segment: &Segment, contact_ended_at: Option<Timestamp>) {
        if let (Some(offered), Some(stopped)) =
            (segment.offered_at, segment.answered_at.or(segment.ended_at))
        {
            self.ring = self.ring.saturating_add(between(offered, stopped));
        }
        if let (Some(began), Some(ended)) = (segment.acw_started_at, segment.acw_ended_at)
            && began <= ended
        {
            self.after_call = self.after_call.saturating_add(between(began, ended));
            self.flags |= flag::HANDLED;
        }
        let ended = segment.ended_at.or(contact_ended_at);
        if let (Some(answered), Some(ended)) = (segment.answered_at, ended)
            && answered <= ended
        {
            let held = self.take_holds(&segment.holds, (answered, ended));
            let talked = between(answered, ended).saturating_sub(held);
            self.talk = self.talk.saturating_add(talked);
            self.hold = self.hold.saturating_add(held);
            self.flags |= flag::HANDLED;
        }
    }

    /// Holds within a talk; what lies in two counts once, as of the one that began first. One that nobody ended lasted
    /// until the talk ended.
    fn take_holds(&mut self, holds: &[Hold], (from, to): (Timestamp, Timestamp)) -> u32 {
        let mut spans: Vec<_> = holds
            .iter()
            .filter_map(|hold| {
                let ended = hold.ended_at.unwrap_or(to).min(to);
                let began = hold.began_at.max(from);
                let reason = hold.reason.unwrap_or(HoldReason::Unstated);
                let place = HOLD_REASONS.iter().position(|it| *it == reason)?;
                (began <= ended).then_some((began, ended, place))
            })
            .collect();
        spans.sort_unstable();
        let (mut until, mut all) = (from, 0_u32);
        for (began, ended, place) in spans {
            self.longest_hold = self.longest_hold.max(between(began, ended));
            let held = between(began.max(until), ended);
            until = until.max(ended);
            let (count, time) = &mut self.holds[place];
            *count = count.saturating_add(1);
            *time = time.saturating_add(held);
            all = all.saturating_add(held);
        }
        all
    }

    fn take_outcome(&mut self, contact: Contact<'_>) {
        let drop_class = contact.disconnect.and_then(|it| it.drop_class);
        let is_dropped = matches!(
            drop_class,
            Some(DropClass::Suspected | DropClass::Confirmed)
        );
        self.set(flag::DROPPED, is_dropped);
        let is_inbound = contact.direction == Direction::Inbound;
        let answering = Answering::of(is_inbound, contact.segments, contact.ended_at);
        let (since, at) = (answering.waits_since, answering.answered_at);
        self.set_time(known::ANSWER, since, at, |facts| &mut facts.answer);
        self.set(flag::OFFERED, answering.offered);
        self.set(flag::ANSWERED, at.is_some());
        self.set(flag::ABANDONED, answering.abandoned);
        self.set(flag::SHORT_ABANDONED, answering.short_abandoned);
    }
}

pub(super) fn is_with_agent(segment: &Segment) -> bool {
    matches!(segment.kind, SegmentKind::Agent | SegmentKind::Conference)
}

/// Whole milliseconds, none where the second comes first.
pub(super) fn between(from: Timestamp, to: Timestamp) -> u32 {
    let length = to.duration_since(from).as_millis().max(0);
    u32::try_from(length).unwrap_or(NO_GAP - 1).min(NO_GAP - 1)
}
