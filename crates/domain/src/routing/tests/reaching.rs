//! Whom a level means that names no one by name, and who is told where a receiver reaches nobody.

use super::*;
use NotificationKind::{Digest, Escalated, Resolved as Over, Triggered};

/// The house, with other targets on its first level.
fn telling(targets: &[EscalationTarget], strategy: EscalationStrategy) -> House {
    let mut house = house();
    let policy = house.escalations.values_mut().next().unwrap();
    policy.levels[0] = level(targets, strategy);
    house
}

/// An alert that fired, for somebody to act on.
fn owned(number: u128, fired_at: i64, owner: Option<Owner>) -> Alert {
    Alert {
        owner,
        ..alert(number, fired_at, Severity::High)
    }
}

fn by_agent(id: &str) -> Option<Owner> {
    Some(Owner::Agent(id.to_owned()))
}

fn by_queue(id: &str) -> Option<Owner> {
    Some(Owner::Queue(id.to_owned()))
}

fn unreached(whom: &str) -> (String, Why) {
    let whom = whom.to_owned();
    (String::new(), Why::OwnerUnreached { whom })
}

fn idle(receiver_id: &str, webhook_id: &str) -> (String, Why) {
    let webhook_id = webhook_id.to_owned();
    (receiver_id.to_owned(), Why::WebhookNotInUse { webhook_id })
}

/// Gives a receiver another webhook.
fn rehook(house: &mut House, receiver_id: &str, webhook_id: &str) {
    let (_, receiver) = house.receivers.get_mut(receiver_id).unwrap();
    webhook_id.clone_into(&mut receiver.webhook_id);
}

/// The receivers of a round's messages.
fn whom(round: &Round) -> Vec<&str> {
    let sent = round.notifications.iter();
    sent.map(|it| &*it.receiver_id).collect()
}

#[test]
fn the_owner_is_whoever_should_act_when_it_is_told() {
    let house = telling(&[EscalationTarget::Owner], EscalationStrategy::All);
    let mut world = World::new(house);
    world.put(owned(1, 0, by_agent("ann")));
    assert_eq!(whom(&world.round(30)), ["r-ann"]);
    // Given to somebody else, they hear when it is told again.
    world.change(1, |alert| alert.owner = by_agent("bob"));
    let again = world.round(30 + 4 * 3_600);
    assert_eq!(World::said(&again), [("r-bob", Triggered, 1)]);
    assert_eq!(world.round(31 + 4 * 3_600), Round::default());
    // A queue is those who work it off.
    world.put(owned(2, 20_000, by_queue("invoices")));
    assert_eq!(whom(&world.round(20_030)), ["r-ann", "r-bob"]);
    let queued = &world.alerts[&Uuid::from_u128(2)];
    let told = on_level(queued, 1, &world.house);
    assert_eq!(told, ["r-ann", "r-bob"]);
}

#[test]
fn an_owner_whom_nothing_reaches_is_passed_over() {
    let house = telling(&[EscalationTarget::Owner], EscalationStrategy::All);
    let mut world = World::new(house);
    let owners = [None, by_agent("eve"), by_queue("complaints")];
    for (number, owner) in (1..).zip(owners) {
        let fired_at = i64::try_from(number).unwrap() * 100;
        world.put(owned(number, fired_at, owner));
        assert_eq!(whom(&world.round(fired_at + 30)), ["duty"], "{number}");
    }
    for (number, whom) in [(1, ""), (2, "eve"), (3, "complaints")] {
        assert!(world.why(number).contains(&unreached(whom)), "{number}");
    }
    // Beside others, and by turns, it is these.
    let lea = EscalationTarget::Agent("lea".to_owned());
    for strategy in [EscalationStrategy::All, EscalationStrategy::RoundRobin] {
        let house = telling(&[EscalationTarget::Owner, lea.clone()], strategy);
        let mut world = World::new(house);
        world.put(owned(1, 0, by_agent("eve")));
        assert_eq!(whom(&world.round(30)), ["r-lea"]);
        assert!(world.why(1).contains(&unreached("eve")));
    }
}

