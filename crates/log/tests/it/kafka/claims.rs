//! Who works for which partition.

use std::collections::BTreeSet;
use std::time::Duration;

use aftercall_log::{Claim, Log};

use super::{new_log, open};

const FOREVER: Duration = Duration::from_secs(60);

/// Waits until `wanted` is true of what the claims hold.
async fn until(claims: &[Claim], wanted: impl Fn(&[BTreeSet<u32>]) -> bool) {
    let held = |claims: &[Claim]| -> Vec<BTreeSet<u32>> {
        claims
            .iter()
            .map(|claim| BTreeSet::clone(&claim.partitions()))
            .collect()
    };
    let waiting = async {
        loop {
            let held = held(claims);
            if wanted(&held) {
                return;
            }
            let each = claims.iter().zip(&held);
            let changes = each.map(|(claim, held)| Box::pin(claim.others_than(held)));
            futures::future::select_all(changes).await;
        }
    };
    if tokio::time::timeout(FOREVER, waiting).await.is_err() {
        panic!("the claims hold {:?}", held(claims));
    }
}

fn all() -> BTreeSet<u32> {
    (0..3).collect()
}

#[tokio::test]
async fn needs_kafka_two_processes_share_the_partitions_and_take_over() {
    let config = new_log();
    let (one, other) = (open(&config), open(&config));
    let mut claims = vec![one.claim("timers"), other.claim("timers")];
    until(&claims, |held| {
        let disjoint = held[0].is_disjoint(&held[1]);
        let whole = held[0].union(&held[1]).copied().collect::<BTreeSet<_>>() == all();
        disjoint && whole && held.iter().all(|held| !held.is_empty())
    })
    .await;

    // Another role is another matter.
    let alerts = vec![other.claim("alerts")];
    until(&alerts, |held| held[0] == all()).await;

    // Given back by dropping.
    drop(claims.remove(0));
    until(&claims, |held| held[0] == all()).await;

    // And by closing the log.
    let third = vec![one.claim("timers")];
    until(&third, |held| !held[0].is_empty()).await;
    tokio::task::spawn_blocking(move || other.close())
        .await
        .unwrap();
    assert_eq!(*claims[0].partitions(), BTreeSet::new());
    until(&third, |held| held[0] == all()).await;
}
