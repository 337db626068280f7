//! The client's commands: each asks a server, and prints the answer.

pub mod alerts;
pub mod followups;
pub mod health;
mod interaction;
pub mod log;
pub mod promise;
pub mod record;
pub mod search;
pub mod solutions;
pub mod timeline;

use std::sync::Arc;

use aftercall_service::{Clock, Ids};
use pbjson_types::Timestamp;

use crate::client::{Client, ClientError, ServerArgs};
use crate::output::{Output, When};

/// The largest page that the lists of follow-ups, timelines and solutions give.
const PAGE_MAX: usize = 500;
/// How many entries a list shows unless told otherwise.
const LIMIT: &str = "50";

/// What every command needs.
#[derive(Debug)]
pub struct Session {
    /// The server.
    pub client: Client,
    /// Where the answer goes.
    pub output: Output,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids of requests.
    pub ids: Arc<dyn Ids>,
    /// A position that answers must include; empty for none.
    pub after: String,
}

impl Session {
    /// Connects to the server that `args` name.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn open(
        args: &ServerArgs,
        output: Output,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, ClientError> {
        let client = Client::connect(args).await?;
        Ok(Self {
            client,
            output,
            clock,
            ids,
            after: String::new(),
        })
    }

    /// The instant that `when` means now, in the person's zone.
    fn instant(&self, when: &When) -> Result<Timestamp, ClientError> {
        let resolved = self.output.times().resolve(when, self.clock.now());
        resolved.map_err(|error| ClientError::Usage(format!("the time can't be used: {error}")))
    }

    fn optional_instant(&self, when: Option<&When>) -> Result<Option<Timestamp>, ClientError> {
        when.map(|when| self.instant(when)).transpose()
    }

    /// The id of a command: the caller's, or a fresh one.
    fn request_id(&self, given: Option<&String>) -> String {
        given
            .cloned()
            .unwrap_or_else(|| self.ids.uuid_v7().to_string())
    }
}

/// What a list says when there is more than it shows.
fn more_hint(output: &mut Output, shown: usize) -> Result<(), ClientError> {
    let hint = format!("({shown} shown; there are more: raise --limit)");
    let hint = output.styled(crate::output::Style::Dim, &hint);
    Ok(output.line(&hint)?)
}
