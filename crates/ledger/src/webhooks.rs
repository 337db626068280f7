//! Which webhooks tenants have: for whoever names one, or tells somebody by it.

use std::collections::BTreeSet;

use aftercall_proto::event::v1::WebhookChanged;
use aftercall_view::{ApplyError, Direction, Store, Txn};
use prost::Message;

use crate::{Accepted, keys};

/// A webhook.
#[derive(Clone, PartialEq, Message)]
struct Row {
    /// Whether it is out of use.
    #[prost(bool, tag = "1")]
    disabled: bool,
}

/// Notes how a webhook is now.
pub(crate) fn put(
    fact: &Accepted,
    changed: &WebhookChanged,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let webhook = changed.webhook.as_ref();
    let row = Row {
        disabled: webhook.is_some_and(|webhook| webhook.disabled),
    };
    let key = keys::webhook(&fact.event.tenant_id, &fact.event.aggregate_id);
    Ok(txn.put(key, row.encode_to_vec())?)
}

/// Whether a tenant has a webhook, in use or not.
pub(crate) fn is_there(
    store: &Store,
    tenant_id: &str,
    webhook_id: &str,
) -> Result<bool, ApplyError> {
    Ok(store.get(keys::webhook(tenant_id, webhook_id))?.is_some())
}

/// The webhooks of a tenant that are in use.
pub(crate) fn in_use(store: &Store, tenant_id: &str) -> Result<BTreeSet<String>, ApplyError> {
    let mut found = BTreeSet::new();
    for entry in store.scan_prefix(keys::webhooks(tenant_id), Direction::Ascending) {
        let (key, row) = entry?;
        let row = Row::decode(row).map_err(ApplyError::record)?;
        if !row.disabled {
            found.insert(keys::read_webhook(&key).map_err(ApplyError::record)?);
        }
    }
    Ok(found)
}
