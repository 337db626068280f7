//! The view's store: which keys there are, and what they hold.
//!
//! ```text
//!  tag  key                                              value
//!  1    tenant · customer · time↓ · seq↓                 StoredEntry: a customer's timeline
//!  2    tenant · interaction · whose                     StoredEntry: a contact of nobody known
//!  3    tenant · interaction · whose                     the key of its entry (1 or 2)
//!  4    tenant · interaction · whose · version           Amendment
//!  5    tenant · interaction · whose · commitment        Commitment, once it has changed, or if it was
//!                                                        made after its contact, or without one
//!  6    tenant · customer · due · commitment · seq       the key of the contact's entry, while it
//!                                                        is open
//!  7    tenant · customer                                how many contacts, big-endian
//!  8    tenant · handle · time↓ · seq↓                   StoredEntry: where the entry is
//!  9    tenant · interaction · time↓ · seq↓              StoredEntry: what became of a promise that
//!                                                        was made to nobody known
//!  10   tenant · system · name there · interaction ·     -
//!       whose
//!  11   see MERGED                                       -: two customers are one
//!  12   tenant · interaction · whose · number            RootCauseChange
//!  50   see crate::calls
//!  60   see crate::before
//!  70   see crate::names
//!  40   tenant · commitment · whose                      the key of the entry that says that a promise
//!                                                        was made without a contact
//! ```
//!
//! A contact is stored once, under the place that it has in its customer's timeline, so that a page
//! of it is one scan. In the timelines of handles, and of those who may be the customer, stands only
//! where it is. A promise that nothing has happened to yet has no record of its own: it follows from
//! the contact. So does a reference that the contact's id is derived from. Two customers' contacts
//! may have the same id: see [`whose`](aftercall_view::key::whose).
//!
//! What stands under a key is ours alone, and changes with the view's version, except for the part of
//! a StoredEntry that is answered as it is: see [`crate::stored`].

use aftercall_ledger::MergedPairs;
pub(crate) use aftercall_service::{position_of, seq_of};
use aftercall_view::key::{Key, MalformedKey, Parts};

const TIMELINE: u8 = 1;
const UNIDENTIFIED: u8 = 2;
const ENTRY_OF: u8 = 3;
const AMENDMENT: u8 = 4;
const COMMITMENT: u8 = 5;
const OPEN_PROMISE: u8 = 6;
const CONTACT_COUNT: u8 = 7;
const HANDLE_TIMELINE: u8 = 8;
const UNIDENTIFIED_CHANGE: u8 = 9;
const REFERENCE: u8 = 10;
const ROOT_CAUSE: u8 = 12;

const MADE: u8 = 40;

/// The rows of what was told of calls: see [`crate::calls`].
pub(crate) const CALLS: u8 = 50;

/// The customers that are one.
pub(crate) const MERGED: MergedPairs = MergedPairs::under(11);

/// A sort of rows that say by themselves where in the log they came into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// An entry of any timeline: its key ends in all bits of its place, flipped.
    Timeline,
    /// An open promise: its key ends in the place of its contact.
    OpenPromise,
    /// A contact of nobody known: its value has its place.
    Unidentified,
    /// A call: its value has the place of the first that was told of it.
    Call,
}

/// What sort of rows stands under a key, if it is one of those.
pub(crate) fn sort_of(key: &[u8]) -> Option<Sort> {
    Some(match *key.first()? {
        TIMELINE | HANDLE_TIMELINE | UNIDENTIFIED_CHANGE => Sort::Timeline,
        OPEN_PROMISE => Sort::OpenPromise,
        UNIDENTIFIED => Sort::Unidentified,
        CALLS => Sort::Call,
        _ => return None,
    })
}

/// Where all contacts of a tenant stand that were recorded: first those of customers, each customer's latest first, and
/// then those of nobody known.
pub(crate) fn all_contacts(tenant_id: &str) -> [Key; 2] {
    [TIMELINE, UNIDENTIFIED].map(|tag| Key::new(tag).text(tenant_id))
}

