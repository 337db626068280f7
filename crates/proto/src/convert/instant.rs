//! Instants in requests.

use aftercall_domain::{FieldPath, Violations};
use jiff::Timestamp;

use super::time;

/// An instant that may be left out.
pub(crate) fn optional(
    at: Option<pbjson_types::Timestamp>,
    path: FieldPath<'_>,
    found: &mut Violations,
) -> Option<Timestamp> {
    let read = time::from_wire(&at?);
    if read.is_none() {
        found.no_instant(path);
    }
    read
}

/// An instant that must be there. A stand-in is returned beside the violation.
pub(crate) fn required(
    at: Option<pbjson_types::Timestamp>,
    path: FieldPath<'_>,
    found: &mut Violations,
) -> Timestamp {
    if at.is_none() {
        found.required(path);
    }
    optional(at, path, found).unwrap_or(Timestamp::UNIX_EPOCH)
}
