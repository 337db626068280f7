//! The promises to put right what somebody was told by a version that was recalled: which there are, and under which
//! key and id one is made.
//!
//! A promise to a customer stands under the customer's own key, whichever contacts it was that they were told in. So
//! its id follows from the customer and the version, and of two that are made at once one counts. Of whoever is
//! known by no more than a contact it stands under that contact's.

use aftercall_domain::interaction::correction_id;
use aftercall_proto::envelope::{contact_key, customer_key};
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;

use crate::fold::stored;
use crate::keys;
use crate::keys::evidence::{self, MERGED, Told};
use crate::records::Case;

/// The latest contacts in which somebody was told a version that are looked at.
pub(crate) const CONTACTS_LOOKED_AT_MAX: usize = 50;

/// A version of a solution: its tenant, its id, and the version.
pub(crate) type Version<'a> = (&'a str, &'a str, u32);

/// A contact in which somebody was told a version.
#[derive(Debug, Clone)]
pub(crate) struct ToldIn {
    pub(crate) interaction_id: String,
    pub(crate) occurred_at_us: i64,
    pub(crate) case: Case,
}

impl ToldIn {
    /// The key under which the contact stands in the log.
    pub(crate) fn log_key(&self, tenant_id: &str) -> Bytes {
        contact_key(
            tenant_id,
            self.case.first_customer_id(),
            &self.interaction_id,
        )
    }
}

/// The latest contacts in which somebody was told a version, the latest first.
pub(crate) fn told_in(
    store: &Store,
    of: Version<'_>,
    party: &Told,
) -> Result<Vec<ToldIn>, ApplyError> {
    let all = evidence::all_told(of.0, of.1, of.2);
    let mut contacts = Vec::new();
    let told = store.scan_prefix(evidence::told(of, party), Direction::Ascending);
    for entry in told.take(CONTACTS_LOOKED_AT_MAX) {
        let (key, _) = entry?;
        let (_, occurred_at_us, interaction_id, whose) =
            evidence::read_told(&key, &all).map_err(ApplyError::record)?;
        let case = store.get(keys::case(of.0, &interaction_id, whose))?;
        contacts.push(ToldIn {
            case: stored(case)?.unwrap_or_default(),
            interaction_id,
            occurred_at_us,
        });
    }
    Ok(contacts)
}

/// The id of the promise to a customer.
pub(crate) fn to_customer(
    (tenant_id, solution_id, version): Version<'_>,
    customer_id: &str,
) -> String {
    let key = customer_key(tenant_id, customer_id);
    correction_id(&key, solution_id, version).to_string()
}

/// The id of the promise to whoever a contact was with.
pub(crate) fn to_contact(
    (tenant_id, solution_id, version): Version<'_>,
    contact: &ToldIn,
) -> String {
    let key = contact.log_key(tenant_id);
    let whom = [&key[..], contact.interaction_id.as_bytes()].concat();
    correction_id(&whom, solution_id, version).to_string()
}

/// The promise that was made to somebody: to them, to a customer that they are one with, or to one of their contacts
/// before it was known whose that was.
pub(crate) fn made(
    store: &Store,
    of: Version<'_>,
    party: &Told,
    contacts: &[ToldIn],
) -> Result<Option<String>, ApplyError> {
    let mut ids = Vec::new();
    if let Told::Customer(customer_id) = party {
        let customers = MERGED.customers(store, of.0, customer_id)?;
        ids.extend(customers.iter().map(|one| to_customer(of, one)));
    }
    ids.extend(contacts.iter().map(|contact| to_contact(of, contact)));
    for id in ids {
        if store.get(evidence::correction(of.0, &id))?.is_some() {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
