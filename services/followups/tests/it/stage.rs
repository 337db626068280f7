//! A log, a clock and a directory that outlive the service, and the service in front of them.

use std::sync::Arc;
use std::time::Duration;

use aftercall_followups::{Followups, Whereabouts};
use aftercall_log::{Log, LogId, MemoryLog, Position, Record};
use aftercall_proto::alerts::v1::WatchAlertsResponse;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::convert::time::{from_wire, microseconds, to_wire};
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{CommitmentLapsed, Event, InteractionRecorded};
use aftercall_proto::followups::v1::calendar_feed_service_client::CalendarFeedServiceClient;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::followups::v1::{
    FulfilCommitmentRequest, GetCommitmentRequest, GetCommitmentResponse,
};
use aftercall_proto::model::v1::{
    Alert, Commitment, CommitmentDraft, CommitmentKind, Customer, Handle, HandleKind, Interaction,
    Owner, Priority, PromiseSubject, alert, owner,
};
use aftercall_service::server::{Server, ServerConfig};
use aftercall_service::testing::{Caller, OPEN, TestServer};
pub(crate) use aftercall_service::testing::{reason_of as reason, violations_of};
use aftercall_service::{Access, Clock, Deps, ManualClock, Role, Supervisor, TestIds};
use aftercall_view::Positions;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use tempfile::TempDir;
use tonic::Status;
use tonic::Streaming;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

pub(crate) const TENANT: &str = "acme";
/// Whoever owns the promises of these tests.
pub(crate) const OWNER: &str = "ana";

/// How addresses of calendars begin.
pub(crate) const FEEDS: &str = "https://feeds.example";

/// Long enough for any machine; a test that hangs fails by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Tenant, actor and role of each caller.
const CALLERS: [(&str, &str, &str, Role); 7] = [
    ("lead", TENANT, "lena", Role::TeamLead),
    ("owner", TENANT, OWNER, Role::Agent),
    ("agent", TENANT, "bob", Role::Agent),
    ("supervisor", TENANT, "sue", Role::Supervisor),
    ("admin", TENANT, "root", Role::TenantAdmin),
    ("crm", TENANT, "crm", Role::Integration),
    ("foreign", "other", "eve", Role::Supervisor),
];

/// The first moment of every test, in seconds.
const BEGIN_S: i64 = 1_700_000_000;

/// `seconds` after the beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(BEGIN_S + seconds).unwrap()
}

pub(crate) fn wire(at: Timestamp) -> Option<pbjson_types::Timestamp> {
    Some(to_wire(at))
}

pub(crate) fn unwire(at: Option<&pbjson_types::Timestamp>) -> Timestamp {
    from_wire(at.unwrap()).unwrap()
}

pub(crate) const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

