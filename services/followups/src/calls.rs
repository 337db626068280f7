//! Calls while they happen, those that were never wrapped up, and how they ended.

mod judging;
mod saving;
mod saying;

use std::pin::Pin;

use aftercall_ledger::CallRow;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::followups::v1::live_call_service_server::LiveCallService;
use aftercall_proto::followups::v1::{
    JudgeCallDropRequest, JudgeCallDropResponse, ListIncompleteCallsRequest,
    ListIncompleteCallsResponse, SaveWrapUpRequest, SaveWrapUpResponse, WatchCallsRequest,
    WatchCallsResponse,
};
use aftercall_proto::model::v1::{self as wire, CallState};
use aftercall_service::{Call, Checker, Including, Paging, to_status};
use aftercall_view::key::prefix_end;
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use prost::Message;
use tonic::{Request, Response, Status};

use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::calls::{self, CALLS};
use crate::limits::{LIVE_CALLS_MAX, PAGE};
use crate::parts::EXAMINED_MAX;
use crate::watch::{self, Beginning, CallNews, Which};

/// The service behind the generated server.
#[derive(Debug, Clone)]
pub struct CallGrpc(Followups);

impl CallGrpc {
    pub(crate) const fn new(followups: Followups) -> Self {
        Self(followups)
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<WatchCallsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl LiveCallService for CallGrpc {
    type WatchCallsStream = Answers;

    async fn watch_calls(
        &self,
        request: Request<WatchCallsRequest>,
    ) -> Result<Response<Answers>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answers = watch_calls(&self.0, call).await.map_err(to_status)?;
        Ok(Response::new(answers))
    }

    async fn list_incomplete_calls(
        &self,
        request: Request<ListIncompleteCallsRequest>,
    ) -> Result<Response<ListIncompleteCallsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = list_incomplete(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn judge_call_drop(
        &self,
        request: Request<JudgeCallDropRequest>,
    ) -> Result<Response<JudgeCallDropResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = judging::judge(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn save_wrap_up(
        &self,
        request: Request<SaveWrapUpRequest>,
    ) -> Result<Response<SaveWrapUpResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = saving::save(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }
}

/// First the calls that are live, unless the watch goes on; then those that change.
async fn watch_calls(
    followups: &Followups,
    call: Call<WatchCallsRequest>,
) -> Result<Answers, Refused> {
    let (until, tenant_id, scope) = (call.read_until(), call.tenant_id().to_owned(), call.scope());
    let WatchCallsRequest {
        filter,
        resume_token,
    } = call.message;
    let mut checker = Checker::new();
    let filter = Which::new(filter.unwrap_or_default(), scope, &mut checker);
    let filter = checker.done(filter)?;
    let reading = followups.reading();
    let (live, token) = match resume_token.is_empty() {
        true => {
            reading.ready(until).await?;
            // What changes while the live ones are read is told once more.
            let token = reading.view().applied().encode(reading.log_identity());
            let (tenant_id, filter) = (tenant_id.clone(), filter.clone());
            let read = move |store: &Store| live(store, &tenant_id, &filter);
            (reading.run(read).await?, token)
        }
        false => (Vec::new(), resume_token),
    };
    let changes = watch::begin::<CallNews>(
        followups,
        Beginning {
            tenant_id,
            filter,
            resume_token: token,
            until,
        },
    );
    let changes = changes.await?;
    Ok(Box::pin(
        stream::iter(live.into_iter().map(Ok)).chain(changes),
    ))
}

/// The calls of a tenant that are live, as far as they are asked for; before them, how many of them are left out.
fn live(store: &Store, tenant_id: &str, which: &Which) -> Result<Vec<WatchCallsResponse>, Refused> {
    let all = calls::all_live(tenant_id);
    let mut found = Vec::new();
    for entry in store.scan_prefix(&all, Direction::Ascending) {
        let (key, _) = entry.map_err(ApplyError::from)?;
        let id = calls::read_live(&key, &all).map_err(ApplyError::record)?;
        let row = CALLS.read(tenant_id, &id, |key| store.get(key))?;
        let call = row.as_ref().and_then(CallRow::call);
        if let Some(call) = call.filter(|call| which.admits(call)) {
            found.push((turn(call), id));
        }
    }
    let left_out = first(&mut found, LIVE_CALLS_MAX);
    let mut live = Vec::new();
    if left_out > 0 {
        live.push(WatchCallsResponse {
            left_out_count: u32::try_from(left_out).unwrap_or(u32::MAX),
            ..WatchCallsResponse::default()
        });
    }
    for (_, id) in found {
        let row = CALLS.read(tenant_id, &id, |key| store.get(key))?;
        if let Some(call) = row.as_ref().and_then(CallRow::call) {
            live.push(watch::told(store, tenant_id, call)?);
        }
    }
    Ok(live)
}

/// When it is a call's turn among those that are live: who waits for an agent comes before who has one, and that before
/// what is over; of each, the longest the first.
fn turn(call: &wire::Call) -> (u8, i64) {
    let (order, since) = match call.state() {
        CallState::Queued | CallState::Ringing => (0, &call.queued_since),
        CallState::WrapUp => (2, &call.since),
        _ => (1, &call.since),
    };
    let since = since.as_ref().or(call.since.as_ref()).and_then(from_wire);
    (order, since.map_or(0, microseconds))
}

/// Leaves those that come first, in their order; says how many are left out.
fn first<T: Ord>(found: &mut Vec<T>, max: usize) -> usize {
    found.sort_unstable();
    let left_out = found.len().saturating_sub(max);
    found.truncate(max);
    left_out
}

/// Calls that were completed without their wrap-up.
async fn list_incomplete(
    followups: &Followups,
    call: Call<ListIncompleteCallsRequest>,
) -> Result<ListIncompleteCallsResponse, Refused> {
    let (reading, message) = (followups.reading(), &call.message);
    let log = reading.log_identity();
    let (tenant_id, scope) = (call.tenant_id().to_owned(), call.scope());
    let asked = message.filter.clone().unwrap_or_default();
    let bound = asked.encode_to_vec();
    let query: [&[u8]; 4] = [
        b"incomplete calls",
        tenant_id.as_bytes(),
        &scope.fingerprint(),
        &bound,
    ];
    let mut checker = Checker::new();
    let which = Which::new(asked, scope.clone(), &mut checker);
    let size = checker.count("page_size", message.page_size, PAGE);
    let which = checker.done(which)?;
    let paging = Paging::asked(&log, &query, size, &message.page_token)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = paging.reach(reading, including, call.read_until()).await?;
    let read = move |store: &Store| {
        let (calls, next) = incomplete(store, (&tenant_id, &which), &paging)?;
        Ok::<_, Refused>(ListIncompleteCallsResponse {
            calls,
            next_page_token: paging.token(&log, &through.positions, next),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(read).await
}

/// A page of them, and where it ends if there may be more.
fn incomplete(
    store: &Store,
    (tenant_id, which): (&str, &Which),
    paging: &Paging,
) -> Result<(Vec<wire::Call>, Option<Bytes>), ApplyError> {
    let all = calls::all_incomplete(tenant_id);
    let from = match paging.after() {
        None => all.to_vec(),
        Some(after) => [after, &[0][..]].concat(),
    };
    let end = prefix_end(&all);
    let scan = store.scan_range(from, end.as_deref(), Direction::Ascending);
    let (mut page, mut last) = (paging.page(), None);
    for (examined, entry) in scan.enumerate() {
        let (key, _) = entry?;
        if examined == EXAMINED_MAX {
            return Ok((page.into_items(), last));
        }
        let id = calls::read_incomplete(&key, &all).map_err(ApplyError::record)?;
        let row = CALLS.read(tenant_id, &id, |key| store.get(key))?;
        let call = row.map(|row| row.shown());
        if let Some(call) = call.filter(|call| which.admits(call)) {
            let bytes = call.encoded_len();
            if !page.takes(bytes) {
                return Ok((page.into_items(), last));
            }
            page.add(call, bytes);
        }
        last = Some(key);
    }
    Ok((page.into_items(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_calls_those_are_told_that_wait_longest() {
        let at = |seconds: i64| Some(pbjson_types::Timestamp { seconds, nanos: 0 });
        let call = |state: CallState, queued_s: i64, since_s: i64| wire::Call {
            state: state.into(),
            queued_since: at(queued_s).filter(|at| at.seconds > 0),
            since: at(since_s),
            ..wire::Call::default()
        };
        let calls = [
            call(CallState::WrapUp, 0, 1),
            call(CallState::Queued, 30, 30),
            call(CallState::Connected, 0, 2),
            // It waited before it rang.
            call(CallState::Ringing, 20, 40),
            call(CallState::OnHold, 0, 3),
        ];
        let mut found: Vec<_> = calls.iter().map(turn).zip(0..).collect();
        assert_eq!(first(&mut found.clone(), 5), 0);
        assert_eq!(first(&mut found, 3), 2);
        let order: Vec<i32> = found.into_iter().map(|(_, index)| index).collect();
        assert_eq!(order, [3, 1, 2]);
    }
}
