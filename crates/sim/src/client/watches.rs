//! Callers who watch alerts, lose the connection, and go on where they were.

use std::collections::BTreeSet;
use std::time::Duration;

use aftercall_proto::alerts::v1::WatchAlertsRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{Alert, AlertState, owner};
use aftercall_view::Positions;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tonic::Status;

use super::{ANSWERED_WITHIN, asked, is_passing, requests};
use crate::executor::pause;
use crate::log::SIM_LOG_ID;
use crate::plan::{Tenant, Watcher};
use crate::process::Process;
use crate::world::World;

/// The API promises to say something within this, as long as it is heard.
const SILENT_MAX: Duration = Duration::from_secs(5);

/// What became of an alert, by its promise, its contact, its rule and the revision of the due; and how it stands.
pub(crate) type Change = (String, String, String, u32, AlertState);

/// What a watcher has seen.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) tenant: Tenant,
    /// Where the watch began, once it has.
    pub(crate) since: Option<Positions>,
    /// Where it goes on; empty before it has begun.
    token: String,
    pub(crate) changes: BTreeSet<Change>,
}

/// How a connection ended.
enum Ended {
    /// The process is gone or ends, or nobody waited any longer.
    Lost,
    /// All that was asked for is known.
    Complete,
}

/// Watches until the end.
pub(crate) async fn watch(world: World, watcher: Watcher) {
    let number = world.seen(|seen| {
        seen.watched.push(Watched {
            tenant: watcher.tenant,
            since: None,
            token: String::new(),
            changes: BTreeSet::new(),
        });
        seen.watched.len() - 1
    });
    let mut watches = std::pin::pin!(connections(&world, number, watcher.connected_ms));
    let wrong = tokio::select! {
        biased;
        () = world.calm() => return,
        wrong = &mut watches => wrong,
    };
    world.find(format!("{wrong} (watcher {number})"));
}

/// One connection after the other; gives what is wrong.
async fn connections(world: &World, number: usize, connected_ms: u64) -> String {
    loop {
        let to = world.executor().draw(world.clocks().len() as u64) as usize;
        let Some(process) = world.process(to) else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let until = world.executor().draw(connected_ms);
        let until = Instant::now() + Duration::from_millis(until);
        let connected = timeout_at(until, connection(world, &process, number, None)).await;
        if let Ok(Err(wrong)) = connected {
            return wrong;
        }
        pause(world.executor().draw(100)).await;
    }
}

/// In the end: goes on once more, until all up to `through` is known.
pub(crate) async fn complete(
    world: &World,
    process: &Process,
    number: usize,
    through: &Positions,
) -> Result<Watched, String> {
    let complete = connection(world, process, number, Some(through));
    match timeout(ANSWERED_WITHIN, complete).await {
        Ok(Ok(Ended::Complete)) => {}
        Ok(Ok(Ended::Lost)) => return Err("in the end a watch is broken off".to_owned()),
        Ok(Err(wrong)) => return Err(wrong),
        Err(_) => return Err("a watch does not come to the end of the log".to_owned()),
    }
    let watched = world.seen(|seen| seen.watched.get(number).cloned());
    watched.ok_or_else(|| "nobody watches".to_owned())
}

async fn connection(
    world: &World,
    process: &Process,
    number: usize,
    through: Option<&Positions>,
) -> Result<Ended, String> {
    let Some(Watched { tenant, token, .. }) = world.seen(|seen| seen.watched.get(number).cloned())
    else {
        return Ok(Ended::Lost);
    };
    world.counts().call();
    let watched = async {
        let mut alerts = AlertServiceClient::new(process.services.clone());
        let request = WatchAlertsRequest {
            resume_token: token,
            ..WatchAlertsRequest::default()
        };
        let begun = timeout(ANSWERED_WITHIN, alerts.watch_alerts(asked(tenant, request)));
        let begun = begun.await.map_err(|_| "a watch does not begin")?;
        let mut answers = match begun {
            Ok(answers) => answers.into_inner(),
            Err(status) => return lost(&status),
        };
        let mut resolved = BTreeSet::new();
        loop {
            let answer = timeout(SILENT_MAX, answers.message()).await;
            let answer = match answer.map_err(|_| "a watch is silent")? {
                Ok(Some(answer)) => answer,
                Ok(None) => return Err("a watch ends without a word".to_owned()),
                Err(status) => return lost(&status),
            };
            let place = Positions::decode(&answer.resume_token, SIM_LOG_ID);
            let place = place.map_err(|error| format!("a token that is none: {error}"))?;
            let is_complete = through.is_some_and(|through| place.covers_all(through));
            let of_promise = answer.alert.as_ref().filter(|alert| is_of_promise(alert));
            let change = of_promise.map(|alert| change(tenant, alert));
            let change = change.transpose()?;
            if let (Some(alert), Some((.., state))) = (&answer.alert, &change) {
                let id = alert.alert_id.clone();
                let is_over = *state == AlertState::Resolved;
                if !is_over && resolved.contains(&id) {
                    return Err(format!("an alert that was over goes on: {alert:?}"));
                }
                if is_over {
                    resolved.insert(id);
                }
            }
            let is_quiet = answer.alert.is_none();
            world.seen(|seen| {
                if let Some(watched) = seen.watched.get_mut(number) {
                    watched.token = answer.resume_token;
                    watched.since.get_or_insert(place);
                    watched.changes.extend(change);
                }
            });
            if is_complete && is_quiet {
                return Ok(Ended::Complete);
            }
        }
    };
    tokio::select! {
        biased;
        () = process.gone.cancelled() => Ok(Ended::Lost),
        ended = watched => ended,
    }
}

fn lost(status: &Status) -> Result<Ended, String> {
    match is_passing(status) {
        true => Ok(Ended::Lost),
        false => Err(format!("a watch is refused: {status:?}")),
    }
}

/// Whether an alert is about a promise: those about contacts and customers follow no promise, and are not modelled.
pub(crate) fn is_of_promise(alert: &Alert) -> bool {
    matches!(alert.subject, Some(Subject::Promise(_)))
}

/// How an alert stands, whether or not something is decided of it: that is no change of its promise.
pub(crate) fn standing(alert: &Alert) -> AlertState {
    match alert.state() {
        AlertState::Pending => AlertState::Triggered,
        AlertState::Closed if alert.handled_by.is_empty() => AlertState::Resolved,
        state => state,
    }
}

pub(crate) fn change(tenant: Tenant, alert: &Alert) -> Result<Change, String> {
    let owner = alert.owner.as_ref().and_then(|owner| owner.owner.as_ref());
    let mark = requests::mark(tenant);
    match (owner, &alert.subject) {
        (Some(owner::Owner::AgentId(agent_id)), Some(Subject::Promise(promise)))
            if agent_id.starts_with(&mark) =>
        {
            Ok((
                promise.commitment_id.clone(),
                promise.interaction_id.clone(),
                alert.rule.clone(),
                promise.due_revision,
                standing(alert),
            ))
        }
        _ => Err(format!("another tenant's alert: {alert:?}")),
    }
}
