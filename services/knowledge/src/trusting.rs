//! How far trust moves solutions that were found: by what came of their uses, and by whether they were checked in time.

use aftercall_domain::solution::confidence::is_expired;
use aftercall_domain::solution::{Outcomes, rank_factor};
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::Confidence;
use aftercall_view::{ApplyError, Store};
use jiff::Timestamp;

use crate::evidence::standing;
use crate::heads;
use crate::records::timestamp;
use crate::stats::{self, Numbers};

/// By what the score of a solution is multiplied at an instant: see [`rank_factor`]. That of one that is not live is
/// not changed.
pub(crate) fn factor(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    now: Timestamp,
) -> Result<f32, ApplyError> {
    let standing = standing(store, tenant_id, solution_id)?;
    if !standing.is_live {
        return Ok(1.0);
    }
    let verify_by = standing.verify_by_us.map(timestamp);
    let is_expired = is_expired(verify_by.as_ref().and_then(from_wire), now);
    let version = standing.version;
    let uses = stats::version_uses(store, (tenant_id, solution_id), version)?;
    let (mut outcomes, mut is_validated) = (Outcomes::default(), false);
    // Most are not used yet: no more is looked up of those.
    if uses.links > uses.untraced {
        let numbers = Numbers::read(store, (tenant_id, solution_id), now)?;
        outcomes = numbers.outcomes_of(version, &uses);
        let live = heads::version(store, tenant_id, solution_id, version)?;
        is_validated = live.is_some_and(|live| live.confidence() == Confidence::Validated);
    }
    Ok(rank_factor(outcomes, is_validated, is_expired) as f32)
}
