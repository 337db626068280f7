//! Calls as they happen: what telephony tells goes into the log as it is told.
//!
//! Nothing is decided here but by which of the tenant's settings a call is judged: which events count, and what they come
//! to, follows from all of them, and is every reader's to find. So an event that is told twice may stand in the log twice, and any recorder takes any.

use std::pin::Pin;
use std::sync::Arc;

use aftercall_domain::call::CallEvent;
use aftercall_domain::interaction::id_of_reference;
use aftercall_domain::limits::{
    CALL_EVENTS_REPORTED_MAX, CLOCK_SKEW_S_MAX, ID_BYTES_MAX, LINE_BYTES_MAX,
};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};
use aftercall_log::{Position, Record};
use aftercall_proto::convert::call as convert;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CallReported;
use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::call_service_server::CallService;
use aftercall_proto::recorder::v1::report_call_events_response::Outcome;
use aftercall_proto::recorder::v1::{
    BatchReportCallEventsRequest, BatchReportCallEventsResponse, ReportCallEventsRequest,
    ReportCallEventsResponse, ReportedCallEvent,
};
use aftercall_service::seal::{Author, Request as Asked, RequestHash, Sealing};
use aftercall_service::{Checker, Principal, ServerStopping, explained, principal_of, to_status};
use aftercall_view::Positions;
use futures::{Stream, StreamExt, stream};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::core::{Core, deadline_of, wait_max};
use crate::failure::{Refusal, record_failure};
use crate::saying::take_words;

/// Events of one append.
const CHUNK_EVENTS_MAX: usize = 256;

/// Appends of one stream that are on their way.
const CHUNKS_IN_FLIGHT_MAX: usize = 4;

#[derive(Debug)]
pub(crate) struct CallGrpc(Arc<Core>);

impl CallGrpc {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<ReportCallEventsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl CallService for CallGrpc {
    type ReportCallEventsStream = Answers;

    async fn report_call_events(
        &self,
        request: Request<Streaming<ReportCallEventsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let principal = principal_of(&request).map_err(to_status)?;
        let answers = report_all(Arc::clone(&self.0), principal, request.into_inner());
        Ok(Response::new(Box::pin(answers)))
    }

    async fn batch_report_call_events(
        &self,
        request: Request<BatchReportCallEventsRequest>,
    ) -> Result<Response<BatchReportCallEventsResponse>, Status> {
        let principal = principal_of(&request).map_err(to_status)?;
        let until = deadline_of(&request);
        let requests = request.into_inner().requests;
        let mut checker = Checker::new();
        checker.few("requests", requests.len(), CALL_EVENTS_REPORTED_MAX);
        checker.done(()).map_err(Refusal::from).map_err(to_status)?;
        let reported = report(&self.0, &principal, requests, until).await;
        let mut through = Positions::new();
        let at = reported.iter().filter_map(|(_, at)| *at);
        at.for_each(|at| through.include(at));
        Ok(Response::new(BatchReportCallEventsResponse {
            responses: reported.into_iter().map(|(answer, _)| answer).collect(),
            position: through.encode(self.0.deps.log.identity()),
        }))
    }
}

/// Takes what `inbound` brings, and answers each event in its order.
fn report_all<S>(
    core: Arc<Core>,
    principal: Principal,
    inbound: S,
) -> impl Stream<Item = Result<ReportCallEventsResponse, Status>> + Send
where
    S: Stream<Item = Result<ReportCallEventsRequest, Status>> + Send + Unpin + 'static,
{
    let draining = core.deps.supervisor.draining();
    let stopped = draining.clone();
    let inbound = inbound.take_until(async move { draining.cancelled().await });
    let chunks = inbound.ready_chunks(CHUNK_EVENTS_MAX).map(move |chunk| {
        let (core, principal) = (Arc::clone(&core), principal.clone());
        async move {
            let (mut events, mut broken) = (Vec::with_capacity(chunk.len()), None);
            for event in chunk {
                match event {
                    Ok(event) if broken.is_none() => events.push(event),
                    Ok(_) => {}
                    Err(status) => broken = broken.or(Some(explained(status))),
                }
            }
            let answers = report(&core, &principal, events, wait_max()).await;
            let answers = answers.into_iter().map(|(answer, _)| Ok(answer));
            stream::iter(answers.chain(broken.map(Err)).collect::<Vec<_>>())
        }
    });
    let end = stream::once(async move {
        let is_stopping = stopped.is_cancelled();
        is_stopping.then(|| Err(to_status(ServerStopping)))
    });
    let answers = chunks.buffered(CHUNKS_IN_FLIGHT_MAX).flatten();
    answers.chain(end.filter_map(|end| async move { end }))
}

/// An event that is ready for the log.
struct Ready {
    interaction_id: String,
    record: Record,
}

/// Puts events into the log, all that are sound in one append; answers each in its order, with its place.
async fn report(
    core: &Core,
    principal: &Principal,
    requests: Vec<ReportCallEventsRequest>,
    until: Instant,
) -> Vec<(ReportCallEventsResponse, Option<Position>)> {
    let now = core.now();
    let terms = core.call_terms(&principal.tenant_id);
    let mut records = Vec::new();
    let decided: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let ReportCallEventsRequest {
                correlation_id,
                event,
            } = request;
            let ready = prepare(principal, (&correlation_id, event), (terms.clone(), now));
            let ready = ready.map(|ready| {
                records.push(ready.record);
                (records.len() - 1, ready.interaction_id)
            });
            (correlation_id, ready)
        })
        .collect();
    let appended = match records.is_empty() {
        true => Ok(Vec::new()),
        false => match timeout_at(until, core.deps.log.append(records)).await {
            Ok(appended) => appended.map_err(Refusal::Log),
            Err(_) => Err(Refusal::Unconfirmed),
        },
    };
    let answers = decided.into_iter().map(|(correlation_id, ready)| {
        let reported = ready.and_then(|(index, interaction_id)| {
            let positions = appended.as_ref().map_err(Clone::clone)?;
            let at = positions.get(index).copied();
            let at = at.ok_or_else(|| Refusal::internal("the log left out a position"))?;
            Ok((interaction_id, at))
        });
        let at = reported.as_ref().ok().map(|(_, at)| *at);
        let outcome = match reported {
            Ok((interaction_id, at)) => Outcome::Reported(ReportedCallEvent {
                interaction_id,
                position: core.token(at),
            }),
            Err(refusal) => Outcome::Failure(record_failure(refusal)),
        };
        let answer = ReportCallEventsResponse {
            correlation_id,
            outcome: Some(outcome),
        };
        (answer, at)
    });
    answers.collect()
}

