//! What stands in the view's store about who is told, and how it is read back.

use aftercall_domain::alert::Alert;
use aftercall_domain::routing::{Book, Held, Hold, Route};
use aftercall_log::Position;
use aftercall_proto::convert::routing::{route_from_row, route_to_row};
use aftercall_proto::convert::time::{from_wire, to_wire};
use aftercall_proto::event::v1::LogPlace;
use aftercall_proto::model::v1::NotificationHold;
use aftercall_view::{ApplyError, StoreError};
use bytes::Bytes;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use prost::Message;
use uuid::Uuid;

use super::keys;
use crate::keys::AlertPlace;
use crate::stored;

/// How far a tenant's decisions are.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Standing {
    /// The sequence of the latest, and where it stands.
    #[prost(uint64, tag = "1")]
    pub(super) version: u64,
    #[prost(message, optional, tag = "2")]
    pub(super) decided_at: Option<LogPlace>,
    /// The environment in which they are told.
    #[prost(string, tag = "3")]
    pub(super) environment: String,
}

/// What a receiver was told lately.
#[derive(Clone, PartialEq, Message)]
struct BookRow {
    #[prost(message, repeated, tag = "1")]
    told_at: Vec<WireTimestamp>,
    #[prost(message, optional, tag = "2")]
    digest_at: Option<WireTimestamp>,
}

/// What is held.
#[derive(Clone, PartialEq, Message)]
struct HeldRow {
    #[prost(enumeration = "NotificationHold", tag = "1")]
    by: i32,
    #[prost(bool, tag = "2")]
    over: bool,
}

/// Where a record stands, as rows say it.
pub(super) const fn place(at: Position) -> LogPlace {
    LogPlace {
        partition: at.partition,
        offset: at.offset,
    }
}

pub(super) fn standing(
    tenant_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Standing, ApplyError> {
    let found = get(&keys::standing(tenant_id))?;
    let found = found.map(Standing::decode).transpose();
    Ok(found.map_err(ApplyError::record)?.unwrap_or_default())
}

/// What was decided of an alert, with nothing held.
pub(super) fn route(
    tenant_id: &str,
    alert_id: Uuid,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Route, ApplyError> {
    let found = get(&keys::route(tenant_id, alert_id))?;
    let found = found.map(route_from_row).transpose();
    Ok(found.map_err(ApplyError::record)?.unwrap_or_default())
}

pub(super) fn encode_route(route: Route) -> Vec<u8> {
    route_to_row(route)
}

/// What a receiver was told lately.
pub(super) fn book(
    tenant_id: &str,
    receiver_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Book, ApplyError> {
    let found = get(&keys::book(tenant_id, receiver_id))?;
    let found = found.map(BookRow::decode).transpose();
    let row = found.map_err(ApplyError::record)?.unwrap_or_default();
    Ok(Book {
        told_at: row.told_at.iter().filter_map(from_wire).collect(),
        digest_at: row.digest_at.as_ref().and_then(from_wire),
    })
}

pub(super) fn encode_book(book: &Book) -> Vec<u8> {
    let wire = |at: &Timestamp| to_wire(*at);
    let row = BookRow {
        told_at: book.told_at.iter().map(wire).collect(),
        digest_at: book.digest_at.as_ref().map(wire),
    };
    row.encode_to_vec()
}

pub(super) fn decode_held(row: Bytes) -> Result<Held, ApplyError> {
    let row = HeldRow::decode(row).map_err(ApplyError::record)?;
    Ok(Held {
        by: row.by().try_into().unwrap_or(Hold::Late),
        over: row.over,
    })
}

pub(super) fn encode_held(held: &Held) -> Vec<u8> {
    let row = HeldRow {
        by: NotificationHold::from(held.by).into(),
        over: held.over,
    };
    row.encode_to_vec()
}

/// An alert at its place.
pub(super) fn alert(
    tenant_id: &str,
    place: &AlertPlace,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<Alert>, ApplyError> {
    let found = get(&place.key(tenant_id))?;
    found.map(stored::decode_alert).transpose()
}
