//! Whose contact it was.

use aftercall_domain::interaction::{Customer, MatchStatus, Verification};
use aftercall_domain::{FieldPath, Violations, limits};

use crate::convert::message::FromWire;
use crate::convert::{enums, message};
use crate::model::v1 as wire;

impl FromWire<wire::Customer> for Customer {
    fn from_wire(wire: wire::Customer, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Customer {
            customer_id,
            match_status,
            candidate_customer_ids,
            ani_e164,
            ani_raw,
            dnis_e164,
            display_name,
            verification,
            time_zone,
            language,
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
            ani_e164,
            ani_raw,
            dnis_e164,
            display_name,
            verification: enums::optional::<wire::Verification>(
                verification,
                path.field("verification"),
                found,
            ),
            time_zone,
            language,
        }
    }
}

impl From<Customer> for wire::Customer {
    fn from(value: Customer) -> Self {
        let Customer {
            customer_id,
            match_status,
            candidate_customer_ids,
            ani_e164,
            ani_raw,
            dnis_e164,
            display_name,
            verification,
            time_zone,
            language,
        } = value;
        Self {
            customer_id,
            match_status: enums::number::<wire::MatchStatus>(match_status),
            candidate_customer_ids,
            ani_e164,
            ani_raw,
            dnis_e164,
            display_name,
            verification: enums::number::<wire::Verification>(verification),
            time_zone,
            language,
        }
    }
}

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
