//! Whose turn it was.

use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

use super::made;
use crate::commitment::Commitment;
use crate::due::{Pause, PauseReason, Turn};

fn pause(from: Timestamp, to: Timestamp, turn: Turn) -> Pause {
    Pause {
        from,
        to: Some(to),
        reason: PauseReason::AwaitingCustomer,
        turn,
    }
}

#[test]
fn a_wait_for_the_customer_is_theirs_and_the_rest_is_ours() {
    let mut promise = Commitment::new(made());
    let at = |hours: i64| promise.made_at + hours.hours();
    let (first, second, now) = (
        pause(at(1), at(4), Turn::Customer),
        pause(at(5), at(6), Turn::ThirdParty),
        at(10),
    );
    promise.pauses = vec![first, second];
    let hours = SignedDuration::from_hours;
    assert_eq!(
        promise.shares(now),
        [
            (Turn::Us, hours(6)),
            (Turn::Customer, hours(3)),
            (Turn::ThirdParty, hours(1)),
        ]
    );
}

proptest! {
    #[test]
    fn all_shares_together_are_the_whole_time(
        pauses in prop::collection::vec((-50_i64..500, 0_i64..200, 0_usize..4), 0..8),
        done in prop::option::of(-10_i64..600),
    ) {
        let mut promise = Commitment::new(made());
        let at = |minutes: i64| promise.made_at + minutes.minutes();
        let turns = [Turn::Us, Turn::Customer, Turn::ThirdParty, Turn::System];
        let pauses: Vec<_> = pauses
            .into_iter()
            .map(|(from, long, turn)| pause(at(from), at(from + long), turns[turn]))
            .collect();
        let (now, done) = (at(400), done.map(at));
        promise.pauses = pauses;
        promise.fulfilled_at = done;
        let end = done.unwrap_or(now).max(promise.made_at);
        let sum: SignedDuration = promise.shares(now).into_iter().map(|(_, took)| took).sum();
        prop_assert_eq!(sum, end.duration_since(promise.made_at));
    }
}
