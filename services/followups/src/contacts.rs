//! The contacts that are recorded, as far as a promise's evidence needs them.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::commitment::{Commitment, Contact};
use aftercall_ledger::{Id, Ledger};
use aftercall_log::{Log, Position};
use aftercall_proto::convert::commitment::handles;
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::Event;
use aftercall_service::Unread;
use aftercall_view::key::whose;
use prost::Message;

/// How long the log may take to hand out a record that is there.
const READ_WAIT: Duration = Duration::from_secs(5);

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

    /// Whether a contact was with the customer to whom a promise was made; none if there is no such
    /// contact. Blocks.
    ///
    /// Usually the ledger knows: contacts of one customer have one key. Where somebody was not
    /// identified, the two records tell by the names under which they were made.
    ///
    /// # Errors
    /// While the ledger is being opened, or the log can't be read.
    pub(crate) fn is_customers(
        &self,
        tenant_id: &str,
        commitment: &Commitment,
        interaction_id: &str,
    ) -> Result<Option<bool>, Unread> {
        let named = self.ledger.contacts(tenant_id, &Id::of(interaction_id))?;
        let customer_id = commitment.customer_id.as_deref().unwrap_or_default();
        let own = contact_key(tenant_id, customer_id, &commitment.interaction_id);
        if named.of(whose(&own)).is_some() {
            return Ok(Some(true));
        }
        let mut found = None;
        for contact in named.contacts() {
            let is_customers = self.was_with_customer(contact.position(), commitment)?;
            found = Some(is_customers || found == Some(true));
        }
        Ok(found)
    }

    /// Whether the record at `position` is of a contact with the promise's customer.
    fn was_with_customer(
        &self,
        position: Position,
        commitment: &Commitment,
    ) -> Result<bool, Unread> {
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
        Ok(commitment.is_with_customer(Contact {
            interaction_id: &event.aggregate_id,
            customer_id: Some(event.customer_id.as_str()).filter(|id| !id.is_empty()),
            handles: &handles,
        }))
    }
}
