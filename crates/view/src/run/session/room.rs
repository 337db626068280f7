//! Waits while the disk has no room for what the view would write.
//!
//! The view stops before its engines meet a full disk: while there is less room than they need for what
//! they have in memory. Then it writes that, so that nothing is lost if it is stopped meanwhile, and
//! reads nothing more. A full quota is seen only when something meets it.

use tokio::time::Instant;

use super::super::retry::Retry;
use super::super::{Fold, Source, Trouble};
use super::{Session, Site};
use crate::{Cause, StoreError, room};

/// Whether there is room, as far as is known.
#[derive(Debug, Default)]
pub(super) struct Room {
    lacking: bool,
    /// When the store is asked again to write what it kept in memory.
    retry: Retry,
}

impl Room {
    pub(super) fn is_lacking(&self) -> bool {
        self.lacking
    }
}

impl<T> Session<T> {
    /// Whether the view has to wait for room; says so, and puts in order what it has, when that begins.
    pub(super) fn lacks_room<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
    ) -> Result<bool, Trouble> {
        let reserve_bytes = self.reserve_bytes(site);
        let free_bytes = room::free_bytes(site.dir.path());
        let is_low = free_bytes.is_some_and(|free_bytes| free_bytes < reserve_bytes);
        let lacking = is_low || self.store_is_full(site)? || self.index_is_full();
        if is_low {
            // As soon as it is not, all of it may be tried at once.
            self.room.retry.hurry();
            if let Some(index) = &mut self.index {
                index.retry.hurry();
            }
        }
        if lacking != self.room.lacking {
            self.room.lacking = lacking;
            self.publish(site);
            let view = site.shared.name;
            match lacking {
                true => {
                    tracing::warn!(
                        view,
                        ?free_bytes,
                        reserve_bytes,
                        "view pauses: disk almost full"
                    );
                    self.settle(site)?;
                }
                false => tracing::info!(view, ?free_bytes, reserve_bytes, "view resumes"),
            }
        }
        // An index that was closed for want of room is opened again to see whether there is some.
        Ok(is_low || lacking && !self.index_is_full())
    }

    /// How many bytes must be free: what the engines have in memory, and some for others.
    fn reserve_bytes<F: Fold, S>(&self, site: &Site<F, S>) -> u64 {
        let index = self.index.as_ref();
        let index = index.map_or(0, |index| index.reserve_bytes(&site.options.index));
        site.options
            .disk_free_bytes_min
            .saturating_add(site.shared.store.reserve_bytes())
            .saturating_add(index)
    }

    fn store_is_full<F: Fold, S>(&mut self, site: &Site<F, S>) -> Result<bool, Trouble> {
        if !self.room.retry.is_due(Instant::now()) {
            return Ok(true);
        }
        match site.shared.store.make_room() {
            Err(error) if is_full(&error) => {
                self.room.retry.failed(Instant::now());
                Ok(true)
            }
            outcome => {
                outcome?;
                self.room.retry.succeeded();
                Ok(false)
            }
        }
    }

    fn index_is_full(&self) -> bool {
        self.index.as_ref().is_some_and(|index| index.lacks_room)
    }

    /// Writes what is in memory while there is room for it, and merges nothing more.
    fn settle<F: Fold<Fact = T>, S>(&mut self, site: &mut Site<F, S>) -> Result<(), Trouble> {
        match site.shared.store.flush() {
            Err(error) if is_full(&error) => {}
            flushed => flushed?,
        }
        if let Some(index) = &mut self.index {
            index.set_merges(false);
        }
        self.commit_index_if_few(site)?;
        self.publish(site);
        Ok(())
    }
}

fn is_full(error: &StoreError) -> bool {
    error.cause() == Some(Cause::Full)
}
