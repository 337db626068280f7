//! What single contacts come to.

use aftercall_proto::insight::v1::{
    AggregateRequest, ContactFilter, Dimension, HoldTime, TimeBucket,
};
use aftercall_proto::model::v1::{Hold, HoldReason, Segment, SegmentKind, Transfer, TransferKind};
use aftercall_service::testing::violations_of;
use tonic::Code;

use crate::fixture::{Events, Service, ago, contact};

/// A call of 1,000 seconds ago: 60 s in the queue, 5 s ringing, 300 s with the agent, 80 s of them on hold, 20 s after.
fn talked(events: &Events) {
    let hold = |from, to, reason: HoldReason| Hold {
        began_at: Some(ago(from)),
        ended_at: Some(ago(to)),
        reason: reason.into(),
    };
    let call = contact(1, 1_000)
        .reason("billing.refund")
        .queued(1_000, 940);
    let call = call.with(|it| {
        it.ended_at = Some(ago(635));
        it.segments.push(Segment {
            kind: SegmentKind::Agent.into(),
            offered_at: Some(ago(940)),
            answered_at: Some(ago(935)),
            ended_at: Some(ago(635)),
            acw_started_at: Some(ago(635)),
            acw_ended_at: Some(ago(615)),
            holds: vec![
                hold(900, 850, HoldReason::Verify),
                // Lies in the first one for 20 s.
                hold(870, 820, HoldReason::Lookup),
            ],
            transfer: Some(Transfer {
                kind: TransferKind::Warm.into(),
                ..Transfer::default()
            }),
            ..Segment::default()
        });
    });
    call.record(events);
}

#[tokio::test]
async fn a_call_comes_to_what_its_segments_say() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    talked(&events);
    // Hung up after three seconds, and after ten.
    contact(2, 500)
        .reason("billing.refund")
        .queued(500, 497)
        .record(&events);
    contact(3, 400)
        .reason("billing.refund")
        .queued(400, 390)
        .record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let answer = client.aggregate(AggregateRequest::default()).await.unwrap();
    let total = answer.total.unwrap();
    assert_eq!((total.contacts, total.offered, total.handled), (3, 3, 1));
    assert_eq!((total.abandoned, total.short_abandoned), (2, 1));
    assert_eq!((total.queue_wait_ms, total.ring_ms), (73_000, 5_000));
    assert_eq!((total.talk_ms, total.hold_ms), (220_000, 80_000));
    assert_eq!((total.after_call_ms, total.handle_ms), (20_000, 320_000));
    assert_eq!(
        (total.verify_hold_ms, total.longest_hold_ms),
        (50_000, 50_000)
    );
    let holds = |reason: &str, holds, hold_ms| HoldTime {
        reason: reason.to_owned(),
        holds,
        hold_ms,
    };
    let expected = [holds("LOOKUP", 1, 30_000), holds("VERIFY", 1, 50_000)];
    assert_eq!(total.holds_by_reason, expected);
    assert_eq!(total.average_handle_seconds, Some(320.0));
    // A hold to verify a fact is not held against the agent.
    assert_eq!(total.average_handle_less_verify_seconds, Some(270.0));
    assert_eq!(total.average_answer_seconds, Some(65.0));
    assert_eq!((total.answered_within, total.service_level), (0, Some(0.0)));
    assert_eq!(total.abandonment_rate, Some(2.0 / 3.0));
    assert_eq!((total.transfers, total.contact_ms), (1, 365_000));
    let definitions = answer.definitions.unwrap();
    assert_eq!(definitions.version, "v2");
    assert_eq!(definitions.answer_within_seconds, 20);
    assert!(answer.complete_through_at.is_some() && !answer.complete_through.is_empty());

    let within = AggregateRequest {
        terms: Some(aftercall_proto::insight::v1::Terms {
            answer_within_seconds: 65,
            ..Default::default()
        }),
        ..AggregateRequest::default()
    };
    let total = client.aggregate(within).await.unwrap().total.unwrap();
    assert_eq!(total.service_level, Some(0.5));
    service.stop().await;
}

#[tokio::test]
async fn small_groups_are_hidden_and_counted_as_hidden() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    for n in 0..7 {
        let team = if n < 5 { "large" } else { "small" };
        let call = contact(n, 1_000).reason("billing.refund");
        call.with(|it| it.team_id = team.to_owned()).record(&events);
    }
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = AggregateRequest {
        dimensions: vec![Dimension::Team.into()],
        group_contacts_min: 3,
        ..AggregateRequest::default()
    };
    let answer = client.aggregate(request).await.unwrap();
    assert_eq!(answer.rows.len(), 1);
    assert_eq!(answer.rows[0].values, ["large"]);
    assert_eq!((answer.hidden_groups, answer.hidden_contacts), (1, 2));
    assert_eq!(answer.total.unwrap().contacts, 7);
    service.stop().await;
}

#[tokio::test]
async fn a_period_is_compared_with_the_one_before() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    for (n, seconds_ago) in [(1, 50), (2, 60), (3, 150), (4, 250)] {
        contact(n, seconds_ago)
            .reason("billing.refund")
            .record(&events);
    }
    contact(5, 120).reason("outage").record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = AggregateRequest {
        filter: Some(ContactFilter {
            occurred_from: Some(ago(100)),
            occurred_before: Some(ago(0)),
            ..ContactFilter::default()
        }),
        dimensions: vec![Dimension::ReasonFamily.into()],
        compare: true,
        ..AggregateRequest::default()
    };
    let answer = client.aggregate(request).await.unwrap();
    let rows = answer.rows.iter();
    let rows = rows.map(|row| {
        let before = row.before.as_ref().unwrap().contacts;
        (
            &*row.values[0],
            row.measures.as_ref().unwrap().contacts,
            before,
        )
    });
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [("billing", 2, 1), ("outage", 0, 1)]
    );
    assert_eq!(answer.total_before.unwrap().contacts, 2);
    service.stop().await;
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_said() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let request = AggregateRequest {
        dimensions: vec![Dimension::Team.into(), Dimension::Team.into()],
        bucket: TimeBucket::Day.into(),
        time_zone: "Middle/Earth".to_owned(),
        group_contacts_min: -1,
        compare: true,
        ..AggregateRequest::default()
    };
    let refused = client.aggregate(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let found = violations_of(&refused).into_iter();
    let mut fields: Vec<_> = found.map(|(field, _)| field).collect();
    fields.sort();
    let expected = ["compare", "dimensions", "group_contacts_min", "time_zone"];
    assert_eq!(fields, expected);
    service.stop().await;
}
