//! The fold: what each event of the log does to the view.

mod cases;
mod publications;
#[cfg(test)]
mod tests;
mod uses;

use aftercall_log::Entry;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, EventType, InteractionAmended, InteractionRecorded};
use aftercall_view::key::whose;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::keys;
use crate::records::Case;

/// Applies one record of the log.
pub(crate) fn apply(entry: &Entry, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let Some((event, fact)) = decode(entry)? else {
        return Ok(());
    };
    let whose = || whose(&entry.record.key);
    match fact {
        Fact::InteractionRecorded(recorded) => on_recorded(&event, &recorded, whose(), txn),
        Fact::InteractionAmended(amended) => on_amended(&event, &amended, whose(), txn),
        Fact::SolutionPublished(published) => {
            publications::on_published(&event, &published, entry.position, txn)
        }
        _ => Ok(()),
    }
}

/// The event of a record and what it says, if that concerns solutions.
pub(crate) fn decode(entry: &Entry) -> Result<Option<(Event, Fact)>, ApplyError> {
    let event = Event::decode(entry.record.body.clone()).map_err(ApplyError::record)?;
    match event.r#type() {
        EventType::InteractionRecorded
        | EventType::InteractionAmended
        | EventType::SolutionPublished => {
            let fact = event.fact().map_err(ApplyError::record)?;
            Ok(fact.map(|fact| (event, fact)))
        }
        _ => Ok(None),
    }
}

/// Reads what the view itself has stored.
pub(crate) fn stored<M: Message + Default>(value: Option<Bytes>) -> Result<Option<M>, ApplyError> {
    let message = value.map(M::decode).transpose();
    message.map_err(ApplyError::record)
}

fn on_recorded(
    event: &Event,
    recorded: &InteractionRecorded,
    whose: u64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::case(&event.tenant_id, &event.aggregate_id, whose);
    let Some(interaction) = &recorded.interaction else {
        return Ok(());
    };
    if txn.get(&key)?.is_some() {
        // The first record of a customer's id wins; this one is a repetition.
        return Ok(());
    }
    let case = Case::of(interaction);
    txn.put(key, case.encode_to_vec())?;
    Change { event, whose, txn }.enter(&case)
}

fn on_amended(
    event: &Event,
    amended: &InteractionAmended,
    whose: u64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::case(&event.tenant_id, &event.aggregate_id, whose);
    let (Some(interaction), Some(before)) = (&amended.interaction, stored::<Case>(txn.get(&key)?)?)
    else {
        return Ok(());
    };
    if event.sequence != before.version + 1 {
        // It lost a race.
        return Ok(());
    }
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
