//! Customers that turn out to be one: merged, and unmerged again.
//!
//! A merge joins two ids without changing either: whoever asks for one is shown both. So it can be
//! undone, and the order in which merges of different customers are read makes no difference.

use std::collections::BTreeSet;

use crate::interaction::check_id;
use crate::limits::MERGES_MAX;
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// The merges of a customer, of those events that name it first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merges {
    /// 0 at first, one more with each merge and unmerge that counts.
    pub version: u64,
    /// Those with whom the customer is one.
    pub merged: BTreeSet<String>,
}

/// What happens to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeStep<'e> {
    /// The other customer is the same.
    Merge(&'e str),
    /// The other customer isn't the same after all.
    Unmerge(&'e str),
}

/// Why a merge or unmerge does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeRefused {
    /// Another event took its place in the sequence.
    NotNext,
    /// The two are merged already.
    Merged,
    /// The two are not merged.
    NotMerged,
    /// There are as many merges as a customer may have.
    TooMany,
}

impl Merges {
    /// Whether the step may be taken now.
    ///
    /// # Errors
    /// Why not.
    pub fn decide(&self, step: MergeStep<'_>) -> Result<(), MergeRefused> {
        match step {
            MergeStep::Merge(other) if self.merged.contains(other) => Err(MergeRefused::Merged),
            MergeStep::Merge(_) if self.merged.len() >= MERGES_MAX => Err(MergeRefused::TooMany),
            MergeStep::Unmerge(other) if !self.merged.contains(other) => {
                Err(MergeRefused::NotMerged)
            }
            MergeStep::Merge(_) | MergeStep::Unmerge(_) => Ok(()),
        }
    }

    /// Applies the step that the event with this sequence says.
    ///
    /// # Errors
    /// Why it does not count; then nothing has changed.
    pub fn apply(&mut self, sequence: u64, step: MergeStep<'_>) -> Result<(), MergeRefused> {
        if Some(sequence) != self.version.checked_add(1) {
            return Err(MergeRefused::NotNext);
        }
        self.decide(step)?;
        self.version = sequence;
        match step {
            MergeStep::Merge(other) => self.merged.insert(other.to_owned()),
            MergeStep::Unmerge(other) => self.merged.remove(other),
        };
        Ok(())
    }

    /// Something happens that only a later version understands.
    ///
    /// # Errors
    /// When another event took its place in the sequence.
    pub fn pass_over(&mut self, sequence: u64) -> Result<(), MergeRefused> {
        if Some(sequence) != self.version.checked_add(1) {
            return Err(MergeRefused::NotNext);
        }
        self.version = sequence;
        Ok(())
    }
}

/// Checks the two customers of a request, at its fields `customer_id` and `merged_customer_id`.
pub fn check_pair(customer_id: &str, merged_customer_id: &str, found: &mut Violations) {
    let at = FieldPath::of("customer_id");
    check_id(at, customer_id, found);
    let other = FieldPath::of("merged_customer_id");
    check_id(other, merged_customer_id, found);
    if customer_id == merged_customer_id && !customer_id.is_empty() {
        let text = "is the same customer; give another one";
        found.add(other, Reason::Conflicting, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_is_undone_and_counts_once() {
        let mut merges = Merges::default();
        merges.apply(1, MergeStep::Merge("b")).unwrap();
        let once = merges.clone();
        for (sequence, step, refused) in [
            (1, MergeStep::Merge("c"), MergeRefused::NotNext),
            (3, MergeStep::Merge("c"), MergeRefused::NotNext),
            (2, MergeStep::Merge("b"), MergeRefused::Merged),
            (2, MergeStep::Unmerge("c"), MergeRefused::NotMerged),
        ] {
            assert_eq!(merges.apply(sequence, step), Err(refused), "{step:?}");
            assert_eq!(merges, once);
        }
        merges.pass_over(2).unwrap();
        merges.apply(3, MergeStep::Unmerge("b")).unwrap();
        assert_eq!((merges.version, merges.merged.len()), (3, 0));
        merges.apply(4, MergeStep::Merge("b")).unwrap();
        assert!(merges.merged.contains("b"));
    }

    #[test]
    fn merges_are_bounded() {
        let mut merges = Merges::default();
        for (sequence, n) in (1..).zip(0..MERGES_MAX) {
            let other = n.to_string();
            merges.apply(sequence, MergeStep::Merge(&other)).unwrap();
        }
        let more = merges.decide(MergeStep::Merge("more"));
        assert_eq!(more, Err(MergeRefused::TooMany));
        merges.decide(MergeStep::Unmerge("0")).unwrap();
    }

    #[test]
    fn a_customer_is_not_merged_with_itself_or_nobody() {
        let mut found = Violations::new();
        check_pair("a", "a", &mut found);
        check_pair("", " b", &mut found);
        let said = found.as_slice().iter();
        let said: Vec<_> = said.map(|one| (&*one.field, one.reason)).collect();
        assert_eq!(
            said,
            [
                ("merged_customer_id", Reason::Conflicting),
                ("customer_id", Reason::Required),
                ("merged_customer_id", Reason::Malformed),
            ]
        );
    }
}
