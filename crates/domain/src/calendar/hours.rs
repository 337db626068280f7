//! Times of day, and the hours between two of them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A time of day by a local clock, to the second: from 00:00 to 24:00, which is the day's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    /// The day's beginning, 00:00.
    pub const START: Self = Self(0);
    /// The day's middle, 12:00.
    pub const NOON: Self = Self(12 * 3_600);
    /// The day's end, 24:00.
    pub const END: Self = Self(24 * 3_600);

    /// The time; none if a clock never shows it.
    pub const fn new(hour: u32, minute: u32, second: u32) -> Option<Self> {
        if hour > 24 || minute > 59 || second > 59 {
            return None;
        }
        let time = Self(hour * 3_600 + minute * 60 + second);
        if time.0 <= Self::END.0 {
            Some(time)
        } else {
            None
        }
    }

    /// The seconds since 00:00 by a clock that is not changed.
    pub const fn second(self) -> u32 {
        self.0
    }
}

/// The text is no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is no time of day; give HH:MM or HH:MM:SS, from 00:00 to 24:00")]
pub struct NotATime;

impl FromStr for TimeOfDay {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let two_digits = |part: &str| match part.as_bytes() {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
                Ok(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
            }
            _ => Err(NotATime),
        };
        let mut parts = text.split(':');
        let hour = two_digits(parts.next().unwrap_or_default())?;
        let minute = two_digits(parts.next().unwrap_or_default())?;
        let second = parts.next().map_or(Ok(0), two_digits)?;
        match parts.next() {
            None => Self::new(hour, minute, second).ok_or(NotATime),
            Some(_) => Err(NotATime),
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.0 / 3_600, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{hour:02}:{minute:02}")?;
        if second > 0 {
            write!(f, ":{second:02}")?;
        }
        Ok(())
    }
}

/// Open from one time of a day up to, and without, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The first moment that is open.
    pub opens: TimeOfDay,
    /// The first moment after it that is not. Later than `opens`.
    pub closes: TimeOfDay,
}

impl Hours {
    /// How long they are, in seconds, while the clocks are not changed.
    pub(crate) const fn seconds(self) -> i64 {
        self.closes.0 as i64 - self.opens.0 as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_what_a_clock_shows() {
        for (text, second) in [
            ("00:00", 0),
            ("09:30", 34_200),
            ("23:59:59", 86_399),
            ("24:00", 86_400),
        ] {
            let time: TimeOfDay = text.parse().unwrap();
            assert_eq!(time.second(), second);
            assert_eq!(time.to_string(), text);
        }
        for text in [
            "",
            "9:00",
            "09",
            "09:60",
            "24:01",
            "24:00:01",
            "25:00",
            "-1:00",
            "09:00:",
            "09:00:00:00",
            "+9:00",
            "09.00",
            " 09:00",
            "09:00 ",
            "٠٩:٠٠",
            "0900",
            "09:00:60",
        ] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(NotATime), "{text:?}");
        }
    }
}
