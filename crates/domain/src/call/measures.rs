//! What is reckoned of a call, by the definitions of [`crate::measure`]. What is not over yet is not counted.

use jiff::{SignedDuration, Timestamp};

use crate::interaction::{Direction, Segment, SegmentKind};
use crate::measure::Answering;

/// What is reckoned of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measures {
    /// From entering a queue until leaving it, over all queues.
    pub queue_wait: SignedDuration,
    /// From the first ring at an agent's until they answered.
    pub ring_time: SignedDuration,
    /// From answering until the end of the segment, without the times on hold, over all agents.
    pub talk_time: SignedDuration,
    /// On hold.
    pub hold_time: SignedDuration,
    /// How many times.
    pub holds_n: u32,
    /// The longest of them.
    pub longest_hold: SignedDuration,
    /// After-call work.
    pub acw_time: SignedDuration,
    /// How often it was handed on.
    pub transfer_n: u32,
    /// How many agents answered.
    pub answered_n: u32,
    /// How often it rang unanswered.
    pub ring_no_answer_n: u32,
    /// The customer left while waiting, and no agent had answered before: see [`Answering`].
    pub abandoned: bool,
    /// The same within seconds.
    pub short_abandon: bool,
}

impl Measures {
    /// Talk, hold and after-call work.
    pub fn handle_time(&self) -> SignedDuration {
        self.talk_time
            .saturating_add(self.hold_time)
            .saturating_add(self.acw_time)
    }

    /// Of a call with these segments. Whoever does not say who reached out means the customer.
    pub(super) fn of(
        segments: &[Segment],
        direction: Option<Direction>,
        ended_at: Option<Timestamp>,
    ) -> Self {
        let is_inbound = direction.is_none_or(|it| it == Direction::Inbound);
        let answering = Answering::of(is_inbound, segments, ended_at);
        // Whoever left one queue may be on their way to another.
        let is_over = ended_at.is_some();
        let mut all = Self {
            abandoned: is_over && answering.abandoned,
            short_abandon: is_over && answering.short_abandoned,
            ..Self::default()
        };
        for segment in segments {
            all.add(segment);
        }
        all
    }

    fn add(&mut self, segment: &Segment) {
        let waited = between(segment.enqueued_at, segment.dequeued_at);
        self.queue_wait = self.queue_wait.saturating_add(waited);
        self.transfer_n += u32::from(segment.transfer.is_some());
        self.ring_no_answer_n += segment.ring_no_answer_count;
        if !matches!(segment.kind, SegmentKind::Agent | SegmentKind::Conference) {
            return;
        }
        let rang = between(segment.offered_at, segment.answered_at);
        self.ring_time = self.ring_time.saturating_add(rang);
        self.answered_n += u32::from(segment.kind == SegmentKind::Agent);
        let mut held = SignedDuration::ZERO;
        for hold in &segment.holds {
            let length = between(Some(hold.began_at), hold.ended_at);
            held = held.saturating_add(length);
            self.holds_n += 1;
            self.longest_hold = self.longest_hold.max(length);
        }
        self.hold_time = self.hold_time.saturating_add(held);
        let connected = between(segment.answered_at, segment.ended_at);
        if segment.ended_at.is_some() {
            let talked = connected.saturating_sub(held).max(SignedDuration::ZERO);
            self.talk_time = self.talk_time.saturating_add(talked);
        }
        let worked = between(segment.acw_started_at, segment.acw_ended_at);
        self.acw_time = self.acw_time.saturating_add(worked);
    }
}

/// How long it was from one instant to another, where both are known.
fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> SignedDuration {
    match (from, to) {
        (Some(from), Some(to)) => to.duration_since(from).max(SignedDuration::ZERO),
        _ => SignedDuration::ZERO,
    }
}
