//! The client's commands: each asks a server, and prints the answer.

pub mod alerts;
pub mod amend;
mod as_of;
pub mod backup;
pub mod calls;
pub mod customers;
pub mod due;
mod error;
pub mod events;
pub mod export;
mod fields;
pub mod followups;
pub mod health;
pub mod identify;
mod input;
pub mod insight;
mod interaction;
mod listing;
pub mod log;
pub mod merge;
pub mod model;
pub mod promise;
pub mod record;
pub mod restore;
pub mod search;
pub mod sentiment;
mod server;
pub mod settings;
pub mod solutions;
pub mod timeline;
pub mod webhooks;

use std::io;
use std::sync::Arc;

use aftercall_client::Client;
use aftercall_proto::model::v1::Warning;
use aftercall_service::Clock;
use pbjson_types::Timestamp;
use serde::Serialize;

use crate::output::{Output, Style, When};

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

    /// Prints an answer: as JSON whole, for people by `print`.
    fn tell<M: Serialize>(
        &mut self,
        answer: &M,
        print: impl FnOnce(&M, &mut Output) -> io::Result<()>,
    ) -> Result<(), CommandError> {
        let told = match self.output.json() {
            true => self.output.message(answer),
            false => print(answer, &mut self.output),
        };
        Ok(told?)
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

/// What every command says that changes what is recorded.
#[derive(Debug, clap::Args)]
pub struct Changing {
    /// Why, or how it is known
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Refuses if it has changed since this version
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    expected_version: u64,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Says what was not taken as it was sent.
fn warnings(warnings: &[Warning], output: &mut Output) -> io::Result<()> {
    for warning in warnings {
        let text = format!("! {}: {}", warning.field, warning.description);
        output.paragraph(0, Style::Warn, &text)?;
    }
    Ok(())
}
