//! Whether a contact reached the customer, as far as its record shows it.
//!
//! Somebody is reached when they and a person of ours speak with each other. By voice, how long agents talked with them
//! shows it, and what a voicemail took of that does not count. Messages have no such time: there the customer was reached
//! who answered. A message that was sent reached nobody yet, and a bot is no person.

use jiff::{SignedDuration, Timestamp};

use super::{Channel, Direction, Interaction, Segment, SegmentKind};

/// From when to when something was.
type Span = (Timestamp, Timestamp);

/// Whether a contact reached the customer, as far as its record shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// By voice: how long they were talked to decides.
    ByVoice,
    /// By messages: they answered, which is all that it takes.
    ByMessage,
    /// Nobody but a voicemail answered.
    Voicemail,
    /// They did not answer a person of ours, as far as is recorded.
    Unanswered,
}

impl Reach {
    /// Of a contact by a channel, whoever reached out, with such parts.
    pub fn of(channel: Channel, direction: Direction, parts: &PartsShown) -> Self {
        let is_theirs = direction == Direction::Inbound;
        let answered = match channel {
            Channel::Voicemail => return Self::Voicemail,
            Channel::Voice if parts.has_voicemail && !parts.is_talk() => return Self::Voicemail,
            Channel::Voice => return Self::ByVoice,
            // Who writes to us is there; whom we wrote to is once an agent's part was answered.
            Channel::Chat | Channel::Sms | Channel::Social => is_theirs || parts.is_answered,
            // When an agent took up a mail says nothing of who read it.
            Channel::Email => is_theirs,
            // Until an agent takes over, nobody of ours is there.
            Channel::Bot => parts.is_answered,
            // Nobody answers these.
            Channel::ExternalReview | Channel::Task => false,
        };
        match answered {
            true => Self::ByMessage,
            false => Self::Unanswered,
        }
    }
}

/// What the parts of a contact show of whether the customer was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartsShown {
    /// Whether a voicemail is one of them.
    pub has_voicemail: bool,
    /// Whether an agent's part was answered.
    pub is_answered: bool,
    /// How long agents and the customer talked; none if that does not follow from them.
    pub talk: Option<SignedDuration>,
}

impl PartsShown {
    /// Whether anybody talked at all.
    fn is_talk(&self) -> bool {
        self.talk.is_some_and(|talk| talk > SignedDuration::ZERO)
    }
}

impl Interaction {
    /// Whether it reached the customer.
    pub fn reach(&self) -> Reach {
        Reach::of(self.channel, self.direction, &self.parts_shown())
    }

    /// What its parts show of that.
    pub fn parts_shown(&self) -> PartsShown {
        let mut segments = self.segments.iter();
        PartsShown {
            has_voicemail: segments.any(|segment| segment.kind == SegmentKind::Voicemail),
            is_answered: self
                .segments
                .iter()
                .any(|segment| segment.is_with_agent() && segment.answered_at.is_some()),
            talk: self.talk_time(),
        }
    }

    /// How long agents and the customer talked, as far as the segments say it: from when they were answered until
    /// they ended, without the times on hold and of a voicemail. What lies in several segments counts once.
    fn talk_time(&self) -> Option<SignedDuration> {
        let talks: Vec<_> = self.segments.iter().filter_map(talk).collect();
        if talks.is_empty() {
            return None;
        }
        let holds = self.segments.iter().flat_map(|segment| {
            // A hold that nobody ended lasted as long as its segment.
            let until = segment.ended_at.or(self.ended_at);
            let holds = segment.holds.iter();
            holds.filter_map(move |hold| Some((hold.began_at, hold.ended_at.or(until)?)))
        });
        let voicemails = self.segments.iter();
        let voicemails = voicemails.filter_map(|segment| voicemail(segment, self.ended_at));
        Some(length_without(
            talks,
            &joined(holds.chain(voicemails).collect()),
        ))
    }
}

impl Segment {
    /// Whether a person of ours is in it with the customer.
    const fn is_with_agent(&self) -> bool {
        matches!(self.kind, SegmentKind::Agent | SegmentKind::Conference)
    }
}

/// From when to when the customer and an agent talked in a segment.
fn talk(segment: &Segment) -> Option<Span> {
    let times = (segment.answered_at?, segment.ended_at?);
    (segment.is_with_agent() && times.0 <= times.1).then_some(times)
}

