//! Warnings before a due.

use jiff::{SignedDuration, Timestamp};

use super::counted::Counted;
use super::{Calendars, Pause};
use crate::calendar::{instant, timestamp};
use crate::limits::{DUE_DAYS_MAX, ID_BYTES_MAX, SECONDS_PER_DAY};
use crate::setting::{Reference, SettingKind, Visit};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// A time before a due at which somebody is warned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarnStage {
    /// Its name among the stages of a policy.
    pub id: String,
    /// When it is.
    pub basis: StageBasis,
}

/// What a stage is reckoned from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageBasis {
    /// So long before the due, by any clock.
    BeforeDueElapsed(SignedDuration),
    /// So much open time before the due.
    BeforeDueBusiness {
        /// How much.
        duration: SignedDuration,
        /// Of which calendar.
        calendar_id: String,
    },
    /// When so much of the open time has passed.
    PercentBusiness {
        /// From 1 to 100.
        percent: u8,
        /// Of which calendar.
        calendar_id: String,
    },
    /// When so much of the time has passed, from 1 to 100.
    PercentElapsed(u8),
}

impl WarnStage {
    /// Notes all that is wrong with the stage, whichever calendars there are.
    pub fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        if self.id.is_empty() {
            found.required(at.field("stage_id"));
        } else if self.id.len() > ID_BYTES_MAX {
            found.too_long(at.field("stage_id"), ID_BYTES_MAX);
        }
        match &self.basis {
            StageBasis::BeforeDueElapsed(duration) => {
                check_duration(at.field("before_due_elapsed"), *duration, found);
            }
            StageBasis::BeforeDueBusiness { duration, .. } => {
                let at = at.field("before_due_business");
                check_duration(at.field("duration"), *duration, found);
            }
            StageBasis::PercentElapsed(percent) => {
                check_percent(at.field("percent_elapsed"), *percent, found);
            }
            StageBasis::PercentBusiness { percent, .. } => {
                let at = at.field("percent_business");
                check_percent(at.field("percent"), *percent, found);
            }
        }
        if let Some((name, id)) = self.basis.calendar()
            && id.is_empty()
        {
            let at = at.field(name);
            found.required(at.field("calendar_id"));
        }
    }

    /// Tells which calendar it is reckoned by.
    pub(crate) fn reference(&self, at: FieldPath<'_>, visit: &mut Visit<'_>) {
        if let Some((name, id)) = self.basis.calendar() {
            let at = at.field(name);
            let kind = SettingKind::Calendar;
            visit(at.field("calendar_id"), Reference { kind, id });
        }
    }

    /// When somebody is warned of what is due at `due` and runs since `from`: not before the one, nor after the
    /// other. For the internal target, `pauses` are its pauses, in which its business time stands still;
    /// for a promise there are none. While a pause lasts there is no stage: it has no due.
    ///
    /// None if it needs a calendar that is not known.
    pub fn instant(
        &self,
        from: Timestamp,
        due: Timestamp,
        pauses: &[Pause],
        calendars: &impl Calendars,
    ) -> Option<Timestamp> {
        let counted = |id: &str| {
            let calendar = calendars.calendar(id)?;
            Some(Counted::new(calendar, pauses))
        };
        let (start, end) = (instant(from), instant(due));
        let at = match &self.basis {
            StageBasis::BeforeDueElapsed(duration) => end.saturating_sub(nanoseconds(*duration)),
            StageBasis::BeforeDueBusiness {
                duration,
                calendar_id,
            } => counted(calendar_id)?.back(from, due, nanoseconds(*duration)),
            StageBasis::PercentBusiness {
                percent,
                calendar_id,
            } => {
                let counted = counted(calendar_id)?;
                let open = counted.walk(start, end, i64::MAX).open;
                let passed = counted.walk(start, end, share(open, *percent));
                passed.at.unwrap_or(end)
            }
            StageBasis::PercentElapsed(percent) => {
                start.saturating_add(share(end.saturating_sub(start), *percent))
            }
        };
        Some(timestamp(at.min(end).max(start)))
    }
}

impl StageBasis {
    /// The calendar that it is reckoned by, if it needs one.
    pub fn calendar_id(&self) -> Option<&str> {
        self.calendar().map(|(_, id)| id)
    }

    /// The name of its field, and the calendar.
    fn calendar(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::BeforeDueElapsed(_) | Self::PercentElapsed(_) => None,
            Self::BeforeDueBusiness { calendar_id, .. } => {
                Some(("before_due_business", calendar_id))
            }
            Self::PercentBusiness { calendar_id, .. } => Some(("percent_business", calendar_id)),
        }
    }
}

/// A duration's nanoseconds; one that is too long for them is longer than any due is far.
fn nanoseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// So many percent, to the whole nanosecond below.
fn share(whole: i64, percent: u8) -> i64 {
    let part = i128::from(whole) * i128::from(percent) / 100;
    i64::try_from(part).unwrap_or(whole)
}

fn check_duration(at: FieldPath<'_>, duration: SignedDuration, found: &mut Violations) {
    let most = SignedDuration::from_secs(DUE_DAYS_MAX * SECONDS_PER_DAY);
    if duration <= SignedDuration::ZERO || duration > most {
        let text =
            "is out of range; give how long before the due it is, from a moment to 1095 days";
        found.add(at, Reason::OutOfRange, text);
    }
}

fn check_percent(at: FieldPath<'_>, percent: u8, found: &mut Violations) {
    if !(1..=100).contains(&percent) {
        found.add(at, Reason::OutOfRange, "is out of range; give 1 to 100");
    }
}
