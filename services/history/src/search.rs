//! Searching the index: what to look for, in which order, from where on.

pub(crate) mod cursor;
mod facets;
pub(crate) mod grammar;
mod hits;
mod relevance;
pub(crate) mod scope;
pub(crate) mod snippets;
pub(crate) mod then;

pub(crate) use cursor::{Order, Place};
pub(crate) use relevance::Weights;
pub(crate) use scope::Filter;
pub(crate) use then::Then;

use std::collections::HashSet;
use std::iter;

use aftercall_domain::Scope;
use aftercall_proto::history::v1::{Facet, FacetCounts};
use aftercall_service::Places;
use aftercall_view::Positions;
use tantivy::collector::Count;
use tantivy::query::{BooleanQuery, EnableScoring, Occur};
use tantivy::schema::document::Value;
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

use crate::index::{Fields, words};
use facets::Tallies;
use grammar::TextQuery;
use hits::Segment;

/// A search, complete: nothing in it depends on the index's state, so the next page's search is
/// the same one with another [`Search::after`].
#[derive(Debug)]
pub(crate) struct Search<'s> {
    pub(crate) tenant_id: &'s str,
    /// Whose contacts the caller reads.
    pub(crate) scope: &'s Scope,
    pub(crate) text: &'s TextQuery,
    pub(crate) filter: &'s Filter,
    /// Nothing else is found than what was recorded there; all is, if it is not set.
    pub(crate) among: Option<&'s Places>,
    pub(crate) order: Order,
    /// The weights of the wanted words, as on the first page.
    pub(crate) weights: &'s Weights,
    /// Where the page before ended.
    pub(crate) after: Option<Place>,
    /// What was recorded later than this is left out: what the first page was complete through.
    pub(crate) recorded_within: Option<&'s Positions>,
    pub(crate) results_max: usize,
    pub(crate) facets: &'s [Facet],
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The page's results, in order.
    pub(crate) hits: Vec<Hit>,
    /// Whether there is more after them.
    pub(crate) has_more: bool,
    /// How many contacts were found in all.
    pub(crate) total: u64,
    pub(crate) facets: Vec<FacetCounts>,
}

/// One contact that was found.
#[derive(Debug)]
pub(crate) struct Hit {
    /// Its key in the view's store.
    pub(crate) key: Vec<u8>,
    pub(crate) place: Place,
    pub(crate) score: f32,
}

/// Why the index did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the search index can't be read")]
pub(crate) struct SearchError(#[from] tantivy::TantivyError);

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> Self {
        Self(error.into())
    }
}

/// What is searched: the index as it is, and where it is searched as of the past what was known then of the contacts that
/// have changed since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Indexes<'i> {
    pub(crate) now: &'i Searcher,
    pub(crate) then: Option<&'i Then>,
}

/// One index, and the contacts that are looked for elsewhere, by their places in the log.
type Part<'i> = (&'i Searcher, Option<&'i HashSet<u64>>);

impl<'i> Indexes<'i> {
    /// All of them.
    fn parts(&self) -> impl Iterator<Item = Part<'i>> + use<'i> {
        let now = (self.now, self.then.map(Then::changed));
        let then = self.then.and_then(Then::searcher);
        iter::once(now).chain(then.map(|searcher| (searcher, None)))
    }
}

/// The places in the log of all contacts that `search` finds, in their order; of more than `places_max` only so many that
/// this is known. Its page and facets make no difference.
pub(crate) fn places(
    indexes: Indexes<'_>,
    fields: &Fields,
    search: &Search<'_>,
    places_max: usize,
) -> Result<Vec<u64>, SearchError> {
    let whose = (search.tenant_id, search.scope);
    let query = scope::query(fields, whose, search.filter, search.text);
    let mut places = Vec::new();
    for (index, (searcher, left_out)) in indexes.parts().enumerate() {
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
        for (ordinal, reader) in searcher.segment_readers().iter().enumerate() {
            let scorer = relevance::Scorer::open(reader, fields, &[], search.weights)?;
            let of = ((index, ordinal), (reader, left_out));
            let Some(mut segment) = Segment::open(of.0, of.1, search, scorer)? else {
                continue;
            };
            weight.for_each_no_score(reader, &mut |docs| {
                if places.len() <= places_max {
                    places.extend(segment.places(docs));
                }
            })?;
        }
    }
    places.sort_unstable();
    Ok(places)
}

