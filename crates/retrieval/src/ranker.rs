//! One ranking of all evidence: words, meaning, and cases in which a solution was used or rejected.

mod evidence;

use std::cell::LazyCell;

use crate::lexical::{self, Library, Match, Query, Shared, Sought};
use crate::meaning::Vector;
use crate::neighbours::{self, SMOOTHING, Vectors};
use crate::profile::Profile;
use crate::verdict::{self, Basis, Calibrations, Verdict};

pub use evidence::{CASES_MAX, Case, Evidence};

/// How much words count beside meaning.
const WORDS_WEIGHT: f32 = 0.2;

/// A solution that may fit.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'c> {
    /// The solution's own words.
    pub profile: &'c Profile,
    /// The direction of its words; none without a model, or before it is reckoned.
    pub vector: Option<&'c Vector>,
    /// Contacts in which it was used or rejected; at most [`CASES_MAX`] count, the first ones.
    pub cases: &'c [Case],
}

/// What is asked, in which library.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The text.
    pub query: &'q Query,
    /// What of it is searched for.
    pub sought: &'q [Sought],
    /// The library's numbers.
    pub library: Library,
    /// The text's direction: none while somebody types, or without a model.
    pub vector: Option<&'q Vector>,
    /// What the tenant's own suggestions have shown.
    pub calibrations: &'q Calibrations,
}

/// A candidate, ranked.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its place among the candidates that were given.
    pub place: usize,
    /// By what it is ranked: comparable within one answer only.
    pub score: f32,
    /// How well it fits by its words, as BM25 weighs them.
    pub words: f32,
    /// How near it is in meaning, from -1 to 1; none if that isn't known.
    pub meaning: Option<f32>,
    /// What its cases say; none if it has none that count.
    pub cases: Option<Evidence>,
    /// Whether it, or a case that speaks for it, shares a word with the text that says what it is about.
    pub tells: bool,
    /// The words that it shares with the text,
    shared: Shared,
    /// and what of the score they bring together.
    of_words: f32,
}

impl Ranked {
    /// How near it is in meaning, by its own words or by a case that speaks for it; none where directions were not
    /// compared.
    pub fn nearness(&self) -> Option<f32> {
        let own = self.meaning?;
        Some(self.cases.map_or(own, |cases| own.max(cases.nearest)))
    }

    /// Which words of which part, and what of the score they bring: all of it where meaning isn't
    /// known.
    pub fn matches(&self) -> Vec<Match> {
        let mut matches = self.shared.matches();
        let told: f32 = matches.iter().map(|found| found.score).sum();
        for found in &mut matches {
            found.score *= self.of_words / told;
        }
        matches
    }
}

/// The candidates in their order, and whether the first is an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The best first; equal ones in the order in which they were given.
    pub ranked: Vec<Ranked>,
    /// Whether anything fits.
    pub verdict: Verdict,
}

/// Ranks candidates by all that is known of them.
///
/// By meaning if the text has a direction and most candidates have; a candidate without one is
/// ranked by its words then. Otherwise by words. Cases count in both.
pub fn rank(question: &Question<'_>, candidates: &[Candidate<'_>]) -> Answer {
    let profiles: Vec<&Profile> = candidates.iter().map(|one| one.profile).collect();
    let by_words = lexical::score(question.query, question.sought, question.library, &profiles);
    let words = &by_words.scored;
    let known = candidates.iter().filter(|one| one.vector.is_some()).count();
    let vector = question.vector.filter(|_| 2 * known > candidates.len());
    let basis = match vector {
        Some(_) => Basis::Meaning,
        None => Basis::Words,
    };
    let meaning = |one: &Candidate<'_>| Some(vector?.cosine(one.vector?));
    let meaning: Vec<Option<f32>> = candidates.iter().map(meaning).collect();
    let among = match vector {
        Some(_) => alike_in_meaning(candidates, &by_words),
        None => by_words.among(),
    };
    let most = words
        .iter()
        .map(|one| one.score)
        .fold(f32::MIN_POSITIVE, f32::max);
    let own = own_scores((words, most), &meaning, basis);
    let evidence = evidence::of(question, candidates, vector, (&own, &by_words.near), most);
    let base: Vec<f32> = own
        .iter()
        .zip(&evidence)
        .map(|(own, cases)| cases.map_or(*own, |cases| cases.score))
        .collect();
    let lent = neighbours::lent(&base, &among);
    // The more cases there are, the less has to be lent; to all alike, or those with cases of their
    // own would be behind those that live on theirs.
    let counted: usize = evidence.iter().flatten().map(|cases| cases.counted).sum();
    let each = counted as f32 / candidates.len().max(1) as f32;
    let smoothing = SMOOTHING / (1.0 + each);
    let mut ranked: Vec<Ranked> = Vec::with_capacity(candidates.len());
    let lexical::Words { scored, near, .. } = by_words;
    let scored = scored.into_iter().zip(meaning).zip(evidence);
    for (place, ((one, meaning), cases)) in scored.enumerate() {
        let score = base[place] + smoothing * lent[place];
        let of_words = match basis {
            Basis::Words => score,
            Basis::Meaning => WORDS_WEIGHT * one.score / most,
        };
        ranked.push(Ranked {
            place,
            score,
            words: one.score,
            meaning,
            cases,
            tells: one.tells || cases.is_some_and(|cases| cases.tells),
            shared: one.shared,
            of_words,
        });
    }
    let near = nearness(&ranked, (candidates, &near), vector);
    let score = verdict::score(&near, &among);
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.place.cmp(&b.place))
    });
    let solutions = question.library.documents as usize;
    let mut verdict = question
        .calibrations
        .by(basis)
        .verdict(score, basis, solutions);
    // What shares nothing that tells is near to nothing, whatever its score.
    verdict.fits &= match basis {
        Basis::Words => ranked.iter().any(|one| one.tells),
        Basis::Meaning => !ranked.is_empty(),
    };
    Answer { ranked, verdict }
}

/// How well each fits by itself: by its meaning and its words, or by its words alone, of which the best has `most`.
fn own_scores(
    (words, most): (&[lexical::Scored], f32),
    meaning: &[Option<f32>],
    basis: Basis,
) -> Vec<f32> {
    let scored = words.iter().zip(meaning);
    scored
        .map(|(one, meaning)| match basis {
            Basis::Words => one.score / most,
            // Without a direction: as if it were as near as its words are.
            Basis::Meaning => {
                meaning.unwrap_or(0.5 * one.score / most) + WORDS_WEIGHT * one.score / most
            }
        })
        .collect()
}

/// How near the text is to each candidate, before they are sorted: what a case is near to, its solution is.
fn nearness(
    ranked: &[Ranked],
    (candidates, by_words): (&[Candidate<'_>], &[f32]),
    vector: Option<&Vector>,
) -> Vec<f32> {
    let all = ranked.iter().zip(candidates).zip(by_words);
    all.map(|((one, candidate), by_words)| {
        let own = match (vector, candidate.vector) {
            (Some(vector), Some(own)) => vector.nearness(own),
            _ => *by_words,
        };
        one.cases.map_or(own, |cases| own.max(cases.nearest))
    })
    .collect()
}

/// How alike the candidates are in meaning; in words, where a direction isn't known.
fn alike_in_meaning(candidates: &[Candidate<'_>], words: &lexical::Words) -> Vectors {
    let by_words = LazyCell::new(|| words.among());
    Vectors::by(candidates.len(), |one, other| {
        match (candidates[one].vector, candidates[other].vector) {
            (Some(a), Some(b)) => a.nearness(b),
            _ => by_words.similarity(one, other),
        }
    })
}
