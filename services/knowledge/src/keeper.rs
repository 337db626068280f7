//! The keeper: says what follows of solutions by itself, once: that a version is trusted, or not any more; that an
//! approved version is live from now on; and promises to put right what somebody was told by a version that was
//! recalled.
//!
//! ```text
//!  hold partitions ──► look at every solution of theirs once
//!       ▲                      │ then
//!       │     sleep until the view brings something, or a time passes
//!       │                      └─► look at what is noted or due: what is to be said, into the log, and wait for it
//!       └── other partitions are held
//! ```
//!
//! What the fold changed comes as [`Notes`], which are kept in memory alone. So whoever begins, because it was started,
//! the view was built anew, or partitions came over from another process, looks at everything. What was said already
//! is in the view, and is not said again; what two keepers say at once counts once, by its place in the solution's
//! sequence or by the promise's id.

mod agenda;
mod correcting;
mod judging;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::setting::FollowUpPolicy;
use aftercall_ledger::{Calendars, Ledger, Ready};
use aftercall_log::{AppendError, Claim, Log, Partition, ReadError, Record};
use aftercall_proto::envelope::solution_key;
use aftercall_service::seal::Author;
use aftercall_service::writing::{self, RETRY_AFTER, WriteError, Written};
use aftercall_service::{ActorKind, Clock, Deps, Internal, Reading, Supervisor};
use aftercall_view::{ApplyError, Store, StoreError, ViewError};
use jiff::Timestamp;

use crate::notes::{Name, Notes};
use agenda::Agenda;

/// The role in which keepers share the partitions among them.
const ROLE: &str = "keeper";

/// Who says it.
const ACTOR: &str = "aftercall-keeper";

/// How many solutions are looked at in one go.
const LOOKED_AT_MAX: usize = 200;

/// How many records the view may be behind before the keeper gives way to it: a batch of uses moves hundreds of solutions,
/// and what follows of one is known no sooner than the view has all of them,
const BEHIND_MAX: u64 = 10_000;

/// and for how long it does, after each look.
const GIVES_WAY: Duration = Duration::from_millis(200);

/// The most promises of one append.
const PROMISES_MAX: usize = 250;

/// What tenants have set up, as far as it decides how a promise is followed up.
#[derive(Debug, Clone)]
struct House {
    policies: Ready<FollowUpPolicy>,
    calendars: Calendars,
}

/// Watches over solutions.
#[derive(Debug)]
pub(crate) struct Keeper {
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    reading: Reading,
    notes: Notes,
    house: House,
    /// Which partitions' solutions are this keeper's.
    claim: Claim,
}

