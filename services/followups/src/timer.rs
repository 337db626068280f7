//! The tracker: says, once and in time, that a due has passed with its promise open.
//!
//! ```text
//!  sleep to the earliest watched due, or until the view brings an earlier one
//!    └─► now > due: read the log's tail, wait until the view includes it
//!          └─► all watched dues before now, in order, as lapses into the log
//!                └─► begin anew
//! ```
//!
//! The wait in the middle is what keeps a promise from lapsing that was kept in time: whatever was
//! acknowledged before the due has passed is in the view before the tracker looks at it. So are the
//! tracker's own lapses of the round before: it says nothing twice. For the truth the wait isn't
//! needed: the fold ignores a lapse that lost its race, that is known already, or that speaks of an
//! older due.
//!
//! Of several processes each watches the partitions that it holds by [`Log::claim`]: it looks when
//! one is handed to it, and says nothing more once it was taken away. A second tracker that does
//! not know yet, a crash between append and acknowledgement, or a log that can't
//! say whether it wrote, need no care here: what wasn't recorded is still watched, and comes up
//! again.

mod lapses;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{AppendError, Claim, Log, Partition, ReadError};
use aftercall_service::Clock;
use aftercall_view::{
    ApplyError, Direction, Positions, StoreError, ViewError, ViewHandle, WaitError,
};
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::{keys, meters};
use lapses::{Batch, Sent};

/// The role in which trackers share the partitions among them.
const ROLE: &str = "timers";

/// The most lapses of one append.
const APPEND_RECORDS_MAX: usize = 1_000;

/// How many appends are on their way at once.
const APPENDS_MAX: usize = 8;

/// How long to wait for the view before looking whether it still runs.
const VIEW_WAIT: Duration = Duration::from_secs(30);

/// How long to leave a log alone that did not say when to come back, and the longest that it may
/// ask for.
const RETRY_AFTER: Duration = Duration::from_millis(200);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// Watches the dues.
#[derive(Debug)]
pub(crate) struct Tracker {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    view: ViewHandle,
    /// Which partitions' dues are this tracker's.
    claim: Claim,
}

