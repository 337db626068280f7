//! Too few brokers: the recorder says so before its caller gives up, and a retry is exact.

use std::time::Duration;

use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::block_in_place;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::cluster::{Brokers, Fleet, SharedLog};
use crate::crash::seed;
use crate::journal::Journal;
use crate::{load, requests};

const PARTITIONS: u32 = 6;
/// How long a caller waits for an answer.
const DEADLINE: Duration = Duration::from_secs(3);
/// Records that are sent while too few brokers are there.
const IN_VAIN: u64 = 6;
/// Tries of a caller, each as long as the deadline, until the brokers are well again.
const TRIES: usize = 30;

async fn record(
    door: &Channel,
    request: &RecordInteractionRequest,
) -> Result<RecordInteractionResponse, Status> {
    let mut request = Request::new(request.clone());
    request.set_timeout(DEADLINE);
    let mut recorder = RecorderServiceClient::new(door.clone());
    let answer = recorder.record_interaction(request).await?;
    Ok(answer.into_inner())
}

/// Asks again as often as it takes.
async fn record_at_last(
    door: &Channel,
    request: &RecordInteractionRequest,
) -> RecordInteractionResponse {
    for _ in 0..TRIES {
        match record(door, request).await {
            Ok(answer) => return answer,
            Err(refused) => assert_in_doubt(&refused),
        }
    }
    panic!("the brokers are well again, and nothing is recorded");
}

/// The service itself, and not the caller's clock, says that it does not know, and when to ask again.
fn assert_in_doubt(refused: &Status) {
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    let reason = refused.get_details_error_info().map(|info| info.reason);
    assert_eq!(reason.as_deref(), Some("LOG_UNAVAILABLE"), "{refused:?}");
    let retry = refused.get_details_retry_info();
    assert!(
        retry.is_some_and(|info| info.retry_delay.is_some()),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_few_brokers_are_said_in_time_and_a_retry_is_exact_needs_kafka_brokers() {
    let brokers = Brokers::given();
    let log = SharedLog::create(&brokers.bootstrap, PARTITIONS, brokers.all.len());
    let scratch = tempfile::tempdir().expect("a directory");
    let mut fleet = Fleet::start(1, scratch.path(), &log.settings());
    let door = fleet.doors().recorders[0].clone();
    let journal = Journal::new();
    let mut rng = StdRng::seed_from_u64(seed());
    let mut draw = |number| {
        let customer = load::customer(number % 4, number / 4 % load::CUSTOMERS);
        requests::record(&mut rng, "outage", number, &customer)
    };
    let first = draw(0);
    let id = journal.send_record(&first);
    journal.answer_record(&id, Some(record_at_last(&door, &first).await));

    // Two of three: no record can be on as many brokers as it has to be.
    brokers.all[1..].iter().for_each(|broker| broker.pause());
    let sent: Vec<_> = (1..=IN_VAIN).map(&mut draw).collect();
    for request in &sent {
        journal.send_record(request);
        let refused = record(&door, request).await;
        assert_in_doubt(&refused.expect_err("two of three brokers are gone"));
    }
    // And none at all: who is told to end does so in order, whatever it can't say goodbye to.
    brokers.all[0].pause();
    block_in_place(|| {
        fleet.histories[0].stop();
        fleet.followups[0].stop();
    });
    brokers.all.iter().for_each(|broker| broker.resume());

    for request in &sent {
        let answer = record_at_last(&door, request).await;
        let interaction = request.interaction.as_ref().expect("a record of ours");
        journal.answer_record(&interaction.interaction_id, Some(answer));
    }
    block_in_place(|| {
        fleet.histories[0].start();
        fleet.followups[0].start();
    });
    let checker = log.when_all_has_lapsed(&journal).await;
    checker.report();
    assert_eq!(checker.records() as u64, 1 + IN_VAIN);
    assert_eq!(checker.repeated(), 0, "each retry had the first answer");
    fleet.each(|replica| assert!(replica.runs(), "{} ended by itself", replica.name));
}
