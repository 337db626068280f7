//! BM25 over the solutions that a request may see.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use aftercall_retrieval::lexical::{Library, Query, Sought};
use tantivy::schema::Value;
use tantivy::{DocAddress, DocId, TantivyDocument};

use crate::failure::Error;
use crate::keys;
use crate::limits::{CANDIDATES_MAX, QUERY_TERMS_MAX, STRANGE_WORDS_MAX, VISITED_MAX};
use crate::spelling;
use crate::visible::{Bits, Places, Visible};

/// How soon a term's frequency is saturated,
const K1: f32 = 1.2;
/// and how much the length of a solution counts.
const B: f32 = 0.75;

/// In so many solutions of anybody's a term is not counted one by one: how many of them may be seen tells little then.
const COUNTED_MAX: u64 = VISITED_MAX / 4;

/// What the term brings to the score of a solution that has it so often among so many terms.
fn share(sought: &Sought, count: u32, length: u32, library: Library) -> f32 {
    let (count, length) = (count as f32, length as f32 / library.length_mean);
    sought.weight * (K1 + 1.0) * count / (count + K1 * (1.0 - B + B * length))
}

/// The solutions that share terms with a text.
#[derive(Debug)]
pub(crate) struct Found {
    /// The text.
    pub(crate) query: Query,
    /// What of it is searched for, what tells most first.
    pub(crate) terms: Vec<Sought>,
    /// The numbers of the solutions that may be seen.
    pub(crate) library: Library,
    /// Each with its score, in no order; those that share only faint words are not among them.
    documents: Vec<(DocAddress, f32)>,
    /// The best of them.
    best: Vec<DocAddress>,
}

impl Found {
    /// All of them, in no order.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = DocAddress> {
        self.documents.iter().map(|(address, _)| *address)
    }

    /// Leaves out documents that are not there any more.
    pub(crate) fn leave_out(&mut self, gone: &BTreeSet<DocAddress>) {
        self.documents
            .retain(|(address, _)| !gone.contains(address));
        self.best = best(&mut self.documents, CANDIDATES_MAX);
    }

    /// The best ones, the best first: [`CANDIDATES_MAX`], and as many again of those that score as the last of them
    /// does.
    pub(crate) fn best(&self) -> &[DocAddress] {
        &self.best
    }
}

/// The best of some documents, the best first: so many, and as many again of those that score as the last of them does.
fn best(documents: &mut [(DocAddress, f32)], wanted: usize) -> Vec<DocAddress> {
    let by_score =
        |a: &(DocAddress, f32), b: &(DocAddress, f32)| -> Ordering { b.1.total_cmp(&a.1) };
    let mut least = f32::NEG_INFINITY;
    if wanted > 0 && documents.len() > wanted {
        let (_, last, _) = documents.select_nth_unstable_by(wanted - 1, by_score);
        // How sums are rounded depends on the order of the terms, which is the same for all.
        least = last.1;
    }
    let best = documents.iter().filter(|(_, score)| *score >= least);
    let mut best: Vec<(DocAddress, f32)> = best.copied().collect();
    best.sort_by(by_score);
    // A word that stands in everything must not have everything looked at.
    best.truncate(2 * wanted);
    best.into_iter().map(|(address, _)| address).collect()
}

/// The scores of a segment's documents; of none, before there is one.
#[derive(Debug, Clone, Default)]
struct Scores {
    scores: Vec<f32>,
    /// Those that share more than faint words.
    told: Bits,
}

impl Scores {
    /// Makes room for so many documents.
    fn begin(&mut self, documents: DocId) {
        if self.scores.is_empty() {
            self.scores = vec![0.0; documents as usize];
            self.told = Bits::new(documents);
        }
    }
}

/// Scores the visible solutions by their words.
pub(crate) fn search(visible: &Visible<'_>, text: &str) -> Result<Found, Error> {
    let library = Library {
        documents: visible.documents(),
        length_mean: visible.terms_each(),
    };
    let mut known = Known::of(visible);
    let (query, terms) = sought(&mut known, library, text)?;
    let mut found = Found {
        query,
        terms,
        library,
        documents: Vec::new(),
        best: Vec::new(),
    };
    if !found.terms.iter().any(|sought| sought.tells) {
        return Ok(found);
    }
    let mut segments = vec![Scores::default(); visible.segments()];
    let searched = affordable(found.terms.iter().map(|sought| sought.having));
    let searched = &found.terms[..searched];
    let most: u64 = searched.iter().map(|sought| sought.having).sum();
    let mut touched = Vec::with_capacity(most.min(library.documents) as usize);
    for sought in searched {
        let Some(places) = known.places(&sought.term) else {
            continue;
        };
        visible.each_having(places, |segment, having| {
            segments[segment].begin(visible.room(segment));
            let Scores { scores, told } = &mut segments[segment];
            for (document, count, length) in having.each() {
                let score = &mut scores[document as usize];
                if *score == 0.0 {
                    touched.push((DocAddress::new(segment as u32, document), 0.0));
                }
                *score += share(sought, count, length, library);
                if sought.tells {
                    told.add(document);
                }
            }
        })?;
    }
    touched.retain_mut(|(address, score)| {
        let Scores { scores, told } = &segments[address.segment_ord as usize];
        *score = scores[address.doc_id as usize];
        told.has(address.doc_id)
    });
    found.best = best(&mut touched, CANDIDATES_MAX);
    found.documents = touched;
    Ok(found)
}

