//! Each rule by itself.

use super::*;
use NotificationKind::{
    AcknowledgementOver, Digest, Escalated, Exhausted, Repeated, Resolved as Over, SilenceEnded,
    Triggered,
};

fn acknowledged(by: &str, until: i64) -> AlertState {
    AlertState::Acknowledged(crate::commitment::Acknowledged {
        by: by.to_owned(),
        at: at(0),
        until: at(until),
        note: String::new(),
    })
}

fn over(second: i64, cause: ResolveCause) -> AlertState {
    let at = at(second);
    AlertState::Resolved(Resolved { at, cause })
}

#[test]
fn what_happens_together_is_told_together_and_what_is_critical_at_once() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::High));
    world.put(alert(2, 20, Severity::Warning));
    assert_eq!(world.round(29), Round::default());
    let told = world.round(30);
    assert_eq!(
        World::said(&told),
        [("r-ann", Triggered, 2), ("r-bob", Triggered, 2)]
    );
    assert_eq!(told.notifications[0].severity, Severity::High);

    // Nothing more is told of them, and another one does not wait.
    world.put(alert(3, 40, Severity::Critical));
    let told = world.round(40);
    assert_eq!(
        World::said(&told),
        [("r-ann", Triggered, 1), ("r-bob", Triggered, 1)]
    );
    assert_eq!(world.round(600).notifications, []);
}

#[test]
fn one_person_gets_one_message_however_many_targets_name_them() {
    let mut house = house();
    house.receivers.insert("r-ann-2".to_owned(), agent("ann"));
    let targets = [
        to_receiver("r-ann-2"),
        EscalationTarget::Queue("invoices".to_owned()),
        EscalationTarget::Agent("bob".to_owned()),
    ];
    let policy = house.escalations.values_mut().next().unwrap();
    policy.levels[0] = level(&targets, EscalationStrategy::All);
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::High));
    let told = world.round(30);
    assert_eq!(
        World::said(&told),
        [("r-ann-2", Triggered, 1), ("r-bob", Triggered, 1)]
    );
    let same = Why::SamePerson {
        receiver_id: "r-ann-2".to_owned(),
    };
    assert!(world.why(1).contains(&("r-ann".to_owned(), same)));
}

#[test]
fn levels_go_on_and_end_at_the_catch_all() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::High));
    world.round(30);
    world.change(1, |alert| {
        (alert.level, alert.went_on) = (2, Some(WentOn::Untaken));
    });
    assert_eq!(World::said(&world.round(600)), [("r-lea", Escalated, 1)]);

    // An acknowledgement stops it; when its time is over, the next level hears whose it was.
    world.change(1, |alert| alert.state = acknowledged("ann", 9_000));
    assert_eq!(world.round(1_300).notifications, []);
    let (by, until) = ("ann".to_owned(), at(9_000));
    let seen_to = Why::Acknowledged { by, until };
    assert_eq!(world.why(1), [(String::new(), seen_to)]);
    assert_eq!(world.round(1_300 + 4 * 3_600).notifications, []);
    world.change(1, |alert| {
        (alert.level, alert.state) = (3, AlertState::Triggered);
        let by = "ann".to_owned();
        alert.went_on = Some(WentOn::Acknowledged { by });
    });
    let told = world.round(20_000);
    assert_eq!(World::said(&told), [("duty", AcknowledgementOver, 1)]);
    world.change(1, |alert| {
        alert.level = 4;
        alert.escalation.as_mut().unwrap().exhausted = true;
    });
    let told = world.round(20_001);
    assert_eq!(World::said(&told), [("duty", Exhausted, 1)]);
}

#[test]
fn nothing_reaches_nobody() {
    let mut house = house();
    house.receivers.retain(|id, _| id == "duty");
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::High));
    assert_eq!(World::said(&world.round(30)), [("duty", Triggered, 1)]);

    world.house.receivers.clear();
    world.put(alert(2, 60, Severity::High));
    assert_eq!(world.round(90).notifications, []);
    assert_eq!(world.why(2), [(String::new(), Why::NoReceiver)]);

    let mut nobodys = alert(3, 60, Severity::High);
    nobodys.escalation = None;
    assert_eq!(Route::default().look_at(&nobodys), None);
}

#[test]
fn what_is_bad_is_told_again_until_somebody_takes_it() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::High));
    world.put(alert(2, 0, Severity::Info));
    world.round(30);
    let four_hours = 4 * 3_600;
    assert_eq!(world.round(30 + four_hours - 1), Round::default());
    let again = world.round(30 + four_hours);
    assert_eq!(
        World::said(&again),
        [("r-ann", Repeated, 1), ("r-bob", Repeated, 1)]
    );
    assert_eq!(again.notifications[0].alerts[0].0, Uuid::from_u128(1));
    assert_eq!(world.round(31 + four_hours), Round::default());
    world.change(1, |alert| alert.state = acknowledged("bob", 90_000));
    world.round(100 + four_hours);
    assert_eq!(world.round(30 + 2 * four_hours), Round::default());
}

