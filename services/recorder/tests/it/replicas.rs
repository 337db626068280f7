//! Two recorders, each a process of its own, on one log.

use std::time::Duration;

use aftercall_log::testing::Fate;
use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::{AmendInteractionRequest, RecordInteractionResponse};
use pbjson_types::FieldMask;
use tonic::{Code, Request, Status};

use crate::contact::{id, interaction, reason, request, with_promise};
use crate::fixture::{Fixture, reason_of};

pub(crate) type Answer = Result<RecordInteractionResponse, Status>;

fn of_customer(number: u32, customer_id: &str) -> wire::Interaction {
    wire::Interaction {
        customer: Some(wire::Customer {
            customer_id: customer_id.to_owned(),
            ..wire::Customer::default()
        }),
        ..interaction(&id(number))
    }
}

fn of_other_content(number: u32) -> wire::Interaction {
    wire::Interaction {
        contact_reasons: vec![reason("order.status")],
        ..interaction(&id(number))
    }
}

pub(crate) async fn record(fixture: &Fixture, interaction: wire::Interaction) -> Answer {
    let answer = fixture.crm().record_interaction(request(interaction)).await;
    Ok(answer?.into_inner())
}

/// Has both recorders write before the ledger of either sees what the other wrote.
pub(crate) async fn race(
    (one, other): &(Fixture, Fixture),
    [first, second]: [wire::Interaction; 2],
) -> [Answer; 2] {
    let before = one.log.len();
    one.log.hold_readers();
    other.log.hold_readers();
    let release = async {
        while one.log.len() < before + 2 {
            tokio::task::yield_now().await;
        }
        one.log.release_readers();
        other.log.release_readers();
    };
    let (first, second, ()) = tokio::join!(record(one, first), record(other, second), release);
    [first, second]
}

#[tokio::test]
async fn one_content_is_recorded_once_and_answered_alike() {
    let both = Fixture::two().await;
    let answers = race(&both, [with_promise(&id(1)), with_promise(&id(1))]).await;
    let answers = answers.map(Result::unwrap);
    assert_ne!(answers[0].already_recorded, answers[1].already_recorded);
    for other in [&both.0, &both.1] {
        let again = record(other, with_promise(&id(1))).await.unwrap();
        assert!(again.already_recorded);
        for answer in &answers {
            assert_eq!(answer.position, again.position);
            assert_eq!(answer.recorded_at, again.recorded_at);
            assert_eq!(answer.commitment_ids, again.commitment_ids);
        }
    }
}

#[tokio::test]
async fn of_two_contents_the_first_in_the_log_is_acknowledged() {
    let both = Fixture::two().await;
    let contents = [interaction(&id(1)), of_other_content(1)];
    let answers = race(&both, contents.clone()).await;
    let lost: Vec<_> = answers.iter().filter(|answer| answer.is_err()).collect();
    assert_eq!(lost.len(), 1, "{answers:?}");
    let refused = lost[0].as_ref().unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(reason_of(refused).0, "REQUEST_ID_REUSED");
    for (answer, content) in answers.iter().zip(contents) {
        for recorder in [&both.0, &both.1] {
            let again = record(recorder, content.clone()).await;
            assert_eq!(again.is_ok(), answer.is_ok(), "and so it stays");
        }
    }
}

#[tokio::test]
async fn two_customers_with_one_id_are_two_contacts() {
    let both = Fixture::two().await;
    let contacts = [of_customer(1, "customer-1"), of_customer(1, "customer-2")];
    let answers = race(&both, contacts.clone()).await.map(Result::unwrap);
    assert_ne!(answers[0].position, answers[1].position);
    for (answer, contact) in answers.iter().zip(contacts) {
        assert!(!answer.already_recorded);
        for recorder in [&both.0, &both.1] {
            // The view of the recorder that did not write it may not have it yet.
            recorder.caught_up().await;
            let again = record(recorder, contact.clone()).await.unwrap();
            assert!(again.already_recorded);
            assert_eq!(again.position, answer.position);
        }
    }
    let third = record(&both.0, of_customer(1, "customer-3")).await;
    assert_eq!(reason_of(&third.unwrap_err()).0, "REQUEST_ID_REUSED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_amendments_at_once_the_first_in_the_log_counts() {
    let (one, other) = Fixture::two().await;
    record(&one, interaction(&id(1))).await.unwrap();
    for version in 1..8 {
        let amendment = |name: &str| AmendInteractionRequest {
            request_id: format!("{name}-{version}"),
            interaction_id: id(1),
            expected_version: version,
            interaction: Some(wire::Interaction {
                labels: vec![name.to_owned()],
                ..wire::Interaction::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["labels".to_owned()],
            }),
            reason: "a slip".to_owned(),
        };
        let (mut first, mut second) = (one.crm(), other.crm());
        let (first, second) = tokio::join!(
            first.amend_interaction(amendment("one")),
            second.amend_interaction(amendment("other")),
        );
        let (amended, refused, name) = match (first, second) {
            (Ok(amended), Err(refused)) => (amended, refused, "one"),
            (Err(refused), Ok(amended)) => (amended, refused, "other"),
            both => panic!("one of the two counts: {both:?}"),
        };
        assert_eq!(reason_of(&refused).0, "VERSION_MISMATCH");
        // A repetition at the other recorder gets the same answer.
        let amended = amended.into_inner();
        assert_eq!(amended.version, version + 1);
        for recorder in [&one, &other] {
            let again = recorder.crm().amend_interaction(amendment(name)).await;
            assert_eq!(again.unwrap().into_inner(), amended);
        }
    }
}

#[tokio::test]
async fn an_append_that_is_not_acknowledged_in_time_is_in_doubt_and_its_retry_exact() {
    let (recorder, other) = Fixture::two().await;
    recorder.log.fail_next([Fate::Late]);
    let mut hurried = Request::new(request(with_promise(&id(1))));
    hurried.set_timeout(Duration::from_secs(2));
    let client = recorder.crm();
    let unknown = client
        .clone()
        .record_interaction(hurried)
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::Unavailable);
    let (reason, details) = reason_of(&unknown);
    assert_eq!(reason, "WRITE_IN_DOUBT");
    assert!(details.retry_info().is_some());

    let retry = async {
        let mut client = client.clone();
        let retried = client.record_interaction(request(with_promise(&id(1))));
        retried.await.unwrap().into_inner()
    };
    let ((), retried) = tokio::join!(recorder.log.acknowledge(), retry);
    assert!(retried.already_recorded);
    assert_eq!(recorder.log.len(), 1);
    drop(other);
}
