//! The fold: what each event of the log does to the view.

mod calls;
mod cases;
mod corrections;
mod listing;
mod outcomes;
mod publications;
pub(crate) mod redirects;
mod reviews;
mod rows;
mod sayings;
pub(crate) mod standing;
#[cfg(test)]
mod tests;
pub(crate) mod uses;
mod versions;

use aftercall_domain::commitment::{Commitment, Origin};
use aftercall_ledger::{Accepted, What};
use aftercall_proto::event::v1::{Event, InteractionAmended, InteractionRecorded};
use aftercall_proto::model::v1::Call;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::keys;
use crate::keys::evidence::correction;
use crate::notes::Noted;
use crate::records::Case;
use crate::searches;

/// Applies one event of the log, and notes what the keeper should look at.
pub(crate) fn apply(
    fact: &Accepted,
    txn: &mut Txn<'_>,
    noted: &mut Noted,
) -> Result<(), ApplyError> {
    let call = calls::of_contact(fact, txn)?;
    let call = call.as_ref();
    searches::apply(fact, call, txn)?;
    match &fact.what {
        What::Recorded { recorded, .. } => on_recorded(fact, (recorded, call), txn, noted),
        What::Amended(amended) => on_amended(fact, (amended, call), txn, noted),
        What::Identified(identified) => on_identified(fact, &identified.customer_id, txn, noted),
        What::Merged(merged) => on_merged(fact, &merged.merged_customer_id, txn, noted),
        What::Unmerged(unmerged) => on_merged(fact, &unmerged.merged_customer_id, txn, noted),
        What::Made(promise) => on_made(fact, promise, txn),
        What::Promise(happened) => corrections::on_promise(fact, happened, txn),
        What::Candidates(decided) => reviews::on_decided(fact, decided, txn),
        What::Published(published) => {
            publications::on_published(fact, published, txn)?;
            on_solution(fact, txn, noted)
        }
        What::Solution(solved) => {
            versions::on_solved(fact, solved, txn)?;
            on_solution(fact, txn, noted)
        }
        What::Call(_) => calls::apply(fact, txn),
        _ => Ok(()),
    }
}

/// A promise was made after its contact: to put something right, or because of a recall, so that it is not made again.
fn on_made(fact: &Accepted, promise: &Commitment, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    if promise.origin == Origin::Recall {
        let key = correction(&fact.event.tenant_id, &promise.commitment_id);
        txn.put(key, "")?;
    }
    corrections::on_made(fact, promise, txn)
}

/// Customers are one from now on, or not any more: so they come back as one, and each is told of recalls that the other
/// was told of.
fn on_merged(
    fact: &Accepted,
    other: &str,
    txn: &mut Txn<'_>,
    noted: &mut Noted,
) -> Result<(), ApplyError> {
    let mut own = Noted::default();
    for customer_id in [fact.event.aggregate_id.as_str(), other] {
        own.customer(&fact.event.tenant_id, customer_id);
    }
    outcomes::on_merged(fact, txn, &mut own)?;
    noted.add_moved(own);
    Ok(())
}

/// Ends a batch of events: the solutions of which something changed take the places that all of it together gives them.
pub(crate) fn finish(noted: &mut Noted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    for (tenant_id, solution_id) in noted.take_moved() {
        standing::rerank((&tenant_id, &solution_id), txn)?;
    }
    Ok(())
}

fn on_solution(fact: &Accepted, txn: &mut Txn<'_>, noted: &mut Noted) -> Result<(), ApplyError> {
    noted.solution(&fact.event.tenant_id, &fact.event.aggregate_id);
    standing::refresh(fact, txn)
}

/// Reads what the view itself has stored.
pub(crate) fn stored<M: Message + Default>(value: Option<Bytes>) -> Result<Option<M>, ApplyError> {
    let message = value.map(M::decode).transpose();
    message.map_err(ApplyError::record)
}

/// A number that the view has stored; nothing counts as 0.
pub(crate) fn stored_number(value: Option<Bytes>) -> u64 {
    let number = value.and_then(|value| value.as_ref().try_into().ok());
    number.map_or(0, u64::from_be_bytes)
}

