//! Dues explained: what one would be, and why one is when it is.

mod preview;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{Clock, Commitment, Target};
use aftercall_domain::due::{CalendarRef, DueExplained, DueResolution};
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, Violations};
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::due::{self as convert, working};
use aftercall_proto::convert::time;
use aftercall_proto::followups::v1::{ExplainDueRequest, ExplainDueResponse};
use aftercall_proto::model::v1::{CommitmentClock, Reschedule, Turn, TurnShare};
use aftercall_service::{Call, Checker, Including, Unread};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::{keys, stored};

pub(crate) use preview::preview;

/// Answers why a promise is due when it is.
pub(crate) async fn explain(
    followups: &Followups,
    call: Call<ExplainDueRequest>,
) -> Result<ExplainDueResponse, Refused> {
    let ExplainDueRequest {
        commitment_id,
        min_position,
        latest,
        clock,
    } = &call.message;
    let mut checker = Checker::new();
    checker.required_id("commitment_id", commitment_id);
    let clock = checker.choice::<CommitmentClock, Clock>("clock", *clock);
    checker.done(())?;
    let including = Including {
        min_position,
        latest: *latest,
    };
    let reading = followups.reading();
    let through = reading.store_at(including, call.read_until()).await?;
    let (calendars, scope) = (followups.calendars().clone(), call.scope());
    let find = move |store: &Store| {
        let id = CommitmentId::read(&call.message.commitment_id);
        let tenant_id = call.tenant_id();
        let found = stored::meant(store, (tenant_id, &scope), &id)?;
        let (promise, whose) = found.ok_or(Refused::NotFound)?;
        // The ledger is ahead of this view: what the promise was reckoned by is there.
        let as_of = |used: Option<&CalendarRef>| match used {
            None => Ok(None),
            Some(used) => calendars.as_of(tenant_id, used).map_err(Unread::from),
        };
        let usual = match promise.told_to_customer {
            true => Clock::Promise,
            false => Clock::Internal,
        };
        let explained = match clock.unwrap_or(usual) {
            Clock::Promise => {
                let moved = moved(store, tenant_id, (&promise, whose))?;
                let (since, resolution) = moved.unwrap_or_else(|| since(&promise));
                let calendar = as_of(resolution.calendar.as_ref())?;
                resolution.explain(since, promise.promised_by, calendar.as_ref())
            }
            Clock::Internal => {
                let target = promise.target.as_ref().ok_or_else(no_target)?;
                own(&promise, target, as_of)?
            }
        };
        Ok::<_, Refused>((promise, explained))
    };
    let (promise, explained) = reading.run(find).await?;
    let now = followups.clock().now();
    let shares = promise
        .shares(now)
        .into_iter()
        .map(|(turn, took)| TurnShare {
            turn: Turn::from(turn).into(),
            took: Some(convert::duration_to_wire(took)),
        });
    Ok(ExplainDueResponse {
        shares: shares.collect(),
        commitment: Some(to_wire(promise, now)),
        working: Some(working(explained)),
        complete_through: through.position(reading.log_identity()),
        complete_through_at: through.time(),
    })
}

/// Why our own due is when it is, as it stands: a pause that lasts has not moved it yet.
fn own(
    promise: &Commitment,
    target: &Target,
    as_of: impl Fn(Option<&CalendarRef>) -> Result<Option<Calendar>, Unread>,
) -> Result<DueExplained, Refused> {
    let by_anybody = || DueResolution::now(None).explain(target.from, target.at, None);
    let Some(internal) = target.internal(&promise.pauses) else {
        return Ok(by_anybody());
    };
    let calendar = as_of(Some(&internal.calendar))?;
    let explained = calendar.and_then(|calendar| internal.explain(&calendar).ok().flatten());
    Ok(explained.unwrap_or_else(by_anybody))
}

fn no_target() -> Refused {
    let mut found = Violations::new();
    let text = "the promise has no due of our own; ask for the PROMISE's, or leave it out";
    found.add("clock", Reason::NotFound, text);
    found.into()
}

/// From when the due in force is reckoned, and by what, if the customer was told another one than when the promise was
/// made.
fn moved(
    store: &Store,
    tenant_id: &str,
    (promise, whose): (&Commitment, u64),
) -> Result<Option<(Timestamp, DueResolution)>, Refused> {
    if promise.due_revision == 1 {
        return Ok(None);
    }
    let moves = keys::moves(tenant_id, &promise.commitment_id, whose);
    for entry in store.scan_prefix(moves, Direction::Descending) {
        let moved = Reschedule::decode(entry?.1).map_err(ApplyError::record)?;
        if moved.clock() == CommitmentClock::Promise {
            let told_at = moved.told_at.or(moved.rescheduled_at);
            let resolution = moved.due_resolution.map(DueResolution::from);
            let resolution = resolution.unwrap_or_else(|| DueResolution::now(None));
            let told_at = told_at.as_ref().and_then(time::from_wire);
            return Ok(told_at.map(|told_at| (told_at, resolution)));
        }
    }
    Ok(None)
}

/// Since when the clock of a promise runs that was never moved, and by what it was reckoned: since the contact, as it
/// was told.
fn since(promise: &Commitment) -> (Timestamp, DueResolution) {
    let resolution = match &promise.due {
        None => DueResolution::now(None),
        Some(told) => told.resolution.clone(),
    };
    (promise.made_at, resolution)
}
