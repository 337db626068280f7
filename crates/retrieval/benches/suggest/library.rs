//! A library of solutions, and what is asked of it.

use std::collections::HashSet;

use aftercall_retrieval::lexical::{Query, Sought};
use aftercall_retrieval::meaning::{Nearest, Scan, Vector};
use aftercall_retrieval::ranker::{self, Answer, Candidate, Question};
use aftercall_retrieval::verdict::Calibrations;

use crate::index::{Index, NEAR};

pub(crate) struct Library {
    pub(crate) index: Index,
    /// The solutions' directions, and the same in a row; none without a model.
    pub(crate) meaning: Option<(Vec<Vector>, Scan)>,
}

impl Library {
    pub(crate) fn new(index: Index, vectors: Option<Vec<Vector>>) -> Self {
        let meaning = vectors.map(|vectors| {
            let mut scan = Scan::new(vectors[0].values().len());
            vectors.iter().for_each(|vector| {
                scan.push(vector);
            });
            (vectors, scan)
        });
        Self { index, meaning }
    }

    /// The places of the candidates, and their ranking; by meaning, if the text has a direction.
    /// `without` is as if it were not there.
    pub(crate) fn ask(
        &self,
        text: &str,
        vector: Option<&Vector>,
        without: Option<usize>,
    ) -> (Vec<usize>, Answer) {
        let (query, sought) = self.index.sought(text);
        let places = self.index.candidates(&sought);
        self.rank((&query, &sought), places, vector, without)
    }

    /// The same once the candidates by words are there.
    pub(crate) fn rank(
        &self,
        (query, sought): (&Query, &[Sought]),
        mut places: Vec<usize>,
        vector: Option<&Vector>,
        without: Option<usize>,
    ) -> (Vec<usize>, Answer) {
        if let (Some(vector), Some((_, scan))) = (vector, &self.meaning) {
            let by_words: HashSet<usize> = places.iter().copied().collect();
            let mut nearest = Nearest::new(NEAR);
            for place in (0..scan.len()).filter(|place| !by_words.contains(place)) {
                nearest.add(place, scan.cosine(place, vector));
            }
            places.extend(nearest.finish().into_iter().map(|(place, _)| place));
        }
        places.retain(|place| Some(*place) != without);
        let candidates = places.iter().map(|place| Candidate {
            profile: &self.index.profiles[*place],
            vector: self.meaning.as_ref().map(|(all, _)| &all[*place]),
            cases: &[],
        });
        let question = Question {
            query,
            sought,
            library: self.index.library,
            vector,
            calibrations: &Calibrations::default(),
        };
        let answer = ranker::rank(&question, &candidates.collect::<Vec<_>>());
        (places, answer)
    }
}
