//! Ids.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::ids::Namespace;
use aftercall_service::{Clock, Ids, ManualClock, SystemIds, TestIds};
use jiff::Timestamp;
use proptest::prelude::*;

fn clock() -> (ManualClock, Arc<dyn Clock>) {
    let clock = ManualClock::at(Timestamp::from_millisecond(1_772_000_000_123).unwrap());
    (clock.clone(), Arc::new(clock))
}

#[test]
fn fresh_ids_carry_the_clocks_time_and_sort_by_it() {
    let (hand, clock) = clock();
    let ids = SystemIds::new(clock);
    let first = ids.uuid_v7();
    assert_eq!(first.get_version_num(), 7);
    assert_eq!(
        first.get_timestamp().unwrap().to_unix(),
        (1_772_000_000, 123_000_000)
    );
    assert_ne!(first, ids.uuid_v7());
    hand.advance(Duration::from_millis(1));
    assert!(ids.uuid_v7() > first);
}

#[test]
fn test_ids_follow_from_their_seed() {
    let draw = |seed| {
        let ids = TestIds::new(clock().1, seed);
        [ids.uuid_v7(), ids.uuid_v7()]
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    assert_ne!(draw(1)[0], draw(1)[1]);
}

proptest! {
    #[test]
    fn derived_ids_tell_all_parts_apart(
        left in prop::collection::vec(prop::collection::vec(0_u8..3, 0..4), 0..4),
        right in prop::collection::vec(prop::collection::vec(0_u8..3, 0..4), 0..4),
    ) {
        let parts = |parts: &[Vec<u8>]| Namespace::Event.id(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert_eq!(parts(&left) == parts(&right), left == right);
        prop_assert_ne!(parts(&left), Namespace::Alert.id(&left.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    }
}
