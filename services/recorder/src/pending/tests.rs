//! Who gets what, and who is told that it is another's.

use super::*;

fn key(id: u128) -> Key {
    Key::contact("acme".into(), Uuid::from_u128(id))
}

fn promise(id: u128) -> Key {
    let id = Id::from(Uuid::from_u128(id));
    Key::name("acme".into(), &Name::Promise(id)).unwrap()
}

fn claim(pending: &Pending, key: &Key, names: &[Key], hash: u8) -> Claimed {
    pending.claim(Wanted {
        key,
        names,
        hash: [hash; 16],
        whose: 1,
    })
}

fn mine(pending: &Arc<Pending>, id: u128, names: &[Key], hash: u8) -> Claim {
    match claim(pending, &key(id), names, hash) {
        Claimed::Mine(flight) => Claim::new(pending, flight, true),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_can_wait_waits_for_room_and_who_can_not_is_refused_later() {
    let pending = Pending::new(8);
    let claim = |id| claim(&pending, &key(id), &[], 0);
    (0..7).for_each(|id| assert!(matches!(claim(id), Claimed::Mine(_))));
    let mut room = Box::pin(pending.room());
    assert!(futures::poll!(&mut room).is_pending());
    assert!(matches!(claim(7), Claimed::Mine(_)));
    assert!(matches!(claim(8), Claimed::Full));

    let evict = |id| pending.evict(&key(id), Uuid::from_u128(id), 1);
    evict(0);
    assert!(futures::poll!(&mut room).is_pending());
    evict(1);
    assert!(futures::poll!(&mut room).is_ready());
}

#[test]
fn a_name_that_another_contact_claims_is_taken_and_then_nothing_is_claimed() {
    let pending = Arc::new(Pending::new(100));
    let first = mine(&pending, 1, &[promise(7), promise(8)], 0);
    let names = [promise(9), promise(8)];
    let taken = claim(&pending, &key(2), &names, 0);
    let Claimed::Taken { flight, name } = taken else {
        panic!("{taken:?}")
    };
    assert_eq!((flight.contact(), name), (Uuid::from_u128(1), Some(1)));
    // A contact and a promise may have the same id.
    drop(mine(&pending, 7, &[], 0));
    // The other names of the one that was refused are free.
    drop(mine(&pending, 3, &[promise(9)], 0));
    first.end(Err(Refusal::NotReady));
    drop(mine(&pending, 2, &names[1..], 0));
}

#[test]
fn a_reference_and_the_contact_that_it_names_alone_are_one() {
    let pending = Arc::new(Pending::new(100));
    let _with_id = mine(&pending, 1, &[key(5)], 0);
    let by_reference = claim(&pending, &key(5), &[], 0);
    assert!(matches!(by_reference, Claimed::Taken { name: None, .. }));

    let _by_reference = mine(&pending, 6, &[], 0);
    let with_id = claim(&pending, &key(2), &[key(6)], 0);
    assert!(matches!(with_id, Claimed::Taken { name: Some(0), .. }));
}

#[test]
fn doubt_goes_over_to_whoever_takes_the_place_and_to_all_who_share_it() {
    let pending = Arc::new(Pending::new(100));
    // Its append may go on when it is dropped.
    drop(mine(&pending, 1, &[promise(7)], 0));
    let second = mine(&pending, 1, &[], 9);
    assert!(second.flight.is_doubtful());
    match claim(&pending, &key(1), &[], 9) {
        Claimed::Shared(flight) => assert!(flight.is_doubtful()),
        other => panic!("{other:?}"),
    }
    match claim(&pending, &key(1), &[], 8) {
        Claimed::Contested(flight) => assert!(flight.is_doubtful()),
        other => panic!("{other:?}"),
    }
    // The name of the first may turn up all the same.
    assert!(mine(&pending, 2, &[promise(7)], 0).flight.is_doubtful());
}
