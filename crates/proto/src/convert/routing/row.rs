//! What was decided of an alert, as views keep it.

use aftercall_domain::routing::{Route, Seen, Told};
use pbjson_types::Timestamp;
use prost::Message;
use prost::bytes::Buf;

use super::verdict;
use crate::convert::commitment::{required, specified};
use crate::convert::{Unreadable, UnreadableRow, time};
use crate::event::v1::RoutedToNobody;
use crate::model::v1 as wire;

/// The row.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(message, optional, tag = "1")]
    seen: Option<SeenRow>,
    #[prost(message, repeated, tag = "2")]
    told: Vec<ToldRow>,
    #[prost(message, repeated, tag = "3")]
    verdicts: Vec<wire::RouteVerdict>,
    #[prost(string, tag = "4")]
    silence_id: String,
    #[prost(message, optional, tag = "5")]
    next_look_at: Option<Timestamp>,
    #[prost(uint64, tag = "6")]
    round: u64,
}

/// How the alert was.
#[derive(Clone, PartialEq, Message)]
struct SeenRow {
    #[prost(uint32, tag = "1")]
    level: u32,
    #[prost(enumeration = "wire::AlertState", tag = "2")]
    state: i32,
    #[prost(message, optional, tag = "3")]
    until: Option<Timestamp>,
    #[prost(bool, tag = "4")]
    inhibited: bool,
    #[prost(uint32, tag = "5")]
    reason_no: u32,
    #[prost(bool, tag = "6")]
    paused: bool,
    #[prost(message, optional, tag = "7")]
    to_nobody: Option<RoutedToNobody>,
}

/// Who was told, or will be.
#[derive(Clone, PartialEq, Message)]
struct ToldRow {
    #[prost(string, tag = "1")]
    receiver_id: String,
    #[prost(uint32, tag = "2")]
    level: u32,
    #[prost(message, optional, tag = "3")]
    at: Option<Timestamp>,
    #[prost(uint32, tag = "4")]
    reason_no: u32,
}

/// What was decided of an alert as a row. Whether something is still held stands elsewhere.
pub fn route_to_row(route: Route) -> Vec<u8> {
    let seen = route.seen.map(|seen| SeenRow {
        level: seen.level,
        state: wire::AlertState::from(seen.standing).into(),
        until: seen.until.map(time::to_wire),
        inhibited: seen.inhibited,
        reason_no: seen.reason_no,
        paused: seen.paused,
        to_nobody: seen.to_nobody.map(Into::into),
    });
    let told = route.told.into_iter().map(|told| ToldRow {
        receiver_id: told.receiver_id,
        level: told.level,
        at: Some(time::to_wire(told.at)),
        reason_no: told.reason_no,
    });
    let row = Row {
        seen,
        told: told.collect(),
        verdicts: route.verdicts.into_iter().map(Into::into).collect(),
        silence_id: route.silence_id,
        next_look_at: route.next_look_at.map(time::to_wire),
        round: route.round,
    };
    row.encode_to_vec()
}

/// What [`route_to_row`] wrote, with nothing held.
///
/// # Errors
/// [`UnreadableRow`] for what [`route_to_row`] didn't write.
pub fn route_from_row(row: impl Buf) -> Result<Route, UnreadableRow> {
    let row = Row::decode(row)?;
    let seen = row.seen.map(|seen| {
        Ok::<_, Unreadable>(Seen {
            level: seen.level,
            standing: specified("seen.state", seen.state())?,
            until: seen.until.as_ref().and_then(time::from_wire),
            inhibited: seen.inhibited,
            reason_no: seen.reason_no,
            paused: seen.paused,
            to_nobody: seen.to_nobody.map(Into::into),
        })
    });
    let told = row.told.into_iter().map(|told| {
        Ok::<_, Unreadable>(Told {
            level: told.level,
            reason_no: told.reason_no,
            at: required("told.at", told.at.as_ref())?,
            receiver_id: told.receiver_id,
            held: false,
        })
    });
    let verdicts = row.verdicts.into_iter().map(verdict::from_wire);
    let verdicts: Option<Vec<_>> = verdicts.collect();
    Ok(Route {
        seen: seen.transpose()?,
        told: told.collect::<Result<_, _>>()?,
        verdicts: verdicts.ok_or(Unreadable { field: "verdicts" })?,
        silence_id: row.silence_id,
        next_look_at: row.next_look_at.as_ref().and_then(time::from_wire),
        round: row.round,
    })
}