#[test]
fn by_turns_one_is_told_and_keeps_it_for_the_level() {
    let mut house = house();
    let targets = [
        EscalationTarget::Agent("ann".to_owned()),
        EscalationTarget::Agent("nobody".to_owned()),
        EscalationTarget::Agent("bob".to_owned()),
    ];
    let policy = house.escalations.values_mut().next().unwrap();
    policy.levels[0] = level(&targets, EscalationStrategy::RoundRobin);
    let mut world = World::new(house);
    let mut told = Vec::new();
    for number in 1..=4 {
        let fired_at = i64::try_from(number).unwrap() * 100;
        world.put(alert(number, fired_at, Severity::High));
        let round = world.round(fired_at + 30);
        told.extend(round.notifications.into_iter().map(|it| it.receiver_id));
    }
    assert_eq!(told, ["r-ann", "r-bob", "r-bob", "r-ann"]);
    // The first two again, each by whose turn it was.
    let again = world.round(230 + 4 * 3_600);
    assert_eq!(
        World::said(&again),
        [("r-ann", Repeated, 1), ("r-bob", Repeated, 1)]
    );
}

#[test]
fn that_it_is_over_is_told_once_and_to_those_who_heard() {
    let mut world = World::new(house());
    for number in 1..=3 {
        world.put(alert(number, 0, Severity::High));
    }
    world.change(3, |alert| alert.state = over(10, ResolveCause::Fulfilled));
    world.round(30);
    // Over before it was told: nobody needs to know.
    assert!(!world.routes.contains_key(&Uuid::from_u128(3)));
    world.change(1, |alert| alert.state = over(50, ResolveCause::Fulfilled));
    world.change(2, |alert| alert.state = over(50, ResolveCause::Overtaken));
    let told = world.round(50);
    assert_eq!(World::said(&told), [("r-ann", Over, 1), ("r-bob", Over, 1)]);
    assert_eq!(told.notifications[0].alerts[0].0, Uuid::from_u128(1));
    assert_eq!(world.round(51), Round::default());
    assert_eq!(world.round(90_000), Round::default());
}

#[test]
fn quiet_hours_hold_it_and_one_digest_follows() {
    let mut house = house();
    let (_, ann) = house.receivers.get_mut("r-ann").unwrap();
    ann.time_zone = "Europe/Berlin".to_owned();
    // It is 13:00 there.
    ann.quiet_hours = Some(QuietHours {
        begins: "12:00".parse::<TimeOfDay>().unwrap(),
        ends: "14:00".parse::<TimeOfDay>().unwrap(),
    });
    let mut world = World::new(house);
    for number in 1..=3 {
        let fired_at = i64::try_from(number).unwrap() * 60;
        world.put(alert(number, fired_at, Severity::High));
        world.round(fired_at + 30);
    }
    let (by, until) = (Hold::QuietHours, at(3_600));
    let held = ("r-ann".to_owned(), Why::Held { by, until });
    assert!(world.why(1).contains(&held));
    // What was taken, or is over, is not told.
    world.change(1, |alert| alert.state = over(500, ResolveCause::Fulfilled));
    let told = world.round(500);
    assert_eq!(World::said(&told), [("r-bob", Over, 1)]);
    world.change(2, |alert| alert.state = acknowledged("bob", 90_000));
    world.round(501);
    assert_eq!(world.round(3_599), Round::default());
    let told = world.round(3_600);
    assert_eq!(World::said(&told), [("r-ann", Digest, 1)]);
    assert_eq!(told.notifications[0].held_by, [Hold::QuietHours]);
    assert_eq!(told.notifications[0].alerts[0].0, Uuid::from_u128(3));
}

#[test]
fn beyond_the_budget_of_an_hour_there_is_one_digest() {
    let mut house = house();
    house.receivers.get_mut("r-ann").unwrap().1.budget_per_hour = 2;
    let mut world = World::new(house);
    let mut anns = Vec::new();
    for number in 1..=6_u128 {
        let fired_at = i64::try_from(number).unwrap() * 100;
        world.put(alert(number, fired_at, Severity::Warning));
        let round = world.round(fired_at + 30);
        let sent = round.notifications.into_iter();
        let sent = sent.filter(|it| it.receiver_id == "r-ann");
        anns.extend(sent.map(|it| it.alert_count));
    }
    assert_eq!(anns, [1, 1]);
    let (by, until) = (Hold::Rate, at(130 + 3_600));
    let held = ("r-ann".to_owned(), Why::Held { by, until });
    assert!(world.why(3).contains(&held) && world.why(6).contains(&held));
    assert_eq!(world.round(129 + 3_600), Round::default());
    let told = world.round(130 + 3_600);
    assert_eq!(World::said(&told), [("r-ann", Digest, 4)]);
}

