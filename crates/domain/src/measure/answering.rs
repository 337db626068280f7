//! How a contact in which the customer reached out was answered, or was not.
//!
//! There is one definition of what is offered, answered and abandoned. What telephony tells of one call
//! ([`crate::call::Measures`]) and what many contacts come to ([`super::Facts`]) are both reckoned by it.

use jiff::Timestamp;

use super::SHORT_ABANDON_MS;
use super::contact::{between, is_with_agent};
use crate::interaction::{Segment, SegmentKind};

/// How a contact was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answering {
    /// It came in by a queue or to an agent.
    pub offered: bool,
    /// Since when the customer waited: from entering the first queue, or else from the first ring at an agent's.
    pub waits_since: Option<Timestamp>,
    /// When an agent answered first.
    pub answered_at: Option<Timestamp>,
    /// It was offered and nobody answered, and the customer left no voicemail and waits no more.
    pub abandoned: bool,
    /// The same in less than five seconds.
    pub short_abandoned: bool,
}

impl Answering {
    /// What follows from a contact's segments and from its end. Nothing does where the customer did not reach out.
    pub fn of(is_inbound: bool, segments: &[Segment], ended_at: Option<Timestamp>) -> Self {
        let is_offered = |it: &Segment| it.kind == SegmentKind::Queue || is_with_agent(it);
        if !is_inbound || !segments.iter().any(is_offered) {
            return Self::default();
        }
        let with_agent = segments.iter().filter(|it| is_with_agent(it));
        let enqueued_at = segments.iter().filter_map(|it| it.enqueued_at);
        let offered_at = segments.iter().filter_map(|it| it.offered_at);
        let mut answering = Self {
            offered: true,
            waits_since: enqueued_at.min().or(offered_at.min()),
            answered_at: with_agent.filter_map(|it| it.answered_at).min(),
            ..Self::default()
        };
        let is_voicemail = |it: &Segment| it.kind == SegmentKind::Voicemail;
        let waits = ended_at.is_none() && segments.iter().any(is_open);
        if answering.answered_at.is_some() || waits || segments.iter().any(is_voicemail) {
            return answering;
        }
        answering.abandoned = true;
        let left = segments.iter();
        let left = left.filter_map(|it| it.dequeued_at.or(it.ended_at));
        if let (Some(since), Some(left)) = (answering.waits_since, left.max().or(ended_at)) {
            answering.short_abandoned = between(since, left) < SHORT_ABANDON_MS;
        }
        answering
    }
}

/// Whether it says when the customer entered a queue, and nothing of when they left it.
fn is_open(segment: &Segment) -> bool {
    let left = segment.dequeued_at.or(segment.answered_at);
    segment.enqueued_at.is_some() && left.or(segment.ended_at).is_none()
}
