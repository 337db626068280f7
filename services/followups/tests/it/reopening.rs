//! Promises that are taken up again after their end.

use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, ReopenCommitmentRequest,
    ReopenCommitmentResponse,
};
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::{CommitmentLifecycle, CommitmentOutcome, DueSpec, LocalDue};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::making::{forgotten, in_contact, make};
use crate::stage::{Contact, Running, Stage, at, promise, reason, wire, wrong_fields};

const DAY: i64 = 86_400;

fn again(request_id: &str, commitment_id: &str, due: i64) -> ReopenCommitmentRequest {
    ReopenCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: commitment_id.to_owned(),
        reason: "the refund came back".to_owned(),
        promised_by: wire(at(due)),
        told_to_customer: true,
        ..ReopenCommitmentRequest::default()
    }
}

async fn reopen(
    running: &Running,
    who: &str,
    request: ReopenCommitmentRequest,
) -> Result<ReopenCommitmentResponse, Status> {
    let answer = running.client(who).reopen_commitment(request).await;
    answer.map(tonic::Response::into_inner)
}

/// Which condition is not met.
fn lacks(status: &Status) -> String {
    assert_eq!(reason(status), "COMMITMENT_STATE");
    let details = status.get_details_precondition_failure().unwrap();
    details.violations[0].r#type.clone()
}

/// A promise that was kept late, at 5,000.
async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
    let running = stage.start().await;
    stage.clock.advance_to(at(5_000));
    running.until(|| stage.lapses().len() == 1).await;
    let fulfil = FulfilCommitmentRequest {
        request_id: "r-0".to_owned(),
        commitment_id: "c-1".to_owned(),
        note: "paid".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let mut owner = running.client("owner");
    owner.fulfil_commitment(fulfil).await.unwrap();
    (stage, running)
}

#[tokio::test]
async fn the_new_promise_names_the_old_one_whose_outcome_stays() {
    let (stage, running) = begin().await;
    let made = reopen(&running, "lead", again("r-1", "c-1", 9_000))
        .await
        .unwrap();
    let new = made.commitment.clone().unwrap();
    assert_eq!(
        (&*new.reopens, &*new.reopen_reason),
        ("c-1", "the refund came back")
    );
    assert_eq!(
        (new.lifecycle(), new.due_revision),
        (CommitmentLifecycle::Active, 1)
    );
    assert_eq!(
        (new.made_at, new.promised_by),
        (wire(at(5_000)), wire(at(9_000)))
    );
    assert_eq!((&*new.interaction_id, new.lapses.len()), ("i-1", 0));
    assert_eq!(new.owner, promise("c-1", at(0)).owner);

    let old = running.get("c-1", "").await;
    assert_eq!(old.reopened_by, new.commitment_id);
    assert_eq!(
        (old.outcome(), old.lapses.len()),
        (CommitmentOutcome::KeptLate, 1)
    );
    // Sent again it is the same; by somebody else it is one too many.
    let repeated = reopen(&running, "lead", again("r-1", "c-1", 9_000)).await;
    assert_eq!(repeated.unwrap(), made);
    let second = reopen(&running, "supervisor", again("r-2", "c-1", 9_000)).await;
    assert_eq!(lacks(&second.unwrap_err()), "NOT_REOPENED");

    // It lapses for itself, and may be taken up again in its turn.
    stage.clock.advance_to(at(9_001));
    running.until(|| stage.lapses().len() == 2).await;
    running.caught_up(&stage).await;
    let cancel = CancelCommitmentRequest {
        request_id: "r-3".to_owned(),
        commitment_id: new.commitment_id.clone(),
        reason: "can't be done".to_owned(),
        ..CancelCommitmentRequest::default()
    };
    let mut lead = running.client("lead");
    lead.cancel_commitment(cancel).await.unwrap();
    let third = reopen(&running, "lead", again("r-4", &new.commitment_id, 20_000)).await;
    assert_eq!(
        third.unwrap().commitment.unwrap().reopens,
        new.commitment_id
    );
    let broken = running.get(&new.commitment_id, "").await;
    assert_eq!(broken.outcome(), CommitmentOutcome::Broken);

    running.stop().await;
    let rebuilt = stage
        .start_on(std::sync::Arc::new(stage.log.clone()), "anew")
        .await;
    rebuilt.caught_up(&stage).await;
    assert_eq!(rebuilt.get("c-1", "").await, old);
    rebuilt.stop().await;
}

