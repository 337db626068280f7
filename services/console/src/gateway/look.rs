//! Looks at the roles: whether each is reached, and what it says of itself.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aftercall_service::server::Health;
use aftercall_service::{Supervisor, chain};
use http::header::{CONTENT_TYPE, TE};
use http::{Request, Version};
use tokio::time::{sleep, timeout};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::Way;
use super::link::send;

/// How often a role is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// How long a look may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// Why a role's services can't be called.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("it is not reached at its address in console.services")]
    Unreached(#[source] Box<dyn Error + Send + Sync>),
    #[error("it does not answer in time")]
    Silent,
    /// It would take everybody for the developer, who may do everything.
    #[error(
        "it knows callers by no credentials: give it those of this process in server.credentials"
    )]
    Open,
    #[error("it says of itself that it does not serve")]
    NotServing,
    #[error("what is at its address in console.services does not serve it")]
    Other(#[source] Status),
}

impl Way {
    /// Looks at the role once, and from then on again and again until the process stops.
    pub(super) async fn follow(self: &Arc<Self>, health: &Health, supervisor: &Supervisor) {
        let mut said = self.look_and_tell(health, None).await;
        let (way, health) = (Arc::clone(self), health.clone());
        let stopping = supervisor.stopping();
        supervisor.spawn(format!("look at {}", self.role.name), async move {
            loop {
                let look = async {
                    sleep(LOOKED_AT_EVERY).await;
                    way.look_and_tell(&health, Some(said.as_str())).await
                };
                said = tokio::select! {
                    () = stopping.cancelled() => return Ok::<(), Infallible>(()),
                    now = look => now,
                };
            }
        });
    }

    /// Looks, and tells what has changed since `before`. Gives what is said of it, which is nothing while all is well.
    async fn look_and_tell(&self, health: &Health, before: Option<&str>) -> String {
        let looked = timeout(LOOK_TIMEOUT, self.look()).await;
        let looked = looked.unwrap_or(Err(Trouble::Silent));
        match &looked {
            Ok(()) | Err(Trouble::NotServing | Trouble::Other(_)) => self.link.let_pass(true),
            Err(Trouble::Unreached(_) | Trouble::Open) => self.link.let_pass(false),
            // One that is busy answers calls all the same.
            Err(Trouble::Silent) => {}
        }
        let now = match &looked {
            Ok(()) => String::new(),
            Err(trouble) => chain(trouble).to_string(),
        };
        if before != Some(now.as_str()) {
            let role = self.role.name;
            match &looked {
                Ok(()) => tracing::info!(role, "role reached"),
                Err(_) => tracing::warn!(role, why = now, "role can't be called"),
            }
            for service in self.role.services {
                health.set(service, looked.is_ok()).await;
            }
        }
        now
    }

    async fn look(&self) -> Result<(), Trouble> {
        if self.is_by_credentials {
            self.require_credentials().await?;
        }
        for service in self.role.services {
            let asked = HealthCheckRequest {
                service: (*service).to_owned(),
            };
            let answer = HealthClient::new(self.link.looking()).check(asked).await;
            match answer {
                Ok(answer) if answer.get_ref().status() == ServingStatus::Serving => {}
                Ok(_) => return Err(Trouble::NotServing),
                // A status that was made here has a cause, and one that was told has none.
                Err(status) if status.source().is_some() => {
                    return Err(Trouble::Unreached(status.into()));
                }
                Err(status) => return Err(Trouble::Other(status)),
            }
        }
        Ok(())
    }

    /// Asks for what is not there, as nobody: a role that knows callers by credentials says first that it is asked by
    /// nobody.
    async fn require_credentials(&self) -> Result<(), Trouble> {
        let service = self.role.services.first().copied().unwrap_or_default();
        let request = Request::post(format!("/{service}/-"))
            .version(Version::HTTP_2)
            .header(CONTENT_TYPE, "application/grpc")
            .header(TE, "trailers")
            .body(Body::empty());
        let request = request.map_err(|error| Trouble::Unreached(error.into()))?;
        let answer = send(self.link.looking(), request).await;
        let answer = answer.map_err(|error| Trouble::Unreached(error.into()))?;
        match Status::from_header_map(answer.headers()) {
            Some(status) if status.code() == Code::Unauthenticated => Ok(()),
            Some(_) => Err(Trouble::Open),
            None => Err(Trouble::Other(Status::unknown("no gRPC is spoken there"))),
        }
    }
}
