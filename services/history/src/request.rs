//! What is asked for, checked: everything that is wrong with a request is found at once.

use aftercall_domain::Violations;
use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::history::v1::{
    Facet, InteractionFilter, SearchInteractionsRequest, SearchOrder, SentimentBand,
};
use pbjson_types::Timestamp;

use crate::limits::{FACETS_MAX, FILTER_VALUES_MAX, QUERY_BYTES_MAX, RESULTS_MAX, RESULTS_USUAL};
use crate::search::grammar::TextQuery;
use crate::search::{Filter, Order};
use crate::stored::microseconds;

/// The first and the last second that a timestamp may have: the years 1 to 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// A search that can be run.
#[derive(Debug)]
pub(crate) struct SearchRequest {
    pub(crate) text: TextQuery,
    pub(crate) filter: Filter,
    pub(crate) order: Order,
    pub(crate) results_max: usize,
    pub(crate) facets: Vec<Facet>,
}

impl SearchRequest {
    /// Checks a request. Its tokens are checked where they are used.
    pub(crate) fn check(request: &SearchInteractionsRequest) -> Result<Self, Violations> {
        let mut found = Violations::new();
        if request.query.len() > QUERY_BYTES_MAX {
            let text = format!("must have at most {QUERY_BYTES_MAX} bytes; leave words out");
            found.add("query", Reason::TooLong, text);
        }
        let text = TextQuery::parse(prefix(&request.query, QUERY_BYTES_MAX));
        let order = known("order", request.order, &mut found).unwrap_or(SearchOrder::Unspecified);
        let results_max = page_size(
            "page_size",
            request.page_size,
            (RESULTS_USUAL, RESULTS_MAX),
            &mut found,
        );
        let empty = InteractionFilter::default();
        let filter = filter(request.filter.as_ref().unwrap_or(&empty), &mut found);
        let facets = facets(&request.facets, &mut found);
        let order = Order::of(order, !text.wanted.is_empty());
        found.into_result(Self {
            text,
            filter,
            order,
            results_max,
            facets,
        })
    }
}

/// An id that must be there.
pub(crate) fn required_id(field: &str, id: &str, found: &mut Violations) {
    if id.is_empty() {
        found.add(field, Reason::Required, "must be given");
    }
    bounded_id(field, id, found);
}

/// How many of something, 0 for as many as usual.
pub(crate) fn page_size(
    field: &str,
    asked: i32,
    (usual, max): (i32, i32),
    found: &mut Violations,
) -> usize {
    if !(0..=max).contains(&asked) {
        let text = format!("must be 0 (for {usual}) or from 1 to {max}");
        found.add(field, Reason::OutOfRange, text);
    }
    let size = if asked == 0 { usual } else { asked };
    usize::try_from(size).unwrap_or_default()
}

fn bounded_id(field: impl Into<String>, id: &str, found: &mut Violations) {
    if id.len() > ID_BYTES_MAX {
        found.add(
            field,
            Reason::TooLong,
            format!("must have at most {ID_BYTES_MAX} bytes"),
        );
    }
}

fn filter(filter: &InteractionFilter, found: &mut Violations) -> Filter {
    let InteractionFilter {
        customer_ids,
        agent_ids,
        team_ids,
        reason_codes,
        disposition_codes,
        channels,
        directions,
        sentiments,
        open_promise,
        labels,
        occurred_from,
        occurred_before,
    } = filter;
    let checked = Filter {
        customer_ids: values("filter.customer_ids", customer_ids, found),
        agent_ids: values("filter.agent_ids", agent_ids, found),
        team_ids: values("filter.team_ids", team_ids, found),
        reason_codes: values("filter.reason_codes", reason_codes, found),
        disposition_codes: values("filter.disposition_codes", disposition_codes, found),
        channels: enums("filter.channels", channels, found),
        directions: enums("filter.directions", directions, found),
        sentiments: enums::<SentimentBand>("filter.sentiments", sentiments, found),
        open_promise: *open_promise,
        labels: values("filter.labels", labels, found),
        occurred_from_us: instant("filter.occurred_from", occurred_from.as_ref(), found),
        occurred_before_us: instant("filter.occurred_before", occurred_before.as_ref(), found),
    };
    if checked.occurred_within().is_empty() {
        let text = "must be later than filter.occurred_from";
        found.add("filter.occurred_before", Reason::Conflicting, text);
    }
    checked
}

fn values(field: &str, values: &[String], found: &mut Violations) -> Vec<String> {
    if too_many(field, values.len(), FILTER_VALUES_MAX, found) {
        return Vec::new();
    }
    for (place, value) in values.iter().enumerate() {
        if value.is_empty() {
            let text = "must not be empty; leave it out to ask for nothing";
            found.add(format!("{field}[{place}]"), Reason::Required, text);
        }
        bounded_id(format!("{field}[{place}]"), value, found);
    }
    values.to_vec()
}

fn enums<E: TryFrom<i32> + Copy>(field: &str, values: &[i32], found: &mut Violations) -> Vec<E> {
    if too_many(field, values.len(), FILTER_VALUES_MAX, found) {
        return Vec::new();
    }
    let each = values.iter().enumerate();
    each.filter_map(|(place, value)| specified(&format!("{field}[{place}]"), *value, found))
        .collect()
}

fn facets(facets: &[i32], found: &mut Violations) -> Vec<Facet> {
    if too_many("facets", facets.len(), FACETS_MAX, found) {
        return Vec::new();
    }
    let mut checked = Vec::new();
    for (place, facet) in facets.iter().enumerate() {
        let field = format!("facets[{place}]");
        let Some(facet) = specified(&field, *facet, found) else {
            continue;
        };
        if checked.contains(&facet) {
            found.add(
                field,
                Reason::Conflicting,
                "stands there twice; ask for each facet once",
            );
        }
        checked.push(facet);
    }
    checked
}

/// An enum's value that is known and says something.
fn specified<E: TryFrom<i32>>(field: &str, value: i32, found: &mut Violations) -> Option<E> {
    if value == 0 {
        found.add(
            field,
            Reason::Required,
            "must not be unspecified; leave it out instead",
        );
        return None;
    }
    known(field, value, found)
}

fn known<E: TryFrom<i32>>(field: &str, value: i32, found: &mut Violations) -> Option<E> {
    let known = E::try_from(value).ok();
    if known.is_none() {
        found.add(
            field,
            Reason::UnknownValue,
            "is not a value that this server knows",
        );
    }
    known
}

fn too_many(field: &str, count: usize, max: usize, found: &mut Violations) -> bool {
    if count > max {
        found.add(
            field,
            Reason::TooMany,
            format!("must have at most {max} elements"),
        );
    }
    count > max
}

fn instant(field: &str, at: Option<&Timestamp>, found: &mut Violations) -> Option<i64> {
    let at = at?;
    if !SECONDS.contains(&at.seconds) || !(0..1_000_000_000).contains(&at.nanos) {
        let text = "must be an instant within the years 1 to 9999, with nanos from 0 to 999999999";
        found.add(field, Reason::OutOfRange, text);
        return None;
    }
    Some(microseconds(at))
}

/// The first bytes of a text, at most `bytes_max` and whole characters.
fn prefix(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
