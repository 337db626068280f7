//! A log, a clock and a directory that outlive the service, and the service in front of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_followups::Followups;
use aftercall_log::{Log, LogId, MemoryLog, Position, Record};
use aftercall_proto::convert::time::{from_wire, microseconds, to_wire};
use aftercall_proto::envelope::{Fact, customer_key};
use aftercall_proto::event::v1::{CommitmentLapsed, Event, InteractionRecorded};
use aftercall_proto::followups::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::followups::v1::{GetCommitmentRequest, GetCommitmentResponse};
use aftercall_proto::model::v1::{
    Commitment, CommitmentDraft, CommitmentKind, Interaction, Owner, Priority, owner,
};
use aftercall_service::server::{Server, ServerConfig, bind};
use aftercall_service::{Authenticator, Clock, Deps, ManualClock, Supervisor, TestIds};
use aftercall_view::Positions;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

pub(crate) const TENANT: &str = "acme";
/// Whoever owns the promises of these tests.
pub(crate) const OWNER: &str = "ana";

/// Long enough for any machine; a test that hangs fails by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Tenant, actor and roles of each token.
const TOKENS: [(&str, &str, &str, &str); 5] = [
    ("lead", TENANT, "lena", "team_lead"),
    ("owner", TENANT, OWNER, "agent"),
    ("agent", TENANT, "bob", "agent"),
    ("admin", TENANT, "root", "tenant_admin"),
    ("foreign", "other", "eve", "supervisor"),
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
    dir: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with_partitions(1)
    }

    pub(crate) fn with_partitions(partitions: u32) -> Self {
        Self {
            log: MemoryLog::new(LogId([7; 16]), partitions),
            clock: ManualClock::at(at(0)),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Starts the service on the stage's log.
    pub(crate) async fn start(&self) -> Running {
        self.start_on(Arc::new(self.log.clone()), "views").await
    }

    /// Starts the service on a log that stands before the stage's, with views of its own.
    pub(crate) async fn start_on(&self, log: Arc<dyn Log>, views: &str) -> Running {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let supervisor = Supervisor::new();
        let followups = Followups::start(Deps {
            log,
            clock: Arc::clone(&clock),
            ids: Arc::new(TestIds::new(Arc::clone(&clock), 7)),
            views: self.dir.path().join(views),
            supervisor: supervisor.clone(),
        })
        .unwrap();
        let config = ServerConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            request_timeout: PATIENCE,
            ..ServerConfig::default()
        };
        let authenticator = Authenticator::from_file(&credentials(self.dir.path())).unwrap();
        let listener = bind(&config, &authenticator).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new(config, authenticator, clock)
            .service(followups.followup_server())
            .service(followups.alert_server());
        supervisor.spawn_front("server", server.serve(listener, supervisor.draining()));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Running {
            followups,
            supervisor,
            channel: endpoint.connect().await.unwrap(),
        }
    }

    /// Records a contact of the tenant with these promises, as the recorder does.
    pub(crate) fn record(&self, contact: &Contact) -> String {
        let event = contact.event(self.clock.now());
        self.append(&event, &contact.customer_id)
    }

    /// Appends an event as it is, and returns its position as a token.
    pub(crate) fn append(&self, event: &Event, customer_id: &str) -> String {
        let record = Record {
            key: customer_key(&event.tenant_id, customer_id),
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
        let entries = (0..self.log.partitions()).flat_map(read);
        entries
            .map(|entry| Event::decode(entry.record.body).unwrap())
            .collect()
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

fn credentials(dir: &Path) -> std::path::PathBuf {
    let path = dir.join("tokens.toml");
    let tokens = TOKENS.map(|(token, tenant, actor, role)| {
        let hash = Sha256::digest(token);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "[[token]]\nsha256 = \"{hash}\"\ntenant = \"{tenant}\"\nactor = \"{actor}\"\n\
             kind = \"AGENT\"\nroles = [\"{role}\"]\n"
        )
    });
    std::fs::write(&path, tokens.concat()).unwrap();
    path
}

/// A contact with promises.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) interaction_id: String,
    pub(crate) customer_id: String,
    pub(crate) team_id: String,
    pub(crate) import_batch: String,
    pub(crate) promises: Vec<CommitmentDraft>,
}

impl Contact {
    pub(crate) fn new(interaction_id: &str, promises: Vec<CommitmentDraft>) -> Self {
        Self {
            interaction_id: interaction_id.to_owned(),
            customer_id: "customer-1".to_owned(),
            team_id: "team-1".to_owned(),
            import_batch: String::new(),
            promises,
        }
    }

    pub(crate) fn event(&self, now: Timestamp) -> Event {
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(Interaction {
                interaction_id: self.interaction_id.clone(),
                agent_id: OWNER.to_owned(),
                team_id: self.team_id.clone(),
                occurred_at: wire(now),
                commitments: self.promises.clone(),
                ..Interaction::default()
            }),
        }));
        Event {
            event_id: self.interaction_id.clone(),
            tenant_id: TENANT.to_owned(),
            aggregate_id: self.interaction_id.clone(),
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
    channel: Channel,
}

/// Sends a token with each request.
#[derive(Debug, Clone)]
pub(crate) struct Bearer(&'static str);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = MetadataValue::try_from(format!("Bearer {}", self.0)).unwrap();
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

pub(crate) type Client = FollowupServiceClient<InterceptedService<Channel, Bearer>>;
pub(crate) type AlertClient = AlertServiceClient<InterceptedService<Channel, Bearer>>;

impl Running {
    /// A client of the holder of `token`.
    pub(crate) fn client(&self, token: &'static str) -> Client {
        FollowupServiceClient::with_interceptor(self.channel.clone(), Bearer(token))
    }

    pub(crate) fn alerts(&self, token: &'static str) -> AlertClient {
        AlertServiceClient::with_interceptor(self.channel.clone(), Bearer(token))
    }

    /// The promise as the service tells it, not older than `min_position`.
    pub(crate) async fn get(&self, commitment_id: &str, min_position: &str) -> Commitment {
        let request = GetCommitmentRequest {
            commitment_id: commitment_id.to_owned(),
            min_position: min_position.to_owned(),
        };
        let answer = self.client("lead").get_commitment(request).await.unwrap();
        let GetCommitmentResponse { commitment, .. } = answer.into_inner();
        commitment.unwrap()
    }

    /// Waits until `holds`, looking again whenever the view has moved.
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
        drop(self.channel);
        self.supervisor.shutdown(PATIENCE).await.unwrap();
    }
}

/// The reason that a refusal carries.
pub(crate) fn reason(status: &Status) -> String {
    use tonic_types::StatusExt;
    status.get_details_error_info().unwrap().reason
}
