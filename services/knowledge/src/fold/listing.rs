//! The list of all solutions: each has one row, by which filters are decided.

use aftercall_proto::model::v1::Solution;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use crate::heads::{self, Head};
use crate::keys;
use crate::records::{Facets, Listing, micros};

/// Lists a solution as its head says that it is, and no longer as `before` says.
pub(super) fn update(
    txn: &mut Txn<'_>,
    (tenant_id, solution_id): (&str, &str),
    before: &Head,
    head: &mut Head,
) -> Result<(), ApplyError> {
    let shown = heads::version(txn, tenant_id, solution_id, head.shown_version)?;
    let open = heads::version(txn, tenant_id, solution_id, head.open_version)?;
    let listed_at = match (&shown, &open) {
        (Some(shown), _) => micros(shown.published_at.as_ref()),
        (None, Some(open)) => micros(open.drafted_at.as_ref()),
        // A first version that was given up stays where it was.
        (None, None) => before.listed_at_us,
    };
    head.listed_at_us = listed_at;
    if before.sequence > 0 && before.listed_at_us != listed_at {
        txn.delete(keys::published(tenant_id, before.listed_at_us, solution_id))?;
    }
    let listing = Listing {
        shown: shown.as_ref().map(facets),
        open: open.as_ref().map(facets),
    };
    let key = keys::published(tenant_id, listed_at, solution_id);
    Ok(txn.put(key, listing.encode_to_vec())?)
}

fn facets(solution: &Solution) -> Facets {
    Facets {
        state: solution.state,
        audience: solution.audience,
        governance: solution.governance,
        client_account_id: solution.client_account_id.clone(),
        language: solution.language.clone(),
        owner_group: solution.owner_group.clone(),
        reason_code: solution.reason_code.clone(),
    }
}