/// Runs `search` over all documents: counts, facets and the page in one pass.
pub(crate) fn run(
    indexes: Indexes<'_>,
    fields: &Fields,
    search: &Search<'_>,
) -> Result<Found, SearchError> {
    let words = word_terms(fields, search.tenant_id, search.text);
    let whose = (search.tenant_id, search.scope);
    let query = scope::query(fields, whose, search.filter, search.text);
    let mut tallies = Tallies::new(search.facets);
    let mut page = hits::Page::new(search.results_max);
    for (index, (searcher, left_out)) in indexes.parts().enumerate() {
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
        for (ordinal, reader) in searcher.segment_readers().iter().enumerate() {
            let scorer = relevance::Scorer::open(reader, fields, &words, search.weights)?;
            let of = ((index, ordinal), (reader, left_out));
            let Some(mut segment) = Segment::open(of.0, of.1, search, scorer)? else {
                continue;
            };
            let mut tally = tallies.open(reader)?;
            weight.for_each_no_score(reader, &mut |docs| {
                tally.add(segment.collect(docs, &mut page));
            })?;
            tallies.close(tally)?;
        }
    }
    let total = page.total();
    let (found, has_more) = page.into_results();
    let hits = found
        .into_iter()
        .map(|candidate| hit(indexes, fields, candidate))
        .collect::<Result<_, SearchError>>()?;
    Ok(Found {
        hits,
        has_more,
        total,
        facets: tallies.into_counts()?,
    })
}

/// The weights of `text`'s wanted words in the index as it is now: by what the caller reads of it, so that a
/// score says nothing of how often others spoke of something.
pub(crate) fn weigh(
    searcher: &Searcher,
    fields: &Fields,
    (tenant_id, scope): (&str, &Scope),
    text: &TextQuery,
) -> Result<Weights, SearchError> {
    let words = word_terms(fields, tenant_id, text);
    if scope.is_all() {
        let contacts = searcher.doc_freq(&Term::from_field_text(fields.tenant, tenant_id))?;
        let frequencies = words.iter().map(|word| searcher.doc_freq(word));
        let frequencies = frequencies.collect::<tantivy::Result<Vec<_>>>()?;
        return Ok(Weights::new(contacts, &frequencies));
    }
    let count = |word: Option<&Term>| -> Result<u64, SearchError> {
        let mut clauses = scope::within(fields, tenant_id, scope);
        clauses.extend(word.map(|word| (Occur::Must, scope::one(word.clone()))));
        Ok(searcher.search(&BooleanQuery::new(clauses), &Count)? as u64)
    };
    let frequencies = words.iter().map(|word| count(Some(word)));
    let frequencies = frequencies.collect::<Result<Vec<_>, _>>()?;
    Ok(Weights::new(count(None)?, &frequencies))
}

fn word_terms(fields: &Fields, tenant_id: &str, text: &TextQuery) -> Vec<Term> {
    let scope = words::scope(tenant_id);
    text.words()
        .into_iter()
        .map(|word| scope::word(fields, &scope, word))
        .collect()
}

fn hit(
    indexes: Indexes<'_>,
    fields: &Fields,
    candidate: hits::Candidate,
) -> Result<Hit, SearchError> {
    let hits::Candidate {
        place,
        score,
        index,
        segment,
        doc,
    } = candidate;
    let searcher = indexes.parts().nth(index).map(|(searcher, _)| searcher);
    let address = DocAddress::new(segment, doc);
    let document = searcher.map(|searcher| searcher.doc::<TantivyDocument>(address));
    let document = document.transpose()?.unwrap_or_default();
    let key = document
        .get_first(fields.key)
        .and_then(|key| key.as_bytes());
    Ok(Hit {
        key: key.unwrap_or_default().to_vec(),
        place,
        score,
    })
}
