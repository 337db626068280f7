//! Dates, times and durations of a feed, by the clocks of the calendar that it is for.

use aftercall_domain::Violations;
use aftercall_domain::recurrence::{read_date, read_time};
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

use super::lines::Property;

/// A time of a feed, by the clocks of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: DateTime,
    /// Whether it is a date, and its beginning is meant.
    pub(super) is_date: bool,
}

/// Reads times for the calendar whose zone this is.
#[derive(Debug, Clone)]
pub(super) struct Clocks(pub(super) TimeZone);

impl Clocks {
    /// The times of a property, which are divided by commas; none beside a violation.
    pub(super) fn moments(&self, property: &Property, found: &mut Violations) -> Vec<Moment> {
        let values = property.value.split(',');
        let read = values.map(|value| self.read(value.trim(), property));
        let mut moments = Vec::new();
        for moment in read {
            match moment {
                Ok(moment) => moments.push(moment),
                Err(text) => {
                    property.wrong(found, text);
                    return Vec::new();
                }
            }
        }
        moments
    }

    /// The one time of a property; none beside a violation.
    pub(super) fn moment(&self, property: &Property, found: &mut Violations) -> Option<Moment> {
        match self.read(&property.value, property) {
            Ok(moment) => Some(moment),
            Err(text) => {
                property.wrong(found, text);
                None
            }
        }
    }

    /// A time that stands in a rule.
    pub(super) fn until(&self, text: &str) -> Option<DateTime> {
        match text.strip_suffix(['Z', 'z']) {
            Some(time) => self.instant(read_time(time)?),
            None => match read_date(text) {
                Some(date) => Some(date.at(23, 59, 59, 0)),
                None => read_time(text),
            },
        }
    }

    fn read(&self, value: &str, property: &Property) -> Result<Moment, &'static str> {
        const NO_TIME: &str =
            "is no date or time; give YYYYMMDD or YYYYMMDDTHHMMSS, in the years 1900 to 2199";
        if property.parameter("VALUE") == Some("PERIOD") {
            return Err("has a period; give the dates alone");
        }
        if let Some(date) = read_date(value) {
            let at = date.at(0, 0, 0, 0);
            return Ok(Moment { at, is_date: true });
        }
        let utc = value.strip_suffix(['Z', 'z']);
        let at = read_time(utc.unwrap_or(value)).ok_or(NO_TIME)?;
        let at = match (utc, property.parameter("TZID")) {
            (Some(_), _) => self.instant(at).ok_or(NO_TIME)?,
            (None, None) => at,
            (None, Some(zone)) => {
                let zone = TimeZoneDatabase::bundled().get(zone);
                let zone = zone.map_err(|_| {
                    "is in a zone that is none of the IANA database; let the feed name one such as Europe/Berlin, or \
                     give whole days"
                })?;
                let there = zone.to_timestamp(at).map_err(|_| NO_TIME)?;
                self.local(there)
            }
        };
        Ok(Moment { at, is_date: false })
    }

    fn instant(&self, utc: DateTime) -> Option<DateTime> {
        let at = TimeZone::UTC.to_timestamp(utc).ok()?;
        Some(self.local(at))
    }

    fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }
}

/// How long an event is; none if it is no duration that goes forward.
pub(super) fn read_span(text: &str) -> Option<Span> {
    let text = text.strip_prefix('+').unwrap_or(text);
    // The form is ISO 8601's; weeks may stand alone only.
    let span: Span = text.starts_with('P').then(|| text.parse().ok())??;
    (!span.is_negative()).then_some(span)
}
