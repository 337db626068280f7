//! The same command for several promises: each as a request of its own would be done.

use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    BatchCommitmentsRequest, BatchCommitmentsResponse, BatchTarget, CancelCommitmentRequest,
    FulfilCommitmentRequest, ReassignCommitmentRequest,
};
use aftercall_proto::model::v1::CommitmentLifecycle;
use tonic::{Code, Status};

use crate::stage::{Contact, Running, Stage, at, owned_by, promise, reason, wrong_fields};

async fn begin(ids: &[&str]) -> (Stage, Running) {
    let stage = Stage::with_partitions(2);
    for (no, id) in ids.iter().enumerate() {
        let contact = Contact {
            customer_id: format!("customer-{no}"),
            ..Contact::new(&format!("i-{no}"), vec![promise(id, at(3_600))])
        };
        stage.record(&contact);
    }
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

fn batch(request_id: &str, ids: &[&str], command: Command) -> BatchCommitmentsRequest {
    let targets = ids.iter().map(|id| BatchTarget {
        commitment_id: (*id).to_owned(),
        ..BatchTarget::default()
    });
    BatchCommitmentsRequest {
        request_id: request_id.to_owned(),
        targets: targets.collect(),
        command: Some(command),
    }
}

fn fulfil() -> Command {
    Command::Fulfil(FulfilCommitmentRequest {
        note: "Called.".to_owned(),
        ..FulfilCommitmentRequest::default()
    })
}

async fn send(
    running: &Running,
    caller: &str,
    request: BatchCommitmentsRequest,
) -> Result<BatchCommitmentsResponse, Status> {
    let answer = running.client(caller).batch_commitments(request).await;
    Ok(answer?.into_inner())
}

#[tokio::test]
async fn each_promise_is_answered_in_its_turn_and_a_repetition_does_nothing_twice() {
    let long = "c".repeat(120);
    let (stage, running) = begin(&["c-1", "c-2", &long]).await;
    let mut closing = running.client("lead");
    let request = FulfilCommitmentRequest {
        request_id: "before".to_owned(),
        commitment_id: "c-2".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    closing.fulfil_commitment(request.clone()).await.unwrap();
    let single = closing
        .fulfil_commitment(FulfilCommitmentRequest {
            request_id: "too late".to_owned(),
            ..request
        })
        .await
        .unwrap_err();

    let mut request = batch("b-1", &["c-1", "c-2", "absent", &long], fulfil());
    let answer = send(&running, "lead", request.clone()).await.unwrap();
    let ids = answer.commitments.iter().map(|one| &*one.commitment_id);
    assert_eq!(ids.collect::<Vec<_>>(), ["c-1", "c-2", "absent", &long]);
    for one in [&answer.commitments[0], &answer.commitments[3]] {
        let commitment = one.commitment.as_ref().unwrap();
        assert_eq!(commitment.lifecycle(), CommitmentLifecycle::Fulfilled);
        assert_eq!(commitment.close_note, "Called.");
        assert_eq!(
            (one.status.as_ref(), one.position.is_empty()),
            (None, false)
        );
    }
    let refused = |place: usize| {
        let status = answer.commitments[place].status.as_ref().unwrap();
        aftercall_proto::status::from_wire(status)
    };
    assert_eq!(refused(1).code(), single.code());
    assert_eq!(refused(1).message(), single.message());
    assert_eq!(reason(&refused(1)), reason(&single));
    assert_eq!(reason(&refused(2)), "COMMITMENT_NOT_FOUND");
    // What the position includes is there to be read.
    let read = running.get("c-1", &answer.position).await;
    assert_eq!(read.lifecycle(), CommitmentLifecycle::Fulfilled);

    let events = stage.events().len();
    let again = send(&running, "lead", request.clone()).await.unwrap();
    assert_eq!(again, answer);
    assert_eq!(stage.events().len(), events, "nothing is done twice");
    request.command = Some(Command::Cancel(CancelCommitmentRequest {
        reason: "Not needed.".to_owned(),
        ..CancelCommitmentRequest::default()
    }));
    let other = send(&running, "lead", request).await.unwrap();
    assert!(other.commitments.iter().all(|one| one.status.is_some()));
    running.stop().await;
}

#[tokio::test]
async fn a_version_that_is_not_current_refuses_its_promise_alone() {
    let (_stage, running) = begin(&["c-1", "c-2"]).await;
    let give = Command::Reassign(ReassignCommitmentRequest {
        to_owner: owned_by("zoe"),
        at_once: true,
        ..ReassignCommitmentRequest::default()
    });
    let mut request = batch("b-1", &["c-1", "c-2"], give);
    (
        request.targets[0].expected_version,
        request.targets[1].expected_version,
    ) = (1, 7);
    let answer = send(&running, "lead", request).await.unwrap();
    let [given, refused] = &answer.commitments[..] else {
        panic!("{answer:?}")
    };
    assert_eq!(given.commitment.as_ref().unwrap().owner, owned_by("zoe"));
    let status = aftercall_proto::status::from_wire(refused.status.as_ref().unwrap());
    assert_eq!(reason(&status), "VERSION_MISMATCH");
    running.stop().await;
}

#[tokio::test]
async fn a_batch_opens_no_door_that_its_command_keeps_shut() {
    let (stage, running) = begin(&["c-1"]).await;
    let cancel = Command::Cancel(CancelCommitmentRequest {
        reason: "Not needed.".to_owned(),
        ..CancelCommitmentRequest::default()
    });
    let request = batch("b-1", &["c-1"], cancel);
    let refused = send(&running, "crm", request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
    // An agent may call, but not off what others keep.
    let answer = send(&running, "agent", request).await.unwrap();
    let status = answer.commitments[0].status.as_ref().unwrap();
    let status = aftercall_proto::status::from_wire(status);
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(stage.events().len(), 1);
    let answer = send(&running, "crm", batch("b-2", &["c-1"], fulfil())).await;
    assert_eq!(answer.unwrap().commitments[0].status, None);
    running.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_batch_is_told_once() {
    let (_stage, running) = begin(&[]).await;
    let many: Vec<String> = (0..101).map(|no| format!("c-{no}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let named = Command::Cancel(CancelCommitmentRequest {
        request_id: "r".to_owned(),
        commitment_id: "c-1".to_owned(),
        expected_version: 1,
        ..CancelCommitmentRequest::default()
    });
    let nothing = BatchCommitmentsRequest::default();
    let long = "x".repeat(81);
    for (request, expected) in [
        (
            nothing,
            vec![
                "request_id REQUIRED",
                "targets REQUIRED",
                "command REQUIRED",
            ],
        ),
        (batch("b", &many, fulfil()), vec!["targets TOO_MANY"]),
        (
            batch(&long, &["c-1"], fulfil()),
            vec!["request_id TOO_LONG"],
        ),
        (
            batch("b", &["c-1", "", "c-1"], fulfil()),
            vec![
                "targets[1].commitment_id REQUIRED",
                "targets[2].commitment_id CONFLICTING",
            ],
        ),
        (
            batch("b", &["c-1"], named),
            vec![
                "cancel.request_id CONFLICTING",
                "cancel.commitment_id CONFLICTING",
                "cancel.expected_version CONFLICTING",
                "cancel.reason REQUIRED",
            ],
        ),
    ] {
        let refused = send(&running, "lead", request).await.unwrap_err();
        assert_eq!(wrong_fields(&refused), expected);
    }
    running.stop().await;
}
