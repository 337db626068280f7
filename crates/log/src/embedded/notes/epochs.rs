//! The file `epochs`: the epochs of a log's records ([`crate::identity`]).
//!
//! |   at | bytes | field                                                  |
//! |-----:|------:|--------------------------------------------------------|
//! |    0 |     8 | `ACLOGEPO`                                             |
//! |    8 |     4 | version: 1                                             |
//! |   12 |     4 | how many epochs                                        |
//! |   16 |    16 | the log's origin                                       |
//! |   32 |  12 n | epochs: the first record's offset, the epoch           |
//! |      |     4 | CRC-32C of all before it                               |
//!
//! A start that writes nothing leaves nothing in it. An epoch that has no record in this log is
//! another life's, and is left out. Without the file, or with one that is damaged, nobody can say
//! which positions are of this life: all records are then taken to be of the next epoch, which
//! refuses the positions of before.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::{Buf, BufMut};

use crate::embedded::OpenError;
use crate::embedded::disk::{Disk, write_all_at};
use crate::{Epoch, Era, LogId, Offset};

const NAME: &str = "epochs";
const MAGIC: &[u8; 8] = b"ACLOGEPO";
const VERSION: u32 = 1;
const HEAD_BYTES: usize = 32;
const ERA_BYTES: usize = 12;

/// How many epochs are kept: a start a day for 180 years. What is older counts as another life's.
const EPOCHS_MAX: usize = 65_536;

/// The epochs of a log that is open.
#[derive(Debug)]
pub(crate) struct Epochs {
    eras: Vec<Era>,
    /// Whether the file says so too.
    noted: bool,
}

impl Epochs {
    /// The epochs of the log's records below `tail`, and a new one for those that will follow.
    pub(super) fn begin(dir: &Path, origin: LogId, tail: Offset) -> Result<Self, OpenError> {
        let mut eras = load(dir, origin).map_err(OpenError::io("read", &path(dir)))?;
        eras.retain(|era| era.first < tail);
        let excess = (eras.len() + 1).saturating_sub(EPOCHS_MAX);
        eras.drain(..excess);
        eras.push(Era {
            first: if eras.is_empty() { 0 } else { tail },
            epoch: random().map_err(OpenError::io("name an epoch of", dir))?,
        });
        Ok(Self { eras, noted: false })
    }

    /// Whether records that are there already are of the new epoch: it has to be noted although
    /// nothing is written.
    pub(super) fn are_urgent(&self) -> bool {
        self.eras.len() == 1
    }

    pub(super) fn eras(&self) -> &[Era] {
        &self.eras
    }

    /// Writes the file, unless it was written, durably and at once.
    pub(super) fn save(&mut self, disk: &dyn Disk, dir: &Path, origin: LogId) -> io::Result<()> {
        if self.noted {
            return Ok(());
        }
        let fresh = path(dir).with_extension("new");
        let file = disk.create(&fresh)?;
        write_all_at(disk, &file, &encode(&self.eras, origin), 0)?;
        disk.sync(&file)?;
        fs::rename(&fresh, path(dir))?;
        disk.sync_dir(dir)?;
        self.noted = true;
        Ok(())
    }
}

/// The path of the file in a log's directory.
pub(crate) fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// The epochs that the file in `dir` tells of the log `origin`. None without one that is whole.
pub(crate) fn load(dir: &Path, origin: LogId) -> io::Result<Vec<Era>> {
    match fs::read(path(dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(bytes) => Ok(decode(&bytes, origin).unwrap_or_else(|| {
            tracing::warn!(
                path = %path(dir).display(),
                "the file of epochs is damaged: positions that were given out before are refused"
            );
            Vec::new()
        })),
    }
}

pub(crate) fn encode(eras: &[Era], origin: LogId) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + eras.len() * ERA_BYTES + 4);
    out.put_slice(MAGIC);
    out.put_u32_le(VERSION);
    out.put_u32_le(eras.len() as u32);
    out.put_slice(&origin.0);
    for era in eras {
        out.put_u64_le(era.first);
        out.put_u32_le(era.epoch.0);
    }
    out.put_u32_le(crc32c::crc32c(&out));
    out
}

pub(crate) fn decode(bytes: &[u8], origin: LogId) -> Option<Vec<Era>> {
    let (mut rest, crc) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(rest) != u32::from_le_bytes(*crc) || rest.len() < HEAD_BYTES {
        return None;
    }
    let known = rest.starts_with(MAGIC);
    rest.advance(MAGIC.len());
    let version = rest.get_u32_le();
    let count = rest.get_u32_le() as usize;
    let of_this_log = rest.starts_with(&origin.0);
    rest.advance(origin.0.len());
    let whole = count.checked_mul(ERA_BYTES) == Some(rest.len());
    if !(known && version == VERSION && of_this_log && whole) {
        return None;
    }
    let eras: Vec<_> = (0..count)
        .map(|_| Era {
            first: rest.get_u64_le(),
            epoch: Epoch(rest.get_u32_le()),
        })
        .collect();
    eras.is_sorted_by(|one, next| one.first < next.first)
        .then_some(eras)
}

/// An epoch that no other life has, but for one chance in four thousand million.
fn random() -> io::Result<Epoch> {
    let mut epoch = [0; 4];
    rustix::rand::getrandom(&mut epoch, rustix::rand::GetRandomFlags::empty())?;
    Ok(Epoch(u32::from_le_bytes(epoch).max(1)))
}

/// See [`super::decode_anything`]. `data` is read as it is, and with the head and the checksum that a
/// file of it would have: chance does not find those.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn decode_anything(data: &[u8]) {
    let origin = LogId([7; 16]);
    let accept = |bytes: &[u8]| {
        if let Some(eras) = decode(bytes, origin) {
            assert_eq!(encode(&eras, origin), bytes, "epochs have one form only");
        }
    };
    accept(data);
    let whole = data.len() / ERA_BYTES;
    let mut file = encode(&[], origin);
    file.truncate(HEAD_BYTES);
    file[12..16].copy_from_slice(&(whole as u32).to_le_bytes());
    file.extend_from_slice(&data[..whole * ERA_BYTES]);
    file.put_u32_le(crc32c::crc32c(&file));
    accept(&file);
}
