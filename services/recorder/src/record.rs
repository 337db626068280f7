//! Recording: claim the id, append, answer.

use std::future::Future;
use std::sync::Arc;

use aftercall_domain::{Violations, Warning};
use aftercall_ledger::{Contact, Id, Named, Place};
use aftercall_log::{Position, Record};
use aftercall_proto::convert::time;
use aftercall_proto::recorder::v1::{
    ProposedPromise, ReckonedDue, RecordInteractionRequest, RecordInteractionResponse,
};
use aftercall_service::Principal;
use aftercall_view::Store;
use aftercall_view::key::whose;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use crate::appending::Appending;
use crate::core::{Core, wait_max};
use crate::failure::Refusal;
use crate::first::First;
use crate::house::TenantHouse;
use crate::pending::{Claim, Claimed, Flight, Hash, Key, Wanted, Written};
use crate::prepare::{Prepared, prepare};
use crate::propose::proposed_at_first;

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
    commitment_ids: Vec<String>,
    dues: Vec<ReckonedDue>,
    proposed: Option<Vec<ProposedPromise>>,
    warnings: Vec<Warning>,
    flight: Arc<Flight>,
    stake: Stake,
    named: Identity,
    /// Whether the append alone does not settle the answer: then the ledger is asked.
    is_unsure: bool,
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
    /// It is another contact's, which has the name that stands here.
    Rival(Place),
}

impl Stake {
    /// Whether the append is of another content, or another contact.
    const fn is_anothers(self) -> bool {
        matches!(self, Self::Other | Self::Rival(_))
    }
}

/// A record by its names, and its content in short.
#[derive(Debug, Clone)]
struct Identity {
    key: Key,
    /// Where its id comes from.
    id_place: Place,
    /// Its other names.
    names: Vec<Named>,
    whose: u64,
    hash: Hash,
    /// Which of its codes are not taken, unless it was recorded before.
    codes: Violations,
}

impl Identity {
    fn id(&self) -> Id {
        self.key.id.into()
    }