/// Checks an event, and makes its record.
fn prepare(
    principal: &Principal,
    (correlation_id, event): (&str, Option<wire::CallEvent>),
    (terms, now): (Option<wire::CallTerms>, Timestamp),
) -> Result<Ready, Refusal> {
    let mut checker = Checker::new();
    checker.id("correlation_id", correlation_id);
    let Some(mut event) = event else {
        let mut found = checker.into_found();
        found.required("event");
        return Err(found.into());
    };
    check_names(&event, &mut checker);
    let mut found = checker.into_found();
    take_words(&mut event, &mut found);
    let read = convert::read(&event, FieldPath::of("event"), &mut found);
    check_time(read.occurred_at, now, &mut found);
    let id = interaction_id(principal, &event, &mut found);
    found.into_result(())?;
    let CallEvent {
        mut handles,
        mut our_handle,
        occurred_at,
        ..
    } = read;
    for handle in handles.iter_mut().chain(&mut our_handle) {
        handle.canonicalise(principal.country);
    }
    event.handles = handles.into_iter().map(Into::into).collect();
    event.our_handle = our_handle.map(Into::into);
    event.interaction_id = id.to_string();
    let customer_id = event.customer_id.clone();
    let hash = RequestHash::of(&event);
    let fact = Fact::CallReported(Box::new(CallReported {
        event: Some(event),
        terms,
    }));
    let interaction_id = id.to_string();
    let sealing = Sealing {
        by: Author::from(principal),
        aggregate_id: &interaction_id,
        interaction_id: &interaction_id,
        customer_id: &customer_id,
        sequence: 1,
        occurred_at,
        recorded_at: now,
        import_batch: "",
        // Its id follows from what it says, so that the same event has the same one.
        request: Some(Asked { id: "", hash }),
    };
    let record = sealing.seal(&fact)?;
    Ok(Ready {
        interaction_id,
        record,
    })
}

fn check_names(event: &wire::CallEvent, checker: &mut Checker) {
    for (field, value) in [
        ("event.source", &event.source),
        ("event.call_id", &event.call_id),
        ("event.event_id", &event.event_id),
    ] {
        checker.required_id(field, value);
    }
    for (field, value) in [
        ("event.interaction_id", &event.interaction_id),
        ("event.queue_id", &event.queue_id),
        ("event.agent_id", &event.agent_id),
        ("event.team_id", &event.team_id),
        ("event.site_id", &event.site_id),
        ("event.skill", &event.skill),
        ("event.menu_node", &event.menu_node),
        ("event.customer_id", &event.customer_id),
    ] {
        checker.id(field, value);
    }
    if let Some(transfer) = &event.transfer {
        checker.id("event.transfer.to", &transfer.to);
        if transfer.reason.len() > LINE_BYTES_MAX {
            let found = checker.found();
            found.too_long("event.transfer.reason", LINE_BYTES_MAX);
        }
    }
    let handles = event.handles.iter().chain(&event.our_handle);
    if handles
        .clone()
        .any(|handle| handle.value.len() > LINE_BYTES_MAX)
    {
        checker.found().too_long("event.handles", LINE_BYTES_MAX);
    }
    if handles.into_iter().any(|handle| handle.value.is_empty()) {
        checker.found().required("event.handles.value");
    }
}

fn check_time(occurred_at: Timestamp, now: Timestamp, found: &mut Violations) {
    if occurred_at.as_second() > now.as_second() + CLOCK_SKEW_S_MAX {
        let text = "is more than five minutes ahead of our clock; correct the source's";
        found.add("event.occurred_at", Reason::OutOfRange, text);
    }
}

/// The contact that a call is.
fn interaction_id(principal: &Principal, event: &wire::CallEvent, found: &mut Violations) -> Uuid {
    match event.interaction_id.as_str() {
        "" => id_of_reference(&principal.tenant_id, &event.source, &event.call_id),
        id if id.len() > ID_BYTES_MAX => Uuid::nil(),
        id => Uuid::try_parse(id).unwrap_or_else(|_| {
            let text = "must be a UUID; or leave it out, and it follows from source and call_id";
            found.add("event.interaction_id", Reason::Malformed, text);
            Uuid::nil()
        }),
    }
}
