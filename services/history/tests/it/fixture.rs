//! A history service behind a real server, over a log in memory that tests write events into.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aftercall_history::{ExportKey, History};
use aftercall_log::{Log, LogId, MemoryLog, Position, Record};
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{CallReported, Event};
use aftercall_proto::history::v1::export_service_client::ExportServiceClient;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{
    AsOf, GetCustomerContextRequest, GetCustomerContextResponse, GetInteractionRequest,
    GetInteractionResponse, HandleQuery, ListTimelineRequest, ListTimelineResponse,
    SearchInteractionsRequest, SearchInteractionsResponse, TimelineEntry, as_of,
    get_customer_context_request, get_interaction_request, list_timeline_request,
    timeline_entry::What,
};
use aftercall_proto::model::v1::CallEvent;
use aftercall_service::server::Server;
pub(crate) use aftercall_service::testing::reason_of as reason;
use aftercall_service::testing::{Caller as TestCaller, OPEN, TestServer, violations_of};
use aftercall_service::{ActorKind, Deps, ManualClock, Role, Supervisor, SystemIds};
use aftercall_view::{Cache, Positions, Views};
use futures::FutureExt;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use proptest::test_runner::Config as ProptestConfig;
use prost::Message;
use tempfile::TempDir;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// The tenant of all that doesn't say otherwise.
pub(crate) const TENANT: &str = "acme";

/// The time at which tests begin.
pub(crate) const NOW: &str = "2026-06-15T12:00:00Z";

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// So many random cases; each starts a server, so a failure is not made much smaller.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 20,
        ..ProptestConfig::default()
    }
}

/// The instant so many seconds before [`now`].
pub(crate) fn ago(seconds: i64) -> WireTimestamp {
    WireTimestamp {
        seconds: now().as_second() - seconds,
        nanos: 0,
    }
}

/// The id number `n` of a sort of things.
pub(crate) fn id(sort: u16, n: u64) -> String {
    format!("0190d2c8-{sort:04x}-7000-8000-{n:012x}")
}

/// An event log to write into.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    pub(crate) log: MemoryLog,
    /// When what is written was recorded, in seconds before [`now`]; as each event says, if it is not set.
    at: Arc<Mutex<Option<i64>>>,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            log: MemoryLog::new(LogId([7; 16]), 1),
            at: Arc::default(),
        }
    }

    /// What is written from here on was recorded so many seconds ago.
    pub(crate) fn at(&self, seconds: i64) {
        *self.at.lock().unwrap() = Some(seconds);
    }

    /// The identity that its positions name.
    pub(crate) fn log_id(&self) -> LogId {
        self.log.id()
    }

    /// Another log with the same records so far.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::new();
        let tail = self.log.tails().unwrap()[0];
        let first = Position {
            partition: 0,
            offset: 0,
        };
        let mut reader = self.log.reader(&[first]).unwrap();
        let mut copied = 0;
        while copied < tail {
            let read = reader.next(1_000, 1 << 20, Duration::ZERO).unwrap();
            copied += read.len() as u64;
            let records = read.into_iter().map(|entry| entry.record).collect();
            copy.log.append(records).now_or_never().unwrap().unwrap();
        }
        copy
    }

    /// Appends an event as it is.
    pub(crate) fn append(&self, event: &Event, key_id: &str) -> Position {
        let key = contact_key(&event.tenant_id, &event.customer_id, key_id);
        let recorded_at = event
            .recorded_at
            .as_ref()
            .map_or(0, |at| at.seconds * 1_000_000);
        let record = Record {
            key,
            recorded_at_us: recorded_at,
            body: event.encode_to_vec().into(),
        };
        let appended = self.log.append(vec![record]).now_or_never();
        appended.unwrap().unwrap()[0]
    }

    /// Appends a fact about an aggregate.
    pub(crate) fn fact(&self, about: &About, fact: &Fact) -> Position {
        let About {
            tenant,
            customer,
            interaction,
            aggregate,
            sequence,
            recorded_at,
            import,
        } = about.clone();
        let recorded_at = self.at.lock().unwrap().map_or(recorded_at, ago);
        let event = Event {
            event_id: format!("{aggregate}-{sequence}"),
            tenant_id: tenant.to_owned(),
            aggregate_id: aggregate.clone(),
            interaction_id: interaction,
            sequence,
            occurred_at: Some(recorded_at),
            recorded_at: Some(recorded_at),
            actor_id: "agent-1".into(),
            customer_id: customer,
            import_batch: if import {
                "batch-1".into()
            } else {
                String::new()
            },
            ..fact.event()
        };
        self.append(&event, &event.interaction_id)
    }
}

