//! The fold: events of the log to the view's store.

mod changes;
mod requests;
#[cfg(test)]
mod tests;

use aftercall_domain::commitment::{Commitment, Folded, Made};
use aftercall_log::Entry;
use aftercall_proto::convert;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, InteractionRecorded};
use aftercall_view::{ApplyError, Positions, Projection, Store, Txn};
use prost::Message;

use crate::keys::{self, Home};
use crate::{meters, stored};
use changes::{put_alert, put_commitment};

/// The view `followups`.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    /// How many promises are open.
    open: u64,
}

impl Projection for Promises {
    fn name(&self) -> &'static str {
        "followups"
    }

    fn version(&self) -> u32 {
        2
    }

    fn opened(&mut self, store: &Store, _applied: &Positions) -> Result<(), ApplyError> {
        let count = store.get(keys::open_count())?;
        let count = count.and_then(|count| count.as_ref().try_into().ok());
        self.open = count.map_or(0, u64::from_be_bytes);
        meters::open_promises(self.open);
        Ok(())
    }

    fn apply(&mut self, entry: &Entry, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let event = Event::decode(entry.record.body.clone()).map_err(ApplyError::record)?;
        match event.fact().map_err(ApplyError::record)? {
            Some(Fact::InteractionRecorded(recorded)) => {
                self.record(&event, &recorded, Home::of(entry), txn)
            }
            Some(fact) => self.follow_up(&event, &fact, entry, txn),
            None => Ok(()),
        }
    }

    fn committed(&mut self, _applied: &Positions) {
        meters::open_promises(self.open);
    }
}

impl Promises {
    /// The promises of a contact begin; the first record of the customer's contact counts.
    fn record(
        &mut self,
        event: &Event,
        recorded: &InteractionRecorded,
        home: Home,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = event.tenant_id.as_str();
        let marker = keys::interaction(tenant_id, &event.aggregate_id, home.whose);
        if event.sequence != 1 || txn.get(&marker)?.is_some() {
            return Ok(());
        }
        txn.put(marker, Vec::new())?;
        for made in convert::commitment::made(event, recorded) {
            self.begin(tenant_id, made, home, txn)?;
        }
        Ok(())
    }

    fn begin(
        &mut self,
        tenant_id: &str,
        made: Made,
        home: Home,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let key = keys::commitment(tenant_id, &made.commitment_id, home.whose);
        if txn.get(key)?.is_some() {
            return Ok(());
        }
        self.put((tenant_id, home), None, Commitment::new(made), txn)
    }

    /// Something happened to a promise.
    fn follow_up(
        &mut self,
        event: &Event,
        fact: &Fact,
        entry: &Entry,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(step) = convert::commitment::later_event(event, fact) else {
            return Ok(());
        };
        let tenant_id = event.tenant_id.as_str();
        let home = Home::of(entry);
        let at = (entry.position, home.whose);
        let before = stored::commitment(tenant_id, &event.aggregate_id, home.whose, |key| {
            txn.get(key)
        })?;
        let Some(before) = before else { return Ok(()) };
        let mut after = before.clone();
        if after.apply(&step) != Folded::Applied {
            return Ok(());
        }
        put_alert(tenant_id, &after, &step, at, txn)?;
        requests::remember(event, &after, at, txn)?;
        self.put((tenant_id, home), Some(&before), after, txn)
    }

    fn put(
        &mut self,
        (tenant_id, home): (&str, Home),
        before: Option<&Commitment>,
        after: Commitment,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let was_open = before.is_some_and(Commitment::is_open);
        match (was_open, after.is_open()) {
            (false, true) => self.open += 1,
            (true, false) => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        if was_open != after.is_open() {
            txn.put(keys::open_count(), self.open.to_be_bytes().to_vec())?;
        }
        put_commitment(tenant_id, before, after, home, txn)
    }
}