/// From when to when a voicemail was on the line, where its segment says when it began.
fn voicemail(segment: &Segment, ended_at: Option<Timestamp>) -> Option<Span> {
    let began_at = segment
        .answered_at
        .or(segment.offered_at)
        .or(segment.enqueued_at)?;
    let is_one = segment.kind == SegmentKind::Voicemail;
    is_one.then_some((began_at, segment.ended_at.or(ended_at)?))
}

/// Spans in order, those that meet as one.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|(from, to)| from < to);
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// How long spans are together, without what lies in `others`, which are in order and apart.
fn length_without(spans: Vec<Span>, others: &[Span]) -> SignedDuration {
    let mut length = SignedDuration::ZERO;
    for (from, to) in joined(spans) {
        length = length.saturating_add(to.duration_since(from));
        for (began, ended) in others {
            let other = ended.min(&to).duration_since(*began.max(&from));
            length = length.saturating_sub(other.max(SignedDuration::ZERO));
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn talked(spans: &[(i64, i64)], holds: &[(i64, i64)]) -> i64 {
        let times = |spans: &[(i64, i64)]| {
            let spans = spans.iter().map(|(from, to)| (at(*from), at(*to)));
            spans.collect::<Vec<_>>()
        };
        length_without(times(spans), &joined(times(holds))).as_secs()
    }

    #[test]
    fn what_was_talked_counts_once_and_holds_do_not() {
        assert_eq!(talked(&[(0, 60)], &[]), 60);
        assert_eq!(talked(&[(0, 60), (30, 90), (100, 110)], &[]), 100);
        assert_eq!(talked(&[(0, 60)], &[(10, 20), (15, 30), (50, 70)]), 30);
        assert_eq!(talked(&[(0, 60), (60, 90)], &[(0, 90)]), 0);
        assert_eq!(talked(&[(10, 10)], &[(0, 90)]), 0);
    }

    fn parts(has_voicemail: bool, is_answered: bool, talk_s: Option<i64>) -> PartsShown {
        PartsShown {
            has_voicemail,
            is_answered,
            talk: talk_s.map(SignedDuration::from_secs),
        }
    }

    #[test]
    fn a_voicemail_does_not_undo_that_somebody_was_talked_to() {
        let by = |parts| Reach::of(Channel::Voice, Direction::Outbound, &parts);
        assert_eq!(by(parts(false, false, None)), Reach::ByVoice);
        assert_eq!(by(parts(true, false, None)), Reach::Voicemail);
        assert_eq!(by(parts(true, true, Some(0))), Reach::Voicemail);
        assert_eq!(by(parts(true, true, Some(1))), Reach::ByVoice);
        let all = parts(false, true, Some(600));
        let left = Reach::of(Channel::Voicemail, Direction::Outbound, &all);
        assert_eq!(left, Reach::Voicemail);
    }

    #[test]
    fn messages_reach_who_answers_a_person() {
        let (none, answered) = (parts(false, false, None), parts(false, true, Some(1)));
        let (ours, theirs) = (Direction::Outbound, Direction::Inbound);
        for (channel, direction, parts, reaches) in [
            (Channel::Chat, ours, none, false),
            (Channel::Chat, ours, answered, true),
            (Channel::Chat, theirs, none, true),
            (Channel::Sms, ours, none, false),
            (Channel::Sms, theirs, none, true),
            (Channel::Social, ours, answered, true),
            (Channel::Email, ours, answered, false),
            (Channel::Email, theirs, none, true),
            (Channel::Bot, theirs, none, false),
            (Channel::Bot, theirs, answered, true),
            (Channel::ExternalReview, theirs, answered, false),
            (Channel::Task, theirs, answered, false),
        ] {
            let expected = match reaches {
                true => Reach::ByMessage,
                false => Reach::Unanswered,
            };
            let found = Reach::of(channel, direction, &parts);
            assert_eq!(found, expected, "{channel:?} {direction:?} {parts:?}");
        }
    }

    proptest! {
        /// Counted second by second.
        #[test]
        fn talk_is_what_lies_in_a_talk_and_in_nothing_else(
            talks in prop::collection::vec((0_i64..60, 0_i64..60), 0..5),
            others in prop::collection::vec((0_i64..60, 0_i64..60), 0..5),
        ) {
            let holds = |spans: &[(i64, i64)], second: i64| {
                spans.iter().any(|(from, to)| (*from..*to).contains(&second))
            };
            let seconds = (0..60).filter(|at| holds(&talks, *at) && !holds(&others, *at));
            prop_assert_eq!(talked(&talks, &others), i64::try_from(seconds.count()).unwrap());
        }
    }
}