/// That telephony told of a call.
pub(crate) fn reported(event: CallEvent) -> Fact {
    Fact::CallReported(Box::new(CallReported {
        event: Some(event),
        ..CallReported::default()
    }))
}

/// What an event is about.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) tenant: &'static str,
    pub(crate) customer: String,
    /// The contact that it concerns.
    pub(crate) interaction: String,
    pub(crate) aggregate: String,
    pub(crate) sequence: u64,
    pub(crate) recorded_at: WireTimestamp,
    pub(crate) import: bool,
}

/// A running service. Dropping it leaves it to the runtime's end; [`Service::stop`] waits.
pub(crate) struct Service {
    pub(crate) history: History,
    pub(crate) clock: ManualClock,
    pub(crate) supervisor: Supervisor,
    channel: Channel,
    log: MemoryLog,
}

impl Service {
    /// Starts the service over `events`, and waits until it has caught up with them.
    pub(crate) async fn start(events: &Events, views: &Path) -> Self {
        let clock = ManualClock::at(now());
        let supervisor = Supervisor::new();
        let ids = Arc::new(SystemIds::new(Arc::new(clock.clone())));
        let (deps, feed) = Deps::new(
            Arc::new(events.log.clone()),
            Views {
                cache: Cache::of(8 << 20),
                ..views.to_owned().into()
            },
            (Arc::new(clock.clone()), ids),
            supervisor.clone(),
        );
        let key = ExportKey::open(&views.join("export.key"), &*deps.ids).unwrap();
        let history = History::start_signing(&deps, key).unwrap();
        deps.run_feed(feed).unwrap();
        let time = Arc::new(clock.clone());
        let server = |server: Server| {
            let server = server.access(OPEN).service(history.server());
            server.service(history.export_server())
        };
        let server = TestServer::start(&supervisor, time, server).await;
        let channel = server.channel();
        let service = Self {
            history,
            clock,
            supervisor,
            channel,
            log: events.log.clone(),
        };
        service
            .history
            .view()
            .ready(tokio::time::Instant::now() + PATIENCE)
            .await
            .unwrap();
        service
    }

    /// Stops the service, and waits until its view has let go of its files.
    pub(crate) async fn stop(self) {
        drop(self.channel);
        self.supervisor.shutdown(PATIENCE).await.unwrap();
    }

    /// The position token that includes all that is in the log now.
    pub(crate) fn tail(&self) -> String {
        Positions::below(&self.log.tails().unwrap()).encode(self.log.id())
    }

    pub(crate) fn client(&self) -> Caller {
        self.client_as(TENANT, Role::Supervisor)
    }

    pub(crate) fn client_as(&self, tenant: &str, role: Role) -> Caller {
        let who = TestCaller::of_kind(ActorKind::Supervisor, tenant, "sup-1", &[role]);
        Caller {
            credentials: who.credentials(),
            client: HistoryServiceClient::new(self.channel.clone()),
            exports: ExportServiceClient::new(self.channel.clone()),
            position: self.tail(),
            as_of: None,
        }
    }
}

/// A client with credentials. It reads what was in the log when it was made.
#[derive(Clone)]
pub(crate) struct Caller {
    credentials: AsciiMetadataValue,
    pub(crate) client: HistoryServiceClient<Channel>,
    pub(crate) exports: ExportServiceClient<Channel>,
    position: String,
    /// As of when it asks.
    pub(crate) as_of: Option<AsOf>,
}

