//! Which promises a contact follows up, and what it says of how that went.

use jiff::Timestamp;

use super::check::Checker;
use super::{Interaction, Reach, forms};
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
    /// What came of a follow-up in this contact: whatever was said, nobody was reached whom the record does not show to
    /// be.
    pub fn came_of(&self, followed: &FollowedUp) -> AttemptResult {
        match (followed.result, self.reach()) {
            (AttemptResult::Reached, Reach::Voicemail) => AttemptResult::Voicemail,
            (AttemptResult::Reached, Reach::Unanswered) => AttemptResult::NoAnswer,
            (result, _) => result,
        }
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
