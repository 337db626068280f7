//! A library in memory: what the service has in its search index and beside its solutions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aftercall_retrieval::lexical::{self, Library, Query, Sought};
use aftercall_retrieval::words::{self, Near};
use aftercall_retrieval::{Part, Profile};

/// Candidates that are looked at closely.
pub(crate) const CANDIDATES: usize = 200;
/// and how many more by their meaning alone.
pub(crate) const NEAR: usize = 50;

pub(crate) struct Index {
    pub(crate) profiles: Vec<Profile>,
    pub(crate) library: Library,
    postings: HashMap<String, Vec<(usize, f32)>>,
    spellings: BTreeSet<String>,
}

impl Index {
    pub(crate) fn of(solutions: &[Vec<(Part, String)>]) -> Self {
        let mut index = Self {
            profiles: Vec::new(),
            library: Library {
                documents: 0,
                length_mean: 0.0,
            },
            postings: HashMap::new(),
            spellings: BTreeSet::new(),
        };
        let mut length = 0.0;
        for pieces in solutions {
            for (_, text) in pieces {
                let spellings = words::words(text).into_iter().map(|word| word.spelling);
                index
                    .spellings
                    .extend(spellings.filter(|word| words::is_forgiven(word)));
            }
            let pieces = pieces.iter().map(|(part, text)| (*part, text.as_str()));
            let profile = Profile::of(pieces);
            let mut counts: BTreeMap<String, f32> = BTreeMap::new();
            for (term, count) in profile.counts() {
                *counts.entry(term.to_owned()).or_default() += count as f32;
                words::forms_of_solution(term, |form| {
                    *counts.entry(form.to_owned()).or_default() += count as f32;
                });
            }
            for (term, count) in counts {
                let having = index.postings.entry(term).or_default();
                having.push((index.profiles.len(), count));
            }
            length += profile.length() as f32;
            index.profiles.push(profile);
        }
        index.library = Library {
            documents: index.profiles.len() as u64,
            length_mean: length / index.profiles.len() as f32,
        };
        index
    }

    /// What a text searches for.
    pub(crate) fn sought(&self, text: &str) -> (Query, Vec<Sought>) {
        let mut query = Query::of(text);
        for strange in query.strange(|term| self.postings.contains_key(term)) {
            let Some(near) = Near::to(&strange) else {
                continue;
            };
            let meant = self.spellings.iter().filter(|word| near.matches(word));
            for meant in meant.take(8) {
                query.correct(&strange, meant);
            }
        }
        let sought = query.sought(self.library, |term| {
            self.postings
                .get(term)
                .map_or(0, |having| having.len() as u64)
        });
        (query, sought)
    }

    /// The candidates of a text by BM25.
    pub(crate) fn candidates(&self, sought: &[Sought]) -> Vec<usize> {
        let mut scores = vec![0.0; self.profiles.len()];
        for one in sought {
            for (place, count) in &self.postings[&one.term] {
                let length = self.profiles[*place].length() as f32 / self.library.length_mean;
                let (k1, b) = (lexical::K1, lexical::B);
                scores[*place] +=
                    one.weight * count * (k1 + 1.0) / (count + k1 * (1.0 - b + b * length));
            }
        }
        let mut best: Vec<_> = (0..scores.len()).filter(|at| scores[*at] > 0.0).collect();
        best.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then_with(|| a.cmp(b)));
        best.truncate(CANDIDATES);
        best
    }
}
