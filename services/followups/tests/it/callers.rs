//! To whom a promise was made: who has no customer's id is found, and called back, by their number.

use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, CommitmentFilter, FulfilCommitmentRequest, ListCommitmentsRequest,
    RescheduleCommitmentRequest,
};
use aftercall_proto::model::v1::{Commitment, CommitmentOutcome};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::stage::{Contact, Running, Stage, at, promise, telephone, wire};

const NUMBER: &str = "+4930999001";

/// A contact of somebody who was not identified.
fn unknown(interaction_id: &str, number: &str, commitment_id: &str) -> Contact {
    Contact {
        customer_id: String::new(),
        handle: telephone(number),
        ..Contact::new(interaction_id, vec![promise(commitment_id, at(3_600))])
    }
}

async fn found(running: &Running, handles: &[&str], customer_ids: &[&str]) -> Vec<String> {
    let texts = |given: &[&str]| given.iter().map(|text| (*text).to_owned()).collect();
    let request = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            handles: texts(handles),
            customer_ids: texts(customer_ids),
            ..CommitmentFilter::default()
        }),
        include_total: true,
        ..ListCommitmentsRequest::default()
    };
    let answer = running.client("lead").list_commitments(request).await;
    let answer = answer.unwrap().into_inner();
    let found: Vec<_> = answer
        .commitments
        .into_iter()
        .map(|it| it.commitment_id)
        .collect();
    assert_eq!(answer.total_size, Some(found.len() as u64));
    found
}

#[tokio::test]
async fn a_promise_to_an_unknown_caller_says_whom_to_call_and_is_found_by_the_number() {
    let stage = Stage::new();
    stage.record(&unknown("i-1", NUMBER, "c-1"));
    stage.record(&unknown("i-2", "+4930999002", "c-2"));
    stage.record(&unknown("i-3", "anonymous", "c-3"));
    let identified = Contact {
        handle: telephone(NUMBER),
        ..Contact::new("i-4", vec![promise("c-4", at(3_601))])
    };
    stage.record(&identified);
    stage.record(&Contact::new("i-5", vec![promise("c-5", at(3_602))]));
    let running = stage.start().await;
    running.caught_up(&stage).await;

    let shown = running.get("c-1", "").await;
    assert_eq!(shown.customer_id, "");
    assert_eq!(shown.customer_name, "Kim Example");
    assert_eq!(shown.handles, Vec::from_iter(telephone(NUMBER)));

    for spelling in [
        "+4930999001",
        "0049 30 999001",
        "030 999001",
        "(030) 999-001",
        "+49 (0)30 999 001",
        "tel:+49-30-999001",
    ] {
        assert_eq!(
            found(&running, &[spelling], &[]).await,
            ["c-1", "c-4"],
            "{spelling}"
        );
    }
    assert_eq!(
        found(&running, &["+43 30 999001"], &[]).await,
        [""; 0],
        "another country's"
    );
    assert_eq!(
        found(&running, &["anonymous"], &[]).await,
        [""; 0],
        "nobody's name"
    );
    let all = found(&running, &[NUMBER, "030 999002"], &["customer-1"]).await;
    assert_eq!(
        all,
        ["c-1", "c-2", "c-4", "c-5"],
        "a number or a customer, each promise once"
    );

    // The list follows what becomes of a promise.
    let fulfil = FulfilCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-1".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    running
        .client("lead")
        .fulfil_commitment(fulfil)
        .await
        .unwrap();
    assert_eq!(found(&running, &[NUMBER], &[]).await, ["c-1", "c-4"]);
    running.stop().await;
}

fn violation(status: &Status) -> (String, String) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let found = status.get_details_bad_request().unwrap().field_violations;
    let [one] = &found[..] else {
        panic!("{found:?}")
    };
    (one.field.clone(), one.reason.clone())
}

