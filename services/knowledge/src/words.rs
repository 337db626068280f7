//! The words of a solution, as they are searched in.

use std::collections::BTreeSet;

use aftercall_proto::model::v1::Solution;
pub(crate) use aftercall_retrieval::words::tells;
use aftercall_retrieval::words::{is_forgiven, words};
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
    let pieces = pieces(solution);
    let words = pieces.iter().flat_map(|(_, text)| words(text));
    let spellings = words
        .map(|word| word.spelling)
        .filter(|word| is_forgiven(word));
    Document {
        spellings: spellings.take(WORDS_MAX).collect(),
        profile: Profile::of(pieces),
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
