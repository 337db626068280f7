//! Time, injected: the wall clock, durations, and sleeping until an instant.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

/// How long a sleeper trusts the wall clock. A clock that is set forward is noticed this late.
const WALL_CLOCK_TRUSTED_FOR: Duration = Duration::from_secs(1);

/// The future that [`Clock::sleep_until`] returns.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The time, as a service sees it. Shared as `Arc<dyn Clock>`.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The wall clock. It may jump, in both directions.
    fn now(&self) -> Timestamp;

    /// The time since some fixed moment; never goes back. For measuring durations only.
    fn monotonic(&self) -> Duration;

    /// Resolves as soon as the wall clock reads `at` or later, and never before: neither a wall
    /// clock that is set back nor one that is set forward fires a sleeper early.
    fn sleep_until(&self, at: Timestamp) -> Sleep;

    /// Resolves as soon as `duration` has passed, however the wall clock is set meanwhile.
    fn sleep_for(&self, duration: Duration) -> Sleep;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// The machine's clock; [`Clock::monotonic`] counts from here.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is injected"
    )]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is injected"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let clock = *self;
        Box::pin(async move {
            while let Some(wait) = next_wait(clock.now(), at) {
                tokio::time::sleep(wait).await;
            }
        })
    }

    fn sleep_for(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// How long to sleep before looking at the wall clock again; `None` when `at` is reached.
fn next_wait(now: Timestamp, at: Timestamp) -> Option<Duration> {
    let remaining = Duration::try_from(at.duration_since(now))
        .ok()
        .filter(|left| !left.is_zero());
    remaining.map(|remaining| remaining.min(WALL_CLOCK_TRUSTED_FOR))
}

/// A clock that stands still until a test moves it. Clones share the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<watch::Sender<Reading>>);

#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: Timestamp,
    monotonic: Duration,
}

impl ManualClock {
    /// A clock that reads `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(watch::Sender::new(Reading {
            wall: now,
            monotonic: Duration::ZERO,
        })))
    }

    /// Lets time pass until the wall clock reads `at`, and wakes every sleeper that is due. Time
    /// does not pass backwards: an earlier `at` changes nothing (see [`ManualClock::jump_to`]).
    pub fn advance_to(&self, at: Timestamp) {
        self.0.send_if_modified(|reading| {
            let Some(passed) = Duration::try_from(at.duration_since(reading.wall)).ok() else {
                return false;
            };
            reading.wall = at;
            reading.monotonic += passed;
            true
        });
    }

    /// Lets `passed` go by. Saturates at the last representable instant.
    pub fn advance(&self, passed: Duration) {
        let now = self.now();
        self.advance_to(now.saturating_add(passed).unwrap_or(Timestamp::MAX));
    }

    /// Sets the wall clock alone, forward or back, as an administrator or NTP does.
    pub fn jump_to(&self, at: Timestamp) {
        self.0.send_modify(|reading| reading.wall = at);
    }

    /// How many sleepers wait at the moment.
    pub fn sleepers(&self) -> usize {
        self.0.receiver_count()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.borrow().wall
    }

    fn monotonic(&self) -> Duration {
        self.0.borrow().monotonic
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        // The future holds the clock, so the channel can't close under it.
        let clock = self.clone();
        Box::pin(async move {
            let mut readings = clock.0.subscribe();
            let _ = readings.wait_for(|reading| reading.wall >= at).await;
        })
    }

    fn sleep_for(&self, duration: Duration) -> Sleep {
        let clock = self.clone();
        let until = self.monotonic().saturating_add(duration);
        Box::pin(async move {
            let mut readings = clock.0.subscribe();
            let _ = readings
                .wait_for(|reading| reading.monotonic >= until)
                .await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_looks_at_the_wall_clock_again_within_a_second() {
        let now = Timestamp::UNIX_EPOCH;
        let later = |millis| Timestamp::from_millisecond(millis).unwrap();
        assert_eq!(
            next_wait(now, later(86_400_000)),
            Some(WALL_CLOCK_TRUSTED_FOR)
        );
        assert_eq!(next_wait(now, later(250)), Some(Duration::from_millis(250)));
        assert_eq!(next_wait(now, now), None);
        assert_eq!(next_wait(later(1), now), None);
    }
}
