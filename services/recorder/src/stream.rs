//! Recording many: what is ready is appended at once, and answered in order.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::vec::IntoIter;

use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::{RecordInteractionsRequest, RecordInteractionsResponse};
use aftercall_service::{Principal, ServerStopping, explained, to_status};
use futures::{FutureExt, Stream, StreamExt};
use prost::Message as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

use crate::core::{Core, wait_max};
use crate::failure::{Refusal, record_failure};
use crate::record::{Decision, Work};

/// Records of one append.
const CHUNK_RECORDS_MAX: usize = 512;

/// About the most bytes of one append, as they were sent: a record more still fits.
const CHUNK_BYTES_MAX: usize = 1 << 20;

/// Appends of one stream that are on their way: while one is synced, the next ones are read.
const CHUNKS_IN_FLIGHT_MAX: usize = 4;

/// Requests of one append in their order, or what ends the stream.
type Chunk = Result<Vec<Queued>, Status>;

/// A request that waits for its answer.
struct Queued {
    correlation_id: String,
    decision: Decision,
    /// When its answer is given at the latest: all of an append wait together.
    deadline: Instant,
}

/// Records what `inbound` brings, and answers each request in its order.
pub(crate) fn record_all<S>(
    core: Arc<Core>,
    principal: Principal,
    inbound: S,
) -> impl Stream<Item = Result<RecordInteractionsResponse, Status>> + Send
where
    S: Stream<Item = Result<RecordInteractionsRequest, Status>> + Send + Unpin + 'static,
{
    let (chunks, received) = mpsc::channel(CHUNKS_IN_FLIGHT_MAX);
    let supervisor = core.deps.supervisor.clone();
    let reader = Reader {
        core: Arc::clone(&core),
        principal,
        inbound,
        chunks,
    };
    supervisor.spawn_for_request("record-interactions", reader.run());
    answers(core, received)
}

struct Reader<S> {
    core: Arc<Core>,
    principal: Principal,
    inbound: S,
    chunks: mpsc::Sender<Chunk>,
}

impl<S> Reader<S>
where
    S: Stream<Item = Result<RecordInteractionsRequest, Status>> + Send + Unpin,
{
    async fn run(mut self) {
        let draining = self.core.deps.supervisor.draining();
        loop {
            let first = tokio::select! {
                biased;
                () = draining.cancelled() => Some(Err(to_status(ServerStopping))),
                () = self.chunks.closed() => return,
                first = self.inbound.next() => first,
            };
            let Some(first) = first else { return };
            let Ok(place) = self.chunks.reserve().await else {
                return;
            };
            // A stream that is faster than the view waits for it. Not for ever: then its records are
            // refused, for the caller to send again.
            tokio::select! {
                biased;
                () = draining.cancelled() => {}
                () = self.chunks.closed() => return,
                _ = timeout_at(wait_max(), self.core.pending.room()) => {}
            }
            let (chunk, end) =
                read_chunk(&self.core, &self.principal, first, &mut self.inbound).await;
            place.send(Ok(chunk));
            match end {
                End::NotYet => {}
                End::OfStream => return,
                End::Broken(status) => {
                    // The answers come first; a caller that is gone needs none.
                    let _ = self.chunks.send(Err(status)).await;
                    return;
                }
            }
        }
    }
}

enum End {
    NotYet,
    OfStream,
    Broken(Status),
}

/// Takes `first` and what else is ready, and appends it.
async fn read_chunk<S>(
    core: &Core,
    principal: &Principal,
    first: Result<RecordInteractionsRequest, Status>,
    inbound: &mut S,
) -> (Vec<Queued>, End)
where
    S: Stream<Item = Result<RecordInteractionsRequest, Status>> + Send + Unpin,
{
    let (now, deadline) = (core.now(), wait_max());
    let mut chunk = Vec::new();
    let mut work: Vec<Work> = Vec::new();
    let mut next = Some(Some(first));
    let mut bytes = 0;
    let end = loop {
        match next {
            None => break End::NotYet,
            Some(None) => break End::OfStream,
            Some(Some(Err(status))) => break End::Broken(explained(status)),
            Some(Some(Ok(message))) => {
                bytes += message.encoded_len();
                let correlation_id = message.correlation_id.clone();
                let (decision, one) = decide(core, principal, message, (now, deadline)).await;
                work.extend(one);
                chunk.push(Queued {
                    correlation_id,
                    decision,
                    deadline,
                });
            }
        }
        if chunk.len() >= CHUNK_RECORDS_MAX || bytes >= CHUNK_BYTES_MAX {
            break End::NotYet;
        }
        next = inbound.next().now_or_never();
    };
    if !work.is_empty() {
        // Settled apart from the answers: other streams may wait for these ids.
        core.settle("settle-chunk", core.append(work));
    }
    (chunk, end)
}

async fn decide(
    core: &Core,
    principal: &Principal,
    message: RecordInteractionsRequest,
    (now, deadline): (jiff::Timestamp, Instant),
) -> (Decision, Option<Work>) {
    let RecordInteractionsRequest {
        correlation_id,
        request,
    } = message;
    let refuse = |field, reason, text: &str| {
        let refusal = Refusal::field(field, reason, text);
        (Decision::Refused(refusal), None)
    };
    if correlation_id.len() > ID_BYTES_MAX {
        let text = "is too long; at most 128 bytes are taken";
        return refuse("correlation_id", Reason::TooLong, text);
    }
    let Some(request) = request else {
        return refuse(
            "request",
            Reason::Required,
            "is required; say what happened",
        );
    };
    if !request.settings_position.is_empty() {
        // Boxed: it is rare, and every record's future would have its size.
        let settings = Box::pin(core.settings_at(&request.settings_position, deadline));
        if let Err(refusal) = settings.await {
            return (Decision::Refused(refusal), None);
        }
    }
    match core.prepare(principal, request, now) {
        Ok(prepared) => core.claim(prepared, deadline).await,
        Err(refusal) => (Decision::Refused(refusal), None),
    }
}

/// Where the answers are.
struct Answers {
    core: Arc<Core>,
    chunks: mpsc::Receiver<Chunk>,
    chunk: IntoIter<Queued>,
}

fn answers(
    core: Arc<Core>,
    chunks: mpsc::Receiver<Chunk>,
) -> impl Stream<Item = Result<RecordInteractionsResponse, Status>> + Send {
    let state = Answers {
        core,
        chunks,
        chunk: Vec::new().into_iter(),
    };
    futures::stream::unfold(state, async |mut state| {
        loop {
            if let Some(queued) = state.chunk.next() {
                let answer = answer(&state.core, queued).await;
                return Some((Ok(answer), state));
            }
            match state.chunks.recv().await? {
                Ok(chunk) => state.chunk = chunk.into_iter(),
                Err(status) => return Some((Err(status), state)),
            }
        }
    })
}

async fn answer(core: &Core, queued: Queued) -> RecordInteractionsResponse {
    let Queued {
        correlation_id,
        decision,
        deadline,
    } = queued;
    let outcome = match core.answer(decision, deadline).await {
        Ok(response) => Outcome::Response(response),
        Err(refusal) => Outcome::Failure(record_failure(refusal)),
    };
    RecordInteractionsResponse {
        correlation_id,
        outcome: Some(outcome),
    }
}
