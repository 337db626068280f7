//! What of a filter is looked up in the index of the history service.

use aftercall_proto::convert::time;
use aftercall_proto::history::v1::InteractionFilter;
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_service::Searched;
use jiff::Timestamp;

use super::Filter;

/// What is looked up for a request, which asks for contacts by these filters: they may differ in their times, and nothing
/// else. None if it asks for nothing that is not in the view.
///
/// The search has the meaning that it has by itself. Where it names no times, those of the filters narrow it: what lies out of
/// them is looked up in vain.
pub(crate) fn searched(wire: &ContactFilter, filters: &[&Filter]) -> Option<Searched> {
    let asks = wire.search.as_ref();
    let asks = asks.is_some_and(|it| *it != InteractionFilter::default());
    if !asks && wire.query.is_empty() {
        return None;
    }
    let mut filter = wire.search.clone().unwrap_or_default();
    if filter.occurred_from.is_none() && filter.occurred_before.is_none() {
        let instant = |us| Timestamp::from_microsecond(us).ok().map(time::to_wire);
        let from = filters.iter().map(|it| it.from_us).min();
        let before = filters.iter().map(|it| it.before_us).max();
        // Without a bound it is no instant.
        filter.occurred_from = from.and_then(instant);
        filter.occurred_before = before.and_then(instant);
    }
    Some(Searched {
        query: wire.query.clone(),
        filter,
    })
}

#[cfg(test)]
mod tests {
    use aftercall_service::Checker;
    use pbjson_types::Timestamp as WireTimestamp;

    use super::*;

    fn at(seconds: i64) -> Option<WireTimestamp> {
        Some(WireTimestamp { seconds, nanos: 0 })
    }

    fn looked_up(wire: &ContactFilter) -> Option<Searched> {
        let filter = Filter::of(wire, &mut Checker::new());
        searched(wire, &[&filter])
    }

    #[test]
    fn what_the_view_knows_is_not_looked_up() {
        let own = ContactFilter {
            agent_ids: vec!["ana".to_owned()],
            search: Some(InteractionFilter::default()),
            ..ContactFilter::default()
        };
        assert_eq!(looked_up(&own), None);
    }

    #[test]
    fn a_search_is_narrowed_to_the_time_of_the_filter_unless_it_names_its_own() {
        let mut wire = ContactFilter {
            query: "refund".to_owned(),
            occurred_from: at(100),
            ..ContactFilter::default()
        };
        let narrowed = looked_up(&wire).unwrap();
        let times = (
            narrowed.filter.occurred_from,
            narrowed.filter.occurred_before,
        );
        assert_eq!(times, (at(100), None));
        let filter = Filter::of(&wire, &mut Checker::new());
        let before = Filter {
            from_us: 7_000_000,
            before_us: 100_000_000,
            ..filter.clone()
        };
        let both = searched(&wire, &[&filter, &before]).unwrap();
        assert_eq!(both.filter.occurred_from, at(7));
        wire.search = Some(InteractionFilter {
            occurred_before: at(50),
            ..InteractionFilter::default()
        });
        let own = looked_up(&wire).unwrap();
        let times = (own.filter.occurred_from, own.filter.occurred_before);
        assert_eq!(times, (None, at(50)));
    }
}
