//! One message for a person and a group, whichever of their receivers the alerts name.

use super::*;
use NotificationKind::{Escalated, Repeated, Resolved as Over, Triggered};

/// A house whose first level names one receiver of Ann's, and whose second level another one.
fn twice_ann() -> House {
    let mut house = house();
    house.receivers.insert("r-ann-2".to_owned(), agent("ann"));
    let policy = house.escalations.values_mut().next().unwrap();
    for (level, receiver_id) in policy.levels.iter_mut().zip(["r-ann", "r-ann-2"]) {
        level.targets = vec![to_receiver(receiver_id)];
    }
    house
}

/// An alert that nobody took on the first level.
fn gone_on(number: u128, fired_at: i64) -> Alert {
    Alert {
        level: 2,
        went_on: Some(WentOn::Untaken),
        ..alert(number, fired_at, Severity::High)
    }
}

/// Whether somebody is told of an alert through a receiver, and who is told through it beside.
fn is_told_through(world: &World, number: u128, by: &str, named: &[&str]) {
    let mut why = world.why(number);
    let (receiver_id, told) = why.remove(0);
    assert!(matches!(told, Why::Told { .. }), "{number}: {told:?}");
    assert_eq!(receiver_id, by, "{number}");
    let others = named.iter().map(|named| {
        let receiver_id = by.to_owned();
        ((*named).to_owned(), Why::SamePerson { receiver_id })
    });
    assert_eq!(why, others.collect::<Vec<_>>(), "{number}");
}

#[test]
fn two_levels_that_name_two_receivers_of_one_person_make_one_message() {
    let mut world = World::new(twice_ann());
    world.put(alert(1, 0, Severity::High));
    world.put(gone_on(2, 0));
    let told = world.round(30);
    // Through the one of the higher level, although the other one comes first by its id.
    assert_eq!(World::said(&told), [("r-ann-2", Escalated, 2)]);
    is_told_through(&world, 1, "r-ann-2", &["r-ann"]);
    is_told_through(&world, 2, "r-ann-2", &[]);
    assert_eq!(world.round(30), Round::default());

    // She has heard of it on its level, whichever receiver that names.
    world.change(1, |alert| alert.paused = true);
    world.round(40);
    world.change(1, |alert| alert.paused = false);
    assert_eq!(world.round(50).notifications, []);
    let by = "r-ann-2".to_owned();
    let heard = (by.clone(), Why::AlreadyTold { at: at(30) });
    let named = ("r-ann".to_owned(), Why::SamePerson { receiver_id: by });
    assert_eq!(world.why(1), [heard, named]);

    let again = world.round(30 + 4 * 3_600);
    assert_eq!(World::said(&again), [("r-ann-2", Repeated, 2)]);
    for number in [1, 2] {
        world.change(number, |alert| {
            let (at, cause) = (at(20_000), ResolveCause::Fulfilled);
            alert.state = AlertState::Resolved(Resolved { at, cause });
        });
    }
    let over = world.round(20_000);
    assert_eq!(World::said(&over), [("r-ann-2", Over, 2)]);
}

#[test]
fn that_it_is_over_is_told_once_to_who_was_told_through_two_receivers() {
    let mut world = World::new(twice_ann());
    world.put(alert(1, 0, Severity::High));
    assert_eq!(World::said(&world.round(30)), [("r-ann", Triggered, 1)]);
    world.change(1, |alert| {
        (alert.level, alert.went_on) = (2, Some(WentOn::Untaken));
    });
    assert_eq!(World::said(&world.round(600)), [("r-ann-2", Escalated, 1)]);
    world.change(1, |alert| {
        let (at, cause) = (at(700), ResolveCause::Fulfilled);
        alert.state = AlertState::Resolved(Resolved { at, cause });
    });
    assert_eq!(World::said(&world.round(700)), [("r-ann", Over, 1)]);
    is_told_through(&world, 1, "r-ann", &["r-ann-2"]);
}

#[test]
fn what_waits_for_its_group_goes_along_through_another_receiver() {
    let mut world = World::new(twice_ann());
    world.put(gone_on(1, 0));
    world.put(alert(2, 20, Severity::High));
    assert_eq!(World::said(&world.round(30)), [("r-ann-2", Escalated, 2)]);
    is_told_through(&world, 2, "r-ann-2", &["r-ann"]);
    assert_eq!(world.round(50), Round::default());
}

#[test]
fn a_receiver_that_may_not_be_told_now_keeps_its_own_for_its_digest() {
    let mut house = twice_ann();
    let (_, quiet) = house.receivers.get_mut("r-ann-2").unwrap();
    quiet.time_zone = "UTC".to_owned();
    quiet.quiet_hours = Some(QuietHours {
        begins: "11:00".parse::<TimeOfDay>().unwrap(),
        ends: "13:00".parse::<TimeOfDay>().unwrap(),
    });
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::High));
    world.put(gone_on(2, 0));
    assert_eq!(World::said(&world.round(30)), [("r-ann", Triggered, 1)]);
    let (by, until) = (Hold::QuietHours, at(3_600));
    let held = ("r-ann-2".to_owned(), Why::Held { by, until });
    assert_eq!(world.why(2), [held]);
}

#[test]
fn two_people_and_two_groups_are_told_apart() {
    let mut house = twice_ann();
    let policy = house.escalations.values_mut().next().unwrap();
    policy.levels[1].targets.push(to_receiver("r-bob"));
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::High));
    world.put(gone_on(2, 0));
    world.put(Alert {
        team_id: "shop".to_owned(),
        ..alert(3, 0, Severity::High)
    });
    let told = world.round(30);
    let expected = [
        ("r-ann", Triggered, 1),
        ("r-ann-2", Escalated, 2),
        ("r-bob", Escalated, 1),
    ];
    assert_eq!(World::said(&told), expected);
}
