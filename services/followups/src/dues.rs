//! Dues explained: what one would be, and why one is when it is.

use aftercall_domain::commitment::Commitment;
use aftercall_domain::due::{Calendars, DueResolution, Resolved, Telling};
use aftercall_domain::{CommitmentId, FieldPath, Warning, WarningReason};
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::due::{self as convert, working};
use aftercall_proto::convert::time;
use aftercall_proto::followups::v1::{
    ExplainDueRequest, ExplainDueResponse, PreviewDueRequest, PreviewDueResponse,
};
use aftercall_service::{Call, Checker, Including, Unread};
use aftercall_view::Store;
use jiff::Timestamp;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::stored;

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
            open_hours: None,
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
    } = &call.message;
    let mut checker = Checker::new();
    checker.required_id("commitment_id", commitment_id);
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
        let (promise, _) = found.ok_or(Refused::NotFound)?;
        let (since, resolution) = since(&promise);
        let calendar = match &resolution.calendar {
            None => None,
            // The ledger is ahead of this view: what the promise was reckoned by is there.
            Some(used) => calendars.as_of(tenant_id, used).map_err(Unread::from)?,
        };
        let explained = resolution.explain(since, promise.promised_by, calendar.as_ref());
        Ok::<_, Refused>((promise, explained))
    };
    let (promise, explained) = reading.run(find).await?;
    Ok(ExplainDueResponse {
        commitment: Some(to_wire(promise, followups.clock().now())),
        working: Some(working(explained)),
        complete_through: through.encode(reading.log_identity()),
    })
}

/// Since when the clock of the due in force runs, and by what it was reckoned: the first one since the contact, as it was
/// told; one that was moved since the move, by any time.
fn since(promise: &Commitment) -> (Timestamp, DueResolution) {
    match (promise.reschedules.last(), &promise.due) {
        (Some(moved), _) => (moved.at, DueResolution::now(None)),
        (None, None) => (promise.made_at, DueResolution::now(None)),
        (None, Some(told)) => (promise.made_at, told.resolution.clone()),
    }
}
