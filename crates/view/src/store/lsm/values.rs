//! Large values that last, in a file of their own beside the tree: written once, and never merged.
//!
//! The tree holds where such a value stands, and a sum over it. What stands in the file without a
//! place in the tree, because its key was changed or a crash took the place with it, is never read;
//! it goes when the view is rebuilt.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;

use crate::store::Changes;
use crate::{Fault, StoreError};

/// The file's name in the tree's directory. The tree takes what begins with "v" for old manifests of its own.
const FILE: &str = "lasting";

/// Smaller values stay in the tree: to find them elsewhere would cost more than to merge them.
const APART_BYTES_MIN: usize = 128;

/// How a value in the tree ends that is the value itself. An empty value has no end.
const WHOLE: u8 = 0;

/// How a value in the tree ends that says where the value stands.
const PLACE: u8 = 1;

/// Offset, length, CRC-32C, big-endian, and [`PLACE`].
const PLACE_BYTES: usize = 17;

/// The file, and how far it is written.
#[derive(Debug)]
pub(super) struct Values {
    file: File,
    end: AtomicU64,
    /// Something was written and not handed to the disk since.
    unsynced: AtomicBool,
}

impl Values {
    /// Opens or creates the file in `dir`.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(dir.join(FILE))?;
        let end = file.metadata()?.len();
        Ok(Self {
            file,
            end: AtomicU64::new(end),
            unsynced: AtomicBool::new(false),
        })
    }

    /// The file's length in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    /// The changes in the form in which the tree keeps them. Large values that last are written to the
    /// file; if it can't be written, they stay in the tree.
    pub(super) fn separate(&self, changes: Changes) -> Vec<(Bytes, Option<Bytes>)> {
        let begin = self.bytes();
        let mut apart = Vec::new();
        let kept = changes.iter().map(|(key, value)| {
            let kept = value.as_ref().map(|value| {
                if value.len() < APART_BYTES_MIN || !changes.is_lasting(key) {
                    return whole(value);
                }
                let place = place(begin + apart.len() as u64, value);
                apart.extend_from_slice(value);
                place
            });
            (key.clone(), kept)
        });
        let kept: Vec<_> = kept.collect();
        if apart.is_empty() {
            return kept;
        }
        if let Err(error) = self.file.write_all_at(&apart, begin) {
            tracing::warn!(%error, "a view's values can't be written apart");
            let kept = changes.iter();
            return kept
                .map(|(key, value)| (key.clone(), value.as_ref().map(whole)))
                .collect();
        }
        self.unsynced.store(true, Ordering::Relaxed);
        self.end
            .store(begin + apart.len() as u64, Ordering::Relaxed);
        kept
    }

    /// Hands what was written to the disk: before the tree's tables name places in it.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self.unsynced.swap(false, Ordering::Relaxed) {
            true => self.file.sync_data().inspect_err(|_| {
                self.unsynced.store(true, Ordering::Relaxed);
            }),
            false => Ok(()),
        }
    }

    /// The value that the tree keeps as `kept`.
    pub(super) fn value(&self, kept: Bytes) -> Result<Bytes, StoreError> {
        match kept.last() {
            None => Ok(kept),
            Some(&WHOLE) => Ok(kept.slice(..kept.len() - 1)),
            Some(_) => self.read(&kept),
        }
    }

    fn read(&self, place: &[u8]) -> Result<Bytes, StoreError> {
        let damaged = || StoreError::damaged("a value is not what was written");
        let place: &[u8; PLACE_BYTES] = place.try_into().map_err(|_| damaged())?;
        let (offset, rest) = place.split_first_chunk().ok_or_else(damaged)?;
        let (len, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (sum, end) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (offset, len) = (u64::from_be_bytes(*offset), u32::from_be_bytes(*len));
        let is_inside = offset
            .checked_add(u64::from(len))
            .is_some_and(|end| end <= self.bytes());
        if end != [PLACE] || !is_inside {
            return Err(damaged());
        }
        let mut value = vec![0; len as usize];
        let read = self.file.read_exact_at(&mut value, offset);
        read.map_err(|error| StoreError::Failed(Fault::io(&error)))?;
        match crc32c::crc32c(&value) == u32::from_be_bytes(*sum) {
            true => Ok(value.into()),
            false => Err(damaged()),
        }
    }
}

/// A value as the tree keeps it whole.
fn whole(value: &Bytes) -> Bytes {
    match value.is_empty() {
        true => Bytes::new(),
        false => [value, &[WHOLE][..]].concat().into(),
    }
}

/// Where a value stands, as the tree keeps it.
fn place(offset: u64, value: &[u8]) -> Bytes {
    let mut place = Vec::with_capacity(PLACE_BYTES);
    place.extend_from_slice(&offset.to_be_bytes());
    // No value is as large as that: see the limits of what views are given.
    let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
    place.extend_from_slice(&len.to_be_bytes());
    place.extend_from_slice(&crc32c::crc32c(value).to_be_bytes());
    place.push(PLACE);
    place.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, Txn};

    fn lasting(values: &[(&'static str, usize)]) -> Changes {
        let store = Store::default();
        let mut txn = Txn::new(&store);
        for (key, len) in values {
            txn.put_lasting(*key, key.repeat(*len)).unwrap();
        }
        txn.into_changes()
    }

    fn read(values: &Values, kept: &[(Bytes, Option<Bytes>)]) -> Result<Vec<Bytes>, StoreError> {
        let kept = kept.iter().filter_map(|(_, value)| value.clone());
        kept.map(|value| values.value(value)).collect()
    }

    #[test]
    fn a_large_value_that_lasts_is_written_once_and_found_by_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let values = Values::open(dir.path()).unwrap();
        let first = values.separate(lasting(&[("a", 0), ("b", 10), ("c", 1_000), ("d", 200)]));
        assert_eq!(values.bytes(), 1_200, "the small ones stay in the tree");
        drop(values);
        let values = Values::open(dir.path()).unwrap();
        let second = values.separate(lasting(&[("e", 500)]));
        let sizes = |read: Vec<Bytes>| read.iter().map(Bytes::len).collect::<Vec<_>>();
        assert_eq!(sizes(read(&values, &first).unwrap()), [0, 10, 1_000, 200]);
        assert_eq!(read(&values, &second).unwrap(), ["e".repeat(500)]);
    }

    #[test]
    fn what_is_not_what_was_written_is_not_answered() {
        let dir = tempfile::tempdir().unwrap();
        let values = Values::open(dir.path()).unwrap();
        let kept = values.separate(lasting(&[("a", 300)]));
        let path = dir.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[299] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        read(&values, &kept).unwrap_err();
        std::fs::write(&path, &bytes[..200]).unwrap();
        read(&values, &kept).unwrap_err();
        let values = Values::open(dir.path()).unwrap();
        read(&values, &kept).unwrap_err();
    }
}
