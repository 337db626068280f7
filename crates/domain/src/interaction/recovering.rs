//! Who is cut off is called back: what is promised then, by itself.

use jiff::Timestamp;

use super::{CommitmentDraft, Surroundings};
use crate::commitment::{CommitmentKind, Origin, Owner, PolicyRef};
use crate::due::Calendars;
use crate::setting::FollowUpPolicy;

/// What is to be done, as whoever keeps it reads it.
const TEXT: &str = "Call back: the contact was cut off.";

/// A contact that was cut off, as far as it decides who calls back, and by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff<'a> {
    /// When it ended; where nobody said that, when it began.
    pub at: Timestamp,
    /// Who had to do with it, and how the customer and we spoke.
    pub around: Surroundings<'a>,
    /// The queue in which it was last; empty for none.
    pub queue_id: &'a str,
}

impl CutOff<'_> {
    /// The promise to call back, and the policy that asks for it: of those that match the promise, the one that is
    /// asked first. None if there is no such policy, or it names no time. The customer knows nothing of it, so it is a
    /// task with a due of our own. Whoever had the contact keeps it; where no agent had, the queue.
    pub fn call_back<'p>(
        &self,
        commitment_id: String,
        mut policies: impl Iterator<Item = (PolicyRef, &'p FollowUpPolicy)>,
    ) -> Option<(CommitmentDraft, PolicyRef, &'p FollowUpPolicy)> {
        let mut draft = self.draft(commitment_id);
        draft.settle(self.around);
        let (by, policy) =
            policies.find(|(_, policy)| policy.matches(&draft.facts(self.around)))?;
        draft.promised_by = self.at.checked_add(policy.call_back_within?).ok()?;
        Some((draft, by, policy))
    }

    /// Has the promise followed up by its policy, as any other.
    pub fn follow_up(
        &self,
        (draft, by, policy): (&mut CommitmentDraft, PolicyRef, &FollowUpPolicy),
        calendars: &impl Calendars,
    ) {
        // Its due is our own, so nothing can be odd about that.
        let _ = draft.follow_up((by, policy), self.at, calendars);
    }

    fn draft(&self, commitment_id: String) -> CommitmentDraft {
        let queue = (!self.queue_id.is_empty()).then(|| Owner::Queue(self.queue_id.to_owned()));
        CommitmentDraft {
            commitment_id,
            kind: CommitmentKind::CallBack,
            kind_code: String::new(),
            promise_text: TEXT.to_owned(),
            told_to_customer: false,
            promised_by: self.at,
            due: None,
            due_resolution: None,
            promised_not_before: None,
            time_zone: String::new(),
            owner: queue.filter(|_| self.around.agent_id.is_empty()),
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
            origin: Origin::DropRecovery,
        }
    }
}
