//! The bytes of one record in a segment file.
//!
//! All numbers are little-endian.
//!
//! | at | bytes | field                                                                     |
//! |---:|------:|---------------------------------------------------------------------------|
//! |  0 |     4 | CRC-32C of bytes 4 to 36, begun with the segment's [`Seed`]                |
//! |  4 |     4 | CRC-32C of key and body                                                   |
//! |  8 |     8 | offset                                                                    |
//! | 16 |     8 | recorded time, microseconds since the Unix epoch, signed                  |
//! | 24 |     4 | length of the body, at most 1 MiB                                         |
//! | 28 |     2 | length of the key, at most 1,024                                          |
//! | 30 |     2 | version of the frame: 1                                                   |
//! | 32 |     4 | place in the commit batch: the batch began with the record `offset - place` |
//! | 36 |       | key, then body                                                            |
//!
//! A header of zeros means that nothing was written here yet; the version makes sure that no frame
//! looks like that.
//!
//! The header has a checksum of its own, begun with a seed that differs from segment to segment and
//! from log to log. So a length can be believed before the body is read, and what a customer's text
//! contains is never mistaken for a frame when recovery looks for one byte by byte.

use bytes::{Buf, Bytes};

use crate::{BODY_BYTES_MAX, KEY_BYTES_MAX, LogId, Offset, Record};

/// The length of a frame's header.
pub(crate) const HEADER_BYTES: usize = 36;

/// The longest frame there can be.
pub(crate) const FRAME_BYTES_MAX: usize = HEADER_BYTES + KEY_BYTES_MAX + BODY_BYTES_MAX;

const VERSION: u16 = 1;

/// What the header checksums of one segment begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seed(u32);

impl Seed {
    /// The seed of the segment of the log `origin` that begins with the record `base`.
    pub(crate) fn new(origin: LogId, base: Offset) -> Self {
        Self(crc32c::crc32c_append(
            crc32c::crc32c(&origin.0),
            &base.to_le_bytes(),
        ))
    }
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) offset: Offset,
    pub(crate) recorded_at_us: i64,
    pub(crate) key_bytes: usize,
    pub(crate) body_bytes: usize,
    /// How many records of the same commit batch stand before this one.
    pub(crate) place: u32,
    payload_crc: u32,
}

impl Header {
    /// The length of the whole frame.
    pub(crate) fn frame_bytes(&self) -> usize {
        HEADER_BYTES + self.key_bytes + self.body_bytes
    }

    /// The offset of the first record of the commit batch that this one belongs to.
    pub(crate) fn batch_start(&self) -> Offset {
        self.offset - Offset::from(self.place)
    }
}

/// Why bytes aren't a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("nothing was written here")]
    Empty,
    #[error("the file ends within a record ({needed} bytes needed)")]
    Incomplete { needed: usize },
    #[error("the record's header does not match its checksum")]
    HeaderChecksum,
    #[error("the record's header makes no sense (version, lengths or place)")]
    HeaderContent,
    #[error("the record's key and body do not match their checksum")]
    PayloadChecksum,
    #[error("the record says that it has offset {found}")]
    Offset { found: Offset },
}

/// The length of the frame of `record`.
pub(crate) fn frame_bytes(record: &Record) -> usize {
    HEADER_BYTES + record.key.len() + record.body.len()
}

