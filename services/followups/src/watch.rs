//! Streams of what happens: every change of alerts, or of promises, in the log's order, from a place on.
//!
//! A watch begins with what the store holds after its place, and goes on with what is posted on the
//! [`Bulletin`]. It holds a bounded number of changes; a caller who is too slow for the bulletin reads
//! on from the store, and costs nothing but its place.

mod alerts;
mod bulletin;
mod calls;
mod promises;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use aftercall_log::{Partition, Position};
use aftercall_service::{Clock, ServerStopping, Unread, to_status};
use aftercall_view::key::{Key, Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Positions, Progress, Store, StoreError};
use bytes::Bytes;
use futures::Stream;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::failure::Refused;
use crate::followups::Followups;
pub(crate) use alerts::{Raised, decided_row, waited};
pub(crate) use bulletin::{Bulletin, Draft};
use bulletin::{News, Posted, Reader, Woken};
pub(crate) use calls::{CallChangeRow, CallNews, Which, told};
pub(crate) use promises::{ChangeRow, Changed, changed_by, changes_row};

/// Of how many records a watch takes the changes from the store at once.
const HELD_MAX: usize = 64;

/// What can be watched, as a record left it.
pub(crate) trait Watched: Clone + Send + Sync + 'static {
    /// Which of them somebody watches.
    type Filter: Wanted;
    /// One message of the stream; an empty one says that the watch lives.
    type Answer: Default + Send;

    /// Where they are posted.
    fn bulletin(bulletins: &Bulletins) -> &Bulletin<Self>;

    /// All changes of a tenant in a partition, as the store keeps them.
    fn changes(tenant_id: &str, partition: Partition) -> Key;

    /// What one record changed, by what stands under its key. All that was told before, or is about to be, is in `known`.
    fn read(
        store: &Store,
        tenant_id: &str,
        row: Bytes,
        known: &Positions,
    ) -> Result<Vec<Self>, ApplyError>;

    /// What is told of it at `now` to somebody who watches what `filter` says; nothing if it is none of that.
    fn told(self, filter: &Self::Filter, now: Timestamp) -> Option<Self::Answer>;

    /// Says in an answer where to go on after it.
    fn resume(answer: &mut Self::Answer, token: String);
}

/// A filter of a watch.
pub(crate) trait Wanted: Clone + Send + Sync + 'static {
    /// Whether only certain customers' things are wanted.
    fn names_customers(&self) -> bool;

    /// The same, with all customers that are one with those that are asked for.
    fn with_merged(self, store: &Store, tenant_id: &str) -> Result<Self, StoreError>;
}

/// Where those who watch learn what was committed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bulletins {
    pub(crate) alerts: Bulletin<Raised>,
    pub(crate) promises: Bulletin<Changed>,
    pub(crate) calls: Bulletin<CallNews>,
}

impl Bulletins {
    /// Ends every watch: the view has ended.
    pub(crate) fn close(&self) {
        self.alerts.close();
        self.promises.close();
        self.calls.close();
    }

    /// Lets everybody who watches look up now and then.
    pub(crate) async fn tick(self, clock: Arc<dyn Clock>) -> Infallible {
        let alerts = self.alerts.tick(Arc::clone(&clock));
        let calls = self.calls.tick(Arc::clone(&clock));
        tokio::select! {
            never = alerts => never,
            never = calls => never,
            never = self.promises.tick(clock) => never,
        }
    }
}

/// Who watches, and from where on.
pub(crate) struct Beginning<F> {
    pub(crate) tenant_id: String,
    pub(crate) filter: F,
    pub(crate) resume_token: String,
    /// Until when they wait for the watch to begin.
    pub(crate) until: Instant,
}

/// Begins a watch.
pub(crate) async fn begin<W: Watched>(
    followups: &Followups,
    beginning: Beginning<W::Filter>,
) -> Result<impl Stream<Item = Result<W::Answer, Status>> + Send + use<W>, Refused> {
    let Beginning {
        tenant_id,
        filter,
        resume_token,
        until,
    } = beginning;
    let reading = followups.reading();
    let resumed = reading.positions("resume_token", &resume_token)?;
    reading.ready(until).await?;
    reading
        .store_through("resume_token", &resumed, until)
        .await?;
    // What is posted from here on is read from the bulletin, and all that was posted before is in
    // the store.
    let reader = W::bulletin(followups.bulletins()).follow(&tenant_id);
    let place = match resume_token.is_empty() {
        true => followups.view().applied(),
        false => resumed,
    };
    let watch = Watch::<W> {
        followups: followups.clone(),
        tenant_id,
        asked: filter.clone(),
        filter,
        place,
        held: VecDeque::new(),
        given: 0,
        source: Source::Store,
        reader,
        silent: false,
        begun: false,
        progress: followups.view().progress(),
        draining: followups.supervisor().draining(),
    };
    Ok(futures::stream::unfold(Some(watch), |watch| async move {
        let mut watch = watch?;
        match watch.next().await {
            Ok(answer) => Some((Ok(answer), Some(watch))),
            Err(status) => Some((Err(status), None)),
        }
    }))
}

/// Where a watch finds the next changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// In the store: there may be some that are not on the bulletin any more.
    Store,
    /// On the bulletin.
    Bulletin,
}

