//! Ordered reads, alone and merged with changes that are not written yet.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Peekable;

use bytes::Bytes;

use super::{RESERVED_TAG, StoreError};

/// Which way a scan goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// By the order of the keys.
    Ascending,
    /// Against it.
    Descending,
}

/// One entry of a scan, key and value.
type Item = Result<(Bytes, Bytes), StoreError>;

/// The entries of a scan, key and value. Lazy: what isn't taken isn't read. Ends after an error.
pub struct Scan<'a> {
    entries: Box<dyn Iterator<Item = Item> + Send + 'a>,
    ended: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(entries: impl Iterator<Item = Item> + Send + 'a) -> Self {
        Self {
            entries: Box::new(entries),
            ended: false,
        }
    }
}

impl Iterator for Scan<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.ended {
            return None;
        }
        let item = self.entries.next();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

impl fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// The keys from `from` up to, and without, `to`.
#[derive(Debug, Clone)]
pub(super) struct Range {
    pub(super) from: Vec<u8>,
    pub(super) to: Option<Vec<u8>>,
}

impl Range {
    /// The store's own records are not the caller's to see.
    pub(super) fn leave_out_reserved(&mut self) {
        let first = [RESERVED_TAG + 1];
        if self.from.as_slice() < &first[..] {
            self.from = first.to_vec();
        }
    }
}

/// Merges stored entries with pending changes, both in `direction`; a change replaces or removes
/// the stored entry of its key.
pub(super) struct Merged<S: Iterator, P: Iterator> {
    stored: Peekable<S>,
    pending: Peekable<P>,
    direction: Direction,
}

impl<'p, S, P> Merged<S, P>
where
    S: Iterator<Item = Item>,
    P: Iterator<Item = (&'p Bytes, &'p Option<Bytes>)>,
{
    pub(super) fn new(stored: S, pending: P, direction: Direction) -> Self {
        Self {
            stored: stored.peekable(),
            pending: pending.peekable(),
            direction,
        }
    }

    /// Which of the two comes first; equal keys are equal.
    fn order(&mut self) -> Option<Ordering> {
        match (self.stored.peek(), self.pending.peek()) {
            (None, None) => None,
            (Some(Err(_)) | Some(Ok(_)), None) | (Some(Err(_)), Some(_)) => Some(Ordering::Less),
            (None, Some(_)) => Some(Ordering::Greater),
            (Some(Ok((stored, _))), Some((pending, _))) => Some(match self.direction {
                Direction::Ascending => stored.cmp(pending),
                Direction::Descending => pending.cmp(&stored),
            }),
        }
    }
}

impl<'p, S, P> Iterator for Merged<S, P>
where
    S: Iterator<Item = Item>,
    P: Iterator<Item = (&'p Bytes, &'p Option<Bytes>)>,
{
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            let order = self.order()?;
            if order == Ordering::Less {
                return self.stored.next();
            }
            if order == Ordering::Equal {
                self.stored.next();
            }
            if let Some((key, Some(value))) = self.pending.next() {
                return Some(Ok((key.clone(), value.clone())));
            }
        }
    }
}
