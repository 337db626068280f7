//! What callers do: call, give up, try again; and what they saw.

mod commands;
pub(crate) mod lists;
pub(crate) mod requests;
mod seen;
mod streams;
pub(crate) mod watches;

use std::time::Duration;

use aftercall_proto::history::v1::list_timeline_request::Whose;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::executor::pause;
use crate::plan::{Caller, Contact, Tenant, Wish};
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
    /// All that was asked for was answered, and is as it must be.
    Answered,
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
        seen.moves(caller.tenant, &caller.wish);
    });
    let called = calls(&world, &caller).await;
    world.seen(Seen::called);
    if let Err(wrong) = called {
        world.find(format!("{wrong} ({caller:?})"));
    }
}

async fn calls(world: &World, caller: &Caller) -> Result<(), String> {
    let Caller {
        tenant,
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
        world.counts().call();
        let asking = Asking {
            world,
            process: &process,
            tenant: *tenant,
            is_first: attempt == 0,
        };
        let patience = patience_ms.filter(|_| asking.is_first);
        let ended = asking.once(wish, patience).await?;
        drop(process);
        match ended {
            Ended::Done(done) => {
                return seen::check(world, *tenant, wish, done);
            }
            Ended::Answered => {
                world.note(&format!("{wish:?}: answered"));
                return Ok(());
            }
            Ended::Refused(status) => {
                return refused(world, *tenant, wish, &status);
            }
            Ended::Failed(status) => {
                let reason = reason(&status);
                world.note(&format!("{wish:?}: failed, {:?} {reason}", status.code()));
                pause(1 + world.executor().draw(200)).await;
            }
            Ended::GivenUp => {
                world.note(&format!("{wish:?}: given up"));
                world.counts().fault();
                pause(world.executor().draw(10)).await;
            }
        }
    }
    Ok(())
}

/// A refusal is taken, and must not be the server's own fault.
fn refused(world: &World, tenant: Tenant, wish: &Wish, status: &Status) -> Result<(), String> {
    let (code, reason) = (status.code(), reason(status));
    world.note(&format!("{wish:?}: refused, {code:?} {reason}"));
    if matches!(code, Code::Internal | Code::Unknown) {
        return Err(format!("a fault of the server: {status:?}"));
    }
    world.seen(|seen| seen.refused(tenant, wish, &reason));
    Ok(())
}

/// A call of one life of a process.
#[derive(Debug, Clone, Copy)]
struct Asking<'a> {
    world: &'a World,
    process: &'a Process,
    tenant: Tenant,
    /// Whether it is no repetition.
    is_first: bool,
}

impl Asking<'_> {
    async fn once(&self, wish: &Wish, patience_ms: Option<u64>) -> Result<Ended, String> {
        let answer = async {
            tokio::select! {
                biased;
                () = self.process.gone.cancelled() => {
                    Ok(Ended::Failed(Status::unavailable("it is gone")))
                }
                ended = self.answer(wish) => ended,
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
    async fn answer(&self, wish: &Wish) -> Result<Ended, String> {
        let answered = match wish {
            Wish::RecordMany {
                contacts,
                breaks_after,
            } => return self.record_many(contacts, *breaks_after).await,
            Wish::Batch {
                promises,
                command,
                request,
            } => return self.batch(promises, *command, *request).await,
            Wish::Retarget { request } => return self.retarget(*request).await,
            Wish::ListPromises => return list(self.list_promises().await),
            Wish::ListTimeline { customer } => {
                let of_customer = |contact: &Contact| contact.customer == Some(*customer);
                let whose = Whose::CustomerId(requests::customer_id(*customer));
                return list(self.list_timeline(whose, of_customer).await);
            }
            Wish::ListByHandle { handle } => {
                let by_handle = |contact: &Contact| contact.handle == Some(*handle);
                let whose = lists::by_handle(*handle);
                return list(self.list_timeline(whose, by_handle).await);
            }
            _ => self.command(wish).await,
        };
        Ok(match answered {
            Ok(done) => Ended::Done(done),
            Err(status) if is_passing(&status) => Ended::Failed(status),
            Err(status) => Ended::Refused(status),
        })
    }
}

/// A list was read, or refused, or is wrong.
fn list(read: Result<Result<(), String>, Status>) -> Result<Ended, String> {
    match read {
        Ok(read) => read.map(|()| Ended::Answered),
        Err(status) if is_passing(&status) => Ok(Ended::Failed(status)),
        Err(status) => Ok(Ended::Refused(status)),
    }
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
