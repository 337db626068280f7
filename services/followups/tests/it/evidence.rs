//! What a promise's outcome rests on: a contact with the customer, that is recorded, whoever that
//! contact turned out to be with, or a message.

use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
};
use aftercall_proto::model::v1::{Commitment, CommitmentOutcome};
use aftercall_service::Clock;
use tonic::{Code, Status};

use crate::callers::{NUMBER, unknown};
use crate::following::changed;
use crate::identifying::{identify, merge};
use crate::stage::{Contact, Running, Stage, at, promise, telephone, violations_of, wire};

fn violation(status: &Status) -> (String, String) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let mut found = violations_of(status);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

async fn fulfil(running: &Running, id: &str, contact: &str) -> Result<Commitment, Status> {
    fulfil_at(running, id, contact, None).await
}

async fn fulfil_at(
    running: &Running,
    id: &str,
    contact: &str,
    fulfilled_at: Option<i64>,
) -> Result<Commitment, Status> {
    let request = FulfilCommitmentRequest {
        request_id: format!("{id}-{contact}-{fulfilled_at:?}"),
        commitment_id: id.to_owned(),
        evidence_interaction_id: contact.to_owned(),
        fulfilled_at: fulfilled_at.and_then(|seconds| wire(at(seconds))),
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

/// Contacts of the customer of `i-1`, of another one, and of callers who were not identified: `i-before` half a minute
/// before `i-1`, the others as long after it.
async fn contacts() -> (Stage, Running) {
    let stage = Stage::with_partitions(3);
    let promises = ["c-1", "c-2", "c-3", "c-4"].map(|id| promise(id, at(3_600)));
    let first = Contact {
        handle: telephone(NUMBER),
        ..Contact::new("i-1", promises.into())
    };
    stage.record(&Contact::new("i-before", Vec::new()));
    stage.clock.advance_to(at(30));
    stage.record(&first);
    stage.clock.advance_to(at(60));
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
    for (id, contact) in [("c-2", "i-2"), ("c-3", "i-same-number")] {
        let done = fulfil(&running, id, contact).await.unwrap();
        assert_eq!(done.evidence_interaction_id, contact);
        assert_eq!(done.outcome(), CommitmentOutcome::Kept);
        assert_eq!(done.fulfilled_at, wire(at(60)), "when that began");
    }
    // What was promised to somebody unknown is done with whoever has the number, or in the contact
    // itself; a withheld number is nobody's.
    let itself = Some(60);
    assert!(fulfil(&running, "u-1", "i-other").await.is_ok());
    assert!(fulfil_at(&running, "u-2", "i-1", itself).await.is_err());
    let done = fulfil_at(&running, "u-2", "i-other-number", itself).await;
    assert!(done.is_ok());
    let done = fulfil_at(&running, "u-3", "i-same-number", itself).await;
    assert!(done.is_err());
    let done = fulfil_at(&running, "u-3", "i-withheld", itself).await;
    assert!(done.is_ok());
    running.stop().await;
}

/// The contact in which it was promised does not show that it was done, unless somebody says when in it.
#[tokio::test]
async fn what_was_done_lies_within_the_contact_that_is_evidence_of_it() {
    let (stage, running) = contacts().await;
    let wrong = |reason: &str| ("fulfilled_at".to_owned(), reason.to_owned());
    for (contact, said, reason) in [
        ("i-1", None, "REQUIRED"),
        ("i-1", Some(31), "CONFLICTING"),
        ("i-before", None, "REQUIRED"),
        ("i-before", Some(31), "CONFLICTING"),
        ("i-2", Some(59), "CONFLICTING"),
    ] {
        let refused = fulfil_at(&running, "c-1", contact, said).await;
        let refused = violation(&refused.unwrap_err());
        assert_eq!(refused, wrong(reason), "{contact} {said:?}");
    }
    let done = fulfil_at(&running, "c-1", "i-1", Some(30)).await.unwrap();
    assert_eq!(done.outcome(), CommitmentOutcome::Kept);

    // Called after the due, whatever anybody says of when that was.
    stage.clock.advance_to(at(8_400));
    running.until(|| stage.lapses().len() == 6).await;
    let called = Contact::new("i-late", Vec::new()).event(stage.clock.now());
    let called = changed(called, |contact| contact.ended_at = wire(at(8_460)));
    stage.append(&called, "customer-1");
    for said in [3_599, 8_399, 8_461] {
        let refused = fulfil_at(&running, "c-3", "i-late", Some(said)).await;
        assert_eq!(violation(&refused.unwrap_err()), wrong("CONFLICTING"));
    }
    let late = fulfil(&running, "c-3", "i-late").await.unwrap();
    assert_eq!(late.outcome(), CommitmentOutcome::KeptLate);
    assert_eq!(late.fulfilled_at, wire(at(8_400)));
    let late = fulfil_at(&running, "c-4", "i-late", Some(8_460)).await;
    assert_eq!(late.unwrap().fulfilled_at, wire(at(8_460)));
    running.stop().await;
}

/// A due that moved by the contact in which it was promised would pass with nobody told, and with no lapse.
#[tokio::test]
async fn the_customer_is_told_in_a_contact_that_began_after_it_was_promised() {
    let (stage, running) = contacts().await;
    let field = "customer_informed_interaction_id".to_owned();
    for contact in ["i-1", "i-before"] {
        let refused = cancel(&running, "c-1", contact, "").await.unwrap_err();
        let wrong = (field.clone(), "CONFLICTING".to_owned());
        assert_eq!(violation(&refused), wrong);
    }
    let all = ["i-1", "i-before", "i-2"];
    assert_eq!(which_count(&running, &all).await, [false, false, true]);
    let moved = running.get("c-1", "").await;
    assert_eq!((moved.due_revision, moved.moves), (2, 1));
    stage.clock.advance_to(at(3_601));
    running.until(|| stage.lapses().len() == 6).await;
    let lapsed: Vec<_> = stage.lapses().into_iter().map(|(id, _)| id).collect();
    assert!(!lapsed.contains(&"c-1".to_owned()), "{lapsed:?}");
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

/// Whether each contact counts as evidence for a promise of customer-1 that nothing has happened to.
async fn which_count(running: &Running, contacts: &[&str]) -> Vec<bool> {
    let mut count = Vec::new();
    for contact in contacts {
        let request = RescheduleCommitmentRequest {
            request_id: format!("{contact}-{}", running.get("c-1", "").await.version),
            commitment_id: "c-1".to_owned(),
            promised_by: wire(at(7_200)),
            reason: "later".to_owned(),
            customer_informed_interaction_id: (*contact).to_owned(),
            ..RescheduleCommitmentRequest::default()
        };
        let answer = running.client("lead").reschedule_commitment(request).await;
        if let Err(refused) = &answer {
            let field = "customer_informed_interaction_id".to_owned();
            assert_eq!(violation(refused), (field, "CONFLICTING".to_owned()));
        }
        count.push(answer.is_ok());
    }
    count
}

/// Who a contact was with is what was said last, whatever its record says.
#[tokio::test]
async fn evidence_is_whose_a_contact_turned_out_to_be() {
    let (stage, running) = contacts().await;
    let all = ["i-2", "i-other", "i-other-number", "i-same-number"];
    assert_eq!(
        which_count(&running, &all).await,
        [true, false, false, true]
    );

    identify(&stage, ("i-2", "customer-1"), 2, "customer-2");
    identify(&stage, ("i-other", "customer-2"), 2, "customer-1");
    identify(&stage, ("i-other-number", ""), 2, "customer-1");
    identify(&stage, ("i-same-number", ""), 2, "customer-2");
    running.caught_up(&stage).await;
    assert_eq!(
        which_count(&running, &all).await,
        [false, true, true, false]
    );

    // Taken back, it is whoever has the name under which the contact was made.
    identify(&stage, ("i-2", "customer-1"), 3, "");
    identify(&stage, ("i-other", "customer-2"), 3, "");
    identify(&stage, ("i-other-number", ""), 3, "");
    identify(&stage, ("i-same-number", ""), 3, "");
    running.caught_up(&stage).await;
    assert_eq!(
        which_count(&running, &all).await,
        [false, true, false, true]
    );

    // Named for a customer again, it counts for that one; what lost a race changes nothing.
    identify(&stage, ("i-2", "customer-1"), 4, "customer-1");
    identify(&stage, ("i-2", "customer-1"), 4, "customer-2");
    running.caught_up(&stage).await;
    assert_eq!(which_count(&running, &all[..1]).await, [true]);
    running.stop().await;
}

/// The promise moves with its contact, and so does whose contacts are evidence.
#[tokio::test]
async fn evidence_is_with_the_customer_whose_promise_it_turned_out_to_be() {
    let (stage, running) = contacts().await;
    identify(&stage, ("i-1", "customer-1"), 2, "customer-2");
    running.caught_up(&stage).await;
    let all = ["i-2", "i-other"];
    assert_eq!(which_count(&running, &all).await, [false, true]);
    identify(&stage, ("i-1", "customer-1"), 3, "");
    running.caught_up(&stage).await;
    let all = ["i-2", "i-other", "i-same-number", "i-other-number"];
    let counts = which_count(&running, &all).await;
    assert_eq!(counts, [false, true, true, false], "by its number");
    running.stop().await;
}

/// Customers that are merged, by whatever others and in whichever order, are one until they are
/// unmerged.
#[tokio::test]
async fn evidence_may_be_a_contact_of_a_customer_who_is_the_same() {
    let (stage, running) = contacts().await;
    let third = Contact {
        customer_id: "customer-3".to_owned(),
        ..Contact::new("i-third", Vec::new())
    };
    stage.record(&third);
    running.caught_up(&stage).await;
    let all = ["i-other", "i-third", "i-same-number", "i-other-number"];
    assert_eq!(
        which_count(&running, &all).await,
        [false, false, true, false]
    );
    merge(&stage, ("customer-2", "customer-1"), 1, true);
    merge(&stage, ("customer-3", "customer-2"), 1, true);
    // A contact of nobody that was named for one of them.
    identify(&stage, ("i-other-number", ""), 2, "customer-3");
    running.caught_up(&stage).await;
    assert_eq!(which_count(&running, &all).await, [true; 4]);
    merge(&stage, ("customer-3", "customer-2"), 2, false);
    running.caught_up(&stage).await;
    assert_eq!(
        which_count(&running, &all).await,
        [true, false, true, false]
    );
    merge(&stage, ("customer-2", "customer-1"), 2, false);
    running.caught_up(&stage).await;
    assert_eq!(
        which_count(&running, &all).await,
        [false, false, true, false]
    );
    running.stop().await;
}
