//! When to try again, and when to give up.

use std::time::Duration;

use crate::refusal::Refusal;

/// How often, and for how long, a call is tried.
///
/// Only what may succeed is tried again: what the server refuses with a time to retry
/// (`google.rpc.RetryInfo`), and calls whose connection broke. The same request is sent again, which
/// is harmless: it is answered as the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often a call is sent, the first time counted.
    pub tries_max: u32,
    /// How long to wait in all between the tries of one call.
    pub wait_max: Duration,
    /// The first wait; each one after is twice as long, up to [`Retry::step_max`]. The server may ask
    /// for more.
    pub step_first: Duration,
    /// The longest wait, unless the server asks for more.
    pub step_max: Duration,
}

impl Default for Retry {
    /// Six tries within half a minute of waiting.
    fn default() -> Self {
        Self {
            tries_max: 6,
            wait_max: Duration::from_secs(30),
            step_first: Duration::from_millis(100),
            step_max: Duration::from_secs(5),
        }
    }
}

impl Retry {
    /// Each call is sent once.
    pub const fn never() -> Self {
        Self {
            tries_max: 1,
            wait_max: Duration::ZERO,
            step_first: Duration::ZERO,
            step_max: Duration::ZERO,
        }
    }

    /// The first try of a call.
    pub(crate) fn begin(self) -> Tries {
        Tries {
            left: self.tries_max.saturating_sub(1),
            wait_left: self.wait_max,
            step: self.step_first,
            step_max: self.step_max,
        }
    }
}

/// The tries of one call.
#[derive(Debug)]
pub(crate) struct Tries {
    left: u32,
    wait_left: Duration,
    step: Duration,
    step_max: Duration,
}

impl Tries {
    /// How long to wait before the next try; nothing where another try makes no sense.
    pub(crate) fn after(&mut self, refusal: &Refusal) -> Option<Duration> {
        if self.left == 0 || !refusal.is_retryable() {
            return None;
        }
        // Not all clients that were refused at once come back at once.
        let own = self.step.mul_f64(rand::random_range(0.5..=1.0));
        let wait = own.max(refusal.retry_after.unwrap_or_default());
        self.wait_left = self.wait_left.checked_sub(wait)?;
        self.left -= 1;
        self.step = (self.step * 2).min(self.step_max);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn refusal(code: Code, reason: &str, retry_after: Option<Duration>) -> Refusal {
        Refusal {
            code,
            reason: reason.to_owned(),
            message: String::new(),
            violations: Vec::new(),
            retry_after,
        }
    }

    #[test]
    fn waits_grow_but_never_below_what_the_server_asks_for() {
        let mut tries = Retry::default().begin();
        let busy = refusal(
            Code::ResourceExhausted,
            "LOG_QUEUE_FULL",
            Some(Duration::ZERO),
        );
        let first = tries.after(&busy).unwrap();
        assert!((50..=100).contains(&first.as_millis()), "{first:?}");
        let second = tries.after(&busy).unwrap();
        assert!((100..=200).contains(&second.as_millis()), "{second:?}");
        let asked = Duration::from_secs(7);
        let later = refusal(Code::Unavailable, "VIEW_UNAVAILABLE", Some(asked));
        assert_eq!(tries.after(&later), Some(asked));
    }

    #[test]
    fn tries_and_waits_are_bounded() {
        let busy = refusal(Code::Unavailable, "LOG_UNAVAILABLE", Some(Duration::ZERO));
        let mut tries = Retry::default().begin();
        assert_eq!(std::iter::from_fn(|| tries.after(&busy)).count(), 5);
        let long = refusal(Code::Unavailable, "", Some(Duration::from_secs(20)));
        let mut tries = Retry::default().begin();
        assert!(tries.after(&long).is_some());
        assert_eq!(tries.after(&long), None, "more than half a minute in all");
        assert_eq!(Retry::never().begin().after(&busy), None);
    }

    #[test]
    fn only_what_may_succeed_is_tried_again() {
        let again = |code, reason, after| {
            Retry::default()
                .begin()
                .after(&refusal(code, reason, after))
        };
        let soon = Some(Duration::ZERO);
        assert!(again(Code::DeadlineExceeded, "POSITION_NOT_REACHED", soon).is_some());
        assert!(again(Code::Unavailable, "", None).is_some(), "it broke");
        assert!(again(Code::Unknown, "", None).is_some(), "it broke");
        assert_eq!(again(Code::Internal, "INTERNAL", None), None);
        assert_eq!(again(Code::InvalidArgument, "INVALID_REQUEST", None), None);
        assert_eq!(again(Code::AlreadyExists, "REQUEST_ID_REUSED", None), None);
        assert_eq!(again(Code::Unimplemented, "", None), None);
    }
}
