//! Which cases belong together; and the life of a solution.

mod life;

use super::*;

#[test]
fn case_spaces_and_sentence_marks_do_not_tell_candidates_apart() {
    let id = candidate_id("acme", "net.slow", "Reset the router; then wait 5 min.");
    assert!(id.is_some());
    for same in [
        "  reset THE router\n- then wait (5) min",
        "Reset, the router. Then wait 5 min",
    ] {
        assert_eq!(candidate_id("acme", "net.slow", same), id, "{same:?}");
    }
}

#[test]
fn tenant_reason_and_words_do() {
    let id = candidate_id("acme", "net.slow", "reset");
    assert_ne!(candidate_id("acm", "enet.slow", "reset"), id);
    assert_ne!(candidate_id("acme", "net.down", "reset"), id);
    assert_ne!(candidate_id("acme", "net.slow", "re set"), id);
    assert_ne!(candidate_id("acme", "net.slow", "-reset"), id);
}

#[test]
fn a_case_without_words_or_reason_is_none() {
    assert_eq!(candidate_id("acme", "net.slow", " \u{2026} -- !"), None);
    assert_eq!(candidate_id("acme", "", "reset"), None);
}
