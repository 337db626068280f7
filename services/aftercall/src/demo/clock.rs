//! The demonstration's clock: it follows the month that is played, and then goes live.

use std::sync::Arc;
use std::time::Duration;

use aftercall_service::{Clock, ManualClock, Sleep, SystemClock};
use jiff::Timestamp;
use tokio::sync::watch;

/// Stands where the play put it until [`PlaybackClock::go_live`]; from then on the machine's clock.
#[derive(Debug, Clone)]
pub(super) struct PlaybackClock {
    played: ManualClock,
    system: SystemClock,
    live: Arc<watch::Sender<bool>>,
}

impl PlaybackClock {
    /// A clock that stands at `at`.
    pub(super) fn at(at: Timestamp) -> Self {
        let live = Arc::new(watch::Sender::new(false));
        Self {
            played: ManualClock::at(at),
            system: SystemClock::new(),
            live,
        }
    }

    /// Moves on to `at`, if that is later.
    pub(super) fn advance_to(&self, at: Timestamp) {
        if at > self.played.now() {
            self.played.advance_to(at);
        }
    }

    /// Follows the machine's clock from now on.
    pub(super) fn go_live(&self) {
        self.live.send_replace(true);
    }

    fn is_live(&self) -> bool {
        *self.live.borrow()
    }
}

impl Clock for PlaybackClock {
    fn now(&self) -> Timestamp {
        if self.is_live() {
            self.system.now()
        } else {
            self.played.now()
        }
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }

    fn sleep_for(&self, duration: Duration) -> Sleep {
        self.system.sleep_for(duration)
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let clock = self.clone();
        Box::pin(async move {
            let mut live = clock.live.subscribe();
            let went_live = async {
                // The sender lives as long as `clock`, so this ends only when it goes live.
                let _ = live.wait_for(|live| *live).await;
            };
            tokio::select! {
                () = clock.played.sleep_until(at), if !clock.is_live() => {}
                () = went_live => clock.system.sleep_until(at).await,
            }
        })
    }
}
