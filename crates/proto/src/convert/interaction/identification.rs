//! Whose contact it is.

use aftercall_domain::interaction::{Identification, Verification};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::enums;
use crate::event::v1::InteractionIdentified;
use crate::model::v1 as wire;

/// Reads how far an identity was checked, at the field `verification`.
pub fn read_verification(number: i32, found: &mut Violations) -> Option<Verification> {
    let at = FieldPath::of("verification");
    enums::optional::<wire::Verification>(number, at, found)
}

impl From<Identification> for InteractionIdentified {
    fn from(value: Identification) -> Self {
        let Identification {
            customer_id,
            verification,
            display_name,
            reason,
        } = value;
        Self {
            customer_id: customer_id.unwrap_or_default(),
            verification: enums::number::<wire::Verification>(verification),
            display_name,
            reason,
            commitment_ids: Vec::new(),
        }
    }
}
