//! How long a sort of request takes, as its dues tell.

use std::fmt;

use jiff::civil::Time;
use jiff::{SignedDuration, Unit};

use super::CityDue;

/// The longest time that is told in hours.
const HOURS_MAX: i64 = 24;

/// From the opening to the due, by the city's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lag {
    /// So many hours.
    Hours(u32),
    /// So many days, at the time of day of the opening.
    Days(u32),
    /// So many days, on that day: at what time it was opened is not told.
    WithinDay(u32),
}

impl Lag {
    /// What a request's own times tell; none if they follow from no rule.
    pub(super) fn of(due: &CityDue) -> Option<Self> {
        let lag = due.due.duration_since(due.opened);
        if lag <= SignedDuration::ZERO {
            return None;
        }
        let is_whole = |unit: i64| lag.subsec_nanos() == 0 && lag.as_secs() % unit == 0;
        let days = due.opened.date().until((Unit::Day, due.due.date()));
        let days = u32::try_from(days.ok()?.get_days()).ok()?;
        match () {
            () if due.due.time() == due.opened.time() => Some(Self::Days(days)),
            () if is_whole(3_600) && lag.as_hours() < HOURS_MAX => {
                Some(Self::Hours(u32::try_from(lag.as_hours()).ok()?))
            }
            () if due.opened.time() == Time::midnight() => Some(Self::WithinDay(days)),
            () => None,
        }
    }
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hours(hours) => write!(f, "{hours:>3} hours"),
            Self::Days(days) => write!(f, "{days:>3} days, at the time of the opening"),
            Self::WithinDay(days) => {
                write!(f, "{days:>3} days, on that day (opened at a time not told)")
            }
        }
    }
}

/// The rule of a request's sort, as the other requests of it tell: of its title, else of its type, else of its
/// department, whichever has others that follow a rule; none if they follow several.
pub(super) fn others_agree(of: &CityDue, all: &[CityDue]) -> Option<Lag> {
    (1..=of.sort.len()).rev().find_map(|finer| {
        let same = |one: &&CityDue| one.id != of.id && one.sort[..finer] == of.sort[..finer];
        let mut lags = all.iter().filter(same).filter_map(Lag::of);
        let first = lags.next()?;
        Some(lags.all(|lag| lag == first).then_some(first))
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(id: &str, title: &str, opened: &str, due: &str) -> CityDue {
        CityDue {
            id: id.to_owned(),
            sort: ["DPR", "Maintenance", title].map(str::to_owned),
            opened: opened.parse().unwrap(),
            due: due.parse().unwrap(),
        }
    }

    #[test]
    fn a_lag_is_one_that_people_would_say() {
        let lag = |opened, by| Lag::of(&due("1", "", opened, by));
        assert_eq!(
            lag("2016-06-25T23:03:53", "2016-06-26T07:03:53"),
            Some(Lag::Hours(8))
        );
        assert_eq!(
            lag("2014-05-03T12:23:01", "2014-07-02T12:23:01"),
            Some(Lag::Days(60))
        );
        assert_eq!(
            lag("2018-01-22T00:00", "2018-02-21T00:14:23"),
            Some(Lag::WithinDay(30))
        );
        assert_eq!(lag("2018-06-03T00:04:14", "2018-08-08T16:07:42"), None);
        assert_eq!(lag("2018-06-03T12:00", "2018-06-02T12:00"), None);
    }

    #[test]
    fn a_rule_is_what_the_others_of_a_sort_agree_on() {
        let (opened, fourteen, three) = (
            "2018-06-26T07:19:31",
            "2018-07-10T07:19:31",
            "2018-06-29T07:19:31",
        );
        let all = [
            due("1", "Grass", opened, fourteen),
            due("2", "Litter", opened, three),
            due("3", "Litter", opened, three),
            due("4", "Grass", opened, three),
            due("5", "Benches", opened, fourteen),
        ];
        assert_eq!(others_agree(&all[1], &all), Some(Lag::Days(3)));
        // Its own due has no say.
        assert_eq!(others_agree(&all[0], &all), Some(Lag::Days(3)));
        assert_eq!(others_agree(&all[3], &all), Some(Lag::Days(14)));
        // The others of its type don't agree.
        assert_eq!(others_agree(&all[4], &all), None);
        assert_eq!(others_agree(&all[0], &all[..1]), None);
    }
}
