//! What the ledger answers.

use aftercall_domain::customer::Merges;
use aftercall_view::{ApplyError, Direction, Store};
use prost::Message;

use crate::entry::{Amended, Holders, Merged};
use crate::{Feed, Id, Name, keys};

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

    /// The amendment that a request made with this content; if there is none, one that it made with
    /// another.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn amendment(
        &self,
        tenant_id: &str,
        request_id: &str,
        hash: &[u8],
    ) -> Result<Option<Amended>, ApplyError> {
        let requests = keys::requests(tenant_id, request_id);
        let mut other = None;
        for entry in self.0.scan_prefix(requests, Direction::Ascending) {
            let amended = Amended::decode(entry?.1).map_err(ApplyError::record)?;
            if amended.hash() == hash {
                return Ok(Some(amended));
            }
            other.get_or_insert(amended);
        }
        Ok(other)
    }
}