#[test]
fn a_budget_is_the_persons_through_whichever_receiver_they_are_told() {
    let mut house = house();
    house.receivers.insert("r-ann-2".to_owned(), agent("ann"));
    for id in ["r-ann", "r-ann-2"] {
        house.receivers.get_mut(id).unwrap().1.budget_per_hour = 2;
    }
    let targets = [to_receiver("r-ann"), to_receiver("r-ann-2")];
    let policy = house.escalations.values_mut().next().unwrap();
    policy.levels[0] = level(&targets, EscalationStrategy::RoundRobin);
    let mut world = World::new(house);
    let mut told = Vec::new();
    for number in 1..=4_u128 {
        let fired_at = i64::try_from(number).unwrap() * 100;
        world.put(alert(number, fired_at, Severity::Warning));
        let round = world.round(fired_at + 30);
        let sent = round.notifications.into_iter();
        told.extend(sent.map(|it| (it.receiver_id, it.kind)));
    }
    let ann = |id: &str| (id.to_owned(), Triggered);
    assert_eq!(told, [ann("r-ann"), ann("r-ann-2")]);
    let (by, until) = (Hold::Rate, at(130 + 3_600));
    let held = |id: &str| [(id.to_owned(), Why::Held { by, until })];
    assert_eq!(world.why(3), held("r-ann"));
    assert_eq!(world.why(4), held("r-ann-2"));
    // No digest waits for the other one's.
    let told = world.round(130 + 3_600);
    let digests = [("r-ann", Digest, 1), ("r-ann-2", Digest, 1)];
    assert_eq!(World::said(&told), digests);
}

#[test]
fn the_end_of_a_silence_is_told_once() {
    let mut world = World::new(house());
    let quiet = silence(0, 1_000);
    world
        .house
        .silences
        .insert("move".to_owned(), quiet.clone());
    for number in 1..=5 {
        world.put(alert(number, 100, Severity::High));
    }
    assert_eq!(world.round(130).notifications, []);
    let why = Why::Silence {
        silence_id: "move".to_owned(),
        until: at(1_000),
    };
    assert_eq!(world.why(1), [(String::new(), why)]);
    world.change(5, |alert| alert.state = over(500, ResolveCause::Fulfilled));
    assert_eq!(world.round(500).notifications, []);
    assert_eq!(world.round(1_000).notifications, []);
    let told = world.round(1_060);
    assert_eq!(
        World::said(&told),
        [("r-ann", SilenceEnded, 4), ("r-bob", SilenceEnded, 4)]
    );

    // One that was taken out of use is over at once.
    let mut world = World::new(house());
    world.house.silences.insert("move".to_owned(), quiet);
    world.put(alert(1, 100, Severity::High));
    world.round(130);
    world.house.silences.clear();
    world.round(200);
    assert_eq!(
        World::said(&world.round(260)),
        [("r-ann", SilenceEnded, 1), ("r-bob", SilenceEnded, 1)]
    );
}

#[test]
fn what_was_noticed_late_comes_in_one_digest() {
    let mut world = World::new(house());
    for number in 1..=500 {
        let second = i64::try_from(number).unwrap() / 20;
        let mut late = alert(number, second, Severity::Critical);
        (late.late, late.imported) = (true, number % 2 == 0);
        world.put(late);
        if number % 50 == 0 {
            assert_eq!(world.round(second).notifications, []);
        }
    }
    let rounds = (60..70).flat_map(|second| world.round(second).notifications);
    let told: Vec<_> = rounds.collect();
    let said = told.iter().map(|it| (&*it.receiver_id, it.alert_count));
    let said: Vec<_> = said.collect();
    assert_eq!(said, [("r-ann", 500), ("r-bob", 500)]);
    assert_eq!(told[0].held_by, [Hold::Late, Hold::Import]);
    assert_eq!(told[0].alerts.len(), crate::limits::ALERTS_TOLD_MAX);
}

