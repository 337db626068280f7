//! The way through the voice menu.

use super::*;
use crate::interaction::{IvrOutcome, IvrStep};
use crate::limits::LIST_MAX;

fn step(second: i64, node: &str) -> CallEvent {
    let node = node.to_owned();
    event(second, What::MenuStep { node }, Place::default())
}

fn been(node: &str, entered: i64, left: Option<(i64, IvrOutcome)>) -> IvrStep {
    IvrStep {
        node: node.to_owned(),
        entered_at: Some(at(entered)),
        exited_at: left.map(|(second, _)| at(second)),
        outcome: left.map(|(_, outcome)| outcome),
    }
}

/// Through the menu to a queue, an agent, and back into the menu, where the customer hangs up.
fn wandering() -> Vec<CallEvent> {
    let to = Transfer {
        kind: TransferKind::Blind,
        to: "menu".to_owned(),
        reason: String::new(),
    };
    vec![
        step(2, "main"),
        step(5, "main:2"),
        // Another source tells the same step.
        CallEvent {
            name: EventName {
                source: "ivr".to_owned(),
                call_id: "7".to_owned(),
                event_id: "1".to_owned(),
            },
            ..step(6, "main:2")
        },
        step(9, "bills"),
        event(12, What::Queued, queue("billing")),
        event(30, What::Answered, by("ana")),
        event(60, What::Transferred(to), by("ana")),
        step(61, "bills"),
        event(70, ended(DisconnectReason::Customer), Place::default()),
    ]
}

#[test]
fn every_step_is_kept_with_its_times_and_what_it_was_left_for() {
    let call = Call::of(&wandering()).unwrap();
    let expected = [
        been("main", 2, Some((5, IvrOutcome::NextStep))),
        been("main:2", 5, Some((9, IvrOutcome::NextStep))),
        been("bills", 9, Some((12, IvrOutcome::Queued))),
        been("bills", 61, Some((70, IvrOutcome::Ended))),
    ];
    assert_eq!(call.ivr_path, expected);
    assert_eq!(call.menu_node, "bills");
    // While the customer is still in it, the last step is not left.
    let call = Call::of(&wandering()[..2]).unwrap();
    assert_eq!(call.ivr_path[1], been("main:2", 5, None));
    let rings = event(8, What::Offered, by("ana"));
    let call = Call::of(&[step(2, "main"), rings]).unwrap();
    let to_agent = been("main", 2, Some((8, IvrOutcome::Agent)));
    assert_eq!(call.ivr_path, [to_agent]);
}

#[test]
fn of_a_path_without_end_the_last_step_is_kept() {
    let steps = (0..300).map(|second| step(second, &format!("n{second}")));
    let call = Call::of(&steps.collect::<Vec<_>>()).unwrap();
    assert_eq!(call.ivr_path.len(), LIST_MAX);
    assert_eq!(call.ivr_path[LIST_MAX - 2].node, "n198");
    assert_eq!(call.ivr_path[LIST_MAX - 1].node, "n299");
    assert_eq!(call.menu_node, "n299");
}

proptest! {
    #[test]
    fn the_order_in_which_steps_are_told_makes_no_difference(
        told in Just(wandering()).prop_shuffle(),
        again in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let mut all = told.clone();
        all.extend(again.iter().map(|index| told[index.index(told.len())].clone()));
        prop_assert_eq!(Call::of(&all), Call::of(&wandering()));
    }
}
