//! A small library.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_retrieval::lexical::{Library, Query};
use aftercall_retrieval::ranker::{self, Answer, Candidate, Case, Question};
use aftercall_retrieval::verdict::Calibrations;
use aftercall_retrieval::words::{self, Near};
use aftercall_retrieval::{Part, Profile};

/// Solutions that are all candidates for whatever shares a term or a form with them.
#[derive(Default)]
pub(crate) struct Solutions {
    profiles: Vec<Profile>,
    cases: Vec<Vec<Case>>,
    having: BTreeMap<String, u64>,
    spellings: BTreeSet<String>,
}

impl Solutions {
    pub(crate) fn of(questions: &[&str]) -> Self {
        let mut solutions = Self::default();
        for question in questions {
            solutions.add(&[(Part::Question, question)]);
        }
        solutions
    }

    pub(crate) fn add(&mut self, pieces: &[(Part, &str)]) {
        let profile = Profile::of(pieces.iter().copied());
        let mut terms: BTreeSet<String> = BTreeSet::new();
        for term in profile.terms() {
            terms.insert(term.to_owned());
            words::forms_of_solution(term, |form| {
                terms.insert(form.to_owned());
            });
        }
        for term in terms {
            *self.having.entry(term).or_default() += 1;
        }
        for (_, text) in pieces {
            self.spellings
                .extend(words::words(text).into_iter().map(|word| word.spelling));
        }
        self.profiles.push(profile);
        self.cases.push(Vec::new());
    }

    pub(crate) fn case(&mut self, solution: usize, text: &str, accepted: bool) {
        self.cases[solution].push(Case {
            profile: Profile::of([(Part::Question, text)]).into(),
            vector: None,
            accepted,
        });
    }

    /// The answer, and for each of the ranking its place in the library.
    pub(crate) fn ask(&self, text: &str) -> (Vec<usize>, Answer) {
        let mut query = Query::of(text);
        for strange in query.strange(|term| self.having.contains_key(term)) {
            let near = Near::to(&strange).unwrap();
            for meant in self.spellings.iter().filter(|word| near.matches(word)) {
                query.correct(&strange, meant);
            }
        }
        let length: u32 = self.profiles.iter().map(Profile::length).sum();
        let library = Library {
            documents: self.profiles.len() as u64,
            length_mean: length as f32 / self.profiles.len() as f32,
        };
        let having = |term: &str| self.having.get(term).copied().unwrap_or(0);
        let sought = query.sought(library, having);
        let has = |profile: &Profile| {
            let mut found = false;
            for term in profile.terms() {
                let mut look = |form: &str| found |= sought.iter().any(|one| one.term == form);
                look(term);
                words::forms_of_solution(term, look);
            }
            found
        };
        let places: Vec<usize> = (0..self.profiles.len())
            .filter(|at| has(&self.profiles[*at]))
            .collect();
        let candidates: Vec<_> = places
            .iter()
            .map(|at| Candidate {
                profile: &self.profiles[*at],
                vector: None,
                cases: &self.cases[*at],
            })
            .collect();
        let question = Question {
            query: &query,
            sought: &sought,
            library,
            vector: None,
            calibrations: &Calibrations::default(),
        };
        let answer = ranker::rank(&question, &candidates);
        let order = answer.ranked.iter().map(|one| places[one.place]).collect();
        (order, answer)
    }

    /// The first of the ranking.
    pub(crate) fn first(&self, text: &str) -> Option<usize> {
        self.ask(text).0.first().copied()
    }
}