/// What is known of terms: each is looked up once.
struct Known<'v> {
    visible: &'v Visible<'v>,
    /// In how many solutions each stands, and where.
    terms: HashMap<String, (u64, Places)>,
    failed: Option<tantivy::TantivyError>,
}

impl<'v> Known<'v> {
    fn of(visible: &'v Visible<'v>) -> Self {
        Self {
            visible,
            terms: HashMap::new(),
            failed: None,
        }
    }

    /// In how many solutions a term stands.
    fn having(&mut self, term: &str) -> u64 {
        if let Some((having, _)) = self.terms.get(term) {
            return *having;
        }
        let known = self.visible.having(term, COUNTED_MAX);
        let known = known.unwrap_or_else(|error| {
            self.failed = Some(error);
            (0, Places::default())
        });
        let having = known.0;
        self.terms.insert(term.to_owned(), known);
        having
    }

    /// Where a term stands that was looked up.
    fn places(&self, term: &str) -> Option<&Places> {
        let (_, places) = self.terms.get(term)?;
        Some(places)
    }
}

/// What of `text` some visible solution has, what tells most first; slips are looked through.
fn sought(
    known: &mut Known<'_>,
    library: Library,
    text: &str,
) -> Result<(Query, Vec<Sought>), Error> {
    let mut query = Query::of(text);
    let mut strange = query.strange(|term| known.having(term) > 0);
    strange.truncate(STRANGE_WORDS_MAX);
    for word in strange {
        for meant in spelling::meant(&word, known.visible)? {
            query.correct(&word, &meant);
        }
    }
    let sought = query.sought(library, |term| known.having(term));
    match known.failed.take() {
        Some(error) => Err(error.into()),
        None => Ok((query, sought)),
    }
}

/// How many of the terms are searched for, of which each is in so many solutions: the first ones, until they or their
/// solutions are many. What comes later tells least.
fn affordable(having: impl Iterator<Item = u64>) -> usize {
    let mut visited = 0;
    let within = having.take(QUERY_TERMS_MAX).take_while(|having| {
        let first = visited == 0;
        visited += having;
        first || visited <= VISITED_MAX
    });
    within.count()
}

/// The tenant and the id of the solution of a document.
pub(crate) fn solution_at(
    visible: &Visible<'_>,
    address: DocAddress,
) -> Result<Option<(String, String)>, Error> {
    let document: TantivyDocument = visible.searcher().doc(address)?;
    let key = document
        .get_first(visible.key())
        .and_then(|key| key.as_bytes());
    let read = key.map(keys::read_solution).transpose();
    read.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_are_those_that_sorting_puts_first(
            scores in prop::collection::vec(0..20_u8, 0..120),
            wanted in 0..40_usize,
        ) {
            let scores = (0..).zip(scores.into_iter().map(f32::from));
            let mut documents: Vec<_> = scores
                .map(|(document, score)| (DocAddress::new(0, document), score))
                .collect();
            let mut sorted = documents.clone();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
            let of: HashMap<DocAddress, f32> = sorted.iter().copied().collect();
            let least = wanted.checked_sub(1).and_then(|last| sorted.get(last));
            let least = least.map_or(0.0, |(_, score)| *score);
            let expected = sorted.iter().map(|(_, score)| *score);
            let expected: Vec<f32> = expected
                .filter(|score| *score >= least)
                .take(2 * wanted)
                .collect();
            let mut best = best(&mut documents, wanted);
            let found: Vec<f32> = best.iter().map(|address| of[address]).collect();
            prop_assert_eq!(&found, &expected);
            best.sort_unstable();
            best.dedup();
            prop_assert_eq!(best.len(), found.len());
        }
    }

    #[test]
    fn the_work_is_bounded_by_the_solutions_of_terms() {
        assert_eq!(affordable([].into_iter()), 0);
        assert_eq!(affordable([1; 1_000].into_iter()), QUERY_TERMS_MAX);
        let half = VISITED_MAX / 2;
        assert_eq!(affordable([1, half, half, half].into_iter()), 2);
        // What stands in more solutions than may be looked at is looked at if it comes first.
        assert_eq!(affordable([VISITED_MAX * 2, 1].into_iter()), 1);
    }
}
