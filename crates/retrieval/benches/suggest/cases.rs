//! Cases as evidence: a solution for each kind of question, with so many cases.

use std::collections::BTreeMap;

use aftercall_retrieval::lexical::Library;
use aftercall_retrieval::meaning::Vector;
use aftercall_retrieval::ranker::{self, Candidate, Case, Question};
use aftercall_retrieval::verdict::Calibrations;
use aftercall_retrieval::{Part, Profile};

use crate::figure::{Figure, Goal};
use crate::index::Index;
use crate::meaning::Directions;
use crate::sets::Set;

/// How many cases a solution has, and how often the right one should be first.
const CASES: [(usize, f64); 3] = [(1, 0.50), (5, 0.75), (20, 0.85)];

/// A solution: its first question, and the others as cases.
struct Solution {
    profile: Profile,
    vector: Option<Vector>,
    cases: Vec<Case>,
}

pub(crate) fn of(set: &Set, directions: Option<&Directions>) -> Vec<Figure> {
    if !set.is_labelled() {
        return Vec::new();
    }
    let mut by_kind: BTreeMap<&str, Vec<(Part, String)>> = BTreeMap::new();
    for one in &set.documents {
        let of_kind = by_kind.entry(&set.labels[&one.id]).or_default();
        of_kind.push((Part::Question, one.text.clone()));
    }
    let mut figures = Vec::new();
    for (cases, goal) in CASES {
        for (by, directions) in [("words", None), ("meaning", directions)] {
            if by == "meaning" && directions.is_none() {
                continue;
            }
            figures.push(Figure {
                name: format!("suggest.{}.{by}.first_with_{cases}_cases", set.name),
                value: first(set, &by_kind, cases, directions),
                unit: "P@1",
                goal: (by == "meaning").then_some(Goal::AtLeast(goal)),
            });
        }
    }
    figures
}

/// How often the right solution is first.
fn first(
    set: &Set,
    by_kind: &BTreeMap<&str, Vec<(Part, String)>>,
    cases: usize,
    directions: Option<&Directions>,
) -> f64 {
    let texts: Vec<_> = by_kind
        .values()
        .map(|texts| &texts[..cases.min(texts.len())])
        .collect();
    // The index has the words of cases, too.
    let index = Index::of(&texts.iter().map(|texts| texts.to_vec()).collect::<Vec<_>>());
    let profile = |text: &(Part, String)| Profile::of([(text.0, text.1.as_str())]);
    let vector =
        |text: &(Part, String)| directions.map(|all| all.solution(std::slice::from_ref(text)));
    let case = |text| Case {
        profile: profile(text).into(),
        vector: vector(text),
        accepted: true,
    };
    let solutions: Vec<Solution> = texts
        .iter()
        .map(|texts| Solution {
            profile: profile(&texts[0]),
            vector: vector(&texts[0]),
            cases: texts[1..].iter().map(case).collect(),
        })
        .collect();
    let candidates: Vec<_> = solutions
        .iter()
        .map(|one| Candidate {
            profile: &one.profile,
            vector: one.vector.as_ref(),
            cases: &one.cases,
        })
        .collect();
    let lengths: u32 = solutions.iter().map(|one| one.profile.length()).sum();
    let library = Library {
        documents: index.library.documents,
        length_mean: lengths as f32 / solutions.len() as f32,
    };
    let kinds: Vec<_> = by_kind.keys().collect();
    let (mut right, mut count) = (0, 0);
    for query in set.queries.iter().filter(|one| !one.relevant.is_empty()) {
        let (words, sought) = index.sought(&query.text);
        let question = Question {
            query: &words,
            sought: &sought,
            library,
            vector: directions.map(|all| all.question(&query.text)),
            calibrations: &Calibrations::default(),
        };
        let answer = ranker::rank(&question, &candidates);
        count += 1;
        right += usize::from(*kinds[answer.ranked[0].place] == set.labels[&query.id]);
    }
    right as f64 / f64::from(count)
}
