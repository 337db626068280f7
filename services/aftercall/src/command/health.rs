//! `health`: whether a server does its work, as a probe wants to know it.

use serde::Serialize;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;

use super::Session;
use crate::client::{ClientError, call};
use crate::output::Style;

/// What is printed as JSON: `grpc.health.v1.HealthCheckResponse`.
#[derive(Debug, Serialize)]
struct Answer {
    status: &'static str,
}

/// Asks, and prints the answer.
///
/// # Errors
/// [`ClientError::NotServing`] when the server says so, besides what any call may fail with.
pub async fn health(session: &mut Session) -> Result<(), ClientError> {
    // The server as a whole: it serves when all of its services do.
    let whole = HealthCheckRequest::default();
    let answer = session.client.health().check(call(whole)).await?;
    let serving = answer.into_inner().status == ServingStatus::Serving as i32;
    if session.output.json() {
        let status = if serving { "SERVING" } else { "NOT_SERVING" };
        session.output.message(&Answer { status })?;
    } else if serving {
        let line = session.output.styled(Style::Good, "serving");
        session.output.line(&line)?;
    }
    match serving {
        true => Ok(()),
        false => Err(ClientError::NotServing {
            server: session.client.server().to_owned(),
        }),
    }
}
