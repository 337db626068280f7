//! Compares a tree's manifest with its checksum: the tree notes it, but does not look at it.

use std::io::ErrorKind;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use crate::{Fault, StoreError};

/// Checks the manifest of the tree in `dir`, if there is one. `current` holds the number of the
/// manifest in force, its checksum, and a byte for the checksum's kind, little-endian.
pub(super) fn check(dir: &Path) -> Result<(), StoreError> {
    let current = match std::fs::read(dir.join("current")) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        read => read.map_err(|error| StoreError::Failed(Fault::io(&error)))?,
    };
    let damaged = || StoreError::damaged("the store's manifest is damaged");
    let (number, rest) = current.split_first_chunk().ok_or_else(damaged)?;
    let (checksum, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
    let manifest = dir.join(format!("v{}", u64::from_le_bytes(*number)));
    let manifest = std::fs::read(manifest);
    let manifest = manifest.map_err(|error| StoreError::Failed(Fault::io(&error)))?;
    match rest == [0] && xxh3_128(&manifest) == u128::from_le_bytes(*checksum) {
        true => Ok(()),
        false => Err(damaged()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use bytes::Bytes;

    use super::*;
    use crate::{Cache, Changes, Engine, LsmEngine};

    fn written(dir: &Path) -> PathBuf {
        let engine = LsmEngine::open(dir, &Cache::of(1 << 20)).unwrap();
        let value = Some(Bytes::from_static(b"value"));
        engine
            .apply(Changes::from_iter([(Bytes::from_static(b"key"), value)]))
            .unwrap();
        engine.flush().unwrap();
        dir.join("v1")
    }

    #[test]
    fn a_flipped_bit_anywhere_in_the_manifest_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = written(dir.path());
        check(dir.path()).unwrap();
        for file in [manifest, dir.path().join("current")] {
            let sound = std::fs::read(&file).unwrap();
            for at in 0..sound.len() {
                let mut damaged = sound.clone();
                damaged[at] ^= 1 << (at % 8);
                std::fs::write(&file, damaged).unwrap();
                assert!(check(dir.path()).is_err(), "byte {at} of {file:?}");
            }
            std::fs::write(&file, sound).unwrap();
        }
        check(dir.path()).unwrap();
    }
}
