//! Business time as one would reckon it by hand: day by day, each hour asked of the time zone library,
//! all of it joined and added up. Slow, and shares nothing with the calendar but the draft.

use aftercall_domain::calendar::{CalendarDraft, HoursDraft};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// So much is looked at at once.
const PART: SignedDuration = SignedDuration::from_hours(24 * 30);
/// So often.
const PARTS: i32 = 25;

/// A zone of the database that is compiled in: the machine's may be of another year.
pub(crate) fn zone(name: &str) -> TimeZone {
    let database = TimeZoneDatabase::bundled();
    database.get(name).expect("the zone is known")
}

/// A calendar that reckons by hand.
pub(crate) struct Model {
    zone: TimeZone,
    draft: CalendarDraft,
}

impl Model {
    pub(crate) fn new(draft: CalendarDraft) -> Self {
        let zone = zone(&draft.time_zone);
        Self { zone, draft }
    }

    fn hours(&self, date: Date) -> &[HoursDraft] {
        let text = date.to_string();
        if self.draft.closed_dates.iter().any(|one| one.date == text) {
            return &[];
        }
        let special = self.draft.special_dates.iter().find(|one| one.date == text);
        match special {
            Some(special) => &special.hours,
            None => &self.draft.weekly[date.weekday().to_monday_zero_offset() as usize],
        }
    }

    fn local(date: Date, time: &str) -> DateTime {
        match time {
            "24:00" => date
                .tomorrow()
                .expect("a day follows")
                .to_datetime(Time::midnight()),
            time => date.to_datetime(time.parse().expect("a time of day")),
        }
    }

    /// The instant of a local time. Of two, the one that `later` says; of none, that of the leap.
    fn instant(&self, local: DateTime, later: bool) -> Timestamp {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let by = |offset: jiff::tz::Offset| offset.to_timestamp(local).expect("in range");
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => by(offset),
            AmbiguousOffset::Fold { after, .. } if later => by(after),
            AmbiguousOffset::Fold { before, .. } => by(before),
            AmbiguousOffset::Gap { after, .. } => {
                let before_the_leap = by(after) - 1.nanoseconds();
                let mut leaps = self.zone.following(before_the_leap);
                leaps.next().expect("there is a leap").timestamp()
            }
        }
    }

    /// What is open on the days around two instants, joined.
    fn open(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let date = |at: Timestamp| self.zone.to_datetime(at).date();
        let mut date_now = date(from) - 2.days();
        let last = date(to) + 2.days();
        let mut all = Vec::new();
        while date_now <= last {
            for HoursDraft { opens, closes } in self.hours(date_now) {
                let opens = self.instant(Self::local(date_now, opens), false);
                let closes = self.instant(Self::local(date_now, closes), true);
                if opens < closes {
                    all.push((opens, closes));
                }
            }
            date_now = date_now.tomorrow().expect("a day follows");
        }
        all.sort_unstable();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (opens, closes) in all {
            match joined.last_mut() {
                Some(last) if opens <= last.1 => last.1 = last.1.max(closes),
                _ => joined.push((opens, closes)),
            }
        }
        joined
    }

    /// What is open between two instants, in order and joined.
    pub(crate) fn within(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let open = self.open(from, to).into_iter();
        open.map(|(opens, closes)| (opens.max(from), closes.min(to)))
            .filter(|(opens, closes)| opens < closes)
            .collect()
    }

    pub(crate) fn between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let within = self.within(from, to).into_iter();
        within
            .map(|(opens, closes)| closes.duration_since(opens))
            .fold(SignedDuration::ZERO, |sum, one| sum + one)
    }

    /// None if it takes more than two years.
    pub(crate) fn add(&self, from: Timestamp, duration: SignedDuration) -> Option<Timestamp> {
        let mut left = duration;
        for part in 0..PARTS {
            let start = from + part * PART;
            for (opens, closes) in self.within(start, start + PART) {
                if left <= closes.duration_since(opens) {
                    return Some(opens + left);
                }
                left -= closes.duration_since(opens);
            }
        }
        None
    }

    /// None if it takes more than two years.
    pub(crate) fn sub(&self, from: Timestamp, duration: SignedDuration) -> Option<Timestamp> {
        let mut left = duration;
        for part in 0..PARTS {
            let end = from - part * PART;
            for (opens, closes) in self.within(end - PART, end).into_iter().rev() {
                if left <= closes.duration_since(opens) {
                    return Some(closes - left);
                }
                left -= closes.duration_since(opens);
            }
        }
        None
    }
}
