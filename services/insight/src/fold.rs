//! The fold of the log into the view's store.

mod calls;
mod clocks;
mod contact;
mod links;
mod noted;
mod problems;
mod promises;
mod saved;
mod scores;
#[cfg(test)]
mod tests;

use aftercall_domain::measure::flag;
use aftercall_ledger::{Accepted, Happening, What};
use aftercall_proto::event::v1::{
    CauseAttributed, InteractionAmended, InteractionIdentified, InteractionRecorded,
    RepeatAttributed,
};
use aftercall_proto::model::v1::RepeatCause;
use aftercall_view::{ApplyError, Positions, Projection, Store, Txn};

use crate::row::{Column, Row};
use crate::words::Words;
use crate::{blocks, keys};

pub(crate) use calls::finished_call;
pub(crate) use clocks::{TURNS, Turns};
pub(crate) use contact::{Kept, WordsAt};
pub(crate) use links::Place;
pub(crate) use promises::PromiseSlip;
pub(crate) use saved::{RaisedWindow, Raisings};
pub(crate) use scores::{OtherScores, Score};

/// The version of the store's layout and of the fold: one more with each change of either.
const VERSION: u32 = 7;

/// Builds the view `insight`.
#[derive(Debug, Default)]
pub(crate) struct InsightProjection {
    words: Words,
}

/// A contact that changes.
struct Change<'a> {
    before: &'a Kept,
    after: &'a Kept,
    whose: u64,
    /// Whether what caused it is void.
    is_void: bool,
}

impl InsightProjection {
    fn record(
        &mut self,
        fact: &Accepted,
        recorded: &InteractionRecorded,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(interaction) = &recorded.interaction else {
            return Ok(());
        };
        let tenant_id = &*fact.event.tenant_id;
        let address = blocks::next(tenant_id, fact.position.partition, txn)?;
        let at = (address, fact.position.offset);
        let kept = Kept::of(at, interaction).by(recorded.call_terms.as_ref());
        let call = calls::recorded(fact, kept.id(), txn)?;
        let whole = kept.completed(call.as_ref());
        let mut row = whole.row(tenant_id, &mut self.words, txn)?;
        if let Some(linked) = links::Linked::of(tenant_id, &whole, fact.whose) {
            let is_beside_wrong = links::insert(linked, &whole, &mut row, txn)?;
            saved::contact(fact, linked.customer_id, (&row, is_beside_wrong), txn)?;
        }
        scores::write_others(tenant_id, address, (&whole.contact, false, &row), txn)?;
        blocks::write(tenant_id, address, &row, txn)?;
        kept.write(tenant_id, fact.whose, txn)
    }

    /// Puts a changed contact in the place of what it was, as it is with what telephony tells of it now.
    fn replace(
        &mut self,
        fact: &Accepted,
        change: &Change<'_>,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let (tenant_id, whose) = (&*fact.event.tenant_id, change.whose);
        let (before, after) = (change.before, change.after);
        let address = after.address();
        let Some(was) = blocks::read(tenant_id, address, txn)? else {
            return Ok(());
        };
        let call = finished_call(tenant_id, after.id(), |key| txn.get(key))?;
        let whole = after.completed(call.as_ref());
        let mut row = whole.row(tenant_id, &mut self.words, txn)?;
        row.facts.promises = was.facts.promises;
        if !change.is_void {
            carry_repeat(&was, &mut row);
        }
        if let Some(linked) = links::Linked::of(tenant_id, before, whose) {
            leave(fact, linked, before, txn)?;
        }
        if let Some(linked) = links::Linked::of(tenant_id, &whole, whose) {
            let is_beside_wrong = links::insert(linked, &whole, &mut row, txn)?;
            saved::contact(fact, linked.customer_id, (&row, is_beside_wrong), txn)?;
        }
        let others = (&whole.contact, was.has_others, &row);
        scores::write_others(tenant_id, address, others, txn)?;
        blocks::write(tenant_id, address, &row, txn)?;
        match before == after {
            true => Ok(()),
            false => after.write(tenant_id, whose, txn),
        }
    }

    fn amend(
        &mut self,
        fact: &Accepted,
        amended: &InteractionAmended,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(before) = kept_of(fact, &fact.event.aggregate_id, txn)? else {
            return Ok(());
        };
        let mut after = before.clone();
        after.amend(amended, fact.position.offset);
        let change = Change {
            before: &before,
            after: &after,
            whose: fact.whose,
            is_void: false,
        };
        self.replace(fact, &change, txn)
    }

    fn identify(
        &mut self,
        fact: &Accepted,
        identified: &InteractionIdentified,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(before) = kept_of(fact, &fact.event.aggregate_id, txn)? else {
            return Ok(());
        };
        let mut after = before.clone();
        after.identify(&identified.customer_id);
        let is_other = before.customer_id() != after.customer_id();
        if is_other {
            promises::move_slips(fact, (&before, &after), txn)?;
        }
        let change = Change {
            before: &before,
            after: &after,
            whose: fact.whose,
            // Another customer's promise did not cause it.
            is_void: is_other,
        };
        self.replace(fact, &change, txn)
    }

