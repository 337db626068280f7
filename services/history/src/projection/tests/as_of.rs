//! The store as of a position.

use aftercall_ledger::testing::fold_to_store;
use aftercall_view::Direction;
use aftercall_view::key::prefix_end;

use aftercall_domain::Scope;
use tantivy::Searcher;

use super::*;
use crate::known::Known;
use crate::search::grammar::TextQuery;
use crate::search::then::Span;
use crate::search::{self, Filter, Indexes, Order, Search, Then, Weights};

/// The tags of the rows that are as they were: timelines, contacts of nobody known, promises, open promises, timelines of
/// handles, and what became of promises of nobody.
const KEPT: [u8; 6] = [1, 2, 5, 6, 8, 9];

fn rows(known: &Known, direction: Direction) -> Vec<(Bytes, Bytes)> {
    let kept = KEPT
        .iter()
        .flat_map(|tag| known.scan_prefix([*tag], direction));
    let told = known.scan_prefix(CALLS.all(TENANT), direction);
    kept.chain(told).map(|row| row.unwrap()).collect()
}

/// The contacts that are calls.
fn told_of(known: &Known) -> Vec<(Bytes, Bytes)> {
    let calls = calls::entries_after(known, TENANT, &[]);
    calls.map(|row| row.unwrap()).collect()
}

/// An index of all that a store holds; none if that is nothing.
fn indexed(store: &Store) -> Option<Searcher> {
    let (now, fields) = (Known::now(store), Fields::new());
    let mut projection = HistoryProjection::new(fields.clone());
    let pointers = now.scan_prefix([3_u8], Direction::Ascending);
    let pointers = pointers.map(|row| row.unwrap().0);
    let keys = pointers.chain(told_of(&now).into_iter().map(|(key, _)| key));
    let documents = keys.filter_map(|key| {
        let document = projection.document(&key, &Txn::new(store)).unwrap();
        document.map(|document| (key, document))
    });
    let documents: Vec<_> = documents.collect();
    let index = fields.index_schema();
    (!documents.is_empty()).then(|| index.in_memory(documents).unwrap())
}

fn filters() -> Vec<Filter> {
    let label = |label: &str| Filter {
        labels: vec![label.to_owned()],
        ..Filter::default()
    };
    let open = |open| Filter {
        open_promise: Some(open),
        ..Filter::default()
    };
    let of = Filter {
        customer_ids: vec![customer_id(1)],
        ..Filter::default()
    };
    // Contacts are found by whoever had a part in the call that they are, whichever was written first.
    let agent = |agent: &str| Filter {
        agent_ids: vec![agent.to_owned()],
        ..Filter::default()
    };
    let unidentified = Filter {
        identified: Some(false),
        ..Filter::default()
    };
    vec![
        Filter::default(),
        label("label-0"),
        label("label-1"),
        of,
        agent("agent-0"),
        agent("agent-1"),
        unidentified,
        open(true),
        open(false),
    ]
}

/// The contacts that a filter finds, by their places in the log.
fn found(indexes: Indexes<'_>, filter: &Filter, within: &Positions) -> Vec<u64> {
    let search = Search {
        tenant_id: TENANT,
        scope: &Scope::All,
        text: &TextQuery::default(),
        filter,
        among: None,
        order: Order::Latest,
        weights: &Weights::new(0, &[]),
        after: None,
        recorded_within: Some(within),
        results_max: 1,
        facets: &[],
    };
    search::places(indexes, &Fields::new(), &search, usize::MAX).unwrap()
}

