//! Commands: repeated, in conflict, refused.

use aftercall_proto::event::v1::EventType;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
    RescheduleCommitmentResponse,
};
use aftercall_proto::model::v1::{CommitmentLifecycle, CommitmentOutcome};
use aftercall_service::Clock;
use jiff::SignedDuration;
use tonic::Code;
use tonic_types::StatusExt;

use crate::stage::{Client, Contact, Running, Stage, at, promise, reason, wire};

fn fulfil(request_id: &str, note: &str) -> FulfilCommitmentRequest {
    FulfilCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: "c-1".to_owned(),
        note: note.to_owned(),
        ..FulfilCommitmentRequest::default()
    }
}

fn reschedule(request_id: &str, due: i64) -> RescheduleCommitmentRequest {
    RescheduleCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: "c-1".to_owned(),
        promised_by: wire(at(due)),
        reason: "the part is late".to_owned(),
        ..RescheduleCommitmentRequest::default()
    }
}

fn cancel(request_id: &str, informed: &str) -> CancelCommitmentRequest {
    CancelCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: "c-1".to_owned(),
        reason: "a misunderstanding".to_owned(),
        customer_informed_interaction_id: informed.to_owned(),
        ..CancelCommitmentRequest::default()
    }
}

const DAY: i64 = 86_400;

/// Moves another promise, which is due in three months.
async fn move_the_other(
    client: &mut Client,
    day: i64,
) -> Result<tonic::Response<RescheduleCommitmentResponse>, tonic::Status> {
    let asked = RescheduleCommitmentRequest {
        commitment_id: "c-2".to_owned(),
        ..reschedule(&format!("d-{day}"), (90 + day) * DAY)
    };
    client.reschedule_commitment(asked).await
}

async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
    let running = stage.start().await;
    (stage, running)
}

#[tokio::test]
async fn the_same_request_gets_the_first_answer_again_for_seven_days_of_the_logs_time() {
    let (stage, running) = begin().await;
    let mut client = running.client("lead");
    let first = client
        .reschedule_commitment(reschedule("r-1", 7_200))
        .await
        .unwrap()
        .into_inner();
    client
        .reschedule_commitment(reschedule("r-2", 9_000))
        .await
        .unwrap();
    let again = client
        .reschedule_commitment(reschedule("r-1", 7_200))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first, "the answer of then, not of now");
    assert_eq!(stage.events().len(), 3);

    let reused = client
        .reschedule_commitment(reschedule("r-1", 7_201))
        .await
        .unwrap_err();
    assert_eq!(
        (reused.code(), reason(&reused).as_str()),
        (Code::AlreadyExists, "REQUEST_ID_REUSED")
    );
    // An id belongs to one caller and one method.
    running
        .client("owner")
        .fulfil_commitment(fulfil("r-1", ""))
        .await
        .unwrap();

    // What the partition records more than seven days later lets it be forgotten.
    let other = promise("c-2", at(90 * DAY));
    let position = stage.record(&Contact::new("i-2", vec![other]));
    running.get("c-2", &position).await;
    for day in 1..=8 {
        running.caught_up(&stage).await;
        stage.clock.advance(std::time::Duration::from_secs(86_400));
        move_the_other(&mut client, day).await.unwrap();
    }
    let late = client
        .reschedule_commitment(reschedule("r-1", 7_200))
        .await
        .unwrap_err();
    assert_eq!(reason(&late), "COMMITMENT_ALREADY_CLOSED");
    running.stop().await;
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_makes_no_request_forgotten() {
    let (stage, running) = begin().await;
    let mut client = running.client("lead");
    let other = promise("c-2", at(90 * DAY));
    let position = stage.record(&Contact::new("i-2", vec![other]));
    running.get("c-2", &position).await;
    let first = client
        .reschedule_commitment(reschedule("r-1", 40 * DAY))
        .await
        .unwrap()
        .into_inner();
    let now = stage.clock.now();
    stage
        .clock
        .jump_to(now + SignedDuration::from_hours(24 * 30));
    for day in 1..=8 {
        move_the_other(&mut client, day).await.unwrap();
    }
    stage.clock.jump_to(now);
    for day in 9..=16 {
        move_the_other(&mut client, day).await.unwrap();
    }
    let again = client.reschedule_commitment(reschedule("r-1", 40 * DAY));
    assert_eq!(again.await.unwrap().into_inner(), first);
    running.stop().await;
}

#[tokio::test]
async fn one_request_sent_many_times_at_once_is_done_once() {
    let (stage, running) = begin().await;
    let sent = (0..32).map(|_| {
        let mut client = running.client("lead");
        async move { client.reschedule_commitment(reschedule("r-1", 7_200)).await }
    });
    let answers = futures::future::join_all(sent).await;
    let first = answers[0].as_ref().unwrap().get_ref();
    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap().get_ref(), first);
    }
    let commitment = running.get("c-1", &first.position).await;
    assert_eq!((commitment.version, commitment.moves), (2, 1));
    drop(stage);
    running.stop().await;
}

