//! A candidate says the same as a solution: what it lends it.

use aftercall_domain::Scope;
use aftercall_proto::event::v1::CandidatesMerged;
use aftercall_proto::model::v1::{Candidate, LentWords};
use aftercall_view::Store;
use jiff::Timestamp;

use crate::failure::Error;
use crate::limits::LENT_BYTES_MAX;
use crate::solutions;

/// The merge of candidates: their words without what is personal, and their cases, of those that the reviewer reads.
pub(super) fn merged(
    store: &Store,
    whose: (&str, &Scope),
    (solution_id, candidate): (&str, &Candidate),
    candidate_ids: Vec<String>,
    now: Timestamp,
) -> Result<CandidatesMerged, Error> {
    if solutions::find(store, whose, solution_id, now)?.is_none() {
        return Err(Error::SolutionNotFound);
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

/// As much of a text as a solution is lent.
fn beginning(text: &str) -> String {
    text[..text.floor_char_boundary(LENT_BYTES_MAX)].to_owned()
}
