//! What holds whatever happens.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    Fires {
        severity: usize,
        late: bool,
    },
    Acknowledged(u8),
    /// It fires for a further reason, which is noticed late or not.
    Further(u8, bool),
    /// It stands still, or goes on.
    Paused(u8),
    GoesOn(u8),
    IsOver(u8),
    /// Something has to be done to keep the customer, whose all alerts are.
    Saving,
    Silenced(u16),
    SilenceTaken,
    GivenTo(u8, usize),
    Hooked(bool),
    Passes(u16),
}

/// Who may have to act; of one nothing is known.
const OWNERS: [&str; 4] = ["ann", "bob", "lea", "eve"];

fn step() -> impl Strategy<Value = Step> {
    let fires = (0..4_usize, prop::bool::weighted(0.2));
    prop_oneof![
        4 => fires.prop_map(|(severity, late)| Step::Fires { severity, late }),
        1 => any::<u8>().prop_map(Step::Acknowledged),
        2 => (any::<u8>(), prop::bool::weighted(0.2))
            .prop_map(|(number, late)| Step::Further(number, late)),
        1 => any::<u8>().prop_map(Step::Paused),
        2 => any::<u8>().prop_map(Step::GoesOn),
        1 => any::<u8>().prop_map(Step::IsOver),
        1 => Just(Step::Saving),
        1 => (1..5_000_u16).prop_map(Step::Silenced),
        1 => Just(Step::SilenceTaken),
        1 => (any::<u8>(), 0..OWNERS.len()).prop_map(|(number, of)| Step::GivenTo(number, of)),
        1 => any::<bool>().prop_map(Step::Hooked),
        5 => (1..8_000_u16).prop_map(Step::Passes),
    ]
}

/// A house whose receivers can take little, one of them not in the afternoon, and by a webhook of its own. The second level
/// names a further receiver of somebody who is on the first.
fn busy(budget: u32, turns: bool) -> House {
    let mut house = house();
    house.receivers.insert("r-ann-2".to_owned(), agent("ann"));
    for (_, receiver) in house.receivers.values_mut() {
        receiver.budget_per_hour = budget;
    }
    let (_, bob) = house.receivers.get_mut("r-bob").unwrap();
    bob.webhook_id = "v".to_owned();
    bob.time_zone = "UTC".to_owned();
    bob.quiet_hours = Some(QuietHours {
        begins: "13:00".parse().unwrap(),
        ends: "15:30".parse().unwrap(),
    });
    house.webhooks.insert("v".to_owned());
    let policy = house.escalations.values_mut().next().unwrap();
    policy.levels[0].targets.push(EscalationTarget::Owner);
    policy.levels[1].targets.push(to_receiver("r-ann-2"));
    if turns {
        policy.levels[0].strategy = EscalationStrategy::RoundRobin;
        policy.levels[0].targets = vec![
            EscalationTarget::Agent("ann".to_owned()),
            EscalationTarget::Agent("bob".to_owned()),
            EscalationTarget::Owner,
        ];
    }
    house
}

fn happens(world: &mut World, step: &Step, second: &mut i64) {
    let count = u128::try_from(world.alerts.len()).unwrap();
    match step {
        Step::Fires { severity, late } => {
            let severity = [
                Severity::Info,
                Severity::Warning,
                Severity::High,
                Severity::Critical,
            ][*severity];
            let mut fires = alert(count + 1, *second, severity);
            fires.late = *late;
            fires.customer_id = Some("ada".to_owned());
            world.put(fires);
        }
        Step::Saving => world.put(Alert {
            rule: Rule::SaveAction,
            customer_id: Some("ada".to_owned()),
            ..alert(count + 1, *second, Severity::High)
        }),
        Step::Passes(seconds) => *second += i64::from(*seconds),
        Step::Silenced(seconds) => {
            let silence = silence(*second, *second + i64::from(*seconds));
            world.house.silences.insert("s".to_owned(), silence);
        }
        Step::SilenceTaken => world.house.silences.clear(),
        Step::Hooked(true) => {
            world.house.webhooks.insert("v".to_owned());
        }
        Step::Hooked(false) => {
            world.house.webhooks.remove("v");
        }
        Step::Acknowledged(number)
        | Step::Further(number, _)
        | Step::Paused(number)
        | Step::GoesOn(number)
        | Step::IsOver(number)
        | Step::GivenTo(number, _) => {
            if count > 0 {
                let now = *second;
                let number = u128::from(*number) % count + 1;
                world.change(number, |alert| change(alert, step, now));
            }
        }
    }
}

fn change(alert: &mut Alert, step: &Step, now: i64) {
    if !alert.state.is_open() {
        return;
    }
    match step {
        Step::Acknowledged(_) => {
            alert.state = AlertState::Acknowledged(crate::commitment::Acknowledged {
                by: "ann".to_owned(),
                at: at(now),
                until: at(now + 1_800),
                note: String::new(),
            });
        }
        Step::Further(_, late) => (alert.reason_no, alert.late) = (alert.reason_no + 1, *late),
        Step::Paused(_) => alert.paused = !alert.paused,
        Step::GivenTo(_, of) => {
            alert.owner = Some(Owner::Agent(OWNERS[*of].to_owned()));
        }
        Step::GoesOn(_) => {
            alert.level += 1;
            alert.went_on = Some(WentOn::Untaken);
            alert.state = AlertState::Triggered;
            alert.escalation.as_mut().unwrap().exhausted = alert.level > 2;
        }
        _ => {
            let (at, cause) = (at(now), ResolveCause::Fulfilled);
            alert.paused = false;
            alert.state = AlertState::Resolved(Resolved { at, cause });
        }
    }
}

