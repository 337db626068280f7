//! Whose past is asked for.

use aftercall_domain::violation::Reason;
use aftercall_domain::{Country, HandleKind, handle};
use aftercall_proto::history::v1::{
    HandleQuery, get_customer_context_request, list_timeline_request,
};
use aftercall_proto::model::v1 as wire;
use aftercall_service::Checker;
use aftercall_view::Direction;

use crate::failure::Unanswered;
use crate::keys::MERGED;
use crate::known::Known;
use crate::limits::HANDLE_BYTES_MAX;

/// Whose past is asked for.
#[derive(Debug)]
pub(crate) enum Whose {
    /// A customer's.
    Customer(String),
    /// That of everybody who has one of these keys of handles.
    Handle(Vec<String>),
}

impl Whose {
    /// Checks what was asked for.
    pub(crate) fn check(asked: Option<impl Into<Asked>>, checker: &mut Checker) -> Self {
        match asked.map(Into::into) {
            Some(Asked::Customer(customer_id)) => {
                checker.required_id("customer_id", &customer_id);
                Self::Customer(customer_id)
            }
            Some(Asked::Handle(asked)) => Self::Handle(handle("handle", &asked, checker)),
            None => {
                let text = "is required; give it, or a handle";
                checker.add("customer_id", Reason::Required, text);
                Self::Handle(Vec::new())
            }
        }
    }

    /// The customers that are one with the one that is asked for; none for a handle.
    pub(crate) fn customers(
        &self,
        known: &Known,
        tenant_id: &str,
    ) -> Result<Vec<String>, Unanswered> {
        match self {
            Self::Customer(customer_id) => with_merged(known, tenant_id, customer_id),
            Self::Handle(_) => Ok(Vec::new()),
        }
    }

    /// What tells it from any other, for page tokens.
    pub(crate) fn fingerprint(&self) -> Vec<u8> {
        match self {
            Self::Customer(customer_id) => [b"customer ", customer_id.as_bytes()].concat(),
            Self::Handle(keys) => [b"handle ", keys.join("\0").as_bytes()].concat(),
        }
    }
}

/// The customer, and all with whom they are one.
pub(crate) fn with_merged(
    known: &Known,
    tenant_id: &str,
    customer_id: &str,
) -> Result<Vec<String>, Unanswered> {
    match known.is_past() {
        false => Ok(MERGED.customers(known.store(), tenant_id, customer_id)?),
        true => MERGED.customers_among(tenant_id, customer_id, |prefix| {
            known.scan_prefix(prefix, Direction::Ascending)
        }),
    }
}

/// What a request says of whose past it is about.
pub(crate) enum Asked {
    Customer(String),
    Handle(HandleQuery),
}

impl From<list_timeline_request::Whose> for Asked {
    fn from(whose: list_timeline_request::Whose) -> Self {
        match whose {
            list_timeline_request::Whose::CustomerId(id) => Self::Customer(id),
            list_timeline_request::Whose::Handle(handle) => Self::Handle(handle),
        }
    }
}

impl From<get_customer_context_request::Whose> for Asked {
    fn from(whose: get_customer_context_request::Whose) -> Self {
        match whose {
            get_customer_context_request::Whose::CustomerId(id) => Self::Customer(id),
            get_customer_context_request::Whose::Handle(handle) => Self::Handle(handle),
        }
    }
}

/// The keys of which a handle that is asked for has one. They are none if it names nobody.
pub(super) fn handle(field: &str, asked: &HandleQuery, checker: &mut Checker) -> Vec<String> {
    let HandleQuery {
        value,
        kind,
        country_code,
    } = asked;
    let of = |part: &str| format!("{field}.{part}");
    checker.required_text(&of("value"), value, HANDLE_BYTES_MAX);
    if value.len() > HANDLE_BYTES_MAX {
        return Vec::new();
    }
    let kind = checker
        .known(&of("kind"), *kind)
        .and_then(|kind| match kind {
            wire::HandleKind::Unspecified => None,
            wire::HandleKind::Telephone => Some(HandleKind::Telephone),
            wire::HandleKind::Mail => Some(HandleKind::Mail),
            wire::HandleKind::Chat => Some(HandleKind::Chat),
            wire::HandleKind::Social => Some(HandleKind::Social),
            wire::HandleKind::Other => Some(HandleKind::Other),
        });
    let country = match country_code.as_str() {
        "" => None,
        code => {
            let country = code.parse::<Country>();
            if let Err(wrong) = &country {
                checker.add(of("country_code"), Reason::Malformed, wrong.to_string());
            }
            country.ok()
        }
    };
    let mut keys = handle::look_up(kind, value, country);
    keys.sort_unstable();
    keys.dedup();
    keys
}
