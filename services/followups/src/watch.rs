//! The stream of alerts: every change in the log's order, from a place on.
//!
//! A watch begins with what the store holds after its place, and goes on with what is posted on the
//! [`Bulletin`]. It holds a bounded number of changes; a caller who is too slow for the bulletin reads
//! on from the store, and costs nothing but its place.

mod bulletin;

use std::collections::VecDeque;
use std::sync::Arc;

use aftercall_log::{Partition, Position};
use aftercall_proto::alerts::v1::{WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::model::v1::Alert;
use aftercall_service::{Call, Checker, ServerStopping, Unread, to_status};
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Positions, Progress, Store};
use futures::Stream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::alerts::Filter;
use crate::failure::Refused;
use crate::followups::Followups;
use crate::{keys, stored};
pub(crate) use bulletin::{Bulletin, Draft, Raised};
use bulletin::{News, Posted, Reader, Woken};

/// Of how many records a watch takes the changes from the store at once.
const HELD_MAX: usize = 64;

/// Begins to answer `call`.
pub(crate) async fn begin(
    followups: &Followups,
    call: Call<WatchAlertsRequest>,
) -> Result<impl Stream<Item = Result<WatchAlertsResponse, Status>> + Send + use<>, Refused> {
    let (until, tenant_id) = (call.read_until(), call.tenant_id().to_owned());
    let scope = call.scope();
    let WatchAlertsRequest {
        filter,
        resume_token,
    } = call.message;
    let mut checker = Checker::new();
    let filter = Filter::new(filter.unwrap_or_default(), scope, &mut checker);
    checker.done(())?;
    let reading = followups.reading();
    let resumed = reading.positions("resume_token", &resume_token)?;
    reading.ready(until).await?;
    reading
        .store_through("resume_token", &resumed, until)
        .await?;
    // What is posted from here on is read from the bulletin, and all that was posted before is in
    // the store.
    let reader = followups.bulletin().follow(&tenant_id);
    let place = match resume_token.is_empty() {
        true => followups.view().applied(),
        false => resumed,
    };
    let watch = Watch {
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
struct Watch {
    followups: Followups,
    tenant_id: String,
    /// What was asked for.
    asked: Filter,
    /// The same, with all customers that are one with those that are asked for.
    filter: Filter,
    /// Everything included here was sent, or is held.
    place: Positions,
    held: VecDeque<Arc<Posted>>,
    /// How many alerts of the first record that is held were given.
    given: usize,
    source: Source,
    reader: Reader,
    /// Nothing was sent since the last tick.
    silent: bool,
    begun: bool,
    progress: watch::Receiver<Progress>,
    draining: CancellationToken,
}

impl Watch {
    async fn next(&mut self) -> Result<WatchAlertsResponse, Status> {
        if !self.begun {
            self.begun = true;
            return Ok(self.answer(None));
        }
        loop {
            while let Some(raised) = self.next_held() {
                if self.filter.admits(&raised) {
                    return Ok(self.answer(Some(raised.alert)));
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
                return Ok(self.answer(None));
            }
        }
    }

    /// The next alert of what is held. The place is behind a record once the last alert that it
    /// changed is given: a watch that breaks off before gets all of them again.
    fn next_held(&mut self) -> Option<Raised> {
        while let Some(posted) = self.held.front() {
            // What was read from the store may be on the bulletin, too.
            let is_new = !self.place.covers(posted.at);
            let alert = posted.alerts.get(self.given).filter(|_| is_new).cloned();
            self.given += 1;
            if self.given >= posted.alerts.len() || !is_new {
                self.place.include(posted.at);
                self.given = 0;
                self.held.pop_front();
            }
            if alert.is_some() {
                return alert;
            }
        }
        None
    }

    fn answer(&mut self, alert: Option<Alert>) -> WatchAlertsResponse {
        self.silent = false;
        WatchAlertsResponse {
            alert,
            resume_token: self.place.encode(self.followups.log().identity()),
        }
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
fn find(
    store: &Store,
    tenant_id: &str,
    place: &Positions,
    partitions: Partition,
) -> Result<VecDeque<Arc<Posted>>, Refused> {
    let mut changes = VecDeque::new();
    for partition in 0..partitions {
        let list = keys::alert_changes(tenant_id, partition);
        let from = list.clone().u64(place.next(partition));
        let room = HELD_MAX - changes.len();
        let entries = store.scan_range(from, prefix_end(&list).as_deref(), Direction::Ascending);
        for entry in entries.take(room) {
            let (key, alerts) = entry?;
            let offset = Parts::new(&key[list.len()..]).u64();
            let offset = offset.map_err(ApplyError::record)?;
            let at = Position { partition, offset };
            let alerts = stored::decode_changed(alerts)?.into_iter();
            let alerts = alerts.map(Into::into).collect();
            changes.push_back(Arc::new(Posted { at, alerts }));
        }
    }
    Ok(changes)
}