proptest! {
    /// Whatever was written later, and in whatever partition.
    #[test]
    fn the_store_as_of_a_position_is_that_of_a_log_that_ends_there(
        log in prop::collection::vec(next(), 0..80),
        cut in any::<prop::sample::Index>(),
        partitions in 1..5_u32,
    ) {
        let mut written = Partitions::new(partitions);
        let mut then = Positions::new();
        let cut = cut.index(log.len() + 1);
        for next in &log[..cut] {
            then.include(written.append(record(next)));
        }
        let shorter = written.clone();
        for next in &log[cut..] {
            written.append(record(next));
        }
        let fold = |log: &Partitions| {
            fold_to_store(log, &mut HistoryProjection::new(Fields::new()), &[(0, 3)])
        };
        let written = fold(&written);
        let (before, after) = (Known::now(&fold(&shorter)), Known::as_of(&written, then));
        for direction in [Direction::Ascending, Direction::Descending] {
            prop_assert_eq!(rows(&after, direction), rows(&before, direction));
        }
        prop_assert_eq!(told_of(&after), told_of(&before));
        let pointers = before.scan_range([3], prefix_end(&[3]).as_deref(), Direction::Ascending);
        for row in pointers.chain(before.scan_prefix([1], Direction::Ascending)) {
            let (key, value) = row.unwrap();
            prop_assert_eq!(after.get(key).unwrap(), Some(value));
        }
        let promises = keys::commitments(TENANT);
        for row in Known::now(&written).scan_prefix(&promises, Direction::Ascending) {
            let (key, _) = row.unwrap();
            prop_assert_eq!(after.get(&key).unwrap(), before.get(&key).unwrap());
        }
        // Nothing is looked for among the changes of a row that is not there.
        for row in before.scan_prefix(&promises, Direction::Ascending) {
            let (key, _) = row.unwrap();
            prop_assert!(keys::never_goes(&key) && written.get(&key).unwrap().is_some());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Contacts and calls, by whatever they are found, and in whatever partition either was written.
    #[test]
    fn as_of_a_position_is_found_what_is_found_where_the_log_ends_there(
        log in prop::collection::vec(next(), 1..60),
        cut in any::<prop::sample::Index>(),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..6),
    ) {
        let mut written = Partitions::new(partitions);
        let mut then = Positions::new();
        let cut = cut.index(log.len() + 1);
        for next in &log[..cut] {
            then.include(written.append(record(next)));
        }
        let (shorter, mut all) = (written.clone(), then.clone());
        for next in &log[cut..] {
            all.include(written.append(record(next)));
        }
        let fold = |log: &Partitions| {
            fold_to_store(log, &mut HistoryProjection::new(Fields::new()), &turns)
        };
        let (before, after) = (fold(&shorter), fold(&written));
        let index_before = indexed(&before);
        let Some(index) = indexed(&after) else {
            prop_assert!(index_before.is_none());
            return Ok(());
        };
        let known = Known::as_of(&after, then.clone());
        let span = Span { then: &then, indexed: &all };
        for filter in filters() {
            let changed = Then::read(&known, &Fields::new(), (TENANT, &filter), span).unwrap();
            let indexes = Indexes { now: &index, then: Some(&changed) };
            let past = found(indexes, &filter, &then);
            let expected = index_before.as_ref().map(|now| {
                found(Indexes { now, then: None }, &filter, &then)
            });
            prop_assert_eq!(past, expected.unwrap_or_default(), "{:?}", filter);
        }
    }
}

#[test]
fn what_came_later_is_passed_over_only_so_far() {
    let mut log = Partitions::new(1);
    let mut then = Positions::new();
    for n in 0..200 {
        let next = Next {
            interaction: n,
            customer: 1,
            recorded_at: 1,
            what: What::Record {
                occurred_at: 1,
                imported: false,
            },
        };
        // Each promises something under an id of its own.
        let mut interaction = contact(&next, 1);
        interaction.commitments.clear();
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(interaction),
            ..InteractionRecorded::default()
        }));
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: interaction_id(n),
            sequence: 1,
            recorded_at: Some(to_wire(at(1))),
            customer_id: customer_id(1),
            interaction_id: interaction_id(n),
            ..fact.event()
        };
        let position = log.append(Record {
            key: contact_key(TENANT, &customer_id(1), &interaction_id(n)),
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        });
        if n == 0 {
            then.include(position);
        }
    }
    let store = fold_to_store(&log, &mut HistoryProjection::new(Fields::new()), &[(0, 9)]);
    let known = Known::as_of(&store, then);
    assert_eq!(known.scan_prefix([1], Direction::Ascending).count(), 1);
    let mut hasty = known.looking_at(20).scan_prefix([1], Direction::Ascending);
    // The one that was there is the last of the timeline.
    assert!(hasty.next().unwrap().is_err() && hasty.next().is_none());
}
