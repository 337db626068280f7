//! What a log notes about itself beside its segments: in which epochs it was written
//! ([`epochs`]), how far it is durable ([`durable`]), and where it lives ([`home`]).
//!
//! The first two are noted before anything is acknowledged that depends on them. On a full disk a log opens
//! without, to be read, and notes what is missing before its next commit.

pub(crate) mod durable;
pub(crate) mod epochs;
pub(crate) mod home;

use std::io;
use std::path::Path;

use self::durable::{End, Found, Pen};
use self::epochs::Epochs;
use super::OpenError;
use super::disk::{Disk, is_full};
use crate::{Era, LogId};

/// The notes of a log that is open.
#[derive(Debug)]
pub(crate) struct Notes {
    origin: LogId,
    epochs: Epochs,
    /// None when there was no space for one.
    pen: Option<Pen>,
    end: End,
}

impl Notes {
    /// Begins an epoch, and notes that all below `end` is durable. `found` is what a process before
    /// noted.
    pub(crate) fn open(
        disk: &dyn Disk,
        dir: &Path,
        origin: LogId,
        (found, end): (Option<&Found>, End),
    ) -> Result<Self, OpenError> {
        let mut notes = Self {
            origin,
            epochs: Epochs::begin(dir, origin, end.next)?,
            pen: None,
            end,
        };
        match notes.begin(disk, dir, found) {
            // The log must open to be read.
            Err(error) if is_full(&error) => durable::remove(dir)?,
            done => done.map_err(OpenError::io("write the notes of", dir))?,
        }
        Ok(notes)
    }

    fn begin(&mut self, disk: &dyn Disk, dir: &Path, found: Option<&Found>) -> io::Result<()> {
        self.pen = Some(Pen::take(disk, dir, (self.origin, found), self.end)?);
        match self.epochs.are_urgent() {
            true => self.epochs.save(disk, dir, self.origin),
            false => Ok(()),
        }
    }

    /// The epochs of the log's records, this process's included.
    pub(crate) fn eras(&self) -> Vec<Era> {
        self.epochs.eras().to_vec()
    }

    /// Notes what must be noted before the first commit.
    pub(crate) fn before_commit(&mut self, disk: &dyn Disk, dir: &Path) -> io::Result<()> {
        self.epochs.save(disk, dir, self.origin)?;
        if self.pen.is_none() {
            self.pen = Some(Pen::take(disk, dir, (self.origin, None), self.end)?);
        }
        Ok(())
    }

    /// Notes that all below `end` is durable. To be said before it is acknowledged. It survives the
    /// process; [`Notes::sync`] makes it survive the machine.
    pub(crate) fn advance(&mut self, disk: &dyn Disk, end: End) -> io::Result<()> {
        match &mut self.pen {
            Some(pen) => pen.advance(disk, end)?,
            None => return Err(io::ErrorKind::StorageFull.into()),
        }
        self.end = end;
        Ok(())
    }

    /// Whether something was noted that is not synced.
    pub(crate) fn are_unsynced(&self) -> bool {
        self.pen.as_ref().is_some_and(Pen::is_unsynced)
    }

    /// Makes durable what was noted.
    pub(crate) fn sync(&mut self, disk: &dyn Disk) -> io::Result<()> {
        self.pen.as_mut().map_or(Ok(()), |pen| pen.sync(disk))
    }

    /// Notes that the log was closed in order.
    pub(crate) fn close(&mut self, disk: &dyn Disk) -> io::Result<()> {
        self.pen.as_mut().map_or(Ok(()), |pen| pen.close(disk))
    }
}

/// What must hold for any bytes at all: reading notes ends, without panic, and what it accepts is what
/// writing writes. `crates/fuzz` and the property tests call it.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn decode_anything(data: &[u8]) {
    durable::decode_anything(data);
    epochs::decode_anything(data);
}
