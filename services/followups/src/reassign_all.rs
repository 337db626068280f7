//! All promises of somebody who can't keep them, given to somebody else at once.

use aftercall_domain::Scope;
use aftercall_domain::commitment::{Lifecycle, Owner};
use aftercall_proto::followups::v1::{
    ReassignAllRequest, ReassignAllResponse, ReassignCommitmentRequest, ReassignedCommitment,
};
use aftercall_service::{Call, Checker, Failure};
use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Positions, Store};
use futures::StreamExt;

use crate::batch::{BESIDE, REQUEST_ID_BYTES_MAX, request_id_of};
use crate::command::{self, PromiseCommand};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::ListOf;
use crate::stored;

/// How many promises one request gives away; who has more is asked for again.
const AT_ONCE_MAX: usize = 200;

/// Answers `call`: each promise is given away by a command of its own, under an id that follows from the request's,
/// so that a repetition does nothing twice.
pub(crate) async fn reassign_all(
    followups: &Followups,
    call: Call<ReassignAllRequest>,
) -> Result<ReassignAllResponse, Refused> {
    let asked = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &asked.request_id);
    if asked.request_id.len() > REQUEST_ID_BYTES_MAX {
        checker.found().too_long("request_id", REQUEST_ID_BYTES_MAX);
    }
    checker.required_id("from_agent_id", &asked.from_agent_id);
    checker.done(())?;
    // What is wrong with the rest is told once, and not for each promise.
    PromiseCommand::try_from(single(asked, "0"))?;
    let reading = followups.reading();
    reading.ready(call.read_until()).await?;
    let (tenant_id, from) = (call.tenant_id().to_owned(), asked.from_agent_id.clone());
    let scope = call.scope();
    let find = move |store: &Store| kept_by(store, &tenant_id, &from, &scope);
    let mut found = reading.run(find).await?;
    let more = found.len() > AT_ONCE_MAX;
    found.truncate(AT_ONCE_MAX);
    let given = found.into_iter().map(|commitment_id| {
        let single = Call {
            principal: call.principal.clone(),
            access: call.access,
            deadline: call.deadline,
            message: single(asked, &commitment_id),
        };
        async move {
            let command = single.try_map(PromiseCommand::try_from);
            let done = match command {
                Ok(command) => command::run(followups, command).await,
                Err(refused) => Err(refused),
            };
            let (position, refused) = match done {
                Ok(done) => (done.position, None),
                Err(refused) => (String::new(), Some(refused)),
            };
            ReassignedCommitment {
                commitment_id,
                position,
                refused_reason: refused
                    .as_ref()
                    .map_or_else(String::new, |refused| refused.reason().name().to_owned()),
                refused_message: refused.map_or_else(String::new, |refused| refused.to_string()),
            }
        }
    });
    let given = futures::stream::iter(given).buffered(BESIDE);
    let commitments: Vec<ReassignedCommitment> = given.collect().await;
    let mut reached = Positions::default();
    for one in commitments.iter().filter(|one| !one.position.is_empty()) {
        reached = reached.union(&reading.positions("position", &one.position)?);
    }
    Ok(ReassignAllResponse {
        commitments,
        more,
        position: reached.encode(reading.log_identity()),
    })
}

fn single(asked: &ReassignAllRequest, commitment_id: &str) -> ReassignCommitmentRequest {
    ReassignCommitmentRequest {
        request_id: request_id_of(&asked.request_id, commitment_id),
        commitment_id: commitment_id.to_owned(),
        expected_version: 0,
        to_owner: asked.to_owner.clone(),
        to_team_id: asked.to_team_id.clone(),
        accept_within: asked.accept_within,
        at_once: asked.at_once,
    }
}

/// The open promises that an agent keeps and has not been taken off, the earliest due first; one more than are given
/// away at once, if there are so many.
fn kept_by(
    store: &Store,
    tenant_id: &str,
    agent_id: &str,
    scope: &Scope,
) -> Result<Vec<String>, Refused> {
    let mut found = Vec::new();
    let list = ListOf::owner(Owner::Agent(agent_id.to_owned()));
    for lifecycle in Lifecycle::ALL.into_iter().filter(|one| one.is_open()) {
        let list = list.key(tenant_id, lifecycle);
        for entry in store.scan_prefix(list.clone(), Direction::Ascending) {
            let (key, _) = entry?;
            let mut parts = Parts::new(&key[list.len()..]);
            let place = parts.time().and_then(|_| Ok((parts.id()?, parts.u64()?)));
            let (id, whose) = place.map_err(ApplyError::record)?;
            let get = |key: &[u8]| store.get(key);
            let promise = stored::commitment(tenant_id, &id, whose, get)?;
            let waits = promise
                .filter(|promise| promise.handover.is_none() && scope.admits(promise.parties()));
            if waits.is_some() {
                found.push(id);
            }
            if found.len() > AT_ONCE_MAX {
                return Ok(found);
            }
        }
    }
    Ok(found)
}
