//! The peer: a bare tonic server that takes the same messages and answers at once with as many
//! bytes as aftercall would. It is the limit of what the transport gives on this machine.

use std::pin::Pin;

use aftercall_proto::history::v1::history_service_server::{HistoryService, HistoryServiceServer};
use aftercall_proto::history::v1::{
    BatchGetInteractionsRequest, BatchGetInteractionsResponse, FindCustomersRequest,
    FindCustomersResponse, GetCustomerContextRequest, GetCustomerContextResponse,
    GetInteractionRequest, GetInteractionResponse, ListAmendmentsRequest, ListAmendmentsResponse,
    ListTimelineRequest, ListTimelineResponse, SearchInteractionsRequest,
    SearchInteractionsResponse,
};
use aftercall_proto::recorder::v1::call_service_server::{CallService, CallServiceServer};
use aftercall_proto::recorder::v1::recorder_service_server::{
    RecorderService, RecorderServiceServer,
};
use aftercall_proto::recorder::v1::report_call_events_response::Outcome;
use aftercall_proto::recorder::v1::{
    AmendInteractionRequest, AmendInteractionResponse, AnalyseInteractionRequest,
    AnalyseInteractionResponse, BatchReportCallEventsRequest, BatchReportCallEventsResponse,
    FindPromisesRequest, FindPromisesResponse, IdentifyInteractionRequest,
    IdentifyInteractionResponse, MergeCustomersRequest, MergeCustomersResponse,
    RecordInteractionRequest, RecordInteractionResponse, RecordInteractionsRequest,
    RecordInteractionsResponse, ReportCallEventsRequest, ReportCallEventsResponse,
    ReportedCallEvent, ScoreTextRequest, ScoreTextResponse, UnmergeCustomersRequest,
    UnmergeCustomersResponse,
};
use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

/// The argument by which the benchmark starts itself as the peer.
pub(crate) const ARGUMENT: &str = "--serve-echo";

/// As long as a position is.
const POSITION: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// As long as a contact's id is.
const ID: &str = "00000000-0000-5000-8000-000000000000";

#[derive(Default)]
struct Echo {
    timeline: ListTimelineResponse,
}

type Answers =
    Pin<Box<dyn tokio_stream::Stream<Item = Result<RecordInteractionsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl RecorderService for Echo {
    async fn record_interaction(
        &self,
        request: Request<RecordInteractionRequest>,
    ) -> Result<Response<RecordInteractionResponse>, Status> {
        let interaction = request.into_inner().interaction.unwrap_or_default();
        Ok(Response::new(RecordInteractionResponse {
            commitment_ids: vec![interaction.interaction_id.clone()],
            interaction_id: interaction.interaction_id,
            position: POSITION.to_owned(),
            recorded_at: interaction.occurred_at,
            already_recorded: false,
            warnings: Vec::new(),
            dues: Vec::new(),
            proposed: Vec::new(),
        }))
    }

    type RecordInteractionsStream = Answers;

    async fn record_interactions(
        &self,
        _: Request<Streaming<RecordInteractionsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        Err(Status::unimplemented("the peer answers single calls"))
    }

    async fn amend_interaction(
        &self,
        _: Request<AmendInteractionRequest>,
    ) -> Result<Response<AmendInteractionResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn analyse_interaction(
        &self,
        _: Request<AnalyseInteractionRequest>,
    ) -> Result<Response<AnalyseInteractionResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn score_text(
        &self,
        _: Request<ScoreTextRequest>,
    ) -> Result<Response<ScoreTextResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn find_promises(
        &self,
        _: Request<FindPromisesRequest>,
    ) -> Result<Response<FindPromisesResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn identify_interaction(
        &self,
        _: Request<IdentifyInteractionRequest>,
    ) -> Result<Response<IdentifyInteractionResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn merge_customers(
        &self,
        _: Request<MergeCustomersRequest>,
    ) -> Result<Response<MergeCustomersResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn unmerge_customers(
        &self,
        _: Request<UnmergeCustomersRequest>,
    ) -> Result<Response<UnmergeCustomersResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}

type Reported =
    Pin<Box<dyn tokio_stream::Stream<Item = Result<ReportCallEventsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl CallService for Echo {
    type ReportCallEventsStream = Reported;

    async fn report_call_events(
        &self,
        request: Request<Streaming<ReportCallEventsRequest>>,
    ) -> Result<Response<Reported>, Status> {
        let events = request.into_inner();
        let answers = events.map(|event| event.map(reported));
        Ok(Response::new(Box::pin(answers)))
    }

    async fn batch_report_call_events(
        &self,
        _: Request<BatchReportCallEventsRequest>,
    ) -> Result<Response<BatchReportCallEventsResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}

#[tonic::async_trait]
impl HistoryService for Echo {
    async fn list_timeline(
        &self,
        _: Request<ListTimelineRequest>,
    ) -> Result<Response<ListTimelineResponse>, Status> {
        Ok(Response::new(self.timeline.clone()))
    }

    async fn get_interaction(
        &self,
        _: Request<GetInteractionRequest>,
    ) -> Result<Response<GetInteractionResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn batch_get_interactions(
        &self,
        _: Request<BatchGetInteractionsRequest>,
    ) -> Result<Response<BatchGetInteractionsResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn list_amendments(
        &self,
        _: Request<ListAmendmentsRequest>,
    ) -> Result<Response<ListAmendmentsResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn get_customer_context(
        &self,
        _: Request<GetCustomerContextRequest>,
    ) -> Result<Response<GetCustomerContextResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn search_interactions(
        &self,
        _: Request<SearchInteractionsRequest>,
    ) -> Result<Response<SearchInteractionsResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }

    async fn find_customers(
        &self,
        _: Request<FindCustomersRequest>,
    ) -> Result<Response<FindCustomersResponse>, Status> {
        Err(Status::unimplemented("not measured"))
    }
}

fn reported(request: ReportCallEventsRequest) -> ReportCallEventsResponse {
    let reported = ReportedCallEvent {
        interaction_id: ID.to_owned(),
        position: POSITION.to_owned(),
    };
    ReportCallEventsResponse {
        correlation_id: request.correlation_id,
        outcome: Some(Outcome::Reported(reported)),
    }
}

/// Serves until the process is ended; `timeline` is a file with the response to give.
pub(crate) async fn serve(timeline: Option<&String>) -> anyhow::Result<()> {
    let timeline = match timeline {
        Some(path) => ListTimelineResponse::decode(std::fs::read(path)?.as_slice())?,
        None => ListTimelineResponse::default(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("echo ready grpc=http://{}", listener.local_addr()?);
    let mut server = tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(8 << 20);
    server
        .add_service(RecorderServiceServer::new(Echo::default()))
        .add_service(CallServiceServer::new(Echo::default()))
        .add_service(HistoryServiceServer::new(Echo { timeline }))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await?;
    Ok(())
}
