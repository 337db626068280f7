//! From texts to the terms that are compared: words as [`aftercall_domain::words`] reads them,
//! stemmed, and sorted by how much they tell.
//!
//! Of scripts that put no spaces between words, two neighbouring characters are a term: one by
//! itself tells as much as a letter does elsewhere.
//!
//! Words such as "the" tell nothing and are dropped. Words such as "how" or "please" tell little in
//! a customer's question, and much now and then: they count for a third, and a solution that shares
//! nothing else with a text isn't suggested.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use aftercall_domain::words::Words;
use aftercall_proto::model::v1::Solution;
use tantivy::tokenizer::{
    Language, RemoveLongFilter, Stemmer, StopWordFilter, TextAnalyzer, WhitespaceTokenizer,
};

use crate::limits::{SOLUTION_TERMS_MAX, WORD_BYTES_MAX};

/// Words that are dropped; the last line are the ends of "it's", "don't", "we'll".
const SILENT: &str = "a an and are as at be but by for if in into is it no not of on or such that \
    the their then there these they this to was will with i me my we us our you your he she his \
    her its them am were been have has had do does did \
    s t d m ll ve re";

/// Words that count less.
const FAINT: &str = "about again also any being can cannot cant could doing dont don doesn didn \
    isn aren wasn weren hasn haven hadn won wouldn couldn shouldn from having him how im ive just \
    may might must please shall should so some than too very what when where which who whom why \
    would";

/// How much a faint word counts beside another.
const FAINT_WEIGHT: f32 = 0.33;

static ANALYZER: LazyLock<TextAnalyzer> = LazyLock::new(|| {
    TextAnalyzer::builder(WhitespaceTokenizer::default())
        .filter(RemoveLongFilter::limit(WORD_BYTES_MAX))
        .filter(StopWordFilter::remove(
            SILENT.split_whitespace().map(str::to_owned),
        ))
        .filter(Stemmer::new(Language::English))
        .build()
});

static FAINT_TERMS: LazyLock<HashSet<String>> = LazyLock::new(|| terms(FAINT).collect());

/// The terms of a text, in its order.
pub(crate) fn terms(text: &str) -> impl Iterator<Item = String> {
    let mut analyzer = ANALYZER.clone();
    let mut terms = Vec::new();
    analyzer
        .token_stream(&folded(text))
        .process(&mut |token| terms.push(token.text.clone()));
    terms.into_iter()
}

/// The words of a text, each with a blank after it; of characters that stand alone beside each
/// other, each two.
fn folded(text: &str) -> String {
    let (mut folded, mut word) = (String::with_capacity(text.len()), String::new());
    let (mut run, mut run_end) = (Vec::new(), 0);
    let mut words = Words::of(text);
    while let Some(found) = words.next_into(&mut word) {
        if !found.alone || found.span.start != run_end {
            add_run(&mut run, &mut folded);
        }
        if found.alone {
            run.push(word.clone());
            run_end = found.span.end;
        } else {
            folded.extend([word.as_str(), " "]);
        }
    }
    add_run(&mut run, &mut folded);
    folded
}

/// Adds the pairs of a run of characters that stand alone; a single one as it is.
fn add_run(run: &mut Vec<String>, folded: &mut String) {
    if let [single] = run.as_slice() {
        folded.extend([single.as_str(), " "]);
    }
    for pair in run.windows(2) {
        folded.extend([pair[0].as_str(), pair[1].as_str(), " "]);
    }
    run.clear();
}

/// Whether a term says what a text is about.
pub(crate) fn tells(term: &str) -> bool {
    !FAINT_TERMS.contains(term)
}

/// How much a term counts.
pub(crate) fn weight(term: &str) -> f32 {
    if tells(term) { 1.0 } else { FAINT_WEIGHT }
}

/// A part of a solution that is searched in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Title,
    Question,
    Resolution,
}

impl Part {
    /// The part's name in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Question => "question_in_customer_words",
            Self::Resolution => "resolution",
        }
    }

    /// As how many a word of the part counts.
    const fn weight(self) -> u32 {
        match self {
            Self::Title | Self::Question => 2,
            Self::Resolution => 1,
        }
    }
}

/// A solution as it is searched in: how often it has each term, by part and weighted.
#[derive(Debug, Default)]
pub(crate) struct Document {
    counts: BTreeMap<String, BTreeMap<Part, u32>>,
    terms: usize,
}

/// The terms of a solution; of a long one, the first.
pub(crate) fn document(solution: &Solution) -> Document {
    let mut document = Document::default();
    let questions = solution.question_in_customer_words.iter();
    let parts = std::iter::once((Part::Title, &solution.title))
        .chain(questions.map(|question| (Part::Question, question)))
        .chain(std::iter::once((Part::Resolution, &solution.resolution)));
    for (part, text) in parts {
        for term in terms(text) {
            if document.terms + part.weight() as usize > SOLUTION_TERMS_MAX {
                return document;
            }
            document.add(term, part);
        }
    }
    document
}

impl Document {
    fn add(&mut self, term: String, part: Part) {
        *self
            .counts
            .entry(term)
            .or_default()
            .entry(part)
            .or_default() += part.weight();
        self.terms += part.weight() as usize;
    }

    /// How many terms there are, repetitions and weights counted.
    pub(crate) fn terms(&self) -> usize {
        self.terms
    }

    /// Each term, with how often it counts in each part.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, &BTreeMap<Part, u32>)> {
        self.counts
            .iter()
            .map(|(term, parts)| (term.as_str(), parts))
    }

    /// How often `term` counts in each part.
    pub(crate) fn parts(&self, term: &str) -> Option<&BTreeMap<Part, u32>> {
        self.counts.get(term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        terms(text).collect()
    }

    #[test]
    fn forms_of_a_word_are_one_term() {
        assert_eq!(all("Refunds, refunded!"), all("refund REFUNDING"));
        assert_eq!(all("Café Ναός"), all("cafe\u{301} ΝΑΟΣ"));
        assert_eq!(all("pass\u{ad}words"), all("PASSWORD"));
    }

    #[test]
    fn characters_that_stand_alone_are_terms_in_pairs() {
        assert_eq!(
            all("路由器 ok 退 退款"),
            ["路由", "由器", "ok", "退", "退款"]
        );
        assert_eq!(all("ﾊﾞｸﾞ"), ["バグ"]);
    }

    #[test]
    fn words_that_tell_nothing_are_dropped_and_some_count_less() {
        assert!(
            all("It's that we are the ... don't")
                .iter()
                .all(|term| !tells(term))
        );
        assert!(all("it is the").is_empty());
        assert!(all("how would you please").iter().all(|term| !tells(term)));
        assert!(all("refund").iter().all(|term| tells(term)));
    }

    #[test]
    fn a_long_solution_is_cut() {
        let solution = Solution {
            resolution: "word ".repeat(SOLUTION_TERMS_MAX * 2),
            title: "title".to_owned(),
            ..Solution::default()
        };
        assert_eq!(document(&solution).terms(), SOLUTION_TERMS_MAX);
    }
}
