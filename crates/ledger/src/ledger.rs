//! What the ledger answers.

use std::collections::BTreeSet;

use aftercall_domain::customer::Merges;
use aftercall_log::Position;
use aftercall_view::{ApplyError, Store};
use prost::Message;

use crate::entry::{Contact, Holders, Merged};
use crate::keys::CHANGES;
use crate::requests::{Known, RequestName};
use crate::{Feed, Id, Made, Name, Settings, keys, waits, webhooks};

/// Reads the ledger. It is ahead of every view.
#[derive(Debug, Clone)]
pub struct Ledger(Store);

impl Ledger {
    /// The ledger of `feed`.
    pub fn of(feed: &Feed) -> Self {
        Self::on(feed.ledger().store())
    }

    /// A ledger in `store`.
    pub fn on(store: Store) -> Self {
        Self(store)
    }

    /// The contacts that are named by an id.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn contacts(&self, tenant_id: &str, id: &Id) -> Result<Holders, ApplyError> {
        Holders::read(self.0.get(keys::contact(tenant_id, id))?)
    }

    /// The contact that has a name: of several, one whose own id it is, or else any.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn holder(&self, tenant_id: &str, name: &Name) -> Result<Option<Id>, ApplyError> {
        let Some(key) = name.key(tenant_id) else {
            return Ok(None);
        };
        let holders = Holders::read(self.0.get(key)?)?;
        let other = holders.others().first().map(|holder| holder.contact());
        Ok(match (name, holders.first()) {
            (Name::Reference(id), Some(_)) => Some(id.clone()),
            _ => other,
        })
    }

    /// A promise that was made after its contact; of those of this id, the one that is `whose`.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn made(&self, tenant_id: &str, id: &Id, whose: u64) -> Result<Option<Made>, ApplyError> {
        Made::read(self.0.get(keys::made(tenant_id, id, whose))?)
    }

    /// Where the promises of an id may have been recorded: with the contact of an id, or by themselves. One place,
    /// unless several customers have such a contact or promise.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn places(
        &self,
        tenant_id: &str,
        contact: &Id,
        promise: &Id,
    ) -> Result<Vec<Position>, ApplyError> {
        let contacts = self.contacts(tenant_id, contact)?;
        let mut places: Vec<_> = contacts.contacts().iter().map(Contact::position).collect();
        let named = Holders::read(self.0.get(keys::promise(tenant_id, promise))?)?;
        for holder in named.others() {
            let made = self.made(tenant_id, promise, holder.whose())?;
            places.extend(made.map(|made| made.position()));
        }
        Ok(places)
    }

    /// The promises that one waits for, by their ids: of those of this id, the one that is `whose`.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn waits_for(
        &self,
        tenant_id: &str,
        id: &str,
        whose: u64,
    ) -> Result<Vec<String>, ApplyError> {
        waits::of((tenant_id, whose), id, |key| self.0.get(key))
    }

    /// The merges of a customer, of those events that name it first.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn merges(&self, tenant_id: &str, customer_id: &str) -> Result<Merges, ApplyError> {
        let stored = self.0.get(keys::customer(tenant_id, customer_id))?;
        let stored = stored.map(Merged::decode).transpose();
        let merged = stored.map_err(ApplyError::record)?;
        Ok(merged.unwrap_or_default().into())
    }

    /// What a tenant has set up.
    pub fn settings<'a>(&'a self, tenant_id: &'a str) -> Settings<'a> {
        Settings::of(&self.0, tenant_id)
    }

    /// The webhooks of a tenant that are in use.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn webhooks_in_use(&self, tenant_id: &str) -> Result<BTreeSet<String>, ApplyError> {
        webhooks::in_use(&self.0, tenant_id)
    }

    /// What is known of a request that changed a contact's record, a customer or settings.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn request(&self, name: RequestName<'_>, hash: &[u8]) -> Result<Known, ApplyError> {
        CHANGES.find(&self.0, name, hash)
    }
}
