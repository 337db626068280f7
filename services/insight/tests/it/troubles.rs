//! What a customer spends on a trouble since it began, and promises that we move alone.

use aftercall_proto::insight::v1::AggregateRequest;
use aftercall_proto::model::v1::{
    Interruption, NewTarget, NonTalk, Segment, SegmentKind, SentimentParticipant, Transfer,
    TransferKind,
};

use crate::fixture::{Events, Service, ago, contact};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn effort_is_reckoned_since_the_trouble_began() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    // Before the trouble.
    let before = contact(1, 9 * DAY).reason("app").trouble(None, 600);
    before.record(&events);
    // Two calls about it, the second one handed on, and another customer's.
    let first = contact(2, 3 * DAY).reason("outage").trouble(None, 120);
    first.record(&events);
    let second = contact(3, 2 * DAY).reason("outage").trouble(None, 180);
    let second = second.with(|it| {
        it.segments.push(Segment {
            kind: SegmentKind::Agent.into(),
            answered_at: Some(ago(2 * DAY)),
            ended_at: Some(ago(2 * DAY - 180)),
            transfer: Some(Transfer {
                kind: TransferKind::Cold.into(),
                ..Transfer::default()
            }),
            ..Segment::default()
        });
    });
    let other = contact(4, 2 * DAY).reason("outage").customer("other");
    other.trouble(None, 60).record(&events);
    // The one that says since when, and is recorded before the second one is.
    let says = contact(5, DAY).reason("outage").trouble(Some(4 * DAY), 300);
    says.record(&events);
    second.record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let answer = client.aggregate(AggregateRequest::default()).await.unwrap();
    let total = answer.total.unwrap();
    assert_eq!((total.onset_contacts, total.effort_contacts), (1, 1));
    assert_eq!(total.since_onset_contacts, 3);
    assert_eq!(total.since_onset_ms, (120 + 180 + 300) * 1_000);
    assert_eq!(total.since_onset_transfers, 1);
    // From four days ago until the end of the call of a day ago.
    assert_eq!(total.effort_seconds, 3 * DAY + 300);
    assert_eq!(total.average_since_onset_contacts, Some(3.0));
    assert_eq!(total.average_since_onset_seconds, Some(600.0));
    service.stop().await;
}

#[tokio::test]
async fn silence_counts_once_and_interruptions_by_who_interrupts() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let silence = |from_ms, to_ms| NonTalk { from_ms, to_ms };
    let by = |at_ms, by: SentimentParticipant| Interruption {
        at_ms,
        by: by.into(),
    };
    let call = contact(1, 5_000).reason("billing");
    let call = call.with(|it| {
        it.non_talk = vec![
            silence(8_000, 12_000),
            silence(1_000, 3_000),
            silence(9_000, 15_000),
        ];
        it.interruptions = vec![
            by(500, SentimentParticipant::Agent),
            by(4_000, SentimentParticipant::Customer),
            by(5_000, SentimentParticipant::Agent),
        ];
    });
    call.record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let answer = client.aggregate(AggregateRequest::default()).await;
    let total = answer.unwrap().total.unwrap();
    assert_eq!((total.dead_air_ms, total.dead_airs), (9_000, 3));
    let interruptions = (
        total.interruptions_by_agents,
        total.interruptions_by_customers,
    );
    assert_eq!(interruptions, (2, 1));
    service.stop().await;
}

#[tokio::test]
async fn who_moves_a_promise_without_a_word_is_counted() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let call = contact(1, 5_000).reason("billing");
    let call = call.promise(1, 1_000).promise(2, 1_000);
    let call = call.with(|it| {
        it.commitments[0].target = Some(NewTarget {
            target_at: Some(ago(-100)),
            ..NewTarget::default()
        });
    });
    call.record(&events);
    call.move_alone(&events, 1, 2);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let answer = client.aggregate(AggregateRequest::default()).await;
    let total = answer.unwrap().total.unwrap();
    assert_eq!((total.promises, total.promises_moved_alone), (2, 1));
    assert_eq!(total.promises_open, 2);
    service.stop().await;
}