    /// The other names that can be claimed: all, once the record is checked.
    fn keys(&self) -> Vec<Key> {
        let names = self.names.iter();
        names
            .filter_map(|named| Key::name(Arc::clone(&self.key.tenant_id), &named.name))
            .collect()
    }
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
        let house = TenantHouse::new(self, &principal.tenant_id);
        prepare(principal, request, &*self.deps.ids, &house, now)
    }

    /// Records one contact.
    pub(crate) async fn record(
        &self,
        prepared: Prepared,
        deadline: Instant,
    ) -> Result<RecordInteractionResponse, Refusal> {
        let (decision, work) = self.claim(prepared, deadline).await;
        if let Some(work) = work {
            let appending = Appending::new(self, Box::pin(self.append(vec![work])));
            // In time or not: what is not known by then, the answer says.
            let _ = timeout_at(deadline, appending).await;
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
            id_place,
            names,
            hash,
            record,
            commitment_ids,
            dues,
            proposed,
            warnings,
            codes,
        } = prepared;
        let named = Identity {
            whose: whose(&record.key),
            key,
            id_place,
            names,
            hash,
            codes,
        };
        let (flight, stake) = match self.take(&named) {
            Ok(taken) => taken,
            Err(refusal) => return (Decision::Refused(refusal), None),
        };
        // Where others write too, one of them may have been faster with a name.
        let is_shared = self.deps.log.is_shared();
        let has_given_names = !fresh || !named.names.is_empty();
        let accepted = |flight: Arc<Flight>, stake, named, is_unsure| {
            Decision::Accepted(Box::new(Accepted {
                commitment_ids,
                dues,
                proposed,
                warnings,
                is_unsure,
                flight,
                stake,
                named,
            }))
        };
        let is_unsure = flight.is_doubtful() || is_shared && has_given_names;
        if stake != Stake::Own {
            return (accepted(flight, stake, named, is_unsure), None);
        }
        let kept = has_given_names && !is_shared;
        let claim = Claim::new(&self.pending, Arc::clone(&flight), kept);
        // Boxed, as is the confirmation: it is rare, and every request's future would have its size.
        if flight.is_doubtful()
            && let Err(refusal) = Box::pin(self.catch_up(deadline)).await
        {
            // The dropped claim stays in doubt.
            return (Decision::Refused(refusal), None);
        }
        match self.look_up(&named, fresh) {
            Ok(None) => {
                let decision = accepted(flight, stake, named, is_unsure);
                (decision, Some((record, claim)))
            }
            Ok(Some(written)) => {
                claim.end(Ok(written));
                (accepted(flight, Stake::Same, named, false), None)
            }
            Err(refusal) => {
                claim.end(Err(refusal.clone()));
                (Decision::Refused(refusal), None)
            }
        }
    }

    /// Claims the record's names, or finds the append that has one of them.
    fn take(&self, named: &Identity) -> Result<(Arc<Flight>, Stake), Refusal> {
        let claimed = self.pending.claim(Wanted {
            key: &named.key,
            names: &named.keys(),
            hash: named.hash,
            whose: named.whose,
        });
        Ok(match claimed {
            Claimed::Mine(flight) => (flight, Stake::Own),
            Claimed::Shared(flight) => (flight, Stake::Same),
            Claimed::Contested(flight) => (flight, Stake::Other),
            Claimed::Taken { flight, name } => {
                let name = name.and_then(|index| named.names.get(index));
                let place = name.map_or(named.id_place, |named| named.place);
                (flight, Stake::Rival(place))
            }
            Claimed::Full => return Err(Refusal::Behind),
        })
    }

    /// Whether the ledger has the record.
    fn look_up(&self, named: &Identity, fresh: bool) -> Result<Option<Written>, Refusal> {
        if !fresh {
            let holders = self.ledger.contacts(&named.key.tenant_id, &named.id())?;
            match holders.of(named.whose) {
                Some(contact) if contact.hash() == named.hash => {
                    return Ok(Some(written_of(contact)));
                }
                // It was used before, for this customer or for another one.
                Some(_) => return Err(Refusal::IdReused),
                None if holders.first().is_some() => return Err(Refusal::IdReused),
                None => {}
            }
            if let Some(other) = holders.others().first() {
                return Err(Refusal::taken(named.id_place, &other.contact()));
            }
        }
        self.refuse_taken(named)?;
        // Only now: a view that began anew before it was asked knows nothing of the past.
        self.require_ready()?;
        match named.codes.is_empty() {
            true => Ok(None),
            false => Err(named.codes.clone().into()),
        }
    }

    /// Refuses a record that brings a name which another contact has.
    fn refuse_taken(&self, named: &Identity) -> Result<(), Refusal> {
        for Named { place, name } in &named.names {
            let holder = self.ledger.holder(&named.key.tenant_id, name)?;
            if let Some(holder) = holder.filter(|holder| *holder != named.id()) {
                return Err(Refusal::taken(*place, &holder));
            }
        }
        Ok(())
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
                biased;
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
        let written = match landed.map_err(|_| Refusal::Unconfirmed)? {
            Ok(written) => written,
            // Why another content or contact was refused is no reason to refuse this one: it may be what
            // stands in the other's way. Nothing of the other was written, so this is asked for itself.
            Err(refusal) if accepted.stake.is_anothers() && !matches!(refusal, Refusal::Log(_)) => {
                let written = self.standing(&accepted.named, Stake::Own)?;
                return Box::pin(self.recorded_as(accepted, written, true, deadline)).await;
            }
            Err(refusal) => return Err(refusal),
        };
        let (written, already_recorded) = match (accepted.stake, accepted.is_unsure) {
            (Stake::Other, false) => return Err(Refusal::IdReused),
            (Stake::Rival(place), false) => {
                let holder = accepted.flight.contact().into();
                return Err(Refusal::taken(place, &holder));
            }
            (stake, false) => (written, stake == Stake::Same),
            (stake, true) => {
                let counted = self.confirm(&accepted.named, stake, written.position, deadline);
                let counted = Box::pin(counted).await?;
                let own = stake == Stake::Own && counted.position == written.position;
                (counted, !own)
            }
        };
        self.recorded_as(accepted, written, already_recorded, deadline)
            .await
    }

    async fn recorded_as(
        &self,
        accepted: Accepted,
        written: Written,
        already_recorded: bool,
        deadline: Instant,
    ) -> Result<RecordInteractionResponse, Refusal> {
        let reckons = !accepted.dues.is_empty() || accepted.proposed.is_some();
        let (dues, proposed) = match already_recorded && reckons {
            // The calendars may have changed since, or the rules by which promises are found.
            true => Box::pin(self.first_answer(written.position, deadline)).await?,
            false => (accepted.dues, accepted.proposed.unwrap_or_default()),
        };
        let recorded_at = Timestamp::from_microsecond(written.recorded_at_us);
        Ok(RecordInteractionResponse {
            interaction_id: accepted.named.key.id.to_string(),
            position: self.token(written.position),
            recorded_at: recorded_at.ok().map(time::to_wire),
            commitment_ids: accepted.commitment_ids,
            already_recorded,
            dues,
            proposed,
            warnings: accepted.warnings.into_iter().map(Into::into).collect(),
        })
    }

    /// What became of a contact's dues when it was recorded, and what was proposed then.
    async fn first_answer(
        &self,
        at: Position,
        deadline: Instant,
    ) -> Result<(Vec<ReckonedDue>, Vec<ProposedPromise>), Refusal> {
        let log = Arc::clone(&self.deps.log);
        let read = move |_: &Store| First::read(&log, at, deadline);
        let first = self.reading.run(read).await?;
        let drafts = &first.interaction.commitments;
        let dues = drafts
            .iter()
            .filter(|draft| draft.due_resolution.is_some())
            .map(|draft| ReckonedDue {
                commitment_id: draft.commitment_id.clone(),
                promised_by: draft.promised_by,
                resolution: draft.due_resolution.clone(),
            });
        Ok((
            dues.collect(),
            drafts.iter().filter_map(proposed_at_first).collect(),
        ))
    }

    /// The record that counts, after one of its names was appended while another may have been.
    async fn confirm(
        &self,
        named: &Identity,
        stake: Stake,
        appended: Position,
        deadline: Instant,
    ) -> Result<Written, Refusal> {
        let positions = aftercall_view::Positions::through(appended);
        self.view.wait_for(&positions, deadline).await?;
        self.standing(named, stake)
    }

    /// The record that counts, as far as the ledger has come.
    fn standing(&self, named: &Identity, stake: Stake) -> Result<Written, Refusal> {
        let holders = self.ledger.contacts(&named.key.tenant_id, &named.id())?;
        match holders.of(named.whose) {
            Some(contact) if contact.hash() == named.hash => return Ok(written_of(contact)),
            Some(_) => return Err(Refusal::IdReused),
            // The other content is another customer's.
            None if stake == Stake::Other && holders.first().is_some() => {
                return Err(Refusal::IdReused);
            }
            None => {}
        }
        if let Some(other) = holders.others().first() {
            return Err(Refusal::taken(named.id_place, &other.contact()));
        }
        // It does not count, because another contact has one of its names; or the ledger had it, and
        // was begun anew before it was asked; or the rival lost.
        self.refuse_taken(named)?;
        Err(Refusal::NotReady)
    }
}

fn written_of(contact: &Contact) -> Written {
    Written {
        position: contact.position(),
        recorded_at_us: contact.recorded_at_us(),
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
