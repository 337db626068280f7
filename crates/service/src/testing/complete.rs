//! Answers that say how far they are complete.

use aftercall_proto::convert::time::from_wire;
use jiff::{SignedDuration, Timestamp};
use pbjson_types::Timestamp as WireTimestamp;

/// No test takes as long.
const LONG: SignedDuration = SignedDuration::from_hours(1);

/// Whether an answer, given at `now` by a clock that stands still, says how far it is complete: by a position, and by a
/// time that has come.
pub fn is_complete(position: &str, at: Option<&WireTimestamp>, now: Timestamp) -> bool {
    let ago = at.and_then(from_wire).map(|at| now.duration_since(at));
    !position.is_empty() && ago.is_some_and(|ago| (SignedDuration::ZERO..LONG).contains(&ago))
}
