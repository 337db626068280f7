//! nDCG@10 beside plain BM25, and whether a question without an answer gets none.

use std::collections::HashSet;

use aftercall_retrieval::Part;
use aftercall_retrieval::verdict::{Basis, Calibration};

use crate::figure::{Figure, Goal};
use crate::index::Index;
use crate::library::Library;
use crate::meaning::Directions;
use crate::plain::Plain;
use crate::sets::{self, Set};

/// What the ratios should reach: by words, by meaning, and by meaning where the set is called so.
const BY_WORDS: f64 = 1.05;
const BY_MEANING: f64 = 1.2;
const BY_MEANING_BANKING: f64 = 1.35;
/// What is wanted of the verdict, by meaning.
const F1_MIN: f64 = 0.85;
const REFUSED_MAX: f64 = 3.0;
/// Each so many-th document is asked for as if it were a case.
const OWN_EVERY: usize = 5;

/// The scores of verdicts, on questions with an answer and without.
struct Verdicts {
    fits: Vec<f32>,
    misfits: Vec<f32>,
}

pub(crate) fn of(set: &Set, directions: Option<&Directions>) -> Vec<Figure> {
    let plain = plain(set);
    let library = library(set, directions);
    let mut figures = Vec::new();
    let ways = [(Basis::Words, None), (Basis::Meaning, directions)];
    for (basis, directions) in ways {
        if basis == Basis::Meaning && directions.is_none() {
            continue;
        }
        let (reached, verdicts) = asked(set, &library, directions);
        let goal = match basis {
            Basis::Words => BY_WORDS,
            Basis::Meaning if set.name.starts_with("banking77") => BY_MEANING_BANKING,
            Basis::Meaning => BY_MEANING,
        };
        figures.push(Figure {
            name: format!("suggest.{}.{}", set.name, name(basis)),
            value: reached / plain,
            unit: "ratio",
            goal: Some(Goal::AtLeast(goal)),
        });
        let usual = Calibration::default();
        figures.extend(verdicts.figures(set, basis, "none", &usual));
        if set.is_labelled() {
            let own = own(set, &library, directions);
            figures.extend(verdicts.figures(set, basis, "none_by_own_cases", &own));
        }
    }
    figures
}

const fn name(basis: Basis) -> &'static str {
    match basis {
        Basis::Words => "words",
        Basis::Meaning => "meaning",
    }
}

fn answerable(set: &Set) -> impl Iterator<Item = &sets::Asked> {
    set.queries.iter().filter(|one| !one.relevant.is_empty())
}

/// Plain BM25's nDCG@10.
fn plain(set: &Set) -> f64 {
    let texts = set.documents.iter();
    let plain = Plain::of(texts.map(|one| format!("{} {}", one.title, one.text)));
    let reached = answerable(set).map(|one| {
        let best = plain.best(&one.text, sets::DEPTH);
        sets::ndcg(
            best.iter().map(|at| set.documents[*at].id.as_str()),
            &one.relevant,
        )
    });
    reached.sum::<f64>() / answerable(set).count() as f64
}

pub(crate) fn library(set: &Set, directions: Option<&Directions>) -> Library {
    let part = match set.questions {
        true => Part::Question,
        false => Part::Resolution,
    };
    let pieces =
        |one: &'_ sets::Document| vec![(Part::Title, one.title.clone()), (part, one.text.clone())];
    let pieces: Vec<_> = set.documents.iter().map(pieces).collect();
    let vectors = directions.map(|directions| {
        let vectors = pieces.iter().map(|pieces| directions.solution(pieces));
        vectors.collect()
    });
    Library::new(Index::of(&pieces), vectors)
}

/// nDCG@10 on average, and the verdicts.
fn asked(set: &Set, library: &Library, directions: Option<&Directions>) -> (f64, Verdicts) {
    let mut verdicts = Verdicts {
        fits: Vec::new(),
        misfits: Vec::new(),
    };
    let mut sum = 0.0;
    for query in &set.queries {
        let vector = directions.map(|all| all.question(&query.text));
        let (places, answer) = library.ask(&query.text, vector, None);
        if query.relevant.is_empty() {
            verdicts.misfits.push(answer.verdict.score);
            continue;
        }
        verdicts.fits.push(answer.verdict.score);
        let found = answer.ranked.iter().map(|one| places[one.place]);
        sum += sets::ndcg(
            found.map(|at| set.documents[at].id.as_str()),
            &query.relevant,
        );
    }
    (sum / verdicts.fits.len() as f64, verdicts)
}

/// What a tenant would have accepted: each document is asked for as if it were not there, and
/// counts if the first suggestion is of its own kind.
fn own(set: &Set, library: &Library, directions: Option<&Directions>) -> Calibration {
    let mut accepted = Vec::new();
    for (place, one) in set.documents.iter().enumerate().step_by(OWN_EVERY) {
        let vector = directions
            .and(library.meaning.as_ref())
            .map(|(all, _)| &all[place]);
        let (places, answer) = library.ask(&one.text, vector, Some(place));
        let first = answer
            .ranked
            .first()
            .map(|first| &set.documents[places[first.place]].id);
        if first.is_some_and(|first| set.labels[first] == set.labels[&one.id]) {
            accepted.push(answer.verdict.score);
        }
    }
    let of = accepted.len();
    Calibration::of(accepted, of)
}

impl Verdicts {
    fn figures(&self, set: &Set, basis: Basis, by: &str, calibration: &Calibration) -> Vec<Figure> {
        let solutions = match set.is_labelled() {
            true => set.labels.values().collect::<HashSet<_>>().len(),
            false => set.documents.len(),
        };
        let (threshold, _) = calibration.threshold(basis, solutions);
        let below = |scores: &[f32]| scores.iter().filter(|one| **one < threshold).count() as f64;
        let (refused, told) = (below(&self.fits), below(&self.misfits));
        let wanted = |goal| (basis == Basis::Meaning).then_some(goal);
        let figure = |what, value, unit, goal| Figure {
            name: format!("suggest.{}.{}.{by}.{what}", set.name, name(basis)),
            value,
            unit,
            goal,
        };
        let share = 100.0 * refused / self.fits.len() as f64;
        let mut figures = vec![figure(
            "answerable_refused",
            share,
            "%",
            wanted(Goal::AtMost(REFUSED_MAX)),
        )];
        if !self.misfits.is_empty() {
            let f1 = 2.0 * told / (told + refused + self.misfits.len() as f64);
            figures.push(figure("f1", f1, "", wanted(Goal::AtLeast(F1_MIN))));
        }
        figures
    }
}
