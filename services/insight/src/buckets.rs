//! Buckets of time in a zone.

use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::TimeBucket;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::limits::BUCKETS_MAX;

/// Buckets side by side, in order. Without any all time is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buckets {
    /// Where each begins, and at last where the last one ends.
    bounds: Vec<i64>,
    last: usize,
}

/// There would be too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Buckets {
    /// The buckets in which something from `from_us` to `to_us`, that one too, may lie.
    pub(crate) fn within(
        bucket: TimeBucket,
        zone: &TimeZone,
        (from_us, to_us): (i64, i64),
    ) -> Result<Self, TooMany> {
        if bucket == TimeBucket::Unspecified {
            return Ok(Self::default());
        }
        let instant = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut begins = first(bucket, zone, instant(from_us)).ok_or(TooMany)?;
        let mut bounds = vec![time::microseconds(begins)];
        while bounds.last().is_some_and(|last| *last <= to_us) {
            if bounds.len() > BUCKETS_MAX {
                return Err(TooMany);
            }
            begins = next(bucket, zone, begins).ok_or(TooMany)?;
            bounds.push(time::microseconds(begins));
        }
        Ok(Self { bounds, last: 0 })
    }

    /// The number of the bucket in which a time lies.
    pub(crate) fn of(&mut self, at_us: i64) -> u32 {
        let lies = |place: usize| {
            let from = self.bounds.get(place);
            let to = self.bounds.get(place + 1);
            from.zip(to)
                .is_some_and(|(from, to)| *from <= at_us && at_us < *to)
        };
        if !self.bounds.is_empty() && !lies(self.last) {
            let after = self.bounds.partition_point(|from| *from <= at_us);
            self.last = after.saturating_sub(1);
        }
        u32::try_from(self.last).unwrap_or(u32::MAX)
    }

    /// From when to when a bucket is; none if all time is one.
    pub(crate) fn span(&self, number: u32) -> Option<(i64, i64)> {
        let place = number as usize;
        let from = *self.bounds.get(place)?;
        Some((
            from,
            self.bounds.get(place + 1).copied().unwrap_or(i64::MAX),
        ))
    }
}

fn begin(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let begins = date.to_zoned(zone.clone()).ok()?;
    Some(begins.timestamp())
}

/// When the bucket begins in which a time lies.
fn first(bucket: TimeBucket, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let local = at.to_zoned(zone.clone());
    let date = local.date();
    match bucket {
        TimeBucket::Hour => {
            let past = i64::from(local.minute()) * 60 + i64::from(local.second());
            let past = SignedDuration::new(past, local.subsec_nanosecond());
            at.checked_sub(past).ok()
        }
        TimeBucket::Day | TimeBucket::Unspecified => begin(date, zone),
        TimeBucket::Week => {
            let since = date.weekday().since(Weekday::Monday);
            begin(date.checked_sub(i64::from(since).days()).ok()?, zone)
        }
        TimeBucket::Month => begin(date.first_of_month(), zone),
    }
}

/// When the bucket after the one that begins then begins.
fn next(bucket: TimeBucket, zone: &TimeZone, begins: Timestamp) -> Option<Timestamp> {
    let date = begins.to_zoned(zone.clone()).date();
    let days = match bucket {
        TimeBucket::Hour => return begins.checked_add(1.hour()).ok(),
        TimeBucket::Day | TimeBucket::Unspecified => 1.day(),
        TimeBucket::Week => 7.days(),
        TimeBucket::Month => 1.month(),
    };
    let next = begin(date.checked_add(days).ok()?, zone)?;
    // A zone that left out a whole day begins two days at once.
    Some(next.max(begins.checked_add(1.second()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(bucket: TimeBucket, from: &str, to: &str) -> Vec<String> {
        let us = |at: &str| at.parse::<Timestamp>().unwrap().as_microsecond();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let buckets = Buckets::within(bucket, &zone, (us(from), us(to))).unwrap();
        let begins = buckets.bounds.iter();
        begins
            .map(|us| Timestamp::from_microsecond(*us).unwrap().to_string())
            .collect()
    }

    #[test]
    fn days_and_weeks_begin_in_the_zone_across_a_change_of_the_clock() {
        assert_eq!(
            begins(
                TimeBucket::Day,
                "2026-03-28T12:00:00Z",
                "2026-03-29T23:00:00Z"
            ),
            [
                "2026-03-27T23:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
                "2026-03-30T22:00:00Z"
            ]
        );
        assert_eq!(
            begins(
                TimeBucket::Week,
                "2026-03-29T12:00:00Z",
                "2026-03-29T12:00:00Z"
            ),
            ["2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"]
        );
        assert_eq!(
            begins(
                TimeBucket::Month,
                "2026-03-05T12:00:00Z",
                "2026-03-30T12:00:00Z"
            ),
            ["2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"]
        );
        assert_eq!(
            begins(
                TimeBucket::Hour,
                "2026-03-29T00:30:00Z",
                "2026-03-29T01:30:00Z"
            )
            .len(),
            3
        );
    }

    #[test]
    fn each_time_lies_in_one_bucket() {
        let zone = TimeZone::UTC;
        let mut buckets = Buckets::within(TimeBucket::Day, &zone, (0, 3 * 86_400_000_000)).unwrap();
        for (at, number) in [(0, 0), (86_399_999_999, 0), (86_400_000_000, 1), (1, 0)] {
            assert_eq!(buckets.of(at), number, "{at}");
        }
        assert_eq!(
            Buckets::within(TimeBucket::Hour, &zone, (0, i64::MAX)).unwrap_err(),
            TooMany
        );
    }
}
