//! What the index still has is on no page, and in no count, once the store knows better.

use aftercall_log::{Log, LogId, MemoryLog};
use aftercall_service::ActorKind;
use aftercall_view::Positions;

use super::*;
use crate::limits::STIRRED_LOOKED_AT_MAX;
use crate::suggestions::tests::{DARK, Held, SLOW, solution, viewer};

/// A solution that is published after the others.
const SLOW_TOO: &str = "01990000-0000-7000-9000-000000000001";

/// A page of one solution.
fn query(text: &str, viewer: &Viewer) -> Query {
    let log = MemoryLog::new(LogId([7; 16]), 1).identity();
    Query {
        text: text.to_owned(),
        language: String::new(),
        is_finished: false,
        sight: Filter::default().sight(viewer.reader(), 1_000),
        facets: vec![SolutionFacet::Audience],
        paging: Paging::asked(&log, &[b"search"], 1, "").unwrap(),
        after: None,
        trusted_at: Timestamp::UNIX_EPOCH,
        question: None,
        search_id: String::new(),
    }
}

fn listed(held: &Held, text: &str) -> Listed {
    listed_by(held, held.snapshot(), text)
}

fn listed_by(held: &Held, snapshot: &Snapshot, text: &str) -> Listed {
    let kim = viewer(ActorKind::Agent, "red");
    let index = (snapshot, &Fields::new());
    let by = (&kim, &Comparing::default());
    search(&held.store(), index, by, &query(text, &kim)).unwrap()
}

/// How many solutions the facets count.
fn counted(listed: &Listed) -> u64 {
    let counts = listed.facets[0].counts.iter();
    counts.map(|one| one.count).sum()
}

#[test]
fn what_is_not_there_any_more_is_on_no_page_and_in_no_count() {
    let mut held = Held::new();
    // The latest one comes first, and is recalled: the page has the other one, and ends there.
    held.publish(DARK, 1, solution("Dark screen"));
    held.publish(SLOW, 1, solution("Slow network"));
    held.hold();
    for text in ["", "my router is slow"] {
        assert_eq!(listed(&held, text).total, 2, "{text}");
    }
    held.recall(SLOW);
    for text in ["", "my router is slow"] {
        let Listed {
            hits,
            total,
            facets,
            next,
            ..
        } = listed(&held, text);
        let titles: Vec<_> = hits.iter().map(|hit| hit.title.as_str()).collect();
        assert_eq!((titles, total), (vec!["Dark screen"], 1), "{text}");
        assert_eq!(next, None, "{text}");
        let counted: u64 = facets[0].counts.iter().map(|one| one.count).sum();
        assert_eq!(counted, 1, "{text}");
    }
}

/// The id of the solution of a number.
fn numbered(number: usize) -> String {
    format!("01990000-0000-7000-8000-{number:012}")
}

#[test]
fn what_is_gone_is_in_no_count_however_far_down_it_stands() {
    // More than are ranked: whatever the order, many are looked at by nobody.
    let (mut held, all) = (Held::new(), 2 * BEST_MAX);
    for number in 0..all {
        held.publish(&numbered(number), 1, solution("Slow network"));
    }
    held.hold();
    let gone: Vec<usize> = (0..all).step_by(3).collect();
    for number in &gone {
        held.recall(&numbered(*number));
    }
    let left = (all - gone.len()) as u64;
    for text in ["", "my router is slow"] {
        let listed = listed(&held, text);
        let counts = (listed.total, counted(&listed), listed.is_upper_bound);
        assert_eq!(counts, (left, left, false), "{text}");
    }
}

#[test]
fn counts_say_when_too_much_has_changed_to_be_looked_at() {
    let mut held = Held::new();
    for number in 0..STIRRED_LOOKED_AT_MAX {
        held.publish(&numbered(number), 1, solution("Slow network"));
    }
    held.hold();
    let behind = Snapshot {
        complete_through: Positions::new(),
        ..held.snapshot().clone()
    };
    assert!(!listed_by(&held, &behind, "").is_upper_bound);
    held.publish(SLOW_TOO, 1, solution("Slow network"));
    let found = listed_by(&held, &behind, "");
    assert!(found.is_upper_bound);
    assert_eq!(found.total, STIRRED_LOOKED_AT_MAX as u64);
}
