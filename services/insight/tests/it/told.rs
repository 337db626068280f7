//! What telephony tells of contacts is measured, whether somebody records them or not.

use aftercall_proto::insight::v1::{
    AggregateRequest, ContactFact, ContactFilter, Dimension, HoldTime, ListSlipUpsRequest,
    Measures, SlipUpKind,
};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind as Kind, Direction, DisconnectReason, DropClass, HoldReason,
};

use crate::fixture::{Caller, Contact, Events, Service, contact};
use crate::telling::event;

/// The call number `n` begins, so many seconds ago, and enters a queue at once.
fn queued(n: u64, began: i64, customer_id: &str) -> Vec<CallEvent> {
    let started = CallEvent {
        direction: Direction::Inbound.into(),
        ..event(n, began, Kind::Started)
    };
    let queued = CallEvent {
        queue_id: "sales".to_owned(),
        customer_id: customer_id.to_owned(),
        ..event(n, began, Kind::Queued)
    };
    vec![started, queued]
}

fn ended(n: u64, at: i64, reason: DisconnectReason) -> CallEvent {
    CallEvent {
        disconnect_reason: reason.into(),
        ..event(n, at, Kind::Ended)
    }
}

/// The same, answered after a wait and ended 300 s later, of which the last are on hold.
fn talked(n: u64, began: i64, wait: i64, customer_id: &str) -> Vec<CallEvent> {
    let by = |at: i64, kind: Kind| CallEvent {
        agent_id: "ana".to_owned(),
        team_id: "team-2".to_owned(),
        hold_reason: HoldReason::Lookup.into(),
        ..event(n, at, kind)
    };
    let answered = began - wait;
    let mut all = queued(n, began, customer_id);
    all.extend([
        by(answered, Kind::Answered),
        by(answered - 200, Kind::Held),
        by(answered - 230, Kind::Resumed),
        ended(n, answered - 300, DisconnectReason::Agent),
        by(answered - 300, Kind::AcwBegan),
        by(answered - 320, Kind::AcwEnded),
    ]);
    all
}

/// What a CRM records of a call: what it was about, and nothing of how it went.
fn recorded(n: u64, began: i64) -> Contact {
    contact(n, began).reason("billing.refund")
}

async fn total(client: &mut Caller) -> Measures {
    let answer = client.aggregate(AggregateRequest::default()).await;
    answer.unwrap().total.unwrap()
}

/// How many contacts a fact has.
async fn with(client: &mut Caller, fact: ContactFact) -> i64 {
    let filter = ContactFilter {
        facts: vec![fact.into()],
        ..ContactFilter::default()
    };
    client.contacts(Some(filter)).await.1
}

/// What went wrong with the customer of the tests, with the contacts.
async fn slips(client: &mut Caller) -> Vec<(SlipUpKind, String)> {
    let request = client.request(ListSlipUpsRequest {
        customer_id: "customer-1".to_owned(),
        threshold: 2,
        latest: true,
        ..ListSlipUpsRequest::default()
    });
    let listed = client.client.list_slip_ups(request).await.unwrap();
    let windows = listed.into_inner().windows.into_iter();
    let slips = windows.flat_map(|window| window.slip_ups);
    slips
        .map(|slip| (slip.kind(), slip.interaction_id))
        .collect()
}

#[tokio::test]
async fn what_a_record_does_not_say_telephony_tells() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    events.tell(talked(1, 5_000, 15, "customer-1"));
    recorded(1, 5_000).record(&events);
    recorded(2, 4_000).record(&events);
    events.tell(talked(2, 4_000, 65, "customer-1"));
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = AggregateRequest {
        dimensions: vec![Dimension::Queue.into(), Dimension::Team.into()],
        ..AggregateRequest::default()
    };
    let answer = client.aggregate(request).await.unwrap();
    // The record says who wrapped it up, and telephony by which queue it came.
    assert_eq!(answer.rows[0].values, ["sales", "team-1"]);
    let total = answer.total.unwrap();
    assert_eq!((total.contacts, total.unrecorded), (2, 0));
    assert_eq!((total.offered, total.handled, total.abandoned), (2, 2, 0));
    assert_eq!(total.average_handle_seconds, Some(320.0));
    assert_eq!(total.average_answer_seconds, Some(40.0));
    assert_eq!(total.service_level, Some(0.5));
    assert_eq!((total.queue_wait_ms, total.waited_ms), (80_000, 80_000));
    assert_eq!((total.talk_ms, total.after_call_ms), (540_000, 40_000));
    let looked_up = HoldTime {
        reason: "LOOKUP".to_owned(),
        holds: 2,
        hold_ms: 60_000,
    };
    assert_eq!(total.holds_by_reason, [looked_up]);
    // Whoever has a part in the call reads its contact.
    let mut lead = service.lead_of("team-2");
    let answer = lead.aggregate(AggregateRequest::default()).await.unwrap();
    assert_eq!(answer.total.unwrap().contacts, 2);
    service.stop().await;
}