/// What outlives the service.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) log: MemoryLog,
    pub(crate) clock: ManualClock,
    /// Whose promises callers read.
    access: Access,
    dir: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_partitions(1)
    }

    /// In which not everybody reads everything.
    pub(crate) fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    pub(crate) fn with_partitions(partitions: u32) -> Self {
        Self {
            log: MemoryLog::new(LogId([7; 16]), partitions),
            clock: ManualClock::at(at(0)),
            access: OPEN,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Starts the service on the stage's log.
    pub(crate) async fn start(&self) -> Running {
        self.start_on(Arc::new(self.log.clone()), "views").await
    }

    /// Starts the service on a log that stands before the stage's, with views of its own.
    pub(crate) async fn start_on(&self, log: Arc<dyn Log>, views: &str) -> Running {
        self.start_in(log, views, None).await
    }

    /// The same in an environment.
    pub(crate) async fn start_in(
        &self,
        log: Arc<dyn Log>,
        views: &str,
        environment: Option<&str>,
    ) -> Running {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let supervisor = Supervisor::new();
        let ids = Arc::new(TestIds::new(Arc::clone(&clock), 7));
        let (deps, feed) = Deps::new(
            log,
            self.dir.path().join(views).into(),
            (Arc::clone(&clock), ids),
            supervisor.clone(),
        );
        let whereabouts = Whereabouts {
            environment: environment.map(str::to_owned),
            feeds_at: Some(FEEDS.to_owned()),
        };
        let followups = Followups::start_in(deps.clone(), whereabouts).unwrap();
        deps.run_feed(feed).unwrap();
        let config = ServerConfig {
            request_timeout: PATIENCE,
            ..ServerConfig::default()
        };
        let services = |server: Server| {
            server
                .access(self.access)
                .service(followups.followup_server())
                .service(followups.alert_server())
                .service(followups.calendar_feed_server())
                .service(followups.live_call_server())
        };
        let server = TestServer::with_config(config, &supervisor, clock, services).await;
        Running {
            followups,
            supervisor,
            server,
        }
    }

    /// Records a contact of the tenant with these promises, as the recorder does.
    pub(crate) fn record(&self, contact: &Contact) -> String {
        let event = contact.event(self.clock.now());
        self.append(&event, &contact.customer_id)
    }

    /// Appends an event as it is, and returns its position as a token.
    pub(crate) fn append(&self, event: &Event, customer_id: &str) -> String {
        let key = contact_key(&event.tenant_id, customer_id, &event.interaction_id);
        self.append_under(key, event)
    }

    /// The same of an event that stands under another key than a contact's.
    pub(crate) fn append_under(&self, key: Bytes, event: &Event) -> String {
        let record = Record {
            key,
            recorded_at_us: microseconds(unwire(event.recorded_at.as_ref())),
            body: event.encode_to_vec().into(),
        };
        let mut appended = self.log.append(vec![record]);
        let waker = futures::task::noop_waker();
        let mut context = std::task::Context::from_waker(&waker);
        let std::task::Poll::Ready(Ok(positions)) =
            std::pin::Pin::new(&mut appended).poll(&mut context)
        else {
            panic!("a log in memory is durable at once");
        };
        Positions::through(positions[0]).encode(self.log.id())
    }

    /// All events of the log, partition by partition.
    pub(crate) fn events(&self) -> Vec<Event> {
        let events = self.entries().into_iter();
        events
            .map(|entry| Event::decode(entry.record.body).unwrap())
            .collect()
    }

    /// The keys under which the events stand.
    pub(crate) fn keys(&self) -> Vec<Bytes> {
        let entries = self.entries().into_iter();
        entries.map(|entry| entry.record.key).collect()
    }

    fn entries(&self) -> Vec<aftercall_log::Entry> {
        let read = |partition| {
            let mut reader = self
                .log
                .reader(&[Position {
                    partition,
                    offset: 0,
                }])
                .unwrap();
            reader.next(usize::MAX, usize::MAX, Duration::ZERO).unwrap()
        };
        (0..self.log.partitions()).flat_map(read).collect()
    }

    /// All lapses of the log, with the promises that they are about.
    pub(crate) fn lapses(&self) -> Vec<(String, CommitmentLapsed)> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event.fact().unwrap() {
                Some(Fact::CommitmentLapsed(lapsed)) => Some((event.aggregate_id, lapsed)),
                _ => None,
            })
            .collect()
    }
}

fn caller(name: &str) -> Caller {
    let known = CALLERS.iter().find(|known| known.0 == name);
    let (_, tenant, actor, role) = known.expect("one of the callers");
    Caller::new(tenant, actor, &[*role])
}

/// A contact with promises.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) interaction_id: String,
    pub(crate) customer_id: String,
    pub(crate) agent_id: String,
    pub(crate) team_id: String,
    pub(crate) import_batch: String,
    /// The number or address under which the customer reached us, if there is one.
    pub(crate) handle: Option<Handle>,
    pub(crate) promises: Vec<CommitmentDraft>,
}

impl Contact {
    pub(crate) fn new(interaction_id: &str, promises: Vec<CommitmentDraft>) -> Self {
        Self {
            interaction_id: interaction_id.to_owned(),
            customer_id: "customer-1".to_owned(),
            agent_id: OWNER.to_owned(),
            team_id: "team-1".to_owned(),
            import_batch: String::new(),
            handle: None,
            promises,
        }
    }

    pub(crate) fn event(&self, now: Timestamp) -> Event {
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(Interaction {
                interaction_id: self.interaction_id.clone(),
                agent_id: self.agent_id.clone(),
                team_id: self.team_id.clone(),
                occurred_at: wire(now),
                customer: Some(Customer {
                    customer_id: self.customer_id.clone(),
                    display_name: "Kim Example".to_owned(),
                    handles: self.handle.clone().into_iter().collect(),
                    ..Customer::default()
                }),
                commitments: self.promises.clone(),
                ..Interaction::default()
            }),
            ..InteractionRecorded::default()
        }));
        Event {
            event_id: self.interaction_id.clone(),
            tenant_id: TENANT.to_owned(),
            aggregate_id: self.interaction_id.clone(),
            interaction_id: self.interaction_id.clone(),
            sequence: 1,
            occurred_at: wire(now),
            recorded_at: wire(now),
            actor_id: "crm".to_owned(),
            customer_id: self.customer_id.clone(),
            import_batch: self.import_batch.clone(),
            ..fact.event()
        }
    }
}

/// A telephone number as it is recorded.
pub(crate) fn telephone(value: &str) -> Option<Handle> {
    Some(Handle {
        kind: HandleKind::Telephone.into(),
        value: value.to_owned(),
        display_form: String::new(),
    })
}

