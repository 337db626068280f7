//! Instants as people write and read them.

use aftercall_proto::followups::v1::LocalDay;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use pbjson_types::Timestamp as WireTimestamp;

/// Shows and reads instants in a person's own zone.
#[derive(Debug, Clone)]
pub struct Times {
    zone: TimeZone,
}

impl Times {
    /// Times in `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// The zone's IANA name; UTC for one without.
    pub fn zone_name(&self) -> String {
        self.zone.iana_name().unwrap_or("UTC").to_owned()
    }

    /// The day on which an instant lies.
    pub fn day(&self, at: Timestamp) -> LocalDay {
        let date = at.to_zoned(self.zone.clone()).date();
        LocalDay {
            year: date.year().into(),
            month: date.month().into(),
            day: date.day().into(),
            time_zone: self.zone_name(),
        }
    }

    /// Date, time and zone, to the minute; empty for none.
    pub fn minute(&self, at: Option<&WireTimestamp>) -> String {
        self.format(at, "%Y-%m-%d %H:%M %Z")
    }

    /// Date, time and zone, to the second; empty for none.
    pub fn second(&self, at: Option<&WireTimestamp>) -> String {
        self.format(at, "%Y-%m-%d %H:%M:%S %Z")
    }

    /// From one instant to another, to the second; the date is not said twice.
    pub fn between(&self, from: Option<&WireTimestamp>, to: Option<&WireTimestamp>) -> String {
        match (self.zoned(from), self.zoned(to)) {
            (Some(from), Some(to)) if from.date() == to.date() => format!(
                "{} – {}",
                from.strftime("%Y-%m-%d %H:%M:%S"),
                to.strftime("%H:%M:%S %Z")
            ),
            (Some(_), Some(_)) => format!("{} – {}", self.second(from), self.second(to)),
            (None, Some(_)) => format!("until {}", self.second(to)),
            (_, None) => self.second(from),
        }
    }

    fn format(&self, at: Option<&WireTimestamp>, format: &str) -> String {
        match (at, self.zoned(at)) {
            (None, _) => String::new(),
            (Some(_), Some(at)) => at.strftime(format).to_string(),
            // Not an instant of ours: shown as it came.
            (Some(at), None) => format!("{} s after 1970", at.seconds),
        }
    }

    fn zoned(&self, at: Option<&WireTimestamp>) -> Option<Zoned> {
        Some(instant(at?)?.to_zoned(self.zone.clone()))
    }

    /// The instant that `when` means, read in this zone at `now`.
    ///
    /// # Errors
    /// When it lies outside the calendar.
    pub fn resolve(&self, when: &When, now: Timestamp) -> Result<WireTimestamp, jiff::Error> {
        self.instant_at(when, now).map(wire)
    }

    /// The same, to reckon with.
    ///
    /// # Errors
    /// As [`Times::resolve`].
    pub fn instant_at(&self, when: &When, now: Timestamp) -> Result<Timestamp, jiff::Error> {
        Ok(match when {
            When::Instant(at) => *at,
            When::Local(local) => local.to_zoned(self.zone.clone())?.timestamp(),
            When::FromNow(span) => now
                .to_zoned(self.zone.clone())
                .checked_add(*span)?
                .timestamp(),
        })
    }
}

/// An instant as a person names it on the command line.
#[derive(Debug, Clone)]
pub enum When {
    /// A point in time, the same everywhere.
    Instant(Timestamp),
    /// A date and time in the person's own zone.
    Local(DateTime),
    /// So long from now, or so long ago.
    FromNow(Span),
}

/// Reads an instant where a bare span of time looks ahead: `2h` is in two hours.
impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text, false)
    }
}

/// Reads an instant of what has happened, where a bare span of time looks back: `7d` is seven days
/// ago.
///
/// # Errors
/// What to write instead.
pub fn past(text: &str) -> Result<When, String> {
    read(text, true)
}

fn read(text: &str, looks_back: bool) -> Result<When, String> {
    // What is said of a zone by its name is obeyed, or refused: never passed over.
    if text.contains('[') {
        let zoned = text.parse::<Zoned>();
        let zoned = zoned.map_err(|error| format!("the time can't be used: {error}"))?;
        return Ok(When::Instant(zoned.timestamp()));
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(When::Instant(at));
    }
    // A date alone reads as midnight; with a zone it was an instant above.
    if let Ok(local) = text.parse::<DateTime>() {
        return Ok(When::Local(local));
    }
    if let Ok(date) = text.parse::<Date>() {
        return Ok(When::Local(date.to_datetime(Time::midnight())));
    }
    let span = text.strip_prefix("in ").unwrap_or(text);
    let says_where = span != text || text.starts_with(['+', '-']) || text.ends_with("ago");
    match span.parse::<Span>() {
        Ok(span) if looks_back && !says_where => Ok(When::FromNow(span.negate())),
        Ok(span) => Ok(When::FromNow(span)),
        Err(_) => Err(remedy(looks_back)),
    }
}

