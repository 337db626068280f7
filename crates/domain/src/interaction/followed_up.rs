//! Which promises a contact follows up, and what it says of how that went.

use jiff::{SignedDuration, Timestamp};

use super::check::Checker;
use super::{Channel, Interaction, Segment, SegmentKind, forms};
use crate::commitment::AttemptResult;
use crate::limits::FOLLOW_UPS_MAX;
use crate::violation::Reason;
use crate::{FieldPath, ids};

/// A promise of an earlier contact that a contact follows up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedUp {
    /// The promise's id.
    pub commitment_id: String,
    /// What came of it, as whoever recorded the contact says.
    pub result: AttemptResult,
}

impl Interaction {
    /// What came of a follow-up in this contact: whatever was said, a voicemail is nobody who was reached.
    pub fn came_of(&self, followed: &FollowedUp) -> AttemptResult {
        match followed.result {
            AttemptResult::Reached if self.is_voicemail() => AttemptResult::Voicemail,
            result => result,
        }
    }

    /// Whether a voicemail answered, or was left.
    pub fn is_voicemail(&self) -> bool {
        let mut segments = self.segments.iter();
        self.channel == Channel::Voicemail
            || segments.any(|segment| segment.kind == SegmentKind::Voicemail)
    }

    /// How long agents and the customer talked, as far as the segments say it: from when they were answered until
    /// they ended, without the times on hold. What lies in several segments counts once.
    pub fn talk_time(&self) -> Option<SignedDuration> {
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
        Some(length_without(talks, &joined(holds.collect())))
    }

    /// When it was over, with the work of agents after it; none where nobody said when it ended.
    pub fn over_at(&self) -> Option<Timestamp> {
        let ended_at = self.ended_at?;
        let segments = self.segments.iter();
        let worked = segments.filter_map(|segment| segment.acw_ended_at);
        Some(worked.fold(ended_at, Ord::max))
    }

    pub(super) fn check_followed_up(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        let list = at.field("follow_ups");
        if !checker.count(list, self.follow_ups.len(), FOLLOW_UPS_MAX) {
            return;
        }
        for (index, followed) in self.follow_ups.iter().enumerate() {
            let at = list.index(index);
            let at = at.field("commitment_id");
            if followed.commitment_id.is_empty() {
                checker.found.required(at);
                continue;
            }
            checker.form(at, &followed.commitment_id, forms::UUID);
            let Some(id) = ids::canonical(&followed.commitment_id) else {
                continue;
            };
            let mut before = self.follow_ups[..index].iter();
            if before.any(|other| ids::canonical(&other.commitment_id) == Some(id)) {
                let text =
                    "another follow-up of the list has the same promise; say what came of it once";
                checker.add(at, Reason::Conflicting, text);
            }
            let mut own = self.commitments.iter();
            if own.any(|draft| ids::canonical(&draft.commitment_id) == Some(id)) {
                let text = "is made in this contact, which can't follow it up; name one of an earlier contact";
                checker.add(at, Reason::Conflicting, text);
            }
        }
    }
}

/// From when to when the customer and an agent talked in a segment.
fn talk(segment: &Segment) -> Option<(Timestamp, Timestamp)> {
    let with_agent = matches!(segment.kind, SegmentKind::Agent | SegmentKind::Conference);
    let times = (segment.answered_at?, segment.ended_at?);
    (with_agent && times.0 <= times.1).then_some(times)
}

/// Spans in order, those that meet as one.
fn joined(mut spans: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    spans.retain(|(from, to)| from < to);
    spans.sort_unstable();
    let mut joined: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// How long spans are together, without what lies in `holds`, which are in order and apart.
fn length_without(
    spans: Vec<(Timestamp, Timestamp)>,
    holds: &[(Timestamp, Timestamp)],
) -> SignedDuration {
    let mut length = SignedDuration::ZERO;
    for (from, to) in joined(spans) {
        length = length.saturating_add(to.duration_since(from));
        for (began, ended) in holds {
            let held = ended.min(&to).duration_since(*began.max(&from));
            length = length.saturating_sub(held.max(SignedDuration::ZERO));
        }
    }
    length
}

#[cfg(test)]
mod tests {
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
}
