//! The client's commands: each asks a server, and prints the answer.

pub mod alerts;
mod error;
pub mod followups;
pub mod health;
mod interaction;
mod listing;
pub mod log;
pub mod promise;
pub mod record;
pub mod search;
mod server;
pub mod solutions;
pub mod timeline;

use std::sync::Arc;

use aftercall_client::Client;
use aftercall_service::Clock;
use pbjson_types::Timestamp;

use crate::output::{Output, When};

pub use error::CommandError;
pub use server::ServerArgs;

/// What every command needs.
#[derive(Debug)]
pub struct Session {
    /// The server.
    pub client: Client,
    /// Where the answer goes.
    pub output: Output,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A position that answers must include; empty for none.
    pub after: String,
}

impl Session {
    /// Connects to the server that `args` name.
    ///
    /// # Errors
    /// As [`ServerArgs::connect`].
    pub async fn open(
        args: &ServerArgs,
        output: Output,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            client: args.connect().await?,
            output,
            clock,
            after: String::new(),
        })
    }

    /// The instant that `when` means now, in the person's zone.
    fn instant(&self, when: &When) -> Result<Timestamp, CommandError> {
        let resolved = self.output.times().resolve(when, self.clock.now());
        resolved.map_err(|error| CommandError::Usage(format!("the time can't be used: {error}")))
    }

    fn optional_instant(&self, when: Option<&When>) -> Result<Option<Timestamp>, CommandError> {
        when.map(|when| self.instant(when)).transpose()
    }
}
