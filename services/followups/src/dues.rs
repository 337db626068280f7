//! Dues explained: what one would be, and why one is when it is.

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{Clock, Commitment, Target};
use aftercall_domain::due::{
    CalendarRef, Calendars, DueExplained, DueResolution, Resolved, Telling,
};
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, FieldPath, Violations, Warning, WarningReason};
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::due::{self as convert, working};
use aftercall_proto::convert::time;
use aftercall_proto::followups::v1::{
    ExplainDueRequest, ExplainDueResponse, PreviewDueRequest, PreviewDueResponse,
};
use aftercall_proto::model::v1::{CommitmentClock, Reschedule, Turn, TurnShare};
use aftercall_service::{Call, Checker, Including, Unread};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::{keys, stored};

/// Answers which instant a due would be.
pub(crate) async fn preview(
    followups: &Followups,
    call: Call<PreviewDueRequest>,
) -> Result<PreviewDueResponse, Refused> {
    let until = call.read_until();
    let tenant_id = call.tenant_id().to_owned();
    let PreviewDueRequest {
        due,
        time_zone,
        occurred_at,
        min_position,
        latest,
    } = call.message;
    let at = FieldPath::of("due");
    let mut checker = Checker::new();
    let occurred_at = checker.time("occurred_at", occurred_at.as_ref());
    let Some(due) = due else {
        checker.found().required(at);
        return Err(checker.into_found().into());
    };
    let spec = convert::read(due, &time_zone, at, checker.found());
    let found = checker.into_found();
    let spec = match spec {
        Some(spec) if found.is_empty() => spec,
        _ => return Err(found.into()),
    };
    let including = Including {
        min_position: &min_position,
        latest,
    };
    let reading = followups.settings();
    let through = reading.store_at(including, until).await?;
    let told_at = occurred_at.unwrap_or_else(|| followups.clock().now());
    let calendars = followups.calendars().clone();
    let reckon = move |_: &Store| {
        let at = FieldPath::of("due");
        let calendars = calendars.all(&tenant_id, spec.calendar_id())?;
        let telling = Telling {
            occurred_at: told_at,
            is_import: false,
        };
        let Resolved {
            at,
            resolution,
            warnings,
        } = spec.resolve(at, telling, &calendars)?;
        let calendar = spec.calendar_id().and_then(|id| calendars.calendar(id));
        Ok::<_, Refused>((resolution.explain(told_at, at, calendar), warnings))
    };
    let (explained, warnings) = reading.run(reckon).await?;
    let warnings = warnings.into_iter().map(|odd| Warning {
        field: "due".to_owned(),
        reason: WarningReason::Due(odd),
        count: 1,
        detail: String::new(),
    });
    Ok(PreviewDueResponse {
        promised_by: Some(time::to_wire(explained.at)),
        working: Some(working(explained)),
        warnings: warnings.map(Into::into).collect(),
        complete_through: through.encode(reading.log_identity()),
    })
}

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
                let told_at = told_at(store, tenant_id, (&promise, whose))?;
                let (since, resolution) = since(&promise, told_at);
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
        complete_through: through.encode(reading.log_identity()),
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

/// When the customer was told the due in force, if that was not when the promise was made.
fn told_at(
    store: &Store,
    tenant_id: &str,
    (promise, whose): (&Commitment, u64),
) -> Result<Option<Timestamp>, Refused> {
    if promise.due_revision == 1 {
        return Ok(None);
    }
    let moves = keys::moves(tenant_id, &promise.commitment_id, whose);
    for entry in store.scan_prefix(moves, Direction::Descending) {
        let moved = Reschedule::decode(entry?.1).map_err(ApplyError::record)?;
        if moved.clock() == CommitmentClock::Promise {
            return Ok(moved.rescheduled_at.as_ref().and_then(time::from_wire));
        }
    }
    Ok(None)
}

/// Since when the clock of the promise runs, and by what it was reckoned: the first due since the contact, as it
/// was told; another one since they were told it, by any time.
fn since(promise: &Commitment, told_at: Option<Timestamp>) -> (Timestamp, DueResolution) {
    match (told_at, &promise.due) {
        (Some(told_at), _) => (told_at, DueResolution::now(None)),
        (None, None) => (promise.made_at, DueResolution::now(None)),
        (None, Some(told)) => (promise.made_at, told.resolution.clone()),
    }
}