impl Caller {
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let credentials = self.credentials.clone();
        request.metadata_mut().insert("authorization", credentials);
        request
    }

    /// The same caller, who asks as of a position.
    pub(crate) fn asking_as_of(mut self, position: String) -> Self {
        self.as_of = Some(AsOf {
            moment: Some(as_of::Moment::Position(position)),
        });
        self
    }

    /// The same caller, who asks as of a time.
    pub(crate) fn asking_as_of_time(mut self, time: WireTimestamp) -> Self {
        self.as_of = Some(AsOf {
            moment: Some(as_of::Moment::Time(time)),
        });
        self
    }

    pub(crate) async fn get(&mut self, id: &str) -> Result<GetInteractionResponse, Status> {
        let which = get_interaction_request::Which::InteractionId(id.to_owned());
        self.get_which(which).await
    }

    pub(crate) async fn get_which(
        &mut self,
        which: get_interaction_request::Which,
    ) -> Result<GetInteractionResponse, Status> {
        let request = self.request(GetInteractionRequest {
            which: Some(which),
            min_position: self.position.clone(),
            as_of: self.as_of.clone(),
            ..Default::default()
        });
        Ok(self.client.get_interaction(request).await?.into_inner())
    }

    pub(crate) async fn context(
        &mut self,
        customer: &str,
    ) -> Result<GetCustomerContextResponse, Status> {
        let whose = get_customer_context_request::Whose::CustomerId(customer.to_owned());
        self.context_of(whose).await
    }

    pub(crate) async fn context_of(
        &mut self,
        whose: get_customer_context_request::Whose,
    ) -> Result<GetCustomerContextResponse, Status> {
        let request = self.request(GetCustomerContextRequest {
            whose: Some(whose),
            min_position: self.position.clone(),
            as_of: self.as_of.clone(),
            ..Default::default()
        });
        Ok(self
            .client
            .get_customer_context(request)
            .await?
            .into_inner())
    }

    pub(crate) async fn timeline_page(
        &mut self,
        customer: &str,
        page_size: i32,
        page_token: &str,
    ) -> Result<ListTimelineResponse, Status> {
        let whose = list_timeline_request::Whose::CustomerId(customer.to_owned());
        self.timeline_page_of(whose, page_size, page_token).await
    }

    pub(crate) async fn timeline_page_of(
        &mut self,
        whose: list_timeline_request::Whose,
        page_size: i32,
        page_token: &str,
    ) -> Result<ListTimelineResponse, Status> {
        let min_position = if page_token.is_empty() {
            self.position.clone()
        } else {
            String::new()
        };
        let request = self.request(ListTimelineRequest {
            whose: Some(whose),
            page_size,
            page_token: page_token.to_owned(),
            min_position,
            include_total: page_token.is_empty(),
            as_of: self.as_of.clone(),
            ..Default::default()
        });
        Ok(self.client.list_timeline(request).await?.into_inner())
    }

    /// The whole timeline in one page.
    pub(crate) async fn timeline(&mut self, customer: &str) -> Vec<TimelineEntry> {
        let page = self.timeline_page(customer, 500, "").await.unwrap();
        assert_eq!(page.total_size, Some(page.entries.len() as u64));
        assert_eq!(page.next_page_token, "");
        page.entries
    }

    pub(crate) async fn search(
        &mut self,
        request: SearchInteractionsRequest,
    ) -> Result<SearchInteractionsResponse, Status> {
        let mut request = request;
        request.as_of.clone_from(&self.as_of);
        if request.page_token.is_empty() && request.min_position.is_empty() {
            request.min_position.clone_from(&self.position);
        }
        let request = self.request(request);
        Ok(self.client.search_interactions(request).await?.into_inner())
    }

    /// The ids that a text finds, sorted.
    pub(crate) async fn found(&mut self, query: &str) -> Vec<String> {
        let query = query.to_owned();
        let request = SearchInteractionsRequest {
            query,
            page_size: 200,
            ..Default::default()
        };
        let mut ids = ids(&self.search(request).await.unwrap());
        ids.sort();
        ids
    }
}

/// Asks for a handle of any sort, as somebody spells it.
pub(crate) fn spelled(value: &str) -> HandleQuery {
    HandleQuery {
        value: value.to_owned(),
        ..HandleQuery::default()
    }
}

/// The ids of a page, in order.
pub(crate) fn ids(page: &SearchInteractionsResponse) -> Vec<String> {
    let interactions = page
        .results
        .iter()
        .filter_map(|result| result.interaction.as_ref());
    interactions
        .map(|interaction| interaction.interaction_id.clone())
        .collect()
}

/// The ids of a timeline's contacts, in order.
pub(crate) fn contact_ids(entries: &[TimelineEntry]) -> Vec<String> {
    let contacts = entries.iter().filter_map(|entry| match &entry.what {
        Some(What::Interaction(interaction)) => Some(interaction.interaction_id.clone()),
        _ => None,
    });
    contacts.collect()
}

/// The fields that a status names, with their reasons, sorted.
pub(crate) fn wrong_fields(status: &Status) -> Vec<(String, String)> {
    let mut fields = violations_of(status);
    fields.sort();
    fields
}

pub(crate) fn views() -> TempDir {
    tempfile::tempdir().unwrap()
}
