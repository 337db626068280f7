//! How a command on what exists is done, the same for all of them:
//!
//! ```text
//!  look for the request ─► done before? ─► the answer of then
//!          │ no
//!       decide by the view ─► refused? ─► catch up, and decide once more: the view may lag
//!          │                             (where the log knows its end, it has caught up before)
//!          │ an event
//!       append ─► wait for the fold ─► look again: it counted, or somebody else was first
//! ```
//!
//! A request is named by its tenant, its actor, its method and the `request_id` that the caller gives
//! it. The same one with the same content gets the first answer again for [`KEPT_DAYS`], counted by
//! the time of its partition; with another content it is refused.

use std::sync::Arc;

use aftercall_log::{AppendError, Record};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::{Clock, Failure, Reading, Reason, Unread};

/// For how many days a request is known, by the time of its partition.
pub const KEPT_DAYS: i64 = 7;

/// A command, checked as far as it can be without what it is about.
pub trait Command: Send + Sync + 'static {
    /// What is answered.
    type Done: Send + 'static;
    /// Why it is not done.
    type Refusal: Failure + From<Unread> + From<Undone> + Send + 'static;

    /// Whether the answer must wait for the search index, too, so that whoever asks after it finds
    /// what was done.
    const IS_SEARCHED: bool = false;

    /// What is to be done, as the view stands at `now`. Reads first what the command is about and
    /// then whether the request is known: if it isn't known yet, the thing is as it was before it,
    /// and a second event of the request can't be the thing's next one.
    ///
    /// # Errors
    /// Why the command can't be done as things stand.
    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Self::Refusal>;
}

/// What is to be done about a command.
#[derive(Debug)]
pub enum Decision<D> {
    /// Nothing: it was done before, and this is the answer of then.
    Done(D),
    /// This event is to be written.
    Append(Box<Record>),
}

/// Does `command`, and answers by what the fold made of it.
///
/// # Errors
/// Those of the command; [`Undone`] when it is not known in time what became of it.
pub async fn run<C: Command>(
    reading: &Reading,
    clock: &Arc<dyn Clock>,
    command: C,
    until: Instant,
) -> Result<C::Done, C::Refusal> {
    prepare(reading, until).await?;
    let command = Arc::new(command);
    while Instant::now() < until {
        let record = match decide(reading, clock, &command, until).await? {
            Decision::Done(done) => return Ok(done),
            Decision::Append(record) => *record,
        };
        let appended = timeout_at(until, reading.log().append(vec![record])).await;
        let positions = appended
            .map_err(|_| Undone::InDoubt)?
            .map_err(Undone::Append)?;
        let positions: Positions = positions
            .iter()
            .map(|at| (at.partition, at.offset.saturating_add(1)))
            .collect();
        folded::<C>(reading, &positions, until).await?;
        // If somebody else was first, what is there now decides: the next round refuses the command
        // if the caller had asked for a certain version.
    }
    Err(Undone::Outrun.into())
}

/// Refuses what [`run`] would refuse as things stand, and does nothing: of several commands that belong together none is
/// to be done where one can't be. What was done before is not refused.
///
/// # Errors
/// Those of the command.
pub async fn check<C: Command>(
    reading: &Reading,
    clock: &Arc<dyn Clock>,
    command: C,
    until: Instant,
) -> Result<(), C::Refusal> {
    prepare(reading, until).await?;
    let decided = decide(reading, clock, &Arc::new(command), until).await;
    decided.map(drop)
}

/// Waits until a command can be decided.
async fn prepare(reading: &Reading, until: Instant) -> Result<(), Unread> {
    reading.ready(until).await?;
    match reading.log().knows_its_end() {
        // A caller that repeats what was in doubt finds it done, and what a command leans on, such as
        // whose a contact is, is what it was when the request came.
        true => catch_up(reading, until).await,
        false => Ok(()),
    }
}

async fn decide<C: Command>(
    reading: &Reading,
    clock: &Arc<dyn Clock>,
    command: &Arc<C>,
    until: Instant,
) -> Result<Decision<C::Done>, C::Refusal> {
    let decide = || {
        let (command, now) = (Arc::clone(command), clock.now());
        reading.run(move |store: &Store| command.decide(store, now))
    };
    match decide().await {
        // The view may lag behind what the caller has seen already.
        Err(refusal) if !refusal.reason().code().retryable() => {
            catch_up(reading, until).await?;
            decide().await
        }
        decided => decided,
    }
}

/// Waits until the view has folded all that is durable. Nothing was written yet, so a view that takes
/// longer is no doubt about the request.
async fn catch_up(reading: &Reading, until: Instant) -> Result<(), Unread> {
    match reading.catch_up(until).await {
        Err(Unread::NotReached) => Err(Unread::Unavailable(None)),
        caught_up => caught_up,
    }
}

/// Waits until the view has folded what was appended.
async fn folded<C: Command>(
    reading: &Reading,
    positions: &Positions,
    until: Instant,
) -> Result<(), C::Refusal> {
    let reached = match C::IS_SEARCHED {
        true => reading.index_through("position", positions, until).await,
        false => reading.store_through("position", positions, until).await,
    };
    match reached {
        Err(Unread::NotReached) => Err(Undone::InDoubt.into()),
        reached => Ok(reached?),
    }
}

/// Why it is not known whether a command was done, or why it was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Undone {
    /// The log or the view did not answer in time.
    #[error("it is not known in time whether the request was done; repeating it is harmless")]
    InDoubt,
    /// Others were first, again and again.
    #[error("the request took too long: others changed the same thing again and again; repeat it")]
    Outrun,
    /// The log refused.
    #[error("{0}")]
    Append(#[source] AppendError),
}

impl Failure for Undone {
    fn reason(&self) -> Reason {
        match self {
            Self::InDoubt => Reason::WriteInDoubt,
            Self::Outrun => Reason::RequestTimeout,
            Self::Append(error) => error.reason(),
        }
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::Append(error) => error.retry_after(),
            Self::InDoubt | Self::Outrun => None,
        }
    }
}
