//! What a projection reads and writes while it applies one batch of records.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::changes::Pending;
use super::scan::{Merged, Range};
use super::{Changes, Direction, RESERVED_TAG, Scan, Store, StoreError};
use crate::key::prefix_end;

/// The store as it will be after this batch: reads see the batch's own writes.
///
/// All that is written here reaches the store in one atomic batch together with the checkpoint.
#[derive(Debug)]
pub struct Txn<'a> {
    store: &'a Store,
    pending: Pending,
    touched: Vec<(Bytes, Touch)>,
}

/// What an index knows about a document that a record touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// The index can't hold it yet.
    New,
    /// The index may hold it.
    Known,
}

impl<'a> Txn<'a> {
    /// An empty batch on `store`.
    pub fn new(store: &'a Store) -> Self {
        Self {
            store,
            pending: Pending::default(),
            touched: Vec::new(),
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, StoreError> {
        match self.pending.get(key.as_ref()) {
            Some(pending) => Ok(pending.clone()),
            None => self.store.get(key),
        }
    }

    /// Sets `key` to `value`.
    ///
    /// # Errors
    /// [`StoreError::ReservedKey`] for a key that is empty or begins with 0.
    pub fn put(
        &mut self,
        key: impl Into<Bytes>,
        value: impl Into<Bytes>,
    ) -> Result<(), StoreError> {
        let key = permitted(key.into())?;
        self.pending.insert(key, Some(value.into()));
        Ok(())
    }

    /// The same for a value that is seldom changed again: an engine may keep it where it is written
    /// only once. What it took there is free again when the view is rebuilt.
    ///
    /// # Errors
    /// [`StoreError::ReservedKey`] for a key that is empty or begins with 0.
    pub fn put_lasting(
        &mut self,
        key: impl Into<Bytes>,
        value: impl Into<Bytes>,
    ) -> Result<(), StoreError> {
        let key = key.into();
        self.put(key.clone(), value)?;
        self.pending.lasts(key);
        Ok(())
    }

    /// Removes `key`, if it is there.
    ///
    /// # Errors
    /// [`StoreError::ReservedKey`] for a key that is empty or begins with 0.
    pub fn delete(&mut self, key: impl Into<Bytes>) -> Result<(), StoreError> {
        let key = permitted(key.into())?;
        self.pending.insert(key, None);
        Ok(())
    }

    /// All entries whose keys begin with `prefix`, in the order of their keys or against it.
    pub fn scan_prefix(&mut self, prefix: impl AsRef<[u8]>, direction: Direction) -> Scan<'_> {
        let prefix = prefix.as_ref();
        self.scan(
            Range {
                from: prefix.to_vec(),
                to: prefix_end(prefix),
            },
            direction,
        )
    }

    /// All entries with `from <= key < to`; without `to`, all from `from` on.
    pub fn scan_range(
        &mut self,
        from: impl AsRef<[u8]>,
        to: Option<&[u8]>,
        direction: Direction,
    ) -> Scan<'_> {
        let range = Range {
            from: from.as_ref().to_vec(),
            to: to.map(<[u8]>::to_vec),
        };
        self.scan(range, direction)
    }

    /// Says that the index's document `key` must be made anew from the state after this batch or a
    /// later one. Without an index this does nothing.
    pub fn touch(&mut self, key: impl Into<Bytes>) {
        self.touched.push((key.into(), Touch::Known));
    }

    /// The same for a document that came into being with this very record: no record before it
    /// touched the document. This saves the search for an older one, where the index can be known
    /// not to hold it.
    pub fn touch_new(&mut self, key: impl Into<Bytes>) {
        self.touched.push((key.into(), Touch::New));
    }

    /// Sets a key of the store's own.
    pub(crate) fn put_own(&mut self, key: Bytes, value: Bytes) {
        self.pending.insert(key, Some(value));
    }

    pub(crate) fn touched_len(&self) -> usize {
        self.touched.len()
    }

    /// Forgets the touches after the first `len`.
    pub(crate) fn forget_touched(&mut self, len: usize) {
        self.touched.truncate(len);
    }

    /// What the touches after the first `len` called new may be in the index all the same.
    pub(crate) fn distrust_touched(&mut self, len: usize) {
        for (_, touch) in self.touched.iter_mut().skip(len) {
            *touch = Touch::Known;
        }
    }

    /// The touched documents, each once. The first touch decides: what was new then is new.
    pub(crate) fn take_touched(&mut self) -> BTreeMap<Bytes, Touch> {
        let mut documents = BTreeMap::new();
        for (key, touch) in self.touched.drain(..) {
            documents.entry(key).or_insert(touch);
        }
        documents
    }

    /// The batch's writes.
    pub fn into_changes(self) -> Changes {
        self.pending.into_changes()
    }

    fn scan(&mut self, mut range: Range, direction: Direction) -> Scan<'_> {
        range.leave_out_reserved();
        let stored = self
            .store
            .scan_range(&range.from, range.to.as_deref(), direction);
        let pending = self.pending.range(&range.from, range.to.as_deref());
        match direction {
            Direction::Ascending => Scan::new(Merged::new(stored, pending, direction)),
            Direction::Descending => Scan::new(Merged::new(stored, pending.rev(), direction)),
        }
    }
}

fn permitted(key: Bytes) -> Result<Bytes, StoreError> {
    match key.first() {
        None | Some(&RESERVED_TAG) => Err(StoreError::ReservedKey),
        Some(_) => Ok(key),
    }
}
