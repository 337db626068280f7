//! What every request does first: wait until the view is where the answer must be.

use std::sync::Arc;

use aftercall_domain::Violations;
use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_log::LogId;
use aftercall_service::Deadline;
use aftercall_view::{Positions, ViewHandle};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::failure::Error;
use crate::limits::{POSITION_WAIT, READS_AT_ONCE};

/// The view as requests read it.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) view: ViewHandle,
    pub(crate) log: LogId,
    turns: Arc<Semaphore>,
}

impl Reading {
    pub(crate) fn new(view: ViewHandle, log: LogId) -> Self {
        let turns = Arc::new(Semaphore::new(READS_AT_ONCE));
        Self { view, log, turns }
    }

    /// Waits until the store includes `min_position`; answers what it is complete through.
    pub(crate) async fn store_at(
        &self,
        min_position: &str,
        until: Instant,
    ) -> Result<Positions, Error> {
        let positions = self.positions(min_position)?;
        self.ready(until).await?;
        self.view.wait_for(&positions, until).await?;
        Ok(self.view.applied())
    }

    /// Waits until the search index includes `min_position`.
    pub(crate) async fn index_at(&self, min_position: &str, until: Instant) -> Result<(), Error> {
        let positions = self.positions(min_position)?;
        self.ready(until).await?;
        self.view.wait_for_index(&positions, until).await?;
        Ok(())
    }

    /// Waits until the view has caught up after a start: before, its answers are of the past.
    pub(crate) async fn ready(&self, until: Instant) -> Result<(), Error> {
        let ready = self.view.ready(until).await;
        ready.map_err(|_| Error::ViewUnavailable(None))
    }

    /// Runs `work`, which reads the store or the index, on a thread that may block.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        let reading = self.clone();
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = work(&reading);
            drop(turn);
            outcome
        });
        outcome.await.map_err(Error::internal)?
    }

    fn positions(&self, token: &str) -> Result<Positions, Error> {
        if token.is_empty() {
            return Ok(Positions::new());
        }
        Positions::decode(token, self.log).map_err(Error::Position)
    }
}

/// Until when a request waits for the view.
pub(crate) fn wait_until<T>(request: &tonic::Request<T>) -> Instant {
    Deadline::of(request).map_or_else(
        || Deadline::after(POSITION_WAIT).instant(),
        |own| own.wait_until(POSITION_WAIT),
    )
}

/// Checks a required id.
pub(crate) fn check_id(field: &str, value: &str, found: &mut Violations) {
    if value.is_empty() {
        found.add(field, Reason::Required, "is required; give an id");
    }
    check_code(field, value, found);
}

/// Checks an id or a code that may be left out.
pub(crate) fn check_code(field: &str, value: &str, found: &mut Violations) {
    if value.len() > ID_BYTES_MAX {
        let description = format!(
            "has {} bytes; at most {ID_BYTES_MAX} are taken",
            value.len()
        );
        found.add(field, Reason::TooLong, description);
    } else if value.chars().any(|c| c == '|' || c.is_control()) {
        let description = "an id or code can't hold '|' or control characters; take them out";
        found.add(field, Reason::Malformed, description);
    }
}

/// How many are asked for: `usual` for 0, and at most `max`.
pub(crate) fn check_count(
    field: &str,
    asked: i32,
    (usual, max): (i32, i32),
    found: &mut Violations,
) -> usize {
    if !(0..=max).contains(&asked) {
        let description = format!("is out of range; give 0 for {usual}, or 1 to {max}");
        found.add(field, Reason::OutOfRange, description);
    }
    let count = if asked == 0 { usual } else { asked };
    count.clamp(1, max) as usize
}
