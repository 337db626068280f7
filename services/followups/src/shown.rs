//! One promise in full: with the contacts that may keep it, and those that it caused.

use std::cmp::Reverse;

use aftercall_domain::commitment::Commitment;
use aftercall_domain::interaction::Direction;
use aftercall_domain::limits::PROPOSED_EVIDENCE_MAX;
use aftercall_domain::{CommitmentId, Scope};
use aftercall_proto::convert::commitment;
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::model::v1 as wire;
use aftercall_view::{ApplyError, Direction as Order, Store};
use jiff::Timestamp;

use crate::keys::{MERGED, contacts, matched};
use crate::projection::contacts::Short;
use crate::{repeats, stored};

/// How many of a customer's contacts are looked at for those that may keep a promise.
const LOOKED_AT_MAX: usize = 50;

/// The promise that is meant, if it is within somebody's scope.
pub(crate) fn in_full(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    commitment_id: &CommitmentId,
    now: Timestamp,
) -> Result<Option<wire::Commitment>, ApplyError> {
    let meant = stored::meant(store, (tenant_id, scope), commitment_id)?;
    let Some((promise, _)) = meant else {
        return Ok(None);
    };
    let proposed = proposed(store, (tenant_id, scope), &promise)?;
    let (caused_contacts_count, latest) = repeats::caused_by(store, tenant_id, &promise)?;
    let mut caused_contact_ids = Vec::new();
    for repeat in latest {
        if is_shown(store, (tenant_id, scope), &repeat.interaction_id)? {
            caused_contact_ids.push(repeat.interaction_id);
        }
    }
    Ok(Some(wire::Commitment {
        proposed_evidence: proposed,
        caused_contact_ids,
        caused_contacts_count,
        ..commitment::to_wire(promise, now)
    }))
}

/// Whether a contact is within somebody's scope: to them there are no others.
fn is_shown(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    interaction_id: &str,
) -> Result<bool, ApplyError> {
    if scope.is_all() {
        return Ok(true);
    }
    let named = contacts::contacts(tenant_id, interaction_id);
    for entry in store.scan_prefix(named, Order::Ascending) {
        if scope.admits(Short::decode_row(entry?.1)?.parties()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The latest outbound contacts with the promise's customer since it was made, which may keep it.
fn proposed(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    promise: &Commitment,
) -> Result<Vec<wire::ProposedEvidence>, ApplyError> {
    let Some(customer_id) = promise.customer_id.as_ref().filter(|_| promise.is_open()) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<(i64, String, Short)> = Vec::new();
    for customer_id in MERGED.customers(store, tenant_id, customer_id)? {
        let list = contacts::contacts_of(tenant_id, &customer_id, Direction::Outbound);
        let from = list.clone().time(microseconds(promise.made_at));
        let to = list.clone().time(i64::MAX);
        let latest = store.scan_range(from, Some(&to), Order::Descending);
        for entry in latest.take(LOOKED_AT_MAX) {
            let (key, _) = entry?;
            let (id, whose) = contacts::read_contact_of(&key, &list).map_err(ApplyError::record)?;
            let counted = matched::counted(tenant_id, &promise.commitment_id, &id);
            if id == promise.interaction_id || store.get(counted)?.is_some() {
                continue;
            }
            let short = store.get(contacts::contact(tenant_id, &id, whose))?;
            let short = short.map(Short::decode_row).transpose()?;
            if let Some(short) = short.filter(|short| scope.admits(short.parties())) {
                found.push((short.began_at_us, id, short));
            }
        }
    }
    found.sort_by_key(|(at_us, id, _)| (Reverse(*at_us), id.clone()));
    found.truncate(PROPOSED_EVIDENCE_MAX);
    let proposed = found.into_iter().map(|(at_us, interaction_id, short)| {
        let at = Timestamp::from_microsecond(at_us);
        wire::ProposedEvidence {
            interaction_id,
            occurred_at: at.ok().map(to_wire),
            agent_id: short.agent_id,
        }
    });
    Ok(proposed.collect())
}
