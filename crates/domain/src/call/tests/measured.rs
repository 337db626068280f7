//! What is reckoned of one call is what it counts as among many contacts.

use super::*;
use crate::measure::{Contact, Facts, flag};

/// How a call goes: to agents, or not; and then perhaps to another queue, and from there to nobody.
#[derive(Debug, Clone)]
struct Course {
    direction: Option<Direction>,
    /// How long the customer waits who gives up, and whether it rings at somebody's meanwhile.
    wait: (i64, bool),
    answered: Option<Plan>,
    waits_again: Option<i64>,
}

impl Course {
    fn strategy() -> impl Strategy<Value = Self> {
        let directions = [None, Some(Direction::Inbound), Some(Direction::Outbound)];
        let direction = proptest::sample::select(directions.to_vec());
        let wait = (1..20_i64, any::<bool>());
        let answered = proptest::option::of(Plan::strategy());
        let again = proptest::option::of(0..20_i64);
        let all = (direction, wait, answered, again);
        all.prop_map(|(direction, wait, answered, waits_again)| Self {
            direction,
            wait,
            answered,
            waits_again,
        })
    }

    fn events(&self) -> Vec<CallEvent> {
        let started = What::Started {
            direction: self.direction,
        };
        let mut all = vec![event(0, started, Place::default())];
        let Some(plan) = &self.answered else {
            let (wait, rings) = self.wait;
            all.push(event(0, What::Queued, queue("billing")));
            if rings {
                all.push(event(0, What::Offered, by("ana")));
            }
            all.push(event(wait, What::Ended { reason: None }, Place::default()));
            return all;
        };
        all.extend(plan.events());
        let Some(again) = self.waits_again else {
            return all;
        };
        let end = all.iter().position(|one| one.what.ends());
        let end = all.remove(end.unwrap());
        let second = end.occurred_at.as_second() - at(0).as_second();
        all.push(event(second, What::Queued, queue("sales")));
        let left = What::Ended { reason: None };
        all.push(event(second + again, left, Place::default()));
        all
    }
}

fn facts(call: &Call) -> Facts {
    Facts::of(Contact {
        // Whoever does not say who reached out means the customer.
        direction: call.direction.unwrap_or(Direction::Inbound),
        occurred_at: call.began_at,
        ended_at: call.ended_at,
        segments: &call.segments,
        disconnect: call.disconnect.as_ref(),
        problem_onset_at: None,
        non_talk: &[],
        interruptions: &[],
    })
}

proptest! {
    #[test]
    fn one_call_comes_to_what_it_counts_as_among_many(
        course in Course::strategy(),
        missing in proptest::option::of(any::<Index>()),
    ) {
        let mut events = course.events();
        if let Some(missing) = missing {
            events.remove(missing.index(events.len()));
        }
        let call = Call::of(&events).unwrap();
        prop_assume!(call.ended_at.is_some());
        let (own, facts) = (&call.measures, facts(&call));
        let times = [
            own.queue_wait,
            own.talk_time,
            own.hold_time,
            own.longest_hold,
            own.acw_time,
            own.handle_time(),
        ];
        let handled = facts.handle();
        let counted = [
            facts.queue_wait,
            facts.talk,
            facts.hold,
            facts.longest_hold,
            facts.after_call,
        ];
        let counted = counted.map(u64::from).into_iter().chain([handled]);
        let counted: Vec<_> = counted.map(i128::from).collect();
        prop_assert_eq!(times.map(|time| time.as_millis()).to_vec(), counted);
        let holds: u32 = facts.holds.iter().map(|(count, _)| u32::from(*count)).sum();
        prop_assert_eq!(own.holds_n, holds);
        prop_assert_eq!(own.transfer_n, u32::from(facts.transfers));
        prop_assert_eq!(own.abandoned, facts.has(flag::ABANDONED));
        prop_assert_eq!(own.short_abandon, facts.has(flag::SHORT_ABANDONED));
        prop_assert_eq!(own.answered_n > 0 && own.abandoned, false);
    }
}

#[test]
fn who_was_answered_and_gives_up_in_another_queue_was_answered() {
    let mut events = story();
    events.retain(|one| !one.what.ends());
    events.push(event(410, What::Queued, queue("sales")));
    let waiting = Call::of(&events).unwrap();
    events.push(event(700, What::Ended { reason: None }, Place::default()));
    let left = Call::of(&events).unwrap();
    assert_eq!(left.state, CallState::WrapUp);
    for call in [waiting, left] {
        assert!(!call.measures.abandoned && !facts(&call).has(flag::ABANDONED));
    }
}

#[test]
fn nobody_abandons_a_call_that_we_make_or_that_goes_on() {
    let started = |direction| event(0, What::Started { direction }, Place::default());
    let queued = event(1, What::Queued, queue("billing"));
    let end = event(9, What::Ended { reason: None }, Place::default());
    let abandoned = |events: &[CallEvent]| Call::of(events).unwrap().measures.abandoned;
    let ours = started(Some(Direction::Outbound));
    assert!(!abandoned(&[ours, queued.clone(), end.clone()]));
    let theirs = started(Some(Direction::Inbound));
    assert!(abandoned(&[theirs.clone(), queued.clone(), end.clone()]));
    assert!(!abandoned(&[theirs.clone(), queued.clone()]));
    // One leg of it ended, and it rings at somebody's.
    let rings = event(12, What::Offered, by("ana"));
    assert!(!abandoned(&[theirs, queued, end, rings]));
}
