//! What stood in the store before it was changed, so that it can be asked what was known at a position.
//!
//! ```text
//!  tag  key                                      value
//!  60   a row's key · seq of the change          0, or 1 and what stood there before the record at `seq`
//!  61   tenant · seq of the change               what changed, the seq of the contact, and the key of its document
//! ```
//!
//! All that is ever written under one key comes from one partition, so that the changes of a row are in one order.
//! What came into being with the record of its own `seq` has no row here: see [`born_at`]. Neither have rows of
//! which nothing depends on when they were written: pointers of references, counts, and names.

use aftercall_ledger::CallRow;
use aftercall_log::Position;
use aftercall_view::key::{Key, prefix_end};
use aftercall_view::{Direction, Positions, Scan, Store, StoreError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::keys;
use crate::stored::StoredEntry;

const BEFORE: u8 = 60;
const CHANGED: u8 = 61;

/// The length of a place in the log as one number.
const SEQ_BYTES: usize = 8;

/// What of a contact's document changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// Its contents.
    Contents,
    /// Whether a promise that was made in it is open, and nothing else.
    Open,
}

/// What a record does to the store, so that what stood there before is kept.
#[derive(Debug)]
pub(crate) struct Keeping<'t, 's> {
    txn: &'t mut Txn<'s>,
    /// The record's place in the log.
    at: u64,
    /// The rows that were kept for this record: what a second change of it finds there is its own.
    kept: Vec<Bytes>,
}

impl<'t, 's> Keeping<'t, 's> {
    /// Changes by the record at `at`.
    pub(crate) fn new(txn: &'t mut Txn<'s>, at: u64) -> Self {
        Self {
            txn,
            at,
            kept: Vec::new(),
        }
    }

    /// The batch itself, for what needs no keeping.
    pub(crate) fn txn(&mut self) -> &mut Txn<'s> {
        self.txn
    }

    /// The value of `key` as the batch leaves it.
    pub(crate) fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, StoreError> {
        self.txn.get(key)
    }

    /// All entries whose keys begin with `prefix`, as the batch leaves them.
    pub(crate) fn scan_prefix(&mut self, prefix: impl AsRef<[u8]>) -> Scan<'_> {
        self.txn.scan_prefix(prefix, Direction::Ascending)
    }

    /// Sets a row, and keeps what stood there.
    pub(crate) fn put(
        &mut self,
        key: impl Into<Bytes>,
        value: impl Into<Bytes>,
    ) -> Result<(), StoreError> {
        let key = key.into();
        self.keep(&key)?;
        self.txn.put(key, value)
    }

    /// Removes a row, and keeps what stood there.
    pub(crate) fn delete(&mut self, key: impl Into<Bytes>) -> Result<(), StoreError> {
        let key = key.into();
        self.keep(&key)?;
        self.txn.delete(key)
    }

    /// Keeps what stands in a row that is about to be changed.
    pub(crate) fn keep(&mut self, key: &Bytes) -> Result<(), StoreError> {
        if self.kept.contains(key) {
            return Ok(());
        }
        let before = self.txn.get(key)?;
        self.keep_as(key, before.as_deref())
    }

    /// The same where it is known.
    pub(crate) fn keep_as(&mut self, key: &Bytes, before: Option<&[u8]>) -> Result<(), StoreError> {
        let value = match before {
            None => vec![0],
            Some(before) => [&[1], before].concat(),
        };
        self.kept.push(key.clone());
        self.txn.put(place(key, self.at), value)
    }

    /// Notes that a contact's document is another one from here on.
    pub(crate) fn changed(
        &mut self,
        tenant_id: &str,
        what: Changed,
        (seq, document): (u64, &[u8]),
    ) -> Result<(), StoreError> {
        note_changed(tenant_id, (self.at, what), (seq, document), self.txn)
    }
}

/// Notes that a contact's document is another one from the record at `at` on. There is one such document of a record.
pub(crate) fn note_changed(
    tenant_id: &str,
    (at, what): (u64, Changed),
    (seq, document): (u64, &[u8]),
    txn: &mut Txn<'_>,
) -> Result<(), StoreError> {
    let key = changes(tenant_id).u64(at);
    let value = [&[what as u8], &seq.to_be_bytes()[..], document].concat();
    txn.put(key, value)
}

/// Where it stands what a row was before the record at `at`.
fn place(key: &[u8], at: u64) -> Bytes {
    [&[BEFORE], key, &at.to_be_bytes()[..]].concat().into()
}

/// The key and the place in the log of a row that says what was before.
fn parts(place: &Bytes) -> Option<(Bytes, Position)> {
    let (head, seq) = place.split_last_chunk::<SEQ_BYTES>()?;
    let key = place.slice(1_usize.min(head.len())..head.len());
    Some((key, keys::position_of(u64::from_be_bytes(*seq))))
}

