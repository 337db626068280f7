//! A library of solutions, and what is asked of it.

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
        let mut places = self.index.candidates(&sought);
        if let (Some(vector), Some((_, scan))) = (vector, &self.meaning) {
            let mut nearest = Nearest::new(NEAR);
            for place in (0..scan.len()).filter(|place| !places.contains(place)) {
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
            query: &query,
            sought: &sought,
            library: self.index.library,
            vector,
            calibrations: &Calibrations::default(),
        };
        let answer = ranker::rank(&question, &candidates.collect::<Vec<_>>());
        (places, answer)
    }
}