#[tokio::test]
async fn whoever_leaves_a_queue_counts_once_recorded_or_not() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let left = |n: u64, began: i64, wait: i64| {
        let mut all = queued(n, began, "");
        all.push(ended(n, began - wait, DisconnectReason::Customer));
        all
    };
    events.tell(left(1, 5_000, 30));
    events.tell(left(2, 4_000, 3));
    events.tell(talked(3, 3_000, 10, ""));
    // Still waiting: what is not over is counted nowhere.
    events.tell(queued(4, 100, ""));
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let all = total(&mut client).await;
    assert_eq!((all.contacts, all.unrecorded, all.offered), (3, 3, 3));
    assert_eq!((all.abandoned, all.short_abandoned), (2, 1));
    assert_eq!(all.abandonment_rate, Some(2.0 / 3.0));
    assert_eq!((all.answered, all.service_level), (1, Some(0.5)));
    assert_eq!(all.resolvable, 0);
    assert_eq!(with(&mut client, ContactFact::Unrecorded).await, 3);

    // The callers are called back, and what was said is recorded as the call's contact.
    recorded(1, 5_000).record(&events);
    recorded(3, 3_000).customer("other").record(&events);
    let all = total(&mut client).await;
    assert_eq!((all.contacts, all.unrecorded, all.offered), (3, 1, 3));
    assert_eq!((all.abandoned, all.short_abandoned), (2, 1));
    assert_eq!((all.resolvable, all.handled), (2, 1));
    assert_eq!(with(&mut client, ContactFact::Unrecorded).await, 1);
    assert_eq!(with(&mut client, ContactFact::Recorded).await, 2);
    service.stop().await;
}

#[tokio::test]
async fn what_is_told_or_judged_late_counts_from_then_on() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    events.tell(talked(1, 5_000, 15, ""));
    recorded(1, 5_000).record(&events);
    events.tell(talked(2, 4_000, 15, ""));
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    assert_eq!(total(&mut client).await.dropped, 0);
    for n in [1, 2] {
        events.judge(n, DropClass::Confirmed);
        // The end is corrected by its source: it came 100 s later.
        let end = if n == 1 { 4_685 } else { 3_685 };
        events.tell([CallEvent {
            event_id: format!("{end}-{}", Kind::Ended.as_str_name()),
            revision: 1,
            ..ended(n, end - 100, DisconnectReason::Agent)
        }]);
    }
    let all = total(&mut client).await;
    assert_eq!((all.contacts, all.unrecorded, all.dropped), (2, 1, 2));
    assert_eq!(all.contact_ms, 2 * 415_000);
    // One leg of the call ended: it goes on, and is counted once it is over.
    events.tell([event(2, 3_000, Kind::Queued)]);
    let all = total(&mut client).await;
    assert_eq!((all.contacts, all.unrecorded, all.dropped), (1, 0, 1));
    events.tell([ended(2, 2_900, DisconnectReason::Customer)]);
    let all = total(&mut client).await;
    assert_eq!((all.contacts, all.unrecorded), (2, 1));
    assert_eq!((all.answered, all.abandoned), (2, 0));
    service.stop().await;
}

/// A wait of 45 minutes, an agent, and a hold on which the customer is lost; they call again two minutes later.
fn lost_and_back(events: &Events) {
    let began = 10_000;
    let mut lost = queued(1, began, "customer-1");
    let by = |at: i64, kind: Kind| CallEvent {
        agent_id: "ana".to_owned(),
        ..event(1, at, kind)
    };
    let answered = began - 2_700;
    lost.extend([
        by(answered, Kind::Answered),
        by(answered - 60, Kind::Held),
        ended(1, answered - 180, DisconnectReason::Customer),
    ]);
    events.tell(lost);
    events.judge(1, DropClass::Confirmed);
    events.tell(talked(2, answered - 300, 60, "customer-1"));
}