/// Appends the frame of `record` to `out`. The record's lengths have been checked.
pub(crate) fn encode(out: &mut Vec<u8>, seed: Seed, offset: Offset, place: u32, record: &Record) {
    let payload_crc = crc32c::crc32c_append(crc32c::crc32c(&record.key), &record.body);
    let mut header = [0; HEADER_BYTES];
    header[4..8].copy_from_slice(&payload_crc.to_le_bytes());
    header[8..16].copy_from_slice(&offset.to_le_bytes());
    header[16..24].copy_from_slice(&record.recorded_at_us.to_le_bytes());
    header[24..28].copy_from_slice(&(record.body.len() as u32).to_le_bytes());
    header[28..30].copy_from_slice(&(record.key.len() as u16).to_le_bytes());
    header[30..32].copy_from_slice(&VERSION.to_le_bytes());
    header[32..36].copy_from_slice(&place.to_le_bytes());
    let header_crc = crc32c::crc32c_append(seed.0, &header[4..]);
    header[..4].copy_from_slice(&header_crc.to_le_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(&record.key);
    out.extend_from_slice(&record.body);
}

/// The header that `bytes` begin with.
pub(crate) fn decode_header(seed: Seed, bytes: &[u8]) -> Result<Header, Fault> {
    let Some(mut bytes) = bytes.first_chunk::<HEADER_BYTES>().map(<[u8; _]>::as_slice) else {
        return Err(Fault::Incomplete {
            needed: HEADER_BYTES,
        });
    };
    if bytes.iter().all(|&byte| byte == 0) {
        return Err(Fault::Empty);
    }
    let header_crc = bytes.get_u32_le();
    if header_crc != crc32c::crc32c_append(seed.0, bytes) {
        return Err(Fault::HeaderChecksum);
    }
    let payload_crc = bytes.get_u32_le();
    let offset = bytes.get_u64_le();
    let recorded_at_us = bytes.get_i64_le();
    let body_bytes = bytes.get_u32_le() as usize;
    let key_bytes = usize::from(bytes.get_u16_le());
    let version = bytes.get_u16_le();
    let place = bytes.get_u32_le();
    let sensible = version == VERSION
        && body_bytes <= BODY_BYTES_MAX
        && key_bytes <= KEY_BYTES_MAX
        && Offset::from(place) <= offset;
    if !sensible {
        return Err(Fault::HeaderContent);
    }
    Ok(Header {
        offset,
        recorded_at_us,
        key_bytes,
        body_bytes,
        place,
        payload_crc,
    })
}

/// The header and the payload (key, then body) of the frame that `bytes` begin with.
pub(crate) fn decode(seed: Seed, bytes: &[u8]) -> Result<(Header, &[u8]), Fault> {
    let header = decode_header(seed, bytes)?;
    let needed = header.frame_bytes();
    let payload = bytes
        .get(HEADER_BYTES..needed)
        .ok_or(Fault::Incomplete { needed })?;
    if crc32c::crc32c(payload) != header.payload_crc {
        return Err(Fault::PayloadChecksum);
    }
    Ok((header, payload))
}

/// Takes the frame that `bytes` begin with; the record shares their memory. `bytes` stay as they
/// are when they don't begin with a frame.
pub(crate) fn take(seed: Seed, bytes: &mut Bytes) -> Result<(Header, Record), Fault> {
    let (header, _) = decode(seed, bytes)?;
    let mut payload = bytes.split_to(header.frame_bytes());
    payload.advance(HEADER_BYTES);
    let key = payload.split_to(header.key_bytes);
    Ok((
        header,
        Record {
            key,
            recorded_at_us: header.recorded_at_us,
            body: payload,
        },
    ))
}

/// What must hold for any bytes at all: decoding ends, without panic, and what it accepts is what
/// encoding writes. `crates/fuzz` and the property tests call it.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn decode_anything(data: &[u8]) {
    let seed = Seed::new(LogId([7; 16]), 0);
    for data in [data.to_vec(), with_checksums(seed, data.to_vec())] {
        let mut rest = Bytes::from(data);
        while !rest.is_empty() {
            let before = rest.clone();
            match take(seed, &mut rest) {
                Ok((header, record)) => {
                    let mut again = Vec::new();
                    encode(&mut again, seed, header.offset, header.place, &record);
                    assert_eq!(again, before[..again.len()], "a frame has one form only");
                }
                Err(_) => rest.advance(1),
            }
        }
    }
}

/// `data` with the checksums that the frame at its begin would have: chance does not find them.
#[cfg(any(test, feature = "fuzzing"))]
fn with_checksums(seed: Seed, mut data: Vec<u8>) -> Vec<u8> {
    if let Some((header, payload)) = data.split_first_chunk_mut::<HEADER_BYTES>() {
        let body_bytes = (&header[24..]).get_u32_le() as usize;
        let payload_bytes = body_bytes + usize::from((&header[28..]).get_u16_le());
        let payload = &payload[..payload_bytes.min(payload.len())];
        header[4..8].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
        let header_crc = crc32c::crc32c_append(seed.0, &header[4..]);
        header[..4].copy_from_slice(&header_crc.to_le_bytes());
    }
    data
}

#[cfg(test)]
mod tests;
