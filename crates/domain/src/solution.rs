//! Solutions: which solved cases belong together, what they and their solution are called, and what
//! a publisher's draft may say.
//!
//! A *case* is an interaction whose primary reason was resolved, with words on how. Cases with the
//! same reason and the same answer make a *candidate*; a candidate that somebody vouches for becomes
//! a *solution*. Ids are derived, so that every reader of the log draws the same, and two people
//! who promote one candidate make one solution.

mod answer;
mod draft;

use uuid::Uuid;

use crate::ids::Namespace;

pub use draft::Draft;

/// The id of the candidate that the case belongs to; none for a case that teaches nothing, because
/// it has no reason or no words.
pub fn candidate_id(tenant_id: &str, reason_code: &str, resolution: &str) -> Option<Uuid> {
    let answer = answer::as_read(resolution)?;
    let has_reason = !reason_code.is_empty();
    let parts = [tenant_id, reason_code, &answer];
    has_reason.then(|| Namespace::Candidate.id(&parts.map(str::as_bytes)))
}

/// The id of the solution that is made of a candidate.
pub fn solution_id(tenant_id: &str, candidate_id: &str) -> Uuid {
    Namespace::Solution.id(&[tenant_id, candidate_id].map(str::as_bytes))
}

#[cfg(test)]
mod tests {
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
}
