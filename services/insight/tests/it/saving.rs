//! Too much that went wrong with a customer is raised, once for each window.

use std::time::Duration;

use aftercall_log::{Log, Position};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::concern_raised::Subject;
use aftercall_proto::event::v1::{ConcernRaised, Event};
use aftercall_proto::insight::v1::ListSlipUpsRequest;
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, Direction, DisconnectReason, SlipUpSort, SlipUpsSubject,
};
use jiff::SignedDuration;
use prost::Message;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use crate::fixture::{Contact, Events, PATIENCE, Service, ago, contact, id, now};
use crate::telling::event;

const DAY_S: i64 = 86_400;

/// What the log says, one partition after the other.
fn all(events: &Events) -> Vec<Event> {
    let read = |partition| {
        let from = Position {
            partition,
            offset: 0,
        };
        let mut reader = events.0.reader(&[from]).unwrap();
        reader.next(usize::MAX, usize::MAX, Duration::ZERO).unwrap()
    };
    let entries = (0..events.0.partitions()).flat_map(read);
    entries
        .map(|entry| Event::decode(entry.record.body).unwrap())
        .collect()
}

/// The customers with whom too much went wrong.
async fn listed(service: &Service) -> Vec<String> {
    let mut client = service.client();
    let request = client.request(ListSlipUpsRequest {
        latest: true,
        ..ListSlipUpsRequest::default()
    });
    let answer = client.client.list_slip_ups(request).await.unwrap();
    let windows = answer.into_inner().windows.into_iter();
    windows.map(|it| it.customer_id).collect()
}

