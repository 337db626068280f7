//! The keys of what the view knows of solutions' versions.
//!
//! ```text
//!  tag  key                                                         value
//!  20   tenant, solution                                            Head
//!  21   tenant, solution, version                                   Solution
//!  22   tenant, solution, sequence                                  SolutionChange
//!  23   tenant, solution, the one that was merged into it           -
//!  24, 25  what requests did: see [`CHANGES`]
//!  26   from when, tenant, solution                                 the approved version (u32)
//!  27   tenant, partition, offset, solution                         - (an event there changed whether it is found)
//!  28   tenant, number, solution                                    -
//!  29   tenant, band of forms (u64), solution                       - (of what is live)
//! ```

use aftercall_ledger::requests::Requests;
use aftercall_log::Position;
use aftercall_view::key::{Key, MalformedKey, Parts};

/// Changes of solutions, by request. Their answer is the version that they were of.
pub(crate) const CHANGES: Requests = Requests::new(24, 25);

const HEAD: u8 = 20;
const VERSION: u8 = 21;
const CHANGE: u8 = 22;
const SOURCE: u8 = 23;
const SCHEDULED: u8 = 26;
const STIRRED: u8 = 27;
const NUMBERED: u8 = 28;
const BAND: u8 = 29;

/// How a solution stands.
pub(crate) fn head(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(HEAD).text(tenant_id).text(solution_id)
}

/// All versions of a solution, the first one first.
pub(crate) fn all_versions(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(VERSION).text(tenant_id).text(solution_id)
}

/// One of them.
pub(crate) fn version(tenant_id: &str, solution_id: &str, version: u32) -> Key {
    all_versions(tenant_id, solution_id).u32(version)
}

/// All that was done to a solution, the first first.
pub(crate) fn all_changes(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(CHANGE).text(tenant_id).text(solution_id)
}

/// One of it.
pub(crate) fn change(tenant_id: &str, solution_id: &str, sequence: u64) -> Key {
    all_changes(tenant_id, solution_id).u64(sequence)
}

/// All solutions that were merged into one.
pub(crate) fn all_sources(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(SOURCE).text(tenant_id).text(solution_id)
}

/// One of them.
pub(crate) fn source(tenant_id: &str, solution_id: &str, source_id: &str) -> Key {
    all_sources(tenant_id, solution_id).text(source_id)
}

/// The source in a key of [`source`].
pub(crate) fn read_source(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.text()?;
    parts.text()
}

/// All approved versions that wait for their time, the first first.
pub(crate) fn all_scheduled() -> Key {
    Key::new(SCHEDULED)
}

/// One of them.
pub(crate) fn scheduled(from_us: i64, tenant_id: &str, solution_id: &str) -> Key {
    all_scheduled()
        .time(from_us)
        .text(tenant_id)
        .text(solution_id)
}

/// When, of which tenant and which solution, from a key of [`scheduled`].
pub(crate) fn read_scheduled(key: &[u8]) -> Result<(i64, String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    Ok((parts.time()?, parts.text()?, parts.text()?))
}

/// The solutions of a tenant that may be found, or not, since an event, by where that stands in the log.
pub(crate) fn all_stirred(tenant_id: &str) -> Key {
    Key::new(STIRRED).text(tenant_id)
}

/// Those of one event, and of all after it in its partition.
pub(crate) fn stirred_from(tenant_id: &str, at: Position) -> Key {
    all_stirred(tenant_id).u32(at.partition).u64(at.offset)
}

/// One of them.
pub(crate) fn stirred(tenant_id: &str, at: Position, solution_id: &str) -> Key {
    stirred_from(tenant_id, at).text(solution_id)
}

/// Where the event stands, and the solution, from a key of [`stirred`] under [`all_stirred`].
pub(crate) fn read_stirred(key: &[u8], all: &[u8]) -> Result<(Position, String), MalformedKey> {
    let mut parts = Parts::new(key.strip_prefix(all).ok_or(MalformedKey)?);
    let (partition, offset) = (parts.u32()?, parts.u64()?);
    let position = Position { partition, offset };
    Ok((position, parts.text()?))
}

/// The solutions that have a number: one, but for the rarest of chances.
pub(crate) fn all_numbered(tenant_id: &str, number: &str) -> Key {
    Key::new(NUMBERED).text(tenant_id).text(number)
}

/// One of them.
pub(crate) fn numbered(tenant_id: &str, number: &str, solution_id: &str) -> Key {
    all_numbered(tenant_id, number).text(solution_id)
}

/// The solution in a key of [`numbered`].
pub(crate) fn read_numbered(key: &[u8]) -> Result<String, MalformedKey> {
    // It stands where the source does in a key of [`source`].
    read_source(key)
}

/// The live solutions whose forms stand in a band.
pub(crate) fn band(tenant_id: &str, band: u64) -> Key {
    Key::new(BAND).text(tenant_id).u64(band)
}

/// One of them.
pub(crate) fn in_band(tenant_id: &str, of: u64, solution_id: &str) -> Key {
    band(tenant_id, of).text(solution_id)
}

/// The solution in a key of [`in_band`].
pub(crate) fn read_in_band(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.u64()?;
    parts.text()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_read_back(tenant in ".{0,8}", id in ".{0,8}", at in any::<i64>()) {
            prop_assert_eq!(read_source(&source(&tenant, "s", &id)), Ok(id.clone()));
            prop_assert_eq!(read_numbered(&numbered(&tenant, "n", &id)), Ok(id.clone()));
            let in_band = in_band(&tenant, at.unsigned_abs(), &id);
            prop_assert_eq!(read_in_band(&in_band), Ok(id.clone()));
            let position = Position { partition: 7, offset: at.unsigned_abs() };
            let stirred = stirred(&tenant, position, &id);
            prop_assert_eq!(read_stirred(&stirred, &all_stirred(&tenant)), Ok((position, id.clone())));
            let scheduled = scheduled(at, &tenant, &id);
            prop_assert_eq!(read_scheduled(&scheduled), Ok((at, tenant.clone(), id.clone())));
        }
    }
}
