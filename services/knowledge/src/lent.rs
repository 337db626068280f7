//! What candidates that were merged into a solution lent it.
//!
//! It stands beside the solution, as evidence, and is no edition of it: a version says what somebody wrote and
//! approved, and who was told of a version was told that. The solution is found by what was lent, and shows where it
//! comes from.

use std::cmp::Reverse;

use aftercall_proto::model::v1::{LentWords, Solution};
use aftercall_view::ApplyError;

use crate::fold::stored;
use crate::keys;
use crate::limits::{LENT_KEPT_MAX, LENT_MAX};
use crate::records::micros;
use crate::standing::Rows;

/// What a solution was lent.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Lent {
    #[prost(message, repeated, tag = "1")]
    all: Vec<LentOnce>,
}

/// What it was lent by one decision.
#[derive(Clone, PartialEq, prost::Message)]
struct LentOnce {
    #[prost(string, tag = "1")]
    reason_code: String,
    #[prost(uint64, tag = "2")]
    sequence: u64,
    #[prost(message, optional, tag = "3")]
    words: Option<LentWords>,
}

impl Lent {
    /// Takes in what one decision lent. The latest [`LENT_KEPT_MAX`] stay, in whatever order they come: more than are
    /// read, so that others take the place of what is taken back.
    pub(crate) fn add(&mut self, (reason_code, sequence): (&str, u64), words: LentWords) {
        self.all.push(LentOnce {
            reason_code: reason_code.to_owned(),
            sequence,
            words: Some(words),
        });
        self.all.sort_by_key(|once| {
            let merged_at = once
                .words
                .as_ref()
                .and_then(|words| words.merged_at.as_ref());
            (
                Reverse(micros(merged_at)),
                once.reason_code.clone(),
                once.sequence,
            )
        });
        self.all.truncate(LENT_KEPT_MAX);
    }

    /// Takes back what one decision lent.
    pub(crate) fn remove(&mut self, (reason_code, sequence): (&str, u64)) {
        self.all
            .retain(|once| (once.reason_code.as_str(), once.sequence) != (reason_code, sequence));
    }
}

/// What was lent a solution, the latest first: at most [`LENT_MAX`].
pub(crate) fn read(
    rows: &impl Rows,
    tenant_id: &str,
    solution_id: &str,
) -> Result<Vec<LentWords>, ApplyError> {
    let lent: Option<Lent> = stored(rows.row(&keys::lent(tenant_id, solution_id))?)?;
    let all = lent.unwrap_or_default().all.into_iter();
    Ok(all.filter_map(|once| once.words).take(LENT_MAX).collect())
}

/// A solution as it is searched in: with the words that it was lent.
pub(crate) fn with_words(mut solution: Solution, lent: &[LentWords]) -> Solution {
    let wordings = lent.iter().map(|lent| &lent.customer_wording);
    let wordings = wordings.filter(|words| !words.is_empty()).cloned();
    solution.question_in_customer_words.extend(wordings);
    for lent in lent {
        solution.resolution.push('\n');
        solution.resolution.push_str(&lent.resolution);
    }
    solution
}