async fn fulfil(running: &Running, id: &str, contact: &str) -> Result<Commitment, Status> {
    let request = FulfilCommitmentRequest {
        request_id: format!("{id}-{contact}"),
        commitment_id: id.to_owned(),
        evidence_interaction_id: contact.to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let answer = running.client("lead").fulfil_commitment(request).await?;
    Ok(answer.into_inner().commitment.unwrap())
}

async fn cancel(
    running: &Running,
    id: &str,
    contact: &str,
    message: &str,
) -> Result<Commitment, Status> {
    let request = CancelCommitmentRequest {
        request_id: format!("{id}-{contact}"),
        commitment_id: id.to_owned(),
        reason: "not needed".to_owned(),
        customer_informed_interaction_id: contact.to_owned(),
        customer_informed_message_id: message.to_owned(),
        ..CancelCommitmentRequest::default()
    };
    let answer = running.client("lead").cancel_commitment(request).await?;
    Ok(answer.into_inner().commitment.unwrap())
}

/// Contacts of the customer of `i-1`, of another one, and of callers who were not identified.
async fn contacts() -> (Stage, Running) {
    let stage = Stage::with_partitions(3);
    let promises = ["c-1", "c-2", "c-3", "c-4"].map(|id| promise(id, at(3_600)));
    let first = Contact {
        handle: telephone(NUMBER),
        ..Contact::new("i-1", promises.into())
    };
    stage.record(&first);
    stage.record(&Contact::new("i-2", Vec::new()));
    let other = Contact {
        customer_id: "customer-2".to_owned(),
        handle: telephone(NUMBER),
        ..Contact::new("i-other", Vec::new())
    };
    stage.record(&other);
    stage.record(&unknown("i-same-number", "030999001", "u-1"));
    stage.record(&unknown("i-other-number", "+4930999002", "u-2"));
    stage.record(&unknown("i-withheld", "anonymous", "u-3"));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

#[tokio::test]
async fn evidence_is_a_contact_with_the_customer_that_is_recorded() {
    let (_stage, running) = contacts().await;
    let field = |reason: &str| ("evidence_interaction_id".to_owned(), reason.to_owned());
    for (contact, reason) in [
        ("word", "NOT_FOUND"),
        ("c-1", "NOT_FOUND"),
        ("i-other", "CONFLICTING"),
        ("i-other-number", "CONFLICTING"),
        ("i-withheld", "CONFLICTING"),
    ] {
        let refused = fulfil(&running, "c-1", contact).await.unwrap_err();
        assert_eq!(violation(&refused), field(reason), "{contact}");
    }
    for (id, contact) in [("c-1", "i-1"), ("c-2", "i-2"), ("c-3", "i-same-number")] {
        let done = fulfil(&running, id, contact).await.unwrap();
        assert_eq!(done.evidence_interaction_id, contact);
        assert_eq!(done.outcome(), CommitmentOutcome::Kept);
    }
    // What was promised to somebody unknown is done with whoever has the number, or in the contact
    // itself; a withheld number is nobody's.
    assert!(fulfil(&running, "u-1", "i-other").await.is_ok());
    assert!(fulfil(&running, "u-2", "i-1").await.is_err());
    assert!(fulfil(&running, "u-2", "i-other-number").await.is_ok());
    assert!(fulfil(&running, "u-3", "i-same-number").await.is_err());
    assert!(fulfil(&running, "u-3", "i-withheld").await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn a_customer_lets_us_off_in_a_contact_of_theirs_or_in_a_message() {
    let (_stage, running) = contacts().await;
    let field = "customer_informed_interaction_id";
    for (contact, reason) in [("word", "NOT_FOUND"), ("i-other", "CONFLICTING")] {
        let refused = cancel(&running, "c-1", contact, "").await.unwrap_err();
        assert_eq!(violation(&refused), (field.to_owned(), reason.to_owned()));
        let request = RescheduleCommitmentRequest {
            request_id: format!("move-{contact}"),
            commitment_id: "c-1".to_owned(),
            promised_by: wire(at(7_200)),
            reason: "later".to_owned(),
            customer_informed_interaction_id: contact.to_owned(),
            ..RescheduleCommitmentRequest::default()
        };
        let refused = running.client("lead").reschedule_commitment(request).await;
        let refused = violation(&refused.unwrap_err());
        assert_eq!(refused, (field.to_owned(), reason.to_owned()));
    }
    let released = cancel(&running, "c-1", "i-2", "").await.unwrap();
    assert_eq!(released.outcome(), CommitmentOutcome::ReleasedByCustomer);
    assert_eq!(released.customer_informed_interaction_id, "i-2");
    let released = cancel(&running, "c-2", "", "<1@mail.example>")
        .await
        .unwrap();
    assert_eq!(released.outcome(), CommitmentOutcome::ReleasedByCustomer);
    assert_eq!(released.customer_informed_message_id, "<1@mail.example>");
    let broken = cancel(&running, "c-3", "", "").await.unwrap();
    assert_eq!(broken.outcome(), CommitmentOutcome::Broken);
    running.stop().await;
}

/// The contact may have been recorded a moment ago: then the command waits for it.
#[tokio::test]
async fn a_contact_that_was_just_recorded_is_evidence() {
    let stage = Stage::with_partitions(3);
    let running = stage.start().await;
    for no in 0..50 {
        let id = format!("c-{no}");
        stage.record(&Contact::new(
            &format!("i-{no}"),
            vec![promise(&id, at(3_600))],
        ));
        let contact = format!("done-{no}");
        stage.record(&Contact::new(&contact, Vec::new()));
        fulfil(&running, &id, &contact).await.unwrap();
    }
    running.stop().await;
}
