//! What is asked for, checked: everything that is wrong with a request is found at once.

pub(crate) mod name;
mod whose;

use aftercall_domain::Violations;
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::history::v1::{
    Facet, HandleQuery, InteractionFilter, SearchInteractionsRequest, SearchOrder,
};
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_service::Checker;
use jiff::Timestamp;
use prost::Message;

pub(crate) use whose::{Whose, with_merged};

use crate::as_of::Asked;
use crate::limits::{
    CONTACT_FILTER_BYTES_MAX, FACETS_MAX, FILTER_HANDLES_MAX, FILTER_VALUES_MAX, QUERY_BYTES_MAX,
    RESULTS,
};
use crate::search::grammar::TextQuery;
use crate::search::{Filter, Order};

/// A search that can be run.
#[derive(Debug)]
pub(crate) struct SearchRequest {
    pub(crate) text: TextQuery,
    pub(crate) filter: Filter,
    pub(crate) order: Order,
    pub(crate) results_max: usize,
    pub(crate) facets: Vec<Facet>,
    pub(crate) as_of: Asked,
    /// Behind which number they are, if it is asked for such.
    pub(crate) behind: Option<ContactFilter>,
}

impl SearchRequest {
    /// Checks a request that came at `now`. Its tokens are checked where they are used.
    pub(crate) fn check(
        request: &SearchInteractionsRequest,
        now: Timestamp,
    ) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        checker.text("query", &request.query, QUERY_BYTES_MAX);
        let text = TextQuery::parse(prefix(&request.query, QUERY_BYTES_MAX));
        let order = checker.known("order", request.order);
        let order = order.unwrap_or(SearchOrder::Unspecified);
        let results_max = checker.count("page_size", request.page_size, RESULTS);
        let empty = InteractionFilter::default();
        let filter = filter(request.filter.as_ref().unwrap_or(&empty), &mut checker);
        let facets = facets(&request.facets, &mut checker);
        let as_of = Asked::check(request.as_of.as_ref(), now, &mut checker);
        let behind = behind(&request.contact_filter, &mut checker);
        if behind.is_some() && as_of != Asked::Now {
            let text = "goes by what is known now; leave out as_of, or this";
            checker.conflicting("contact_filter", text);
        }
        let order = Order::of(order, !text.wanted.is_empty());
        checker.done(Self {
            text,
            filter,
            order,
            results_max,
            facets,
            as_of,
            behind,
        })
    }
}

/// The filter of measures that a search has, if it has one. What it says is checked where it is answered.
fn behind(encoded: &[u8], checker: &mut Checker) -> Option<ContactFilter> {
    let field = "contact_filter";
    if encoded.len() > CONTACT_FILTER_BYTES_MAX {
        checker.found().too_long(field, CONTACT_FILTER_BYTES_MAX);
        return None;
    }
    if encoded.is_empty() {
        return None;
    }
    let decoded = ContactFilter::decode(encoded);
    if decoded.is_err() {
        let text = "is no encoded aftercall.insight.v1.ContactFilter; take the filter of an answer of the insight service as \
                    it is";
        checker.add(field, Reason::Malformed, text);
    }
    decoded.ok()
}

/// A filter, checked.
pub(crate) fn filter(filter: &InteractionFilter, checker: &mut Checker) -> Filter {
    let InteractionFilter {
        customer_ids,
        agent_ids,
        team_ids,
        reason_codes,
        disposition_codes,
        driver_codes,
        channels,
        directions,
        sentiments,
        open_promise,
        labels,
        occurred_from,
        occurred_before,
        handles,
        match_statuses,
        identified,
        signals,
        worst_sentiments,
        sentiment_trends,
        sentiment_scorers,
        root_cause_codes,
        has_root_cause,
        has_driver,
        drop_attributions,
    } = filter;
    let (from, before) = checker.within(
        ("filter.occurred_from", occurred_from.as_ref()),
        ("filter.occurred_before", occurred_before.as_ref()),
    );
    Filter {
        customer_ids: values("filter.customer_ids", customer_ids, checker),
        agent_ids: values("filter.agent_ids", agent_ids, checker),
        team_ids: values("filter.team_ids", team_ids, checker),
        reason_codes: values("filter.reason_codes", reason_codes, checker),
        disposition_codes: values("filter.disposition_codes", disposition_codes, checker),
        driver_codes: values("filter.driver_codes", driver_codes, checker),
        channels: known("filter.channels", channels, checker),
        directions: known("filter.directions", directions, checker),
        sentiments: known("filter.sentiments", sentiments, checker),
        open_promise: *open_promise,
        labels: values("filter.labels", labels, checker),
        handles: handle_keys("filter.handles", handles, checker),
        match_statuses: known("filter.match_statuses", match_statuses, checker),
        identified: *identified,
        signals: known("filter.signals", signals, checker),
        worst_sentiments: known("filter.worst_sentiments", worst_sentiments, checker),
        sentiment_trends: known("filter.sentiment_trends", sentiment_trends, checker),
        sentiment_scorers: values("filter.sentiment_scorers", sentiment_scorers, checker),
        root_cause_codes: values("filter.root_cause_codes", root_cause_codes, checker),
        has_root_cause: *has_root_cause,
        has_driver: *has_driver,
        drop_attributions: known("filter.drop_attributions", drop_attributions, checker),
        occurred_from_us: from.map(microseconds),
        occurred_before_us: before.map(microseconds),
    }
}

/// The keys of which a contact must have one, if it is asked for any.
fn handle_keys(field: &str, handles: &[HandleQuery], checker: &mut Checker) -> Option<Vec<String>> {
    if handles.is_empty() || !checker.few(field, handles.len(), FILTER_HANDLES_MAX) {
        return None;
    }
    let each = handles.iter().enumerate();
    let keys = each
        .flat_map(|(place, handle)| whose::handle(&format!("{field}[{place}]"), handle, checker));
    Some(keys.collect())
}

fn known<W: TryFrom<i32> + Copy>(field: &str, values: &[i32], checker: &mut Checker) -> Vec<W> {
    checker.known_list(field, values, FILTER_VALUES_MAX)
}

fn values(field: &str, values: &[String], checker: &mut Checker) -> Vec<String> {
    match checker.ids(field, values, FILTER_VALUES_MAX) {
        true => values.to_vec(),
        false => Vec::new(),
    }
}

fn facets(facets: &[i32], checker: &mut Checker) -> Vec<Facet> {
    let known = checker.known_list("facets", facets, FACETS_MAX);
    for (place, facet) in facets.iter().enumerate().take(FACETS_MAX) {
        if *facet != 0 && facets[..place].contains(facet) {
            let text = "stands there twice; ask for each facet once";
            checker.add(format!("facets[{place}]"), Reason::Conflicting, text);
        }
    }
    known
}

/// The first bytes of a text, at most `bytes_max` and whole characters.
pub(crate) fn prefix(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
