//! Keys of several parts whose byte order is the order of the parts.
//!
//! A key is a tag (which kind of record) and then parts. A string part ends in a mark that no
//! string can contain, so a prefix scan by tenant `a` never meets tenant `ab`, whatever bytes a
//! caller puts into an id:
//!
//! ```text
//!  part             bytes                                order
//!  tag              one byte, 1..=255                    by number
//!  string           00 → 00 FF, then the mark 00 00      bytewise, a prefix first
//!  id               a string of a UUID's 16 bytes         bytewise
//!  u32, u64         big-endian                           by number
//!  time (i64, µs)   sign bit flipped, big-endian         oldest first
//!  descending time  the same, all bits flipped           newest first
//! ```
//!
//! [`Key`] writes, [`Parts`] reads what it wrote.

use std::ops::Deref;

use bytes::Bytes;
use uuid::Uuid;

const ESCAPED: [u8; 2] = [0x00, 0xFF];
const END: [u8; 2] = [0x00, 0x00];

/// A key under construction. Every prefix of parts is itself a key that a scan can begin with.
///
/// ```
/// use aftercall_view::key::{Key, Parts};
///
/// let prefix = Key::new(7).text("acme").text("customer-1");
/// let key = prefix.clone().time_descending(1_700_000_000_000_000);
/// assert!(key.starts_with(&prefix));
/// let mut parts = Parts::new(&key);
/// assert_eq!(parts.tag(), Ok(7));
/// assert_eq!(parts.text().as_deref(), Ok("acme"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key of the kind `tag`. The tag 0 belongs to the store: a key that has it is refused there.
    pub fn new(tag: u8) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(tag);
        Self(bytes)
    }

    /// Adds a string.
    #[must_use]
    pub fn text(self, part: &str) -> Self {
        self.bytes(part.as_bytes())
    }

    /// Adds a string of bytes, ordered as strings are.
    #[must_use]
    pub fn bytes(mut self, part: &[u8]) -> Self {
        let mut rest = part;
        while let Some(zero) = rest.iter().position(|byte| *byte == 0) {
            self.0.extend_from_slice(&rest[..zero]);
            self.0.extend_from_slice(&ESCAPED);
            rest = &rest[zero + 1..];
        }
        self.0.extend_from_slice(rest);
        self.0.extend_from_slice(&END);
        self
    }

    /// Adds the id of a contact, a promise or a solution. They are UUIDs, which take less room as such,
    /// and are the same in every spelling.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        match Uuid::try_parse(id) {
            Ok(uuid) => self.bytes(uuid.as_bytes()),
            Err(_) => self.bytes(id.as_bytes()),
        }
    }

    /// Adds a number.
    #[must_use]
    pub fn u32(mut self, part: u32) -> Self {
        self.0.extend_from_slice(&part.to_be_bytes());
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn u64(mut self, part: u64) -> Self {
        self.0.extend_from_slice(&part.to_be_bytes());
        self
    }

    /// Adds an instant in microseconds since the Unix epoch, before it too; older sorts first.
    #[must_use]
    pub fn time(self, at_us: i64) -> Self {
        self.u64(ascending(at_us))
    }

    /// Adds an instant in microseconds since the Unix epoch; newer sorts first.
    #[must_use]
    pub fn time_descending(self, at_us: i64) -> Self {
        self.u64(!ascending(at_us))
    }
}

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Key> for Bytes {
    fn from(key: Key) -> Self {
        Self::from(key.0)
    }
}

impl From<Key> for Vec<u8> {
    fn from(key: Key) -> Self {
        key.0
    }
}

/// Flips the sign bit, so that unsigned order is signed order.
fn ascending(at_us: i64) -> u64 {
    at_us.cast_unsigned() ^ (1 << 63)
}

/// Whose a record is, in short, by its key in the log.
///
/// An id that a caller gives may come for two customers, through two processes that don't know of
/// each other yet, and the two stand in two partitions: which comes first differs from reader to
/// reader. So an id names something only together with whose it is, and a view's keys hold both.
pub fn whose(record_key: &[u8]) -> u64 {
    crate::fingerprint(&[record_key])
}

/// The first key after all keys that begin with `prefix`; none when there is no such key.
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// A key does not have the parts that were asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key has other parts than expected")]
pub struct MalformedKey;

/// Reads the parts of a key in the order in which they were written. Never panics, whatever the
/// bytes.
#[derive(Debug, Clone)]
pub struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    /// Begins with the first part of `key`, its tag.
    pub fn new(key: &'a [u8]) -> Self {
        Self(key)
    }

    /// The tag.
    pub fn tag(&mut self) -> Result<u8, MalformedKey> {
        let (tag, rest) = self.0.split_first().ok_or(MalformedKey)?;
        self.0 = rest;
        Ok(*tag)
    }

    /// A string.
    pub fn text(&mut self) -> Result<String, MalformedKey> {
        String::from_utf8(self.bytes()?).map_err(|_| MalformedKey)
    }

    /// An id written by [`Key::id`].
    pub fn id(&mut self) -> Result<String, MalformedKey> {
        let id = self.bytes()?;
        match Uuid::from_slice(&id) {
            Ok(uuid) => Ok(uuid.to_string()),
            Err(_) => String::from_utf8(id).map_err(|_| MalformedKey),
        }
    }

    /// A string of bytes.
    pub fn bytes(&mut self) -> Result<Vec<u8>, MalformedKey> {
        let mut part = Vec::new();
        loop {
            let zero = self
                .0
                .iter()
                .position(|byte| *byte == 0)
                .ok_or(MalformedKey)?;
            part.extend_from_slice(&self.0[..zero]);
            let mark = self.0.get(zero..zero + 2).ok_or(MalformedKey)?;
            self.0 = &self.0[zero + 2..];
            match mark {
                mark if mark == END => return Ok(part),
                mark if mark == ESCAPED => part.push(0),
                _ => return Err(MalformedKey),
            }
        }
    }

    /// A number.
    pub fn u32(&mut self) -> Result<u32, MalformedKey> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number.
    pub fn u64(&mut self) -> Result<u64, MalformedKey> {
        self.array().map(u64::from_be_bytes)
    }

    /// An instant written by [`Key::time`].
    pub fn time(&mut self) -> Result<i64, MalformedKey> {
        Ok((self.u64()? ^ (1 << 63)).cast_signed())
    }

    /// An instant written by [`Key::time_descending`].
    pub fn time_descending(&mut self) -> Result<i64, MalformedKey> {
        Ok((!self.u64()? ^ (1 << 63)).cast_signed())
    }

    /// Ends: there must be nothing left.
    pub fn end(self) -> Result<(), MalformedKey> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(MalformedKey)
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MalformedKey> {
        let (part, rest) = self.0.split_first_chunk().ok_or(MalformedKey)?;
        self.0 = rest;
        Ok(*part)
    }
}
