//! Who decides which facts count.

use bytes::Bytes;

use crate::{ApplyError, FromRecord, Placed, Positions, Store, Txn};

/// Decides about each record of the log once, for all views of a process.
///
/// What it needs for that is the **ledger**: a store like a view's, which is rebuilt like one. A
/// decision must follow from the records before it in its own partition, and so is the same for ever:
/// a ledger that is rebuilt refuses the same records.
pub trait Judge: Send + 'static {
    /// What the log's records say.
    type Fact: FromRecord;

    /// The ledger's name: names its directory, its metrics and its log lines.
    fn name(&self) -> &'static str;

    /// The version of the ledger's layout and of the rules. Where it differs, the ledger is deleted
    /// and rebuilt, and so is every view.
    fn version(&self) -> u32;

    /// Called when the ledger has been opened, or begun anew after damage: see
    /// [`Projection::opened`](crate::Projection::opened).
    fn opened(&mut self, store: &Store, applied: &Positions) -> Result<(), ApplyError> {
        let _ = (store, applied);
        Ok(())
    }

    /// Decides about one fact. Called for each once, in the order of its partition.
    ///
    /// # Errors
    /// As [`Projection::apply`](crate::Projection::apply).
    fn judge(
        &mut self,
        fact: &Placed<Self::Fact>,
        txn: &mut Txn<'_>,
    ) -> Result<Verdict, ApplyError>;
}

/// Whether a fact counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Accepted,
    /// It does not, and why in a word. Rare: a repetition, or a lost race.
    Refused(&'static str),
}

/// Is told of all that was judged: for those who wait for it.
pub trait Observer<F>: Send + Sync + 'static {
    /// A batch is in the ledger, and its readers see it: these are all facts of it, also those that
    /// were refused.
    fn committed(&self, facts: &[Placed<F>]);

    /// Whether too much waits for the ledger. Then it goes on without views that are slow, which read
    /// the log for themselves until they have caught up.
    fn hurries(&self) -> bool {
        false
    }
}

/// Refused positions stand in the ledger under the store's own tag: see [`refused_key`].
const REFUSED: u8 = 2;

/// Where the ledger notes that the record at `offset` of `partition` was refused, and why.
pub(crate) fn refused_key(partition: u32, offset: u64) -> Bytes {
    let mut key = vec![crate::store::RESERVED_TAG, REFUSED];
    key.extend_from_slice(&partition.to_be_bytes());
    key.extend_from_slice(&offset.to_be_bytes());
    key.into()
}

/// The offset in a key of [`refused_key`].
pub(crate) fn refused_offset(key: &[u8]) -> Option<u64> {
    let offset = key.last_chunk()?;
    Some(u64::from_be_bytes(*offset))
}