/// What must hold of a round at `now`.
fn check(world: &World, round: &Round, now: Timestamp) -> Result<(), TestCaseError> {
    let mut seen = BTreeSet::new();
    for message in &round.notifications {
        let (_, receiver) = &world.house.receivers[&message.receiver_id];
        let person = match &receiver.whose {
            Some(Whose::Agent(id)) => id.clone(),
            _ => message.receiver_id.clone(),
        };
        // A digest is of what its receiver is not told otherwise.
        if let Some(group) = &message.group {
            let is_first = seen.insert((person, group.clone()));
            prop_assert!(is_first, "two messages for one group");
        }
        let about: BTreeSet<_> = message.alerts.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(
            about.len(),
            message.alerts.len(),
            "an alert is told of twice"
        );
        prop_assert_eq!(receiver.told_at(now), now, "disturbed in quiet hours");
        prop_assert!(world.house.reaches(&message.receiver_id), "sent to nowhere");
        prop_assert!(message.alert_count > 0);
    }
    for routed in &round.alerts {
        prop_assert!(!routed.verdicts.is_empty(), "no reason was given");
        for verdict in &routed.verdicts {
            if let Why::Told {
                notification_id, ..
            } = verdict.reason
            {
                let mut sent = round.notifications.iter();
                let sent = sent.find(|it| it.notification_id == notification_id);
                let to = sent.map(|it| &*it.receiver_id);
                prop_assert_eq!(to, Some(&*verdict.receiver_id));
            }
        }
    }
    Ok(())
}

/// What must hold of all that was sent.
fn check_sent(world: &World) -> Result<(), TestCaseError> {
    let ids: BTreeSet<_> = world.sent.iter().map(|it| it.notification_id).collect();
    prop_assert_eq!(ids.len(), world.sent.len(), "an id was used twice");
    for message in &world.sent {
        let hour = world.sent.iter().filter(|other| {
            other.receiver_id == message.receiver_id
                && other.at <= message.at
                && other.at + BUDGET_TIME > message.at
        });
        let (_, receiver) = &world.house.receivers[&message.receiver_id];
        let budget = usize::try_from(receiver.budget_per_hour).unwrap();
        prop_assert!(hour.count() <= budget, "the budget does not hold");
    }
    Ok(())
}

/// Whether what was decided of an alert that fires is so: who is said to have heard did, and what is held is.
fn is_accounted_for(world: &World, alert: &Alert) -> bool {
    let Some(route) = world.routes.get(&alert.alert_id) else {
        return false;
    };
    // What stands for it does, and has not ended.
    let whole = route.summed_up_by().map(|id| &world.alerts[&id]);
    if whole.is_some_and(|whole| !whole.sums_up(alert)) {
        return false;
    }
    route.verdicts.iter().all(|verdict| {
        let heard = world.sent.iter().any(|sent| {
            let mut named = sent.alerts.iter();
            sent.receiver_id == verdict.receiver_id && named.any(|(id, _)| *id == alert.alert_id)
        });
        match &verdict.reason {
            Why::Told { .. } => heard,
            Why::Held { .. } | Why::AlreadyTold { .. } => {
                // Whoever was told was told of all that it fired for.
                let mut told = route.told.iter();
                let told = told.find(|told| told.receiver_id == verdict.receiver_id);
                let of_all = told.is_some_and(|told| told.reason_no == alert.reason_no);
                let key = (verdict.receiver_id.clone(), alert.alert_id);
                let book = &world.books.receivers[&verdict.receiver_id];
                of_all && (heard || (world.held.contains_key(&key) && book.digest_at.is_some()))
            }
            // Who is told through another of their receivers is told through that one.
            Why::SamePerson { receiver_id } => {
                let mut others = route.verdicts.iter();
                others.any(|other| {
                    other.receiver_id == *receiver_id
                        && !matches!(other.reason, Why::SamePerson { .. })
                })
            }
            _ => true,
        }
    })
}

/// What fires and nobody has taken.
fn firing(world: &World) -> impl Iterator<Item = &Alert> {
    let alerts = world.alerts.values();
    alerts.filter(|alert| alert.state == AlertState::Triggered)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nobody_is_told_twice_and_nothing_is_forgotten(
        steps in vec(step(), 1..60),
        budget in 1..4_u32,
        turns in any::<bool>(),
    ) {
        let mut world = World::new(busy(budget, turns));
        let mut second = 0;
        for step in steps {
            happens(&mut world, &step, &mut second);
            // Two that decide at the same time decide the same.
            prop_assert_eq!(world.decide(at(second), false), world.decide(at(second), false));
            let round = world.round(second);
            check(&world, &round, at(second))?;
            // What was decided is decided: nothing comes of asking again.
            prop_assert_eq!(world.round(second), Round::default());
        }
        second += 40;
        let round = world.round(second);
        check(&world, &round, at(second))?;
        check_sent(&world)?;
        for alert in firing(&world) {
            prop_assert!(is_accounted_for(&world, alert), "{:?}", alert);
        }
        for half_hour in 0..40 {
            world.round(second + half_hour * 1_800);
        }
        check_sent(&world)?;
        for alert in firing(&world) {
            prop_assert!(is_accounted_for(&world, alert), "{:?}", alert);
        }
    }
}
