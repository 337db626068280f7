//! From contacts that follow promises up to what the log says of the promises.
//!
//! Whoever holds a contact's partition decides about it, by what the view has of the promise, with the promise's next
//! number: so a decision that lost a race counts nothing, and the contact is looked at again. Once it counts, the
//! view has it among those that are decided, and nobody decides again: not another tracker, and not after a rebuild.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use aftercall_log::{Partition, Record};
use aftercall_view::key::prefix_end;
use aftercall_view::{ApplyError, Direction, Positions, Store};
use jiff::Timestamp;
use tokio::time::timeout;

use super::deciding::Look;
use super::firing::{House, Sent};
use super::{APPEND_WAIT, RETRY_AFTER_MAX, Tracker, TrackerError};
use crate::keys::matched::{self, Following};

/// How many contacts are looked at in one go.
pub(super) const LOOKED_AT_MAX: usize = 500;

/// When to look again at contacts about which nothing could be decided: they name a promise that is not there or
/// another customer's, which may change when customers are merged or named.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// How long to leave the log alone after what was decided: should it never count, that must not fill the log.
const PAUSE: Duration = Duration::from_millis(20);

/// How far the contacts of a partition were looked at.
#[derive(Debug, Default)]
struct Looked {
    /// The last of those about which nothing can be decided for now.
    through: Option<Vec<u8>>,
    /// How far they were looked at once more, and when to go on with that: by the clock that nobody sets, because one
    /// that is set back would put it off.
    again: Option<Vec<u8>>,
    again_at: Option<Duration>,
}

/// What is ready for the log.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    /// The last contact about which nothing can be decided, as are all before it.
    pub(super) through: Option<Vec<u8>>,
    /// Whether something has to be looked at soon.
    pub(super) is_late: bool,
    /// Whether there may be more.
    pub(super) is_full: bool,
}

impl Batch {
    /// Takes what a look at the contact under a key came to.
    pub(super) fn take(&mut self, key: &[u8], look: Look) {
        match look {
            Look::Nothing if self.records.is_empty() && !self.is_late => {
                self.through = Some(key.to_vec());
            }
            Look::Nothing => {}
            Look::Later => self.is_late = true,
            Look::Record(record) => self.records.push(*record),
        }
    }
}

impl Tracker {
    /// Decides about the contacts of a partition that follow promises up, whenever it is this tracker's.
    pub(super) async fn match_contacts(
        &self,
        partition: Partition,
    ) -> Result<Infallible, TrackerError> {
        let mut progress = self.view.progress();
        let mut looked = Looked::default();
        loop {
            self.claim.until(partition, true).await;
            progress.borrow_and_update();
            match self.match_next(partition, &mut looked).await? {
                Some(pause) => tokio::time::sleep(pause).await,
                None => tokio::select! {
                    biased;
                    _ = progress.changed() => {}
                    () = self.look_again(looked.again_at) => {}
                    () = self.claim.until(partition, false) => looked = Looked::default(),
                },
            }
        }
    }

    pub(super) async fn look_again(&self, at: Option<Duration>) {
        match at {
            Some(at) => {
                let left = at.saturating_sub(self.clock.monotonic());
                self.clock.sleep_for(left).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Decides about those that are new, and when it is time about some of the others; returns how long to pause
    /// before there is more to do, or nothing if there is none for now.
    async fn match_next(
        &self,
        partition: Partition,
        looked: &mut Looked,
    ) -> Result<Option<Duration>, TrackerError> {
        let (now, passed) = (self.clock.now(), self.clock.monotonic());
        if looked.again_at.is_some_and(|at| at <= passed) {
            let batch = self.read_contacts(partition, &looked.again, now).await?;
            if !batch.records.is_empty() {
                // What lost its race is looked at once more.
                return self.say(batch.records).await.map(Some);
            }
            looked.again = batch.through.filter(|_| batch.is_full);
            looked.again_at = None;
        }
        let batch = self.read_contacts(partition, &looked.through, now).await?;
        looked.through = batch.through.or_else(|| looked.through.take());
        if looked.through.is_some() || batch.is_late {
            looked.again_at = looked.again_at.or(Some(passed + LOOK_AGAIN));
        }
        match (batch.records.is_empty(), batch.is_full) {
            (true, false) => Ok(None),
            (true, true) => Ok(Some(Duration::ZERO)),
            (false, _) => self.say(batch.records).await.map(Some),
        }
    }

    /// What there is to say of a partition's contacts after a key; nothing while the view is being built.
    async fn read_contacts(
        &self,
        partition: Partition,
        after: &Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Batch, TrackerError> {
        let store = self.view.store();
        let all = Vec::from(matched::all_undecided(partition));
        let from = after
            .as_ref()
            .map_or_else(|| all.clone(), |key| [key, &[0][..]].concat());
        let to = prefix_end(&all);
        // Usually there is nothing, which takes no thread that may block.
        let mut undecided = store.scan_range(from.clone(), to.as_deref(), Direction::Ascending);
        if !self.view.is_ready() || undecided.next().is_none() {
            return Ok(Batch::default());
        }
        drop(undecided);
        let house = self.house.clone();
        let read = move || read(&store, &house, (from, to), now);
        Ok(self.read(read).await?.unwrap_or_default())
    }

    /// Records what was decided, and waits until the view has it; returns how long to pause before the next look.
    pub(super) async fn say(&self, records: Vec<Record>) -> Result<Duration, TrackerError> {
        let appended = timeout(APPEND_WAIT, self.log.append(records)).await;
        let positions = match &appended {
            Ok(Ok(positions)) => positions.clone(),
            _ => Vec::new(),
        };
        let mut sent = Sent::default();
        sent.take(appended, &[])?;
        let mut all = Positions::new();
        positions.into_iter().for_each(|at| all.include(at));
        self.includes(&all).await?;
        Ok(sent
            .trouble
            .map_or(PAUSE, |pause| pause.min(RETRY_AFTER_MAX)))
    }
}

/// Looks at the contacts under some keys, and at no promise twice. Blocks.
fn read(
    store: &Store,
    house: &House,
    (from, to): (Vec<u8>, Option<Vec<u8>>),
    now: Timestamp,
) -> Result<Batch, ApplyError> {
    let undecided = store.scan_range(from, to.as_deref(), Direction::Ascending);
    let mut batch = Batch::default();
    let mut promises = BTreeSet::new();
    let mut seen = 0;
    for entry in undecided.take(LOOKED_AT_MAX) {
        let (key, _) = entry?;
        seen += 1;
        let following = Following::read_undecided(&key).map_err(ApplyError::record)?;
        let promise = (following.tenant_id.clone(), following.commitment_id.clone());
        let look = match (promise.1.is_empty(), promises.contains(&promise)) {
            (true, _) => house.deciding().cause(store, &following, now)?,
            // A promise's next number is given once.
            (false, true) => Look::Later,
            (false, false) => house.look(store, &following, now)?,
        };
        if let Look::Record(_) = look {
            promises.insert(promise);
        }
        batch.take(&key, look);
    }
    batch.is_full = seen == LOOKED_AT_MAX;
    Ok(batch)
}
