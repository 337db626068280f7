//! How promises are followed up, by the tenant's policies: decided once, when they are recorded.

use aftercall_domain::commitment::{FollowUp, Owner, PolicyRef, Told};
use aftercall_domain::due::DueWarning;
use aftercall_domain::interaction::CommitmentDraft;
use aftercall_domain::limits::WARNINGS_MAX;
use aftercall_domain::setting::PromiseFacts;
use aftercall_domain::{Interaction, Warning, WarningReason};

use crate::failure::Refusal;
use crate::prepare::House;

/// Gives each promise of a contact what its policy says, and tells what is odd about it. A promise that was kept
/// already has none.
pub(crate) fn follow_up(
    contact: &mut Interaction,
    house: &dyn House,
) -> Result<Vec<Warning>, Refusal> {
    let mut warnings = Vec::new();
    let mut drafts = std::mem::take(&mut contact.commitments);
    let open = drafts.iter_mut().enumerate();
    for (index, draft) in open.filter(|(_, draft)| draft.fulfilled_at.is_none()) {
        let Some(policy) = house.policy(&facts(contact, draft))? else {
            continue;
        };
        let by = PolicyRef {
            policy_id: policy.id,
            version: u32::try_from(policy.version).unwrap_or(u32::MAX),
        };
        let needed: Vec<_> = policy.set.calendar_ids().collect();
        let calendars = house.calendars(&needed)?;
        let told = Told {
            at: contact.occurred_at,
            due: draft.promised_by,
            told_to_customer: draft.told_to_customer,
        };
        let FollowUp {
            target,
            stages,
            expire_after,
        } = policy.set.follow_up(&by, told, &calendars);
        let late = target.as_ref().is_some_and(|target| target.at > told.due);
        if late && warnings.len() < WARNINGS_MAX {
            warnings.push(Warning {
                field: format!("interaction.commitments[{index}]"),
                reason: WarningReason::Due(DueWarning::TargetAfterPromise),
                count: 1,
            });
        }
        draft.policy = Some(by);
        draft.target = target;
        draft.stages = stages;
        draft.expire_after = Some(expire_after);
    }
    contact.commitments = drafts;
    Ok(warnings)
}

/// What of a promise decides which policy it has.
fn facts<'a>(contact: &'a Interaction, draft: &'a CommitmentDraft) -> PromiseFacts<'a> {
    let team_id = match draft.owner_team_id.as_str() {
        "" => &contact.team_id,
        owners => owners,
    };
    let queue_id = match &draft.owner {
        Some(Owner::Queue(id)) => id,
        Some(Owner::Agent(_)) | None => "",
    };
    PromiseFacts {
        kind: draft.kind,
        kind_code: &draft.kind_code,
        priority: draft.priority.unwrap_or_default(),
        team_id,
        site_id: &contact.site_id,
        queue_id,
        channel: Some(contact.channel),
        language: &contact.customer.language,
        told_to_customer: draft.told_to_customer,
    }
}
