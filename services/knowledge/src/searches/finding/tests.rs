//! What the index still has is on no page, and in no count, once the store knows better.

use aftercall_log::{Log, LogId, MemoryLog};
use aftercall_service::ActorKind;
use tantivy::Searcher;

use super::*;
use crate::suggestions::tests::{DARK, Held, SLOW, solution, viewer};

/// A page of one solution.
fn query(text: &str, viewer: &Viewer) -> Query {
    let log = MemoryLog::new(LogId([7; 16]), 1).identity();
    Query {
        text: text.to_owned(),
        is_finished: false,
        sight: Filter::default().sight(viewer.reader(), 1_000),
        facets: vec![SolutionFacet::Audience],
        paging: Paging::asked(&log, &[b"search"], 1, "").unwrap(),
        after: None,
        question: None,
        search_id: String::new(),
    }
}

fn listed(held: &Held, searcher: &Searcher, text: &str) -> Listed {
    let kim = viewer(ActorKind::Agent, "red");
    let snapshot = Snapshot {
        searcher: searcher.clone(),
        complete_through: held.snapshot().complete_through.clone(),
    };
    let index = (&snapshot, &Fields::new());
    let by = (&kim, &Comparing::default());
    search(&held.store(), index, by, &query(text, &kim)).unwrap()
}

#[test]
fn what_is_not_there_any_more_is_on_no_page_and_in_no_count() {
    let mut held = Held::new();
    // The latest one comes first, and is recalled: the page has the other one, and ends there.
    held.publish(DARK, 1, solution("Dark screen"));
    held.publish(SLOW, 1, solution("Slow network"));
    held.hold();
    let searcher = held.snapshot().searcher.clone();
    for text in ["", "my router is slow"] {
        assert_eq!(listed(&held, &searcher, text).total, 2, "{text}");
    }
    held.recall(SLOW);
    for text in ["", "my router is slow"] {
        let Listed {
            hits,
            total,
            facets,
            next,
            ..
        } = listed(&held, &searcher, text);
        let titles: Vec<_> = hits.iter().map(|hit| hit.title.as_str()).collect();
        assert_eq!((titles, total), (vec!["Dark screen"], 1), "{text}");
        assert_eq!(next, None, "{text}");
        let counted: u64 = facets[0].counts.iter().map(|one| one.count).sum();
        assert_eq!(counted, 1, "{text}");
    }
}
