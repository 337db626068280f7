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
    marked(Namespace::Commitment.id(&parts))
}

/// The id of a promise that is made after its contact, or without one: of the request that makes it. It carries the
/// mark of ours, so no record can bring it, and a recorder need not know which promises are being made meanwhile.
pub fn made_commitment_id(tenant_id: &str, actor_id: &str, request_id: &str) -> Uuid {
    let parts = [tenant_id, actor_id, request_id].map(str::as_bytes);
    marked(Namespace::MadeCommitment.id(&parts))
}

/// The id of the promise to call back after a contact that was cut off, which was recorded under `log_key`: there is
/// one at most. It carries the mark of ours, too.
pub fn drop_recovery_id(log_key: &[u8], interaction_id: &str) -> Uuid {
    marked(Namespace::DropRecovery.id(&[log_key, interaction_id.as_bytes()]))
}

/// The id of the promise to put right what somebody was told by a version of a solution that was recalled; it stands
/// under `log_key`, which is theirs. There is one at most for each version, and it carries the mark of ours, too.
pub fn correction_id(log_key: &[u8], solution_id: &str, version: u32) -> Uuid {
    let version = version.to_le_bytes();
    marked(Namespace::Correction.id(&[log_key, solution_id.as_bytes(), &version]))
}

/// The id of the promise of a series that has this number: of the log key under which all of the series stands, because
/// two customers' promises may have one id. It carries the mark of ours, as that of a promise that is made later does.
pub fn occurrence_commitment_id(log_key: &[u8], series_id: &str, number: u32) -> Uuid {
    let number = number.to_le_bytes();
    marked(Namespace::Occurrence.id(&[log_key, series_id.as_bytes(), &number]))
}

fn marked(id: Uuid) -> Uuid {
    let mut bytes = id.into_bytes();
    let mark = mark(&bytes);
    bytes[MARK_AT..].copy_from_slice(&mark);
    Uuid::from_bytes(bytes)
}

/// Whether we derived the id, from whichever contact or request: its last four bytes follow from the
/// others. An id of another origin passes for one once in four billion. So no name that follows from
/// a contact is ever taken by another one, and callers may use whatever ids they have.
pub fn is_ours(commitment_id: Uuid) -> bool {
    let bytes = commitment_id.as_bytes();
    bytes[MARK_AT..] == mark(bytes)
}

/// Where in a derived id its mark begins. What is before it tells 2^45 promises apart.
const MARK_AT: usize = 12;

fn mark(id: &[u8; 16]) -> [u8; 4] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"aftercall.commitment.mark");
    hasher.update(&id[..MARK_AT]);
    let mut mark = [0; 4];
    hasher.finalize_xof().fill(&mut mark);
    mark
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_derived_id_is_known_as_one_and_any_other_is_not(contact: u128, index in 0_usize..50, other: u128) {
            let derived = commitment_id("acme", Uuid::from_u128(contact), index);
            prop_assert_eq!(derived.get_version_num(), 8);
            prop_assert!(is_ours(derived));
            prop_assert!(!is_ours(Uuid::from_u128(other)));
            prop_assert!(!is_ours(Namespace::Commitment.id(&[&other.to_le_bytes()])));
            prop_assert!(!is_ours(Uuid::from_u128(derived.as_u128() ^ 1)));
        }
    }
}
