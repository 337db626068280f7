//! BM25 over the solutions that a request may see.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use aftercall_retrieval::lexical::{Library, Query, Sought};
use tantivy::schema::Value;
use tantivy::{DocAddress, TantivyDocument};

use crate::failure::Error;
use crate::keys;
use crate::limits::{QUERY_TERMS_MAX, STRANGE_WORDS_MAX, VISITED_MAX};
use crate::spelling;
use crate::visible::Visible;

/// How soon a term's frequency is saturated,
const K1: f32 = 1.2;
/// and how much the length of a solution counts.
const B: f32 = 0.75;

/// In so many solutions of anybody's a term is not counted one by one: how many of them may be seen tells little then.
const COUNTED_MAX: u64 = VISITED_MAX / 4;

/// What the term brings to the score of a solution that has it so often among so many terms.
fn share(sought: &Sought, count: u32, length: u64, library: Library) -> f32 {
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
    /// Each with its score; those that share only faint words are not among them.
    documents: Vec<(DocAddress, f32)>,
}

impl Found {
    /// All of them, in no order.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = DocAddress> {
        self.documents.iter().map(|(address, _)| *address)
    }

    /// The best ones: so many, and as many again of those that score as the last of them does.
    pub(crate) fn best(&self, wanted: usize) -> Vec<(DocAddress, f32)> {
        let mut best = self.documents.clone();
        let by_score =
            |a: &(DocAddress, f32), b: &(DocAddress, f32)| -> Ordering { b.1.total_cmp(&a.1) };
        if wanted > 0 && best.len() > wanted {
            let (_, last, _) = best.select_nth_unstable_by(wanted - 1, by_score);
            // How sums are rounded depends on the order of the terms, which is the same for all.
            let least = last.1;
            best.retain(|(_, score)| *score >= least);
        }
        best.sort_by(by_score);
        // A word that stands in everything must not have everything looked at.
        best.truncate(2 * wanted);
        best
    }
}

/// Scores the visible solutions by their words.
pub(crate) fn search(visible: &Visible<'_>, text: &str) -> Result<Found, Error> {
    let library = Library {
        documents: visible.documents(),
        length_mean: visible.terms_each(),
    };
    let (query, terms) = sought(visible, library, text)?;
    let mut found = Found {
        query,
        terms,
        library,
        documents: Vec::new(),
    };
    if !found.terms.iter().any(|sought| sought.tells) {
        return Ok(found);
    }
    let lengths = visible.lengths()?;
    let mut scores: Vec<Vec<(f32, bool)>> = vec![Vec::new(); lengths.len()];
    let mut touched = Vec::new();
    let searched = affordable(found.terms.iter().map(|sought| sought.having));
    for sought in &found.terms[..searched] {
        visible.each_having(&sought.term, |address, count| {
            let column = &lengths[address.segment_ord as usize];
            let length = column.first(address.doc_id).unwrap_or(0);
            let of_segment = &mut scores[address.segment_ord as usize];
            if of_segment.is_empty() {
                of_segment.resize(visible.segment_len(address.segment_ord), (0.0, false));
            }
            let (score, is_told) = &mut of_segment[address.doc_id as usize];
            if *score == 0.0 {
                touched.push(address);
            }
            *score += share(sought, count, length, library);
            *is_told |= sought.tells;
        })?;
    }
    let told = touched.into_iter().filter_map(|address| {
        let (score, is_told) = scores[address.segment_ord as usize][address.doc_id as usize];
        is_told.then_some((address, score))
    });
    found.documents = told.collect();
    Ok(found)
}

/// What of `text` some visible solution has, what tells most first; slips are looked through.
fn sought(
    visible: &Visible<'_>,
    library: Library,
    text: &str,
) -> Result<(Query, Vec<Sought>), Error> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut failed = None;
    let mut having = |term: &str| {
        if let Some(count) = counts.get(term) {
            return *count;
        }
        let count = visible.having(term, COUNTED_MAX).unwrap_or_else(|error| {
            failed = Some(error);
            0
        });
        counts.insert(term.to_owned(), count);
        count
    };
    let mut query = Query::of(text);
    let mut strange = query.strange(|term| having(term) > 0);
    strange.truncate(STRANGE_WORDS_MAX);
    for word in strange {
        for meant in spelling::meant(&word, visible)? {
            query.correct(&word, &meant);
        }
    }
    let sought = query.sought(library, having);
    match failed {
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
    use super::*;

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