/// Why the tracker ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrackerError {
    #[error("the log can't be read")]
    Log(#[from] ReadError),
    #[error("a lapse can't be appended")]
    Append(#[source] AppendError),
    #[error("the view ended")]
    View(#[source] Option<Arc<ViewError>>),
    #[error("the view makes no sense")]
    Store(#[source] ApplyError),
    #[error("a query was cancelled")]
    Query(#[from] tokio::task::JoinError),
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

/// A partition's turn: the dues after a key.
#[derive(Debug)]
struct Turn {
    partition: Partition,
    after: Option<Vec<u8>>,
}

impl Turn {
    fn first(partition: Partition) -> Self {
        Self {
            partition,
            after: None,
        }
    }
}

impl Tracker {
    pub(crate) fn new(log: Arc<dyn Log>, clock: Arc<dyn Clock>, view: ViewHandle) -> Self {
        let claim = log.claim(ROLE);
        Self {
            log,
            clock,
            view,
            claim,
        }
    }

    /// Runs until it is dropped.
    ///
    /// # Errors
    /// When the log or the view has failed for good.
    pub(crate) async fn run(mut self) -> Result<(), TrackerError> {
        let mut progress = self.view.progress();
        loop {
            if let Some(ended) = progress.borrow_and_update().ended.clone() {
                return Err(TrackerError::View(ended.err()));
            }
            let held = self.claim.partitions();
            meters::partitions_held(held.len());
            let round = match self.earliest(&held)? {
                Some(due) if self.clock.now() >= due => self.lapse_all(&held).await?,
                Some(due) => {
                    tokio::select! {
                        () = self.clock.sleep_until(due) => {}
                        _ = progress.changed() => {}
                        _ = self.claim.changed() => {}
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
                    _ = progress.changed() => {}
                    _ = self.claim.changed() => {}
                },
            }
        }
    }

    /// The first instant at which a watched due of these partitions has passed; none if none is
    /// watched, or while the view is being opened.
    fn earliest(&self, held: &BTreeSet<Partition>) -> Result<Option<Timestamp>, TrackerError> {
        let store = self.view.store();
        let mut earliest_us: Option<i64> = None;
        for partition in held {
            let watched = keys::all_watched(*partition);
            let first = store.scan_prefix(watched, Direction::Ascending).next();
            let key = match first {
                Some(Ok((key, _))) => key,
                None => continue,
                Some(Err(StoreError::Opening | StoreError::Failed(_))) => return Ok(None),
                Some(Err(error)) => return Err(TrackerError::Store(error.into())),
            };
            let watched = keys::read_watched(&key).map_err(ApplyError::record);
            let due_us = watched.map_err(TrackerError::Store)?.due_us;
            earliest_us = Some(earliest_us.map_or(due_us, |earliest| earliest.min(due_us)));
        }
        // The key's due is rounded down to the microsecond: one later it has passed for certain.
        let passed_us = earliest_us.map(|due_us| due_us.saturating_add(1));
        Ok(passed_us.and_then(|passed_us| Timestamp::from_microsecond(passed_us).ok()))
    }

    /// Records every lapse of these partitions that is due by now.
    async fn lapse_all(&self, held: &BTreeSet<Partition>) -> Result<Round, TrackerError> {
        let now = self.clock.now();
        let tails = match Positions::tails_of(&self.log).await {
            Err(ReadError::Unavailable { .. }) => return Ok(Round::Again(RETRY_AFTER)),
            tails => tails?,
        };
        let tails = tails
            .iter()
            .filter(|(partition, _)| held.contains(partition));
        if !self.includes(&tails.collect()).await? {
            return Ok(Round::Again(Duration::ZERO));
        }
        let mut sending = FuturesOrdered::new();
        let mut sent = Sent::default();
        // The partitions take turns: one with many dues does not hold up the others.
        let mut turns: VecDeque<Turn> = held.iter().copied().map(Turn::first).collect();
        while let Some(turn) = turns.pop_front() {
            let partition = turn.partition;
            let Some(batch) = self.next_batch(turn, now).await? else {
                sent.trouble.get_or_insert(RETRY_AFTER);
                break;
            };
            if !self.claim.holds(partition) {
                // Another tracker's from here on.
                continue;
            }
            if self.clock.now() < now {
                // It was set back meanwhile: what was recorded since then may not be due yet.
                sent.trouble.get_or_insert(Duration::ZERO);
                break;
            }
            turns.extend(batch.last_key.map(|key| Turn {
                partition,
                after: Some(key),
            }));
            if !batch.records.is_empty() {
                let append = self.log.append(batch.records);
                sending.push_back(async move { (append.await, batch.lateness) });
            }
            while sending.len() > APPENDS_MAX {
                if let Some((outcome, lateness)) = sending.next().await {
                    sent.take(outcome, &lateness)?;
                }
            }
            if sent.trouble.is_some() {
                break;
            }
        }
        while let Some((outcome, lateness)) = sending.next().await {
            sent.take(outcome, &lateness)?;
        }
        Ok(match sent.trouble {
            Some(pause) => Round::Again(pause.min(RETRY_AFTER_MAX)),
            None if sent.lapses == 0 => Round::Nothing,
            None => Round::Done,
        })
    }

    /// The next lapses of a partition in the order of their dues; none while the view is being
    /// opened.
    async fn next_batch(&self, turn: Turn, now: Timestamp) -> Result<Option<Batch>, TrackerError> {
        let store = self.view.store();
        // The clock may have been set back since `now`: a lapse is never noticed before its due.
        let times = (now, self.clock.now().max(now));
        let Turn { partition, after } = turn;
        let read = move || lapses::read(&store, partition, after, times, APPEND_RECORDS_MAX);
        match tokio::task::spawn_blocking(read).await? {
            Ok(batch) => Ok(Some(batch)),
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
