//! Dues that move: as somebody says the new one, and what follows from that.

use aftercall_domain::commitment::{Actor, Commitment, Reschedule, Told};
use aftercall_domain::due::{DueSpec, Resolved, Telling, ToldDue};
use aftercall_domain::setting::FollowUpPolicy;
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_view::Store;
use jiff::Timestamp;

use super::Asked;
use super::wish::{INFORMED, Moving};
use crate::failure::Refused;

impl Asked {
    /// A move as it is to be decided: its due made an instant, from when the customer was told or from now; and our own
    /// due by the policy, if the customer was told of it. Who may not move it at all is told that first.
    pub(super) fn moved(
        &self,
        store: &Store,
        (commitment, policy): (&Commitment, Option<&FollowUpPolicy>),
        moving: &Moving,
        (who, now): (Actor<'_>, Timestamp),
    ) -> Result<Reschedule, Refused> {
        let movable = commitment.check_movable(who, now);
        movable.map_err(|refusal| Refused::by_rule(refusal, &commitment.commitment_id))?;
        let mut wish = moving.wish.clone();
        if let Some(interaction_id) = &wish.customer_informed.interaction_id {
            let witness = self.witness(store, commitment, (INFORMED, interaction_id))?;
            let shown = self.shown(store, witness)?;
            commitment.check_told(&shown, now)?;
            wish.told_at = Some(shown.began_at);
        }
        if let Some(said) = &moving.said {
            let said = said.clone().in_zone(&commitment.time_zone);
            let told_at = wish.told_at.unwrap_or(now);
            let Resolved { at, resolution, .. } = self.resolved(&said, (told_at, now))?;
            wish.promised_by = at;
            wish.due = Some(ToldDue {
                spec: said,
                resolution,
            });
        }
        self.by_policy(&mut wish, (commitment, policy), now)?;
        Ok(wish)
    }

    /// The instant that a new due means, which lies ahead. What is odd about it is told with the answer.
    fn resolved(
        &self,
        said: &DueSpec,
        (told_at, now): (Timestamp, Timestamp),
    ) -> Result<Resolved, Refused> {
        let at = FieldPath::of("due");
        let calendars = self
            .calendars
            .all(&self.principal.tenant_id, said.calendar_id())?;
        let telling = Telling {
            occurred_at: told_at,
            is_import: false,
        };
        let resolved = said.resolve(at, telling, &calendars)?;
        if resolved.at <= now {
            let mut found = Violations::new();
            let text = "the new due is not in the future; give a later time";
            found.add(at, Reason::DueInPast, text);
            return Err(found.into());
        }
        Ok(resolved)
    }

    /// Our own due by the policy, if the customer is told of the new one.
    fn by_policy(
        &self,
        wish: &mut Reschedule,
        (commitment, policy): (&Commitment, Option<&FollowUpPolicy>),
        now: Timestamp,
    ) -> Result<(), Refused> {
        let told = commitment.told_to_customer && wish.customer_informed.is_given();
        if let (true, Some(by), Some(policy)) = (told, &commitment.policy, policy) {
            let tenant_id = &self.principal.tenant_id;
            let calendars = self.calendars.all(tenant_id, policy.calendar_ids())?;
            let told = Told {
                at: now,
                due: wish.promised_by,
                told_to_customer: true,
            };
            wish.target = policy.target(by, told, &calendars);
        }
        Ok(())
    }
}
