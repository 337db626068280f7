//! Room on a disk.

use std::path::Path;

/// How many bytes are free where `dir` is, for whoever is not root; none if the system does not say. A
/// quota is not seen here.
pub(crate) fn free_bytes(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether `bytes` are free where `dir` is. True if the system does not say.
pub(crate) fn has(dir: &Path, bytes: u64) -> bool {
    free_bytes(dir).is_none_or(|free| free >= bytes)
}
