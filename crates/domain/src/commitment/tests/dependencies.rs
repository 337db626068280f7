//! What a promise waits for, and what that means for it.

use super::*;
use crate::alert::{ResolveCause, Resolved, Rule};

/// A promise that is due at 3,600 and waits for another one, which is to be expected then.
fn waiting(expected: i64) -> Commitment {
    let mut promise = Commitment::new(Made {
        depends_on: vec!["c-0".to_owned()],
        ..made()
    });
    promise.note_foregoing("c-0", stands(expected, 10));
    promise
}

fn stands(expected: i64, since: i64) -> Foregoing {
    Foregoing {
        lifecycle: Lifecycle::Active,
        expected_at: at(expected),
        overdue: false,
        since: at(since),
    }
}

/// Says what is to be said at `now`; whether that was anything.
fn fire(promise: &mut Commitment, now: i64) -> bool {
    match promise.fire("timer", at(now), &calendars()) {
        Ok((due, event)) => {
            assert!(due < at(now), "never before its time");
            assert_eq!(promise.apply(&event), Folded::Applied);
            true
        }
        Err(refusal) => {
            assert_eq!(refusal, Refusal::NotYetDue);
            false
        }
    }
}

fn warning(promise: &Commitment) -> Option<(&str, &AlertState)> {
    let warning = promise.alert(Rule::AtRisk)?;
    Some((&warning.reason.stage_id, &warning.state))
}

#[test]
fn one_that_is_expected_in_time_says_nothing_and_one_beyond_the_due_warns_once() {
    let mut promise = waiting(3_600);
    assert!(!fire(&mut promise, 100), "exactly at the due is in time");
    promise.note_foregoing("c-0", stands(3_601, 200));
    assert_eq!(promise.watched_until(), Some(at(200)));
    assert_eq!(promise.timeliness(at(201)), Timeliness::OnTrack);
    assert!(fire(&mut promise, 201));
    assert_eq!(promise.depends_on[0].slip, Some(Slip::DueTooLate));
    assert_eq!(promise.timeliness(at(201)), Timeliness::AtRisk);
    assert_eq!(
        warning(&promise),
        Some(("depends_on", &AlertState::Triggered))
    );
    // However often it moves beyond it, it is one slip.
    promise.note_foregoing("c-0", stands(9_000, 300));
    assert!(!fire(&mut promise, 301));
    // Another sort of danger is said, and is the same episode.
    let overdue = Foregoing {
        overdue: true,
        ..stands(9_000, 400)
    };
    promise.note_foregoing("c-0", overdue);
    assert!(fire(&mut promise, 401));
    assert_eq!(promise.depends_on[0].slip, Some(Slip::Overdue));
    assert_eq!(promise.alert(Rule::AtRisk).unwrap().number, 1);
}

#[test]
fn the_danger_is_over_when_it_is_kept_or_expected_in_time_again() {
    for lifecycle in Lifecycle::ALL.into_iter().filter(|one| one.is_over()) {
        let mut promise = waiting(5_000);
        assert!(fire(&mut promise, 100));
        let ended = Foregoing {
            lifecycle,
            ..stands(5_000, 200)
        };
        promise.note_foregoing("c-0", ended);
        assert!(fire(&mut promise, 201));
        assert!(!fire(&mut promise, 202));
        if lifecycle != Lifecycle::Fulfilled {
            assert_eq!(
                promise.depends_on[0].slip,
                Some(Slip::NotKept),
                "{lifecycle:?}"
            );
            assert_eq!(promise.timeliness(at(202)), Timeliness::AtRisk);
            continue;
        }
        assert_eq!(promise.timeliness(at(202)), Timeliness::OnTrack);
        let averted = AlertState::Resolved(Resolved {
            at: at(201),
            cause: ResolveCause::Averted,
        });
        assert_eq!(warning(&promise), Some(("depends_on", &averted)));
        // In danger once more it is another episode.
        promise.note_foregoing("c-0", stands(4_000, 300));
        assert!(fire(&mut promise, 301));
        assert_eq!(promise.alert(Rule::AtRisk).unwrap().number, 2);
    }
}

#[test]
fn a_new_due_is_looked_at_anew() {
    let mut promise = waiting(5_000);
    assert!(fire(&mut promise, 100));
    let later = reschedule(&promise, move_to(at(4_000), true), lead(), at(200)).unwrap();
    promise.apply(&later);
    assert!(!promise.is_held_up());
    assert!(
        fire(&mut promise, 201),
        "it is still too late for the new due"
    );
    assert_eq!(promise.alert(Rule::AtRisk).unwrap().number, 2);
    let later = reschedule(&promise, move_to(at(5_000), true), lead(), at(300)).unwrap();
    promise.apply(&later);
    assert!(!fire(&mut promise, 301));
    assert_eq!(promise.timeliness(at(301)), Timeliness::OnTrack);
}

#[test]
fn nothing_is_said_of_what_has_ended_and_overdue_ones_are_not_warned_of() {
    let mut promise = waiting(5_000);
    let kept = promise.fulfil(done(at(50)), lead(), at(60)).unwrap();
    promise.apply(&kept);
    assert!(!fire(&mut promise, 100));

    let mut promise = waiting(3_600);
    assert!(fire(&mut promise, 3_601), "it lapses");
    promise.note_foregoing("c-0", stands(5_000, 3_700));
    assert!(fire(&mut promise, 3_701), "it is said");
    assert_eq!(
        warning(&promise),
        None,
        "and nobody is warned of what has come"
    );
}

#[test]
fn it_waits_for_others_when_its_owner_or_lead_says_so() {
    let mut promise = waiting(5_000);
    assert!(fire(&mut promise, 100));
    let ids = || vec!["c-1".to_owned()];
    let stranger = promise.depend_on(ids(), agent("zoe"), at(200));
    assert_eq!(stranger, Err(Refusal::NotPermitted(Permission::Depend)));
    let event = promise.depend_on(ids(), lead(), at(200)).unwrap();
    promise.apply(&event);
    assert_eq!(promise.awaited_ids(), ids());
    let over = warning(&promise).unwrap().1;
    assert!(matches!(over, AlertState::Resolved(_)), "{over:?}");
    assert!(!fire(&mut promise, 300), "nothing is known of that one");
}

#[test]
fn what_waits_for_itself_is_found_however_long_the_way() {
    let chain = |id: &str| -> Result<Vec<String>, std::convert::Infallible> {
        let number: usize = id.parse().unwrap();
        Ok(match number {
            // Two that wait for each other, and not for the first.
            900 => vec!["901".to_owned()],
            901 => vec!["900".to_owned()],
            _ if number < 40 => vec![(number + 1).to_string(), (number + 2).to_string()],
            _ => Vec::new(),
        })
    };
    let cyclic = |id: &str, first: &str| is_cyclic(id, &[first.to_owned()], chain).unwrap();
    assert!(cyclic("40", "1"));
    assert!(cyclic("1", "1"));
    assert!(!cyclic("0", "1"));
    assert!(!cyclic("7", "8"));
    assert!(!cyclic("7", "900"));
    let endless = |id: &str| Ok::<_, std::convert::Infallible>(vec![format!("{id}x")]);
    assert!(
        is_cyclic("0", &["1".to_owned()], endless).unwrap(),
        "too long to tell"
    );
}
