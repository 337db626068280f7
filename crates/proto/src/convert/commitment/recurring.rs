//! Promises that recur.

use aftercall_domain::commitment::Series;
use aftercall_domain::recurrence::{
    CatchUp, Occurrence, Recurrence, RecurrenceEnd, RecurrenceMode,
};
use aftercall_domain::{FieldPath, Violations};
use pbjson_types::Timestamp;
use prost::Message;

use super::parts::required;
use crate::convert::due::{duration_from_wire, duration_to_wire};
use crate::convert::enums::{self, Closed};
use crate::convert::message::FromWire;
use crate::convert::{Unreadable, instant, text, time};
use crate::model::v1 as wire;

enums::closed!(RecurrenceMode {
    Sequential,
    Independent
});
enums::closed!(CatchUp {
    Skip,
    CollapseToOne,
    All
});
enums::closed!(RecurrenceEnd { Asked, NoMoreTimes });

/// A promise's series, as views keep it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SeriesRow {
    #[prost(message, optional, tag = "1")]
    recurrence: Option<wire::Recurrence>,
    #[prost(message, optional, tag = "2")]
    occurrence: Option<wire::Occurrence>,
    #[prost(string, tag = "3")]
    next_id: String,
    #[prost(uint32, tag = "4")]
    open: u32,
    #[prost(bool, tag = "5")]
    ended: bool,
    #[prost(message, optional, tag = "6")]
    room_since: Option<Timestamp>,
}

impl FromWire<wire::Recurrence> for Recurrence {
    fn from_wire(wire: wire::Recurrence, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Recurrence {
            rrule,
            time_zone,
            mode,
            until,
            count,
            catch_up,
            max_open,
        } = wire;
        let catch_up = enums::optional::<wire::CatchUp>(catch_up, path.field("catch_up"), found);
        Self {
            rrule,
            time_zone,
            mode: enums::required::<wire::RecurrenceMode>(mode, path.field("mode"), found),
            until: instant::optional(until, path.field("until"), found),
            count: (count > 0).then_some(count),
            catch_up: catch_up.unwrap_or_default(),
            max_open,
        }
    }
}

impl From<Recurrence> for wire::Recurrence {
    fn from(recurrence: Recurrence) -> Self {
        let Recurrence {
            rrule,
            time_zone,
            mode,
            until,
            count,
            catch_up,
            max_open,
        } = recurrence;
        Self {
            rrule,
            time_zone,
            mode: wire::RecurrenceMode::from(mode).into(),
            until: until.map(time::to_wire),
            count: count.unwrap_or_default(),
            catch_up: wire::CatchUp::from(catch_up).into(),
            max_open,
        }
    }
}

impl From<Occurrence> for wire::Occurrence {
    fn from(occurrence: Occurrence) -> Self {
        let Occurrence {
            series_id,
            number,
            rule_no,
            local,
            due_at,
            window,
        } = occurrence;
        Self {
            series_id,
            occurrence_no: number,
            rule_no,
            local_time: local.to_string(),
            due_at: Some(time::to_wire(due_at)),
            window: window.map(duration_to_wire),
            ..Self::default()
        }
    }
}

impl TryFrom<wire::Recurrence> for Recurrence {
    type Error = Unreadable;

    fn try_from(stored: wire::Recurrence) -> Result<Self, Unreadable> {
        let mode = stored.mode().known();
        let catch_up = stored.catch_up().known();
        Ok(Self {
            mode: mode.ok_or(Unreadable {
                field: "recurrence.mode",
            })?,
            until: stored.until.as_ref().and_then(time::from_wire),
            count: (stored.count > 0).then_some(stored.count),
            catch_up: catch_up.unwrap_or_default(),
            max_open: stored.max_open,
            rrule: stored.rrule,
            time_zone: stored.time_zone,
        })
    }
}

impl TryFrom<wire::Occurrence> for Occurrence {
    type Error = Unreadable;

    fn try_from(stored: wire::Occurrence) -> Result<Self, Unreadable> {
        let local = stored.local_time.parse();
        Ok(Self {
            local: local.map_err(|_| Unreadable {
                field: "occurrence.local_time",
            })?,
            due_at: required("occurrence.due_at", stored.due_at.as_ref())?,
            window: stored.window.as_ref().and_then(duration_from_wire),
            series_id: stored.series_id,
            number: stored.occurrence_no,
            rule_no: stored.rule_no,
        })
    }
}

impl From<Series> for SeriesRow {
    fn from(series: Series) -> Self {
        let Series {
            recurrence,
            occurrence,
            next_id,
            open,
            room_since,
            ended,
        } = series;
        Self {
            recurrence: Some(recurrence.into()),
            occurrence: Some(occurrence.into()),
            next_id: next_id.unwrap_or_default(),
            open,
            ended,
            room_since: room_since.map(time::to_wire),
        }
    }
}

impl SeriesRow {
    /// The series that was written.
    pub(super) fn read(self) -> Result<Box<Series>, Unreadable> {
        let none = |field| Unreadable { field };
        Ok(Box::new(Series {
            recurrence: self.recurrence.ok_or(none("recurrence"))?.try_into()?,
            occurrence: self.occurrence.ok_or(none("occurrence"))?.try_into()?,
            next_id: text(self.next_id),
            open: self.open,
            room_since: self.room_since.as_ref().and_then(time::from_wire),
            ended: self.ended,
        }))
    }
}

/// How the promise of a draft recurs, and which occurrence it is. The first one begins the series.
pub(super) fn series_from_wire(
    draft: &wire::CommitmentDraft,
) -> Result<Option<(Recurrence, Occurrence)>, Unreadable> {
    let (Some(recurrence), Some(occurrence)) = (&draft.recurrence, &draft.occurrence) else {
        return Ok(None);
    };
    let mut occurrence = Occurrence::try_from(occurrence.clone())?;
    if occurrence.series_id.is_empty() {
        occurrence.series_id.clone_from(&draft.commitment_id);
    }
    Ok(Some((recurrence.clone().try_into()?, occurrence)))
}

/// How a promise recurs, and its place in its series.
pub(super) fn series_to_wire(
    series: Option<Box<Series>>,
) -> (Option<wire::Recurrence>, Option<wire::Occurrence>) {
    let Some(series) = series else {
        return (None, None);
    };
    let occurrence = wire::Occurrence {
        next_commitment_id: series.next_id.unwrap_or_default(),
        series_ended: series.ended,
        ..series.occurrence.into()
    };
    (Some(series.recurrence.into()), Some(occurrence))
}
