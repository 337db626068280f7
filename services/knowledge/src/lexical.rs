//! BM25 over the solutions that a request may see.

mod scoring;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use aftercall_retrieval::lexical::{Library, Query, Sought};
use tantivy::schema::Value;
use tantivy::{DocAddress, TantivyDocument};

use crate::failure::Error;
use crate::keys;
use crate::limits::{CANDIDATES_MAX, QUERY_TERMS_MAX, STRANGE_WORDS_MAX, VISITED_MAX};
use crate::spelling;
use crate::synonyms::Counting;
use crate::visible::{Places, Visible};

/// In so many solutions of anybody's a term is not counted one by one: how many of them may be seen tells little then.
const COUNTED_MAX: u64 = VISITED_MAX / 4;

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

/// The best of some documents, the best first, and of equal ones the first in the index first: so many, and as many again of
/// those that score as the last of them does.
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
    best.sort_unstable_by(|a, b| by_score(a, b).then_with(|| a.0.cmp(&b.0)));
    // A word that stands in everything must not have everything looked at.
    best.truncate(2 * wanted);
    best.into_iter().map(|(address, _)| address).collect()
}

/// What is wanted of the solutions that share terms with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them.
    All,
    /// The best ones, which are the same as the best of all. Of the others it is not asked what all of them share.
    Best,
}

/// Scores the visible solutions by their words.
pub(crate) fn search(
    visible: &Visible<'_>,
    (text, synonyms): (&str, &Counting),
    wanted: Wanted,
) -> Result<Found, Error> {
    let library = Library {
        documents: visible.documents(),
        length_mean: visible.terms_each(),
    };
    let mut known = Known::of(visible);
    let (query, terms) = sought(&mut known, library, (text, synonyms))?;
    let mut found = Found {
        query,
        terms,
        library,
        documents: Vec::new(),
        best: Vec::new(),
    };
    let widened = found.query.widened(&found.terms);
    let phrases = phrases(&found.query, &known);
    if phrases.is_empty() && !widened.iter().any(|sought| sought.tells) {
        return Ok(found);
    }
    let searched = affordable(widened.iter().map(|sought| sought.having));
    let searched = widened[..searched].iter();
    let searched: Vec<_> = searched
        .filter_map(|sought| Some((sought, known.places(&sought.term)?)))
        .collect();
    let best_max = (wanted == Wanted::Best).then_some(CANDIDATES_MAX);
    let by = (searched.as_slice(), phrases.as_slice());
    let mut documents = scoring::scored((visible, library), by, best_max)?;
    found.best = best(&mut documents, CANDIDATES_MAX);
    found.documents = documents;
    Ok(found)
}

/// Where the words of each phrase stand that says what the text is about.
fn phrases<'k>(query: &Query, known: &'k Known<'_>) -> Vec<Vec<&'k Places>> {
    let synonyms = query.synonyms().iter();
    let phrases = synonyms.filter(|one| one.tells && one.terms.len() > 1);
    let places = phrases.filter_map(|one| {
        let places = one.terms.iter().map(|term| known.places(term));
        places.collect::<Option<Vec<_>>>()
    });
    places.collect()
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

/// What of `text` some visible solution has, what tells most first; slips are looked through, and synonyms with it.
fn sought(
    known: &mut Known<'_>,
    library: Library,
    (text, synonyms): (&str, &Counting),
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
    query.expand(synonyms.groups(), library, |term| known.having(term));
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