/// One caller's place in the stream.
struct Watch<W: Watched> {
    followups: Followups,
    tenant_id: String,
    /// What was asked for.
    asked: W::Filter,
    /// The same, with all customers that are one with those that are asked for.
    filter: W::Filter,
    /// Everything included here was sent, or is held.
    place: Positions,
    held: VecDeque<Arc<Posted<W>>>,
    /// How many things of the first record that is held were given.
    given: usize,
    source: Source,
    reader: Reader<W>,
    /// Nothing was sent since the last tick.
    silent: bool,
    begun: bool,
    progress: watch::Receiver<Progress>,
    draining: CancellationToken,
}

impl<W: Watched> Watch<W> {
    async fn next(&mut self) -> Result<W::Answer, Status> {
        if !self.begun {
            self.begun = true;
            return Ok(self.answer(W::Answer::default()));
        }
        loop {
            while let Some(changed) = self.next_held() {
                let now = self.followups.clock().now();
                if let Some(answer) = changed.told(&self.filter, now) {
                    return Ok(self.answer(answer));
                }
            }
            if self.draining.is_cancelled() {
                return Err(to_status(ServerStopping));
            }
            if self.look().await.map_err(to_status)? {
                self.meet_merged().await.map_err(to_status)?;
                continue;
            }
            if self.wait().await == Woken::Tick && std::mem::replace(&mut self.silent, true) {
                return Ok(self.answer(W::Answer::default()));
            }
        }
    }

    /// The next thing of what is held. The place is behind a record once the last thing that it
    /// changed is given: a watch that breaks off before gets all of them again.
    fn next_held(&mut self) -> Option<W> {
        while let Some(posted) = self.held.front() {
            // What was read from the store may be on the bulletin, too.
            let is_new = !self.place.covers(posted.at);
            let item = posted.items.get(self.given).filter(|_| is_new).cloned();
            self.given += 1;
            if self.given >= posted.items.len() || !is_new {
                self.place.include(posted.at);
                self.given = 0;
                self.held.pop_front();
            }
            if item.is_some() {
                return item;
            }
        }
        None
    }

    fn answer(&mut self, mut answer: W::Answer) -> W::Answer {
        self.silent = false;
        let token = self.place.encode(self.followups.log().identity());
        W::resume(&mut answer, token);
        answer
    }

    /// Takes the next changes. Says whether it is worth to look again at once.
    async fn look(&mut self) -> Result<bool, Refused> {
        match self.source {
            Source::Store => self.look_into_store().await,
            Source::Bulletin => Ok(match self.reader.look() {
                News::Changes(changes) => {
                    self.held.extend(changes);
                    true
                }
                News::None(applied) => {
                    self.place = self.place.union(&applied);
                    false
                }
                News::Missed => {
                    self.source = Source::Store;
                    true
                }
                News::Ended => return Err(Unread::Unavailable(None).into()),
            }),
        }
    }

    /// Looks with whom the customers that are asked for are one by now.
    async fn meet_merged(&mut self) -> Result<(), Refused> {
        if self.held.is_empty() || !self.asked.names_customers() {
            return Ok(());
        }
        let (tenant_id, asked) = (self.tenant_id.clone(), self.asked.clone());
        let query = move |store: &Store| Ok(asked.with_merged(store, &tenant_id)?);
        match self.followups.reading().run(query).await {
            // The view is being opened or rebuilt: they are those that they were before.
            Err(Refused::Unread(Unread::Unavailable(_))) => {}
            filter => self.filter = filter?,
        }
        Ok(())
    }

    async fn look_into_store(&mut self) -> Result<bool, Refused> {
        if self.progress.borrow_and_update().ended.is_some() {
            return Err(Unread::Unavailable(None).into());
        }
        let (tenant_id, place) = (self.tenant_id.clone(), self.place.clone());
        let applied = self.followups.view().applied();
        let partitions = self.followups.log().partitions();
        let query = move |store: &Store| find(store, &tenant_id, &place, partitions);
        self.held = match self.followups.reading().run(query).await {
            // The view is being opened or rebuilt, and comes back with the same changes.
            Err(Refused::Unread(Unread::Unavailable(_))) => return Ok(false),
            found => found?,
        };
        if self.held.is_empty() {
            // Who comes back much later need not look through all that again.
            self.place = self.place.union(&applied);
            self.source = Source::Bulletin;
        }
        Ok(true)
    }

    async fn wait(&mut self) -> Woken {
        let opened = async {
            match self.source {
                Source::Store => drop(self.progress.changed().await),
                Source::Bulletin => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.draining.cancelled() => Woken::Changed,
            () = opened => Woken::Changed,
            woken = self.reader.woken() => woken,
        }
    }
}

/// The next changes after `place`, at most [`HELD_MAX`].
fn find<W: Watched>(
    store: &Store,
    tenant_id: &str,
    place: &Positions,
    partitions: Partition,
) -> Result<VecDeque<Arc<Posted<W>>>, Refused> {
    let mut changes = VecDeque::new();
    let mut known = place.clone();
    for partition in 0..partitions {
        let list = W::changes(tenant_id, partition);
        let from = list.clone().u64(place.next(partition));
        let room = HELD_MAX - changes.len();
        let entries = store.scan_range(from, prefix_end(&list).as_deref(), Direction::Ascending);
        for entry in entries.take(room) {
            let (key, row) = entry?;
            let offset = Parts::new(&key[list.len()..]).u64();
            let offset = offset.map_err(ApplyError::record)?;
            let at = Position { partition, offset };
            let items = W::read(store, tenant_id, row, &known)?;
            known.include(at);
            changes.push_back(Arc::new(Posted { at, items }));
        }
    }
    Ok(changes)
}
