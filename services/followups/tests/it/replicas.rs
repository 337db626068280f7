//! Commands on two replicas of the service, which share a log, and on a log that does not answer.

use aftercall_log::testing::{Fate, FaultyLog};
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::Log;
use aftercall_proto::followups::v1::{
    FulfilCommitmentRequest, FulfilCommitmentResponse, RescheduleCommitmentRequest,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::stage::{Contact, Running, Stage, at, promise, reason, wire};

fn fulfil(no: usize, request_id: &str) -> FulfilCommitmentRequest {
    FulfilCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: format!("c-{no}"),
        ..FulfilCommitmentRequest::default()
    }
}

fn reschedule(no: usize, request_id: &str, expected_version: u64) -> RescheduleCommitmentRequest {
    RescheduleCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: format!("c-{no}"),
        expected_version,
        promised_by: wire(at(7_200)),
        reason: "the part is late".to_owned(),
        ..RescheduleCommitmentRequest::default()
    }
}

async fn two(stage: &Stage) -> [Running; 2] {
    let other = Arc::new(stage.log.of_another_process());
    [
        stage.start_on(Arc::new(stage.log.clone()), "one").await,
        stage.start_on(other, "other").await,
    ]
}

async fn fulfilled(
    running: &Running,
    request: FulfilCommitmentRequest,
) -> Result<FulfilCommitmentResponse, Status> {
    let answer = running.client("lead").fulfil_commitment(request).await;
    Ok(answer?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_commands_at_once_the_first_in_the_log_is_done() {
    let stage = Stage::with_partitions(3);
    let promises = (0..20).map(|no| promise(&format!("c-{no}"), at(3_600)));
    stage.record(&Contact::new("i-1", promises.collect()));
    let [one, other] = two(&stage).await;
    for no in 0..10 {
        let (first, second) = tokio::join!(
            fulfilled(&one, fulfil(no, &format!("r-1-{no}"))),
            fulfilled(&other, fulfil(no, &format!("r-2-{no}"))),
        );
        let refused = match (first, second) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("one of the two is done: {both:?}"),
        };
        assert_eq!(reason(&refused), "COMMITMENT_ALREADY_CLOSED");

        let no = no + 10;
        let (mut first, mut second) = (one.client("lead"), other.client("lead"));
        let (first, second) = tokio::join!(
            first.reschedule_commitment(reschedule(no, &format!("r-3-{no}"), 1)),
            second.reschedule_commitment(reschedule(no, &format!("r-4-{no}"), 1)),
        );
        let refused = match (first, second) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("one of the two is done: {both:?}"),
        };
        assert_eq!(reason(&refused), "VERSION_MISMATCH");
    }
    for running in [one, other] {
        running.caught_up(&stage).await;
        for no in 0..20 {
            assert_eq!(running.get(&format!("c-{no}"), "").await.version, 2);
        }
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_that_two_replicas_get_is_done_once_and_answered_alike() {
    let stage = Stage::with_partitions(3);
    let promises = (0..20).map(|no| promise(&format!("c-{no}"), at(3_600)));
    stage.record(&Contact::new("i-1", promises.collect()));
    let [one, other] = two(&stage).await;
    for no in 0..20 {
        let request = || fulfil(no, &format!("r-{no}"));
        let (first, second) =
            tokio::join!(fulfilled(&one, request()), fulfilled(&other, request()));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first, second);
        assert_eq!(first.commitment.unwrap().version, 2);
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_command_that_the_log_does_not_acknowledge_is_in_doubt_and_its_retry_exact() {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
    let log = Arc::new(FaultyLog::failing(stage.log.clone(), [Fate::Unheard]));
    let running = stage.start_on(log as Arc<dyn Log>, "views").await;
    running.caught_up(&stage).await;
    let mut hurried = Request::new(fulfil(1, "r-1"));
    hurried.set_timeout(Duration::from_secs(2));
    let mut client = running.client("lead");
    let unknown = client.fulfil_commitment(hurried).await.unwrap_err();
    assert_eq!(unknown.code(), Code::Unavailable);
    assert_eq!(reason(&unknown), "WRITE_IN_DOUBT");
    assert!(unknown.get_error_details().retry_info().is_some());

    let retried = fulfilled(&running, fulfil(1, "r-1")).await.unwrap();
    assert_eq!(retried.commitment.unwrap().version, 2);
    assert_eq!(stage.events().len(), 2, "it was written the first time");
    running.stop().await;
}
