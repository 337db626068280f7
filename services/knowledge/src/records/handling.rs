//! How long a contact took.

use aftercall_proto::model::v1::{Call, Channel, Interaction, Segment, SegmentKind};
use pbjson_types::Timestamp;

use super::micros;
use crate::worth::SECONDS_MAX;

/// What is known of how long a contact took.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Handled {
    /// What its agents' segments took, in seconds, where they say it.
    #[prost(uint32, optional, tag = "1")]
    in_segments: Option<u32>,
    /// When it ended, where it is of a kind in which an agent is there until then.
    #[prost(sint64, optional, tag = "2")]
    ended_at_us: Option<i64>,
    #[prost(bool, tag = "3")]
    is_live: bool,
    /// Whether the contact's record says its segments,
    #[prost(bool, tag = "4")]
    says_segments: bool,
    /// and when it ended. What it does not say, telephony may tell.
    #[prost(bool, tag = "5")]
    says_end: bool,
}

impl Handled {
    pub(crate) fn of(interaction: &Interaction) -> Self {
        let mut handled = Self {
            is_live: matches!(interaction.channel(), Channel::Voice | Channel::Chat),
            ..Self::default()
        };
        handled.take_segments(interaction);
        handled.take_end(interaction);
        handled
    }

    pub(crate) fn take_segments(&mut self, interaction: &Interaction) {
        self.in_segments = in_segments(&interaction.segments);
        self.says_segments = !interaction.segments.is_empty();
    }

    pub(crate) fn take_end(&mut self, interaction: &Interaction) {
        self.set_end(interaction.ended_at.as_ref());
        self.says_end = interaction.ended_at.is_some();
    }

    /// Takes from the call that the contact is what its record does not say.
    pub(crate) fn complete(&mut self, call: Option<&Call>) {
        if !self.says_segments {
            self.in_segments = call.and_then(|call| in_segments(&call.segments));
        }
        if !self.says_end {
            self.set_end(call.and_then(|call| call.ended_at.as_ref()));
        }
    }

    /// Whether the record says its segments.
    pub(crate) const fn says_segments(&self) -> bool {
        self.says_segments
    }

    fn set_end(&mut self, ended_at: Option<&Timestamp>) {
        let ended_at = ended_at.filter(|_| self.is_live);
        self.ended_at_us = ended_at.map(|at| micros(Some(at)));
    }

    /// Talk, hold and after-call work of all agents together; else how long a call or chat was; none where
    /// neither is known. At most eight hours.
    pub(crate) fn seconds(&self, occurred_at_us: i64) -> Option<u32> {
        let whole = || {
            let ended_at_us = self.ended_at_us?;
            span(occurred_at_us, ended_at_us)
        };
        self.in_segments.or_else(whole)
    }
}

/// What the segments of agents took, where they say it.
fn in_segments(segments: &[Segment]) -> Option<u32> {
    let handled = segments.iter().filter_map(in_segment);
    handled.reduce(|one, other| one.saturating_add(other).min(SECONDS_MAX))
}

/// What an agent's segment took: from when it was answered until it ended, holds included, and the work after it.
fn in_segment(segment: &Segment) -> Option<u32> {
    let with_agent = matches!(segment.kind(), SegmentKind::Agent | SegmentKind::Conference);
    let between = |from: &Option<Timestamp>, to: &Option<Timestamp>| {
        span(micros(Some(from.as_ref()?)), micros(Some(to.as_ref()?)))
    };
    let talked = between(&segment.answered_at, &segment.ended_at);
    let after = between(&segment.acw_started_at, &segment.acw_ended_at);
    if !with_agent || (talked, after) == (None, None) {
        return None;
    }
    Some(talked.unwrap_or(0).saturating_add(after.unwrap_or(0)))
}

/// Seconds between two times, none where the second comes first.
fn span(from_us: i64, to_us: i64) -> Option<u32> {
    let seconds = to_us.checked_sub(from_us)? / 1_000_000;
    let seconds = u32::try_from(seconds).ok()?;
    Some(seconds.min(SECONDS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds, nanos: 0 })
    }

    fn segment(kind: SegmentKind, times: [Option<Timestamp>; 4]) -> Segment {
        let [answered_at, ended_at, acw_started_at, acw_ended_at] = times;
        Segment {
            kind: kind.into(),
            answered_at,
            ended_at,
            acw_started_at,
            acw_ended_at,
            ..Segment::default()
        }
    }

    #[test]
    fn talk_hold_and_work_after_it_count_of_every_agent() {
        let mut call = Interaction {
            channel: Channel::Voice.into(),
            ended_at: at(1_000),
            segments: vec![
                segment(SegmentKind::Queue, [at(0), at(300), None, None]),
                segment(SegmentKind::Agent, [at(300), at(500), at(500), at(560)]),
                segment(SegmentKind::Agent, [at(500), at(900), None, at(960)]),
            ],
            ..Interaction::default()
        };
        assert_eq!(Handled::of(&call).seconds(0), Some(660));
        call.segments.truncate(1);
        assert_eq!(Handled::of(&call).seconds(0), Some(1_000));
        assert_eq!(Handled::of(&call).seconds(2_000_000_000), None);
        call.ended_at = at(1 << 40);
        assert_eq!(Handled::of(&call).seconds(0), None);
        call.ended_at = at(1 << 30);
        assert_eq!(Handled::of(&call).seconds(0), Some(SECONDS_MAX));
        // Nobody sits before a mail until it is answered.
        call.channel = Channel::Email.into();
        assert_eq!(Handled::of(&call).seconds(0), None);
    }

    #[test]
    fn telephony_tells_what_the_record_does_not_say() {
        let told = Call {
            ended_at: at(900),
            segments: vec![segment(
                SegmentKind::Agent,
                [at(300), at(500), at(500), at(560)],
            )],
            ..Call::default()
        };
        let mut contact = Interaction {
            channel: Channel::Voice.into(),
            ..Interaction::default()
        };
        let completed = |contact: &Interaction, call: Option<&Call>| {
            let mut handled = Handled::of(contact);
            handled.complete(call);
            handled.seconds(0)
        };
        assert_eq!(completed(&contact, None), None);
        assert_eq!(completed(&contact, Some(&told)), Some(260));
        let without = Call {
            segments: Vec::new(),
            ..told.clone()
        };
        assert_eq!(completed(&contact, Some(&without)), Some(900));
        contact.ended_at = at(700);
        assert_eq!(completed(&contact, Some(&without)), Some(700));
        contact.segments = vec![segment(SegmentKind::Agent, [at(600), at(700), None, None])];
        assert_eq!(completed(&contact, Some(&told)), Some(100));
    }
}
