//! Dues, as people tell them.

use aftercall_domain::calendar::{ExceptionMet, Interval, read_date, read_time};
use aftercall_domain::due::{
    CalendarRef, DayTime, DueExplained, DueResolution, DueSpec, PauseExplained, ToldDue, WeekPart,
};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use jiff::SignedDuration;

use super::{enums, instant, text, time};
use crate::model::v1 as wire;
use crate::model::v1::due_spec::Spec;

/// Reads what a caller sends; none beside a violation. `time_zone` is the one that is meant where a local time
/// names none.
pub fn read(
    wire: wire::DueSpec,
    time_zone: &str,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<DueSpec> {
    let zone = |named: String| match named.is_empty() {
        true => time_zone.to_owned(),
        false => named,
    };
    Some(match wire.spec {
        None => {
            let text = "says nothing; give one of instant, local, end_of_local_day, elapsed, \
                        business_elapsed, business_days, week_period";
            found.add(at, Reason::Required, text);
            return None;
        }
        Some(Spec::Instant(due)) => {
            DueSpec::Instant(instant::optional(Some(due), at.field("instant"), found)?)
        }
        Some(Spec::Local(local)) => {
            let at = at.field("local");
            let date = read_date(at.field("date"), &local.date, found);
            let time = read_time(at.field("time"), &local.time, found);
            DueSpec::Local {
                date: date?,
                time: time?,
                time_zone: zone(local.time_zone),
            }
        }
        Some(Spec::EndOfLocalDay(day)) => DueSpec::EndOfLocalDay {
            date: {
                let day_at = at.field("end_of_local_day");
                read_date(day_at.field("date"), &day.date, found)?
            },
            time_zone: zone(day.time_zone),
        },
        Some(Spec::Elapsed(elapsed)) => {
            DueSpec::Elapsed(duration(Some(elapsed), at.field("elapsed"), found)?)
        }
        Some(Spec::BusinessElapsed(elapsed)) => {
            let elapsed_at = at.field("business_elapsed");
            let at = elapsed_at.field("duration");
            DueSpec::BusinessElapsed {
                duration: duration(elapsed.duration, at, found)?,
                calendar_id: elapsed.calendar_id,
            }
        }
        Some(Spec::BusinessDays(days)) => DueSpec::BusinessDays {
            days: days.days,
            at: match days.time.as_str() {
                "" => DayTime::EndOfDay,
                time => {
                    let days_at = at.field("business_days");
                    let at = days_at.field("time");
                    DayTime::At(read_time(at, time, found)?)
                }
            },
            calendar_id: days.calendar_id,
        },
        Some(Spec::WeekPeriod(period)) => {
            let period_at = at.field("week_period");
            let at = period_at.field("part");
            DueSpec::WeekPeriod {
                part: enums::required::<wire::WeekPart>(period.part, at, found),
                calendar_id: period.calendar_id,
            }
        }
    })
}

fn from_wire(wire: wire::DueSpec) -> Option<DueSpec> {
    let mut found = Violations::new();
    let spec = read(wire, "", FieldPath::ROOT, &mut found);
    spec.filter(|_| found.is_empty())
}

/// Reads a duration, which must be there; none beside a violation.
pub fn duration(
    wire: Option<pbjson_types::Duration>,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<SignedDuration> {
    let Some(wire) = wire else {
        found.required(at);
        return None;
    };
    let read = duration_from_wire(&wire);
    if read.is_none() {
        let text = "is no duration; give seconds, and nanos from 0 to 999999999 of the same sign";
        found.add(at, Reason::OutOfRange, text);
    }
    read
}

/// A duration that another one can be added to; none for what is none.
pub fn duration_from_wire(wire: &pbjson_types::Duration) -> Option<SignedDuration> {
    let is_one = (-999_999_999..=999_999_999).contains(&wire.nanos)
        && (wire.seconds == 0 || wire.nanos == 0 || (wire.seconds < 0) == (wire.nanos < 0));
    // Ten thousand years, as Google's types have it: so that no sum overflows.
    let is_small = wire.seconds.unsigned_abs() <= 315_576_000_000;
    (is_one && is_small).then(|| SignedDuration::new(wire.seconds, wire.nanos))
}

/// The duration on the wire.
pub fn duration_to_wire(duration: SignedDuration) -> pbjson_types::Duration {
    pbjson_types::Duration {
        seconds: duration.as_secs(),
        nanos: duration.subsec_nanos(),
    }
}

enums::closed!(WeekPart {
    Morning,
    Afternoon,
    EndOfWeek
});

/// A due that was told, as the log or a row holds it; none for one that was told as an instant, and for one that only a
/// later version understands.
pub fn told_from_wire(
    spec: Option<wire::DueSpec>,
    resolution: Option<wire::DueResolution>,
) -> Option<ToldDue> {
    Some(ToldDue {
        spec: from_wire(spec?)?,
        resolution: resolution?.into(),
    })
}

/// The two messages of a due that was told.
pub fn told_to_wire(told: Option<ToldDue>) -> (Option<wire::DueSpec>, Option<wire::DueResolution>) {
    match told {
        None => (None, None),
        Some(ToldDue { spec, resolution }) => (Some(to_wire(spec)), Some(resolution.into())),
    }
}

/// The due on the wire.
pub fn to_wire(spec: DueSpec) -> wire::DueSpec {
    let spec = match spec {
        DueSpec::Instant(at) => Spec::Instant(time::to_wire(at)),
        DueSpec::Local {
            date,
            time,
            time_zone,
        } => Spec::Local(wire::LocalDue {
            date: date.to_string(),
            time: time.to_string(),
            time_zone,
        }),
        DueSpec::EndOfLocalDay { date, time_zone } => Spec::EndOfLocalDay(wire::EndOfLocalDay {
            date: date.to_string(),
            time_zone,
        }),
        DueSpec::Elapsed(elapsed) => Spec::Elapsed(duration_to_wire(elapsed)),
        DueSpec::BusinessElapsed {
            duration,
            calendar_id,
        } => Spec::BusinessElapsed(wire::BusinessElapsed {
            duration: Some(duration_to_wire(duration)),
            calendar_id,
        }),
        DueSpec::BusinessDays {
            days,
            at,
            calendar_id,
        } => Spec::BusinessDays(wire::BusinessDays {
            days,
            time: match at {
                DayTime::At(time) => time.to_string(),
                DayTime::EndOfDay => String::new(),
            },
            calendar_id,
        }),
        DueSpec::WeekPeriod { part, calendar_id } => Spec::WeekPeriod(wire::WeekPeriod {
            part: wire::WeekPart::from(part).into(),
            calendar_id,
        }),
    };
    wire::DueSpec { spec: Some(spec) }
}

impl From<DueResolution> for wire::DueResolution {
    fn from(resolution: DueResolution) -> Self {
        let (calendar_id, calendar_version) = match resolution.calendar {
            Some(CalendarRef {
                calendar_id,
                version,
            }) => (calendar_id, version),
            None => (String::new(), 0),
        };
        Self {
            calendar_id,
            calendar_version,
            time_zone_version: resolution.time_zone_version,
        }
    }
}

impl From<wire::DueResolution> for DueResolution {
    fn from(resolution: wire::DueResolution) -> Self {
        let wire::DueResolution {
            calendar_id,
            calendar_version,
            time_zone_version,
        } = resolution;
        Self {
            calendar: text(calendar_id).map(|calendar_id| CalendarRef {
                calendar_id,
                version: calendar_version,
            }),
            time_zone_version,
        }
    }
}

/// The most intervals, and the most dates, that an answer lists.
const SHOWN_MAX: usize = 1_000;

/// The working behind a due, for an answer.
pub fn working(explained: DueExplained) -> wire::DueWorking {
    let omitted = explained.intervals.len().saturating_sub(SHOWN_MAX);
    let intervals = explained.intervals.into_iter().take(SHOWN_MAX);
    let dates = explained.exceptions.into_iter().take(SHOWN_MAX);
    wire::DueWorking {
        since: Some(time::to_wire(explained.from)),
        at: Some(time::to_wire(explained.at)),
        intervals: intervals.map(Into::into).collect(),
        intervals_omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
        sum: Some(duration_to_wire(explained.sum)),
        dates: dates.map(Into::into).collect(),
        resolution: Some(explained.resolution.into()),
        pauses: explained.pauses.into_iter().map(Into::into).collect(),
    }
}

impl From<PauseExplained> for wire::PauseWorking {
    fn from(PauseExplained { pause, overlap }: PauseExplained) -> Self {
        Self {
            start: Some(time::to_wire(pause.from)),
            end: pause.to.map(time::to_wire),
            overlap: Some(duration_to_wire(overlap)),
        }
    }
}

impl From<Interval> for wire::CountedTime {
    fn from(Interval { from, to, version }: Interval) -> Self {
        Self {
            start: Some(time::to_wire(from)),
            end: Some(time::to_wire(to)),
            calendar_version: version,
        }
    }
}

impl From<ExceptionMet> for wire::DateMet {
    fn from(met: ExceptionMet) -> Self {
        let ExceptionMet {
            date,
            label,
            is_closed,
            version,
        } = met;
        Self {
            date: date.to_string(),
            label,
            is_closed,
            calendar_version: version,
        }
    }
}
