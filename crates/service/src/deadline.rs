//! Until when a caller waits for its answer.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use crate::{Failure, Reason};

/// The header in which a caller says how long it waits.
const GRPC_TIMEOUT: &str = "grpc-timeout";

/// How long it takes to answer once it is known what: an eighth of the caller's time, at least and at most so long. A
/// server under load takes longer, and a caller who has given up is told nothing.
const ANSWER_TIME: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// When the answer to a request is too late: what the caller asked for (`grpc-timeout`), and at
/// most what the server allows. The server puts it into each request's extensions, and answers
/// `REQUEST_TIMEOUT` itself when it has passed; a service that waits for something looks at it to
/// give a better answer before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline `timeout` from now.
    pub fn after(timeout: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(timeout).unwrap_or(now))
    }

    /// The deadline of a request that came through the server.
    pub fn of<T>(request: &tonic::Request<T>) -> Option<Self> {
        request.extensions().get().copied()
    }

    /// The instant itself, for `tokio::time::timeout_at`.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// Until when to wait for something, so that its failure is still answered in time: a little
    /// before the deadline, and at most `wait_max` from now.
    pub fn wait_until(self, wait_max: Duration) -> Instant {
        let left = self.remaining();
        let (least, most) = ANSWER_TIME;
        let answering = (left / 8).clamp(least, most).min(left / 4);
        Self::after(left.saturating_sub(answering).min(wait_max)).0
    }

    /// The time left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub(crate) fn from_headers(headers: &HeaderMap, timeout_max: Duration) -> Self {
        let asked = headers
            .get(GRPC_TIMEOUT)
            .and_then(|value| timeout(value.as_bytes()));
        Self::after(asked.map_or(timeout_max, |asked| asked.min(timeout_max)))
    }
}

/// A `grpc-timeout`: one to eight digits and a unit. What is malformed counts as absent.
fn timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3_600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// The answer was not ready in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the answer was not ready before the request's deadline")]
pub(crate) struct RequestTimeout;

impl Failure for RequestTimeout {
    fn reason(&self) -> Reason {
        Reason::RequestTimeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_up_to_eight_digits_and_a_unit() {
        assert_eq!(timeout(b"250m"), Some(Duration::from_millis(250)));
        assert_eq!(
            timeout(b"99999999H"),
            Some(Duration::from_secs(99_999_999 * 3_600))
        );
        for malformed in ["", "m", "1", "1x", "-1m", "123456789m", "1 m", "1\u{b5}"] {
            assert_eq!(timeout(malformed.as_bytes()), None, "{malformed:?}");
        }
    }
}
