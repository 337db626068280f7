//! What all requests share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aftercall_domain::setting::{CallPolicy, CodeTree, FollowUpPolicy};
use aftercall_ledger::{Calendars, Contact, Ledger, Ready};
use aftercall_log::{LogIdentity, Position};
use aftercall_proto::convert::time;
use aftercall_proto::model::v1::CallTerms;
use aftercall_proto::recorder::v1::RecordInteractionResponse;
use aftercall_service::{Deadline, Deps, Reading};
use aftercall_view::{Positions, ViewHandle};
use jiff::Timestamp;
use metrics::{Counter, counter};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::failure::Refusal;
use crate::pending::{Key, Pending};

/// How long a request waits for the log and the view.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Amendments of different interactions rarely share one.
const AMENDING_LOCKS: usize = 64;

pub(crate) struct Core {
    pub(crate) deps: Deps,
    /// The ledger: how far it is.
    pub(crate) view: ViewHandle,
    pub(crate) ledger: Ledger,
    /// The calendars that the ledger has.
    pub(crate) calendars: Calendars,
    /// The follow-up policies that it has.
    pub(crate) policies: Ready<FollowUpPolicy>,
    /// The call policies that it has.
    pub(crate) call_policies: Ready<CallPolicy>,
    /// The taxonomies that it has.
    pub(crate) trees: Ready<CodeTree>,
    /// The ledger, as commands read it.
    pub(crate) reading: Reading,
    pub(crate) pending: Arc<Pending>,
    log: LogIdentity,
    meters: Meters,
    /// The latest time that a record got: they don't go back when the clock does.
    recorded_at_us: AtomicI64,
    amending: [Mutex<()>; AMENDING_LOCKS],
}

impl Core {
    pub(crate) fn new(deps: Deps, pending: Arc<Pending>) -> Self {
        let ledger = Ledger::of(&deps.feed);
        Self {
            calendars: Calendars::of(ledger.clone()),
            policies: Ready::of(ledger.clone()),
            call_policies: Ready::of(ledger.clone()),
            trees: Ready::of(ledger.clone()),
            ledger,
            reading: Reading::on(deps.feed.ledger().clone(), &deps),
            view: deps.feed.ledger().clone(),
            pending,
            log: deps.log.identity(),
            meters: Meters::new(),
            recorded_at_us: AtomicI64::new(i64::MIN),
            amending: std::array::from_fn(|_| Mutex::default()),
            deps,
        }
    }

    /// Now, in whole microseconds, and never before a time that was given out.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.deps.clock.now();
        let now_us = time::microseconds(now);
        let latest = self.recorded_at_us.fetch_max(now_us, Ordering::Relaxed);
        Timestamp::from_microsecond(now_us.max(latest)).unwrap_or(now)
    }

    /// The token that names a place in the log.
    pub(crate) fn token(&self, position: Position) -> String {
        Positions::through(position).encode(&self.log)
    }

    /// By what a tenant's calls and contacts that come now are judged; none where it has set nothing.
    ///
    /// Nothing waits for it: what has been said is recorded also while the ledger is being opened or built, and then by
    /// what is known of the settings.
    pub(crate) fn call_terms(&self, tenant_id: &str) -> Option<CallTerms> {
        self.call_policies.terms(tenant_id).ok().flatten()
    }

    /// Counts a record by its answer.
    pub(crate) fn count(&self, answer: &Result<RecordInteractionResponse, Refusal>) {
        let counter = match answer {
            Ok(answer) if answer.already_recorded => &self.meters.repeated,
            Ok(_) => &self.meters.recorded,
            Err(_) => &self.meters.refused,
        };
        counter.increment(1);
    }

    /// Waits until the view has all that the log holds now.
    pub(crate) async fn catch_up(&self, deadline: Instant) -> Result<(), Refusal> {
        let tails = timeout_at(deadline, Positions::tails_of(&self.deps.log)).await;
        let tail = tails.map_err(|_| Refusal::Unconfirmed)??;
        Ok(self.view.wait_for(&tail, deadline).await?)
    }

    /// Waits until the ledger has the settings that a request names; none for an empty position.
    pub(crate) async fn settings_at(&self, position: &str, until: Instant) -> Result<(), Refusal> {
        const FIELD: &str = "settings_position";
        if position.is_empty() {
            return Ok(());
        }
        let reached = async {
            let positions = self.reading.positions(FIELD, position)?;
            self.reading.store_through(FIELD, &positions, until).await
        };
        reached
            .await
            .map_err(|unread| Refusal::Settings(Arc::new(unread)))
    }

    /// Lets one amendment of an interaction in at a time, so that they don't race each other.
    pub(crate) async fn amending(&self, id: Uuid) -> MutexGuard<'_, ()> {
        self.amending[id.as_u128() as usize % AMENDING_LOCKS]
            .lock()
            .await
    }

    /// Refuses what may not be decided while the view lacks part of the past.
    pub(crate) fn require_ready(&self) -> Result<(), Refusal> {
        match self.view.is_ready() {
            true => Ok(()),
            false => Err(Refusal::NotReady),
        }
    }

    /// The contacts of an id, each of another customer, the one that was recorded first before others.
    pub(crate) fn recorded(&self, key: &Key) -> Result<Vec<Contact>, Refusal> {
        let holders = self.ledger.contacts(&key.tenant_id, &key.id.into())?;
        Ok(holders.contacts().to_vec())
    }
}

/// Counts records by what became of them, those of streams too.
struct Meters {
    recorded: Counter,
    repeated: Counter,
    refused: Counter,
}

impl Meters {
    fn new() -> Self {
        let counter = |outcome| counter!("aftercall_recorder_records_total", "outcome" => outcome);
        Self {
            recorded: counter("recorded"),
            repeated: counter("already_recorded"),
            refused: counter("refused"),
        }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("view", &self.view.name())
            .finish_non_exhaustive()
    }
}

/// Until when a request may wait: some time before its caller gives up, who so gets the better
/// answer.
pub(crate) fn deadline_of<T>(request: &tonic::Request<T>) -> Instant {
    Deadline::of(request).map_or_else(wait_max, |own| own.wait_until(WAIT_MAX))
}

/// Until when a part of a stream may wait.
pub(crate) fn wait_max() -> Instant {
    Deadline::after(WAIT_MAX).instant()
}
