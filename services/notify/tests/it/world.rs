//! A server with its log, who calls it, and what happens.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{Log, LogId, MemoryLog, Record};
use aftercall_notify::{Notify, NotifyConfig, Resolve, SystemResolver};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1::{
    CommitmentDraft, Handling, Webhook, WebhookDelivery, WebhookDeliveryState,
};
use aftercall_proto::notify::v1::event_service_client::EventServiceClient;
use aftercall_proto::notify::v1::mail_service_client::MailServiceClient;
use aftercall_proto::notify::v1::webhook_service_client::WebhookServiceClient;
use aftercall_proto::notify::v1::{
    CreateWebhookRequest, CreateWebhookResponse, GetWebhookRequest, GetWebhookResponse,
    ListWebhookDeliveriesRequest,
};
use aftercall_service::seal::{Author, Sealing};
use aftercall_service::testing::{Caller, TestServer, contact, sealed};
pub(crate) use aftercall_service::testing::{reason_of as reason, violations_of as fields};
use aftercall_service::{ActorKind, Clock, Deps, ManualClock, Role, Supervisor, TestIds};
use jiff::Timestamp;
use tempfile::TempDir;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use uuid::Uuid;

pub(crate) type Client = WebhookServiceClient<InterceptedService<Channel, Caller>>;

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The key by which secrets are sealed.
pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// What a customer said, which is personal.
pub(crate) const WORDS: &str = "They cried on the phone.";

/// How a world differs from the usual one.
pub(crate) struct With {
    pub(crate) config: NotifyConfig,
    /// Whether there is a key for secrets.
    pub(crate) key: bool,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) clock: ManualClock,
    pub(crate) resolver: Arc<dyn Resolve>,
}

impl Default for With {
    fn default() -> Self {
        Self {
            config: NotifyConfig {
                private_networks: vec!["127.0.0.0/8".to_owned().try_into().unwrap()],
                ..NotifyConfig::default()
            },
            key: true,
            log: Arc::new(MemoryLog::new(LogId([7; 16]), 3)),
            clock: ManualClock::at(Timestamp::from_second(1_780_000_000).unwrap()),
            resolver: Arc::new(SystemResolver),
        }
    }
}

pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) clock: ManualClock,
    server: TestServer,
    supervisor: Supervisor,
    dir: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(With::default()).await
    }

    pub(crate) async fn with(with: With) -> Self {
        let With {
            mut config,
            key,
            log,
            clock,
            resolver,
        } = with;
        let dir = tempfile::tempdir().unwrap();
        if key {
            config.secrets_key_file = Some(key_file(&dir));
        }
        let supervisor = Supervisor::new();
        let ids = Arc::new(TestIds::new(Arc::new(clock.clone()), 1));
        let (deps, feed) = Deps::new(
            Arc::clone(&log) as Arc<dyn Log>,
            dir.path().join("views").into(),
            (Arc::new(clock.clone()), ids),
            supervisor.clone(),
        );
        let notify = Notify::start_with(deps.clone(), &config, resolver).unwrap();
        deps.run_feed(feed).unwrap();
        let time = Arc::new(clock.clone());
        let server = TestServer::start(&supervisor, time, |server| {
            server
                .service(notify.webhook_server())
                .service(notify.mail_server())
                .service(notify.event_server())
        });
        Self {
            server: server.await,
            log,
            clock,
            supervisor,
            dir,
        }
    }

    /// The process dies between two things that it does, and another one goes on with its log and clock.
    pub(crate) async fn restarted(self) -> Self {
        self.restarted_with(|_| {}).await
    }

    pub(crate) async fn restarted_with(self, change: impl FnOnce(&mut With)) -> Self {
        let mut with = With {
            log: Arc::clone(&self.log),
            clock: self.clock.clone(),
            ..With::default()
        };
        change(&mut with);
        // A memory log that is closed takes nothing more: only what works on it ends.
        let stopped = self.supervisor.shutdown(Duration::from_secs(20));
        stopped.await.unwrap();
        drop(self.dir);
        Self::with(with).await
    }

    pub(crate) fn client_with(&self, roles: &[Role]) -> Client {
        self.client_of("acme", roles)
    }

    pub(crate) fn client_of(&self, tenant_id: &str, roles: &[Role]) -> Client {
        let caller = Caller::new(tenant_id, "admin-1", roles);
        WebhookServiceClient::new(self.server.channel_of(caller))
    }

    pub(crate) fn admin(&self) -> Client {
        self.client_with(&[Role::TenantAdmin])
    }

    /// An administrator who tries mail.
    pub(crate) fn mail(&self) -> MailServiceClient<InterceptedService<Channel, Caller>> {
        let caller = Caller::new("acme", "admin-1", &[Role::TenantAdmin]);
        MailServiceClient::new(self.server.channel_of(caller))
    }

    /// A program that copies what happens.
    pub(crate) fn events(
        &self,
        tenant_id: &str,
    ) -> EventServiceClient<InterceptedService<Channel, Caller>> {
        let caller = Caller::new(tenant_id, "warehouse", &[Role::Integration]);
        EventServiceClient::new(self.server.channel_of(caller))
    }

    /// Somebody who would do so.
    pub(crate) fn events_by(
        &self,
        roles: &[Role],
    ) -> EventServiceClient<InterceptedService<Channel, Caller>> {
        let caller = Caller::new("acme", "somebody", roles);
        EventServiceClient::new(self.server.channel_of(caller))
    }

    /// Makes a webhook.
    pub(crate) async fn create(&self, webhook: Webhook) -> CreateWebhookResponse {
        let request = CreateWebhookRequest {
            request_id: Uuid::new_v8(
                blake3::hash(webhook.url.as_bytes()).as_bytes()[..16]
                    .try_into()
                    .unwrap(),
            )
            .to_string(),
            webhook: Some(webhook),
            ..CreateWebhookRequest::default()
        };
        let made = self.admin().create_webhook(request).await.unwrap();
        made.into_inner()
    }

    pub(crate) async fn get(&self, webhook_id: &str) -> GetWebhookResponse {
        let request = GetWebhookRequest {
            webhook_id: webhook_id.to_owned(),
            latest: true,
            ..GetWebhookRequest::default()
        };
        let got = self.admin().get_webhook(request).await.unwrap();
        got.into_inner()
    }

    pub(crate) async fn deliveries(
        &self,
        webhook_id: &str,
        state: WebhookDeliveryState,
    ) -> Vec<WebhookDelivery> {
        let request = ListWebhookDeliveriesRequest {
            webhook_id: webhook_id.to_owned(),
            state: state.into(),
            latest: true,
            page_size: 500,
            ..ListWebhookDeliveriesRequest::default()
        };
        let listed = self.admin().list_webhook_deliveries(request).await.unwrap();
        listed.into_inner().deliveries
    }

    /// Waits until so many deliveries were taken, replays counted again.
    pub(crate) async fn taken(&self, webhook_id: &str, count: u64) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while self.get(webhook_id).await.progress.unwrap().delivered < count {
                tokio::task::yield_now().await;
            }
        });
        waited.await.expect("deliveries");
    }

    /// Waits until so many deliveries are in a state.
    pub(crate) async fn in_state(
        &self,
        webhook_id: &str,
        state: WebhookDeliveryState,
        count: usize,
    ) -> Vec<WebhookDelivery> {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let found = self.deliveries(webhook_id, state).await;
                if found.len() >= count {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        });
        match waited.await {
            Ok(found) => found,
            Err(_) => {
                let all = self
                    .deliveries(webhook_id, WebhookDeliveryState::Unspecified)
                    .await;
                panic!("not {count} in {state:?}: {all:#?}")
            }
        }
    }

    /// Contacts with these numbers are recorded, one for each customer.
    pub(crate) async fn happens(&self, tenant_id: &str, numbers: impl IntoIterator<Item = u64>) {
        let now = self.clock.now();
        let records = numbers.into_iter().map(|n| recorded(tenant_id, n, now));
        self.log.append(records.collect()).await.unwrap();
    }

    /// A part of the server says what it did by itself, as the event of this place of an aggregate.
    pub(crate) async fn said(
        &self,
        (tenant_id, actor_id): (&str, &str),
        aggregate: (&str, u64),
        fact: &Fact,
    ) {
        let by = Author {
            tenant_id,
            actor_id,
            kind: ActorKind::System,
        };
        let record = sealed(by, aggregate, self.clock.now(), fact);
        self.log.append(vec![record]).await.unwrap();
    }

    /// The one delivery of a webhook, once it was tried so often.
    pub(crate) async fn tried(&self, webhook_id: &str, attempts: u32) -> WebhookDelivery {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let found = self
                    .deliveries(webhook_id, WebhookDeliveryState::Unspecified)
                    .await;
                let tried = found.into_iter().find(|one| one.attempts == attempts);
                match tried {
                    Some(tried) => return tried,
                    None => tokio::task::yield_now().await,
                }
            }
        });
        waited.await.expect("an attempt")
    }

    /// Time passes until a delivery is tried again.
    pub(crate) fn pass_until_due(&self, delivery: &WebhookDelivery) {
        let due = delivery.next_attempt_at.expect("it is to be tried again");
        let due = Timestamp::new(due.seconds, due.nanos).unwrap();
        self.clock.advance_to(due + Duration::from_millis(1));
    }

    pub(crate) async fn stop(self) -> Arc<MemoryLog> {
        let stopped = self.supervisor.shutdown(Duration::from_secs(20));
        stopped.await.unwrap();
        self.log
    }
}

fn key_file(dir: &TempDir) -> PathBuf {
    let path = dir.path().join("secrets.key");
    std::fs::write(&path, KEY).unwrap();
    path
}

/// A contact's id.
pub(crate) fn contact_id(n: u64) -> String {
    Uuid::from_u128(u128::from(n) + 1).to_string()
}

/// The record of a contact.
pub(crate) fn recorded(tenant_id: &str, n: u64, now: Timestamp) -> Record {
    recorded_with(tenant_id, n, now, Vec::new())
}

/// The same of one in which something was promised.
pub(crate) fn recorded_with(
    tenant_id: &str,
    n: u64,
    now: Timestamp,
    commitments: Vec<CommitmentDraft>,
) -> Record {
    let (id, customer_id) = (contact_id(n), format!("customer-{n}"));
    let mut interaction = contact(now);
    interaction.interaction_id.clone_from(&id);
    if let Some(customer) = &mut interaction.customer {
        customer.customer_id.clone_from(&customer_id);
    }
    interaction.handling = Some(Handling {
        summary: WORDS.to_owned(),
        ..Handling::default()
    });
    interaction.occurred_at = Some(to_wire(now));
    interaction.commitments = commitments;
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: "crm",
            kind: ActorKind::Integration,
        },
        aggregate_id: &id,
        interaction_id: &id,
        customer_id: &customer_id,
        sequence: 1,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    let recorded = InteractionRecorded {
        interaction: Some(interaction),
        ..InteractionRecorded::default()
    };
    let fact = Fact::InteractionRecorded(Box::new(recorded));
    sealing.seal(&fact).unwrap()
}

/// A webhook that is told of all that happens.
pub(crate) fn webhook(url: impl Into<String>) -> Webhook {
    Webhook {
        display_name: "The CRM".to_owned(),
        url: url.into(),
        event_types: vec!["*".to_owned()],
        ..Webhook::default()
    }
}
