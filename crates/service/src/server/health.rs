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
    /// Held while what the state says is told: of two that tell at once, the one that read the state first would else
    /// tell last, and what is told stay wrong.
    telling: Arc<tokio::sync::Mutex<()>>,
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
                telling: Arc::default(),
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

    /// Says something beside the services, under a `name` of its own. It does not count for the server as a whole.
    pub async fn say_beside(&self, name: &'static str, holds: bool) {
        let status = match holds {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        };
        self.reporter.set_service_status(name, status).await;
    }

    pub(super) async fn start(&self) {
        self.publish().await;
    }

    pub(super) async fn drain(&self) {
        self.state.lock().draining = true;
        self.publish().await;
    }

    async fn publish(&self) {
        let _telling = self.telling.lock().await;
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

#[cfg(test)]
mod tests {
    use tonic::Request;
    use tonic_health::pb::HealthCheckRequest;

    use super::*;

    const SERVICES: [&str; 4] = ["one", "two", "three", "four"];

    /// Whoever tells last, what is told in the end is what is so.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn services_that_change_at_once_end_as_they_are() {
        let (reporter, _) = tonic_health::server::health_reporter();
        let health = Health {
            reporter: reporter.clone(),
            state: Arc::default(),
            telling: Arc::default(),
        };
        let service = tonic_health::server::HealthService::from_health_reporter(reporter);
        for _ in 0..200 {
            let mut changes = tokio::task::JoinSet::new();
            for name in SERVICES {
                let health = health.clone();
                changes.spawn(async move {
                    health.set(name, false).await;
                    health.set(name, true).await;
                });
            }
            changes.join_all().await;
            for name in SERVICES.into_iter().chain([WHOLE]) {
                let service_name = name.to_owned();
                let asked = HealthCheckRequest {
                    service: service_name,
                };
                let told = service.check(Request::new(asked)).await.unwrap();
                assert_eq!(told.into_inner().status, 1, "{name:?}");
            }
        }
    }
}
