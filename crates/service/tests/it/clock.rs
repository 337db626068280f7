//! Time by hand.

use std::time::Duration;

use aftercall_service::{Clock, ManualClock, SystemClock};
use futures::FutureExt;
use jiff::{SignedDuration, Timestamp};

fn start() -> Timestamp {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
    let clock = ManualClock::at(start());
    let due = start() + Duration::from_secs(60);
    let mut sleep = clock.sleep_until(due);
    assert_eq!((&mut sleep).now_or_never(), None);
    assert_eq!(clock.sleepers(), 1);

    clock.advance(Duration::from_secs(59));
    assert_eq!((&mut sleep).now_or_never(), None);
    clock.advance_to(due);
    assert_eq!(sleep.now_or_never(), Some(()));
    assert_eq!(clock.monotonic(), Duration::from_secs(60));
}

#[tokio::test]
async fn a_clock_that_is_set_back_wakes_nobody_and_takes_no_time_away() {
    let clock = ManualClock::at(start());
    let mut sleep = clock.sleep_until(start() + Duration::from_secs(10));
    clock.advance(Duration::from_secs(9));
    clock.jump_to(start() - SignedDuration::from_hours(1));
    clock.advance(Duration::from_secs(9));
    assert_eq!((&mut sleep).now_or_never(), None);
    assert_eq!(clock.monotonic(), Duration::from_secs(18));

    clock.advance_to(start() - SignedDuration::from_hours(2));
    assert_eq!(
        clock.now(),
        start() - SignedDuration::from_hours(1) + Duration::from_secs(9)
    );
    clock.jump_to(start() + Duration::from_secs(10));
    assert_eq!(sleep.now_or_never(), Some(()));
}

#[tokio::test]
async fn every_sleeper_that_is_due_wakes_at_once() {
    let clock = ManualClock::at(start());
    let sleeps = (1..=100).map(|second| clock.sleep_until(start() + Duration::from_secs(second)));
    let all = futures::future::join_all(sleeps);
    let advance = async { clock.advance(Duration::from_secs(100)) };
    tokio::join!(all, advance);
    assert_eq!(clock.sleepers(), 0);
}

#[tokio::test]
async fn the_machines_clock_never_fires_early() {
    let clock = SystemClock::new();
    let due = clock.now() + Duration::from_millis(30);
    let before = clock.monotonic();
    clock.sleep_until(due).await;
    assert!(clock.now() >= due);
    assert!(clock.monotonic() >= before);
    assert_eq!(clock.sleep_until(before_all()).now_or_never(), Some(()));
}

fn before_all() -> Timestamp {
    Timestamp::MIN
}
