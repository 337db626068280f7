//! Calendars at random: in zones whose clocks do all that clocks have done, around their changes.

use aftercall_domain::calendar::{CalendarDraft, ClosedDate, HoursDraft, SpecialDate};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

use crate::model::zone as zone_of;

pub(crate) const ZONES: [&str; 14] = [
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Santiago",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Pacific/Apia",
];

/// A calendar, and an instant near which something happens.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) draft: CalendarDraft,
    pub(crate) from: Timestamp,
}

fn hours() -> impl Strategy<Value = Vec<HoursDraft>> {
    // Between times in order; some touch, so that there is no break between them.
    // Clocks are changed early in the day, so that many of them lie there.
    let quarter = prop_oneof![0_u32..=16, 0_u32..=96];
    let times = prop::collection::btree_set(quarter, 0..7);
    (times, any::<bool>()).prop_map(|(times, touching)| {
        let show = |quarter: u32| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
        let times: Vec<u32> = times.into_iter().collect();
        let pairs: Vec<(u32, u32)> = match touching {
            true => times.windows(2).map(|pair| (pair[0], pair[1])).collect(),
            false => times
                .chunks_exact(2)
                .map(|pair| (pair[0], pair[1]))
                .collect(),
        };
        let hours = pairs.into_iter();
        hours
            .map(|(opens, closes)| HoursDraft {
                opens: show(opens),
                closes: show(closes),
            })
            .collect()
    })
}

/// An instant near a change of the clocks, where the zone has some.
fn near_a_change(zone: &'static str) -> impl Strategy<Value = Timestamp> {
    (0_i64..4_500_000_000, -5_000_i64..5_000, 0_i32..3).prop_map(move |(second, minutes, odd)| {
        let near = Timestamp::from_second(second).expect("in range");
        let zone = zone_of(zone);
        let change = zone
            .following(near)
            .next()
            .map_or(near, |change| change.timestamp());
        change + SignedDuration::from_mins(minutes) + SignedDuration::from_nanos(odd.into())
    })
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    prop::sample::select(ZONES.to_vec()).prop_flat_map(|zone| {
        let weekly = prop::collection::vec(hours(), 7);
        let around = prop::collection::btree_map(-20_i64..60, hours(), 0..8);
        (Just(zone), weekly, near_a_change(zone), around).prop_map(
            |(zone, weekly, from, around)| {
                let today = zone_of(zone).to_datetime(from).date();
                let mut draft = CalendarDraft {
                    time_zone: zone.to_owned(),
                    weekly: weekly.try_into().expect("seven days"),
                    ..CalendarDraft::default()
                };
                for (days, hours) in around {
                    let date = (today + days.days()).to_string();
                    let label = format!("{days} days on");
                    if hours.is_empty() {
                        draft.closed_dates.push(ClosedDate { date, label });
                    } else {
                        draft.special_dates.push(SpecialDate { date, hours, label });
                    }
                }
                Case { draft, from }
            },
        )
    })
}
