//! What a record leaves to the server: ids and defaults. Decided once, when it is written.

use aftercall_domain::interaction::{Segment, commitment_id, id_of_reference};
use aftercall_domain::{CommitmentId, Interaction, InteractionId, SolutionId};
use aftercall_service::Ids;
use uuid::Uuid;

use crate::follow_up::around;

/// How an interaction came by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// The caller knows the id, or can derive it again: it may have been sent before.
    ByCaller(Uuid),
    /// The server drew it just now.
    ByServer(Uuid),
}

impl Named {
    pub(crate) const fn id(self) -> Uuid {
        match self {
            Self::ByCaller(id) | Self::ByServer(id) => id,
        }
    }
}

/// Fills in the ids and defaults of a checked record, in place. The same record gets the same ones
/// whenever it is sent, except for an interaction that nothing names.
///
/// # Errors
/// When an id is not a UUID, which the check has ruled out.
pub(crate) fn resolve(
    interaction: &mut Interaction,
    tenant_id: &str,
    ids: &dyn Ids,
) -> Result<Named, uuid::Error> {
    let named = name(interaction, tenant_id, ids)?;
    let id = named.id();
    interaction.interaction_id = id.to_string();
    let previous = &mut interaction.previous_interaction_id;
    *previous = InteractionId::read(previous).into_string();
    for solution in &mut interaction.solution_uses {
        solution.solution_id = SolutionId::read(&solution.solution_id).into_string();
    }
    for followed in &mut interaction.follow_ups {
        followed.commitment_id = CommitmentId::read(&followed.commitment_id).into_string();
    }
    interaction.recorded_at = None;
    interaction.version = 0;
    place(interaction);
    let mut drafts = std::mem::take(&mut interaction.commitments);
    for (index, draft) in drafts.iter_mut().enumerate() {
        if draft.commitment_id.is_empty() {
            draft.commitment_id = commitment_id(tenant_id, id, index).to_string();
        }
        draft.commitment_id = CommitmentId::read(&draft.commitment_id).into_string();
        draft.settle(around(interaction));
    }
    interaction.commitments = drafts;
    Ok(named)
}

/// Says of which team and site the agent was, where only the agent's segments do: what follows from the record
/// is theirs.
fn place(interaction: &mut Interaction) {
    if interaction.agent_id.is_empty() {
        return;
    }
    let first = |of: fn(&Segment) -> &String| {
        let own = interaction.segments.iter();
        let own = own.filter(|segment| segment.agent_id == interaction.agent_id);
        let named = own.map(of).find(|id| !id.is_empty());
        named.cloned().unwrap_or_default()
    };
    let (team_id, site_id) = (first(|own| &own.team_id), first(|own| &own.site_id));
    for (said, found) in [
        (&mut interaction.team_id, team_id),
        (&mut interaction.site_id, site_id),
    ] {
        if said.is_empty() {
            *said = found;
        }
    }
}

fn name(interaction: &Interaction, tenant_id: &str, ids: &dyn Ids) -> Result<Named, uuid::Error> {
    if !interaction.interaction_id.is_empty() {
        return Uuid::try_parse(&interaction.interaction_id).map(Named::ByCaller);
    }
    Ok(match &interaction.external_ref {
        Some(external) => Named::ByCaller(id_of_reference(
            tenant_id,
            &external.source_system,
            &external.external_id,
        )),
        None => Named::ByServer(ids.uuid_v7()),
    })
}
