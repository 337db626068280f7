//! What callers say of promises that recur, and the ids of their later promises.

use aftercall_domain::interaction::occurrence_commitment_id;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::contact_key;
use aftercall_proto::followups::v1::EndRecurrenceRequest;
use aftercall_proto::model::v1::{CatchUp, Recurrence, RecurrenceMode};

use super::{at, contact_id, customer_id, promise_id, request_id, tenant_id};
use crate::plan::{CatchingUp, Change, Ends, Every, Later, Recurs, Tenant};

/// By whose clocks series are followed: those that leap in the second night of every simulation.
const ZONE: &str = "Europe/Berlin";

/// Why a series is ended.
const REASON: &str = "the part is there";

pub(crate) fn recurrence(recurs: Recurs) -> Recurrence {
    let freq = match recurs.every {
        Every::Hour => "HOURLY",
        Every::Day => "DAILY",
        Every::Week => "WEEKLY",
        Every::Month => "MONTHLY",
    };
    let mut rrule = format!("FREQ={freq}");
    if recurs.interval > 1 {
        rrule = format!("{rrule};INTERVAL={}", recurs.interval);
    }
    let (mut until, mut count) = (None, 0);
    match (recurs.ends, recurs.ends_in_rule) {
        (Ends::Never, _) => {}
        (Ends::After { count }, true) => rrule = format!("{rrule};COUNT={count}"),
        (Ends::After { count: times }, false) => count = times.into(),
        (Ends::At { minutes }, true) => {
            let until = from_wire(&at(minutes)).unwrap_or_default();
            rrule = format!("{rrule};UNTIL={}", until.strftime("%Y%m%dT%H%M%SZ"));
        }
        (Ends::At { minutes }, false) => until = Some(at(minutes)),
    }
    let mode = match recurs.is_independent {
        true => RecurrenceMode::Independent,
        false => RecurrenceMode::Sequential,
    };
    let catch_up = match recurs.catch_up {
        CatchingUp::Skip => CatchUp::Skip,
        CatchingUp::CollapseToOne => CatchUp::CollapseToOne,
        CatchingUp::All => CatchUp::All,
    };
    Recurrence {
        rrule,
        time_zone: ZONE.to_owned(),
        mode: mode.into(),
        until,
        count,
        catch_up: catch_up.into(),
        max_open: recurs.max_open.into(),
    }
}

/// The id of a later promise of a series.
pub(super) fn later_id(tenant: Tenant, later: Later) -> String {
    let customer = later.customer.map_or_else(String::new, customer_id);
    let contact = contact_id(later.contact).to_string();
    let key = contact_key(tenant_id(tenant), &customer, &contact);
    let first = promise_id(tenant, later.first());
    occurrence_commitment_id(&key, &first, later.number.into()).to_string()
}

pub(crate) fn end(tenant: Tenant, change: &Change) -> EndRecurrenceRequest {
    EndRecurrenceRequest {
        request_id: request_id(change.request),
        commitment_id: promise_id(tenant, change.promise),
        ..of_any()
    }
}

/// That a series ends, whichever it is.
pub(super) fn of_any() -> EndRecurrenceRequest {
    EndRecurrenceRequest {
        reason: REASON.to_owned(),
        ..EndRecurrenceRequest::default()
    }
}
