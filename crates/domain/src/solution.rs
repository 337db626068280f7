//! Solutions: which solved cases belong together, what they and their solution are called, and what
//! a publisher's draft may say.
//!
//! A *case* is an interaction whose primary reason was resolved, with words on how. Cases with the
//! same reason and the same answer make a *candidate*; a candidate that somebody vouches for becomes
//! a *solution*. Ids are derived, so that every reader of the log draws the same, and two people
//! who promote one candidate make one solution.

mod answer;
mod audience;
pub mod confidence;
mod content;
pub mod correction;
mod decide;
pub mod diff;
mod draft;
mod life;
mod number;
mod outcomes;
mod readability;
pub mod review;
mod rights;
mod trust;

use uuid::Uuid;

use crate::ids::Namespace;

pub use answer::as_read;
pub use audience::{
    Addressed, Audience, Governance, HarmClass, Reader, fits_contact, fits_language,
};
pub use content::{Content, Source};
pub use decide::{Decided, Refused};
pub use draft::Draft;
pub use life::{Change, End, Life, Open, Turn, VersionState};
pub use number::SolutionNumber;
pub use outcomes::{Outcomes, RETURN_DAYS, RETURN_DAYS_MAX, day_of_return, known_at};
pub use readability::hard_to_read;
pub use rights::{Actor, Barred, Right, Rights, Work};
pub use trust::{Checked, RANK_FACTOR_MAX, RANK_FACTOR_MIN, rank_factor};

/// The id of the candidate that the case belongs to; none for a case that teaches nothing, because
/// it has no reason or no words.
pub fn candidate_id(tenant_id: &str, reason_code: &str, resolution: &str) -> Option<Uuid> {
    let answer = as_read(resolution)?;
    let has_reason = !reason_code.is_empty();
    let parts = [tenant_id, reason_code, &answer];
    has_reason.then(|| Namespace::Candidate.id(&parts.map(str::as_bytes)))
}

/// The id of a solution that is begun with a blank page, of the request that begins it.
pub fn drafted_id(tenant_id: &str, actor_id: &str, request_id: &str) -> Uuid {
    let parts = [tenant_id, "drafted", actor_id, request_id];
    Namespace::Solution.id(&parts.map(str::as_bytes))
}

/// The id of the solution that is made of a candidate.
pub fn solution_id(tenant_id: &str, candidate_id: &str) -> Uuid {
    Namespace::Solution.id(&[tenant_id, candidate_id].map(str::as_bytes))
}

#[cfg(test)]
mod tests;
