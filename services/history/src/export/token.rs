//! How far an export has come, as its caller keeps it: all that the server has to know to go on, authenticated by the
//! server's key, so that what is signed at the end is what was given out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use prost::Message;
use ring::hmac;

use super::key::ExportKey;

/// The version of the layout.
const VERSION: u8 = 1;

/// The length of what authenticates a token.
const TAG_BYTES: usize = 32;

/// The longest token that is read, in characters: its request, and 2,000 parts.
const TOKEN_CHARS_MAX: usize = 1 << 20;

/// How far an export has come.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Progress {
    /// The export's id.
    #[prost(string, tag = "1")]
    pub(super) export_id: String,
    #[prost(string, tag = "2")]
    pub(super) tenant_id: String,
    /// Who takes it.
    #[prost(string, tag = "3")]
    pub(super) actor_id: String,
    /// What was asked for, encoded.
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) request: Bytes,
    /// What of the tenant the caller read when it began, in short.
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) scope: Bytes,
    /// The position as of which it is.
    #[prost(string, tag = "6")]
    pub(super) as_of: String,
    /// The time as of which it is, in microseconds since the Unix epoch.
    #[prost(sint64, tag = "7")]
    pub(super) as_of_us: i64,
    /// When it was begun.
    #[prost(sint64, tag = "8")]
    pub(super) begun_at_us: i64,
    /// How many contacts there are in all.
    #[prost(uint64, tag = "9")]
    pub(super) rows: u64,
    /// The parts that were given out.
    #[prost(message, repeated, tag = "10")]
    pub(super) parts: Vec<Part>,
    /// The key of the last contact that was; empty at first.
    #[prost(bytes = "bytes", tag = "11")]
    pub(super) after: Bytes,
}

/// A part that was given out.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Part {
    #[prost(uint64, tag = "1")]
    pub(super) rows: u64,
    #[prost(uint64, tag = "2")]
    pub(super) bytes: u64,
    #[prost(bytes = "bytes", tag = "3")]
    pub(super) sha256: Bytes,
}

impl Progress {
    /// The token.
    pub(super) fn encode(&self, key: &ExportKey) -> String {
        let mut token = vec![VERSION];
        token.extend(self.encode_to_vec());
        let tag = hmac::sign(key.tokens(), &token);
        token.extend_from_slice(tag.as_ref());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// What a token of this server says; none for anything else.
    pub(super) fn decode(token: &str, key: &ExportKey) -> Option<Self> {
        if token.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, tag) = token.split_last_chunk::<TAG_BYTES>()?;
        hmac::verify(key.tokens(), said, tag).ok()?;
        let said = said.strip_prefix(&[VERSION])?;
        Self::decode_from(said)
    }

    fn decode_from(said: &[u8]) -> Option<Self> {
        <Self as Message>::decode(said).ok()
    }

    /// How many contacts were given out.
    pub(super) fn given(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aftercall_service::{ManualClock, TestIds};
    use jiff::Timestamp;

    use super::*;

    fn key(seed: u64) -> ExportKey {
        let dir = tempfile::tempdir().unwrap();
        let ids = TestIds::new(Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH)), seed);
        ExportKey::open(&dir.path().join("key"), &ids).unwrap()
    }

    #[test]
    fn a_token_is_read_by_its_own_key_alone_and_only_whole() {
        let progress = Progress {
            export_id: "export".to_owned(),
            parts: vec![Part {
                rows: 7,
                ..Part::default()
            }],
            ..Progress::default()
        };
        let key_one = key(1);
        let token = progress.encode(&key_one);
        assert_eq!(Progress::decode(&token, &key_one), Some(progress));
        assert_eq!(Progress::decode(&token, &key(2)), None);
        for at in 0..token.len() {
            let mut torn = token.clone().into_bytes();
            torn[at] = if torn[at] == b'A' { b'B' } else { b'A' };
            let torn = String::from_utf8(torn).unwrap();
            assert_eq!(Progress::decode(&torn, &key_one), None, "{at}");
        }
        assert_eq!(Progress::decode("", &key_one), None);
    }
}
