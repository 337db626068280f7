//! Promises that we make by ourselves: nobody gave them, and no customer was told of them.

use jiff::Timestamp;

use super::{CommitmentDraft, Surroundings};
use crate::commitment::{CommitmentKind, Origin, PolicyRef};
use crate::setting::FollowUpPolicy;

impl CommitmentDraft {
    /// A promise of ours. The customer knows nothing of it, so it is a task with a due of our own.
    pub fn of_ours(
        commitment_id: String,
        (kind, origin): (CommitmentKind, Origin),
        promise_text: String,
        promised_by: Timestamp,
    ) -> Self {
        Self {
            commitment_id,
            kind,
            kind_code: String::new(),
            promise_text,
            told_to_customer: false,
            promised_by,
            due: None,
            due_resolution: None,
            promised_not_before: None,
            time_zone: String::new(),
            owner: None,
            owner_team_id: String::new(),
            priority: None,
            read_back_confirmed: false,
            fulfilled_at: None,
            proposed_until: None,
            policy: None,
            target: None,
            stages: Vec::new(),
            expire_after: None,
            depends_on: Vec::new(),
            recurrence: None,
            occurrence: None,
            plan_id: String::new(),
            step_no: 0,
            origin,
            finding: None,
        }
    }

    /// By which policy it is followed up: of those that match it, the one that is asked first.
    pub fn policy_of<'p>(
        &self,
        around: Surroundings<'_>,
        policies: &mut impl Iterator<Item = (PolicyRef, &'p FollowUpPolicy)>,
    ) -> Option<(PolicyRef, &'p FollowUpPolicy)> {
        policies.find(|(_, policy)| policy.matches(&self.facts(around)))
    }
}