#[test]
fn the_owners_team_is_the_alerts_and_of_a_queue_those_who_work_it_off() {
    let team = [EscalationTarget::OwnerTeam];
    let mut house = telling(&team, EscalationStrategy::All);
    let shop = Team {
        member_ids: vec!["lea".to_owned()],
        queue_ids: vec!["orders".to_owned()],
        ..Team::default()
    };
    house.teams.insert("shop".to_owned(), shop);
    let mut world = World::new(house);
    world.put(owned(1, 0, by_agent("eve")));
    assert_eq!(whom(&world.round(30)), ["r-ann", "r-bob"]);
    // Who made the promise may be of another team.
    world.put(owned(2, 100, by_queue("orders")));
    assert_eq!(whom(&world.round(130)), ["r-lea"]);
    let teamless = Alert {
        team_id: String::new(),
        ..owned(3, 200, by_agent("eve"))
    };
    world.put(teamless);
    assert_eq!(whom(&world.round(230)), ["duty"]);
    assert!(world.why(3).contains(&unreached("")));
}

#[test]
fn one_person_who_is_the_owner_and_named_hears_once() {
    let targets = [
        EscalationTarget::Agent("ann".to_owned()),
        EscalationTarget::Owner,
        EscalationTarget::OwnerTeam,
    ];
    let mut world = World::new(telling(&targets, EscalationStrategy::All));
    world.put(owned(1, 0, by_agent("ann")));
    assert_eq!(whom(&world.round(30)), ["r-ann", "r-bob"]);
}

#[test]
fn who_is_reached_by_no_webhook_gives_way_to_the_next_one() {
    let mut house = house();
    rehook(&mut house, "r-ann", "mistyped");
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::High));
    assert_eq!(whom(&world.round(30)), ["r-bob"]);
    assert!(world.why(1).contains(&idle("r-ann", "mistyped")));
    // Mail reaches her all the same, and it is said that the webhook does not.
    let (_, ann) = world.house.receivers.get_mut("r-ann").unwrap();
    ann.mail_address = "ann@example.com".to_owned();
    world.put(alert(2, 100, Severity::High));
    assert_eq!(whom(&world.round(130)), ["r-ann", "r-bob"]);
    assert!(world.why(2).contains(&idle("r-ann", "mistyped")));

    // By turns, the turn is another one's, and who had it loses it.
    let targets = ["ann", "bob"].map(|id| EscalationTarget::Agent(id.to_owned()));
    let mut house = telling(&targets, EscalationStrategy::RoundRobin);
    house.webhooks.insert("other".to_owned());
    rehook(&mut house, "r-ann", "other");
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::High));
    assert_eq!(whom(&world.round(30)), ["r-ann"]);
    world.house.webhooks.remove("other");
    assert_eq!(whom(&world.round(30 + 4 * 3_600)), ["r-bob"]);
}

#[test]
fn where_the_catch_all_reaches_nobody_the_fallbacks_does_and_else_somebody_who_comes_into_reach() {
    let mut house = house();
    house.webhooks.clear();
    house.receivers.insert("last".to_owned(), receiver(None));
    rehook(&mut house, "last", "other");
    house.webhooks.insert("other".to_owned());
    house.last_receiver_id = "last".to_owned();
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::Warning));
    assert_eq!(whom(&world.round(30)), ["last"]);
    for receiver_id in ["r-ann", "r-bob", "duty"] {
        assert!(world.why(1).contains(&idle(receiver_id, "w")));
    }
    let alert_1 = world.alerts[&Uuid::from_u128(1)].clone();
    assert_eq!(on_level(&alert_1, 2, &world.house), ["last"]);

    world.house.last_receiver_id.clear();
    world.put(alert(2, 60, Severity::Warning));
    assert_eq!(world.round(90).notifications, []);
    let nobody = (String::new(), Why::NoReceiver);
    assert!(world.why(2).contains(&nobody));
    // That is said once, however much time passes,
    for hours in 0..24 {
        assert_eq!(world.round(91 + hours * 3_600), Round::default());
    }
    // and once more if it goes on or somebody else should act, of whom nobody knows anything, either.
    world.change(2, |alert| alert.level = 2);
    assert_eq!(world.round(90_000).alerts.len(), 1);
    world.change(2, |alert| alert.owner = by_agent("eve"));
    assert_eq!(world.round(90_001).alerts.len(), 1);
    assert_eq!(world.round(90_002), Round::default());
    // Whose webhook is in use again is told at once, although nothing happened to the alert.
    world.change(2, |alert| alert.level = 1);
    assert_eq!(world.round(90_003).notifications, []);
    world.house.webhooks.insert("w".to_owned());
    let told = world.round(90_004);
    assert_eq!(
        World::said(&told),
        [("r-ann", Triggered, 1), ("r-bob", Triggered, 1)]
    );
}

