//! What names a contact and its promises, beside the ids that callers give.

use uuid::Uuid;

use crate::ids::Namespace;

/// The id of a contact that the caller names by its reference in another system alone. It names the
/// contact, too, where the caller gives an id with the reference.
pub fn id_of_reference(tenant_id: &str, source_system: &str, external_id: &str) -> Uuid {
    let parts = [tenant_id, source_system, external_id].map(str::as_bytes);
    Namespace::Interaction.id(&parts)
}

/// The id of the promise at `index` of a contact's list, where the caller gives none.
pub fn commitment_id(tenant_id: &str, interaction_id: Uuid, index: usize) -> Uuid {
    let index = (index as u32).to_le_bytes();
    let parts = [tenant_id.as_bytes(), interaction_id.as_bytes(), &index];
    Namespace::Commitment.id(&parts)
}

/// Whether only [`commitment_id`] makes such ids: callers that name their promises themselves use
/// other versions, so that no name that follows from a contact is ever taken by another one.
pub fn is_ours(commitment_id: Uuid) -> bool {
    commitment_id.get_version_num() == 8
}
