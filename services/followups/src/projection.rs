//! The fold: events of the log to the view's store.

mod changes;
mod identify;
#[cfg(test)]
mod tests;

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::{Change, Commitment, Event as Step};
use aftercall_ledger::{Accepted, Happening, What};
use aftercall_proto::convert::alert::to_rows;
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::model::v1 as wire;
use aftercall_view::{ApplyError, Positions, Projection, Store, Txn};
use prost::Message;

use crate::keys::{self, Home, REQUESTS};
use crate::watch::{Bulletin, Draft};
use crate::{meters, stored};
use changes::{put_alerts, put_commitment};

/// The view `followups`.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    /// How many promises are open.
    open: u64,
    /// Where those who watch alerts learn what was committed.
    bulletin: Bulletin,
    /// The changes of alerts that are not committed yet.
    drafts: Vec<Draft>,
}

impl Projection for Promises {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "followups"
    }

    fn version(&self) -> u32 {
        12
    }

    fn opened(&mut self, store: &Store, _applied: &Positions) -> Result<(), ApplyError> {
        self.drafts.clear();
        let count = store.get(keys::open_count())?;
        let count = count.and_then(|count| count.as_ref().try_into().ok());
        self.open = count.map_or(0, u64::from_be_bytes);
        meters::open_promises(self.open);
        Ok(())
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        match &fact.what {
            What::Recorded { promises, .. } => promises
                .iter()
                .try_for_each(|promise| self.put(fact, None, promise.clone(), txn)),
            What::Promise(step) => self.follow_up(fact, step, txn),
            What::Identified(identified) => self.identify(fact, identified, txn),
            What::Merged(_) | What::Unmerged(_) => keys::MERGED.apply(fact, txn),
            What::Amended(_)
            | What::Published(_)
            | What::Settings(_)
            | What::Webhook(_)
            | What::Unknown
            | What::Malformed => Ok(()),
        }
    }

    fn committed(&mut self, applied: &Positions) {
        self.bulletin.post(self.drafts.drain(..), applied);
        meters::open_promises(self.open);
    }
}

impl Promises {
    pub(crate) fn new(bulletin: Bulletin) -> Self {
        Self {
            bulletin,
            ..Self::default()
        }
    }

    /// Something happened to a promise.
    fn follow_up(
        &mut self,
        fact: &Accepted,
        step: &Step,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let (tenant_id, id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
        let before = stored::commitment(tenant_id, id, fact.whose, |key| txn.get(key))?;
        let Some(before) = before else { return Ok(()) };
        let mut after = before.clone();
        after.accept(step);
        if let Change::Rescheduled(moved) = &step.change {
            let key = keys::moved(tenant_id, id, fact.whose, moved.number);
            let moved = wire::Reschedule::from((**moved).clone());
            txn.put(key, moved.encode_to_vec())?;
        }
        let changed = put_alerts(tenant_id, (&before, &after), fact.whose, txn)?;
        self.post(fact, changed, txn)?;
        let answer = || told(tenant_id, &after, step).into();
        REQUESTS.remember(fact, id, answer, txn)?;
        self.put(fact, Some(&before), after, txn)
    }

    /// Tells whoever watches which alerts the record changed, and what they are now.
    fn post(
        &mut self,
        fact: &Accepted,
        changed: Vec<Alert>,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        if changed.is_empty() {
            return Ok(());
        }
        let tenant_id = &fact.event.tenant_id;
        let rows = to_rows(changed.iter().cloned());
        txn.put(keys::alert_changes_at(tenant_id, fact.position), rows)?;
        self.drafts.push(Draft {
            tenant_id: tenant_id.as_str().into(),
            at: fact.position,
            alerts: changed.into_iter().map(Into::into).collect(),
        });
        Ok(())
    }

    fn put(
        &mut self,
        fact: &Accepted,
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
        put_commitment(&fact.event.tenant_id, before, after, Home::of(fact), txn)
    }
}

/// What a command left, as its answer says it: the promise, or the alert that it was about.
fn told(tenant_id: &str, after: &Commitment, step: &Step) -> Vec<u8> {
    match &step.change {
        Change::Alert(step) => {
            let episode = after.alert(step.rule);
            let alert = episode.map(|episode| Alert::of(tenant_id, after, episode));
            alert.map_or_else(Vec::new, |alert| wire::Alert::from(alert).encode_to_vec())
        }
        _ => to_wire(after.clone(), step.recorded_at).encode_to_vec(),
    }
}
