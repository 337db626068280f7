//! Two customers that are merged both ways round: what the ledger decides and what a view shows are
//! one rule, whatever the order of the steps and of reading.

use std::collections::BTreeSet;

use aftercall_ledger::testing::{fold, merged};
use aftercall_ledger::{Accepted, Contacts, Happening, Ledger, MergedPairs};
use aftercall_log::Record;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::customer_key;
use aftercall_proto::event::v1::Event;
use aftercall_view::testing::{Held, MemoryEngine, Partitions};
use aftercall_view::{ApplyError, Projection, Store, Txn};
use jiff::Timestamp;
use proptest::prelude::*;
use prost::Message;

use crate::written::TENANT;

const MERGED: MergedPairs = MergedPairs::under(1);

/// A view that keeps nothing but merges.
struct Merges;

impl Projection for Merges {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "merges"
    }

    fn version(&self) -> u32 {
        1
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        MERGED.apply(fact, txn)
    }
}

/// Who is named first, who is the other one, the first one's sequence, and whether they are one.
type Step = (&'static str, &'static str, u64, bool);

fn record((first, other, sequence, are_one): Step) -> Record {
    let event = Event {
        tenant_id: TENANT.to_owned(),
        aggregate_id: first.to_owned(),
        sequence,
        recorded_at: Some(to_wire(Timestamp::UNIX_EPOCH)),
        ..merged(first, other, are_one).event()
    };
    Record {
        key: customer_key(TENANT, first),
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

fn store(held: Held) -> Store {
    let store = Store::on(Box::new(MemoryEngine::default()));
    let mut txn = Txn::new(&store);
    for (key, value) in held {
        txn.put(key, value).unwrap();
    }
    store.apply(txn.into_changes()).unwrap();
    store
}

/// Who is one with a customer, by the ledger's own entries of all customers.
fn by_ledger(ledger: &Ledger, customer_id: &str) -> BTreeSet<String> {
    let mut one = BTreeSet::from([customer_id.to_owned()]);
    loop {
        let before = one.len();
        for first in NAMES {
            let others = ledger.merges(TENANT, first).unwrap().merged;
            for other in others {
                if one.contains(first) || one.contains(&other) {
                    one.extend([first.to_owned(), other]);
                }
            }
        }
        if one.len() == before {
            return one;
        }
    }
}

const NAMES: [&str; 3] = ["A", "B", "C"];

/// Who is one with each of the customers.
fn shown(steps: &[Step], partitions: u32, turns: &[(usize, usize)]) -> Vec<String> {
    let mut log = Partitions::new(partitions);
    for step in steps {
        log.append(record(*step));
    }
    let ledger = Ledger::on(store(log.judge(&mut Contacts, turns)));
    let view = store(fold(&log, &mut Merges, turns).held);
    let shown = NAMES.map(|customer_id| {
        let all = MERGED.customers(&view, TENANT, customer_id).unwrap();
        assert_eq!(all[0], customer_id, "itself first");
        let one = BTreeSet::from_iter(all);
        assert_eq!(one, by_ledger(&ledger, customer_id), "{steps:?}");
        Vec::from_iter(one).join("")
    });
    shown.into()
}

#[test]
fn a_merge_both_ways_round_is_undone_by_two() {
    const ONE: bool = true;
    const TWO: bool = false;
    for (steps, expected) in [
        (&[("A", "B", 1, ONE)][..], ["AB", "AB", "C"]),
        (&[("A", "B", 1, ONE), ("B", "A", 1, ONE)], ["AB", "AB", "C"]),
        (
            &[("A", "B", 1, ONE), ("B", "A", 1, ONE), ("A", "B", 2, TWO)],
            ["AB", "AB", "C"],
        ),
        (
            &[("A", "B", 1, ONE), ("A", "B", 2, TWO), ("B", "A", 1, ONE)],
            ["AB", "AB", "C"],
        ),
        (
            &[
                ("A", "B", 1, ONE),
                ("B", "A", 1, ONE),
                ("A", "B", 2, TWO),
                ("B", "A", 2, TWO),
            ],
            ["A", "B", "C"],
        ),
        // To part them the other way round parts nobody.
        (&[("A", "B", 1, ONE), ("B", "A", 1, TWO)], ["AB", "AB", "C"]),
        (
            &[
                ("A", "B", 1, ONE),
                ("B", "C", 1, ONE),
                ("C", "B", 1, ONE),
                ("B", "C", 2, TWO),
            ],
            ["ABC", "ABC", "ABC"],
        ),
    ] {
        for partitions in 1..4 {
            for turns in [[(0, 1), (1, 1), (2, 1)], [(2, 9), (1, 9), (0, 9)]] {
                assert_eq!(shown(steps, partitions, &turns), expected, "{steps:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn the_ledger_and_a_view_say_the_same_of_who_is_one(
        steps in prop::collection::vec((0..3_usize, 1..3_usize, 1..5_u64, any::<bool>()), 0..24),
        partitions in 1..4_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..6),
    ) {
        let steps = steps.into_iter().map(|(first, further, sequence, are_one)| {
            (NAMES[first], NAMES[(first + further) % 3], sequence, are_one)
        });
        let steps = Vec::from_iter(steps);
        prop_assert_eq!(shown(&steps, partitions, &turns), shown(&steps, partitions, &[(0, 99)]));
    }
}
