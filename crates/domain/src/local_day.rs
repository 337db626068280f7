//! A day as people in one place know it.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The years whose days are taken: those of every time that is taken.
const YEARS: Range<i32> = 1970..2200;

/// What is wrong with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotADay {
    /// The year is not from 1970 to 2199.
    Year,
    /// The year has no such month.
    Month,
    /// The month has no such day.
    Day,
    /// There is no such time zone.
    TimeZone,
}

/// The instants of a day: from its first one up to, and without, the first one of the next. A day on
/// which the clocks change has 23 or 25 hours, and one that a place left out has none.
///
/// # Errors
/// [`NotADay`] when there is no such day, or no such IANA time zone.
pub fn local_day(
    (year, month, day): (i32, i32, i32),
    time_zone: &str,
) -> Result<Range<Timestamp>, NotADay> {
    if !YEARS.contains(&year) {
        return Err(NotADay::Year);
    }
    if !(1..=12).contains(&month) {
        return Err(NotADay::Month);
    }
    let small = |part: i32| i8::try_from(part).map_err(|_| NotADay::Day);
    let year = i16::try_from(year).map_err(|_| NotADay::Year)?;
    let date = Date::new(year, small(month)?, small(day)?).map_err(|_| NotADay::Day)?;
    let zones = TimeZoneDatabase::bundled();
    let zone = zones.get(time_zone).map_err(|_| NotADay::TimeZone)?;
    let first = |date: Date| date.to_zoned(zone.clone()).map(|at| at.timestamp());
    let next = date.tomorrow().map_err(|_| NotADay::Day)?;
    match (first(date), first(next)) {
        (Ok(first), Ok(next)) => Ok(first..next),
        _ => Err(NotADay::Day),
    }
}

/// The days of one place.
#[derive(Debug, Clone)]
pub struct LocalDays(TimeZone);

impl LocalDays {
    /// The days where clocks show the time of an IANA time zone; none if there is no such zone.
    pub fn of(time_zone: &str) -> Option<Self> {
        TimeZoneDatabase::bundled().get(time_zone).ok().map(Self)
    }

    /// Year, month and day of an instant.
    pub fn day(&self, at: Timestamp) -> (i32, i32, i32) {
        let date = self.0.to_datetime(at).date();
        (date.year().into(), date.month().into(), date.day().into())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn hours(date: (i32, i32, i32), zone: &str) -> i64 {
        let day = local_day(date, zone).unwrap();
        day.end.duration_since(day.start).as_hours()
    }

    #[test]
    fn a_day_is_as_long_as_it_is_there() {
        assert_eq!(hours((2026, 6, 1), "Europe/Berlin"), 24);
        assert_eq!(hours((2026, 3, 29), "Europe/Berlin"), 23);
        assert_eq!(hours((2026, 10, 25), "Europe/Berlin"), 25);
        // Midnight itself left out, and midnight twice.
        assert_eq!(hours((2018, 11, 4), "America/Sao_Paulo"), 23);
        assert_eq!(hours((2026, 10, 25), "Atlantic/Azores"), 25);
        // Samoa had no such day.
        assert_eq!(hours((2011, 12, 30), "Pacific/Apia"), 0);
        let day = local_day((2026, 6, 1), "Europe/Berlin").unwrap();
        assert_eq!(day.start.to_string(), "2026-05-31T22:00:00Z");
    }

    #[test]
    fn a_zone_that_is_none_has_no_days() {
        for zone in ["", "Mars/Olympus", "+01:00", "../UTC"] {
            assert!(LocalDays::of(zone).is_none(), "{zone:?}");
        }
    }

    #[test]
    fn what_is_no_day_is_told_apart() {
        let tried = |date, zone| local_day(date, zone).err();
        assert_eq!(tried((1969, 12, 31), "UTC"), Some(NotADay::Year));
        assert_eq!(tried((2200, 1, 1), "UTC"), Some(NotADay::Year));
        assert_eq!(tried((2026, 0, 1), "UTC"), Some(NotADay::Month));
        assert_eq!(tried((2026, 13, 1), "UTC"), Some(NotADay::Month));
        for day in [0, -1, 29, 300] {
            assert_eq!(tried((2026, 2, day), "UTC"), Some(NotADay::Day), "{day}");
        }
        assert_eq!(tried((2028, 2, 29), "UTC"), None);
        for zone in ["", "Mars/Olympus", "+01:00", "../UTC"] {
            assert_eq!(
                tried((2026, 1, 1), zone),
                Some(NotADay::TimeZone),
                "{zone:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn days_follow_each_other_without_a_gap(
            day in 0_i64..80_000,
            zone in prop::sample::select(vec![
                "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu",
                "Atlantic/Azores", "Africa/Cairo", "Antarctica/Troll",
            ]),
        ) {
            let date = |day: i64| {
                let date = jiff::civil::date(1970, 1, 2) + SignedDuration::from_hours(24 * day);
                (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()))
            };
            let (one, next) = (local_day(date(day), zone).unwrap(), local_day(date(day + 1), zone).unwrap());
            prop_assert_eq!(one.end, next.start);
            prop_assert!(one.start <= one.end);
            // The same days as an instant's; one that a place left out is nobody's.
            let days = LocalDays::of(zone).unwrap();
            if one.start < one.end {
                prop_assert_eq!(days.day(one.start), date(day));
                prop_assert_eq!(days.day(one.end - SignedDuration::from_nanos(1)), date(day));
            }
            prop_assert_eq!(days.day(next.end - SignedDuration::from_nanos(1)) == date(day), false);
        }
    }
}
