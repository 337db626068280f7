//! What policies would have made of promises, beside what they make of them.

use super::targets::calendars;
use super::*;
use crate::commitment::{CommitmentKind, Priority};

/// A promise of nobody in particular.
pub(super) fn promise(kind: CommitmentKind) -> PromiseFacts<'static> {
    PromiseFacts {
        kind,
        kind_code: "",
        priority: Priority::P3,
        team_id: "",
        site_id: "",
        queue_id: "",
        channel: None,
        language: "",
        told_to_customer: true,
    }
}

fn policy(
    id: &str,
    position: u32,
    kinds: &[CommitmentKind],
    hours: Option<i32>,
) -> (String, u32, FollowUpPolicy) {
    let policy = FollowUpPolicy {
        position,
        applies_to: PromiseFilter {
            kinds: kinds.to_vec(),
            ..PromiseFilter::default()
        },
        internal_target: hours
            .map(|hours| TargetRule::SinceMade(open_time(HOUR * hours, "office"))),
        ..FollowUpPolicy::default()
    };
    (id.to_owned(), 1, policy)
}

#[test]
fn two_sets_of_policies_are_counted_beside_each_other() {
    use CommitmentKind::{CallBack, Other, Refund};
    let now_set = PolicySet::new(
        vec![
            policy("b", 2, &[], Some(8)),
            policy("a", 2, &[Refund], None),
        ],
        calendars(),
    );
    let then_set = PolicySet::new(
        vec![
            policy("c", 3, &[], Some(8)),
            policy("a", 1, &[Refund], Some(2)),
            policy("z", 2, &[Other], None),
        ],
        calendars(),
    );
    // Monday noon; eight open hours later it is Tuesday noon.
    let (made_at, due) = (at("2026-01-05T12:00:00Z"), at("2026-01-09T12:00:00Z"));
    let noon = Some(at("2026-01-06T12:00:00Z"));
    let judged = now_set.judge(&promise(CallBack), (made_at, due));
    assert_eq!(
        judged,
        Judged {
            policy_id: Some("b"),
            target_at: noon
        }
    );
    let judged = then_set.judge(&promise(Refund), (made_at, due));
    assert_eq!(
        judged,
        Judged {
            policy_id: Some("a"),
            target_at: Some(at("2026-01-05T14:00:00Z"))
        }
    );
    let nothing = PolicySet::new(Vec::new(), calendars());
    let judged = nothing.judge(&promise(Refund), (made_at, due));
    assert_eq!(
        judged,
        Judged {
            policy_id: None,
            target_at: None
        }
    );

    let mut shadow = Shadow::default();
    for (kind, closed_at) in [
        // Another policy with the same target: done exactly then, and never.
        (CallBack, Some("2026-01-06T12:00:00Z")),
        (CallBack, None),
        // The same policy with a target that it did not have: missed.
        (Refund, Some("2026-01-05T14:00:01Z")),
        // Another policy without a target: not missed any more.
        (Other, Some("2026-01-08T12:00:00Z")),
    ] {
        let both = (
            now_set.judge(&promise(kind), (made_at, due)),
            then_set.judge(&promise(kind), (made_at, due)),
        );
        shadow.count(both, closed_at.map(at), at("2026-01-10T00:00:00Z"));
    }
    let counts = [("a", (1, 1)), ("b", (3, 0)), ("c", (0, 2)), ("z", (0, 1))];
    let expected = Shadow {
        promises: 4,
        other_policy: 3,
        other_target: 2,
        missed_now: 2,
        missed_then: 2,
        by_policy: counts.map(|(id, counts)| (id.to_owned(), counts)).into(),
    };
    assert_eq!(shadow, expected);
}
