//! What is odd about a due, told with the answer to the request that gave it.
//!
//! It follows from what the answer itself says of the due, and from the calendars as they were: so a request that is sent
//! again is told the same, and nothing of it has to be kept.

use aftercall_domain::commitment::{Rescheduled, Target};
use aftercall_domain::due::GivenDue;
use aftercall_domain::{Warning, WarningReason};
use aftercall_ledger::Calendars;
use aftercall_proto::convert::due::told_from_wire;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::Commitment;
use aftercall_service::Unread;
use aftercall_view::ApplyError;

/// About the due of a promise that was just made.
pub(crate) fn of_made(
    promise: &Commitment,
    (tenant_id, calendars): (&str, &Calendars),
) -> Result<Vec<Warning>, Unread> {
    let times = (&promise.made_at, &promise.promised_by);
    let (Some(made_at), Some(promised_by)) = (
        times.0.as_ref().and_then(from_wire),
        times.1.as_ref().and_then(from_wire),
    ) else {
        return Ok(Vec::new());
    };
    let ours = promise.target.clone().map(Target::try_from).transpose();
    let ours = ours.map_err(ApplyError::record)?.map(|target| {
        let calendar = target.reckoned.map(|reckoned| reckoned.calendar);
        (target.at, calendar)
    });
    let given = GivenDue {
        told_at: made_at,
        at: promised_by,
        said: told_from_wire(promise.due.clone(), promise.due_resolution.clone()),
        told_to_customer: promise.told_to_customer,
        promised_by,
        ours,
    };
    told(&given, (tenant_id, calendars))
}

/// About the due to which a promise was just moved.
pub(crate) fn of_moved(
    promise: &Commitment,
    (tenant_id, calendars): (&str, &Calendars),
) -> Result<Vec<Warning>, Unread> {
    let latest = promise.reschedules.iter().max_by_key(|moved| moved.number);
    let promised_by = promise.promised_by.as_ref().and_then(from_wire);
    let (Some(latest), Some(promised_by)) = (latest, promised_by) else {
        return Ok(Vec::new());
    };
    let moved = Rescheduled::try_from(latest.clone()).map_err(ApplyError::record)?;
    told(&moved.given(promised_by), (tenant_id, calendars))
}

/// The warnings, at the field with which the due was given.
fn told(
    given: &GivenDue,
    (tenant_id, calendars): (&str, &Calendars),
) -> Result<Vec<Warning>, Unread> {
    let field = match given.said {
        Some(_) => "due",
        None => "promised_by",
    };
    let odd = given.warnings(|calendar| calendars.as_of(tenant_id, calendar))?;
    let odd = odd.into_iter().map(|odd| Warning {
        field: field.to_owned(),
        reason: WarningReason::Due(odd),
        count: 1,
        detail: String::new(),
    });
    Ok(odd.collect())
}
