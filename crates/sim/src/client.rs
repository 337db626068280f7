//! What callers do: call, give up, try again; and what they saw.

mod lists;
pub(crate) mod requests;
mod seen;

use std::time::Duration;

use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::executor::pause;
use crate::plan::{Caller, Wish};
use crate::process::Process;
use crate::world::World;

pub(crate) use requests::asked;
pub(crate) use seen::{Done, Seen};

/// Every call is answered within this, whatever goes wrong. Those who change one contact wait for each
/// other; the server, which is not part of this, gives up before.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);

/// How a call ended.
enum Ended {
    /// As was wished.
    Done(Done),
    /// A list was read, and is as it must be.
    Read,
    /// With a refusal, which a repetition does not change.
    Refused(Status),
    /// It may be tried again.
    Failed(Status),
    /// Nobody waited any longer.
    GivenUp,
}

/// Does what a caller does, to the end.
pub(crate) async fn call(world: World, caller: Caller) {
    world.seen(|seen| {
        seen.calls();
        seen.moves(&caller.wish);
    });
    let called = calls(&world, &caller).await;
    world.seen(Seen::called);
    if let Err(wrong) = called {
        world.find(format!("{wrong} ({caller:?})"));
    }
}

async fn calls(world: &World, caller: &Caller) -> Result<(), String> {
    let Caller {
        to,
        wish,
        patience_ms,
        retries,
    } = caller;
    for attempt in 0..=*retries {
        let Some(process) = world.process(*to) else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let patience = patience_ms.filter(|_| attempt == 0);
        let ended = once(world, &process, wish, patience).await?;
        drop(process);
        match ended {
            Ended::Done(done) => {
                world.note(&format!("{wish:?}: {done}"));
                return seen::check(world, wish, done);
            }
            Ended::Read => {
                world.note(&format!("{wish:?}: read"));
                return Ok(());
            }
            Ended::Refused(status) => {
                let reason = reason(&status);
                world.note(&format!("{wish:?}: refused, {:?} {reason}", status.code()));
                if status.code() == Code::Internal || status.code() == Code::Unknown {
                    return Err(format!("a fault of the server: {status:?}"));
                }
                world.seen(|seen| seen.refused(wish, &reason));
                return Ok(());
            }
            Ended::Failed(status) => {
                let reason = reason(&status);
                world.note(&format!("{wish:?}: failed, {:?} {reason}", status.code()));
                pause(1 + world.executor().draw(200)).await;
            }
            Ended::GivenUp => {
                world.note(&format!("{wish:?}: given up"));
                pause(world.executor().draw(10)).await;
            }
        }
    }
    Ok(())
}

/// One call of one life of a process.
async fn once(
    world: &World,
    process: &Process,
    wish: &Wish,
    patience_ms: Option<u64>,
) -> Result<Ended, String> {
    let answer = async {
        tokio::select! {
            biased;
            () = process.gone.cancelled() => Ok(Ended::Failed(Status::unavailable("it is gone"))),
            ended = answer(world, process, wish) => ended,
        }
    };
    match patience_ms {
        Some(patience_ms) => {
            let answered = timeout(Duration::from_millis(patience_ms), answer).await;
            answered.unwrap_or(Ok(Ended::GivenUp))
        }
        None => {
            let answered = timeout(ANSWERED_WITHIN, answer).await;
            answered.unwrap_or_else(|_| Err("a call is not answered".to_owned()))
        }
    }
}

/// Asks for what is wished, and takes the answer.
async fn answer(world: &World, process: &Process, wish: &Wish) -> Result<Ended, String> {
    let services = || process.services.clone();
    let mut recorder = RecorderServiceClient::new(services());
    let mut followups = FollowupServiceClient::new(services());
    let answered = match wish {
        Wish::Record(contact) => {
            let request = asked(requests::record(contact));
            let answer = recorder.record_interaction(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Fulfil(change) => {
            let request = asked(requests::fulfil(change));
            let answer = followups.fulfil_commitment(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Cancel(change) => {
            let request = asked(requests::cancel(change));
            let answer = followups.cancel_commitment(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Reschedule(change, due_minutes) => {
            let request = asked(requests::reschedule(change, *due_minutes));
            let answer = followups.reschedule_commitment(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Amend { contact, request } => {
            let request = asked(requests::amend(*contact, *request));
            let answer = recorder.amend_interaction(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Identify {
            contact,
            customer,
            request,
        } => {
            let request = asked(requests::identify(*contact, *customer, *request));
            let answer = recorder.identify_interaction(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Merge {
            customer,
            merged,
            request,
        } => {
            let request = asked(requests::merge(*customer, *merged, *request));
            let answer = recorder.merge_customers(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Unmerge {
            customer,
            merged,
            request,
        } => {
            let request = asked(requests::unmerge(*customer, *merged, *request));
            let answer = recorder.unmerge_customers(request).await;
            answer.map(|answer| Done::from(answer.into_inner()))
        }
        Wish::Promote { request } => promote(process, *request).await,
        Wish::ListPromises => return list(lists::promises(world, process).await),
        Wish::ListTimeline { customer } => {
            return list(lists::timeline(world, process, *customer).await);
        }
    };
    Ok(match answered {
        Ok(done) => Ended::Done(done),
        Err(status) if is_passing(&status) => Ended::Failed(status),
        Err(status) => Ended::Refused(status),
    })
}

/// A list was read, or refused, or is wrong.
fn list(read: Result<Result<(), String>, Status>) -> Result<Ended, String> {
    match read {
        Ok(read) => read.map(|()| Ended::Read),
        Err(status) if is_passing(&status) => Ok(Ended::Failed(status)),
        Err(status) => Ok(Ended::Refused(status)),
    }
}

/// Promotes the first candidate that there is.
async fn promote(process: &Process, request: u16) -> Result<Done, Status> {
    let mut knowledge = KnowledgeServiceClient::new(process.services.clone());
    let candidates = knowledge
        .list_candidates(asked(requests::candidates()))
        .await?;
    let candidates = candidates.into_inner().candidates;
    let Some(candidate) = candidates.into_iter().next() else {
        return Err(Status::not_found("there is no candidate"));
    };
    let request = asked(requests::promote(&candidate.candidate_id, request));
    let answer = knowledge.promote_candidate(request).await?;
    Ok(Done::from(answer.into_inner()))
}

/// Whether the same call may be answered otherwise.
fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted
    )
}

/// The stable reason of a refusal, and the fields that are wrong.
fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    let violations = details.bad_request().map(|bad| bad.field_violations.iter());
    let fields = violations
        .into_iter()
        .flatten()
        .map(|violation| violation.field.clone());
    reason
        .into_iter()
        .chain(fields)
        .collect::<Vec<_>>()
        .join(" ")
}
