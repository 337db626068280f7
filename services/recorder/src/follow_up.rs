//! How promises are followed up, by the tenant's policies: decided once, when they are recorded.

use aftercall_domain::commitment::PolicyRef;
use aftercall_domain::interaction::Surroundings;
use aftercall_domain::limits::WARNINGS_MAX;
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
        let Some(policy) = house.policy(&draft.facts(around(contact)))? else {
            continue;
        };
        let by = PolicyRef {
            policy_id: policy.id,
            version: u32::try_from(policy.version).unwrap_or(u32::MAX),
        };
        let needed: Vec<_> = policy.set.calendar_ids().collect();
        let calendars = house.calendars(&needed)?;
        let odd = draft.follow_up((by, &policy.set), contact.occurred_at, &calendars);
        let room = WARNINGS_MAX.saturating_sub(warnings.len());
        warnings.extend(odd.into_iter().take(room).map(|odd| Warning {
            field: format!("interaction.commitments[{index}]"),
            reason: WarningReason::Due(odd),
            count: 1,
            detail: String::new(),
        }));
    }
    contact.commitments = drafts;
    Ok(warnings)
}

/// What is around the promises of a contact.
pub(crate) fn around(contact: &Interaction) -> Surroundings<'_> {
    Surroundings {
        agent_id: &contact.agent_id,
        team_id: &contact.team_id,
        site_id: &contact.site_id,
        channel: Some(contact.channel),
        language: &contact.customer.language,
    }
}
