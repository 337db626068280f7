//! Contacts after which the customer was back, or was not.

use aftercall_proto::insight::v1::{
    AggregateRequest, CompareDriversRequest, ContactFilter, CountRepeatContactsRequest, Measures,
    RepeatCauseKind, RepeatGroupBy, Terms,
};
use aftercall_proto::model::v1::{ContactReason, Interaction, Money, ReasonResolution};

use crate::fixture::{Caller, Events, Service, ago, contact};

const DAY: i64 = 86_400;

async fn within(client: &mut Caller, days: i32) -> Measures {
    let request = AggregateRequest {
        terms: Some(Terms {
            repeat_within_days: days,
            ..Terms::default()
        }),
        ..AggregateRequest::default()
    };
    client.aggregate(request).await.unwrap().total.unwrap()
}

#[tokio::test]
async fn who_may_still_come_back_is_provisional() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    contact(1, 20 * DAY)
        .reason("billing.refund")
        .record(&events);
    contact(2, 15 * DAY)
        .reason("billing.invoice")
        .record(&events);
    contact(3, 3 * DAY)
        .reason("billing.invoice")
        .record(&events);
    // Another family, another customer, and nobody known.
    contact(4, 2 * DAY).reason("outage.line").record(&events);
    contact(5, 2 * DAY)
        .reason("billing.refund")
        .customer("other")
        .record(&events);
    contact(6, DAY)
        .reason("billing.refund")
        .customer("")
        .record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let week = within(&mut client, 7).await;
    assert_eq!((week.resolvable, week.resolved_first), (5, 4));
    assert_eq!((week.provisional, week.repeats), (3, 1));
    assert_eq!(week.first_contact_resolution, Some(0.8));
    let day = within(&mut client, 1).await;
    assert_eq!(
        (day.resolved_first, day.provisional, day.repeats),
        (5, 0, 0)
    );
    let month = within(&mut client, 30).await;
    assert_eq!((month.resolved_first, month.provisional), (3, 3));
    service.stop().await;
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_one_contact_with_the_redial() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    // A minute long, and back within ten minutes of its end, or not.
    let pair = |n: u64, customer: &str, back: i64| {
        let lost = contact(n, DAY).reason("billing").customer(customer);
        let lost = lost.with(|it| it.ended_at = Some(ago(DAY - 60)));
        lost.dropped().record(&events);
        let redial = contact(n + 1, DAY - 60 - back).reason("billing");
        redial.customer(customer).record(&events);
    };
    pair(10, "soon", 600);
    pair(20, "late", 601);
    // Nobody is back.
    let lost = contact(30, DAY).reason("billing").customer("gone");
    lost.dropped().record(&events);
    // Lost twice: three calls are one contact.
    pair(40, "twice", 100);
    let third = contact(42, DAY - 300).reason("billing").customer("twice");
    third.record(&events);
    let second = contact(41, DAY - 160).reason("billing");
    let values = second.customer("twice").dropped();
    values.amend(&events, 2, &["disconnect"], values.0.clone());
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let week = within(&mut client, 7).await;
    assert_eq!((week.resolvable, week.redialled), (8, 3));
    // What came of each pair is what came of its last call.
    assert_eq!((week.dropped, week.resolved_first), (5, 3));
    assert_eq!(week.first_contact_resolution, Some(3.0 / 5.0));
    // Nobody called after it any more: it is one contact that was cut off.
    let moved = contact(11, DAY - 660).reason("billing").customer("soon");
    moved.identify(&events, 2, "somebody else");
    let week = within(&mut client, 7).await;
    assert_eq!((week.resolvable, week.redialled), (8, 2));
    assert_eq!(week.first_contact_resolution, Some(0.5));
    service.stop().await;
}

#[tokio::test]
async fn repeats_are_counted_by_their_cause_with_time_and_money() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let called = |n, seconds_ago: i64| {
        let call = contact(n, seconds_ago).reason("billing.refund");
        call.with(|it| it.ended_at = Some(ago(seconds_ago - 90)))
    };
    called(1, 1_000)
        .dropped()
        .customer("dropped")
        .record(&events);
    called(2, 900).customer("dropped").record(&events);
    let unsolved = called(3, 1_000).customer("unsolved");
    unsolved.record(&events);
    called(4, 900).customer("unsolved").record(&events);
    called(5, 1_000).customer("again").record(&events);
    called(6, 900).customer("again").record(&events);
    called(7, 1_000).customer("else").record(&events);
    let other = contact(8, 900).reason("outage").customer("else");
    other.record(&events);
    // What is said later counts for the contact that follows.
    let reason = ContactReason {
        code: "billing.refund".to_owned(),
        primary: true,
        resolution: ReasonResolution::NotResolved.into(),
        ..ContactReason::default()
    };
    let values = Interaction {
        contact_reasons: vec![reason],
        ..Interaction::default()
    };
    unsolved.amend(&events, 2, &["contact_reasons"], values);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = client.request(CountRepeatContactsRequest {
        by: RepeatGroupBy::Reason.into(),
        cost_per_minute: Some(Money {
            currency_code: "EUR".to_owned(),
            units: 1,
            nanos: 200_000_000,
        }),
        latest: true,
        ..CountRepeatContactsRequest::default()
    });
    let answer = client.client.count_repeat_contacts(request).await.unwrap();
    let answer = answer.into_inner();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.cause(), &*row.value, row.contacts, row.time_ms))
        .collect();
    assert_eq!(
        rows,
        [
            (RepeatCauseKind::Drop, "billing.refund", 1, 90_000),
            (RepeatCauseKind::NotResolved, "billing.refund", 1, 90_000),
            (RepeatCauseKind::Unknown, "billing.refund", 1, 90_000),
            (RepeatCauseKind::Unrelated, "outage", 1, 0),
        ]
    );
    let cost = answer.cost.unwrap();
    assert_eq!((cost.units, cost.nanos), (5, 400_000_000));
    // The filter by cause finds the same.
    let filter = ContactFilter {
        repeat_causes: vec![
            RepeatCauseKind::Drop.into(),
            RepeatCauseKind::Unknown.into(),
        ],
        ..ContactFilter::default()
    };
    assert_eq!(client.contacts(Some(filter)).await.1, 2);
    service.stop().await;
}

