//! Which services can be called: `grpc.health.v1`.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthService, HealthServer};
use tonic_health::server::HealthReporter;

/// The name under which the server as a whole is asked for.
const WHOLE: &str = "";

/// The health of a server's services. Clones are the same.
#[derive(Debug, Clone)]
pub struct Health {
    reporter: HealthReporter,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    serving: BTreeMap<&'static str, bool>,
    draining: bool,
}

impl Health {
    pub(super) fn new() -> (Self, HealthServer<impl HealthService>) {
        let (reporter, service) = tonic_health::server::health_reporter();
        (
            Self {
                reporter,
                state: Arc::default(),
            },
            service,
        )
    }

    pub(super) fn add(&self, service: &'static str) {
        self.state.lock().serving.insert(service, true);
    }

    /// Says whether `service` (its full name) can be called. The server as a whole can be when all
    /// of its services can. Once draining has begun, nothing becomes healthy again.
    pub async fn set(&self, service: &'static str, serving: bool) {
        self.state.lock().serving.insert(service, serving);
        self.publish().await;
    }

    pub(super) async fn start(&self) {
        self.publish().await;
    }

    pub(super) async fn drain(&self) {
        self.state.lock().draining = true;
        self.publish().await;
    }

    async fn publish(&self) {
        let (services, draining) = {
            let state = self.state.lock();
            (state.serving.clone(), state.draining)
        };
        let whole = services.values().all(|serving| *serving);
        for (name, serving) in services.into_iter().chain([(WHOLE, whole)]) {
            let status = match serving && !draining {
                true => ServingStatus::Serving,
                false => ServingStatus::NotServing,
            };
            self.reporter.set_service_status(name, status).await;
        }
    }
}
