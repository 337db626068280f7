//! What stands in the view's store, and how it is read back.

use aftercall_domain::alert::{Alert, Subject};
use aftercall_domain::commitment::Commitment;
use aftercall_domain::concern::Concern;
use aftercall_domain::{CommitmentId, Scope};
use aftercall_log::Position;
use aftercall_proto::convert;
use aftercall_proto::envelope::{contact_key, customer_key};
use aftercall_proto::event::v1::LogPlace;
use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Store, StoreError};
use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use crate::keys::concerns::{self, Named};
use crate::keys::{self, AlertPlace};
use crate::projection::concerns::Noticed;

/// The promise as the store keeps it.
pub(crate) fn encode_commitment(commitment: Commitment) -> Vec<u8> {
    convert::commitment::to_row(commitment)
}

/// One promise; `get` reads the store, or the store as a batch will leave it.
pub(crate) fn commitment(
    tenant_id: &str,
    commitment_id: &str,
    whose: u64,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<Commitment>, ApplyError> {
    let found = get(&keys::commitment(tenant_id, commitment_id, whose))?;
    found.map(decode_commitment).transpose()
}

/// The log key of a promise, and of all that becomes of it: the one that its contact was recorded
/// under.
pub(crate) fn log_key(
    store: &Store,
    tenant_id: &str,
    commitment: &Commitment,
    whose: u64,
) -> Result<Bytes, StoreError> {
    let moved = store.get(keys::log_key(tenant_id, &commitment.commitment_id, whose))?;
    Ok(moved.unwrap_or_else(|| {
        let customer_id = commitment.customer_id.as_deref().unwrap_or_default();
        contact_key(tenant_id, customer_id, &commitment.interaction_id)
    }))
}

/// The promise within somebody's scope that they mean by an id, and whose it is by its log key. If the id was
/// given for two customers, it is the one that is open, of those the one that was recorded first.
pub(crate) fn meant(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    commitment_id: &CommitmentId,
) -> Result<Option<(Commitment, u64)>, ApplyError> {
    let all = keys::commitments(tenant_id, commitment_id.as_str());
    let mut meant: Option<(Commitment, u64)> = None;
    let order = |one: &Commitment| (!one.is_open(), one.recorded_at);
    for entry in store.scan_prefix(all, Direction::Ascending) {
        let (key, row) = entry?;
        let next = decode_commitment(row)?;
        let first = meant.as_ref();
        let is_first = first.is_none_or(|(meant, _)| order(&next) < order(meant));
        if is_first && scope.admits(next.parties()) {
            let whose = key
                .last_chunk()
                .map_or(0, |whose| u64::from_be_bytes(*whose));
            meant = Some((next, whose));
        }
    }
    Ok(meant)
}

/// A concern in its latest episode; `get` reads the store, or the store as a batch will leave it.
pub(crate) fn concern(
    named: &Named,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<Concern>, ApplyError> {
    let found = get(&named.key())?;
    let found = found.map(convert::concern::from_row).transpose();
    found.map_err(ApplyError::record)
}

/// The log key of a concern, and of all that becomes of it: that of its contact, or of its customer.
pub(crate) fn concern_key(
    store: &Store,
    named: &Named,
    concern: &Concern,
) -> Result<Bytes, ApplyError> {
    let tenant_id = &named.tenant_id;
    if let Subject::SlipUps(slips) = &concern.raised.subject {
        return Ok(customer_key(tenant_id, &slips.customer_id));
    }
    let noticed = concerns::noticed(tenant_id, &named.subject_id, named.whose);
    let noticed = store.get(noticed)?.map(Noticed::decode_row).transpose()?;
    Ok(noticed.map_or_else(
        || {
            let customer_id = concern.customer_id.as_deref().unwrap_or_default();
            contact_key(tenant_id, customer_id, &named.subject_id)
        },
        |noticed| noticed.log_key,
    ))
}

/// What an alert is about, and holds its state.
#[derive(Debug)]
pub(crate) enum Alerted {
    /// A promise.
    Promise(Box<Commitment>),
    /// A contact, or a customer.
    Concern(Named, Box<Concern>),
}

/// What within somebody's scope an alert is about, and which alert of it.
pub(crate) fn alerted(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    alert_id: Uuid,
) -> Result<Option<(Alerted, AlertPlace)>, ApplyError> {
    let list = keys::alert_id(tenant_id, alert_id);
    for entry in store.scan_prefix(list.clone(), Direction::Ascending) {
        let (key, _) = entry?;
        let place = AlertPlace::read(&mut Parts::new(&key[list.len()..]));
        let place = place.map_err(ApplyError::record)?;
        let get = |key: &[u8]| store.get(key);
        if place.rule.is_of_concerns() {
            let named = Named {
                tenant_id: tenant_id.to_owned(),
                subject_id: place.subject_id.clone(),
                whose: place.whose,
                rule: place.rule,
            };
            let found = concern(&named, get)?;
            let found = found.filter(|found| scope.admits(found.raised.parties.iter()));
            if let Some(found) = found {
                return Ok(Some((Alerted::Concern(named, Box::new(found)), place)));
            }
            continue;
        }
        let found = commitment(tenant_id, &place.subject_id, place.whose, get)?;
        if let Some(found) = found.filter(|found| scope.admits(found.parties())) {
            return Ok(Some((Alerted::Promise(Box::new(found)), place)));
        }
    }
    Ok(None)
}

pub(crate) fn decode_commitment(bytes: Bytes) -> Result<Commitment, ApplyError> {
    convert::commitment::from_row(bytes).map_err(ApplyError::record)
}

/// Where a record stands, as the store keeps it.
pub(crate) fn encode_position(at: Position) -> Vec<u8> {
    let Position { partition, offset } = at;
    LogPlace { partition, offset }.encode_to_vec()
}

/// What [`encode_position`] wrote.
pub(crate) fn decode_position(bytes: Bytes) -> Result<Position, ApplyError> {
    let LogPlace { partition, offset } = LogPlace::decode(bytes).map_err(ApplyError::record)?;
    Ok(Position { partition, offset })
}

/// An alert.
pub(crate) fn decode_alert(bytes: Bytes) -> Result<Alert, ApplyError> {
    convert::alert::from_row(bytes).map_err(ApplyError::record)
}

/// The alerts that one record changed, as it left them.
pub(crate) fn decode_changed(bytes: Bytes) -> Result<Vec<Alert>, ApplyError> {
    convert::alert::from_rows(bytes).map_err(ApplyError::record)
}
