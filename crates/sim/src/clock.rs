//! The clocks of the processes: time passes for all of them alike, and each may be set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aftercall_service::{Clock, Sleep};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// As a machine's clock: a sleeper looks at it again after this long.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// When every simulation begins: 2026-03-27T08:00:00Z. In the second night after that clocks in Europe are put forward.
const BEGINNING_SECONDS: i64 = 1_774_598_400;

/// A process's clock. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct SimClock {
    begun: Instant,
    /// By how much it was set.
    set_by_us: Arc<AtomicI64>,
    /// The latest time that it has shown when it was set back.
    latest_us: Arc<AtomicI64>,
    /// The time at which it was stopped.
    stopped_at_us: Arc<AtomicI64>,
}

/// The clock goes.
const GOES: i64 = i64::MIN;

impl SimClock {
    /// A clock of a simulation that has begun then.
    pub(crate) fn new(begun: Instant) -> Self {
        Self {
            begun,
            set_by_us: Arc::default(),
            latest_us: Arc::default(),
            stopped_at_us: Arc::new(AtomicI64::new(GOES)),
        }
    }

    /// Sets it forward or back.
    pub(crate) fn set_by(&self, seconds: i64) {
        self.latest_us
            .fetch_max(self.now().as_microsecond(), Ordering::Relaxed);
        self.set_by_us
            .fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Sets it to what another clock shows.
    pub(crate) fn set_to(&self, other: &Self) {
        let ahead = other.now().as_second() - self.now().as_second();
        self.set_by(ahead);
    }

    /// Stops it at a time: it shows that until it is stopped at another one, however long answers take.
    pub(crate) fn stop_at(&self, at: Timestamp) {
        let micros = at.as_microsecond();
        self.stopped_at_us.store(micros, Ordering::Relaxed);
    }

    /// The latest time that it has ever shown.
    pub(crate) fn latest(&self) -> Timestamp {
        let before = Timestamp::from_microsecond(self.latest_us.load(Ordering::Relaxed));
        before.unwrap_or(Timestamp::MIN).max(self.now())
    }

    /// When every simulation begins.
    pub(crate) fn beginning() -> Timestamp {
        Timestamp::from_second(BEGINNING_SECONDS).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let stopped_at_us = self.stopped_at_us.load(Ordering::Relaxed);
        if stopped_at_us != GOES {
            return Timestamp::from_microsecond(stopped_at_us).unwrap_or(Timestamp::MIN);
        }
        let passed = SignedDuration::try_from(self.monotonic()).unwrap_or(SignedDuration::MAX);
        let set_by = SignedDuration::from_micros(self.set_by_us.load(Ordering::Relaxed));
        Self::beginning() + passed + set_by
    }

    fn monotonic(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let clock = self.clone();
        Box::pin(async move {
            while let Some(left) = Duration::try_from(at.duration_since(clock.now()))
                .ok()
                .filter(|left| !left.is_zero())
            {
                tokio::time::sleep(left.min(TRUSTED_FOR)).await;
            }
        })
    }

    fn sleep_for(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
