//! `health`: whether a server does its work, as a probe wants to know it.

use serde::Serialize;

use super::{CommandError, Session};
use crate::output::Style;

/// What is printed as JSON: `grpc.health.v1.HealthCheckResponse`.
#[derive(Debug, Serialize)]
struct Answer {
    status: &'static str,
}

/// Asks, and prints the answer.
///
/// # Errors
/// [`CommandError::NotServing`] when the server says so, besides what any call may fail with.
pub async fn health(session: &mut Session) -> Result<(), CommandError> {
    // The server as a whole: it serves when all of its services do.
    let serving = session.client.is_serving("").await?;
    if session.output.json() {
        let status = if serving { "SERVING" } else { "NOT_SERVING" };
        session.output.message(&Answer { status })?;
    } else if serving {
        let line = session.output.styled(Style::Good, "serving");
        session.output.line(&line)?;
    }
    match serving {
        true => Ok(()),
        false => Err(CommandError::NotServing {
            server: session.client.address().to_owned(),
        }),
    }
}
