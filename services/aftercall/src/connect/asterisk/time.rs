//! Times, as Asterisk writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Digits of a fraction of a second that count.
const FRACTION_DIGITS: usize = 6;

/// Seconds since 1970 with a fraction, as the `Timestamp` of manager events and `eventtime` by default are.
pub(super) fn seconds(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(FRACTION_DIGITS)
        .collect();
    let micros = whole.parse::<i64>().ok()?.checked_mul(1_000_000)?;
    Timestamp::from_microsecond(micros.checked_add(digits.parse().ok()?)?).ok()
}

/// A date and a time of day in a zone, such as `2026-11-20 09:12:00`, with or without a fraction.
pub(super) fn local(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    let at: DateTime = text.parse().ok()?;
    // Without a time of day it is a date, and no time.
    let has_time = text.contains(':');
    let zoned = zone.to_ambiguous_zoned(at).compatible().ok()?;
    has_time.then(|| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let at: Timestamp = "2026-11-20T09:12:00.25Z".parse().unwrap();
        assert_eq!(seconds("1795165920.250000"), Some(at));
        assert_eq!(seconds("1795165920.25"), Some(at));
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(local("2026-11-20 10:12:00.250000", &zone), Some(at));
        for none in [
            "",
            "-1.5",
            "1.",
            "1.x",
            "99999999999999999999",
            "9223372036854775807",
        ] {
            assert_eq!(seconds(none), None, "{none}");
        }
        for none in ["", "2026-11-20", "tomorrow", "2026-13-20 10:12:00"] {
            assert_eq!(local(none, &zone), None, "{none}");
        }
    }
}
