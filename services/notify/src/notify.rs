//! The service: its view, who sends, and what requests read.

use std::sync::Arc;

use aftercall_domain::delivery::Network;
use aftercall_domain::setting::Receiver;
use aftercall_ledger::{Feed, Ledger, Ready};
use aftercall_log::{Claim, Log, Partition};
use aftercall_proto::envelope::notify_key;
use aftercall_proto::notify::v1::event_service_server::EventServiceServer;
use aftercall_proto::notify::v1::mail_service_server::MailServiceServer;
use aftercall_proto::notify::v1::webhook_service_server::WebhookServiceServer;
use aftercall_service::{Clock, Deps, Environment, Ids, Reading, Supervisor};
use aftercall_view::{Options, ViewError, ViewHandle};

use crate::changes::Changes;
use crate::config::NotifyConfig;
use crate::couriers;
use crate::mail::{MailGrpc, Mailer, Post};
use crate::matcher::Matcher;
use crate::projection::Webhooks;
use crate::send::{Resolve, Sender, SystemResolver};
use crate::server::{EventGrpc, Grpc};
use crate::target::Allowed;
use crate::vault::Vault;

/// The role in which processes share the tenants among them.
const ROLE: &str = "webhooks";

/// The running service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notify(pub(crate) Arc<Shared>);

/// What its parts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) feed: Feed,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) supervisor: Supervisor,
    pub(crate) reading: Reading,
    pub(crate) changes: Changes,
    /// Whose webhooks are this process's to send to, by the partition of all about telling a tenant's.
    pub(crate) claim: Claim,
    pub(crate) sender: Sender,
    /// None where no key is configured.
    pub(crate) vault: Option<Vault>,
    /// Where this is.
    pub(crate) environment: Environment,
    /// None where no server of mail is configured.
    pub(crate) mailer: Option<Mailer>,
    /// Who is told, as tenants set it up.
    pub(crate) receivers: Ready<Receiver>,
    /// The ledger, which has the settings.
    pub(crate) settings: Reading,
}

impl Shared {
    /// The partition of all about telling a tenant's events.
    pub(crate) fn partition(&self, tenant_id: &str) -> Partition {
        self.log.partition_of(&notify_key(tenant_id))
    }

    /// Whether a tenant's webhooks are this process's to send to.
    pub(crate) fn holds(&self, tenant_id: &str) -> bool {
        self.claim.holds(self.partition(tenant_id))
    }

    /// A number from 0 up to 1.
    pub(crate) fn random(&self) -> f64 {
        let mut bytes = [0; 4];
        self.ids.fill(&mut bytes);
        f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StartError(Box<dyn std::error::Error + Send + Sync>);

impl Notify {
    /// Starts the view, and what sends. Returns at once; requests are answered as soon as the view has caught
    /// up.
    ///
    /// # Errors
    /// When the keys or certificates of the configuration can't be read, or the system gives no thread.
    pub fn start(deps: Deps, config: &NotifyConfig) -> Result<Self, StartError> {
        Self::start_with(deps, config, Arc::new(SystemResolver))
    }

    /// The same, with names resolved by `resolver`.
    ///
    /// # Errors
    /// As [`Notify::start`].
    pub fn start_with(
        deps: Deps,
        config: &NotifyConfig,
        resolver: Arc<dyn Resolve>,
    ) -> Result<Self, StartError> {
        let changes = Changes::default();
        let vault = config.secrets_key_file.as_deref().map(Vault::open);
        let vault = vault
            .transpose()
            .map_err(|error| StartError(error.into()))?;
        let private: Vec<Network> = config.private_networks.iter().map(|one| one.0).collect();
        let sender = Sender::new(
            resolver,
            Arc::clone(&deps.clock),
            Allowed { private },
            config.ca_file.as_deref(),
        );
        let sender = sender.map_err(|error| StartError(error.into()))?;
        let mailer = Mailer::open(
            &config.mail,
            config.ca_file.as_deref(),
            Arc::clone(&deps.clock),
        );
        let mailer = mailer.map_err(|error| StartError(error.into()))?;
        let receivers = Ready::of(Ledger::of(&deps.feed));
        let settings = Reading::on(deps.feed.ledger().clone(), &deps);
        let reading = Reading::start(&deps, Webhooks::new(changes.clone()), Options::default());
        let reading = reading.map_err(|error: ViewError| StartError(error.into()))?;
        let claim = deps.log.claim(ROLE);
        let environment = Environment::of(config.environment.as_deref(), &*deps.log);
        let Deps {
            log,
            feed,
            clock,
            ids,
            supervisor,
            ..
        } = deps;
        let shared = Arc::new(Shared {
            log,
            feed,
            clock,
            ids,
            supervisor,
            reading,
            changes,
            claim,
            sender,
            vault,
            environment,
            mailer,
            receivers,
            settings,
        });
        work(&shared);
        Ok(Self(shared))
    }

    /// The gRPC service of webhooks.
    pub fn webhook_server(&self) -> WebhookServiceServer<Grpc> {
        WebhookServiceServer::new(Grpc::new(self.clone()))
    }

    /// The gRPC service of subscriptions.
    pub fn event_server(&self) -> EventServiceServer<EventGrpc> {
        EventServiceServer::new(EventGrpc::new(self.clone()))
    }

    /// The gRPC service of mail.
    pub fn mail_server(&self) -> MailServiceServer<MailGrpc> {
        MailServiceServer::new(MailGrpc::new(self.clone()))
    }

    /// The view, for health and lag.
    pub fn view(&self) -> &ViewHandle {
        self.0.reading.view()
    }
}

/// Matches and sends in the background, until the process stops.
fn work(shared: &Arc<Shared>) {
    let supervisor = &shared.supervisor;
    let matcher = Matcher::new(Arc::clone(shared));
    let stopping = supervisor.stopping();
    supervisor.spawn("notify matcher", async move {
        tokio::select! {
            // A stop comes before what the stop brings with it, such as a closed log.
            biased;
            () = stopping.cancelled() => Ok(()),
            ended = matcher.run() => ended.map(|never| match never {}),
        }
    });
    let stopping = supervisor.stopping();
    let sending = couriers::run(Arc::clone(shared));
    supervisor.spawn("notify couriers", async move {
        tokio::select! {
            biased;
            () = stopping.cancelled() => Ok(()),
            ended = sending => ended.map(|never| match never {}),
        }
    });
    let stopping = supervisor.stopping();
    let post = Post::new(Arc::clone(shared));
    supervisor.spawn("notify mail", async move {
        tokio::select! {
            biased;
            () = stopping.cancelled() => Ok(()),
            ended = post.run() => ended.map(|never| match never {}),
        }
    });
}
