//! What is asked of the model in the end.

use std::collections::BTreeSet;

use aftercall_proto::model::v1::DependencySlip;
use bytes::Bytes;

use super::{Contact, Model, Promise};

impl Model {
    /// What somebody is told of, and what never was.
    pub(crate) fn told_and_never_was(&self) -> Option<&(String, String, String, u32)> {
        let fired: BTreeSet<(&str, &str, &str, u32)> = self
            .alerts
            .iter()
            .map(|(_, tenant_id, (promise, _, rule, revision, _))| {
                (&**tenant_id, &**promise, &**rule, *revision)
            })
            .collect();
        self.told
            .iter()
            .find(|(tenant_id, promise, rule, revision)| {
                !fired.contains(&(&**tenant_id, &**promise, &**rule, *revision))
            })
    }

    /// Promises of which nobody has said yet how another one puts them in danger, or that none does any more.
    pub(crate) fn unsaid_dangers(&self) -> impl Iterator<Item = (&Promise, DependencySlip)> {
        let contacts = self.contacts.iter();
        let all = contacts.flat_map(|((whose, _), contact)| {
            contact.promises.iter().map(move |promise| (whose, promise))
        });
        let open = all.filter(|(_, promise)| promise.is_open());
        open.filter_map(|(whose, promise)| {
            let due = promise.due_at()?;
            let mut all = promise.waits_for.iter();
            all.find_map(|(id, said)| {
                let danger = self.of_customer(whose, id)?.1.puts_in_danger(due);
                (danger != *said).then_some((promise, danger))
            })
        })
    }

    /// Contacts of which nobody has said that they followed up an open promise to the same customer, and that promise:
    /// of those that were made in a contact's record, because each of those began at the same time.
    pub(crate) fn undecided(&self) -> impl Iterator<Item = (&String, &Promise)> {
        let contacts = self.contacts.iter();
        contacts.flat_map(move |((whose, id), contact)| {
            contact.follows_up.iter().filter_map(move |named| {
                let (of, promise) = self.of_customer(whose, named)?;
                let theirs =
                    !contact.customer_id.is_empty() && contact.customer_id == of.customer_id;
                let is_left = promise.is_open() && !promise.tried_by.contains(id);
                (theirs && is_left && promise.is_from_record).then_some((id, promise))
            })
        })
    }

    /// The promise of this id in any contact of a customer.
    fn of_customer(&self, whose: &Bytes, id: &str) -> Option<(&Contact, &Promise)> {
        let contacts = self.contacts.iter().filter(|((one, _), _)| one == whose);
        let mut promises = contacts.flat_map(|(_, contact)| {
            contact
                .promises
                .iter()
                .map(move |promise| (contact, promise))
        });
        promises.find(|(_, promise)| promise.id == id)
    }

    /// The contact that an id names: of several, the one that was recorded first.
    pub(crate) fn first(&self, tenant_id: &str, id: &str) -> Option<&Contact> {
        let mut named: Vec<&Contact> = self
            .contacts_of(tenant_id)
            .filter_map(|(one, contact)| (one == id).then_some(contact))
            .collect();
        named.sort_by_key(|contact| (contact.recorded_at, contact.position));
        named.first().copied()
    }

    /// A tenant's contacts, with their ids.
    pub(crate) fn contacts_of(&self, tenant_id: &str) -> impl Iterator<Item = (&String, &Contact)> {
        let contacts = self.contacts.iter();
        let of_tenant = move |contact: &Contact| contact.tenant_id == tenant_id;
        contacts.filter_map(move |((_, id), contact)| of_tenant(contact).then_some((id, contact)))
    }

    /// The customer, and all that are one with it.
    pub(crate) fn merged_with(&self, tenant_id: &str, customer_id: &str) -> BTreeSet<String> {
        let mut known = BTreeSet::from([customer_id.to_owned()]);
        let mut known_before = 0;
        while known.len() > known_before {
            known_before = known.len();
            for ((tenant, first), (_, others)) in &self.merges {
                for other in others.iter().filter(|_| tenant == tenant_id) {
                    if known.contains(first) || known.contains(other) {
                        known.extend([first.clone(), other.clone()]);
                    }
                }
            }
        }
        known
    }
}
