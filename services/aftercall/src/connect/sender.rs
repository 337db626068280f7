//! Tells events to the server, for as long as it takes.

use std::time::Duration;

use aftercall_client::{Client, Error, Refusal};
use aftercall_proto::model::v1::CallEvent;
use aftercall_proto::recorder::v1::report_call_events_response::Outcome;
use aftercall_proto::recorder::v1::{BatchReportCallEventsRequest, ReportCallEventsRequest};
use serde::Serialize;

use super::place::StateDir;
use super::say;
use crate::command::{CommandError, ServerArgs};

/// Events of one request.
pub(super) const BATCH_EVENTS_MAX: usize = 500;
/// How long to wait before the next try, at first and at most.
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Refused events that are said one by one.
const SAID_MAX: u64 = 20;

/// An event that the server refused for good, as it is kept.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusedEvent<'a> {
    reason: &'a str,
    message: String,
    event: &'a CallEvent,
}

/// Tells events to a server.
#[derive(Debug)]
pub(super) struct Sender<'a> {
    server: &'a ServerArgs,
    source: &'a str,
    client: Option<Client>,
    is_away: bool,
    pub(super) told: u64,
    pub(super) refused: u64,
}

impl<'a> Sender<'a> {
    pub(super) fn new(server: &'a ServerArgs, source: &'a str) -> Self {
        Self {
            server,
            source,
            client: None,
            is_away: false,
            told: 0,
            refused: 0,
        }
    }

    /// Tells events, and returns when each of them is acknowledged, or refused for good and kept as that. While the
    /// server is away it tries again.
    ///
    /// # Errors
    /// When the server refuses to be told anything, or what it refused can't be kept.
    pub(super) async fn tell(
        &mut self,
        events: Vec<CallEvent>,
        state: Option<&StateDir>,
    ) -> Result<(), CommandError> {
        let named = events.into_iter().map(|event| CallEvent {
            source: self.source.to_owned(),
            ..event
        });
        let named: Vec<_> = named.collect();
        for batch in named.chunks(BATCH_EVENTS_MAX) {
            let mut left = batch.to_vec();
            let mut wait = WAIT_MIN;
            loop {
                left = match self.once(left.clone(), state).await {
                    Ok(left) => left,
                    Err(error) if is_passing(&error) => {
                        self.is_away(&error);
                        left
                    }
                    Err(error) => return Err(error),
                };
                if left.is_empty() {
                    break;
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(WAIT_MAX);
            }
        }
        Ok(())
    }

    /// Sends events once, and gives back those that may be taken later.
    async fn once(
        &mut self,
        events: Vec<CallEvent>,
        state: Option<&StateDir>,
    ) -> Result<Vec<CallEvent>, CommandError> {
        let client = match &self.client {
            Some(client) => client.clone(),
            None => self.client.insert(self.server.connect().await?).clone(),
        };
        let requests = events.iter().map(|event| ReportCallEventsRequest {
            correlation_id: String::new(),
            event: Some(event.clone()),
        });
        let request = BatchReportCallEventsRequest {
            requests: requests.collect(),
        };
        let answer = client.call(request).await?;
        if std::mem::take(&mut self.is_away) {
            say(&format!("the server at {} is back", self.server.server));
        }
        let (mut later, mut kept) = (Vec::new(), Vec::new());
        let mut answers = answer.responses.into_iter();
        for event in events {
            match answers.next().and_then(|answer| answer.outcome) {
                Some(Outcome::Reported(_)) => self.told += 1,
                Some(Outcome::Failure(failure)) => {
                    let refusal = Refusal::from(&failure);
                    match refusal.is_retryable() {
                        true => later.push(event),
                        false => self.refuses(&event, &refusal, &mut kept)?,
                    }
                }
                None => later.push(event),
            }
        }
        if let Some(state) = state.filter(|_| !kept.is_empty()) {
            state.keep_refused(&kept)?;
        }
        Ok(later)
    }

    fn refuses(
        &mut self,
        event: &CallEvent,
        refusal: &Refusal,
        kept: &mut Vec<u8>,
    ) -> Result<(), CommandError> {
        self.refused += 1;
        if self.refused <= SAID_MAX {
            say(&format!(
                "refused: event {} of call {}: {refusal}",
                event.event_id, event.call_id
            ));
        }
        let line = RefusedEvent {
            reason: &refusal.reason,
            message: refusal.to_string(),
            event,
        };
        serde_json::to_writer(&mut *kept, &line).map_err(std::io::Error::from)?;
        kept.push(b'\n');
        Ok(())
    }

    fn is_away(&mut self, error: &CommandError) {
        if !std::mem::replace(&mut self.is_away, true) {
            say(&format!(
                "the server does not take events for now, and is asked again until it does: {error}"
            ));
        }
    }
}

/// Whether trying again may help.
fn is_passing(error: &CommandError) -> bool {
    match error {
        CommandError::Unreachable { .. } | CommandError::Client(Error::Unreachable { .. }) => true,
        CommandError::Client(Error::Refused(refusal)) => refusal.is_retryable(),
        _ => false,
    }
}
