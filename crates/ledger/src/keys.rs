//! The ledger's keys.
//!
//! ```text
//!  tag  key                                    value
//!  1    tenant · contact's id, or the id of
//!       a reference                            Holders: the contacts that it names
//!  2    tenant · promise's id                  Holders: the contacts whose callers gave it
//!  3    tenant · solution                      its version, big-endian
//!  4, 6 what requests to amend, identify and merge did: see [`CHANGES`]
//!  5    tenant · customer                      Merged: with whom the customer is one
//! ```

use aftercall_view::key::Key;

use crate::Id;
use crate::requests::Requests;

/// Requests that changed a contact's record. Their answer is the version that they made.
pub(crate) const CHANGES: Requests = Requests::new(4, 6);

const CONTACT: u8 = 1;
const PROMISE: u8 = 2;
const SOLUTION: u8 = 3;
const CUSTOMER: u8 = 5;

pub(crate) fn contact(tenant_id: &str, id: &Id) -> Key {
    Key::new(CONTACT).text(tenant_id).bytes(id.as_bytes())
}

pub(crate) fn promise(tenant_id: &str, id: &Id) -> Key {
    Key::new(PROMISE).text(tenant_id).bytes(id.as_bytes())
}

pub(crate) fn solution(tenant_id: &str, solution_id: &str) -> Key {
    Key::new(SOLUTION).text(tenant_id).text(solution_id)
}

pub(crate) fn customer(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(CUSTOMER).text(tenant_id).text(customer_id)
}
