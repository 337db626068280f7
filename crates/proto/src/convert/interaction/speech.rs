//! When nobody spoke, and when two did at once.

use aftercall_domain::interaction::{Interruption, NonTalk};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::message::FromWire;
use crate::convert::{enums, message};
use crate::model::v1 as wire;

message::readable!(NonTalk, Interruption);

impl FromWire<wire::NonTalk> for NonTalk {
    fn from_wire(wire: wire::NonTalk, _path: FieldPath<'_>, _found: &mut Violations) -> Self {
        let wire::NonTalk { from_ms, to_ms } = wire;
        Self { from_ms, to_ms }
    }
}

impl From<NonTalk> for wire::NonTalk {
    fn from(value: NonTalk) -> Self {
        let NonTalk { from_ms, to_ms } = value;
        Self { from_ms, to_ms }
    }
}

impl FromWire<wire::Interruption> for Interruption {
    fn from_wire(wire: wire::Interruption, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Interruption { at_ms, by } = wire;
        let by = enums::required::<wire::SentimentParticipant>(by, path.field("by"), found);
        Self { at_ms, by }
    }
}

impl From<Interruption> for wire::Interruption {
    fn from(value: Interruption) -> Self {
        let Interruption { at_ms, by } = value;
        Self {
            at_ms,
            by: wire::SentimentParticipant::from(by).into(),
        }
    }
}
