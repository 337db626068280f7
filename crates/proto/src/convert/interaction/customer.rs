//! Whose contact it was.

use aftercall_domain::interaction::{Customer, MatchStatus, Verification};
use aftercall_domain::{FieldPath, Handle, HandleKind, Violations, limits};

use crate::convert::message::FromWire;
use crate::convert::{enums, message};
use crate::model::v1 as wire;

impl FromWire<wire::Customer> for Customer {
    fn from_wire(wire: wire::Customer, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Customer {
            customer_id,
            match_status,
            candidate_customer_ids,
            handles,
            display_name,
            verification,
            time_zone,
            language,
            country_code,
        } = wire;
        Self {
            customer_id,
            match_status: enums::optional::<wire::MatchStatus>(
                match_status,
                path.field("match_status"),
                found,
            ),
            candidate_customer_ids: message::bounded(
                candidate_customer_ids,
                limits::LIST_MAX,
                path.field("candidate_customer_ids"),
                found,
            ),
            handles: message::list(handles, limits::HANDLES_MAX, path.field("handles"), found),
            display_name,
            verification: enums::optional::<wire::Verification>(
                verification,
                path.field("verification"),
                found,
            ),
            time_zone,
            language,
            country_code,
        }
    }
}

impl From<Customer> for wire::Customer {
    fn from(value: Customer) -> Self {
        let Customer {
            customer_id,
            match_status,
            candidate_customer_ids,
            handles,
            display_name,
            verification,
            time_zone,
            language,
            country_code,
        } = value;
        Self {
            customer_id,
            match_status: enums::number::<wire::MatchStatus>(match_status),
            candidate_customer_ids,
            handles: message::outward(handles),
            display_name,
            verification: enums::number::<wire::Verification>(verification),
            time_zone,
            language,
            country_code,
        }
    }
}

impl FromWire<wire::Handle> for Handle {
    fn from_wire(wire: wire::Handle, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Handle {
            kind,
            value,
            display_form,
        } = wire;
        Self {
            kind: enums::required::<wire::HandleKind>(kind, path.field("kind"), found),
            value,
            display_form,
        }
    }
}

impl From<Handle> for wire::Handle {
    fn from(value: Handle) -> Self {
        let Handle {
            kind,
            value,
            display_form,
        } = value;
        Self {
            kind: wire::HandleKind::from(kind).into(),
            value,
            display_form,
        }
    }
}

message::readable!(Handle);

enums::closed!(HandleKind {
    Telephone,
    Mail,
    Chat,
    Social,
    Other
});

enums::closed!(MatchStatus {
    Matched,
    Ambiguous,
    Unknown,
    Anonymous
});

enums::closed!(Verification {
    None,
    Partial,
    Full
});
