//! Several trackers on one log: each works for the partitions that it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aftercall_log::{Log, MemoryLog, Partition};
use aftercall_proto::envelope::customer_key;
use aftercall_proto::followups::v1::FulfilCommitmentRequest;
use aftercall_service::Clock;

use crate::stage::{Contact, Running, Stage, TENANT, at, promise};

const TIMERS: &str = "timers";
const PARTITIONS: Partition = 4;

/// The partition of the promise `no`: each is another customer's.
fn partition(log: &MemoryLog, no: i64) -> Partition {
    log.partition_of(&customer_key(TENANT, &format!("customer-{no}")))
}

fn record(stage: &Stage, no: i64, due: i64) {
    let contact = Contact {
        customer_id: format!("customer-{no}"),
        ..Contact::new(
            &format!("i-{no}"),
            vec![promise(&format!("c-{no}"), at(due))],
        )
    };
    stage.record(&contact);
}

/// Whose promises have a lapse in the log, and how many.
fn lapses(stage: &Stage) -> BTreeMap<String, usize> {
    let mut lapses = BTreeMap::new();
    for (commitment_id, _) in stage.lapses() {
        *lapses.entry(commitment_id).or_default() += 1;
    }
    lapses
}

async fn start(stage: &Stage, log: &MemoryLog, views: &str) -> Running {
    stage.start_on(Arc::new(log.clone()), views).await
}

#[tokio::test]
async fn a_due_lapses_where_its_partition_is_held_and_a_new_holder_takes_over() {
    let stage = Stage::with_partitions(PARTITIONS);
    let (one, two) = (stage.log.clone(), stage.log.of_another_process());
    one.assign(TIMERS, [0, 1]);
    two.assign(TIMERS, [2]);
    let first = start(&stage, &one, "first").await;
    let second = start(&stage, &two, "second").await;
    (0..40).for_each(|no| record(&stage, no, 10 + no));
    let nobodys: BTreeSet<_> = (0..40).filter(|no| partition(&one, *no) == 3).collect();
    assert!(nobodys.len() > 1 && nobodys.len() < 30, "{nobodys:?}");
    stage.clock.advance_to(at(100));
    let held = 40 - nobodys.len();
    first.until(|| lapses(&stage).len() == held).await;
    first.caught_up(&stage).await;
    second.caught_up(&stage).await;
    assert!(lapses(&stage).values().all(|count| *count == 1));
    for no in &nobodys {
        assert!(!lapses(&stage).contains_key(&format!("c-{no}")));
    }

    // The holder of partition 3 died, and the second tracker gets it, with what fell due meanwhile.
    two.assign(TIMERS, [2, 3]);
    second.until(|| lapses(&stage).len() == 40).await;
    // The first one stops for good.
    record(&stage, 40, 200);
    one.assign(TIMERS, []);
    two.assign(TIMERS, 0..PARTITIONS);
    stage.clock.advance_to(at(201));
    second.until(|| lapses(&stage).len() == 41).await;
    assert!(
        lapses(&stage).values().all(|count| *count == 1),
        "nothing is said twice"
    );
    first.stop().await;
    second.stop().await;
}

/// A generator of numbers that look random (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// Some of the partitions.
    fn partitions(&mut self) -> Vec<Partition> {
        let some = self.below(1 << PARTITIONS);
        (0..PARTITIONS)
            .filter(|partition| some & (1 << partition) != 0)
            .collect()
    }
}

/// Partitions move to and fro, are held by both trackers or by none; clocks jump; promises are kept
/// just in time.
#[tokio::test]
async fn each_broken_promise_lapses_once_and_no_kept_one_however_partitions_move() {
    for seed in 1..4 {
        let mut random = Random(seed * 0x9E37_79B9);
        let stage = Stage::with_partitions(PARTITIONS);
        let logs = [stage.log.clone(), stage.log.of_another_process()];
        let running = [
            start(&stage, &logs[0], "first").await,
            start(&stage, &logs[1], "second").await,
        ];
        let mut kept = BTreeSet::new();
        let mut last = 0;
        for round in 1..40 {
            for log in &logs {
                if random.below(3) == 0 {
                    log.assign(TIMERS, random.partitions());
                }
            }
            for _ in 0..random.below(6) {
                record(&stage, last, round * 10 + random.below(60) as i64);
                last += 1;
            }
            let no = random.below(last.max(1) as u64) as i64;
            let fulfilled = keep(&running[random.below(2) as usize], no).await;
            kept.extend(fulfilled.then(|| format!("c-{no}")));
            match random.below(8) {
                0 => stage.clock.jump_to(at(round * 10 - 25)),
                1 => stage.clock.jump_to(at(round * 10 + 40)),
                _ => stage.clock.advance_to(at(round * 10)),
            }
        }
        logs[0].assign(TIMERS, []);
        logs[1].assign(TIMERS, 0..PARTITIONS);
        stage.clock.advance_to(at(10_000));
        check(&stage, &running, &kept, last).await;
        for one in running {
            one.stop().await;
        }
    }
}

/// Says that the promise was kept, and tells whether it was in time: before its due had lapsed.
async fn keep(running: &Running, no: i64) -> bool {
    let request = FulfilCommitmentRequest {
        request_id: format!("r-{no}"),
        commitment_id: format!("c-{no}"),
        ..FulfilCommitmentRequest::default()
    };
    match running.client("lead").fulfil_commitment(request).await {
        Ok(done) => done.into_inner().commitment.unwrap().lapses.is_empty(),
        Err(_) => false,
    }
}

async fn check(stage: &Stage, running: &[Running], kept: &BTreeSet<String>, promises: i64) {
    let all = || (0..promises).map(|no| format!("c-{no}"));
    let now = stage.clock.now();
    for one in running {
        one.caught_up(stage).await;
    }
    running[1]
        .until(|| {
            let said = lapses(stage);
            all().all(|id| kept.contains(&id) || said.contains_key(&id) || closed(stage, &id))
        })
        .await;
    for one in running {
        one.caught_up(stage).await;
        for id in all() {
            let promise = one.get(&id, "").await;
            let expected = usize::from(!kept.contains(&id));
            assert_eq!(promise.lapses.len(), expected, "{id} at {now}");
        }
    }
}

/// Whether the promise was kept late: then the event that says so tells of the lapse too.
fn closed(stage: &Stage, id: &str) -> bool {
    let fulfilled = "EVENT_TYPE_COMMITMENT_FULFILLED";
    let events = stage.events();
    events
        .iter()
        .any(|event| event.aggregate_id == id && event.r#type().as_str_name() == fulfilled)
}
