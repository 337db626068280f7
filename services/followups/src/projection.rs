//! The fold: events of the log to the view's store.

mod calls;
mod changes;
pub(crate) mod concerns;
pub(crate) mod contacts;
pub(crate) mod followed_up;
mod identify;
mod made;
mod redialled;
mod returned;
pub(crate) mod series;
#[cfg(test)]
mod tests;
mod waiting;

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::{Change, Commitment, Event as Step};
use aftercall_ledger::{Accepted, Happening, What};
use aftercall_proto::convert::alert::to_rows;
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::model::v1 as wire;
use aftercall_view::{ApplyError, Positions, Projection, Store, Txn};
use prost::Message;
use uuid::Uuid;

use crate::keys::{self, AlertPlace, Home, REQUESTS};
use crate::watch::{
    Bulletins, CallNews, ChangeRow, Changed, Draft, Raised, changes_row, decided_row,
};
use crate::{feeds, meters, routing, stored, watch};
use changes::{put_alerts, put_commitment};

/// The view `followups`.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    /// How many promises are open.
    open: u64,
    /// Where those who watch learn what was committed.
    bulletins: Bulletins,
    /// The changes of alerts that are not committed yet.
    alerts: Vec<Draft<Raised>>,
    /// The changes of promises that are not committed yet.
    drafts: Vec<Draft<Changed>>,
    /// The changes of calls that are not committed yet.
    calls: Vec<Draft<CallNews>>,
    /// Which promises the record at hand changed.
    rows: Vec<ChangeRow>,
    /// The promises themselves, as far as anybody watches them.
    changed: Vec<Changed>,
}

impl Projection for Promises {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "followups"
    }

    fn version(&self) -> u32 {
        24
    }

    fn opened(&mut self, store: &Store, _applied: &Positions) -> Result<(), ApplyError> {
        self.alerts.clear();
        self.drafts.clear();
        self.calls.clear();
        self.rows.clear();
        self.changed.clear();
        let count = store.get(keys::open_count())?;
        let count = count.and_then(|count| count.as_ref().try_into().ok());
        self.open = count.map_or(0, u64::from_be_bytes);
        meters::open_promises(self.open);
        Ok(())
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        match &fact.what {
            What::Recorded { promises, recorded } => {
                self.record(fact, promises, txn)?;
                followed_up::contact(fact, recorded, txn)?;
                self.wrap_up(fact, txn)?;
                match &recorded.interaction {
                    Some(contact) => {
                        contacts::record(fact, contact, txn)?;
                        concerns::notice(fact, contact, txn)
                    }
                    None => Ok(()),
                }
            }
            What::Made(promise) => {
                self.make(fact, promise, txn)?;
                followed_up::refresh(&fact.event.tenant_id, &promise.commitment_id, txn)
            }
            What::Promise(step) => self.follow_up(fact, step, txn),
            What::Identified(identified) => {
                let mut changed = self.identify(fact, identified, txn)?;
                contacts::identify(fact, identified, txn)?;
                changed.extend(concerns::identify(fact, identified, txn)?);
                self.post(fact, changed, txn)
            }
            What::Amended(amended) => {
                contacts::amend(fact, amended, txn)?;
                concerns::amend(fact, amended, txn)
            }
            What::Analysed(analysed) => concerns::analyse(fact, analysed, txn),
            What::Concern(step) => self.take_concern(fact, step, txn),
            What::Repeat(attributed) => contacts::attribute(fact, attributed, txn),
            What::Merged(merged) => self.merge(fact, &merged.merged_customer_id, txn),
            What::Unmerged(unmerged) => self.merge(fact, &unmerged.merged_customer_id, txn),
            What::Call(_) => self.tell_of_call(fact, txn),
            What::CalendarFeed(changed) => feeds::apply(fact, changed, txn),
            What::Routed(routed) => {
                let first = routing::apply(fact, routed, txn)?;
                self.post_decided(fact, &first, txn)
            }
            What::Mailed(attempted) => routing::apply_mails(fact, attempted, txn),
            What::Published(_)
            | What::Candidates(_)
            | What::Solution(_)
            | What::Search(_)
            | What::LinkJudged(_)
            | What::Cause(_)
            | What::Problem(_)
            | What::Exported(_)
            | What::Settings(_)
            | What::Webhook(_)
            | What::Unknown
            | What::Malformed => Ok(()),
        }?;
        self.post_changed(fact, txn)
    }

    fn committed(&mut self, applied: &Positions) {
        self.bulletins.alerts.post(self.alerts.drain(..), applied);
        self.bulletins.promises.post(self.drafts.drain(..), applied);
        self.bulletins.calls.post(self.calls.drain(..), applied);
        meters::open_promises(self.open);
    }
}

impl Promises {
    pub(crate) fn new(bulletins: Bulletins) -> Self {
        Self {
            bulletins,
            ..Self::default()
        }
    }

