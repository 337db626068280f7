//! How a contact is named that is asked for.

use aftercall_domain::InteractionId;
use aftercall_domain::violation::Reason;
use aftercall_proto::history::v1::{
    InteractionName, get_interaction_request, interaction_name, list_amendments_request,
};
use aftercall_proto::model::v1::ExternalRef;
use aftercall_service::Checker;

/// A contact's name.
#[derive(Debug, Clone)]
pub(crate) enum Name {
    /// Its id.
    Id(String),
    /// Its name in the system that it comes from.
    Reference(ExternalRef),
}

impl Name {
    /// Checks a name that must be there; `field` is where it stands, up to the fields of the oneof.
    pub(crate) fn check(
        field: &str,
        name: Option<impl Into<Self>>,
        checker: &mut Checker,
    ) -> Option<Self> {
        let name = name.map(Into::into);
        match &name {
            None => {
                let text = "is required; give it, or an external_ref";
                checker.add(format!("{field}interaction_id"), Reason::Required, text);
            }
            Some(Self::Id(id)) => checker.required_id(&format!("{field}interaction_id"), id),
            Some(Self::Reference(ExternalRef {
                source_system,
                external_id,
            })) => {
                for (part, value) in [
                    ("source_system", source_system),
                    ("external_id", external_id),
                ] {
                    checker.required_id(&format!("{field}external_ref.{part}"), value);
                }
            }
        }
        name
    }

    /// What tells it from any other, for page tokens.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        match self {
            Self::Id(id) => [b"id ", InteractionId::read(id).as_str().as_bytes()].concat(),
            Self::Reference(of) => {
                let parts = [b"ref ", of.source_system.as_bytes(), b"\0"];
                [&parts.concat(), of.external_id.as_bytes()].concat()
            }
        }
    }
}

impl From<get_interaction_request::Which> for Name {
    fn from(which: get_interaction_request::Which) -> Self {
        match which {
            get_interaction_request::Which::InteractionId(id) => Self::Id(id),
            get_interaction_request::Which::ExternalRef(of) => Self::Reference(of),
        }
    }
}

impl From<list_amendments_request::Which> for Name {
    fn from(which: list_amendments_request::Which) -> Self {
        match which {
            list_amendments_request::Which::InteractionId(id) => Self::Id(id),
            list_amendments_request::Which::ExternalRef(of) => Self::Reference(of),
        }
    }
}

impl From<interaction_name::Which> for Name {
    fn from(which: interaction_name::Which) -> Self {
        match which {
            interaction_name::Which::InteractionId(id) => Self::Id(id),
            interaction_name::Which::ExternalRef(of) => Self::Reference(of),
        }
    }
}

impl From<Name> for InteractionName {
    fn from(name: Name) -> Self {
        let which = match name {
            Name::Id(id) => interaction_name::Which::InteractionId(id),
            Name::Reference(of) => interaction_name::Which::ExternalRef(of),
        };
        Self { which: Some(which) }
    }
}
