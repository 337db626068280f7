//! Many contacts on one stream.

use aftercall_log::testing::Fate;
use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::{
    RecordInteractionResponse, RecordInteractionsRequest, RecordInteractionsResponse,
};
use aftercall_proto::status::from_wire;
use tokio_stream::StreamExt;
use tonic::{Code, Status};

use crate::contact::{id, interaction, reason, request, with_promise};
use crate::fixture::{Client, Fixture, reason_of, violations_of};

fn message(number: usize, interaction: wire::Interaction) -> RecordInteractionsRequest {
    RecordInteractionsRequest {
        correlation_id: format!("row {number}"),
        request: Some(request(interaction)),
    }
}

async fn record(
    client: &mut Client,
    messages: Vec<RecordInteractionsRequest>,
) -> Vec<RecordInteractionsResponse> {
    let answers = client
        .record_interactions(tokio_stream::iter(messages))
        .await
        .unwrap();
    answers.into_inner().map(Result::unwrap).collect().await
}

fn response(answer: &RecordInteractionsResponse) -> &RecordInteractionResponse {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Response(response) => response,
        Outcome::Failure(failure) => panic!("{failure:?}"),
    }
}

fn failure(answer: &RecordInteractionsResponse) -> Status {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Failure(failure) => from_wire(failure),
        Outcome::Response(response) => panic!("{response:?}"),
    }
}

#[tokio::test]
async fn each_is_answered_in_order_and_a_bad_one_stops_nothing() {
    let fixture = Fixture::new().await;
    let bad = |number| number % 7 == 3;
    let messages: Vec<_> = (0..2_000)
        .map(|number| {
            let mut one = with_promise(&id(number as u32));
            if bad(number) {
                one.contact_reasons.clear();
            }
            message(number, one)
        })
        .collect();
    let answers = record(&mut fixture.crm(), messages).await;
    assert_eq!(answers.len(), 2_000);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.correlation_id, format!("row {number}"));
        if bad(number) {
            let failure = failure(answer);
            assert_eq!(failure.code(), Code::InvalidArgument);
            let (reason, details) = reason_of(&failure);
            assert_eq!(reason, "INVALID_REQUEST");
            assert!(details.retry_info().is_none());
            let violations = violations_of(&failure);
            let first = (&*violations[0].0, &*violations[0].1);
            assert_eq!(first, ("interaction.contact_reasons", "REQUIRED"));
        } else {
            assert_eq!(response(answer).interaction_id, id(number as u32));
        }
    }
    assert_eq!(
        fixture.log.len(),
        (0..2_000).filter(|number| !bad(*number)).count()
    );
}

#[tokio::test]
async fn repetitions_within_one_stream_are_recognised() {
    let fixture = Fixture::new().await;
    let other = wire::Interaction {
        contact_reasons: vec![reason("order.status")],
        ..interaction(&id(1))
    };
    let messages = vec![
        message(0, interaction(&id(1))),
        message(1, interaction(&id(1))),
        message(2, other),
    ];
    let answers = record(&mut fixture.crm(), messages).await;
    assert!(!response(&answers[0]).already_recorded);
    assert!(response(&answers[1]).already_recorded);
    assert_eq!(
        response(&answers[1]).position,
        response(&answers[0]).position
    );
    assert_eq!(reason_of(&failure(&answers[2])).0, "REQUEST_ID_REUSED");
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn a_failed_append_is_answered_record_by_record_and_can_be_sent_again() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    for (fault, reason) in [
        (Fate::QueueFull, "LOG_QUEUE_FULL"),
        (Fate::LostAck, "WRITE_IN_DOUBT"),
        (Fate::LostRecord, "WRITE_IN_DOUBT"),
    ] {
        fixture.log.fail_next([fault]);
        let answers = record(&mut crm, vec![message(0, interaction(&id(fault as u32)))]).await;
        let (told, details) = reason_of(&failure(&answers[0]));
        assert_eq!(told, reason);
        assert!(details.retry_info().is_some());
        let answers = record(&mut crm, vec![message(0, interaction(&id(fault as u32)))]).await;
        let already = response(&answers[0]).already_recorded;
        assert_eq!(already, fault == Fate::LostAck);
    }
    assert_eq!(fixture.log.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_send_the_same_in_opposite_orders_do_not_wait_for_each_other_for_ever() {
    let fixture = Fixture::new().await;
    let streams = (0..4).map(|stream| {
        let mut crm = fixture.crm();
        let mut messages: Vec<_> = (0..1_500)
            .map(|number| message(number, interaction(&id(number as u32))))
            .collect();
        if stream % 2 == 1 {
            messages.reverse();
        }
        async move { record(&mut crm, messages).await }
    });
    let answers = futures::future::join_all(streams).await.concat();
    let first = answers
        .iter()
        .filter(|answer| !response(answer).already_recorded)
        .count();
    assert_eq!(
        (answers.len(), first, fixture.log.len()),
        (6_000, 1_500, 1_500)
    );
}

#[tokio::test]
async fn messages_without_a_record_are_refused_one_by_one() {
    let fixture = Fixture::new().await;
    let messages = vec![
        RecordInteractionsRequest::default(),
        RecordInteractionsRequest {
            correlation_id: "c".repeat(129),
            ..message(1, interaction(&id(1)))
        },
        message(2, interaction(&id(2))),
    ];
    let answers = record(&mut fixture.crm(), messages).await;
    for (answer, field) in answers.iter().zip(["request", "correlation_id"]) {
        assert_eq!(violations_of(&failure(answer))[0].0, field);
    }
    assert_eq!(response(&answers[2]).interaction_id, id(2));
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn a_stream_needs_a_role_too() {
    let fixture = Fixture::new().await;
    let mut auditor = fixture.client("acme somebody auditor");
    let refused = auditor
        .record_interactions(tokio_stream::empty())
        .await
        .unwrap_err();
    assert_eq!(reason_of(&refused).0, "ROLE_REQUIRED");
}

#[tokio::test]
async fn a_streams_failure_says_all_that_a_calls_status_says() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    let mut bad = interaction(&id(1));
    bad.contact_reasons.clear();
    bad.channel = 0;
    let answers = record(&mut crm, vec![message(0, bad.clone())]).await;
    let called = crm.record_interaction(request(bad)).await.unwrap_err();
    let streamed = failure(&answers[0]);
    assert_eq!(streamed.code(), called.code());
    assert_eq!(streamed.message(), called.message());
    assert_eq!(streamed.details(), called.details());
    assert_eq!(violations_of(&streamed).len(), 2);
}
