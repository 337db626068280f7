//! What is known of how well solutions work, and what follows from it: who was told them, flags, reviews, trust, and
//! recalls.

mod acts;
mod flags;
mod per_version;
mod recalled;
mod review;
mod server;
mod told;

use aftercall_domain::solution::confidence::{is_expired, leaves_public_at};
use aftercall_domain::{SolutionId, Violations};
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::{ConfidenceCause, Governance, Solution, VerificationState};
use aftercall_service::Checker;
use aftercall_view::{ApplyError, Store};
use jiff::Timestamp;

use crate::failure::Error;
use crate::fold::stored;
use crate::heads::{self, Head};
use crate::keys::evidence as keys;
use crate::limits::PAGE;
use crate::reader::Viewer;
use crate::records::{Standing, timestamp};

pub use server::EvidenceGrpc;

/// The id of the solution of which a page is asked for, and how long that may be.
fn asked(solution_id: &str, page_size: i32) -> Result<(String, usize), Violations> {
    let mut checker = Checker::new();
    checker.required_id("solution_id", solution_id);
    let size = checker.count("page_size", page_size, PAGE);
    checker.done((SolutionId::read(solution_id).into_string(), size))
}

/// How far a solution is trusted.
pub(crate) fn standing(
    store: &Store,
    tenant_id: &str,
    solution_id: &str,
) -> Result<Standing, ApplyError> {
    let standing = store.get(keys::standing(tenant_id, solution_id))?;
    Ok(stored(standing)?.unwrap_or_default())
}

/// Says in a version that is shown what is known of it at `now`: why it is trusted, and whether its verification has
/// expired.
pub(crate) fn dress(
    store: &Store,
    tenant_id: &str,
    solution: &mut Solution,
    now: Timestamp,
) -> Result<(), ApplyError> {
    let verification = verification(solution, now);
    solution.set_verification_state(verification);
    let standing = standing(store, tenant_id, &solution.solution_id)?;
    if standing.version != solution.version {
        return Ok(());
    }
    solution.open_flag_count = standing.open_flags;
    if standing.cause != i32::from(ConfidenceCause::Unspecified) {
        solution.confidence_cause = standing.cause;
        solution.confidence_changed_at = Some(timestamp(standing.changed_at_us));
    }
    for source in &mut solution.sources {
        let mut known = standing.sources.iter();
        if let Some(known) = known.find(|known| known.uri == source.uri) {
            source.content_hash.clone_from(&known.content_hash);
            source.checked_at = known.checked_at;
        }
    }
    Ok(())
}

/// Whether a version was checked in time.
pub(crate) fn verification(solution: &Solution, now: Timestamp) -> VerificationState {
    let Some(verify_by) = solution.verify_by.as_ref().and_then(from_wire) else {
        return VerificationState::Unspecified;
    };
    if !is_expired(Some(verify_by), now) {
        return VerificationState::Current;
    }
    let is_compliance = solution.governance() == Governance::ComplianceBased;
    match is_compliance && leaves_public_at(verify_by) < now {
        true => VerificationState::Withdrawn,
        false => VerificationState::Expired,
    }
}

/// A solution that is there for somebody: how it stands, and the version that is live, or was last.
fn seen(store: &Store, viewer: &Viewer, solution_id: &str) -> Result<(Head, Solution), Error> {
    let tenant_id = viewer.tenant_id();
    let head = Head::read(store, tenant_id, solution_id).map_err(Error::internal)?;
    let head = head.ok_or(Error::SolutionNotFound)?;
    let shown = match head.shown_version {
        0 => head.latest_version,
        shown => shown,
    };
    let version = heads::version(store, tenant_id, solution_id, shown).map_err(Error::internal)?;
    let version = version.and_then(|version| viewer.given(version));
    Ok((head, version.ok_or(Error::SolutionNotFound)?))
}
