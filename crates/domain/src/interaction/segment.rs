//! The parts of a contact: queues, agents, consultations, and the times on hold in them.

use jiff::Timestamp;

use super::check::Checker;
use crate::FieldPath;
use crate::limits::{LIST_MAX, SEGMENT_OVERLAP_S_MAX};
use crate::violation::Reason;

/// A part of an interaction: one queue, one agent's connection, one consultation.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The segment's name, unique within the interaction.
    pub segment_id: String,
    /// What sort of part it is. Required.
    pub kind: SegmentKind,
    /// The queue.
    pub queue_id: String,
    /// The agent.
    pub agent_id: String,
    /// The agent's team.
    pub team_id: String,
    /// The agent's site.
    pub site_id: String,
    /// The skill that was asked for.
    pub skill: String,
    /// When it entered the queue.
    pub enqueued_at: Option<Timestamp>,
    /// When it left the queue.
    pub dequeued_at: Option<Timestamp>,
    /// When it rang at the agent's.
    pub offered_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When the customer was on hold.
    pub holds: Vec<Hold>,
    /// When after-call work began.
    pub acw_started_at: Option<Timestamp>,
    /// When after-call work ended.
    pub acw_ended_at: Option<Timestamp>,
    /// How it was handed on.
    pub transfer: Option<Transfer>,
    /// How often it rang unanswered.
    pub ring_no_answer_count: u32,
}

/// What sort of part of an interaction a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentKind {
    /// The voice menu.
    Ivr,
    /// Waiting.
    Queue,
    /// With an agent.
    Agent,
    /// An agent asks another.
    Consult,
    /// More than two on the line.
    Conference,
    /// With a bot.
    Bot,
    /// Leaving a voicemail.
    Voicemail,
}

/// A time on hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// When it began. Required.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it was for.
    pub reason: Option<HoldReason>,
}

/// What a hold was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldReason {
    /// To look something up.
    Lookup,
    /// To ask a supervisor.
    AskSupervisor,
    /// To verify what is said: a fact, before the customer is told.
    Verify,
    /// To wait for a slow system.
    SystemSlow,
    /// To prepare a transfer.
    TransferPrep,
    /// For something else.
    Other,
    /// The agent didn't say.
    Unstated,
}

/// How a segment was handed on.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// With or without a word to the next agent. Required.
    pub kind: TransferKind,
    /// The agent or queue that it went to.
    pub to: String,
    /// Why, in a word or two.
    pub reason: String,
}

/// How a transfer was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferKind {
    /// The customer was told, the next agent wasn't.
    Cold,
    /// The next agent was told first.
    Warm,
    /// Nobody was told.
    Blind,
}

impl Segment {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.id(at.field("segment_id"), &self.segment_id);
        checker.id(at.field("queue_id"), &self.queue_id);
        checker.id(at.field("agent_id"), &self.agent_id);
        checker.id(at.field("team_id"), &self.team_id);
        checker.id(at.field("site_id"), &self.site_id);
        checker.id(at.field("skill"), &self.skill);
        self.check_times(at, checker);
        let holds = at.field("holds");
        if checker.count(holds, self.holds.len(), LIST_MAX) {
            for (index, hold) in self.holds.iter().enumerate() {
                hold.check(holds.index(index), checker);
            }
        }
        if let Some(transfer) = &self.transfer {
            let at = at.field("transfer");
            checker.id(at.field("to"), &transfer.to);
            checker.line(at.field("reason"), &transfer.reason);
        }
    }

    /// Each time in range, and none before one that must come first.
    fn check_times(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        let enqueued = ("enqueued_at", self.enqueued_at);
        let dequeued = ("dequeued_at", self.dequeued_at);
        let offered = ("offered_at", self.offered_at);
        let answered = ("answered_at", self.answered_at);
        let ended = ("ended_at", self.ended_at);
        let acw_started = ("acw_started_at", self.acw_started_at);
        let acw_ended = ("acw_ended_at", self.acw_ended_at);
        for (name, time) in [
            enqueued,
            dequeued,
            offered,
            answered,
            ended,
            acw_started,
            acw_ended,
        ] {
            checker.past_time(at.field(name), time);
        }
        for (first, (name, time)) in [
            (enqueued, dequeued),
            (enqueued, offered),
            (offered, answered),
            (enqueued, ended),
            (offered, ended),
            (answered, ended),
            (answered, acw_started),
            (acw_started, acw_ended),
        ] {
            checker.not_before(at.field(name), time, first.0, first.1);
        }
    }
}

/// From when to when a contact was, as far as is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) began_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
}

impl Segment {
    /// Nothing of it lies outside of the contact, but for the difference of several systems' clocks.
    /// After-call work begins after the contact may have ended.
    pub(super) fn check_within(&self, at: FieldPath<'_>, span: Span, checker: &mut Checker<'_>) {
        for (name, time) in [
            ("enqueued_at", self.enqueued_at),
            ("dequeued_at", self.dequeued_at),
            ("offered_at", self.offered_at),
            ("answered_at", self.answered_at),
            ("ended_at", self.ended_at),
        ] {
            span.check(at.field(name), time, checker);
        }
        let acw = Span {
            ended_at: None,
            ..span
        };
        acw.check(at.field("acw_started_at"), self.acw_started_at, checker);
        acw.check(at.field("acw_ended_at"), self.acw_ended_at, checker);
        let holds = at.field("holds");
        for (index, hold) in self.holds.iter().take(LIST_MAX).enumerate() {
            let at = holds.index(index);
            span.check(at.field("began_at"), Some(hold.began_at), checker);
            span.check(at.field("ended_at"), hold.ended_at, checker);
        }
    }
}

impl Span {
    pub(super) fn check(
        self,
        at: FieldPath<'_>,
        time: Option<Timestamp>,
        checker: &mut Checker<'_>,
    ) {
        let Some(second) = time.map(Timestamp::as_second) else {
            return;
        };
        let before = |began: Timestamp| second < began.as_second() - SEGMENT_OVERLAP_S_MAX;
        let after = |ended: Timestamp| second > ended.as_second() + SEGMENT_OVERLAP_S_MAX;
        let text = if self.began_at.is_some_and(before) {
            "is before the contact began (occurred_at); correct one of the two"
        } else if self.ended_at.is_some_and(after) {
            "is after the contact ended (ended_at); correct one of the two"
        } else {
            return;
        };
        if checker.is_sound(at) {
            checker.add(at, Reason::Conflicting, text);
        }
    }
}

impl Hold {
    fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        let began_at = Some(self.began_at);
        checker.past_time(at.field("began_at"), began_at);
        checker.past_time(at.field("ended_at"), self.ended_at);
        checker.not_before(at.field("ended_at"), self.ended_at, "began_at", began_at);
    }
}
