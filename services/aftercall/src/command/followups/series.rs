//! Promises that recur.

use aftercall_proto::followups::v1::EndRecurrenceRequest;
use aftercall_proto::model::v1::{CatchUp, Commitment, Recurrence, RecurrenceMode};

use super::batch::{Target, act};
use crate::command::{CommandError, Session};
use crate::output::{Card, Times, When, label, values};

/// How something is promised again and again.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct RecurArgs {
    /// Promised again and again, by this recurrence rule, such as FREQ=WEEKLY;BYDAY=MO, in your time zone: the due is
    /// its first time
    #[arg(long, value_name = "RRULE")]
    every: Option<String>,
    /// What the next one is made by: the end of the last one, or its due by the rule; left out, its end
    #[arg(long, requires = "every", value_parser = values::<RecurrenceMode>())]
    next_by: Option<i32>,
    /// None is due after this: "2026-11-22 17:00" in your own time zone, or `30d`; left out, after three years
    #[arg(
        long,
        value_name = "TIME",
        requires = "every",
        conflicts_with = "times"
    )]
    until: Option<When>,
    /// How many times the rule has
    #[arg(long, value_name = "N", requires = "every")]
    times: Option<u32>,
    /// What is made of the times that passed before their promise was made; left out, nothing
    #[arg(long, requires = "every", value_parser = values::<CatchUp>())]
    catch_up: Option<i32>,
    /// How many may be open at once; left out, 3
    #[arg(long, value_name = "N", requires = "every")]
    max_open: Option<u32>,
}

impl RecurArgs {
    /// The recurrence as requests say it, if there is one.
    pub(super) fn read(self, session: &Session) -> Result<Option<Recurrence>, CommandError> {
        let Some(rrule) = self.every else {
            return Ok(None);
        };
        let by_end = RecurrenceMode::Sequential.into();
        Ok(Some(Recurrence {
            rrule,
            time_zone: session.output.times().zone_name(),
            mode: self.next_by.unwrap_or(by_end),
            until: session.optional_instant(self.until.as_ref())?,
            count: self.times.unwrap_or_default(),
            catch_up: self.catch_up.unwrap_or_default(),
            max_open: self.max_open.unwrap_or_default(),
        }))
    }
}

/// Which series end.
#[derive(Debug, clap::Args)]
pub struct EndSeriesArgs {
    /// Any promise of the series; several, of as many series
    #[command(flatten)]
    target: Target,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Ends a series, and prints its latest promise.
pub(super) async fn end(session: &mut Session, args: EndSeriesArgs) -> Result<(), CommandError> {
    let request = EndRecurrenceRequest {
        reason: args.reason,
        ..EndRecurrenceRequest::default()
    };
    act(session, args.target, request).await
}

/// The part of a promise's card that tells of its series and its plan.
pub(crate) fn of_series(commitment: &Commitment, times: &Times, card: &mut Card) {
    if let Some(recurrence) = &commitment.recurrence {
        let how = format!("{}, {}", recurrence.rrule, recurrence.time_zone);
        let until = times.minute(recurrence.until.as_ref());
        card.field("again", how)
            .field("the next by", label::<RecurrenceMode>(recurrence.mode))
            .field("until", until)
            .field("catches up", label::<CatchUp>(recurrence.catch_up));
    }
    if let Some(place) = &commitment.occurrence {
        let ended = if place.series_ended { ", the last" } else { "" };
        let place_no = format!("{}{ended}", place.occurrence_no);
        card.field("of series", &place.series_id)
            .field("occurrence", place_no)
            .field("next one", &place.next_commitment_id);
    }
    let step = match commitment.step_no {
        0 => commitment.plan_id.clone(),
        step => format!("{}, step {step}", commitment.plan_id),
    };
    card.field("plan", step);
}
