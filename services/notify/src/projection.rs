//! The fold: events of the log to the view's store.

mod deliveries;
mod mails;

use aftercall_ledger::{Accepted, Happening, Webhook, What};
use aftercall_proto::event::v1::WebhookChanged;
use aftercall_view::{ApplyError, Positions, Projection, Store, Txn};
use prost::Message;

use crate::changes::{Changed, Changes};
use crate::keys::{self, REQUESTS};
use crate::rows;

/// The view `notify`.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    changes: Changes,
    /// What is not committed yet.
    changed: Changed,
}

impl Webhooks {
    pub(crate) fn new(changes: Changes) -> Self {
        Self {
            changes,
            changed: Changed::default(),
        }
    }
}

impl Projection for Webhooks {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "notify"
    }

    fn version(&self) -> u32 {
        2
    }

    fn opened(&mut self, _store: &Store, _applied: &Positions) -> Result<(), ApplyError> {
        self.changed = Changed::default();
        self.changes.post(Changed {
            webhooks: true,
            deliveries: true,
            mails: true,
        });
        Ok(())
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let what = match &fact.what {
            What::Webhook(what) => what,
            What::Routed(routed) => {
                self.changed.mails |= mails::queue(fact, routed, txn)?;
                return Ok(());
            }
            What::Mailed(attempted) => {
                self.changed.mails = true;
                return mails::attempted(fact, attempted, txn);
            }
            _ => return Ok(()),
        };
        match what {
            Webhook::Changed(changed) => {
                self.changed.webhooks = true;
                change(fact, changed, txn)
            }
            Webhook::Replayed(replayed) => {
                self.changed.deliveries = true;
                count(fact, txn)?;
                deliveries::replay(fact, replayed, txn)
            }
            Webhook::Queued(queued) => {
                self.changed.deliveries = true;
                deliveries::queue(fact, queued, txn)
            }
            Webhook::Attempted(attempted) => {
                self.changed.deliveries = true;
                deliveries::attempted(fact, attempted, txn)
            }
        }
    }

    fn committed(&mut self, _applied: &Positions) {
        self.changes.post(std::mem::take(&mut self.changed));
    }
}

/// A webhook's version is the number of its latest event, whatever that was.
fn count(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let (tenant_id, id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
    let found = rows::webhook(tenant_id, id, |key| txn.get(key))?;
    let Some(mut changed) = found else {
        return Ok(());
    };
    if let Some(webhook) = &mut changed.webhook {
        webhook.version = fact.event.sequence;
    }
    Ok(txn.put(keys::webhook(tenant_id, id), changed.encode_to_vec())?)
}

fn change(fact: &Accepted, changed: &WebhookChanged, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let (tenant_id, id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
    let value = changed.encode_to_vec();
    if !changed.begins_at.is_empty() {
        let mut standing = rows::standing(tenant_id, id, |key| txn.get(key))?;
        standing.advance(&changed.begins_at);
        txn.put(keys::standing(tenant_id, id), standing.encode_to_vec())?;
    }
    txn.put(keys::webhook(tenant_id, id), value.clone())?;
    REQUESTS.remember(fact, id, || value.into(), txn)
}