/// All of a customer's timeline.
pub(crate) fn timeline(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(TIMELINE).text(tenant_id).text(customer_id)
}

/// One entry of a customer's timeline: the later, the earlier in the order of keys.
pub(crate) fn timeline_entry(
    tenant_id: &str,
    customer_id: &str,
    occurred_at_us: i64,
    seq: u64,
) -> Key {
    entry_in(timeline(tenant_id, customer_id), occurred_at_us, seq)
}

/// All that happened by a handle: one of the forms that
/// [`Handle::keys`](aftercall_domain::Handle::keys) gives.
pub(crate) fn handle_timeline(tenant_id: &str, handle: &str) -> Key {
    Key::new(HANDLE_TIMELINE).text(tenant_id).text(handle)
}

/// One entry of any timeline: the later, the earlier in the order of keys.
pub(crate) fn entry_in(timeline: Key, occurred_at_us: i64, seq: u64) -> Key {
    timeline.time_descending(occurred_at_us).u64(!seq)
}

/// A contact whose customer isn't identified.
pub(crate) fn unidentified(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    of_interaction(UNIDENTIFIED, tenant_id, interaction_id).u64(whose)
}

/// What became of a promise in a contact whose customer isn't identified.
pub(crate) fn unidentified_change(
    tenant_id: &str,
    interaction_id: &str,
    occurred_at_us: i64,
    seq: u64,
) -> Key {
    let of_contact = unidentified_changes(tenant_id, interaction_id);
    entry_in(of_contact, occurred_at_us, seq)
}

/// The contacts that another system knows by a name, where their ids don't follow from it.
pub(crate) fn references(tenant_id: &str, system: &str, name: &str) -> Key {
    Key::new(REFERENCE).text(tenant_id).text(system).text(name)
}

/// One such contact.
pub(crate) fn reference(
    tenant_id: &str,
    (system, name): (&str, &str),
    interaction_id: &str,
    whose: u64,
) -> Key {
    references(tenant_id, system, name)
        .id(interaction_id)
        .u64(whose)
}

/// Where the entry of the contact is whose key begins with the prefix `references`.
pub(crate) fn referenced(tenant_id: &str, references: &[u8], key: &[u8]) -> Option<Key> {
    let mut parts = Parts::new(key.strip_prefix(references)?);
    let interaction = parts.bytes().ok()?;
    let of_contact = Key::new(ENTRY_OF).text(tenant_id).bytes(&interaction);
    Some(of_contact.u64(parts.u64().ok()?))
}

/// What became of the promises in a contact whose customer isn't identified.
pub(crate) fn unidentified_changes(tenant_id: &str, interaction_id: &str) -> Key {
    of_interaction(UNIDENTIFIED_CHANGE, tenant_id, interaction_id)
}

/// Where the entries of all contacts with an id are: usually there is one.
pub(crate) fn entries_of(tenant_id: &str, interaction_id: &str) -> Key {
    of_interaction(ENTRY_OF, tenant_id, interaction_id)
}

/// Where a contact's entry is. The key of the contact's document in the index.
pub(crate) fn entry_of(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    entries_of(tenant_id, interaction_id).u64(whose)
}

/// A contact's amendments, the first one first.
pub(crate) fn amendments(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    of_interaction(AMENDMENT, tenant_id, interaction_id).u64(whose)
}

/// One amendment.
pub(crate) fn amendment(tenant_id: &str, interaction_id: &str, whose: u64, version: u64) -> Key {
    amendments(tenant_id, interaction_id, whose).u64(version)
}

/// What was said of a contact's root cause, the first of it first.
pub(crate) fn root_causes(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    of_interaction(ROOT_CAUSE, tenant_id, interaction_id).u64(whose)
}

/// What was said of it for the time that has this number.
pub(crate) fn root_cause(tenant_id: &str, interaction_id: &str, whose: u64, number: u64) -> Key {
    root_causes(tenant_id, interaction_id, whose).u64(number)
}