fn on_recorded(
    fact: &Accepted,
    (recorded, call): (&InteractionRecorded, Option<&Call>),
    txn: &mut Txn<'_>,
    noted: &mut Noted,
) -> Result<(), ApplyError> {
    let Some(interaction) = &recorded.interaction else {
        return Ok(());
    };
    let (event, whose) = (&fact.event, fact.whose);
    let key = keys::case(&event.tenant_id, &event.aggregate_id, whose);
    let mut case = Case::of(interaction);
    case.customer_id.clone_from(&event.customer_id);
    case.complete(call);
    txn.put_lasting(key, case.encode_to_vec())?;
    let mut change = Change::of(event, (&event.aggregate_id, whose), txn);
    change.enter(&case)?;
    noted.add_moved(change.noted);
    Ok(())
}

fn on_amended(
    fact: &Accepted,
    (amended, call): (&InteractionAmended, Option<&Call>),
    txn: &mut Txn<'_>,
    noted: &mut Noted,
) -> Result<(), ApplyError> {
    let (event, whose) = (&fact.event, fact.whose);
    let key = keys::case(&event.tenant_id, &event.aggregate_id, whose);
    let (Some(interaction), Some(before)) = (&amended.interaction, stored::<Case>(txn.get(&key)?)?)
    else {
        return Ok(());
    };
    let paths = amended.update_mask.as_ref().map(|mask| &*mask.paths);
    let mut after = before.amended(paths.unwrap_or_default(), interaction);
    after.complete(call);
    txn.put(key, after.encode_to_vec())?;
    let mut change = Change::of(event, (&event.aggregate_id, whose), txn);
    change.leave(&before)?;
    change.enter(&after)?;
    noted.add_moved(change.noted);
    Ok(())
}

/// A contact is another customer's from now on, or nobody's.
fn on_identified(
    fact: &Accepted,
    customer_id: &str,
    txn: &mut Txn<'_>,
    noted: &mut Noted,
) -> Result<(), ApplyError> {
    let (event, whose) = (&fact.event, fact.whose);
    let key = keys::case(&event.tenant_id, &event.aggregate_id, whose);
    let Some(before) = stored::<Case>(txn.get(&key)?)? else {
        return Ok(());
    };
    if before.customer_id == customer_id {
        return Ok(());
    }
    let after = before.identified(customer_id);
    txn.put(key, after.encode_to_vec())?;
    let mut change = Change::of(event, (&event.aggregate_id, whose), txn);
    change.leave(&before)?;
    change.enter(&after)?;
    noted.add_moved(change.noted);
    Ok(())
}

/// A case comes or goes, by what `event` says of its interaction.
struct Change<'a, 't> {
    event: &'a Event,
    interaction_id: &'a str,
    whose: u64,
    txn: &'a mut Txn<'t>,
    /// The solutions whose uses, or what came of them, are others by it.
    noted: Noted,
}

impl<'a, 't> Change<'a, 't> {
    fn of(event: &'a Event, (interaction_id, whose): (&'a str, u64), txn: &'a mut Txn<'t>) -> Self {
        Self {
            event,
            interaction_id,
            whose,
            txn,
            noted: Noted::default(),
        }
    }

    fn enter(&mut self, case: &Case) -> Result<(), ApplyError> {
        cases::shift(self, case, 1)?;
        uses::shift(self, case, 1)?;
        sayings::shift(self, case, 1)?;
        outcomes::enter(self, case)
    }

    fn leave(&mut self, case: &Case) -> Result<(), ApplyError> {
        outcomes::leave(self, case)?;
        sayings::shift(self, case, -1)?;
        uses::shift(self, case, -1)?;
        cases::shift(self, case, -1)
    }

    /// What is learnt from the case changes; how solutions were used in it doesn't.
    fn learn(&mut self, before: &Case, after: &Case) -> Result<(), ApplyError> {
        cases::shift(self, before, -1)?;
        cases::shift(self, after, 1)
    }

    /// The interaction, and whose it is.
    fn interaction(&self) -> (&str, u64) {
        (self.interaction_id, self.whose)
    }
}
