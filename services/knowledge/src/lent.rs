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
    /// The words; none where they were taken back.
    #[prost(message, optional, tag = "3")]
    words: Option<LentWords>,
    #[prost(sint64, tag = "4")]
    merged_at_us: i64,
}

/// Where what was lent stands: the latest first, and of one instant by the decision that lent it. No two are equal.
type Place<'l> = (Reverse<i64>, &'l str, u64);

impl LentOnce {
    fn place(&self) -> Place<'_> {
        (Reverse(self.merged_at_us), &self.reason_code, self.sequence)
    }
}

impl Lent {
    /// Takes in what one decision lent. Of all that was ever lent the latest [`LENT_KEPT_MAX`] keep their places: more than
    /// are read, so that others are read in the place of what is taken back.
    pub(crate) fn add(&mut self, (reason_code, sequence): (&str, u64), words: LentWords) {
        let once = LentOnce {
            reason_code: reason_code.to_owned(),
            sequence,
            merged_at_us: micros(words.merged_at.as_ref()),
            words: Some(words),
        };
        let at = self.all.partition_point(|kept| kept.place() < once.place());
        self.all.insert(at, once);
        self.all.truncate(LENT_KEPT_MAX);
    }

    /// Takes back what one decision lent. Its place stays, empty: decisions on several reasons come in any order, and what
    /// this one pushed out would have stayed if it had come later.
    pub(crate) fn remove(&mut self, (reason_code, sequence): (&str, u64)) {
        let mut all = self.all.iter_mut();
        let one = all.find(|once| (&*once.reason_code, once.sequence) == (reason_code, sequence));
        if let Some(once) = one {
            once.words = None;
        }
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

#[cfg(test)]
mod tests {
    use pbjson_types::Timestamp;
    use proptest::prelude::*;

    use super::*;

    /// What is decided on the candidates of one reason, in its order: at which instant something is lent, and whether it is
    /// taken back right after.
    type Decided = Vec<(i64, bool)>;

    /// Something of a reason that is done: by its sequence, lent at an instant, or taken back.
    type Step = (String, u64, Option<i64>);

    fn steps(reason: usize, decided: &[(i64, bool)]) -> Vec<Step> {
        let reason = format!("reason-{reason}");
        let decided = (1..).zip(decided);
        decided
            .flat_map(|(sequence, (at_s, is_taken_back))| {
                let lent = (reason.clone(), sequence, Some(*at_s));
                let taken_back = is_taken_back.then(|| (reason.clone(), sequence, None));
                std::iter::once(lent).chain(taken_back)
            })
            .collect()
    }

    fn words(reason: &str, sequence: u64, at_s: i64) -> LentWords {
        LentWords {
            resolution: format!("{reason} {sequence}"),
            merged_at: Some(Timestamp {
                seconds: at_s,
                nanos: 0,
            }),
            ..LentWords::default()
        }
    }

    fn after(steps: impl IntoIterator<Item = Step>) -> Lent {
        let mut lent = Lent::default();
        for (reason, sequence, at_s) in steps {
            match at_s {
                Some(at_s) => {
                    lent.add((&reason, sequence), words(&reason, sequence, at_s));
                }
                None => lent.remove((&reason, sequence)),
            }
        }
        lent
    }

    fn decided() -> impl Strategy<Value = Vec<Decided>> {
        // Many at one instant, and more than are kept.
        let of_reason = prop::collection::vec((0..40_i64, any::<bool>()), 0..120);
        prop::collection::vec(of_reason, 1..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_kept_is_the_same_in_every_order_of_the_reasons(
            decided in decided(),
            turns in prop::collection::vec(0..5_usize, 600),
        ) {
            let all: Vec<_> = decided.iter().enumerate().map(|(reason, one)| steps(reason, one)).collect();
            let mut rest: Vec<_> = all.iter().cloned().map(Vec::into_iter).collect();
            let mut mixed: Vec<Step> = Vec::new();
            for turn in turns {
                let turn = turn % rest.len();
                mixed.extend(rest[turn].next());
            }
            mixed.extend(rest.into_iter().flatten());
            let lent = after(mixed);
            prop_assert_eq!(&lent, &after(all.iter().rev().flatten().cloned()));
            // The latest of all that was ever lent, less what was taken back.
            let mut expected: Vec<(Reverse<i64>, String, u64)> = all.iter().flatten()
                .filter_map(|(reason, sequence, at_s)| Some((Reverse((*at_s)?), reason.clone(), *sequence)))
                .collect();
            expected.sort();
            expected.truncate(LENT_KEPT_MAX);
            expected.retain(|(_, reason, sequence)| !all.iter().flatten()
                .any(|step| *step == (reason.clone(), *sequence, None)));
            let expected: Vec<String> = expected.into_iter()
                .map(|(_, reason, sequence)| format!("{reason} {sequence}"))
                .collect();
            let kept = lent.all.into_iter().filter_map(|once| once.words);
            prop_assert_eq!(kept.map(|words| words.resolution).collect::<Vec<_>>(), expected);
        }
    }
}
