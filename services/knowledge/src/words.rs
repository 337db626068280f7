//! The words of a solution, as they are searched in.

use std::collections::BTreeSet;

use aftercall_proto::model::v1::Solution;
pub(crate) use aftercall_retrieval::words::tells;
use aftercall_retrieval::words::{Word, is_forgiven, words};
use aftercall_retrieval::{Part, Profile, WORDS_MAX};

/// A solution's words.
#[derive(Debug)]
pub(crate) struct Document {
    profile: Profile,
    spellings: BTreeSet<String>,
}

/// The pieces of text of a solution that are searched in.
pub(crate) fn pieces(solution: &Solution) -> Vec<(Part, &str)> {
    let title = std::iter::once((Part::Title, &solution.title));
    let questions = solution.question_in_customer_words.iter();
    let symptoms = solution.symptoms.iter();
    let environment = solution.environment.iter();
    title
        .chain(questions.map(|question| (Part::Question, question)))
        .chain(symptoms.map(|symptom| (Part::Symptom, symptom)))
        .chain(environment.map(|entry| (Part::Environment, &entry.value)))
        .chain([
            (Part::Resolution, &solution.resolution),
            (Part::CustomerWording, &solution.customer_wording),
        ])
        .map(|(part, text)| (part, text.as_str()))
        .collect()
}

/// The words of a solution; of a long one, the first.
pub(crate) fn document(solution: &Solution) -> Document {
    let pieces = pieces(solution).into_iter();
    let mut read: Vec<(Part, Vec<Word>)> = pieces.map(|(part, text)| (part, words(text))).collect();
    // The profile needs the terms alone.
    let all = read.iter_mut().flat_map(|(_, words)| words);
    let spellings = all
        .map(|word| std::mem::take(&mut word.spelling))
        .filter(|spelling| is_forgiven(spelling));
    let spellings: BTreeSet<String> = spellings.take(WORDS_MAX).collect();
    Document {
        spellings,
        profile: Profile::of_words(read),
    }
}

/// The terms of a text, in its order.
pub(crate) fn terms(text: &str) -> impl Iterator<Item = String> {
    words(text).into_iter().map(|word| word.term)
}

/// What of a solution may be read outside of the house, and is searched for there.
pub(crate) fn outside(solution: &Solution) -> Solution {
    Solution {
        title: solution.title.clone(),
        question_in_customer_words: solution.question_in_customer_words.clone(),
        customer_wording: solution.customer_wording.clone(),
        ..Solution::default()
    }
}

impl Document {
    /// How many words there are, those of titles and questions twice: the length that ranking
    /// reckons with.
    pub(crate) fn terms(&self) -> usize {
        self.profile.length() as usize
    }

    /// What ranking needs of them.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The words in which a slip is forgiven, as they are written.
    pub(crate) fn spellings(&self) -> &BTreeSet<String> {
        &self.spellings
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_that_are_read_once_are_those_of_each_piece(
            texts in prop::collection::vec("\\PC{0,60}", 0..5),
        ) {
            let solution = Solution {
                title: texts.concat(),
                resolution: texts.join(" "),
                question_in_customer_words: texts,
                ..Solution::default()
            };
            let (read, pieces) = (document(&solution), pieces(&solution));
            let all = pieces.iter().flat_map(|(_, text)| words(text));
            let spellings = all.map(|word| word.spelling);
            let spellings: BTreeSet<String> = spellings.filter(|word| is_forgiven(word)).collect();
            prop_assert_eq!(read.spellings(), &spellings);
            prop_assert_eq!(read.profile(), &Profile::of(pieces));
        }
    }
}
