//! By what a contact is known, beside its id.

use aftercall_domain::interaction::{commitment_id, id_of_reference, is_ours};
use aftercall_proto::model::v1::Interaction;
use aftercall_view::key::Key;

use crate::{Id, keys};

/// A name that a contact has beside its own id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// The id of its reference in another system.
    Reference(Id),
    /// The id of a promise, given by the caller.
    Promise(Id),
    /// The id of a promise that was derived from another contact: nobody may bring it.
    NotTheirs(Id),
}

/// Where in the record a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In its own id.
    Id,
    /// In its reference.
    Reference,
    /// In the promise at this place of its list.
    Promise(usize),
}

/// A name, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Where.
    pub place: Place,
    /// The name.
    pub name: Name,
}

impl Name {
    /// Where the ledger keeps who has the name; nowhere if nobody may.
    pub(crate) fn key(&self, tenant_id: &str) -> Option<Key> {
        match self {
            Self::Reference(id) => Some(keys::contact(tenant_id, id)),
            Self::Promise(id) => Some(keys::promise(tenant_id, id)),
            Self::NotTheirs(_) => None,
        }
    }
}

/// The names that a record brings, beside its contact's id. What follows from that id is none: it
/// can't be another contact's.
pub fn names(tenant_id: &str, interaction: &Interaction) -> Vec<Named> {
    let contact = Id::of(&interaction.interaction_id);
    let mut names = Vec::new();
    if let Some(external) = &interaction.external_ref {
        let reference = id_of_reference(tenant_id, &external.source_system, &external.external_id);
        let reference = Id::from(reference);
        if reference != contact {
            names.push(Named {
                place: Place::Reference,
                name: Name::Reference(reference),
            });
        }
    }
    for (index, draft) in interaction.commitments.iter().enumerate() {
        let id = Id::of(&draft.commitment_id);
        let name = match (contact.uuid(), id.uuid()) {
            _ if draft.commitment_id.is_empty() => continue,
            (Some(contact), Some(id)) if id == commitment_id(tenant_id, contact, index) => continue,
            (_, Some(uuid)) if is_ours(uuid) => Name::NotTheirs(id),
            _ => Name::Promise(id),
        };
        let place = Place::Promise(index);
        names.push(Named { place, name });
    }
    names
}
