//! Recording: claim the id, append, answer.

use std::future::Future;
use std::sync::Arc;

use aftercall_domain::Warning;
use aftercall_log::{Position, Record};
use aftercall_proto::convert::time;
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};
use aftercall_service::Principal;
use aftercall_view::key::whose;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::core::{Core, wait_max};
use crate::failure::Refusal;
use crate::pending::{Claim, Claimed, Flight, Hash, Key, Written};
use crate::prepare::{Prepared, prepare, warnings};

/// A request that is decided, or will be when its append is.
#[derive(Debug)]
pub(crate) enum Decision {
    /// No.
    Refused(Refusal),
    /// Yes, or as the append with the same id ends.
    Accepted(Box<Accepted>),
}

#[derive(Debug)]
pub(crate) struct Accepted {
    interaction_id: String,
    commitment_ids: Vec<String>,
    warnings: Vec<Warning>,
    flight: Arc<Flight>,
    stake: Stake,
    /// What the ledger is to be asked for, where the append alone does not settle the answer.
    ask: Option<Identity>,
}

/// What a request has to do with the append that it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stake {
    /// It is its own.
    Own,
    /// It is another request's, with the same content.
    Same,
    /// It is another request's, with another content.
    Other,
}

/// A record by its name, and its content in short.
#[derive(Debug, Clone)]
struct Identity {
    key: Key,
    whose: u64,
    hash: Hash,
}

/// A record to append, and the claim that it settles.
pub(crate) type Work = (Record, Claim);

impl Core {
    /// Checks a request, and encodes what would be recorded. Not in the future of [`Core::record`],
    /// which would carry the whole request from then on.
    pub(crate) fn prepare(
        &self,
        principal: &Principal,
        request: RecordInteractionRequest,
        now: Timestamp,
    ) -> Result<Prepared, Refusal> {
        prepare(principal, request, &*self.deps.ids, now)
    }

    /// Records one contact.
    pub(crate) async fn record(
        &self,
        prepared: Prepared,
        deadline: Instant,
    ) -> Result<RecordInteractionResponse, Refusal> {
        let (decision, work) = self.claim(prepared, deadline).await;
        if let Some(work) = work {
            let mut appended = Box::pin(self.append(vec![work]));
            if timeout_at(deadline, &mut appended).await.is_err() {
                // The claim stays until the log has answered: a retry waits for the same append.
                self.settle("settle-late", appended);
            }
        }
        self.answer(decision, deadline).await
    }

    /// Decides about a request as far as can be without an append; gives the work that is left.
    pub(crate) async fn claim(
        &self,
        prepared: Prepared,
        deadline: Instant,
    ) -> (Decision, Option<Work>) {
        let Prepared {
            key,
            fresh,
            hash,
            record,
            interaction_id,
            commitment_ids,
            warnings,
        } = prepared;
        let whose = whose(&record.key);
        let named = Identity { key, whose, hash };
        let (flight, stake, doubt) = match self.pending.claim(&named.key, hash, whose) {
            Claimed::Mine(flight) => (flight, Stake::Own, false),
            Claimed::InDoubt(flight) => (flight, Stake::Own, true),
            Claimed::Shared(flight) => (flight, Stake::Same, false),
            Claimed::Contested(flight) => (flight, Stake::Other, false),
            Claimed::Full => return (Decision::Refused(Refusal::Behind), None),
        };
        // Where others write too, one of them may have been faster with the id.
        let is_shared = self.deps.log.is_shared();
        let unsure = doubt || !fresh && is_shared;
        let accepted = |flight, stake, ask| {
            Decision::Accepted(Box::new(Accepted {
                interaction_id,
                commitment_ids,
                warnings,
                flight,
                stake,
                ask,
            }))
        };
        if stake != Stake::Own {
            return (accepted(flight, stake, unsure.then_some(named)), None);
        }
        let kept = !fresh && !is_shared;
        let claim = Claim::new(&self.pending, named.key.clone(), Arc::clone(&flight), kept);
        // Boxed, as is the confirmation: it is rare, and every request's future would have its size.
        if doubt && let Err(refusal) = Box::pin(self.catch_up(deadline)).await {
            // The dropped claim stays in doubt.
            return (Decision::Refused(refusal), None);
        }
        match self.look_up(&named, fresh) {
            Ok(None) => {
                let decision = accepted(flight, stake, unsure.then_some(named));
                (decision, Some((record, claim)))
            }
            Ok(Some(written)) => {
                claim.end(Ok(written));
                (accepted(flight, Stake::Same, None), None)
            }
            Err(refusal) => {
                claim.end(Err(refusal.clone()));
                (Decision::Refused(refusal), None)
            }
        }
    }

