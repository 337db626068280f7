//! How long a contact took.

use aftercall_proto::model::v1::{Channel, Interaction, Segment, SegmentKind};
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
        let handled = interaction.segments.iter().filter_map(in_segment);
        self.in_segments = handled.reduce(|one, other| one.saturating_add(other).min(SECONDS_MAX));
    }

    pub(crate) fn take_end(&mut self, interaction: &Interaction) {
        let ended_at = interaction.ended_at.as_ref().filter(|_| self.is_live);
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
}
