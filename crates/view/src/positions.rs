//! How far something is through the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_log::{Epoch, Log, LogIdentity, Offset, Partition, Position, ReadError};

use crate::token::{self, Kind, TokenError};

/// For each partition the first offset that is *not* included: "complete through".
///
/// A partition that isn't named is at 0: nothing of it is included. The token form
/// ([`Positions::encode`]) is what the API calls `position`, `min_position` and
/// `complete_through`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Positions(BTreeMap<Partition, Offset>);

impl Positions {
    /// Nothing.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Everything in the partition of `position`, up to and with its record: what a reader needs
    /// to have seen to see that record.
    pub fn through(position: Position) -> Self {
        let mut positions = Self::new();
        positions.include(position);
        positions
    }

    /// Everything below the tails that a log told, one for each partition from 0.
    pub fn below(tails: &[Offset]) -> Self {
        (0..).zip(tails.iter().copied()).collect()
    }

    /// Everything that is durable in `log` now. For async code: the log may have to ask a cluster.
    ///
    /// # Errors
    /// When the log can't say, for instance because its cluster can't be reached.
    pub async fn tails_of(log: &Arc<dyn Log>) -> Result<Self, ReadError> {
        if log.knows_its_end() {
            return log.tails().map(|tails| Self::below(&tails));
        }
        let log = Arc::clone(log);
        let tails = tokio::task::spawn_blocking(move || log.tails()).await;
        // A question is dropped unanswered when the process is about to end.
        tails
            .unwrap_or(Err(ReadError::Closed))
            .map(|tails| Self::below(&tails))
    }

    /// The first offset of `partition` that is not included.
    pub fn next(&self, partition: Partition) -> Offset {
        self.0.get(&partition).copied().unwrap_or(0)
    }

    /// Whether the record at `position` is included.
    pub fn covers(&self, position: Position) -> bool {
        position.offset < self.next(position.partition)
    }

    /// Whether all that `other` includes is included.
    pub fn covers_all(&self, other: &Self) -> bool {
        other
            .iter()
            .all(|(partition, next)| self.next(partition) >= next)
    }

    /// Includes the record at `position` and all before it in its partition.
    pub fn include(&mut self, position: Position) {
        self.advance(position.partition, position.offset.saturating_add(1));
    }

    /// How many offsets are below `tails` and not included.
    pub fn behind(&self, tails: &[Offset]) -> u64 {
        let behind = (0..)
            .zip(tails)
            .map(|(partition, tail)| tail.saturating_sub(self.next(partition)));
        behind.sum()
    }

    /// Includes all below `next` in `partition`. Never goes back.
    pub fn advance(&mut self, partition: Partition, next: Offset) {
        if next > self.next(partition) {
            self.0.insert(partition, next);
        }
    }

    /// What either includes.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut union = self.clone();
        other
            .iter()
            .for_each(|(partition, next)| union.advance(partition, next));
        union
    }

    /// What both include: an answer made of two views is complete through this.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = Self::new();
        for (partition, next) in self.iter() {
            both.advance(partition, next.min(other.next(partition)));
        }
        both
    }

    /// The partitions of which something is included, in order, each with the first offset that
    /// isn't.
    pub fn iter(&self) -> impl Iterator<Item = (Partition, Offset)> + '_ {
        self.0.iter().map(|(partition, next)| (*partition, *next))
    }

    /// The opaque text for these positions in `log`.
    pub fn encode(&self, log: impl Into<LogIdentity>) -> String {
        let mut body = Vec::new();
        self.write(&mut body);
        token::seal(Kind::Positions, &log.into(), self, &body)
    }

    /// Reads a text that [`Positions::encode`] made for `log`.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] for anything else, [`TokenError::OtherLog`] when it was made for
    /// another log, [`TokenError::OtherLife`] when the log has been put back since to a state before
    /// them.
    pub fn decode(token: &str, log: impl Into<LogIdentity>) -> Result<Self, TokenError> {
        let log = log.into();
        let (epoch, body) = token::unseal(Kind::Positions, &log, token)?;
        let Some((positions, [])) = Self::read(&body) else {
            return Err(TokenError::Malformed);
        };
        token::check_life(&log, &positions, epoch)?;
        Ok(positions)
    }

    /// The epoch of the last record that is included, of a log that has epochs: those have one
    /// partition.
    pub(crate) fn epoch_in(&self, log: &LogIdentity) -> Epoch {
        log.epoch_before(self.next(0))
    }

    /// Appends the binary form: the number of partitions, then partition and offset of each, all
    /// as variable-length numbers.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        write_number(self.0.len() as u64, out);
        for (partition, next) in self.iter() {
            write_number(partition.into(), out);
            write_number(next, out);
        }
    }

    /// Reads the binary form, and returns what follows it.
    pub(crate) fn read(mut bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut positions = Self::new();
        for _ in 0..read_number(&mut bytes)? {
            let partition = Partition::try_from(read_number(&mut bytes)?).ok()?;
            positions.advance(partition, read_number(&mut bytes)?);
        }
        Some((positions, bytes))
    }
}

impl FromIterator<(Partition, Offset)> for Positions {
    fn from_iter<I: IntoIterator<Item = (Partition, Offset)>>(iter: I) -> Self {
        let mut positions = Self::new();
        iter.into_iter()
            .for_each(|(partition, next)| positions.advance(partition, next));
        positions
    }
}

/// Seven bits a byte, the least significant first; the high bit says that more follow.
fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7F);
        if (low << shift) >> shift != low {
            return None;
        }
        number |= low << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