/// A promise that the customer was told, kept by [`OWNER`].
pub(crate) fn promise(commitment_id: &str, due: Timestamp) -> CommitmentDraft {
    CommitmentDraft {
        commitment_id: commitment_id.to_owned(),
        kind: CommitmentKind::CallBack.into(),
        promise_text: "We call you back.".to_owned(),
        told_to_customer: true,
        promised_by: wire(due),
        owner: owned_by(OWNER),
        priority: Priority::P2.into(),
        ..CommitmentDraft::default()
    }
}

pub(crate) fn owned_by(agent_id: &str) -> Option<Owner> {
    let owner = owner::Owner::AgentId(agent_id.to_owned());
    Some(Owner { owner: Some(owner) })
}

/// The service at work.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) followups: Followups,
    pub(crate) supervisor: Supervisor,
    server: TestServer,
}

pub(crate) type Client = FollowupServiceClient<InterceptedService<Channel, Caller>>;
pub(crate) type AlertClient = AlertServiceClient<InterceptedService<Channel, Caller>>;

pub(crate) type FeedClient = CalendarFeedServiceClient<InterceptedService<Channel, Caller>>;

impl Running {
    pub(crate) fn feeds(&self, name: &str) -> FeedClient {
        self.feeds_of(caller(name))
    }

    pub(crate) fn feeds_of(&self, caller: Caller) -> FeedClient {
        CalendarFeedServiceClient::new(self.server.channel_of(caller))
    }

    /// A client of one of the callers.
    pub(crate) fn client(&self, name: &str) -> Client {
        FollowupServiceClient::new(self.server.channel_of(caller(name)))
    }

    pub(crate) fn alerts(&self, name: &str) -> AlertClient {
        AlertServiceClient::new(self.server.channel_of(caller(name)))
    }

    /// The promise as the service tells it, not older than `min_position`.
    pub(crate) async fn get(&self, commitment_id: &str, min_position: &str) -> Commitment {
        let request = GetCommitmentRequest {
            commitment_id: commitment_id.to_owned(),
            min_position: min_position.to_owned(),
            ..GetCommitmentRequest::default()
        };
        let answer = self.client("lead").get_commitment(request).await.unwrap();
        let GetCommitmentResponse { commitment, .. } = answer.into_inner();
        commitment.unwrap()
    }

    /// Waits until `holds`, looking again whenever the view has moved. The clock stands still meanwhile: what
    /// the tracker says once an instant is over comes only if the clock was moved past that instant before.
    pub(crate) async fn until(&self, holds: impl Fn() -> bool) {
        let mut progress = self.followups.view().progress();
        let waiting = async {
            while !holds() {
                progress.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.expect("the condition should hold in the end");
    }

    /// Waits until the view includes all of the log.
    pub(crate) async fn caught_up(&self, stage: &Stage) {
        let all = Positions::below(&stage.log.tails().unwrap());
        let deadline = tokio::time::Instant::now() + PATIENCE;
        self.followups
            .view()
            .wait_for(&all, deadline)
            .await
            .unwrap();
    }

    pub(crate) async fn stop(self) {
        self.supervisor.shutdown(PATIENCE).await.unwrap();
    }
}

/// The next alert of a watch, and where to go on after it. Answers that only say that the watch lives
/// are passed over.
pub(crate) async fn next_alert(watch: &mut Streaming<WatchAlertsResponse>) -> (Alert, String) {
    loop {
        let answer = tokio::time::timeout(PATIENCE, watch.message()).await;
        let answer = answer.expect("the next alert").unwrap().unwrap();
        if let Some(alert) = answer.alert {
            return (alert, answer.resume_token);
        }
    }
}

/// The promise that an alert is about.
pub(crate) fn promise_of(alert: &Alert) -> &PromiseSubject {
    let Some(alert::Subject::Promise(promise)) = &alert.subject else {
        panic!("an alert is about a promise");
    };
    promise
}

/// The lead says that a promise was kept.
pub(crate) async fn fulfil(running: &Running, commitment_id: &str) {
    let request = FulfilCommitmentRequest {
        request_id: format!("fulfil-{commitment_id}"),
        commitment_id: commitment_id.to_owned(),
        note: "The customer was called.".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let fulfilled = running.client("lead").fulfil_commitment(request).await;
    fulfilled.unwrap();
}

/// The fields that a refusal names, each with its reason after it.
pub(crate) fn wrong_fields(status: &Status) -> Vec<String> {
    let violations = violations_of(status).into_iter();
    violations
        .map(|(field, reason)| format!("{field} {reason}"))
        .collect()
}
