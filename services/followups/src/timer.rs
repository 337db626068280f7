//! The tracker: says, once and in time, what is to be said of a promise by itself: that a due has passed, that a
//! stage was reached, that a pause or an acknowledgement is over; and makes what is promised again and again.
//!
//! ```text
//!  for each partition, beside the others:
//!  sleep to the earliest watched time, or until the view brings an earlier one
//!    └─► it has passed: read the partition's tail, wait until the view includes it
//!          └─► of all watched promises, in order, what is to be said first, into the log
//!                └─► begin anew
//! ```
//!
//! There is one mechanism for all of it: a promise knows what is to be said of it and when
//! ([`Commitment::timers`](aftercall_domain::commitment::Commitment::timers)), and is watched for the earliest.
//!
//! The wait in the middle is what keeps a promise from lapsing that was kept in time: whatever was
//! acknowledged before the due has passed is in the view before the tracker looks at it. So is what the
//! tracker itself said in the round before: it says nothing twice. For the truth the wait isn't
//! needed: the fold ignores a lapse that lost its race, that is known already, or that speaks of an
//! older due.
//!
//! A partition that can't be asked or written for a while keeps back its own promises only. Of several
//! processes each watches the partitions that it holds by [`Log::claim`]: it looks when
//! one is handed to it, and says nothing more once it was taken away. A second tracker that does
//! not know yet, a crash between append and acknowledgement, or a log that can't
//! say whether it wrote, need no care here: what wasn't recorded is still watched, and comes up
//! again.

mod closing;
mod concerns;
mod deciding;
mod firing;
mod matching;
mod recovering;
mod recurring;
mod returning;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{AppendError, Claim, Log, Partition, ReadError};
use aftercall_service::{Clock, Internal, Supervisor};
use aftercall_view::{
    ApplyError, Direction, Positions, StoreError, ViewError, ViewHandle, WaitError,
};
use futures::StreamExt;
use futures::future::try_join_all;
use futures::stream::FuturesOrdered;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::{keys, meters};
pub(crate) use deciding::Deciding;
use firing::{Batch, Sent};

pub(crate) use firing::House;

/// The role in which trackers share the partitions among them.
const ROLE: &str = "timers";

/// The most records of one append.
const APPEND_RECORDS_MAX: usize = 1_000;

/// How many appends of a partition are on their way at once.
const APPENDS_MAX: usize = 8;

/// How many partitions ask the log at once where it ends: each keeps a thread waiting.
const ASKING_MAX: usize = 64;

/// How long to wait for the view before looking whether it still runs.
const VIEW_WAIT: Duration = Duration::from_secs(30);

/// How long the log may take to say whether it has what was said. Beyond that it is looked at anew: to say
/// something twice is harmless.
const APPEND_WAIT: Duration = Duration::from_secs(30);

/// How long to leave a log alone that did not say when to come back, and the longest that it may
/// ask for.
const RETRY_AFTER: Duration = Duration::from_millis(200);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// Watches the promises.
#[derive(Debug)]
pub(crate) struct Tracker {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    view: ViewHandle,
    /// Which partitions' promises are this tracker's.
    claim: Claim,
    house: House,
    asking: Semaphore,
}

