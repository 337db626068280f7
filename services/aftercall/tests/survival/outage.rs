//! Brokers that are too few, too slow, or silent for those who say goodbye: the recorder says so
//! before its caller gives up, and a retry is exact.

use std::time::Duration;

use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::block_in_place;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::cluster::{Brokers, Fleet, Replica, SharedLog};
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
/// Records that are sent to a slow broker, or to those that are left.
const SENT: u64 = 20;
/// What a slow machine may take until the service's state is known to all who watch it.
const PATIENCE: Duration = Duration::from_secs(120);

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
    let reasons = ["LOG_UNAVAILABLE", "WRITE_IN_DOUBT"];
    assert!(
        reason.is_some_and(|it| reasons.contains(&&*it)),
        "{refused:?}"
    );
    let retry = refused.get_details_retry_info();
    assert!(
        retry.is_some_and(|info| info.retry_delay.is_some()),
        "{refused:?}"
    );
}

/// The `number`th record of a test.
fn draw(rng: &mut StdRng, number: u64) -> RecordInteractionRequest {
    let customer = load::customer(number % 4, number / 4 % load::CUSTOMERS);
    requests::record(rng, "outage", number, &customer)
}

/// Records `numbers`, each as often as it takes.
async fn record_all(
    door: &Channel,
    journal: &Journal,
    rng: &mut StdRng,
    numbers: std::ops::Range<u64>,
) {
    for number in numbers {
        let request = draw(rng, number);
        let id = journal.send_record(&request);
        journal.answer_record(&id, Some(record_at_last(door, &request).await));
    }
}

/// Waits until the process says this of itself.
async fn until(door: &Channel, status: ServingStatus) {
    let mut health = HealthClient::new(door.clone());
    let watching = async {
        let watched = health.watch(HealthCheckRequest::default()).await;
        let mut watched = watched.expect("a process that runs").into_inner();
        loop {
            let said = watched.message().await.expect("a watch that goes on");
            if said.expect("a watch without end").status == status as i32 {
                return;
            }
        }
    };
    let watched = timeout(PATIENCE, watching).await;
    watched.unwrap_or_else(|_| panic!("it never says {status}"));
}

/// All `records` are there, each retry had the first answer, and every process still runs.
async fn assert_sound(log: &SharedLog, journal: &Journal, fleet: &mut Fleet, records: u64) {
    let checker = log.when_all_has_lapsed(journal).await;
    checker.report();
    assert_eq!(checker.records() as u64, records);
    assert_eq!(checker.repeated(), 0, "each retry had the first answer");
    fleet.each(|replica| assert!(replica.runs(), "{} ended by itself", replica.name));
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
    record_all(&door, &journal, &mut rng, 0..1).await;

    // Two of three: no record can be on as many brokers as it has to be.
    brokers.all[1..].iter().for_each(|broker| broker.pause());
    let sent: Vec<_> = (1..=IN_VAIN).map(|number| draw(&mut rng, number)).collect();
    for request in &sent {
        journal.send_record(request);
        let refused = record(&door, request).await;
        assert_in_doubt(&refused.expect_err("two of three brokers are gone"));
    }
    until(&door, ServingStatus::NotServing).await;
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
    until(&door, ServingStatus::Serving).await;
    block_in_place(|| {
        fleet.histories[0].start();
        fleet.followups[0].start();
    });
    assert_sound(&log, &journal, &mut fleet, 1 + IN_VAIN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_broker_costs_time_and_no_record_needs_kafka_brokers() {
    let brokers = Brokers::given();
    let log = SharedLog::create(&brokers.bootstrap, PARTITIONS, brokers.all.len());
    let scratch = tempfile::tempdir().expect("a directory");
    let mut fleet = Fleet::start(1, scratch.path(), &log.settings());
    let door = fleet.doors().recorders[0].clone();
    let (journal, mut rng) = (Journal::new(), StdRng::seed_from_u64(seed()));

    let slow = brokers.all[0].slow_down();
    record_all(&door, &journal, &mut rng, 0..SENT).await;
    until(&door, ServingStatus::Serving).await;
    drop(slow);

    assert_sound(&log, &journal, &mut fleet, SENT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ends_needs_no_coordinator_and_the_other_takes_over_needs_kafka_brokers() {
    let brokers = Brokers::given();
    let log = SharedLog::create(&brokers.bootstrap, PARTITIONS, brokers.all.len());
    let scratch = tempfile::tempdir().expect("a directory");
    let begin = |role, number| {
        let mut replica = Replica::new(role, number, scratch.path(), &log.settings());
        block_in_place(|| replica.start());
        replica
    };
    let recorder = begin("recorder", 1);
    let (mut one, mut other) = (begin("followups", 1), begin("followups", 2));
    let (journal, mut rng) = (Journal::new(), StdRng::seed_from_u64(seed()));
    record_all(recorder.channel(), &journal, &mut rng, 0..SENT).await;

    // It can't tell the coordinator that it goes, and must not wait for it either.
    let coordinator = brokers.coordinator_of(&log.group_of("timers"));
    coordinator.pause();
    block_in_place(|| one.stop());
    // With the two that are left there is another coordinator soon, and the dues become the other's.
    record_all(recorder.channel(), &journal, &mut rng, SENT..2 * SENT).await;
    coordinator.resume();

    let checker = log.when_all_has_lapsed(&journal).await;
    checker.report();
    assert_eq!(checker.records() as u64, 2 * SENT);
    assert!(checker.lapses() > 0, "a test of nothing");
    assert!(other.runs(), "{} ended by itself", other.name);
}