/// Waits until `holds`, looking again whenever the view has moved.
pub(crate) async fn until(service: &Service, holds: impl Fn() -> bool) {
    let mut progress = service.insight.view().progress();
    let waiting = async {
        while !holds() {
            progress.changed().await.unwrap();
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.expect("the condition should hold in the end");
}

/// What of the log says that too much went wrong, with the event's place among those of its concern.
fn raised(events: &Events) -> Vec<(Event, ConcernRaised)> {
    let all = all(events).into_iter();
    let raised = all.filter_map(|event| match event.fact().unwrap() {
        Some(Fact::ConcernRaised(raised)) => Some((event, *raised)),
        _ => None,
    });
    raised.collect()
}

fn slips_of(raised: &ConcernRaised) -> &SlipUpsSubject {
    match &raised.subject {
        Some(Subject::SlipUps(slips)) => slips,
        _ => panic!("it is about what went wrong with a customer"),
    }
}

/// With whom too much went wrong, in order.
pub(crate) fn whom(events: &Events) -> Vec<String> {
    let raised = raised(events).into_iter();
    let mut whom: Vec<_> = raised
        .map(|(_, raised)| slips_of(&raised).customer_id.clone())
        .collect();
    whom.sort();
    whom
}

fn waited(n: u64, customer_id: &str, seconds_ago: i64) -> Contact {
    let call = contact(n, seconds_ago)
        .reason("other")
        .customer(customer_id);
    call.queued(seconds_ago, seconds_ago - 700)
}

/// A call that was cut off, and one about the same again.
fn two(events: &Events, (n, customer_id): (u64, &str), seconds_ago: i64) {
    let call = contact(n, seconds_ago).reason("billing").dropped();
    call.customer(customer_id).record(events);
    let again = contact(n + 1, seconds_ago - 1_000).reason("billing");
    again.customer(customer_id).record(events);
}

/// Has too much go wrong with another customer, and waits until that is raised: by then whatever stands before it in the
/// only partition was looked at.
async fn fence(events: &Events, service: &Service, n: u64) -> String {
    let customer_id = format!("fence-{n}");
    for call in 0..3 {
        waited(n + call, &customer_id, 900).record(events);
    }
    until(service, || whom(events).contains(&customer_id)).await;
    customer_id
}

#[tokio::test]
async fn the_third_slip_up_is_raised_and_neither_the_second_nor_the_fourth() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let service = Service::start(&events, views.path()).await;
    two(&events, (10, "twice"), 5_000);
    two(&events, (20, "thrice"), 5_000);
    let first = fence(&events, &service, 100).await;
    assert_eq!(whom(&events), [&*first]);
    let call = contact(22, 3_000).reason("other").customer("thrice");
    let call = call
        .promise(1, -2_000)
        .with(|it| it.team_id = "team-2".into());
    call.record(&events);
    call.lapse(&events, 1, 2);
    until(&service, || raised(&events).len() == 2).await;
    let (event, third) = raised(&events).pop().unwrap();
    assert_eq!((&*event.customer_id, event.sequence), ("thrice", 1));
    assert_eq!(
        (&*third.rule, third.episode_no),
        ("customer.save_action", 1)
    );
    assert_eq!((&*third.team_id, third.team_ids.len()), ("team-2", 2));
    let slips = slips_of(&third);
    let listed: Vec<_> = slips
        .slip_ups
        .iter()
        .map(|slip| (slip.sort(), slip.at))
        .collect();
    assert_eq!(
        listed,
        [
            (SlipUpSort::Drop, Some(ago(5_000))),
            (SlipUpSort::Repeat, Some(ago(4_000))),
            (SlipUpSort::Lapse, Some(ago(2_000))),
        ]
    );
    assert_eq!(slips.slip_ups[2].commitment_id, id(2, 1));
    assert_eq!(slips.window_until, Some(ago(5_000 - 30 * DAY_S)));

    waited(23, "thrice", 1_000).record(&events);
    // Neither is what is found out late of the window.
    waited(24, "thrice", 6_000).record(&events);
    let last = fence(&events, &service, 200).await;
    assert_eq!(whom(&events), [&*first, &*last, "thrice"]);
    service.stop().await;
}

/// A call of a customer's that nobody answered: they gave up after so many seconds in a queue.
pub(crate) fn gave_up(n: u64, (began, wait): (i64, i64), customer_id: &str) -> [CallEvent; 3] {
    let started = CallEvent {
        direction: Direction::Inbound.into(),
        ..event(n, began, Kind::Started)
    };
    let queued = CallEvent {
        queue_id: "sales".to_owned(),
        customer_id: customer_id.to_owned(),
        ..event(n, began, Kind::Queued)
    };
    let ended = CallEvent {
        disconnect_reason: DisconnectReason::Customer.into(),
        ..event(n, began - wait, Kind::Ended)
    };
    [started, queued, ended]
}

#[tokio::test]
async fn a_wait_that_becomes_long_by_a_call_that_is_told_of_late_is_raised_once() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let service = Service::start(&events, views.path()).await;
    two(&events, (20, "thrice"), 9_000);
    // Five minutes in a queue, which are not long by themselves.
    let call = contact(22, 3_000).reason("other").customer("thrice");
    call.queued(3_000, 2_700).record(&events);
    let first = fence(&events, &service, 100).await;
    assert_eq!(whom(&events), [&*first]);
    // Seven minutes more, in the call with which that one goes on.
    events.tell(gave_up(23, (3_500, 420), "thrice"));
    until(&service, || raised(&events).len() == 2).await;
    let (event, third) = raised(&events).pop().unwrap();
    assert_eq!((&*event.customer_id, event.sequence), ("thrice", 1));
    let slips = &slips_of(&third).slip_ups;
    let last = slips.last().unwrap();
    assert_eq!((last.sort(), slips.len()), (SlipUpSort::LongWait, 3));
    assert_eq!(last.interaction_id, id(1, 22));
    // Once more before that one: it is the same wait.
    events.tell(gave_up(24, (4_000, 100), "thrice"));
    let last = fence(&events, &service, 200).await;
    assert_eq!(whom(&events), [&*first, &*last, "thrice"]);
    service.stop().await;
}

