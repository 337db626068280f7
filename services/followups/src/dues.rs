//! Dues explained: what one would be, and why one is when it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::Commitment;
use aftercall_domain::due::{DueExplained, DueResolution, Resolved, Telling, explain_any};
use aftercall_domain::{CommitmentId, FieldPath, Warning, WarningReason};
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::due::{self as convert, working};
use aftercall_proto::convert::time;
use aftercall_proto::followups::v1::{
    ExplainDueRequest, ExplainDueResponse, PreviewDueRequest, PreviewDueResponse,
};
use aftercall_service::{Call, Checker, Including, Unread};
use aftercall_view::Store;

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
        let resolved = spec.resolve(at, telling(told_at), &calendars)?;
        let calendar = calendar_of(&resolved, &calendars);
        Ok::<_, Refused>((resolved.explain(told_at, calendar), resolved))
    };
    let (explained, resolved) = reading.run(reckon).await?;
    let warnings = resolved.warnings.into_iter().map(|odd| Warning {
        field: "due".to_owned(),
        reason: WarningReason::Due(odd),
        count: 1,
    });
    Ok(PreviewDueResponse {
        promised_by: Some(time::to_wire(resolved.at)),
        working: Some(working(explained)),
        warnings: warnings.map(Into::into).collect(),
        complete_through: through.encode(reading.log_identity()),
    })
}

const fn telling(occurred_at: jiff::Timestamp) -> Telling<'static> {
    Telling {
        occurred_at,
        is_import: false,
        open_hours: None,
    }
}

fn calendar_of<'a>(
    resolved: &Resolved,
    calendars: &'a BTreeMap<String, Arc<Calendar>>,
) -> Option<&'a Calendar> {
    let used = resolved.calendar.as_ref()?;
    calendars.get(&used.calendar_id).map(|calendar| &**calendar)
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
        let used = promise.due.as_ref().map(|told| &told.resolution);
        let calendar = match used.and_then(|used| used.calendar.as_ref()) {
            None => None,
            // The ledger is ahead of this view: what the promise was reckoned by is there.
            Some(used) => calendars.as_of(tenant_id, used).map_err(Unread::from)?,
        };
        let explained = explained(&promise, used, calendar.as_ref());
        Ok::<_, Refused>((promise, explained))
    };
    let (promise, explained) = reading.run(find).await?;
    Ok(ExplainDueResponse {
        commitment: Some(to_wire(promise, followups.clock().now())),
        working: Some(working(explained)),
        complete_through: through.encode(reading.log_identity()),
    })
}

/// The working behind the due in force.
fn explained(
    promise: &Commitment,
    used: Option<&DueResolution>,
    calendar: Option<&Calendar>,
) -> DueExplained {
    match (promise.reschedules.last(), used) {
        (Some(moved), _) => explain_any(moved.at, promise.promised_by),
        (None, None) => explain_any(promise.made_at, promise.promised_by),
        (None, Some(used)) => {
            let resolved = Resolved {
                at: promise.promised_by,
                calendar: used.calendar.clone(),
                time_zone_version: used.time_zone_version.clone(),
                warnings: Vec::new(),
            };
            resolved.explain(promise.made_at, calendar)
        }
    }
}
