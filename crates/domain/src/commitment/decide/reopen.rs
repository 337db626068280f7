//! A promise is taken up again after its end: by a new one, so that what the old one counts as stays for ever.

use jiff::{SignedDuration, Timestamp};

use super::{Actor, Permission, Refusal, permitted};
use crate::commitment::{Commitment, Origin};
use crate::interaction::CommitmentDraft;
use crate::limits::REOPEN_DAYS_MAX;

impl Commitment {
    /// What is promised anew where this one is taken up again: all of it but its due, which has to be said anew, and its
    /// id. It is a promise to the customer if they were told of the new due.
    ///
    /// # Errors
    /// When it has not ended, ended too long ago, was taken up again already, or the actor may not.
    pub fn reopen(
        &self,
        told_to_customer: bool,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<CommitmentDraft, Refusal> {
        let closed_at = self.closed_at.filter(|_| self.lifecycle.is_over());
        let closed_at = closed_at.ok_or(Refusal::NotOver)?;
        permitted(actor.leads(), Permission::Reopen)?;
        if self.reopened_by.is_some() {
            return Err(Refusal::Reopened);
        }
        if now.duration_since(closed_at) > SignedDuration::from_hours(24 * REOPEN_DAYS_MAX) {
            return Err(Refusal::ReopenTooLate);
        }
        Ok(CommitmentDraft {
            commitment_id: String::new(),
            kind: self.kind,
            kind_code: self.kind_code.clone(),
            promise_text: self.promise_text.clone(),
            told_to_customer,
            promised_by: now,
            due: None,
            due_resolution: None,
            promised_not_before: None,
            time_zone: self.time_zone.clone(),
            owner: self.owner.clone(),
            owner_team_id: self.owner_team_id.clone(),
            priority: Some(self.priority),
            read_back_confirmed: false,
            fulfilled_at: None,
            proposed_until: None,
            policy: None,
            target: None,
            stages: Vec::new(),
            expire_after: None,
            depends_on: Vec::new(),
            origin: Origin::Given,
            finding: None,
            // The series goes on by itself.
            recurrence: None,
            occurrence: None,
            plan_id: self.plan_id.clone(),
            step_no: self.step_no,
        })
    }
}
