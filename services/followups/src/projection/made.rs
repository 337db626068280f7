//! A promise is made after its contact, or without one.

use aftercall_domain::commitment::Commitment;
use aftercall_ledger::Accepted;
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::envelope::contact_key;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use super::Promises;
use crate::keys::{self, REQUESTS};
use crate::stored;

impl Promises {
    pub(super) fn make(
        &mut self,
        fact: &Accepted,
        promise: &Commitment,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = &fact.event.tenant_id;
        let (id, contact) = (&promise.commitment_id, &promise.interaction_id);
        if !contact.is_empty() {
            let made = keys::made_in(tenant_id, contact, fact.whose);
            txn.put(made.id(id), Bytes::new())?;
        }
        let customer_id = promise.customer_id.as_deref().unwrap_or_default();
        if fact.key != contact_key(tenant_id, customer_id, contact) {
            // Its contact is not whose it was when it was recorded.
            txn.put(keys::log_key(tenant_id, id, fact.whose), fact.key.clone())?;
        }
        let mut made = promise.clone();
        let since = promise.recorded_at;
        self.begin_to_wait(fact, (None, &mut made), since, txn)?;
        let answer = || {
            to_wire(made.clone(), made.recorded_at)
                .encode_to_vec()
                .into()
        };
        REQUESTS.remember(fact, id, answer, txn)?;
        self.put(fact, None, made, txn)?;
        match &promise.reopens {
            Some(reopens) => self.note_reopened(fact, &reopens.commitment_id, id, txn),
            None => Ok(()),
        }
    }

    /// A promise that has ended shows which one took it up again.
    fn note_reopened(
        &mut self,
        fact: &Accepted,
        old: &str,
        by: &str,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = &fact.event.tenant_id;
        let before = stored::commitment(tenant_id, old, fact.whose, |key| txn.get(key))?;
        let Some(before) = before else { return Ok(()) };
        let after = Commitment {
            reopened_by: Some(by.to_owned()),
            ..before.clone()
        };
        self.put(fact, Some(&before), after, txn)
    }
}
