//! What fails, when, and for how long: drawn from a seed.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use crate::cluster::{Brokers, Fleet, Replica};

/// How long a process is gone.
const GONE_S: RangeInclusive<u64> = 2..=6;
/// How long it is stopped or cut off: longer than the brokers' session (9 s) and the roles'.
const SILENT_S: RangeInclusive<u64> = 12..=16;
/// How long all is well between two faults.
const CALM_MS: RangeInclusive<u64> = 500..=2_500;

/// What may be done to a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ToBroker {
    Kill,
    Restart,
    Pause,
    Slow,
    CutOff,
}

/// What may be done to a replica of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ToRole {
    Kill,
    Pause,
    CutOff,
    Restart,
}

/// Which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Recorder,
    History,
    Followups,
    Knowledge,
    Notify,
}

/// How many kinds of fault of replicas come first, in some order.
const FIRST: usize = 4;

/// Every kind of fault of replicas. A short run may get through the first four only, in some order:
/// those that matter most.
const TO_ROLES: [(Role, ToRole); 16] = [
    (Role::Followups, ToRole::Pause),
    (Role::Recorder, ToRole::Kill),
    (Role::Followups, ToRole::CutOff),
    (Role::Notify, ToRole::Kill),
    (Role::History, ToRole::Kill),
    (Role::Followups, ToRole::Kill),
    (Role::Recorder, ToRole::Pause),
    (Role::Recorder, ToRole::CutOff),
    (Role::History, ToRole::CutOff),
    (Role::Knowledge, ToRole::Kill),
    (Role::Followups, ToRole::Restart),
    (Role::History, ToRole::Pause),
    (Role::Recorder, ToRole::Restart),
    (Role::Notify, ToRole::Pause),
    (Role::Notify, ToRole::CutOff),
    (Role::Notify, ToRole::Restart),
];

/// Says what happens, so that a run can be followed.
fn say(began: Instant, what: impl fmt::Display) {
    println!("{:6.1} s  {what}", began.elapsed().as_secs_f64());
}

/// Hurts one broker at a time until `until`; then all are well again.
pub(super) async fn brokers(brokers: &mut Brokers, seed: u64, began: Instant, until: Instant) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut kinds = vec![
        ToBroker::Kill,
        ToBroker::Restart,
        ToBroker::Pause,
        ToBroker::Slow,
    ];
    if brokers.all[0].can_be_cut_off() {
        kinds.push(ToBroker::CutOff);
    } else {
        println!("no broker is cut off: that needs root, and the program ip");
    }
    loop {
        kinds.shuffle(&mut rng);
        for kind in &kinds {
            calm(&mut rng).await;
            if Instant::now() >= until {
                return;
            }
            let number = rng.random_range(0..brokers.all.len());
            let broker = &mut brokers.all[number];
            say(began, format_args!("broker {}: {kind:?}", number + 1));
            match kind {
                ToBroker::Kill => {
                    block_in_place(|| broker.kill());
                    seconds(&mut rng, GONE_S).await;
                    block_in_place(|| broker.start());
                }
                ToBroker::Restart => {
                    block_in_place(|| {
                        broker.stop();
                        broker.start();
                    });
                }
                ToBroker::Pause => {
                    broker.pause();
                    seconds(&mut rng, SILENT_S).await;
                    broker.resume();
                }
                ToBroker::Slow => {
                    let slow = broker.slow_down();
                    seconds(&mut rng, SILENT_S).await;
                    drop(slow);
                }
                ToBroker::CutOff => {
                    broker.cut_off();
                    seconds(&mut rng, SILENT_S).await;
                    broker.connect();
                }
            }
            say(began, format_args!("broker {}: well again", number + 1));
        }
    }
}

/// Hurts one replica at a time until `until`; then all are well again.
pub(super) async fn roles(fleet: &mut Fleet, seed: u64, began: Instant, until: Instant) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut kinds = TO_ROLES.to_vec();
    if !fleet.all().all(|replica| replica.can_be_cut_off()) {
        println!("no role is cut off: that needs root, and the programs setpriv and ip");
        kinds.retain(|(_, kind)| *kind != ToRole::CutOff);
    }
    loop {
        let (first, rest) = kinds.split_at_mut(FIRST);
        first.shuffle(&mut rng);
        rest.shuffle(&mut rng);
        for (role, kind) in &kinds {
            calm(&mut rng).await;
            if Instant::now() >= until {
                return;
            }
            let replicas = of_role(fleet, *role);
            let number = rng.random_range(0..replicas.len());
            let replica = &mut replicas[number];
            say(began, format_args!("{}: {kind:?}", replica.name));
            match kind {
                ToRole::Kill => {
                    block_in_place(|| replica.kill());
                    seconds(&mut rng, GONE_S).await;
                    block_in_place(|| replica.start());
                }
                ToRole::Pause => {
                    replica.pause();
                    seconds(&mut rng, SILENT_S).await;
                    replica.resume();
                }
                ToRole::CutOff => {
                    replica.cut_off();
                    seconds(&mut rng, SILENT_S).await;
                    replica.connect();
                }
                ToRole::Restart => block_in_place(|| {
                    replica.stop();
                    replica.start();
                }),
            }
            say(began, format_args!("{}: well again", replica.name));
        }
    }
}

fn of_role(fleet: &mut Fleet, role: Role) -> &mut Vec<Replica> {
    match role {
        Role::Recorder => &mut fleet.recorders,
        Role::History => &mut fleet.histories,
        Role::Followups => &mut fleet.followups,
        Role::Knowledge => &mut fleet.knowledge,
        Role::Notify => &mut fleet.notifiers,
    }
}

async fn calm(rng: &mut StdRng) {
    sleep(Duration::from_millis(rng.random_range(CALM_MS))).await;
}

async fn seconds(rng: &mut StdRng, range: RangeInclusive<u64>) {
    sleep(Duration::from_secs(rng.random_range(range))).await;
}
