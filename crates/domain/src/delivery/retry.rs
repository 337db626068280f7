//! When something that was not taken is sent again.

use jiff::{SignedDuration, Timestamp};

/// The pauses after the first, the second and each later attempt, in seconds: those that Standard Webhooks
/// recommends, up to a day. They are some three days in all.
const PAUSES_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How often something is tried.
pub const ATTEMPTS_MAX: u32 = PAUSES_S.len() as u32 + 1;

/// The longest pause that a receiver may ask for.
const ASKED_S_MAX: i64 = 86_400;

/// By how much of itself a pause is longer at most, so that what failed together does not come again
/// together.
const JITTER: f64 = 0.2;

/// When to try again after the attempt `number` failed at `now`; none if that was the last one. `asked` is
/// how long the receiver asked to be left alone: it is obeyed where it is longer than the pause, for a day at
/// most. `random` is between 0 and 1, and says by how much of the jitter the pause is longer.
pub fn next_attempt(
    number: u32,
    now: Timestamp,
    asked: Option<SignedDuration>,
    random: f64,
) -> Option<Timestamp> {
    let place = usize::try_from(number.checked_sub(1)?).ok()?;
    let pause_s = *PAUSES_S.get(place)?;
    let asked_s = asked.map_or(0, |asked| asked.as_secs().clamp(0, ASKED_S_MAX));
    let jitter = pause_s as f64 * JITTER * random.clamp(0.0, 1.0);
    let pause = SignedDuration::from_secs(pause_s.max(asked_s))
        + SignedDuration::from_millis((jitter * 1_000.0) as i64);
    Some(now.saturating_add(pause).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(number: u32, asked_s: Option<i64>, random: f64) -> Option<i64> {
        let asked = asked_s.map(SignedDuration::from_secs);
        let next = next_attempt(number, Timestamp::UNIX_EPOCH, asked, random)?;
        Some(next.as_millisecond())
    }

    #[test]
    fn pauses_grow_from_five_seconds_to_a_day_and_end() {
        assert_eq!(pause(1, None, 0.0), Some(5_000));
        assert_eq!(pause(9, None, 0.0), Some(86_400_000));
        assert_eq!(pause(10, None, 0.0), None);
        assert_eq!(pause(ATTEMPTS_MAX, None, 0.0), None);
        assert_eq!(pause(0, None, 0.0), None);
        let pauses: Vec<_> = (1..ATTEMPTS_MAX).map(|n| pause(n, None, 0.0)).collect();
        assert!(pauses.is_sorted());
    }

    #[test]
    fn a_pause_is_longer_by_a_fifth_at_most() {
        assert_eq!(pause(1, None, 0.5), Some(5_500));
        assert_eq!(pause(1, None, 1.0), Some(6_000));
        assert_eq!(pause(1, None, 99.0), Some(6_000));
    }

    #[test]
    fn a_receiver_may_ask_for_more_but_for_no_more_than_a_day() {
        assert_eq!(pause(1, Some(60), 0.0), Some(60_000));
        assert_eq!(pause(1, Some(60), 1.0), Some(61_000));
        assert_eq!(pause(2, Some(1), 0.0), Some(300_000));
        assert_eq!(pause(1, Some(-7), 0.0), Some(5_000));
        assert_eq!(pause(1, Some(i64::MAX), 0.0), Some(86_400_000));
    }
}