/// Why the tracker ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrackerError {
    #[error("the log can't be read")]
    Log(#[from] ReadError),
    #[error("what a promise has come to can't be appended")]
    Append(#[source] AppendError),
    #[error("the view ended")]
    View(#[source] Option<Arc<ViewError>>),
    #[error("the view makes no sense")]
    Store(#[source] ApplyError),
    #[error("a query was cancelled")]
    Query(#[from] Internal),
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Everything that was due is recorded, or was taken care of by somebody else.
    Done,
    /// There was nothing to record after all.
    Nothing,
    /// The log or the view could not take part.
    Again(Duration),
}

impl Tracker {
    pub(crate) fn new(
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        supervisor: Supervisor,
        view: ViewHandle,
        house: House,
    ) -> Self {
        let claim = log.claim(ROLE);
        Self {
            log,
            clock,
            supervisor,
            view,
            claim,
            house,
            asking: Semaphore::new(ASKING_MAX),
        }
    }

    /// Runs until it is dropped.
    ///
    /// # Errors
    /// When the log or the view has failed for good.
    pub(crate) async fn run(self) -> Result<(), TrackerError> {
        let partitions = 0..self.log.partitions();
        let matching = partitions
            .clone()
            .map(|partition| self.match_contacts(partition));
        let recovering = partitions
            .clone()
            .map(|partition| self.recover_drops(partition));
        let closing = partitions
            .clone()
            .map(|partition| self.close_calls(partition));
        let returning = partitions
            .clone()
            .map(|partition| self.tell_returns(partition));
        let concerns = partitions
            .clone()
            .map(|partition| self.raise_concerns(partition));
        let watching = partitions.map(|partition| self.watch(partition));
        tokio::select! {
            biased;
            ended = self.view.stopped() => Err(TrackerError::View(ended.err())),
            failed = try_join_all(watching) => failed.map(|_| ()),
            failed = try_join_all(matching) => failed.map(|_| ()),
            failed = try_join_all(recovering) => failed.map(|_| ()),
            failed = try_join_all(closing) => failed.map(|_| ()),
            failed = try_join_all(returning) => failed.map(|_| ()),
            failed = try_join_all(concerns) => failed.map(|_| ()),
            never = self.count_held() => match never {},
        }
    }

    async fn count_held(&self) -> Infallible {
        loop {
            let held = self.claim.partitions();
            meters::partitions_held(held.len());
            self.claim.others_than(&held).await;
        }
    }

    /// Says what is to be said in a partition, whenever it is this tracker's.
    async fn watch(&self, partition: Partition) -> Result<Infallible, TrackerError> {
        let mut progress = self.view.progress();
        loop {
            self.claim.until(partition, true).await;
            progress.borrow_and_update();
            let round = match self.earliest(partition)? {
                Some(due) if self.clock.now() >= due => self.fire_all(partition).await?,
                Some(due) => {
                    tokio::select! {
                        biased;
                        () = self.clock.sleep_until(due) => {}
                        _ = progress.changed() => {}
                        () = self.claim.until(partition, false) => {}
                    }
                    continue;
                }
                None => Round::Nothing,
            };
            match round {
                Round::Done => {}
                Round::Again(pause) => tokio::time::sleep(pause).await,
                // What was due is taken care of by a record that the view is about to show.
                Round::Nothing => tokio::select! {
                    biased;
                    _ = progress.changed() => {}
                    () = self.claim.until(partition, false) => {}
                },
            }
        }
    }

    /// The first instant at which something is to be said in the partition; none if nothing is watched, or
    /// while the view is being opened.
    fn earliest(&self, partition: Partition) -> Result<Option<Timestamp>, TrackerError> {
        let watched = keys::all_watched(partition);
        let store = self.view.store();
        let first = store.scan_prefix(watched, Direction::Ascending).next();
        let key = match first {
            Some(Ok((key, _))) => key,
            None | Some(Err(StoreError::Opening | StoreError::Failed(_))) => return Ok(None),
            Some(Err(error)) => return Err(TrackerError::Store(error.into())),
        };
        let watched = keys::read_watched(&key).map_err(ApplyError::record);
        let at_us = watched.map_err(TrackerError::Store)?.at_us;
        // The key's time is rounded down to the microsecond: one later it has passed for certain.
        Ok(Timestamp::from_microsecond(at_us.saturating_add(1)).ok())
    }

    /// Records of every promise of the partition what is to be said first by now.
    async fn fire_all(&self, partition: Partition) -> Result<Round, TrackerError> {
        let now = self.clock.now();
        let Some(tail) = self.tail(partition).await? else {
            return Ok(Round::Again(RETRY_AFTER));
        };
        if !self.includes(&tail).await? {
            return Ok(Round::Again(Duration::ZERO));
        }
        let mut sending = FuturesOrdered::new();
        let mut sent = Sent::default();
        let mut after = None;
        loop {
            let Some(batch) = self.next_batch(partition, after, now).await? else {
                sent.trouble.get_or_insert(RETRY_AFTER);
                break;
            };
            if !self.claim.holds(partition) {
                // Another tracker's from here on.
                break;
            }
            if self.clock.now() < now {
                // It was set back meanwhile: what was recorded since then may not be due yet.
                sent.trouble.get_or_insert(Duration::ZERO);
                break;
            }
            if !batch.records.is_empty() {
                let append = timeout(APPEND_WAIT, self.log.append(batch.records));
                sending.push_back(async move { (append.await, batch.lateness) });
            }
            while sending.len() > APPENDS_MAX {
                if let Some((outcome, lateness)) = sending.next().await {
                    sent.take(outcome, &lateness)?;
                }
            }
            if batch.is_late {
                sent.trouble.get_or_insert(RETRY_AFTER);
            }
            after = batch.last_key;
            if sent.trouble.is_some() || after.is_none() {
                break;
            }
        }
        while let Some((outcome, lateness)) = sending.next().await {
            sent.take(outcome, &lateness)?;
        }
        Ok(match sent.trouble {
            Some(pause) => Round::Again(pause.min(RETRY_AFTER_MAX)),
            None if sent.records == 0 => Round::Nothing,
            None => Round::Done,
        })
    }

    /// Everything that is durable in the partition now; none while the log can't say.
    async fn tail(&self, partition: Partition) -> Result<Option<Positions>, TrackerError> {
        let log = Arc::clone(&self.log);
        let _turn = self.asking.acquire().await;
        let tails = self.supervisor.block(move || log.partial_tails()).await?;
        let tails = match tails {
            Err(ReadError::Unavailable { .. }) => return Ok(None),
            tails => tails?,
        };
        let tail = tails.get(partition as usize).copied().flatten();
        Ok(tail.map(|tail| Positions::from_iter([(partition, tail)])))
    }

    /// What is to be said next in a partition, after a key, in the order of their times; none while the view
    /// is being opened.
    async fn next_batch(
        &self,
        partition: Partition,
        after: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Option<Batch>, TrackerError> {
        let store = self.view.store();
        // The clock may have been set back since `now`: nothing is noticed before its time.
        let times = (now, self.clock.now().max(now));
        let house = self.house.clone();
        let read = move || firing::read(&store, &house, partition, after, times);
        self.read(read).await
    }

    /// Reads the view on a thread that may block; none while it is being opened.
    async fn read<A: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<A, ApplyError> + Send + 'static,
    ) -> Result<Option<A>, TrackerError> {
        match self.supervisor.block(read).await? {
            Ok(found) => Ok(Some(found)),
            Err(ApplyError::Store(StoreError::Opening | StoreError::Failed(_))) => Ok(None),
            Err(error) => Err(TrackerError::Store(error)),
        }
    }

    /// Waits until the view includes `positions`; says no if the view has to be asked again.
    async fn includes(&self, positions: &Positions) -> Result<bool, TrackerError> {
        let deadline = Instant::now() + VIEW_WAIT;
        match self.view.wait_for(positions, deadline).await {
            Ok(()) => Ok(true),
            Err(WaitError::DeadlineExceeded { .. }) => Ok(false),
            Err(WaitError::Log(ReadError::Unavailable { .. })) => Ok(false),
            Err(WaitError::Log(error)) => Err(error.into()),
            Err(_) => Err(TrackerError::View(None)),
        }
    }
}