#[tokio::test]
async fn only_what_ended_lately_is_taken_up_by_who_leads_and_for_a_time_ahead() {
    let (stage, running) = begin().await;
    let open = make(&running, "lead", in_contact("r-1", forgotten(90 * DAY)));
    let open = open.await.unwrap().commitment.unwrap().commitment_id;
    let refused = reopen(&running, "lead", again("r-2", &open, 9_000)).await;
    assert_eq!(lacks(&refused.unwrap_err()), "ENDED");
    for who in ["owner", "agent", "admin"] {
        let denied = reopen(&running, who, again("r-3", "c-1", 9_000)).await;
        assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied, "{who}");
    }
    let past = reopen(&running, "lead", again("r-4", "c-1", 4_999)).await;
    assert_eq!(
        wrong_fields(&past.unwrap_err()),
        ["promised_by DUE_IN_PAST"]
    );
    let empty = ReopenCommitmentRequest {
        promised_by: None,
        reason: String::new(),
        ..again("r-5", "c-1", 0)
    };
    let empty = reopen(&running, "lead", empty).await;
    assert_eq!(
        wrong_fields(&empty.unwrap_err()),
        ["reason REQUIRED", "promised_by REQUIRED"]
    );
    let unknown = reopen(&running, "lead", again("r-6", "c-9", 9_000)).await;
    assert_eq!(reason(&unknown.unwrap_err()), "COMMITMENT_NOT_FOUND");

    // To the second: seven days after its end it is too late.
    stage.clock.advance_to(at(5_000 + 7 * DAY + 1));
    let late = reopen(&running, "lead", again("r-7", "c-1", 8 * DAY)).await;
    assert_eq!(lacks(&late.unwrap_err()), "ENDED_LATELY");
    running.stop().await;
}

#[tokio::test]
async fn what_is_odd_about_the_new_due_is_told_and_told_again() {
    let (_stage, running) = begin().await;
    let spec = Spec::Local(LocalDue {
        date: "2024-03-31".to_owned(),
        time: "02:30".to_owned(),
        time_zone: "Europe/Paris".to_owned(),
    });
    let request = ReopenCommitmentRequest {
        promised_by: None,
        due: Some(DueSpec { spec: Some(spec) }),
        reason: "the refund\u{b} came back".to_owned(),
        ..again("r-1", "c-1", 0)
    };
    let made = reopen(&running, "lead", request.clone()).await.unwrap();
    let told: Vec<_> = made
        .warnings
        .iter()
        .map(|odd| (&*odd.field, &*odd.reason))
        .collect();
    let expected = [
        ("reason", "CONTROL_CHARACTERS_DROPPED"),
        ("due", "LOCAL_TIME_DOES_NOT_EXIST"),
    ];
    assert_eq!(told, expected);
    let repeated = reopen(&running, "lead", request).await.unwrap();
    assert_eq!(repeated, made);
    running.stop().await;
}

#[tokio::test]
async fn two_replicas_take_it_up_once() {
    let (stage, running) = begin().await;
    let other = stage
        .start_on(std::sync::Arc::new(stage.log.clone()), "other")
        .await;
    other.caught_up(&stage).await;
    let (one, two) = tokio::join!(
        reopen(&running, "lead", again("r-1", "c-1", 9_000)),
        reopen(&other, "supervisor", again("r-1", "c-1", 9_000)),
    );
    let refused = [&one, &two].into_iter().filter(|it| it.is_err()).count();
    assert_eq!(refused, 1, "{one:?} {two:?}");
    running.stop().await;
    other.stop().await;
}
