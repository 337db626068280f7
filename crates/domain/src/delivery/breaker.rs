//! Leaves a receiver alone that takes nothing.

use jiff::{SignedDuration, Timestamp};

/// After how many failures in a row a receiver is only asked now and then.
const FAILURES_MAX: u32 = 5;

/// The first pause between two attempts then, and the longest, in seconds.
const PAUSE_S: i64 = 5;
const PAUSE_S_MAX: i64 = 300;

/// How many attempts are made at a receiver at once: as many as are allowed while it takes what it is sent;
/// one at a time, after pauses that grow, while it does not. What is not tried meanwhile waits, and uses up
/// none of its attempts. So a receiver that comes back is not met by all that failed, and one that does not
/// costs little.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    until: Option<Timestamp>,
}

impl Breaker {
    /// How many attempts may be on their way at `now`, of `most`, and when that changes if none may.
    ///
    /// # Errors
    /// Until when none may.
    pub fn width(&self, now: Timestamp, most: usize) -> Result<usize, Timestamp> {
        match self.until {
            Some(until) if now < until => Err(until),
            _ if self.failures >= FAILURES_MAX => Ok(most.min(1)),
            _ => Ok(most),
        }
    }

    /// The receiver took something.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It did not, at `now`.
    pub fn failed(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let beyond = self.failures.checked_sub(FAILURES_MAX);
        self.until = beyond.map(|beyond| {
            let pause_s = PAUSE_S << beyond.min(6);
            let pause = SignedDuration::from_secs(pause_s.min(PAUSE_S_MAX));
            now.saturating_add(pause).unwrap_or(Timestamp::MAX)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_takes_nothing_is_asked_one_at_a_time_and_ever_less_often() {
        let (mut breaker, mut now) = (Breaker::default(), Timestamp::UNIX_EPOCH);
        for _ in 1..FAILURES_MAX {
            breaker.failed(now);
            assert_eq!(breaker.width(now, 8), Ok(8));
        }
        let mut pauses = Vec::new();
        for _ in 0..8 {
            breaker.failed(now);
            let until = breaker.width(now, 8).unwrap_err();
            pauses.push(until.duration_since(now).as_secs());
            now = until;
            assert_eq!(breaker.width(now, 8), Ok(1));
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
        breaker.succeeded();
        assert_eq!(breaker.width(now, 8), Ok(8));
    }
}
