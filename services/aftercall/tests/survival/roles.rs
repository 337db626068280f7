//! Services as processes of their own, on a log on Kafka: one is killed, and others follow it.

use std::sync::Arc;

use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::cluster::{Brokers, Fleet, Newcomers, SharedLog};
use crate::crash::seed;
use crate::journal::Journal;
use crate::{load, requests};

const PARTITIONS: u32 = 6;
/// Records of each half of the test: enough that every partition has promises.
const RECORDS: u64 = 200;

/// Records through each of the recorders in turn.
async fn record(fleet: &Fleet, journal: &Journal, rng: &mut StdRng, source: &str) {
    let doors = fleet.doors();
    for number in 0..RECORDS {
        let customer = load::customer(number % 4, number / 4 % load::CUSTOMERS);
        let request = requests::record(rng, source, number, &customer);
        let id = journal.send_record(&request);
        let door = doors.recorders[number as usize % doors.recorders.len()].clone();
        let mut recorder = RecorderServiceClient::new(door);
        let answer = recorder.record_interaction(request).await;
        let answer = answer.expect("an acknowledgement");
        journal.answer_record(&id, Some(answer.into_inner()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dies_is_followed_and_who_is_new_catches_up_needs_kafka() {
    let brokers = Brokers::given();
    let log = SharedLog::create(&brokers.bootstrap, PARTITIONS, 1);
    let scratch = tempfile::tempdir().expect("a directory");
    let mut fleet = Fleet::start(2, scratch.path(), &log.settings());
    let journal = Arc::new(Journal::new());
    let mut rng = StdRng::seed_from_u64(seed());

    record(&fleet, &journal, &mut rng, "before").await;
    // Whoever of the two watches a partition's dues: half of them are this one's.
    fleet.followups[0].kill();
    fleet.recorders[0].kill();
    fleet.recorders.remove(0);
    record(&fleet, &journal, &mut rng, "after").await;
    let checker = log.when_all_has_lapsed(&journal).await;
    checker.report();
    assert!(checker.lapses() > 0, "a test of nothing");

    fleet.followups[0].start();
    let newcomers = Newcomers::start(scratch.path(), &log).await;
    println!(
        "{} newcomers were killed while they caught up",
        newcomers.fell
    );
    let doors = fleet.doors().with(&newcomers);
    doors.all_say_the_same(&checker.position()).await;
    fleet.each(|replica| assert!(replica.runs(), "{} ended by itself", replica.name));
}
