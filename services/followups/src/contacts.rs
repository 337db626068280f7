//! The contacts that are recorded, as far as a promise's evidence needs them.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::commitment::{Commitment, Contact};
use aftercall_ledger::{Contact as Holder, Id, Ledger};
use aftercall_log::Log;
use aftercall_proto::convert::commitment::handles;
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::Event;
use aftercall_service::Unread;
use aftercall_view::key::whose;
use prost::Message;

/// How long the log may take to hand out a record that is there.
const READ_WAIT: Duration = Duration::from_secs(5);

/// A promise, and to whom it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promised<'a> {
    pub(crate) commitment: &'a Commitment,
    /// Its customer and those who are the same; none if it was made to somebody who isn't identified.
    pub(crate) merged: &'a [String],
}

/// The contacts that are recorded. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Contacts {
    ledger: Ledger,
    log: Arc<dyn Log>,
}

impl Contacts {
    pub(crate) fn new(ledger: Ledger, log: Arc<dyn Log>) -> Self {
        Self { ledger, log }
    }

    /// Whether a contact is with the customer to whom a promise was made; none if there is no such
    /// contact. Blocks.
    ///
    /// Usually the ledger knows: contacts of one customer have one key, and who was named later stands
    /// beside it. Where somebody isn't identified, the two records tell by the names under which they
    /// were made.
    ///
    /// # Errors
    /// While the ledger is being opened, or the log can't be read.
    pub(crate) fn is_customers(
        &self,
        tenant_id: &str,
        promised: Promised<'_>,
        interaction_id: &str,
    ) -> Result<Option<bool>, Unread> {
        let named = self.ledger.contacts(tenant_id, &Id::of(interaction_id))?;
        let own: Vec<u64> = promised
            .merged
            .iter()
            .map(|customer_id| whose(&contact_key(tenant_id, customer_id, interaction_id)))
            .collect();
        let is_named_so =
            |contact: &Holder| contact.identified_as().is_none() && own.contains(&contact.whose());
        if named.contacts().iter().any(is_named_so) {
            return Ok(Some(true));
        }
        let mut found = None;
        for contact in named.contacts() {
            let is_customers = self.is_with_customer(contact, promised)?;
            found = Some(is_customers || found == Some(true));
        }
        Ok(found)
    }

    /// Whether a contact is with the promise's customer, by its record and by what was said later.
    fn is_with_customer(&self, contact: &Holder, promised: Promised<'_>) -> Result<bool, Unread> {
        let position = contact.position();
        let mut reader = self.log.reader(&[position])?;
        let read = reader.next(1, usize::MAX, READ_WAIT)?;
        let entry = read.into_iter().find(|entry| entry.position == position);
        let Some(entry) = entry else {
            // The log could not be reached for so long.
            return Err(Unread::Unavailable(None));
        };
        let event = Event::decode(entry.record.body)?;
        let Some(Fact::InteractionRecorded(recorded)) = event.fact()? else {
            return Ok(false);
        };
        let handles = recorded
            .interaction
            .and_then(|contact| contact.customer)
            .map_or_else(Vec::new, |customer| handles(&customer.handles));
        let customer_id = contact.identified_as().unwrap_or(&event.customer_id);
        let contact = Contact {
            interaction_id: &event.aggregate_id,
            customer_id: Some(customer_id).filter(|id| !id.is_empty()),
            handles: &handles,
        };
        Ok(promised
            .commitment
            .is_with_customer(contact, promised.merged))
    }
}
