//! What must hold for a contact to be found, as a query of the index.

use std::ops::Range;

use aftercall_domain::Scope;
use aftercall_proto::history::v1::{SentimentBand, SentimentTrend};
use aftercall_proto::model::v1::{Channel, Direction, DropAttribution, MatchStatus, SignalKind};
use tantivy::Term;
use tantivy::query::{BooleanQuery, EmptyQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use super::grammar::{Phrase, TextQuery, Wording};
use crate::index::{Fields, enum_number, words};

/// A request's filter, checked. Empty lists ask for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter {
    pub(crate) customer_ids: Vec<String>,
    pub(crate) agent_ids: Vec<String>,
    pub(crate) team_ids: Vec<String>,
    pub(crate) reason_codes: Vec<String>,
    pub(crate) disposition_codes: Vec<String>,
    pub(crate) driver_codes: Vec<String>,
    pub(crate) has_driver: Option<bool>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) directions: Vec<Direction>,
    pub(crate) sentiments: Vec<SentimentBand>,
    pub(crate) open_promise: Option<bool>,
    /// All of these, not any.
    pub(crate) labels: Vec<String>,
    /// The keys of handles, of which any must be among those of the contact.
    pub(crate) handles: Option<Vec<String>>,
    pub(crate) match_statuses: Vec<MatchStatus>,
    pub(crate) identified: Option<bool>,
    pub(crate) signals: Vec<SignalKind>,
    pub(crate) worst_sentiments: Vec<SentimentBand>,
    pub(crate) sentiment_trends: Vec<SentimentTrend>,
    pub(crate) sentiment_scorers: Vec<String>,
    pub(crate) root_cause_codes: Vec<String>,
    pub(crate) has_root_cause: Option<bool>,
    pub(crate) drop_attributions: Vec<DropAttribution>,
    pub(crate) occurred_from_us: Option<i64>,
    pub(crate) occurred_before_us: Option<i64>,
}

impl Filter {
    /// The times that are asked for, in microseconds since the Unix epoch.
    pub(crate) fn occurred_within(&self) -> Range<i64> {
        self.occurred_from_us.unwrap_or(i64::MIN)..self.occurred_before_us.unwrap_or(i64::MAX)
    }
}

/// The query for all but the time, which the pass over the documents looks at itself.
///
/// The tenant and the caller's scope come first and always: there is no other way to a query.
pub(crate) fn query(
    fields: &Fields,
    (tenant_id, scope): (&str, &Scope),
    filter: &Filter,
    text: &TextQuery,
) -> Box<dyn Query> {
    if text.wordless {
        return Box::new(EmptyQuery);
    }
    let mut clauses = within(fields, tenant_id, scope);
    let texts = [
        (fields.customer, &filter.customer_ids),
        (fields.agent, &filter.agent_ids),
        (fields.team, &filter.team_ids),
        (fields.reason, &filter.reason_codes),
        (fields.disposition, &filter.disposition_codes),
        (fields.driver, &filter.driver_codes),
        (fields.scorer, &filter.sentiment_scorers),
        (fields.root_cause, &filter.root_cause_codes),
    ];
    for (field, values) in texts {
        let terms = values
            .iter()
            .map(|value| Term::from_field_text(field, value))
            .collect();
        clauses.extend(any_of(terms));
    }
    let numbers = [
        enum_terms(fields.channel, &filter.channels),
        enum_terms(fields.direction, &filter.directions),
        enum_terms(fields.sentiment, &filter.sentiments),
        enum_terms(fields.worst, &filter.worst_sentiments),
        enum_terms(fields.trend, &filter.sentiment_trends),
        enum_terms(fields.attribution, &filter.drop_attributions),
        enum_terms(fields.match_status, &filter.match_statuses),
    ];
    clauses.extend(numbers.into_iter().filter_map(any_of));
    let signals = filter.signals.iter();
    let signals = signals.map(|kind| Term::from_field_text(fields.signal, kind.as_str_name()));
    clauses.extend(any_of(signals.collect()));
    if let Some(handles) = &filter.handles {
        let terms = handles
            .iter()
            .map(|key| (Occur::Should, is(fields.handle, key)));
        // Of none, if what was asked for names nobody: then nothing is found.
        let any = BooleanQuery::new(terms.collect());
        clauses.push((Occur::Must, Box::new(any)));
    }
    clauses.extend(
        filter
            .labels
            .iter()
            .map(|label| (Occur::Must, is(fields.label, label))),
    );
    let flags = [
        (fields.identified, filter.identified),
        (fields.open_promise, filter.open_promise),
        (fields.has_root_cause, filter.has_root_cause),
        (fields.has_driver, filter.has_driver),
    ];
    for (field, asked) in flags {
        let clause = asked.map(|is_so| one(Term::from_field_bool(field, is_so)));
        clauses.extend(clause.map(|clause| (Occur::Must, clause)));
    }
    let owner = words::scope(tenant_id);
    for wanted in &text.wanted {
        clauses.push((Occur::Must, wording(fields, &owner, wanted)));
    }
    for excluded in &text.excluded {
        clauses.push((Occur::MustNot, wording(fields, &owner, excluded)));
    }
    Box::new(BooleanQuery::new(clauses))
}

/// What of the tenant somebody reads, as clauses of a query.
pub(super) fn within(
    fields: &Fields,
    tenant_id: &str,
    scope: &Scope,
) -> Vec<(Occur, Box<dyn Query>)> {
    let mut clauses = vec![(Occur::Must, is(fields.tenant, tenant_id))];
    if let Some(own) = scope.parties() {
        let parties = own.iter();
        let terms = parties.map(|party| (Occur::Should, is(fields.of_party(party), party.id())));
        // Of none, nothing is found.
        let any = BooleanQuery::new(terms.collect());
        clauses.push((Occur::Must, Box::new(any)));
    }
    clauses
}

/// A word as the index has it.
pub(super) fn word(fields: &Fields, scope: &str, word: &str) -> Term {
    Term::from_field_text(fields.text, &format!("{scope}{word}"))
}

fn wording(fields: &Fields, scope: &str, wording: &Wording) -> Box<dyn Query> {
    let phrases = wording.phrases().iter();
    let mut queries: Vec<_> = phrases.map(|one| phrase(fields, scope, one)).collect();
    match queries.len() {
        1 => queries.remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

fn phrase(fields: &Fields, scope: &str, phrase: &Phrase) -> Box<dyn Query> {
    let mut terms: Vec<Term> = phrase
        .iter()
        .map(|single| word(fields, scope, single))
        .collect();
    match terms.len() {
        1 => one(terms.remove(0)),
        _ => Box::new(PhraseQuery::new(terms)),
    }
}

fn is(field: Field, value: &str) -> Box<dyn Query> {
    one(Term::from_field_text(field, value))
}

pub(super) fn one(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn any_of(mut terms: Vec<Term>) -> Option<(Occur, Box<dyn Query>)> {
    match terms.len() {
        0 => None,
        1 => Some((Occur::Must, one(terms.remove(0)))),
        _ => {
            let any = terms
                .into_iter()
                .map(|term| (Occur::Should, one(term)))
                .collect();
            Some((Occur::Must, Box::new(BooleanQuery::new(any))))
        }
    }
}

fn enum_terms<E: Copy + Into<i32>>(field: Field, values: &[E]) -> Vec<Term> {
    values
        .iter()
        .map(|value| Term::from_field_u64(field, enum_number((*value).into())))
        .collect()
}