#[test]
fn what_is_held_for_who_is_not_reached_any_more_is_told_to_others() {
    let mut house = house();
    house.receivers.retain(|id, _| id != "r-bob");
    let (_, ann) = house.receivers.get_mut("r-ann").unwrap();
    ann.time_zone = "UTC".to_owned();
    ann.quiet_hours = Some(QuietHours {
        begins: "11:00".parse::<TimeOfDay>().unwrap(),
        ends: "13:00".parse::<TimeOfDay>().unwrap(),
    });
    rehook(&mut house, "r-ann", "other");
    house.webhooks.insert("other".to_owned());
    let mut world = World::new(house);
    world.put(alert(1, 0, Severity::Warning));
    assert_eq!(world.round(30).notifications, []);
    world.house.webhooks.remove("other");
    assert_eq!(World::said(&world.round(60)), [("duty", Triggered, 1)]);
    assert!(world.held.is_empty());
    // Back in use when her quiet hours are over, there is nothing left for her, and the alert is told once.
    world.house.webhooks.insert("other".to_owned());
    for second in [3_600, 3_660, 7_200] {
        assert_eq!(world.round(second).notifications, []);
    }
}

#[test]
fn that_it_is_over_is_not_sent_to_where_nothing_goes_any_more() {
    let mut world = World::new(house());
    world.put(alert(1, 0, Severity::High));
    world.round(30);
    rehook(&mut world.house, "r-ann", "gone");
    world.change(1, |alert| {
        alert.state = AlertState::Resolved(Resolved {
            at: at(60),
            cause: ResolveCause::Fulfilled,
        });
    });
    assert_eq!(World::said(&world.round(60)), [("r-bob", Over, 1)]);
    assert!(world.why(1).contains(&idle("r-ann", "gone")));

    // A level that is told to others is told by them alone.
    let mut world = World::new(house());
    world.put(alert(2, 0, Severity::High));
    world.round(30);
    world.house.webhooks.clear();
    let (version, mut lea) = agent("lea");
    (lea.webhook_id, lea.mail_address) = (String::new(), "lea@example.com".to_owned());
    let by_mail = ("lea-2".to_owned(), (version, lea));
    world.house.receivers.extend([by_mail]);
    world.change(2, |alert| {
        (alert.level, alert.went_on) = (2, Some(WentOn::Untaken));
    });
    assert_eq!(World::said(&world.round(600)), [("lea-2", Escalated, 1)]);
}

#[test]
fn a_digest_is_told_while_its_receiver_is_reached() {
    let mut world = World::new(house());
    let mut late = alert(1, 0, Severity::Critical);
    late.late = true;
    world.put(late);
    assert_eq!(world.round(0).notifications, []);
    rehook(&mut world.house, "r-ann", "gone");
    // Hers is looked at again, and he has it in his digest already.
    let round = world.round(60);
    assert_eq!(World::said(&round), [("r-bob", Digest, 1)]);
    assert!(world.held.is_empty());
}
