//! Dues that pass while nobody watches, and logs that fail while the tracker catches up.

use aftercall_log::testing::{Fate, FaultyLog};
use std::collections::HashSet;
use std::sync::Arc;

use aftercall_log::Log;
use aftercall_proto::alerts::v1::ListAlertsRequest;

use crate::stage::{Contact, Running, Stage, at, promise, unwire};

const DUE: usize = 10_000;

/// Records promises that are due one second after the other.
fn record_due(stage: &Stage, count: usize) {
    for first in (0..count).step_by(50) {
        let promises = first..count.min(first + 50);
        let promises = promises.map(|no| promise(&format!("c-{no:05}"), at(1 + no as i64)));
        stage.record(&Contact::new(&format!("i-{first}"), promises.collect()));
    }
}

/// Each of the promises has lapsed once, in the order of the dues, and has one alert.
async fn check(stage: &Stage, running: &Running, count: usize) {
    running.caught_up(stage).await;
    let mut seen = HashSet::new();
    let mut last = at(0);
    for (commitment_id, lapsed) in stage.lapses() {
        if !seen.insert(commitment_id) {
            // Another log's word for the same fact: the fold ignores it.
            continue;
        }
        let lapse = lapsed.lapse.unwrap();
        let (lapsed_at, detected_at) = (
            unwire(lapse.lapsed_at.as_ref()),
            unwire(lapse.detected_at.as_ref()),
        );
        assert!(lapsed_at > last, "by due");
        assert_eq!(detected_at, at(20_000));
        last = lapsed_at;
    }
    assert_eq!(seen.len(), count);
    assert_eq!(last, at(count as i64));
    assert_eq!(alerts(running).await, count);
    for no in [0, count / 2, count - 1] {
        let commitment = running.get(&format!("c-{no:05}"), "").await;
        assert_eq!((commitment.lapses.len(), commitment.version), (1, 2));
    }
}

async fn alerts(running: &Running) -> usize {
    let mut ids = HashSet::new();
    let mut page_token = String::new();
    loop {
        let request = ListAlertsRequest {
            page_size: 500,
            page_token,
            ..ListAlertsRequest::default()
        };
        let page = running
            .alerts("lead")
            .list_alerts(request)
            .await
            .unwrap()
            .into_inner();
        for alert in page.alerts {
            assert_eq!(alert.episode_no, 1);
            assert!(ids.insert(alert.alert_id), "an alert is listed once");
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return ids.len();
        }
    }
}

#[tokio::test]
async fn everything_that_fell_due_lapses_once_after_downtime_and_a_crash_in_the_middle() {
    let stage = Stage::new();
    record_due(&stage, DUE);
    stage.clock.advance_to(at(20_000));

    // The first tracker hears of three appends; four more are written, and then it dies.
    let fates = [&[Fate::Written; 3][..], &[Fate::Unheard; 4]].concat();
    let log = Arc::new(FaultyLog::failing(stage.log.clone(), fates));
    let first = stage
        .start_on(Arc::clone(&log) as Arc<dyn Log>, "views")
        .await;
    first
        .until(|| log.fates_left() == 0 && stage.lapses().len() >= 7_000)
        .await;
    first.stop().await;

    let second = stage.start().await;
    second.until(|| lapsed(&stage) == DUE).await;
    check(&stage, &second, DUE).await;
    assert_eq!(stage.lapses().len(), DUE, "nothing is said twice");
    second.stop().await;

    let lapses = stage.lapses().len();
    let third = stage.start().await;
    third.caught_up(&stage).await;
    stage.record(&Contact::new("i-last", vec![promise("last", at(20_001))]));
    stage.clock.advance_to(at(20_002));
    third.until(|| stage.lapses().len() > lapses).await;
    assert_eq!(
        stage.lapses().len(),
        lapses + 1,
        "a restart finds nothing to say again"
    );
    third.stop().await;
}

#[tokio::test]
async fn a_log_that_refuses_or_cannot_say_loses_no_lapse_and_doubles_none() {
    let stage = Stage::new();
    record_due(&stage, 5_500);
    stage.clock.advance_to(at(20_000));
    let fates = [
        Fate::QueueFull,
        Fate::Written,
        Fate::DiskFull,
        Fate::LostAck,
        Fate::DiskFull,
        Fate::LostAck,
        Fate::QueueFull,
    ];
    let log = Arc::new(FaultyLog::failing(stage.log.clone(), fates));
    let running = stage
        .start_on(Arc::clone(&log) as Arc<dyn Log>, "views")
        .await;
    running
        .until(|| log.fates_left() == 0 && lapsed(&stage) == 5_500)
        .await;
    running.caught_up(&stage).await;
    assert_eq!(alerts(&running).await, 5_500);
    running.stop().await;
}

fn lapsed(stage: &Stage) -> usize {
    let ids: HashSet<_> = stage.lapses().into_iter().map(|(id, _)| id).collect();
    ids.len()
}

#[tokio::test]
async fn two_trackers_on_one_log_lapse_each_promise_once() {
    let stage = Stage::with_partitions(3);
    let log = || Arc::new(stage.log.clone()) as Arc<dyn Log>;
    let first = stage.start_on(log(), "first").await;
    let second = stage.start_on(log(), "second").await;
    for no in 0..200 {
        let contact = Contact {
            customer_id: format!("customer-{no}"),
            ..Contact::new(
                &format!("i-{no}"),
                vec![promise(&format!("c-{no:05}"), at(1 + no % 7))],
            )
        };
        stage.record(&contact);
    }
    for second_no in 1..10 {
        stage.clock.advance_to(at(second_no));
        tokio::task::yield_now().await;
    }
    for running in [&first, &second] {
        running.until(|| lapsed(&stage) == 200).await;
        running.caught_up(&stage).await;
        assert_eq!(alerts(running).await, 200);
        for no in 0..200 {
            let commitment = running.get(&format!("c-{no:05}"), "").await;
            assert_eq!((commitment.lapses.len(), commitment.version), (1, 2));
        }
    }
    first.stop().await;
    second.stop().await;
}
