//! When what failed is tried again: at once, and then after pauses that double.

use std::time::Duration;

use tokio::time::Instant;

/// The pause before the third attempt. The second comes at once.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// How often something failed in a row, and when it is due again.
#[derive(Debug, Default)]
pub(super) struct Retry {
    failures: u32,
    due_at: Option<Instant>,
}

impl Retry {
    /// It failed once more, at `now`; says after what pause it is tried again.
    pub(super) fn failed(&mut self, now: Instant) -> Duration {
        let pause = match self.failures {
            0 => Duration::ZERO,
            more => PAUSE_MIN
                .saturating_mul(1 << (more - 1).min(16))
                .min(PAUSE_MAX),
        };
        self.failures = self.failures.saturating_add(1);
        self.due_at = Some(now + pause);
        pause
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due_at.is_none_or(|due_at| due_at <= now)
    }

    /// What was in the way may be gone: it is tried again now.
    pub(super) fn hurry(&mut self) {
        self.due_at = None;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// It works.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_begin_anew_after_a_success() {
        let now = Instant::now();
        let mut retry = Retry::default();
        assert!(retry.is_due(now) && !retry.has_failed());
        let pauses: Vec<_> = (0..40).map(|_| retry.failed(now).as_secs()).collect();
        assert_eq!(pauses[..9], [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses[39], 60);
        assert!(!retry.is_due(now + Duration::from_secs(59)));
        assert!(retry.is_due(now + Duration::from_secs(60)));
        retry.hurry();
        assert!(retry.is_due(now) && retry.has_failed());
        retry.succeeded();
        assert_eq!(retry.failed(now), Duration::ZERO);
    }
}
