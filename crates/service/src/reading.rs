//! How requests read a service's view: when it includes what they ask for, and on threads that may
//! block.

use std::sync::Arc;

use aftercall_ledger::Happening;
use aftercall_log::{Log, LogIdentity, ReadError};
use aftercall_proto::convert::time::to_wire;
use aftercall_view::index::Snapshot;
use aftercall_view::{
    ApplyError, Options, Positions, Projection, Store, StoreError, TokenError, ViewError,
    ViewHandle, WaitError,
};
use jiff::{SignedDuration, Timestamp};
use pbjson_types::Timestamp as WireTimestamp;
use tokio::time::{Instant, timeout_at};

use crate::{Clock, Deps, Failure, Internal, Reason, Supervisor};

/// What an answer must include.
#[derive(Debug, Clone, Copy, Default)]
pub struct Including<'a> {
    /// A position that was given out; empty for none.
    pub min_position: &'a str,
    /// All that was durable when the request came.
    pub latest: bool,
}

/// What an answer is complete through: the position, and the time. Every answer that tells the one tells the other, and
/// has both from here.
#[derive(Debug, Clone)]
pub struct Through {
    /// What of the log is in the answer.
    pub positions: Positions,
    /// The time: what was recorded until then is in the answer, so it is never ahead of the positions. None where it is not
    /// known, as while an index is opened again, and of a page after the first one, which said it.
    pub at: Option<Timestamp>,
}

impl Through {
    /// The position, as answers say it.
    pub fn position(&self, log: impl Into<LogIdentity>) -> String {
        self.positions.encode(log)
    }

    /// The time, as answers say it.
    pub fn time(&self) -> Option<WireTimestamp> {
        self.at.map(to_wire)
    }
}

/// A service's view, as its requests read it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reading {
    view: ViewHandle,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
}

impl Reading {
    /// Starts a view in the background. It stops with the process.
    ///
    /// # Errors
    /// When the operating system gives the view no thread.
    pub fn start<P>(deps: &Deps, projection: P, options: Options) -> Result<Self, ViewError>
    where
        P: Projection<Fact = Happening>,
    {
        Ok(Self::on(deps.start_view(projection, options)?, deps))
    }

    /// A view that runs already.
    pub fn on(view: ViewHandle, deps: &Deps) -> Self {
        Self {
            view,
            log: Arc::clone(&deps.log),
            clock: Arc::clone(&deps.clock),
            supervisor: deps.supervisor.clone(),
        }
    }

    /// The view itself: how far it is, and whether it is ready.
    pub fn view(&self) -> &ViewHandle {
        &self.view
    }

    /// The log behind the view.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    /// The log as tokens name it.
    pub fn log_identity(&self) -> LogIdentity {
        self.log.identity()
    }

    /// How far what is read of the store from now on is complete.
    pub fn through(&self) -> Through {
        // In this order: what is folded between the two makes the time an earlier one.
        let at = self.complete_at();
        Through {
            positions: self.view.applied(),
            at,
        }
    }

    /// The search index as of its last commit, and how far what is found in it is complete. To be asked once it was
    /// [waited for](Self::index_at), at each query.
    ///
    /// # Errors
    /// [`Unread::Unavailable`] before the index is open.
    pub fn indexed(&self) -> Result<(Snapshot, Through), Unread> {
        // In this order: what is committed between the two makes the time an earlier one.
        let at = self.complete_at();
        let snapshot = self.view.snapshot().ok_or(Unread::Unavailable(None))?;
        let positions = snapshot.complete_through.clone();
        Ok((snapshot, Through { positions, at }))
    }

    /// The time that the view is complete through: what is read of the view after this was asked includes all that the log
    /// held then. None where that is not known.
    fn complete_at(&self) -> Option<Timestamp> {
        let complete_at = self.view.complete_at()?;
        // In this order: what passes between the two makes the time an earlier one.
        let now = self.clock.now();
        let since = Instant::now().saturating_duration_since(complete_at);
        now.checked_sub(SignedDuration::try_from(since).ok()?).ok()
    }

    /// Waits until the view has caught up after a start: before, its answers are of the distant
    /// past, and who reads that nothing is open would believe it.
    ///
    /// # Errors
    /// [`Unread::Unavailable`] when that takes longer.
    pub async fn ready(&self, until: Instant) -> Result<(), Unread> {
        let ready = self.view.ready(until).await;
        ready.map_err(|_| Unread::Unavailable(None))
    }

    /// Waits until the store includes what is asked for. Answers how far what is read of it from then on is complete.
    ///
    /// # Errors
    /// [`Unread`] says what it does not include, and why.
    pub async fn store_at(
        &self,
        including: Including<'_>,
        until: Instant,
    ) -> Result<Through, Unread> {
        let positions = self.asked(including, until).await?;
        self.store_through("min_position", &positions, until)
            .await?;
        Ok(self.through())
    }

    /// Waits until the search index includes what is asked for.
    ///
    /// # Errors
    /// As [`Reading::store_at`].
    pub async fn index_at(&self, including: Including<'_>, until: Instant) -> Result<(), Unread> {
        let positions = self.asked(including, until).await?;
        self.index_through("min_position", &positions, until).await
    }

    /// Waits until the store includes `positions`, which came with the request's `field`.
    ///
    /// # Errors
    /// As [`Reading::store_at`].
    pub async fn store_through(
        &self,
        field: &'static str,
        positions: &Positions,
        until: Instant,
    ) -> Result<(), Unread> {
        let reached = self.view.wait_for(positions, until).await;
        reached.map_err(|error| Unread::waiting_for(field, error))
    }

