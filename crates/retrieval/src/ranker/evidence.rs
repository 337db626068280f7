//! Cases as evidence: a contact in which a solution was used lends it its words and its direction.
//!
//! Cases are kept singly, because words of many thrown together say less with each: what counts is
//! the nearest one, how many of the nearest are the solution's, and how near their middle is. A
//! contact in which the solution was rejected counts against it.

use std::sync::Arc;

use super::{Candidate, Question, WORDS_WEIGHT};
use crate::lexical::{self, Weighed};
use crate::meaning::Vector;
use crate::profile::Profile;

/// Cases of a solution that count.
pub const CASES_MAX: usize = 40;
/// Of how many of the nearest texts a solution's share is reckoned,
const NEAREST: usize = 10;
/// how much that counts beside its nearest text,
const SHARE_WEIGHT: f32 = 0.3;
/// and how much the middle of all its texts does.
const MIDDLE_WEIGHT: f32 = 0.5;

/// A contact in which a solution was used or rejected.
#[derive(Debug, Clone)]
pub struct Case {
    /// The customer's words.
    pub profile: Arc<Profile>,
    /// Their direction; none without a model, or before it is reckoned.
    pub vector: Option<Vector>,
    /// Whether the solution was used; rejected otherwise.
    pub accepted: bool,
}

/// What a solution's texts say: its own and its cases'.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// What they bring together.
    pub score: f32,
    /// How near the nearest is that speaks for it.
    pub best: f32,
    /// How near that is in meaning, or by words where meaning isn't known.
    pub nearest: f32,
    /// Its share among the nearest texts of all candidates; below zero, where it was rejected.
    pub share: f32,
    /// How near the middle of its texts is.
    pub middle: f32,
    /// How many cases were counted.
    pub counted: usize,
    /// Whether one that speaks for it shares a word with the text that says what it is about.
    pub tells: bool,
}

/// A text of a candidate.
struct Text<'c> {
    candidate: usize,
    vector: Option<&'c Vector>,
    accepted: bool,
    tells: bool,
    near: f32,
    /// How near it is by itself, whatever else is there: in meaning, or the cosine of its words where that isn't known.
    plain: f32,
}

/// The evidence for each candidate; `own` says how well its own words fit, and `by_words` how near
/// they are. None for all, if there
/// are no cases.
pub(super) fn of(
    question: &Question<'_>,
    candidates: &[Candidate<'_>],
    vector: Option<&Vector>,
    (own, by_words): (&[f32], &[f32]),
    most: f32,
) -> Vec<Option<Evidence>> {
    if candidates.iter().all(|one| one.cases.is_empty()) {
        return vec![None; candidates.len()];
    }
    let mut texts = texts(question, candidates, vector, most);
    let of_own = candidates.iter().zip(own.iter().zip(by_words)).enumerate();
    texts.extend(of_own.map(|(candidate, (one, (near, by_words)))| Text {
        candidate,
        vector: one.vector,
        accepted: true,
        tells: false,
        near: *near,
        plain: match (vector, one.vector) {
            (Some(vector), Some(own)) => vector.nearness(own),
            _ => *by_words,
        },
    }));
    let shares = shares(&texts, candidates.len());
    let mut of_each: Vec<Vec<&Text<'_>>> = (0..candidates.len()).map(|_| Vec::new()).collect();
    for text in &texts {
        of_each[text.candidate].push(text);
    }
    let evidence = of_each.into_iter().zip(shares).map(|(texts, share)| {
        let accepted = || texts.iter().filter(|text| text.accepted);
        let best = accepted().map(|text| text.near).fold(f32::MIN, f32::max);
        let middle = match vector {
            Some(vector) => {
                let texts = accepted().filter_map(|text| text.vector);
                let middle = Vector::between(texts.map(|text| (text, 1.0)));
                middle.map_or(best, |middle| middle.cosine(vector))
            }
            None => {
                let count = accepted().count().max(1) as f32;
                accepted().map(|text| text.near).sum::<f32>() / count
            }
        };
        Some(Evidence {
            score: best + SHARE_WEIGHT * share + MIDDLE_WEIGHT * middle,
            best,
            nearest: accepted().map(|text| text.plain).fold(f32::MIN, f32::max),
            share,
            middle,
            counted: texts.len() - 1,
            tells: accepted().any(|text| text.tells),
        })
    });
    evidence.collect()
}

/// The cases of all candidates, and how near each is.
fn texts<'c>(
    question: &Question<'_>,
    candidates: &[Candidate<'c>],
    vector: Option<&Vector>,
    most: f32,
) -> Vec<Text<'c>> {
    let cases = candidates.iter().enumerate().flat_map(|(candidate, one)| {
        let cases = one.cases.iter().take(CASES_MAX);
        cases.map(move |case| (candidate, case))
    });
    let cases: Vec<(usize, &Case)> = cases.collect();
    let profiles: Vec<&Profile> = cases.iter().map(|(_, case)| &*case.profile).collect();
    let words = lexical::weigh(question.query, question.sought, question.library, &profiles);
    let most = words.iter().map(|one| one.score).fold(most, f32::max);
    let text = |((candidate, case), weighed): ((usize, &'c Case), Weighed)| {
        let words = weighed.score / most;
        let near = match (vector, &case.vector) {
            (Some(vector), Some(of_case)) => vector.cosine(of_case) + WORDS_WEIGHT * words,
            (Some(_), None) => (0.5 + WORDS_WEIGHT) * words,
            (None, _) => words,
        };
        Text {
            candidate,
            vector: case.vector.as_ref(),
            accepted: case.accepted,
            tells: weighed.tells,
            near,
            plain: match (vector, &case.vector) {
                (Some(vector), Some(of_case)) => vector.nearness(of_case),
                _ => weighed.near,
            },
        }
    };
    cases.into_iter().zip(words).map(text).collect()
}

/// Each candidate's share of the nearest texts, by how near they are; a rejected one's is taken
/// off.
fn shares(texts: &[Text<'_>], candidates: usize) -> Vec<f32> {
    let mut nearest: Vec<&Text<'_>> = texts.iter().collect();
    nearest.sort_by(|a, b| {
        b.near
            .total_cmp(&a.near)
            .then_with(|| a.candidate.cmp(&b.candidate))
    });
    nearest.truncate(NEAREST);
    let all: f32 = nearest.iter().map(|text| text.near.max(0.0)).sum();
    let mut shares = vec![0.0; candidates];
    for text in nearest {
        let share = text.near.max(0.0) / all.max(f32::MIN_POSITIVE);
        shares[text.candidate] += if text.accepted { share } else { -share };
    }
    shares
}
