//! A candidate says the same as a solution: what it lends it.

use aftercall_domain::solution::fits_contact;
use aftercall_proto::event::v1::CandidatesMerged;
use aftercall_proto::model::v1::{Candidate, LentWords, Solution};
use aftercall_view::{Direction, Store};
use jiff::Timestamp;
use prost::Message;

use crate::failure::{Error, Unsolved};
use crate::keys;
use crate::limits::{CANDIDATE_CASES_MAX, LENT_BYTES_MAX};
use crate::reader::Viewer;
use crate::records::Case;
use crate::versions::Standing;

/// The merge of candidates: their words without what is personal, and their cases, of those that the reviewer reads.
pub(super) fn merged(
    (store, now): (&Store, Timestamp),
    viewer: &Viewer,
    (solution_id, candidate): (&str, &Candidate),
    candidate_ids: Vec<String>,
) -> Result<CandidatesMerged, Error> {
    let solution = target(store, viewer, solution_id, now)?;
    for interaction_id in candidate.interaction_ids.iter().take(CANDIDATE_CASES_MAX) {
        is_for(store, viewer, &solution, interaction_id)?;
    }
    Ok(CandidatesMerged {
        candidate_ids,
        solution_id: solution_id.to_owned(),
        lent: Some(LentWords {
            candidate_id: candidate.candidate_id.clone(),
            customer_wording: beginning(&candidate.customer_wording),
            resolution: beginning(&candidate.resolution),
            interaction_ids: candidate.interaction_ids.clone(),
            case_count: candidate.case_count,
            ..LentWords::default()
        }),
    })
}

/// The solution as the reviewer reads it. What is not live answers nothing: what was merged into it would be lost.
fn target(
    store: &Store,
    viewer: &Viewer,
    solution_id: &str,
    now: Timestamp,
) -> Result<Solution, Error> {
    let standing = Standing::of(store, viewer, solution_id, now)?;
    let standing = standing.ok_or(Error::SolutionNotFound)?;
    let solution = viewer.given(standing.known_by()?);
    let solution = solution.ok_or(Error::SolutionNotFound)?;
    let live = standing.life.take_in();
    live.map_err(|refused| standing.refused(refused))?;
    Ok(solution)
}

/// Refuses to lend a client's solution the words of another client's customers.
fn is_for(
    store: &Store,
    viewer: &Viewer,
    solution: &Solution,
    interaction_id: &str,
) -> Result<(), Error> {
    let cases = keys::cases(viewer.tenant_id(), interaction_id);
    for entry in store.scan_prefix(cases, Direction::Ascending) {
        let case = Case::decode(entry?.1).map_err(Error::internal)?;
        let client = (&*case.client_account_id, "");
        if !fits_contact((&solution.client_account_id, ""), client) {
            return Err(Unsolved::AcrossClients.into());
        }
    }
    Ok(())
}

/// As much of a text as a solution is lent.
fn beginning(text: &str) -> String {
    text[..text.floor_char_boundary(LENT_BYTES_MAX)].to_owned()
}