#[test]
fn what_another_alert_says_is_not_told_and_a_copy_is_mute() {
    let mut world = World::new(house());
    let mut warned = alert(1, 0, Severity::High);
    warned.inhibited_by = Some(Rule::PromiseLapsed);
    world.put(warned);
    assert_eq!(world.round(30).notifications, []);
    let by = Rule::PromiseLapsed;
    let alert_id = None;
    let kept = Why::Inhibition { by, alert_id };
    assert_eq!(world.why(1), [(String::new(), kept)]);
    world.change(1, |alert| alert.inhibited_by = None);
    assert_eq!(world.round(60).notifications.len(), 2);

    world.put(alert(2, 100, Severity::Critical));
    let (round, _) = world.decide(at(100), true);
    assert_eq!(round.notifications, []);
    let environment = Verdict {
        receiver_id: String::new(),
        reason: Why::Environment,
    };
    assert_eq!(round.alerts[0].verdicts, [environment]);
}

#[test]
fn each_further_reason_is_told_once_on_the_level_that_the_alert_has() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::High));
    world.round(30);
    // Half of the time has passed, then three quarters of it, then a promise slips that it waits for.
    for reason_no in 2..=4_u32 {
        let now = i64::from(reason_no) * 100;
        world.change(1, |alert| alert.reason_no = reason_no);
        assert_eq!(
            World::said(&world.round(now)),
            [("r-ann", Triggered, 1), ("r-bob", Triggered, 1)]
        );
        assert_eq!(world.round(now + 1), Round::default());
    }
    world.change(1, |alert| {
        (alert.level, alert.went_on) = (2, Some(WentOn::Untaken));
    });
    assert_eq!(World::said(&world.round(600)), [("r-lea", Escalated, 1)]);
    world.change(1, |alert| alert.reason_no = 5);
    assert_eq!(World::said(&world.round(700)), [("r-lea", Triggered, 1)]);

    // What comes while somebody sees to it waits until their time is over.
    world.change(1, |alert| alert.state = acknowledged("lea", 2_000));
    world.round(800);
    world.change(1, |alert| alert.reason_no = 6);
    assert_eq!(world.round(900), Round::default());
    world.change(1, |alert| {
        (alert.level, alert.state) = (3, AlertState::Triggered);
        let by = "lea".to_owned();
        alert.went_on = Some(WentOn::Acknowledged { by });
    });
    let told = world.round(2_001);
    assert_eq!(World::said(&told), [("duty", AcknowledgementOver, 1)]);
    assert_eq!(world.round(2_002), Round::default());
}

#[test]
fn danger_of_another_sort_ends_an_acknowledgement_and_is_told() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::High));
    world.round(30);
    world.change(1, |alert| alert.state = acknowledged("ann", 9_000));
    assert_eq!(world.round(100).notifications, []);
    world.change(1, |alert| {
        (alert.state, alert.reason_no) = (AlertState::Triggered, 2);
    });
    assert_eq!(
        World::said(&world.round(200)),
        [("r-ann", Triggered, 1), ("r-bob", Triggered, 1)]
    );
}

#[test]
fn a_reason_that_is_gone_is_no_news_and_a_further_one_that_was_noticed_late_comes_in_a_digest() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::Warning));
    world.round(30);
    world.change(1, |alert| {
        let Subject::Promise(promise) = &mut alert.subject else {
            panic!("it is about a promise");
        };
        promise.stage_id = "half".to_owned();
    });
    assert_eq!(world.round(100), Round::default());
    world.change(1, |alert| (alert.reason_no, alert.late) = (2, true));
    assert_eq!(world.round(200).notifications, []);
    assert_eq!(
        World::said(&world.round(260)),
        [("r-ann", Digest, 1), ("r-bob", Digest, 1)]
    );
    assert_eq!(world.round(500), Round::default());
}

#[test]
fn what_stands_still_is_told_to_nobody_and_goes_on_where_it_was() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::High));
    world.change(1, |alert| alert.paused = true);
    assert_eq!(world.round(30).notifications, []);
    assert_eq!(world.why(1), [(String::new(), Why::Paused)]);
    assert_eq!(world.round(5 * 3_600), Round::default());
    world.change(1, |alert| alert.paused = false);
    let told = world.round(6 * 3_600);
    assert_eq!(
        World::said(&told),
        [("r-ann", Triggered, 1), ("r-bob", Triggered, 1)]
    );
    // It is not told again for having stood still.
    world.change(1, |alert| alert.paused = true);
    assert_eq!(world.round(6 * 3_600 + 60).notifications, []);
    world.change(1, |alert| alert.paused = false);
    assert_eq!(world.round(6 * 3_600 + 120).notifications, []);
    // It is repeated when it was to be.
    let again = world.round(10 * 3_600);
    assert_eq!(
        World::said(&again),
        [("r-ann", Repeated, 1), ("r-bob", Repeated, 1)]
    );
}
