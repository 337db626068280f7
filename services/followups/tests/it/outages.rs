//! A partition that is out of order while its brokers are gone.

use aftercall_log::testing::{FaultyLog, Outage};
use std::sync::Arc;

use aftercall_log::{Log, Partition};
use aftercall_proto::envelope::customer_key;

use crate::stage::{Contact, Stage, TENANT, at, promise};

const PARTITIONS: Partition = 4;
const PROMISES: i64 = 40;

/// Records promises of as many customers, all due by 100 seconds.
fn record(stage: &Stage, round: &str) {
    for no in 0..PROMISES {
        let id = format!("{round}-{no}");
        let contact = Contact {
            customer_id: format!("customer-{no}"),
            ..Contact::new(&id, vec![promise(&format!("c-{id}"), at(50 + no))])
        };
        stage.record(&contact);
    }
}

/// How many of the promises are in the partition.
fn promises_in(stage: &Stage, partition: Partition) -> usize {
    let key = |no| customer_key(TENANT, &format!("customer-{no}"));
    let numbers = 0..PROMISES;
    numbers
        .filter(|no| stage.log.partition_of(&key(*no)) == partition)
        .count()
}

async fn its_dues_only_wait_for_a_partition(outage: Outage) {
    let stage = Stage::with_partitions(PARTITIONS);
    let log = Arc::new(FaultyLog::new(stage.log.clone()));
    let running = stage.start_on(Arc::clone(&log) as _, "views").await;
    record(&stage, "first");
    running.caught_up(&stage).await;
    let held_up = promises_in(&stage, 1);
    assert!(held_up > 1, "a test of nothing");

    log.begin_outage(1, outage);
    stage.clock.advance_to(at(100));
    let all = PROMISES as usize;
    running
        .until(|| stage.lapses().len() == all - held_up)
        .await;
    running.caught_up(&stage).await;
    let waits = |id: &str| {
        let no = id.rsplit('-').next().unwrap();
        let key = customer_key(TENANT, &format!("customer-{no}"));
        stage.log.partition_of(&key) == 1
    };
    assert!(stage.lapses().iter().all(|(id, _)| !waits(id)));

    log.end_outage();
    running.until(|| stage.lapses().len() == all).await;
    running.stop().await;
}

#[tokio::test]
async fn a_partition_without_a_leader_keeps_back_its_own_dues_only() {
    its_dues_only_wait_for_a_partition(Outage::NoLeader).await;
}

#[tokio::test]
async fn a_partition_that_takes_no_records_keeps_back_its_own_dues_only() {
    its_dues_only_wait_for_a_partition(Outage::TakesNothing).await;
}
