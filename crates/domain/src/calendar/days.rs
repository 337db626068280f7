//! A calendar's days: which of them are open, and until when.

use jiff::Timestamp;

use super::{Calendar, Day, Reign, instant};
use crate::limits::NANOS_PER_SECOND;

impl Calendar {
    /// The local day of an instant, by the clocks of the version that rules then.
    pub(crate) fn day(&self, at: Timestamp) -> Day {
        self.hours_at(at).day(instant(at))
    }

    /// The version that rules a date: of those whose effective date has come, the one with the highest number.
    fn reign_on(&self, day: Day) -> (&Reign, i64) {
        let has_come = |reign: &Reign| {
            let from = reign.hours.effective_from();
            from.is_none_or(|from| Day::of(from) <= day)
        };
        let index = self.reigns.iter().rposition(has_come).unwrap_or(0);
        let until = self
            .reigns
            .get(index + 1)
            .map_or(i64::MAX, |next| next.from);
        (&self.reigns[index], until)
    }

    /// The instants that are open on a date, in order. They may overlap.
    pub(crate) fn open_on(&self, day: Day) -> impl Iterator<Item = (i64, i64)> {
        let (reign, until) = self.reign_on(day);
        let open = reign.hours.open_on(day);
        open.map(move |(opens, closes)| (opens.max(reign.from), closes.min(until)))
            .filter(|(opens, closes)| opens < closes)
    }

    /// When a date's local clocks show so many seconds since its beginning, were they not changed.
    pub(crate) fn local_on(&self, day: Day, second: u32) -> super::Local {
        let (reign, _) = self.reign_on(day);
        reign.hours.zone().instants(day.at(second))
    }

    /// Whether it is open at an instant, or has just closed: whoever has time until then has open time.
    pub(crate) fn is_open_until(&self, at: Timestamp) -> bool {
        let at = instant(at);
        let before = self.walk(at.saturating_sub(1), at, 0);
        before.at.is_some() || self.walk(at, at.saturating_add(NANOS_PER_SECOND), 0).at == Some(at)
    }
}
