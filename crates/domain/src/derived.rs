//! Ids that follow from what they name, so that a repetition and a replay draw them again.

use uuid::Uuid;

/// The id that follows from `parts` within `namespace` (UUID version 8): the same parts give the
/// same id in every process and for ever. Parts are framed by their length, so `["ab", "c"]` and
/// `["a", "bc"]` differ.
pub fn derived(namespace: &str, parts: &[&[u8]]) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    for part in std::iter::once(&namespace.as_bytes()).chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    Uuid::new_v8(bytes)
}