#[tokio::test]
async fn requests_in_conflict_are_all_done_or_told_of_the_version() {
    let (stage, running) = begin().await;
    let sent = (0..16).map(|no| {
        let mut client = running.client("lead");
        let request = reschedule(&format!("r-{no}"), 7_200 + no);
        async move { client.reschedule_commitment(request).await }
    });
    let answers = futures::future::join_all(sent).await;
    assert!(
        answers.iter().all(Result::is_ok),
        "without a version each takes its turn: {answers:?}"
    );
    running.caught_up(&stage).await;
    assert_eq!(running.get("c-1", "").await.version, 17);

    let sent = (0..16).map(|no| {
        let mut client = running.client("lead");
        let request = RescheduleCommitmentRequest {
            expected_version: 17,
            ..reschedule(&format!("v-{no}"), 9_000 + no)
        };
        async move { client.reschedule_commitment(request).await }
    });
    let answers = futures::future::join_all(sent).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), Code::Aborted);
        let info = refused.get_details_error_info().unwrap();
        assert_eq!(info.reason, "VERSION_MISMATCH");
        assert_eq!(info.metadata["current_version"], "18");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_command_follows_the_record_that_it_builds_on_without_waiting() {
    let stage = Stage::new();
    let running = stage.start().await;
    for no in 0..50 {
        let id = format!("c-{no}");
        stage.record(&Contact::new(
            &format!("i-{no}"),
            vec![promise(&id, at(3_600))],
        ));
        let request = FulfilCommitmentRequest {
            commitment_id: id,
            ..fulfil(&format!("r-{no}"), "")
        };
        running
            .client("owner")
            .fulfil_commitment(request)
            .await
            .unwrap();
    }
    running.stop().await;
}

#[tokio::test]
async fn a_closed_promise_does_not_change() {
    let (stage, running) = begin().await;
    let mut client = running.client("lead");
    let broken = client
        .cancel_commitment(cancel("r-1", ""))
        .await
        .unwrap()
        .into_inner();
    let broken = broken.commitment.unwrap();
    assert_eq!(broken.lifecycle(), CommitmentLifecycle::Cancelled);
    assert_eq!(broken.outcome(), CommitmentOutcome::Broken);
    let refused = [
        client
            .fulfil_commitment(fulfil("r-2", ""))
            .await
            .unwrap_err(),
        client
            .cancel_commitment(cancel("r-3", ""))
            .await
            .unwrap_err(),
        client
            .reschedule_commitment(reschedule("r-4", 7_200))
            .await
            .unwrap_err(),
    ];
    for status in refused {
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(reason(&status), "COMMITMENT_ALREADY_CLOSED");
    }
    stage.clock.advance_to(at(3_601));
    stage.record(&Contact::new("i-2", vec![promise("c-2", at(3_600))]));
    running.until(|| stage.lapses().len() == 1).await;
    assert_eq!(stage.lapses()[0].0, "c-2");
    running.stop().await;
}

#[tokio::test]
async fn roles_decide_who_may_do_what() {
    let (stage, running) = begin().await;
    let denied = running
        .client("agent")
        .fulfil_commitment(fulfil("r-1", ""))
        .await
        .unwrap_err();
    assert_eq!(
        (denied.code(), reason(&denied).as_str()),
        (Code::PermissionDenied, "ROLE_REQUIRED")
    );
    stage.clock.advance_to(at(901));
    let denied = running
        .client("owner")
        .cancel_commitment(cancel("r-2", ""))
        .await
        .unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    stage.record(&Contact::new("i-2", Vec::new()));
    let released = running
        .client("owner")
        .cancel_commitment(cancel("r-3", "i-2"))
        .await;
    let released = released.unwrap().into_inner().commitment.unwrap();
    assert_eq!(released.outcome(), CommitmentOutcome::ReleasedByCustomer);
    let last = stage.events().pop().unwrap();
    assert_eq!(last.r#type(), EventType::CommitmentCancelled);
    assert_eq!((last.actor_id.as_str(), last.sequence), ("ana", 2));
    running.stop().await;
}

#[tokio::test]
async fn a_second_record_of_a_contact_and_a_second_promise_of_an_id_are_void() {
    let (stage, running) = begin().await;
    stage.record(&Contact::new("i-1", vec![promise("c-2", at(60))]));
    stage.record(&Contact::new("i-2", vec![promise("c-1", at(60))]));
    running.caught_up(&stage).await;
    assert_eq!(running.get("c-1", "").await.interaction_id, "i-1");
    assert_eq!(running.get("c-1", "").await.promised_by, wire(at(3_600)));
    let request = FulfilCommitmentRequest {
        commitment_id: "c-2".to_owned(),
        ..fulfil("r-1", "")
    };
    let missing = running.client("lead").fulfil_commitment(request).await;
    assert_eq!(reason(&missing.unwrap_err()), "COMMITMENT_NOT_FOUND");
    running.stop().await;
}

#[tokio::test]
async fn what_a_program_of_another_kind_sends_is_put_right_and_told() {
    let (_stage, running) = begin().await;
    let mut client = running.client("lead");
    let later = RescheduleCommitmentRequest {
        reason: "late\u{b}\r\nvery\u{0}".to_owned(),
        ..reschedule("r-1", 7_200)
    };
    for _ in 0..2 {
        // The same again tells the same.
        let moved = client.reschedule_commitment(later.clone()).await.unwrap();
        let moved = moved.into_inner();
        let [warning, odd] = &moved.warnings[..] else {
            panic!("{:?}", moved.warnings)
        };
        assert_eq!((&*warning.field, warning.count), ("reason", 2));
        assert_eq!(warning.reason, "CONTROL_CHARACTERS_DROPPED");
        // The customer was not told of it.
        let expected = ("promised_by", "TARGET_AFTER_PROMISE");
        assert_eq!((&*odd.field, &*odd.reason), expected);
        assert_eq!(
            moved.commitment.unwrap().reschedules[0].reason,
            "late\nvery"
        );
    }
    let kept = client
        .fulfil_commitment(fulfil("r-2", "done\rand \u{1b}[1mwell"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kept.warnings[0].field, "note");
    assert_eq!(kept.commitment.unwrap().close_note, "done\nand [1mwell");
    running.stop().await;
}