/// The promises of a tenant that have rows of their own.
pub(crate) fn commitments(tenant_id: &str) -> Key {
    Key::new(COMMITMENT).text(tenant_id)
}

/// Whether what stands under a key once never goes from there, however it changes: where nothing stands now, nothing
/// ever stood.
pub(crate) fn never_goes(key: &[u8]) -> bool {
    key.first() == Some(&COMMITMENT)
}

/// A promise that has changed since it was made.
pub(crate) fn commitment(
    tenant_id: &str,
    interaction_id: &str,
    whose: u64,
    commitment_id: &str,
) -> Key {
    of_interaction(COMMITMENT, tenant_id, interaction_id)
        .u64(whose)
        .id(commitment_id)
}

/// A promise that was made without a contact.
pub(crate) fn made(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    Key::new(MADE).text(tenant_id).id(commitment_id).u64(whose)
}

/// A customer's open promises, the first one due first.
pub(crate) fn open_promises(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(OPEN_PROMISE).text(tenant_id).text(customer_id)
}

/// One open promise, of the contact with the place `seq` in the log: contacts that are named later
/// may come with one id.
pub(crate) fn open_promise(
    tenant_id: &str,
    customer_id: &str,
    due_us: i64,
    (commitment_id, seq): (&str, u64),
) -> Key {
    open_promises(tenant_id, customer_id)
        .time(due_us)
        .id(commitment_id)
        .u64(seq)
}

/// The id of the promise whose key begins with the prefix `open_promises`.
pub(crate) fn open_promise_id(open_promises: &[u8], key: &[u8]) -> Option<String> {
    let mut parts = Parts::new(key.strip_prefix(open_promises)?);
    parts.time().ok()?;
    parts.id().ok()
}

/// How many contacts a customer has had.
pub(crate) fn contact_count(tenant_id: &str, customer_id: &str) -> Key {
    Key::new(CONTACT_COUNT).text(tenant_id).text(customer_id)
}

/// The tenant of a key.
pub(crate) fn tenant_of(key: &[u8]) -> Result<String, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()
}

fn of_interaction(tag: u8, tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(tag).text(tenant_id).id(interaction_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_begins_with_the_latest_and_holds_one_customer() {
        let key = |customer: &str, at, seq| timeline_entry("acme", customer, at, seq);
        let mut keys = [
            key("c", 5, 1),
            key("c", 9, 2),
            key("c", 5, 3),
            key("c\0", 7, 4),
        ];
        keys.sort_unstable();
        let expected = [
            key("c", 9, 2),
            key("c", 5, 3),
            key("c", 5, 1),
            key("c\0", 7, 4),
        ];
        assert_eq!(keys, expected);
        assert!(!keys[3].starts_with(&timeline("acme", "c")));
        assert_eq!(tenant_of(&keys[0]).as_deref(), Ok("acme"));
    }

    #[test]
    fn a_reference_leads_to_its_contact() {
        let id = "0190d2c8-0000-7000-8000-00000000000a";
        let key = reference("t", ("crm", "7"), id, 3);
        let prefix = references("t", "crm", "7");
        assert_eq!(referenced("t", &prefix, &key), Some(entry_of("t", id, 3)));
        assert_eq!(referenced("t", &references("t", "crm", "8"), &key), None);
        assert!(!key.starts_with(&references("t", "crm", "")));
    }

    #[test]
    fn an_id_is_the_same_in_capital_letters() {
        let id = "0190d2c8-0000-7000-8000-00000000000a";
        assert_eq!(entry_of("t", id, 7), entry_of("t", &id.to_uppercase(), 7));
        assert_ne!(entry_of("t", id, 7), entry_of("t", "a", 7));
        assert_ne!(entry_of("t", id, 7), entry_of("t", id, 8));
        assert!(entry_of("t", id, 7).starts_with(&entries_of("t", id)));
    }
}
