//! Opaque tokens: what a caller gets, keeps and hands back without looking inside.
//!
//! ```text
//!  base64url( kind and version · hash of the log's identity (4) · epoch (4) · body · CRC-32C of all before (4) )
//! ```
//!
//! A token is no secret and no permission: whoever forges one gets what they could have asked for
//! without it. The checksum finds truncation and typing errors, the hash finds a token that was kept
//! across a new log, and the epoch, that of the last record that the token includes, one that was
//! kept across the restoring of an earlier state of the same log.

use aftercall_log::{Epoch, LogId, LogIdentity};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;

use crate::Positions;

/// The longest token that is read, in characters. Enough for some 800 partitions.
pub const TOKEN_CHARS_MAX: usize = 16 * 1024;

/// The largest payload of a page token, in bytes.
pub const PAGE_PAYLOAD_BYTES_MAX: usize = 4 * 1024;

const CHECKSUM_BYTES: usize = 4;

/// Kind, log and epoch.
const HEAD_BYTES: usize = 9;

/// What a token is for, and the version of its layout. Kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Positions = 3,
    Page = 4,
}

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was not made by this service, or was cut or altered on its way.
    #[error("the token is malformed; pass it exactly as it was received")]
    Malformed,
    /// It was made for another log: the data it speaks of is not here.
    #[error("the token belongs to another log; drop it and begin anew")]
    OtherLog,
    /// It was made when this log had records that it no longer has: since then it was put back to an
    /// earlier state.
    #[error(
        "the token belongs to another life of this log, which was put back to an earlier state since; \
         drop it and begin anew"
    )]
    OtherLife,
    /// It was made for a query with other filters.
    #[error("the page token belongs to another query; repeat the query that it came from")]
    OtherQuery,
}

/// A short hash of a request's filters, so that a page token isn't used with another query.
///
/// `parts` are the filters in canonical bytes, for example the encoded request without its page
/// size, page token and minimum position.
pub fn fingerprint(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut short = [0; 8];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(short)
}

/// Where a list goes on, and what it was complete through when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    /// The [`fingerprint`] of the query that the pages belong to.
    pub query: u64,
    /// The position that the first page was complete through.
    pub complete_through: Positions,
    /// Where the next page begins, in the service's own words; at most
    /// [`PAGE_PAYLOAD_BYTES_MAX`] bytes come back.
    pub payload: Bytes,
}

impl PageToken {
    /// The token's text.
    pub fn encode(&self, log: impl Into<LogIdentity>) -> String {
        let mut body = self.query.to_le_bytes().to_vec();
        self.complete_through.write(&mut body);
        body.extend_from_slice(&self.payload);
        seal(Kind::Page, &log.into(), &self.complete_through, &body)
    }

    /// Reads a token that [`PageToken::encode`] made for `log` and the same query.
    ///
    /// # Errors
    /// [`TokenError`] says which of them it isn't.
    pub fn decode(
        token: &str,
        log: impl Into<LogIdentity>,
        query: u64,
    ) -> Result<Self, TokenError> {
        let log = log.into();
        let (epoch, body) = unseal(Kind::Page, &log, token)?;
        let (stored, rest) = body.split_first_chunk().ok_or(TokenError::Malformed)?;
        let (complete_through, payload) = Positions::read(rest).ok_or(TokenError::Malformed)?;
        check_life(&log, &complete_through, epoch)?;
        if payload.len() > PAGE_PAYLOAD_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        if u64::from_le_bytes(*stored) != query {
            return Err(TokenError::OtherQuery);
        }
        Ok(Self {
            query,
            complete_through,
            payload: Bytes::copy_from_slice(payload),
        })
    }
}

/// The token of what `body` says, which includes all of `through`.
pub(crate) fn seal(kind: Kind, log: &LogIdentity, through: &Positions, body: &[u8]) -> String {
    let mut token = vec![kind as u8];
    token.extend_from_slice(&log_hash(log.id()));
    token.extend_from_slice(&through.epoch_in(log).0.to_le_bytes());
    token.extend_from_slice(body);
    token.extend_from_slice(&crc32c::crc32c(&token).to_le_bytes());
    URL_SAFE_NO_PAD.encode(token)
}

/// The epoch and the body of a token of `kind`. Whether the epoch fits, [`check_life`] says.
pub(crate) fn unseal(
    kind: Kind,
    log: &LogIdentity,
    token: &str,
) -> Result<(Epoch, Vec<u8>), TokenError> {
    if token.len() > TOKEN_CHARS_MAX {
        return Err(TokenError::Malformed);
    }
    let sealed = URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| TokenError::Malformed)?;
    let (sealed, checksum) = sealed
        .split_last_chunk::<CHECKSUM_BYTES>()
        .ok_or(TokenError::Malformed)?;
    if crc32c::crc32c(sealed) != u32::from_le_bytes(*checksum) {
        return Err(TokenError::Malformed);
    }
    let (head, body) = sealed
        .split_first_chunk::<HEAD_BYTES>()
        .ok_or(TokenError::Malformed)?;
    if head[0] != kind as u8 {
        return Err(TokenError::Malformed);
    }
    let (kind_and_log, epoch) = head.split_at(5);
    if kind_and_log[1..] != log_hash(log.id()) {
        return Err(TokenError::OtherLog);
    }
    let epoch = epoch
        .try_into()
        .map_or(Epoch::NONE, |epoch| Epoch(u32::from_le_bytes(epoch)));
    Ok((epoch, body.to_vec()))
}

/// Refuses positions that were told in another life of the log: there, the last record that they
/// include was written in `epoch`.
pub(crate) fn check_life(
    log: &LogIdentity,
    positions: &Positions,
    epoch: Epoch,
) -> Result<(), TokenError> {
    match positions.epoch_in(log) == epoch {
        true => Ok(()),
        false => Err(TokenError::OtherLife),
    }
}

fn log_hash(log: LogId) -> [u8; 4] {
    let mut short = [0; 4];
    short.copy_from_slice(&blake3::hash(&log.0).as_bytes()[..4]);
    short
}