    /// Whether the ledger has the record.
    fn look_up(&self, named: &Identity, fresh: bool) -> Result<Option<Written>, Refusal> {
        let found = match fresh {
            true => None,
            false => self.ledger.interaction(&named.key)?,
        };
        match found.map(|first| first.of(named.whose)) {
            Some(Some(recorded)) if recorded.hash == named.hash => Ok(Some(recorded.written())),
            // It was used before, for this customer or for another one.
            Some(_) => Err(Refusal::IdReused),
            None => {
                // Only now: a view that began anew before it was asked knows nothing of the past.
                self.require_ready()?;
                Ok(None)
            }
        }
    }

    /// Puts the records into the log's queue, in order, before it returns; the future settles their
    /// claims.
    pub(crate) fn append(&self, work: Vec<Work>) -> impl Future<Output = ()> + Send + use<> {
        let (records, claims): (Vec<Record>, Vec<Claim>) = work.into_iter().unzip();
        let times: Vec<i64> = records.iter().map(|record| record.recorded_at_us).collect();
        let appended = self.deps.log.append(records);
        async move {
            let outcome = appended.await;
            for (index, claim) in claims.into_iter().enumerate() {
                let written = match &outcome {
                    Ok(positions) => written(positions, &times, index),
                    Err(error) => Err(Refusal::Log(error.clone())),
                };
                claim.settle(written);
            }
        }
    }

    /// Goes on waiting for an append beside the requests. When the process stops, not for ever: a log
    /// that can't be reached must not hold it up.
    pub(crate) fn settle(
        &self,
        name: &'static str,
        appended: impl Future<Output = ()> + Send + 'static,
    ) {
        let draining = self.deps.supervisor.draining();
        self.deps.supervisor.spawn_for_request(name, async move {
            let given_up = async {
                draining.cancelled().await;
                tokio::time::sleep_until(wait_max()).await;
            };
            tokio::select! {
                () = appended => {}
                () = given_up => {}
            }
        });
    }

    /// The answer to a request that is not recorded.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Result<RecordInteractionResponse, Refusal> {
        let answer = Err(refusal);
        self.count(&answer);
        answer
    }

    /// The answer to a request, when its append is settled.
    pub(crate) async fn answer(
        &self,
        decision: Decision,
        deadline: Instant,
    ) -> Result<RecordInteractionResponse, Refusal> {
        let answer = self.outcome(decision, deadline).await;
        self.count(&answer);
        answer
    }

    async fn outcome(
        &self,
        decision: Decision,
        deadline: Instant,
    ) -> Result<RecordInteractionResponse, Refusal> {
        let accepted = match decision {
            Decision::Refused(refusal) => return Err(refusal),
            Decision::Accepted(accepted) => *accepted,
        };
        let landed = timeout_at(deadline, accepted.flight.outcome()).await;
        let written = landed.map_err(|_| Refusal::Unconfirmed)??;
        let (written, already_recorded) = match (accepted.stake, accepted.ask) {
            (Stake::Other, None) => return Err(Refusal::IdReused),
            (stake, None) => (written, stake == Stake::Same),
            (stake, Some(named)) => {
                let counted = self.confirm(&named, stake, written.position, deadline);
                let counted = Box::pin(counted).await?;
                let own = stake == Stake::Own && counted.position == written.position;
                (counted, !own)
            }
        };
        let recorded_at = Timestamp::from_microsecond(written.recorded_at_us);
        Ok(RecordInteractionResponse {
            interaction_id: accepted.interaction_id,
            position: self.token(written.position),
            recorded_at: recorded_at.ok().map(time::to_wire),
            commitment_ids: accepted.commitment_ids,
            already_recorded,
            warnings: warnings(accepted.warnings),
        })
    }

    /// The record that counts, after one of its name was appended while another may have been.
    async fn confirm(
        &self,
        named: &Identity,
        stake: Stake,
        appended: Position,
        deadline: Instant,
    ) -> Result<Written, Refusal> {
        let positions = aftercall_view::Positions::through(appended);
        self.view.wait_for(&positions, deadline).await?;
        let first = self.ledger.interaction(&named.key)?;
        let first = first.ok_or(Refusal::NotReady)?;
        match first.of(named.whose) {
            Some(recorded) if recorded.hash == named.hash => Ok(recorded.written()),
            // The view had it, and was begun anew before it was asked.
            None if stake == Stake::Own => Err(Refusal::NotReady),
            _ => Err(Refusal::IdReused),
        }
    }
}

fn written(positions: &[Position], times: &[i64], index: usize) -> Result<Written, Refusal> {
    match (positions.get(index), times.get(index)) {
        (Some(position), Some(recorded_at_us)) => Ok(Written {
            position: *position,
            recorded_at_us: *recorded_at_us,
        }),
        _ => Err(Refusal::internal(
            "the log gave fewer positions than it got records",
        )),
    }
}
