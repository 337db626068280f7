//! Solutions that fit a text: BM25 over the tenant's own solutions.
//!
//! The text is pasted as it is; nothing in it is syntax. Of its terms those that tell most are
//! searched for, so that the work is bounded whatever the text.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use aftercall_domain::{Scope, Violations};
use aftercall_proto::knowledge::v1::{Match, SuggestSolutionsRequest, Suggestion};
use aftercall_service::{Checker, Page};
use aftercall_view::index::Snapshot;
use aftercall_view::{Positions, Store};
use prost::Message;
use tantivy::collector::TopDocs;
use tantivy::query::{Bm25StatisticsProvider, BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

use crate::failure::Error;
use crate::fold::stored;
use crate::index::Fields;
use crate::keys;
use crate::limits::{QUERY_TERMS_MAX, SUGGESTIONS, TEXT_BYTES_MAX, TEXT_TERMS_MAX, VISITED_MAX};
use crate::records::Corpus;
use crate::solutions;
use crate::words::{self, Part};

/// BM25's saturation of a term's frequency, as the index has it,
const K1: f32 = 1.2;
/// and how much the length of a solution counts.
const B: f32 = 0.75;

/// How many more solutions are taken from the index than are wanted: which of those that it scores
/// alike come first depends on how its files are cut, which differs from replica to replica.
const SPARE: usize = 8;

/// A term that a text repeats counts for at most so many.
const REPEATED_MAX: u16 = 3;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    text: String,
    suggestions_max: usize,
}

impl Wanted {
    /// Checks the request.
    pub(crate) fn of(request: &SuggestSolutionsRequest) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        checker.required_text("text", &request.text, TEXT_BYTES_MAX);
        let asked = request.suggestions_max;
        let wanted = Self {
            suggestions_max: checker.count("suggestions_max", asked, SUGGESTIONS),
            text: request.text.clone(),
        };
        checker.done(wanted)
    }
}

/// The suggestions, the best first.
pub(crate) fn suggest(
    store: &Store,
    Snapshot {
        searcher,
        complete_through,
    }: &Snapshot,
    fields: &Fields,
    (tenant_id, scope): (&str, &Scope),
    wanted: &Wanted,
) -> Result<(Vec<Suggestion>, Positions), Error> {
    let statistics = Statistics::of(store, fields, tenant_id, searcher)?;
    let terms = sought(&wanted.text, fields, tenant_id, &statistics)?;
    let mut suggestions = Vec::new();
    if terms.iter().any(|sought| words::tells(&sought.word)) {
        let sought_for = wanted.suggestions_max + SPARE;
        for address in search(&terms, sought_for, &statistics)? {
            let document: TantivyDocument = searcher.doc(address)?;
            let key = document
                .get_first(fields.key)
                .and_then(|key| key.as_bytes());
            let found = match key {
                Some(key) => suggestion((store, scope), key, &terms, &statistics)?,
                None => None,
            };
            suggestions.extend(found);
        }
    }
    suggestions.sort_by(better);
    let mut page = Page::new(wanted.suggestions_max);
    for suggestion in suggestions {
        let bytes = suggestion.encoded_len();
        if !page.takes(bytes) {
            break;
        }
        page.add(suggestion, bytes);
    }
    Ok((page.into_items(), complete_through.clone()))
}

/// The higher score first; equal ones by id, so that every index answers the same.
fn better(a: &Suggestion, b: &Suggestion) -> Ordering {
    let id = |one: &Suggestion| one.solution.as_ref().map(|one| one.solution_id.clone());
    b.score.total_cmp(&a.score).then_with(|| id(a).cmp(&id(b)))
}

/// A term that solutions are searched for.
#[derive(Debug)]
struct Sought {
    word: String,
    term: Term,
    /// How many of the tenant's solutions have it.
    having: u64,
    /// How often the text says it, and how much it tells of itself.
    boost: f32,
    /// `boost`, times how rare the term is among the tenant's solutions.
    weight: f32,
}

/// The terms of `text` that some solution has; of many, those that tell most.
fn sought(
    text: &str,
    fields: &Fields,
    tenant_id: &str,
    statistics: &Statistics<'_>,
) -> Result<Vec<Sought>, Error> {
    let mut repeated: BTreeMap<String, u16> = BTreeMap::new();
    for word in words::terms(text) {
        let known = repeated.len();
        if let Some(count) = repeated.get_mut(&word) {
            *count = (*count + 1).min(REPEATED_MAX);
        } else if known < TEXT_TERMS_MAX {
            repeated.insert(word, 1);
        }
    }
    let mut terms = Vec::with_capacity(repeated.len());
    for (word, count) in repeated {
        let term = fields.term(tenant_id, &word);
        let having = statistics.searcher.doc_freq(&term)?;
        if having > 0 {
            let boost = f32::from(count) * words::weight(&word);
            let weight = boost * rarity(having, statistics.documents);
            terms.push(Sought {
                word,
                term,
                having,
                boost,
                weight,
            });
        }
    }
    terms.sort_by(|a, b| {
        b.weight
            .total_cmp(&a.weight)
            .then_with(|| a.word.cmp(&b.word))
    });
    terms.truncate(affordable(terms.iter().map(|sought| sought.having)));
    Ok(terms)
}

