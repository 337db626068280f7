//! What a promise leaves to the house: defaults, and how its policy follows it up. Decided once, when it is made, and
//! the same whether it is made in a contact's record or after it.

use jiff::Timestamp;

use super::check::Checker;
use super::{Channel, CommitmentDraft};
use crate::commitment::{FollowUp, NewTarget, Owner, PolicyRef, Priority, Told};
use crate::due::{Calendars, DueSpec, DueWarning, Telling, beside};
use crate::setting::{FollowUpPolicy, PromiseFacts};
use crate::{Cleaner, FieldPath, Violations, Warning};

/// What is around a promise when it is made: the contact, or what stands in for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings<'a> {
    /// The agent who makes it; may be empty.
    pub agent_id: &'a str,
    /// That agent's team; may be empty.
    pub team_id: &'a str,
    /// That agent's site; may be empty.
    pub site_id: &'a str,
    /// How the customer and we spoke; none where there was no contact of ours.
    pub channel: Option<Channel>,
    /// The customer's language, a BCP 47 tag; may be empty.
    pub language: &'a str,
}

impl CommitmentDraft {
    /// Cleans a promise that is made after its contact, makes an instant of its due, and checks it, at the request's
    /// field `at`. `found` holds what was wrong with its encoding.
    ///
    /// # Errors
    /// Everything that is wrong, all at once.
    pub fn check_made(
        mut self,
        at: FieldPath<'_>,
        (made_at, now): (Timestamp, Timestamp),
        calendars: &impl Calendars,
        mut found: Violations,
    ) -> Result<(Self, Vec<Warning>), Violations> {
        let mut cleaner = Cleaner::default();
        self.clean(at, &mut cleaner);
        let telling = Telling {
            occurred_at: made_at,
            is_import: false,
        };
        self.reckon(at, (telling, calendars), &mut found, &mut cleaner);
        let mut checker = Checker {
            now,
            import: false,
            found: &mut found,
        };
        self.check(at, made_at, &mut checker);
        found.into_result((self, cleaner.into_warnings()))
    }

    /// Fills in what nobody said: who keeps it, of which team, and how urgent it is.
    pub fn settle(&mut self, around: Surroundings<'_>) {
        if self.owner.is_none() && !around.agent_id.is_empty() {
            self.owner = Some(Owner::Agent(around.agent_id.to_owned()));
        }
        let by_own_agent = match &self.owner {
            Some(Owner::Agent(agent_id)) => *agent_id == around.agent_id,
            Some(Owner::Queue(_)) | None => false,
        };
        if self.owner_team_id.is_empty() && by_own_agent {
            around.team_id.clone_into(&mut self.owner_team_id);
        }
        self.priority.get_or_insert(Priority::P3);
        if !self.told_to_customer {
            // Nobody waits for it but ourselves.
            self.target = Some(NewTarget {
                at: self.promised_by,
                reckoned: None,
            });
        }
    }

    /// What of the promise decides which policy it has.
    pub fn facts<'a>(&'a self, around: Surroundings<'a>) -> PromiseFacts<'a> {
        let team_id = match self.owner_team_id.as_str() {
            "" => around.team_id,
            owners => owners,
        };
        let queue_id = match &self.owner {
            Some(Owner::Queue(id)) => id,
            Some(Owner::Agent(_)) | None => "",
        };
        PromiseFacts {
            kind: self.kind,
            kind_code: &self.kind_code,
            priority: self.priority.unwrap_or_default(),
            team_id,
            site_id: around.site_id,
            queue_id,
            channel: around.channel,
            language: around.language,
            told_to_customer: self.told_to_customer,
        }
    }

    /// Has the promise followed up by its policy, from when it was made. What is odd about that: that our own due is
    /// later than what the customer was told, and that nobody is there then by the calendar of the policy. A due that
    /// was reckoned by a calendar of its own was compared with that.
    pub fn follow_up(
        &mut self,
        (by, policy): (PolicyRef, &FollowUpPolicy),
        made_at: Timestamp,
        calendars: &impl Calendars,
    ) -> Vec<DueWarning> {
        let told = Told {
            at: made_at,
            due: self.promised_by,
            told_to_customer: self.told_to_customer,
        };
        let FollowUp {
            target,
            stages,
            expire_after,
        } = policy.follow_up(&by, told, calendars);
        self.policy = Some(by);
        self.target = target;
        self.stages = stages;
        self.expire_after = Some(expire_after);
        let has_own = self.due.as_ref().and_then(DueSpec::calendar_id).is_some();
        let rule = policy.internal_target.as_ref();
        let rule = rule.filter(|_| self.told_to_customer && !has_own);
        let hours = rule.and_then(|rule| calendars.calendar(rule.calendar_id()));
        let ours = self.target.as_ref().map(|target| target.at);
        beside((told.due, told.due), ours, hours).collect()
    }
}