    /// Waits until the search index includes `positions`, which came with the request's `field`.
    ///
    /// # Errors
    /// As [`Reading::store_at`].
    pub async fn index_through(
        &self,
        field: &'static str,
        positions: &Positions,
        until: Instant,
    ) -> Result<(), Unread> {
        let reached = self.view.wait_for_index(positions, until).await;
        reached.map_err(|error| Unread::waiting_for(field, error))
    }

    /// Waits until the store includes all that is durable now.
    ///
    /// # Errors
    /// As [`Reading::store_at`].
    pub async fn catch_up(&self, until: Instant) -> Result<(), Unread> {
        let tails = self.tails(until).await?;
        self.store_through("latest", &tails, until).await
    }

    /// Reads a position that came with the request's `field`; nothing for none.
    ///
    /// # Errors
    /// [`Unread::Position`] for what is none.
    pub fn positions(&self, field: &'static str, token: &str) -> Result<Positions, Unread> {
        if token.is_empty() {
            return Ok(Positions::new());
        }
        let positions = Positions::decode(token, self.log_identity());
        positions.map_err(|error| Unread::Position { field, error })
    }

    /// Runs `work`, which reads the store or the index, on a thread that may block.
    ///
    /// # Errors
    /// Those of `work`, and a fault of ours if it panics.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unread> + Send + 'static,
    {
        let store = self.view.store();
        done(self.supervisor.read(move || work(&store)).await)
    }

    /// Runs `work`, which reads the store or the index and which no request waits for, so that it gives way to those
    /// that one waits for.
    ///
    /// # Errors
    /// As [`Reading::run`].
    pub async fn run_behind<T, E>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unread> + Send + 'static,
    {
        let store = self.view.store();
        done(self.supervisor.read_behind(move || work(&store)).await)
    }

    /// What the store or index must include, once the view is ready.
    async fn asked(&self, including: Including<'_>, until: Instant) -> Result<Positions, Unread> {
        let positions = self.positions("min_position", including.min_position)?;
        let positions = match including.latest {
            true => self.tails(until).await?.union(&positions),
            false => positions,
        };
        self.ready(until).await?;
        Ok(positions)
    }

    async fn tails(&self, until: Instant) -> Result<Positions, Unread> {
        let tails = timeout_at(until, Positions::tails_of(&self.log)).await;
        Ok(tails.map_err(|_| Unread::NotReached)??)
    }
}

/// What came of a read, or of the thread that it was on.
fn done<T, E: From<Unread>>(read: Result<Result<T, E>, Internal>) -> Result<T, E> {
    read.map_err(|fault| E::from(Unread::Internal(fault)))?
}

/// Why a view does not answer. One set of words for all services.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The page token is none, or another list's.
    #[error("page_token can't be used: {0}; begin with the first page again")]
    PageToken(TokenError),
    /// The position is none.
    #[error("{field} can't be used: {error}")]
    Position {
        /// Where it stood.
        field: &'static str,
        /// What is wrong with it.
        error: TokenError,
    },
    /// The log doesn't reach that far.
    #[error("{field} is beyond the end of the log; pass it exactly as it was received")]
    BeyondLog {
        /// Where it stood.
        field: &'static str,
    },
    /// The view works on it.
    #[error("the answer does not include yet what it must; ask again, or ask for less")]
    NotReached,
    /// What is asked for takes longer than its caller waits.
    #[error(
        "the answer was not ready before the request's deadline; wait longer, or ask for less by a narrower \
         filter"
    )]
    Late,
    /// The view is being opened or rebuilt by itself, or was stopped.
    #[error("the view that answers this is being opened or rebuilt; ask again soon")]
    Unavailable(#[source] Option<StoreError>),
    /// The log does not say where it ends.
    #[error("the log can't be asked now; ask again soon")]
    Log(#[from] ReadError),
    /// A fault of ours.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl Unread {
    /// A fault of ours.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Internal::new(cause))
    }

    /// A wait for a position that the request named in `field`, and that failed.
    pub fn waiting_for(field: &'static str, error: WaitError) -> Self {
        match error {
            // No page was ever complete through what the log doesn't have.
            WaitError::BeyondTail if field == "page_token" => {
                Self::PageToken(TokenError::Malformed)
            }
            WaitError::BeyondTail => Self::BeyondLog { field },
            WaitError::DeadlineExceeded { .. } => Self::NotReached,
            WaitError::Stopped => Self::Unavailable(None),
            WaitError::Log(error) => Self::Log(error),
        }
    }
}

impl Failure for Unread {
    fn reason(&self) -> Reason {
        match self {
            Self::PageToken(_) => Reason::PageTokenInvalid,
            Self::Position {
                error: TokenError::OtherLife,
                ..
            } => Reason::PositionOfAnotherLife,
            Self::Position { .. } | Self::BeyondLog { .. } => Reason::PositionInvalid,
            Self::NotReached => Reason::PositionNotReached,
            Self::Late => Reason::RequestTimeout,
            Self::Unavailable(_) => Reason::ViewUnavailable,
            Self::Log(failure) => failure.reason(),
            Self::Internal(failure) => failure.reason(),
        }
    }
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        match error {
            // What failed is rebuilt by itself.
            StoreError::Opening | StoreError::Failed(_) => Self::Unavailable(Some(error)),
            StoreError::ReservedKey => Self::internal(error),
        }
    }
}

impl From<ApplyError> for Unread {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => error.into(),
            ApplyError::Record(_) => Self::internal(error),
        }
    }
}

impl From<prost::DecodeError> for Unread {
    fn from(error: prost::DecodeError) -> Self {
        Self::internal(error)
    }
}