/// Why the keeper ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeeperError {
    #[error("the log can't be read")]
    Log(#[from] ReadError),
    #[error("what a solution has come to can't be appended")]
    Append(#[source] AppendError),
    #[error("the view ended")]
    View(#[source] Option<Arc<ViewError>>),
    #[error("the view makes no sense")]
    Store(#[source] ApplyError),
    #[error("a query was cancelled")]
    Query(#[from] Internal),
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// There may be more to do.
    More,
    /// The log or the view could not take part.
    Again(Duration),
    /// There is nothing to do before this time, or before something changes.
    Idle(Option<Timestamp>),
}

impl Round {
    /// The same with a pause while the view is far behind: both want the processor.
    const fn giving_way(self, records_behind: u64) -> Self {
        match self {
            Self::More if records_behind > BEHIND_MAX => Self::Again(GIVES_WAY),
            round => round,
        }
    }
}

/// The solutions of some partitions.
#[derive(Debug, Clone)]
struct Held {
    log: Arc<dyn Log>,
    partitions: Arc<BTreeSet<Partition>>,
}

impl Held {
    fn holds(&self, (tenant_id, solution_id): &Name) -> bool {
        let key = solution_key(tenant_id, solution_id);
        self.partitions.contains(&self.log.partition_of(&key))
    }
}

impl Keeper {
    pub(crate) fn new(deps: &Deps, reading: Reading, notes: Notes) -> Self {
        let ledger = Ledger::of(&deps.feed);
        Self {
            claim: deps.log.claim(ROLE),
            clock: Arc::clone(&deps.clock),
            supervisor: deps.supervisor.clone(),
            house: House {
                policies: Ready::of(ledger.clone()),
                calendars: Calendars::of(ledger),
            },
            reading,
            notes,
        }
    }

    /// Runs until it is dropped.
    ///
    /// # Errors
    /// When the log or the view has failed for good.
    pub(crate) async fn run(self) -> Result<Infallible, KeeperError> {
        tokio::select! {
            biased;
            ended = self.reading.view().stopped() => Err(KeeperError::View(ended.err())),
            failed = self.keep() => failed,
        }
    }

    async fn keep(&self) -> Result<Infallible, KeeperError> {
        let mut progress = self.reading.view().progress();
        let mut agenda = Agenda::default();
        loop {
            let held = Held {
                log: Arc::clone(self.reading.log()),
                partitions: self.claim.partitions(),
            };
            agenda.hold(&held.partitions);
            progress.borrow_and_update();
            let round = match self.reading.view().is_ready() && !held.partitions.is_empty() {
                true => self.round(&mut agenda, &held).await?,
                false => Round::Idle(None),
            };
            let behind = progress.borrow().lag.records;
            match round.giving_way(behind) {
                Round::More => {}
                Round::Again(pause) => tokio::time::sleep(pause).await,
                Round::Idle(next) => tokio::select! {
                    biased;
                    () = self.until(next) => {}
                    _ = progress.changed() => {}
                    () = self.claim.others_than(&held.partitions) => {}
                },
            }
        }
    }

    async fn until(&self, next: Option<Timestamp>) {
        match next {
            Some(next) => self.clock.sleep_until(next).await,
            None => std::future::pending().await,
        }
    }

    /// Does what is next on the agenda.
    async fn round(&self, agenda: &mut Agenda, held: &Held) -> Result<Round, KeeperError> {
        let now = self.clock.now();
        agenda.note(self.notes.take());
        let (house, of) = (self.house.clone(), held.clone());
        if let Some(from) = agenda.survey_from() {
            let found = self
                .read(move |store| judging::survey(store, &of, &from))
                .await?;
            return Ok(match found {
                Some(found) => {
                    agenda.surveyed(found);
                    Round::More
                }
                None => Round::Again(RETRY_AFTER),
            });
        }
        if let Some(sweep) = agenda.next_sweep() {
            let asked = sweep.clone();
            let look = move |store: &Store| correcting::read(store, &of, &house, &asked, now);
            let Some(batch) = self.read(look).await? else {
                agenda.sweep_again(sweep);
                return Ok(Round::Again(RETRY_AFTER));
            };
            let said = self.say(batch.records).await?;
            match (said, batch.rest) {
                (Round::Again(_), _) => agenda.sweep_again(sweep),
                (_, Some(rest)) => agenda.sweep_again(rest),
                _ => {}
            }
            return Ok(said);
        }
        let names = agenda.due(now, LOOKED_AT_MAX);
        if !names.is_empty() {
            let asked = names.clone();
            let look = move |store: &Store| judging::read(store, &of, &asked, now);
            let Some(judged) = self.read(look).await? else {
                agenda.look_again(names);
                return Ok(Round::Again(RETRY_AFTER));
            };
            let said = self.say(judged.records).await?;
            match said {
                Round::Again(_) => agenda.look_again(names),
                _ => agenda.judged(judged.next, judged.recalled),
            }
            return Ok(said);
        }
        Ok(Round::Idle(agenda.next()))
    }

    /// Reads the store on a thread that may block; none while the view is being opened.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, ApplyError> + Send + 'static,
    ) -> Result<Option<T>, KeeperError> {
        let store = self.reading.view().store();
        match self.supervisor.block(move || work(&store)).await? {
            Ok(read) => Ok(Some(read)),
            Err(ApplyError::Store(StoreError::Opening | StoreError::Failed(_))) => Ok(None),
            Err(error) => Err(KeeperError::Store(error)),
        }
    }

    /// Writes what is to be said, and waits until the view has it.
    async fn say(&self, records: Vec<Record>) -> Result<Round, KeeperError> {
        if records.is_empty() {
            return Ok(Round::More);
        }
        match writing::write(&self.reading, records).await {
            Ok(Written::At(_)) => Ok(Round::More),
            Ok(Written::Again(pause)) => Ok(Round::Again(pause)),
            Err(WriteError::Log(error)) => Err(KeeperError::Log(error)),
            Err(WriteError::Append(error)) => Err(KeeperError::Append(error)),
            Err(WriteError::View) => Err(KeeperError::View(None)),
        }
    }
}

fn author(tenant_id: &str) -> Author<'_> {
    Author {
        tenant_id,
        actor_id: ACTOR,
        kind: ActorKind::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_way_to_a_view_that_is_far_behind_and_then_alone() {
        let pause = Duration::from_secs(7);
        for (round, behind, expected) in [
            (Round::More, BEHIND_MAX, Round::More),
            (Round::More, BEHIND_MAX + 1, Round::Again(GIVES_WAY)),
            (Round::Again(pause), BEHIND_MAX + 1, Round::Again(pause)),
            (Round::Idle(None), BEHIND_MAX + 1, Round::Idle(None)),
        ] {
            assert_eq!(round.giving_way(behind), expected);
        }
    }
}