/// What stood there.
fn value(stored: &Bytes) -> Option<Bytes> {
    (stored.first() == Some(&1)).then(|| stored.slice(1..))
}

/// What stood under `key` before the first change that `then` does not include; none if there is no such change, so
/// that what stands there now stood there then.
pub(crate) fn at(
    store: &Store,
    key: &[u8],
    then: &Positions,
) -> Result<Option<Option<Bytes>>, StoreError> {
    let of_key = [&[BEFORE], key].concat();
    let first = store.scan_prefix(&of_key, Direction::Ascending).next();
    let Some((place, stored)) = first.transpose()? else {
        return Ok(None);
    };
    let Some((_, position)) = parts(&place) else {
        return Ok(None);
    };
    if !then.covers(position) {
        return Ok(Some(value(&stored)));
    }
    // All changes of a row are in one partition.
    let from = keys::seq_of(Position {
        partition: position.partition,
        offset: then.next(position.partition),
    });
    let from = [&of_key, &from.to_be_bytes()[..]].concat();
    let end = prefix_end(&of_key);
    let later = store.scan_range(from, end.as_deref(), Direction::Ascending);
    let later = later.take(1).next().transpose()?;
    Ok(later.map(|(_, stored)| value(&stored)))
}

/// A change of a row: its key, where in the log it was changed, and what stood there before.
pub(crate) type Change = (Bytes, Position, Option<Bytes>);

/// The changes of the rows from `first` up to and with `last`, or to the end of the tag; each row's in their order.
pub(crate) fn between(
    store: &Store,
    first: &[u8],
    last: Option<&[u8]>,
) -> impl Iterator<Item = Result<Change, StoreError>> + use<> {
    let from = [&[BEFORE], first].concat();
    let to = match last {
        // After all places in the log of the last key.
        Some(last) => [&[BEFORE], last, &[u8::MAX; SEQ_BYTES + 1][..]].concat(),
        None => vec![BEFORE + 1],
    };
    let changes = store.scan_range(from, Some(&*to), Direction::Ascending);
    changes.filter_map(|row| match row {
        Ok((place, stored)) => parts(&place).map(|(key, at)| Ok((key, at, value(&stored)))),
        Err(error) => Some(Err(error)),
    })
}

/// Where in the log what stands in a row came into being, where that follows from the row; else it is among the
/// changes, or makes no difference.
pub(crate) fn born_at(key: &[u8], value: &[u8]) -> Option<Position> {
    let seq = || key.last_chunk().map(|seq| u64::from_be_bytes(*seq));
    let position = match keys::sort_of(key)? {
        keys::Sort::Timeline => keys::position_of(!seq()?),
        keys::Sort::OpenPromise => keys::position_of(seq()?),
        keys::Sort::Unidentified => keys::position_of(StoredEntry::decode(value).ok()?.seq),
        keys::Sort::Call if value.is_empty() => return None,
        keys::Sort::Call => CallRow::decode(value).ok()?.position(),
    };
    Some(position)
}

fn changes(tenant_id: &str) -> Key {
    Key::new(CHANGED).text(tenant_id)
}

/// One change of a contact's document.
#[derive(Debug)]
pub(crate) struct DocumentChange {
    /// What of it.
    pub(crate) what: Changed,
    /// The place in the log of the contact's record.
    pub(crate) recorded_at: Position,
    /// The document's key.
    pub(crate) document: Bytes,
}

/// The changes of a tenant's documents in `partition` from `offset` on, in their order.
pub(crate) fn documents_changed(
    store: &Store,
    tenant_id: &str,
    from: Position,
) -> impl Iterator<Item = Result<DocumentChange, StoreError>> + use<> {
    let end = Position {
        partition: from.partition + 1,
        offset: 0,
    };
    let key = |position| changes(tenant_id).u64(keys::seq_of(position));
    let rows = store.scan_range(key(from), Some(&*key(end)), Direction::Ascending);
    rows.filter_map(|row| match row {
        Ok((_, stored)) => change(&stored).map(Ok),
        Err(error) => Some(Err(error)),
    })
}

fn change(stored: &Bytes) -> Option<DocumentChange> {
    let (what, rest) = stored.split_first()?;
    let (seq, document) = rest.split_first_chunk::<SEQ_BYTES>()?;
    Some(DocumentChange {
        what: match what {
            0 => Changed::Contents,
            _ => Changed::Open,
        },
        recorded_at: keys::position_of(u64::from_be_bytes(*seq)),
        document: stored.slice_ref(document),
    })
}