#[tokio::test]
async fn a_lost_call_and_the_redial_are_one_contact_whether_the_first_is_recorded_or_not() {
    let (events, views) = (Events::new(3), tempfile::tempdir().unwrap());
    lost_and_back(&events);
    let redial = recorded(2, 7_000).trouble(Some(11_000), 360);
    redial.record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let (drop, wait) = (SlipUpKind::Drop, SlipUpKind::LongWait);
    let expected = [(drop, 1), (wait, 1)].map(|(kind, n)| (kind, crate::fixture::id(1, n)));
    for lost_is_recorded in [false, true] {
        if lost_is_recorded {
            recorded(1, 10_000).record(&events);
        }
        let all = total(&mut client).await;
        let redialled = i64::from(lost_is_recorded);
        assert_eq!((all.contacts, all.unrecorded), (2, 1 - redialled));
        assert_eq!((all.resolvable, all.redialled), (1 + redialled, redialled));
        assert_eq!((all.resolved_first, all.dropped), (1, 1));
        assert_eq!(all.first_contact_resolution, Some(1.0));
        assert_eq!((all.repeats, all.repeat_rate), (0, Some(0.0)));
        // What the customer waited was waited for one thing.
        assert_eq!((all.waited_ms, all.waited_contacts), (2_760_000, 1));
        assert_eq!(all.average_wait_seconds, Some(2_760.0));
        assert_eq!(all.since_onset_contacts, 1);
        assert_eq!(all.since_onset_ms, (2_880 + 360) * 1_000);
        assert_eq!(slips(&mut client).await, expected);
    }
    service.stop().await;
}

#[tokio::test]
async fn who_gives_up_and_calls_again_has_waited_in_all() {
    let (events, views) = (Events::new(3), tempfile::tempdir().unwrap());
    // Seven minutes, and once more after five; then an agent answers.
    for (n, began) in [(1, 5_000), (2, 4_280)] {
        let mut left = queued(n, began, "customer-1");
        left.push(ended(n, began - 420, DisconnectReason::Customer));
        events.tell(left);
    }
    events.tell(talked(3, 3_800, 10, "customer-1"));
    recorded(3, 3_800).record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let all = total(&mut client).await;
    assert_eq!((all.abandoned, all.unrecorded, all.contacts), (2, 2, 3));
    assert_eq!((all.queue_wait_contacts, all.waited_contacts), (3, 1));
    assert_eq!((all.queue_wait_ms, all.waited_ms), (850_000, 850_000));
    assert_eq!((all.repeats, all.resolved_first), (0, 1));
    // Together the first two were long, which alone is not yet too much.
    assert!(slips(&mut client).await.is_empty());
    events.judge(3, DropClass::Suspected);
    let expected = [(SlipUpKind::LongWait, 2), (SlipUpKind::Drop, 3)];
    let expected = expected.map(|(kind, n)| (kind, crate::fixture::id(1, n)));
    assert_eq!(slips(&mut client).await, expected);
    service.stop().await;
}

#[tokio::test]
async fn who_is_cut_off_and_gives_up_on_the_way_back_is_not_helped() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let lost = recorded(1, 5_000).trouble(None, 60);
    lost.dropped().record(&events);
    let mut left = queued(2, 4_900, "customer-1");
    left.push(ended(2, 4_880, DisconnectReason::Customer));
    events.tell(left);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let all = total(&mut client).await;
    // Nobody speaks with the customer again: what was cut off stays the last of it.
    assert_eq!((all.resolvable, all.redialled), (1, 0));
    assert_eq!(all.first_contact_resolution, Some(0.0));
    // Until they try once more, which goes on with all of it.
    recorded(3, 4_500).record(&events);
    let all = total(&mut client).await;
    assert_eq!((all.resolvable, all.redialled, all.repeats), (2, 1, 0));
    assert_eq!(all.first_contact_resolution, Some(1.0));
    service.stop().await;
}

#[tokio::test]
async fn whether_it_was_lost_is_known_better_later_than_by_the_record() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    events.tell(talked(1, 5_000, 15, "customer-1"));
    recorded(1, 5_000).dropped().record(&events);
    recorded(2, 4_000).record(&events);
    events.tell(talked(2, 4_000, 15, "customer-1"));
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    assert_eq!(total(&mut client).await.dropped, 1);
    // Somebody listened to both.
    events.judge(1, DropClass::NotADrop);
    assert_eq!(total(&mut client).await.dropped, 0);
    events.judge(2, DropClass::Confirmed);
    assert_eq!(total(&mut client).await.dropped, 1);
    service.stop().await;
}