    fn attribute(
        &mut self,
        fact: &Accepted,
        attributed: &RepeatAttributed,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let Some(kept) = kept_of(fact, &event.interaction_id, txn)? else {
            return Ok(());
        };
        if kept.customer_id() != event.customer_id {
            return Ok(());
        }
        let (tenant_id, address) = (&*event.tenant_id, kept.address());
        let Some(mut row) = blocks::read(tenant_id, address, txn)? else {
            return Ok(());
        };
        let of = (tenant_id, address.partition);
        let promise = attributed.commitment_id.as_bytes();
        let promise = self.words.number(of, promise, txn)?;
        let team = attributed.owner_team_id.as_bytes();
        let team = self.words.number(of, team, txn)?;
        let is_lapse = attributed.cause() == RepeatCause::LapsedCommitment;
        row.facts.set(flag::BY_LAPSE, is_lapse);
        row.set(Column::RepeatCommitment, promise);
        row.set(Column::RepeatTeam, team);
        blocks::write(tenant_id, address, &row, txn)
    }
}

/// Two customers are one, or two again: says anew what their contacts are to each other.
fn merge(fact: &Accepted, other: &str, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let (tenant_id, customer_id) = (&*fact.event.tenant_id, &*fact.event.aggregate_id);
    let before = keys::MERGED.customers_then(txn, tenant_id, customer_id)?;
    keys::MERGED.apply(fact, txn)?;
    saved::merge(fact, txn)?;
    let after = keys::MERGED.customers_then(txn, tenant_id, customer_id)?;
    if before == after {
        return Ok(());
    }
    links::relink(tenant_id, customer_id, txn)?;
    match after.iter().any(|one| one == other) {
        true => Ok(()),
        false => links::relink(tenant_id, other, txn),
    }
}

impl InsightProjection {
    /// It was said what the root cause of a contact was.
    fn explain(
        &mut self,
        fact: &Accepted,
        attributed: &CauseAttributed,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        keys::COMMANDS.remember(fact, &event.aggregate_id, bytes::Bytes::new, txn)?;
        let Some(mut kept) = kept_of(fact, &attributed.interaction_id, txn)? else {
            return Ok(());
        };
        let (tenant_id, address) = (&*event.tenant_id, kept.address());
        let Some(mut row) = blocks::read(tenant_id, address, txn)? else {
            return Ok(());
        };
        let word = attributed.root_cause_code.as_bytes();
        let of = (tenant_id, address.partition);
        row.set(Column::RootCause, self.words.number(of, word, txn)?);
        blocks::write(tenant_id, address, &row, txn)?;
        kept.attribute(&attributed.root_cause_code, event.sequence);
        kept.write(tenant_id, fact.whose, txn)
    }
}

/// A contact is not among its customer's any more, and what is beside it may have become worse by that.
fn leave(
    fact: &Accepted,
    linked: links::Linked<'_>,
    kept: &Kept,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    match links::remove(linked, kept, txn)? {
        true => saved::stir(fact, linked.customer_id, txn),
        false => Ok(()),
    }
}

/// What caused a contact stays when it is amended.
fn carry_repeat(was: &Row, row: &mut Row) {
    row.facts.set(flag::BY_LAPSE, was.facts.has(flag::BY_LAPSE));
    for column in [Column::RepeatCommitment, Column::RepeatTeam] {
        row.set(column, was.words[column as usize]);
    }
}

/// What is kept of a contact of the event's.
fn kept_of(
    fact: &Accepted,
    interaction_id: &str,
    txn: &Txn<'_>,
) -> Result<Option<Kept>, ApplyError> {
    let key = keys::kept(&fact.event.tenant_id, interaction_id, fact.whose);
    let kept = txn.get(key)?.map(prost::Message::decode).transpose();
    kept.map_err(ApplyError::record)
}

impl Projection for InsightProjection {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "insight"
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn opened(&mut self, _store: &Store, _applied: &Positions) -> Result<(), ApplyError> {
        self.words.clear();
        Ok(())
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        match &fact.what {
            What::Recorded { recorded, promises } => {
                self.record(fact, recorded, txn)?;
                promises
                    .iter()
                    .try_for_each(|promise| promises::make(fact, promise, txn))
            }
            What::Amended(amended) => self.amend(fact, amended, txn),
            What::Analysed(analysed) => self.analyse(fact, analysed, txn),
            What::Identified(identified) => self.identify(fact, identified, txn),
            What::Made(promise) => promises::make(fact, promise, txn),
            What::Promise(step) => promises::change(fact, step, txn),
            What::Repeat(attributed) => self.attribute(fact, attributed, txn),
            What::Cause(attributed) => self.explain(fact, attributed, txn),
            What::Merged(merged) => merge(fact, &merged.merged_customer_id, txn),
            What::Unmerged(unmerged) => merge(fact, &unmerged.merged_customer_id, txn),
            What::Problem(problem) => problems::apply(fact, problem, txn),
            What::Concern(step) => saved::concern(fact, step, txn),
            What::Call(_) => self.tell(fact, txn),
            _ => Ok(()),
        }
    }
}
