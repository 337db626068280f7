//! The stream of alerts: every change in the log's order, from a place on.
//!
//! A watch holds a place in the log and a bounded number of changes, and reads on from the store
//! when the caller has taken those. A slow caller costs nothing but its place.

use std::collections::VecDeque;

use aftercall_log::{Partition, Position};
use aftercall_proto::followups::v1::{WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::model::v1::{Alert, owner};
use aftercall_service::{Call, Checker, ServerStopping, Unread, to_status};
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Positions, Progress, Store};
use futures::Stream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::{keys, stored};

/// How many changes a watch holds.
const HELD_MAX: usize = 64;

/// Begins to answer `call`.
pub(crate) async fn begin(
    followups: &Followups,
    call: Call<WatchAlertsRequest>,
) -> Result<impl Stream<Item = Result<WatchAlertsResponse, Status>> + Send + use<>, Refused> {
    let until = call.read_until();
    let WatchAlertsRequest {
        resume_token,
        team_id,
        owner_agent_id,
    } = call.message;
    let mut checker = Checker::new();
    checker.id("team_id", &team_id);
    checker.id("owner_agent_id", &owner_agent_id);
    checker.done(())?;
    let reading = followups.reading();
    let resumed = reading.positions("resume_token", &resume_token)?;
    reading.ready(until).await?;
    reading
        .store_through("resume_token", &resumed, until)
        .await?;
    let place = match resume_token.is_empty() {
        true => followups.view().applied(),
        false => resumed,
    };
    let watch = Watch {
        followups: followups.clone(),
        tenant_id: call.principal.tenant_id.to_string(),
        team_id,
        owner_agent_id,
        place,
        held: VecDeque::new(),
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

/// One caller's place in the stream.
struct Watch {
    followups: Followups,
    tenant_id: String,
    team_id: String,
    owner_agent_id: String,
    /// Everything included here was sent, or is held.
    place: Positions,
    held: VecDeque<(Position, Alert)>,
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
            while let Some((at, alert)) = self.held.pop_front() {
                self.place.include(at);
                if self.wants(&alert) {
                    return Ok(self.answer(Some(alert)));
                }
            }
            if self.draining.is_cancelled() {
                return Err(to_status(ServerStopping));
            }
            if !self.look().await.map_err(to_status)? {
                tokio::select! {
                    () = self.draining.cancelled() => {}
                    _ = self.progress.changed() => {}
                }
            }
        }
    }

    fn answer(&self, alert: Option<Alert>) -> WatchAlertsResponse {
        WatchAlertsResponse {
            alert,
            resume_token: self.place.encode(self.followups.log().id()),
        }
    }

    fn wants(&self, alert: &Alert) -> bool {
        let owner = alert.owner.as_ref().and_then(|owner| owner.owner.as_ref());
        let owned = || match owner {
            Some(owner::Owner::AgentId(id)) => *id == self.owner_agent_id,
            Some(owner::Owner::QueueId(_)) | None => false,
        };
        (self.team_id.is_empty() || alert.team_id == self.team_id)
            && (self.owner_agent_id.is_empty() || owned())
    }

    /// Takes the next changes from the store. Says whether there were any.
    async fn look(&mut self) -> Result<bool, Refused> {
        let (applied, ended) = {
            let progress = self.progress.borrow_and_update();
            (progress.applied.clone(), progress.ended.is_some())
        };
        if ended {
            return Err(Unread::Unavailable(None).into());
        }
        let (tenant_id, place) = (self.tenant_id.clone(), self.place.clone());
        let partitions = self.followups.log().partitions();
        let query = move |store: &Store| find(store, &tenant_id, &place, partitions);
        self.held = match self.followups.reading().run(query).await {
            // The view is being opened or rebuilt, and comes back with the same changes.
            Err(Refused::Unread(Unread::Unavailable(_))) => return Ok(false),
            found => found?,
        };
        if self.held.is_empty() {
            self.place = self.place.union(&applied);
        }
        Ok(!self.held.is_empty())
    }
}

/// The next changes after `place`, at most [`HELD_MAX`].
fn find(
    store: &Store,
    tenant_id: &str,
    place: &Positions,
    partitions: Partition,
) -> Result<VecDeque<(Position, Alert)>, Refused> {
    let mut changes = VecDeque::new();
    for partition in 0..partitions {
        let list = keys::alert_changes(tenant_id, partition);
        let from = list.clone().u64(place.next(partition));
        let room = HELD_MAX - changes.len();
        let entries = store.scan_range(from, prefix_end(&list).as_deref(), Direction::Ascending);
        for entry in entries.take(room) {
            let (key, alert) = entry?;
            let offset = Parts::new(&key[list.len()..]).u64();
            let offset = offset.map_err(ApplyError::record)?;
            let at = Position { partition, offset };
            changes.push_back((at, stored::decode_alert(alert)?));
        }
    }
    Ok(changes)
}