#[tokio::test]
async fn corrections_news_and_lapses_are_told_apart_and_each_number_has_its_contacts() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let solved = ReasonResolution::Resolved;
    let pair = |n: u64, customer: &str, (first, second): (&str, &str)| {
        let one = contact(n, 2 * DAY).reason(first).customer(customer);
        one.came_to(solved).record(&events);
        let two = contact(n + 1, DAY).reason(second).customer(customer);
        two.record(&events);
        two
    };
    // What was solved is not what is asked now; the same again says nothing of why.
    pair(10, "news", ("billing.refund", "billing.invoice"));
    pair(20, "same", ("billing.refund", "billing.refund"));
    // They had been told something wrong, and are back within the week; after a week that is over.
    pair(30, "misled", ("app", "app"));
    events.correct("misled", 1, 3 * DAY);
    pair(40, "misled long ago", ("app", "app"));
    events.correct("misled long ago", 1, 9 * DAY);
    // A call without another one before it may be due to that as well.
    contact(50, DAY)
        .reason("app")
        .customer("told")
        .record(&events);
    events.correct("told", 1, DAY);
    // A promise that was not kept comes before all else.
    let angry = pair(60, "angry", ("app", "outage"));
    events.correct("angry", 1, 2 * DAY);
    angry.caused_by(&events, (77, "returns"));
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = CountRepeatContactsRequest {
        by: RepeatGroupBy::Team.into(),
        latest: true,
        filter: Some(ContactFilter {
            occurred_from: Some(ago(14 * DAY)),
            occurred_before: Some(ago(0)),
            ..ContactFilter::default()
        }),
        ..CountRepeatContactsRequest::default()
    };
    let asked = client.request(request.clone());
    let answer = client.client.count_repeat_contacts(asked).await.unwrap();
    let answer = answer.into_inner();
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| (row.cause(), &*row.value, row.contacts))
        .collect();
    assert_eq!(
        rows,
        [
            (RepeatCauseKind::Correction, "team-1", 4),
            (RepeatCauseKind::Unknown, "team-1", 2),
            (RepeatCauseKind::LapsedCommitment, "returns", 1),
            (RepeatCauseKind::NewFacts, "team-1", 1),
        ]
    );
    for row in answer.rows {
        assert_eq!(row.series.iter().sum::<i64>(), row.contacts);
        assert_eq!(client.contacts(row.filter).await.1, row.contacts);
    }
    service.stop().await;
}

#[tokio::test]
async fn what_rose_is_told_with_how_likely_it_is_chance() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let mut n = 0;
    let mut some = |count, reason: &str, seconds_ago| {
        for _ in 0..count {
            n += 1;
            let call = contact(n, seconds_ago).reason(reason);
            call.customer(&format!("customer-{n}")).record(&events);
        }
    };
    for (reason, before, now) in [("billing", 40, 60), ("outage", 10, 10), ("app", 50, 20)] {
        some(before, reason, 150);
        some(now, reason, 50);
    }
    some(10, "recall", 50);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = client.request(CompareDriversRequest {
        filter: Some(ContactFilter {
            occurred_from: Some(ago(100)),
            occurred_before: Some(ago(0)),
            ..ContactFilter::default()
        }),
        latest: true,
        ..CompareDriversRequest::default()
    });
    let answer = client.client.compare_drivers(request).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!((answer.contacts, answer.contacts_before), (100, 100));
    let drivers = answer.drivers;
    let names: Vec<_> = drivers.iter().map(|it| &*it.value).collect();
    assert_eq!(names, ["app", "recall", "billing", "outage"]);
    assert!(drivers[0].z < -4.0 && drivers[0].q_value < 0.001);
    assert!(drivers[1].is_new && !drivers[0].is_new);
    assert!(drivers[3].p_value > 0.99 && drivers[2].z > 2.8);
    assert!(drivers.iter().all(|it| it.p_value <= it.q_value));
    for driver in drivers {
        let (before, now) = driver.series.split_at(14);
        assert_eq!(before.iter().sum::<i64>(), driver.contacts_before);
        assert_eq!(now.iter().sum::<i64>(), driver.contacts);
        let (ids, total) = client.contacts(driver.filter).await;
        assert_eq!(
            (ids.len() as i64, total),
            (driver.contacts, driver.contacts)
        );
    }
    service.stop().await;
}
