//! Records as Kafka messages: CloudEvents in the binary mode of their Kafka binding.
//!
//! | part      | holds                                                                       |
//! |-----------|-----------------------------------------------------------------------------|
//! | key       | the record's key                                                            |
//! | value     | the record's body                                                           |
//! | timestamp | `recorded_at` in milliseconds, at least 1 (librdkafka takes 0 for "now")    |
//! | headers   | `aftercall_recorded_at_us`, then those that the composition derives (`ce_*`) |
//!
//! The log's identity is a message of its own, told by the header `aftercall_log_id`; readers pass
//! over it. Its value is the identity, 16 bytes, and the number of partitions that the log was made
//! with, 4 bytes, the most significant first: with another number keys would be elsewhere.

use std::sync::Arc;

use bytes::Bytes;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::util::IntoOpaque;

use crate::{Entry, LogId, Position, Record};

const RECORDED_AT: &str = "aftercall_recorded_at_us";
const LOG_ID: &str = "aftercall_log_id";

/// The longest that all headers of a record may be together, in bytes.
pub(super) const HEADERS_BYTES_MAX: usize = 16 << 10;

/// Derives the headers of a record, by name. The log does not know what records mean; who composes
/// it does.
pub type Headers = Arc<dyn Fn(&Record) -> Vec<(&'static str, String)> + Send + Sync>;

/// What a message is.
#[derive(Debug)]
pub(super) enum Read {
    Record(Entry),
    /// The log, and how many partitions it was made with.
    Identity(LogId, u32),
    /// Nothing that we wrote.
    Foreign,
}

/// The headers that go with `record`.
pub(super) fn headers(record: &Record, derive: &Headers) -> OwnedHeaders {
    let derived = derive(record);
    let recorded_at = record.recorded_at_us.to_string();
    let mut headers = OwnedHeaders::new_with_capacity(1 + derived.len());
    headers = headers.insert(header(RECORDED_AT, &recorded_at));
    let mut bytes = 0;
    for (name, value) in &derived {
        bytes += name.len() + value.len();
        // What does not fit is left to the body, which says it all.
        if bytes <= HEADERS_BYTES_MAX {
            headers = headers.insert(header(name, value));
        }
    }
    headers
}

fn header<'a>(key: &'a str, value: &'a String) -> Header<'a, &'a String> {
    Header {
        key,
        value: Some(value),
    }
}

/// The message of `record`.
pub(super) fn of_record<'a, D: IntoOpaque>(
    topic: &'a str,
    at: i32,
    record: &'a Record,
    headers: OwnedHeaders,
    opaque: D,
) -> BaseRecord<'a, [u8], [u8], D> {
    BaseRecord::with_opaque_to(topic, opaque)
        .partition(at)
        .key(&record.key[..])
        .payload(&record.body[..])
        .timestamp(millis(record.recorded_at_us))
        .headers(headers)
}

/// The headers that mark the identity.
pub(super) fn identity_headers() -> OwnedHeaders {
    OwnedHeaders::new_with_capacity(1).insert(Header {
        key: LOG_ID,
        value: Some("1"),
    })
}

/// Reads a message.
pub(super) fn read(message: &BorrowedMessage<'_>, position: Position) -> Read {
    let Some(headers) = message.headers() else {
        return Read::Foreign;
    };
    // Ours comes first, and parsing the others costs.
    let Some(first) = headers.try_get(0) else {
        return Read::Foreign;
    };
    let payload = message.payload().unwrap_or_default();
    match first.key {
        RECORDED_AT => match micros(first.value) {
            Some(recorded_at_us) => Read::Record(Entry {
                position,
                record: Record {
                    key: Bytes::copy_from_slice(message.key().unwrap_or_default()),
                    recorded_at_us,
                    body: Bytes::copy_from_slice(payload),
                },
            }),
            None => Read::Foreign,
        },
        LOG_ID => identity(payload).unwrap_or(Read::Foreign),
        _ => Read::Foreign,
    }
}

/// The value of the message that is the log's identity.
pub(super) fn identity_value(id: LogId, partitions: u32) -> Vec<u8> {
    [&id.0[..], &partitions.to_be_bytes()].concat()
}

fn identity(value: &[u8]) -> Option<Read> {
    let (id, partitions) = value.split_first_chunk()?;
    let partitions = partitions.try_into().ok()?;
    Some(Read::Identity(LogId(*id), u32::from_be_bytes(partitions)))
}

fn micros(value: Option<&[u8]>) -> Option<i64> {
    std::str::from_utf8(value?).ok()?.parse().ok()
}

/// A time in Kafka's unit. Never less than 1: librdkafka reads 0 as "now", and Kafka takes nothing
/// negative.
pub(super) fn millis(recorded_at_us: i64) -> i64 {
    recorded_at_us.div_euclid(1000).max(1)
}
