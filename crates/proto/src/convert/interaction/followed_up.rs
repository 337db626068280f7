//! Which promises a contact follows up.

use aftercall_domain::commitment::AttemptResult;
use aftercall_domain::interaction::FollowedUp;
use aftercall_domain::{FieldPath, Violations};

use crate::convert::enums;
use crate::convert::message::FromWire;
use crate::model::v1 as wire;

impl FromWire<wire::FollowUp> for FollowedUp {
    fn from_wire(wire: wire::FollowUp, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::FollowUp {
            commitment_id,
            result,
        } = wire;
        Self {
            commitment_id,
            result: enums::required::<wire::AttemptResult>(result, path.field("result"), found),
        }
    }
}

impl From<FollowedUp> for wire::FollowUp {
    fn from(value: FollowedUp) -> Self {
        let FollowedUp {
            commitment_id,
            result,
        } = value;
        Self {
            commitment_id,
            result: wire::AttemptResult::from(result).into(),
        }
    }
}

enums::known!(AttemptResult = NoAnswer);