/// How many of the terms are searched for, of which each is in so many solutions: the first ones,
/// until they are many or their solutions are. What comes later tells least.
fn affordable(having: impl Iterator<Item = u64>) -> usize {
    let mut visited = 0;
    let within = having.take(QUERY_TERMS_MAX).take_while(|having| {
        let first = visited == 0;
        visited += having;
        first || visited <= VISITED_MAX
    });
    within.count()
}

/// How much it tells that a document has a term which `having` of `documents` have.
fn rarity(having: u64, documents: u64) -> f32 {
    let others = documents.saturating_sub(having) as f32;
    ((others + 0.5) / (having as f32 + 0.5)).ln_1p()
}

fn search(
    terms: &[Sought],
    documents_max: usize,
    statistics: &Statistics<'_>,
) -> Result<Vec<DocAddress>, Error> {
    let clauses = terms.iter().map(|sought| {
        let term = TermQuery::new(sought.term.clone(), IndexRecordOption::WithFreqs);
        let clause = BoostQuery::new(Box::new(term), sought.boost);
        (Occur::Should, Box::new(clause) as Box<dyn Query>)
    });
    let query = BooleanQuery::new(clauses.collect());
    let best = TopDocs::with_limit(documents_max).order_by_score();
    let searcher = statistics.searcher;
    let found = searcher.search_with_statistics_provider(&query, &best, statistics)?;
    Ok(found.into_iter().map(|(_, address)| address).collect())
}

/// The suggestion of a document; none if the solution shares only faint words with the text, or is
/// not in the store any more.
///
/// The score is computed anew from the solution: the index rounds lengths, and sums in an order
/// that depends on how its files happen to be cut.
fn suggestion(
    (store, scope): (&Store, &Scope),
    key: &[u8],
    terms: &[Sought],
    statistics: &Statistics<'_>,
) -> Result<Option<Suggestion>, Error> {
    let (tenant_id, solution_id) = keys::read_solution(key).map_err(Error::internal)?;
    if tenant_id != statistics.tenant_id {
        // The terms see to it already; a fault there must not show another tenant's words.
        return Ok(None);
    }
    let Some(solution) = solutions::find(store, (&tenant_id, scope), &solution_id)? else {
        return Ok(None);
    };
    let document = words::document(&solution);
    let length = document.terms() as f32 / statistics.terms_each;
    let mut shares = Vec::new();
    for sought in terms {
        let Some(parts) = document.parts(&sought.word) else {
            continue;
        };
        let count = parts.values().sum::<u32>() as f32;
        let share = sought.weight * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length));
        let word = sought.word.as_str();
        shares.extend(
            parts
                .iter()
                .map(|(part, n)| (*part, word, share * *n as f32)),
        );
    }
    if !shares.iter().any(|(_, word, _)| words::tells(word)) {
        return Ok(None);
    }
    Ok(Some(Suggestion {
        solution: Some(solution),
        score: shares.iter().map(|(_, _, share)| share).sum(),
        matches: matches(shares),
    }))
}

/// What each part brings to the score, the weightiest first.
fn matches(mut shares: Vec<(Part, &str, f32)>) -> Vec<Match> {
    shares.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.1.cmp(b.1)));
    let mut parts: BTreeMap<Part, Match> = BTreeMap::new();
    for (part, word, share) in shares {
        let found = parts.entry(part).or_insert_with(|| Match {
            field: part.name().to_owned(),
            ..Match::default()
        });
        found.terms.push(word.to_owned());
        found.score += share;
    }
    let mut matches: Vec<_> = parts.into_values().collect();
    matches.sort_by(|a, b| b.score.total_cmp(&a.score));
    matches
}

/// How many solutions the tenant has, and how long they are: what a term weighs must not depend
/// on other tenants.
struct Statistics<'a> {
    tenant_id: &'a str,
    searcher: &'a Searcher,
    documents: u64,
    terms_each: f32,
}

impl<'a> Statistics<'a> {
    fn of(
        store: &Store,
        fields: &Fields,
        tenant_id: &'a str,
        searcher: &'a Searcher,
    ) -> Result<Self, Error> {
        // Counted as the index counts documents that have a term: replaced ones too.
        let documents = searcher.doc_freq(&fields.tenant_term(tenant_id))?;
        let corpus = store.get(keys::corpus(tenant_id))?;
        let corpus: Corpus = stored(corpus).map_err(Error::internal)?.unwrap_or_default();
        Ok(Self {
            tenant_id,
            searcher,
            documents,
            terms_each: corpus.terms.max(1) as f32 / corpus.solutions.max(1) as f32,
        })
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, _field: Field) -> tantivy::Result<u64> {
        Ok((self.terms_each * self.documents as f32).ceil() as u64)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.documents)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Ok(self.searcher.doc_freq(term)?.min(self.documents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_bounded_by_terms_and_by_their_solutions() {
        assert_eq!(affordable([].into_iter()), 0);
        assert_eq!(affordable([1; 1_000].into_iter()), QUERY_TERMS_MAX);
        let half = VISITED_MAX / 2;
        assert_eq!(affordable([half, half, 1, 1].into_iter()), 2);
        // A single word is searched for, however common.
        assert_eq!(affordable([VISITED_MAX * 2, 1].into_iter()), 1);
    }
}