    /// Promises begin with their contact. Those that wait for others of it are looked at again once all are there.
    fn record(
        &mut self,
        fact: &Accepted,
        promises: &[Commitment],
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        for promise in promises {
            self.put(fact, None, promise.clone(), txn)?;
            followed_up::refresh(&fact.event.tenant_id, &promise.commitment_id, txn)?;
        }
        for promise in promises.iter().filter(|one| !one.depends_on.is_empty()) {
            let (tenant_id, id) = (&fact.event.tenant_id, &promise.commitment_id);
            let before = stored::commitment(tenant_id, id, fact.whose, |key| txn.get(key))?;
            let Some(before) = before else { continue };
            let (mut after, since) = (before.clone(), promise.recorded_at);
            self.begin_to_wait(fact, (Some(&before), &mut after), since, txn)?;
            self.put(fact, Some(&before), after, txn)?;
        }
        Ok(())
    }

    /// Customers are one from now on, or are two.
    fn merge(&mut self, fact: &Accepted, other: &str, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        keys::MERGED.apply(fact, txn)?;
        let (tenant_id, customer_id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
        contacts::merge(tenant_id, [customer_id, other], txn)
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
        if let Change::DependenciesSet { .. } = &step.change {
            let since = step.recorded_at;
            self.begin_to_wait(fact, (Some(&before), &mut after), since, txn)?;
        }
        if let Change::Rescheduled(moved) = &step.change {
            let key = keys::moved(tenant_id, id, fact.whose, moved.number);
            let moved = wire::Reschedule::from((**moved).clone());
            txn.put(key, moved.encode_to_vec())?;
        }
        let changed = put_alerts(tenant_id, (&before, &after), fact.whose, txn)?;
        self.post(fact, changed, txn)?;
        let answer = || told(tenant_id, &after, step).into();
        REQUESTS.remember(fact, id, answer, txn)?;
        let ends = after.lifecycle.is_over();
        let awaited = after.is_awaited.then(|| after.clone());
        self.put(fact, Some(&before), after, txn)?;
        if let Some(other) = awaited {
            self.tell_waiting(fact, &other, step.recorded_at, txn)?;
        }
        followed_up::step(tenant_id, id, (step, ends), txn)
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
        for alert in &changed {
            let place = AlertPlace::of(alert, fact.whose);
            let at = stored::encode_position(fact.position);
            txn.put(keys::alert_id_at(tenant_id, alert, &place), at)?;
        }
        self.draft(fact, changed, txn)
    }

    /// Tells whoever watches of which alerts it was decided for the first time: they wait no longer. Those that this view
    /// does not know yet come later, from other partitions, and as they are then.
    fn post_decided(
        &mut self,
        fact: &Accepted,
        first: &[Uuid],
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        if first.is_empty() {
            return Ok(());
        }
        let tenant_id = &fact.event.tenant_id;
        let key = keys::alert_changes_at(tenant_id, fact.position);
        txn.put(key, decided_row(first))?;
        let mut waited = Vec::new();
        for id in first {
            let known = routing::known(tenant_id, *id, txn)?.into_iter();
            waited.extend(known.map(|(_, alert)| alert).filter(watch::waited));
        }
        self.draft(fact, waited, txn)
    }

    /// Alerts, for whoever watches them.
    fn draft(
        &mut self,
        fact: &Accepted,
        alerts: Vec<Alert>,
        txn: &Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = &fact.event.tenant_id;
        let raised = |alert| Raised::of(tenant_id, alert, |key| txn.get(key));
        let items = alerts.into_iter().map(raised);
        self.alerts.push(Draft {
            tenant_id: tenant_id.as_str().into(),
            at: fact.position,
            items: Some(items.collect::<Result<_, _>>()?),
        });
        Ok(())
    }

    /// Tells whoever watches which promises the record made or changed, and what they are now.
    fn post_changed(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let changed = std::mem::take(&mut self.changed);
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        // Whoever began to watch meanwhile reads all of it from the store.
        let items = (changed.len() == rows.len()).then_some(changed);
        let tenant_id = &fact.event.tenant_id;
        let key = keys::promise_changes_at(tenant_id, fact.position);
        txn.put(key, changes_row(rows))?;
        self.drafts.push(Draft {
            tenant_id: tenant_id.as_str().into(),
            at: fact.position,
            items,
        });
        Ok(())
    }

    fn put(
        &mut self,
        fact: &Accepted,
        before: Option<&Commitment>,
        mut after: Commitment,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        self.place_in_series(fact, before, &mut after, txn)?;
        self.write(fact, before, after, txn)
    }

    fn write(
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
        self.rows.push(ChangeRow::of(before, &after, fact.whose));
        if self.bulletins.promises.is_watched(&fact.event.tenant_id) {
            self.changed.push(Changed::of(before, &after));
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
