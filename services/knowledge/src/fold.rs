//! The fold: what each event of the log does to the view.

mod cases;
mod publications;
#[cfg(test)]
mod tests;
mod uses;

use aftercall_ledger::{Accepted, What};
use aftercall_proto::event::v1::{Event, InteractionAmended, InteractionRecorded};
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::keys;
use crate::records::Case;

/// Applies one event of the log.
pub(crate) fn apply(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    match &fact.what {
        What::Recorded { recorded, .. } => on_recorded(fact, recorded, txn),
        What::Amended(amended) => on_amended(fact, amended, txn),
        What::Published(published) => publications::on_published(fact, published, txn),
        _ => Ok(()),
    }
}

/// Reads what the view itself has stored.
pub(crate) fn stored<M: Message + Default>(value: Option<Bytes>) -> Result<Option<M>, ApplyError> {
    let message = value.map(M::decode).transpose();
    message.map_err(ApplyError::record)
}

fn on_recorded(
    fact: &Accepted,
    recorded: &InteractionRecorded,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(interaction) = &recorded.interaction else {
        return Ok(());
    };
    let (event, whose) = (&fact.event, fact.whose);
    let key = keys::case(&event.tenant_id, &event.aggregate_id, whose);
    let case = Case::of(interaction);
    txn.put_lasting(key, case.encode_to_vec())?;
    Change { event, whose, txn }.enter(&case)
}

fn on_amended(
    fact: &Accepted,
    amended: &InteractionAmended,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (event, whose) = (&fact.event, fact.whose);
    let key = keys::case(&event.tenant_id, &event.aggregate_id, whose);
    let (Some(interaction), Some(before)) = (&amended.interaction, stored::<Case>(txn.get(&key)?)?)
    else {
        return Ok(());
    };
    let paths = amended.update_mask.as_ref().map(|mask| &*mask.paths);
    let after = before.amended(paths.unwrap_or_default(), interaction);
    txn.put(key, after.encode_to_vec())?;
    let mut change = Change { event, whose, txn };
    change.leave(&before)?;
    change.enter(&after)
}

/// A case comes or goes, by what `event` says of its interaction.
struct Change<'a, 't> {
    event: &'a Event,
    whose: u64,
    txn: &'a mut Txn<'t>,
}

impl Change<'_, '_> {
    fn enter(&mut self, case: &Case) -> Result<(), ApplyError> {
        cases::shift(self, case, 1)?;
        uses::shift(self, case, 1)
    }

    fn leave(&mut self, case: &Case) -> Result<(), ApplyError> {
        cases::shift(self, case, -1)?;
        uses::shift(self, case, -1)
    }

    fn tenant_id(&self) -> &str {
        &self.event.tenant_id
    }

    /// The interaction, and whose it is.
    fn interaction(&self) -> (&str, u64) {
        (&self.event.aggregate_id, self.whose)
    }
}
