//! What searches say of versions is what a recount of all searches finds.

use std::collections::BTreeMap;

use aftercall_ledger::testing::fold_to_store;
use aftercall_view::Store;
use aftercall_view::testing::Partitions;
use proptest::prelude::*;

use super::super::records::Asked;
use super::{TENANT, next, record, search_id, solution_id};
use crate::echoes::{self, Echo};
use crate::fold::stored;
use crate::index::Fields;
use crate::keys::search as keys;
use crate::notes::Notes;
use crate::view::KnowledgeView;

/// Counts anew, by solution and version.
fn recount(store: &Store) -> BTreeMap<(String, u32), Echo> {
    let mut all: BTreeMap<(String, u32), Echo> = BTreeMap::new();
    for search in 0..3 {
        let row = store.get(keys::asked(TENANT, &search_id(search))).unwrap();
        let Some(asked) = stored::<Asked>(row).unwrap() else {
            continue;
        };
        // A contact speaks for itself.
        if !asked.question.interaction_id.is_empty() {
            continue;
        }
        for seen in &asked.seen {
            for version in [0, seen.version] {
                let echo = all.entry((seen.solution_id.clone(), version)).or_default();
                echo.used += i64::from(seen.used);
                echo.rejected += i64::from(seen.rejected && !seen.used);
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn what_searches_say_of_a_version_equals_a_recount(
        log in prop::collection::vec(next(), 0..80),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let mut written = Partitions::new(partitions);
        for next in &log {
            written.append(record(next));
        }
        let mut view = KnowledgeView::new(Fields::new(), Notes::default());
        let store = fold_to_store(&written, &mut view, &turns);
        let recounted = recount(&store);
        for solution in [0, 1].map(solution_id) {
            for version in 0..3 {
                let read = echoes::read(&store, (TENANT, &solution), version).unwrap();
                let key = (solution.clone(), version);
                // What was only shown names no version, and says nothing.
                let expected = recounted.get(&key).copied().unwrap_or_default();
                prop_assert_eq!(read, expected, "version {}", version);
            }
        }
    }
}