fn remedy(looks_back: bool) -> String {
    let span = match looks_back {
        true => "\"7d\" for seven days ago, or \"in 2h\"",
        false => "\"2h\" for in two hours, or \"7d ago\"",
    };
    format!(
        "write 2026-11-22T17:00:00Z, or \"2026-11-22 17:00\" in your own time zone, or \
         2026-11-22T17:00[America/New_York] in another, or 2026-11-22 for its midnight, or {span}"
    )
}

/// `at` on the wire.
pub(crate) fn wire(at: Timestamp) -> WireTimestamp {
    // A timestamp's parts share their sign; the wire's nanoseconds are never negative.
    let seconds = at.as_nanosecond().div_euclid(1_000_000_000);
    let nanos = at.as_nanosecond().rem_euclid(1_000_000_000);
    WireTimestamp {
        seconds: seconds as i64,
        nanos: nanos as i32,
    }
}

/// The instant on the wire, if it is one.
pub(crate) fn instant(at: &WireTimestamp) -> Option<Timestamp> {
    Timestamp::new(at.seconds, at.nanos).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(when: When) -> String {
        let times = Times::new(TimeZone::get("Europe/Berlin").unwrap());
        let now = "2026-10-24T10:00:00Z".parse().unwrap();
        let at = times.resolve(&when, now).unwrap();
        instant(&at).unwrap().to_string()
    }

    fn resolved(text: &str) -> String {
        at(text.parse().unwrap())
    }

    #[test]
    fn an_instant_may_be_named_in_several_ways() {
        assert_eq!(
            resolved("2026-11-22T17:00:00+01:00"),
            "2026-11-22T16:00:00Z"
        );
        assert_eq!(resolved("2026-11-22 17:00"), "2026-11-22T16:00:00Z");
        assert_eq!(resolved("2026-11-22"), "2026-11-21T23:00:00Z");
        assert_eq!(resolved("2h"), "2026-10-24T12:00:00Z");
        assert_eq!(resolved("in 2h"), "2026-10-24T12:00:00Z");
        assert_eq!(resolved("7d ago"), "2026-10-17T10:00:00Z");
        // The same time of day, over the end of summer time.
        assert_eq!(resolved("1d"), "2026-10-25T11:00:00Z");
    }

    #[test]
    fn a_zone_that_is_named_is_obeyed_or_refused() {
        for text in [
            "2026-11-22T17:00[America/New_York]",
            "2026-11-22 17:00:00[America/New_York]",
            "2026-11-22T17:00-05:00[America/New_York]",
        ] {
            assert_eq!(resolved(text), "2026-11-22T22:00:00Z", "{text}");
        }
        assert_eq!(
            resolved("2026-11-22[America/New_York]"),
            "2026-11-22T05:00:00Z"
        );
        for wrong in [
            "2026-11-22T17:00[Mars/Olympus]",
            "2026-11-22T17:00+05:00[America/New_York]",
            "tomorrow[Europe/Berlin]",
        ] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_has_happened_is_looked_for_in_the_past() {
        let resolved = |text| at(past(text).unwrap());
        assert_eq!(resolved("7d"), "2026-10-17T10:00:00Z");
        assert_eq!(resolved("7d ago"), "2026-10-17T10:00:00Z");
        assert_eq!(resolved("-7d"), "2026-10-17T10:00:00Z");
        assert_eq!(resolved("1h 30m"), "2026-10-24T08:30:00Z");
        assert_eq!(resolved("in 2h"), "2026-10-24T12:00:00Z");
        assert_eq!(resolved("+2h"), "2026-10-24T12:00:00Z");
        assert_eq!(resolved("2026-11-22"), "2026-11-21T23:00:00Z");
    }

    #[test]
    fn a_wrong_instant_is_refused_with_the_remedy() {
        for wrong in [
            "",
            "tomorrow",
            "2026-13-01",
            "25:00",
            "2026-11-22 17:00 CET",
        ] {
            for refusal in [wrong.parse::<When>().unwrap_err(), past(wrong).unwrap_err()] {
                assert!(refusal.contains("2026-11-22"), "{wrong}: {refusal}");
            }
        }
    }

    #[test]
    fn instants_before_1970_keep_their_fraction() {
        let at: Timestamp = "1969-12-31T23:59:59.25Z".parse().unwrap();
        let sent = wire(at);
        assert_eq!((sent.seconds, sent.nanos), (-1, 250_000_000));
        assert_eq!(instant(&sent), Some(at));
    }
}