#[tokio::test]
async fn a_window_is_raised_once_also_by_whoever_starts_anew() {
    let events = Events::new(1);
    let (views, others) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for call in 0..3 {
        waited(10 + call, "thrice", 5_000).record(&events);
    }
    let mut expected = vec!["thrice".to_owned()];
    for (n, views) in [(100, &views), (200, &views), (300, &others)] {
        let service = Service::start(&events, views.path()).await;
        expected.push(fence(&events, &service, n).await);
        service.stop().await;
    }
    expected.sort();
    assert_eq!(whom(&events), expected);
}

#[tokio::test]
async fn the_next_window_is_an_episode_of_its_own_and_what_is_over_is_nobodys_to_save() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    for call in 0..3 {
        waited(10 + call, "often", 5_000).record(&events);
        waited(20 + call, "long-ago", 31 * DAY_S + 1_000).record(&events);
    }
    let service = Service::start(&events, views.path()).await;
    let first = fence(&events, &service, 100).await;
    assert_eq!(whom(&events), [&*first, "often"]);
    service
        .clock
        .advance_to(now() + SignedDuration::from_secs(31 * DAY_S));
    for call in 0..3 {
        waited(30 + call, "often", -30 * DAY_S).record(&events);
    }
    until(&service, || raised(&events).len() == 3).await;
    let mut of_often = raised(&events);
    of_often.retain(|(event, _)| event.customer_id == "often");
    let places: Vec<_> = of_often
        .iter()
        .map(|(event, raised)| (event.sequence, raised.episode_no))
        .collect();
    assert_eq!(places, [(1, 1), (2, 2)]);
    assert_eq!(of_often[0].0.aggregate_id, of_often[1].0.aggregate_id);
    service.stop().await;
}

#[tokio::test]
async fn customers_who_are_one_are_one_to_save() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    two(&events, (10, "B"), 5_000);
    waited(20, "A", 3_000).record(&events);
    let service = Service::start(&events, views.path()).await;
    let first = fence(&events, &service, 100).await;
    assert_eq!(whom(&events), [&*first]);
    events.merge(("B", "A"), 1, false);
    until(&service, || raised(&events).len() == 2).await;
    // As either of them, and as whichever of both comes next, they are the same.
    waited(21, "A", 1_000).record(&events);
    waited(12, "B", 1_000).record(&events);
    let last = fence(&events, &service, 200).await;
    assert_eq!(whom(&events), ["A", &*first, &*last]);
    assert_eq!(listed(&service).await, ["A", &*first, &*last]);
    service.stop().await;
}

#[tokio::test]
async fn whoever_is_listed_is_raised_once_in_whatever_order_it_becomes_known() {
    let mut random = StdRng::seed_from_u64(19);
    for round in 0..4 {
        let (events, views) = (Events::new(3), tempfile::tempdir().unwrap());
        let service = Service::start(&events, views.path()).await;
        let mut calls: Vec<Contact> = (0..60)
            .map(|n| {
                let at = random.random_range(1_000..20 * DAY_S);
                let reason = ["billing", "other", "order"][random.random_range(0..3_usize)];
                let customer = format!("customer-{}", random.random_range(0..14));
                let call = contact(n, at).reason(reason).customer(&customer);
                match random.random_range(0..3) {
                    0 => call.dropped(),
                    1 => call.queued(at, at - 700),
                    _ => call,
                }
            })
            .collect();
        calls.shuffle(&mut random);
        calls.iter().for_each(|call| call.record(&events));
        let mut listed = listed(&service).await;
        listed.sort();
        assert!(listed.len() > 2, "round {round} shows nothing");
        until(&service, || whom(&events).len() >= listed.len()).await;
        service.stop().await;
        // Whoever starts anew has nothing to add.
        let others = tempfile::tempdir().unwrap();
        let service = Service::start(&events, others.path()).await;
        service.stop().await;
        assert_eq!(whom(&events), listed, "round {round}");
    }
}
