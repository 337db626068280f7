//! Answers that are put together from parts that are encoded already: the same bytes on the wire as
//! the generated messages, without decoding what a view stores only to encode it again.

use bytes::Bytes;

/// A page of a customer's timeline: `aftercall.history.v1.ListTimelineResponse` with each entry as
/// the bytes of an `aftercall.history.v1.TimelineEntry`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ListTimelineResponse {
    /// The entries, encoded, the latest first.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub entries: Vec<Bytes>,
    /// For the next page; empty at the end.
    #[prost(string, tag = "2")]
    pub next_page_token: String,
    /// The position that the answer is complete through.
    #[prost(string, tag = "3")]
    pub complete_through: String,
    /// How many there are in all, if it was asked for.
    #[prost(uint64, optional, tag = "4")]
    pub total_size: Option<u64>,
    /// Whether counting ended early.
    #[prost(bool, tag = "5")]
    pub total_size_is_lower_bound: bool,
    /// The time that it is complete through.
    #[prost(message, optional, tag = "20")]
    pub complete_through_at: Option<pbjson_types::Timestamp>,
}

#[allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::too_many_lines,
    rustdoc::all,
    reason = "generated; the protos carry the documentation"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/encoded/aftercall.history.v1.rs"));
}

pub use generated::history_service_server;
