//! `health`: whether a server does its work, as a probe wants to know it.

use serde::Serialize;

use super::{CommandError, Session};
use crate::app::TELLING;
use crate::output::Style;

/// What is printed as JSON: `grpc.health.v1.HealthCheckResponse`, and more.
#[derive(Debug, Serialize)]
struct Answer {
    status: &'static str,
    /// Whether nobody is told anything from there, because its data is a copy.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mute: bool,
}

/// What is said of a server that tells nobody anything.
const MUTE: &str = "mute: its data is a copy, so nobody is told anything from there; if it takes the place of the other \
                    one, stop it and call `aftercall log take-over`, or set notify.environment";

/// Asks, and prints the answer.
///
/// # Errors
/// [`CommandError::NotServing`] when the server says so, besides what any call may fail with.
pub async fn health(session: &mut Session) -> Result<(), CommandError> {
    // The server as a whole: it serves when all of its services do.
    let serving = session.client.is_serving("").await?;
    // One that does not know the name tells whom it has to.
    let mute = serving && !session.client.is_serving(TELLING).await.unwrap_or(true);
    if session.output.json() {
        let status = if serving { "SERVING" } else { "NOT_SERVING" };
        session.output.message(&Answer { status, mute })?;
    } else if serving {
        let line = session.output.styled(Style::Good, "serving");
        session.output.line(&line)?;
    }
    if mute && !session.output.json() {
        let line = session.output.styled(Style::Warn, MUTE);
        session.output.line(&line)?;
    }
    match serving {
        true => Ok(()),
        false => Err(CommandError::NotServing {
            server: session.client.address().to_owned(),
        }),
    }
}
