//! How a contact ended.

use aftercall_domain::interaction::{
    Disconnect, DisconnectReason, DisconnectStage, DropAttribution, DropClass,
};
use aftercall_domain::{FieldPath, Violations, limits};

use crate::convert::message::FromWire;
use crate::convert::{enums, message};
use crate::model::v1 as wire;

message::readable!(Disconnect);

impl FromWire<wire::Disconnect> for Disconnect {
    fn from_wire(wire: wire::Disconnect, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Disconnect {
            reason,
            stage,
            drop_class,
            attribution,
            evidence,
        } = wire;
        Self {
            reason: enums::optional::<wire::DisconnectReason>(reason, path.field("reason"), found),
            stage: enums::optional::<wire::DisconnectStage>(stage, path.field("stage"), found),
            drop_class: enums::optional::<wire::DropClass>(
                drop_class,
                path.field("drop_class"),
                found,
            ),
            attribution: enums::optional::<wire::DropAttribution>(
                attribution,
                path.field("attribution"),
                found,
            ),
            evidence: message::bounded(
                evidence,
                limits::DROP_EVIDENCE_MAX,
                path.field("evidence"),
                found,
            ),
        }
    }
}

impl From<Disconnect> for wire::Disconnect {
    fn from(value: Disconnect) -> Self {
        let Disconnect {
            reason,
            stage,
            drop_class,
            attribution,
            evidence,
        } = value;
        Self {
            reason: enums::number::<wire::DisconnectReason>(reason),
            stage: enums::number::<wire::DisconnectStage>(stage),
            drop_class: enums::number::<wire::DropClass>(drop_class),
            attribution: enums::number::<wire::DropAttribution>(attribution),
            evidence,
        }
    }
}

enums::closed!(DisconnectReason {
    Customer,
    Agent,
    ThirdParty,
    TelecomProblem,
    System,
    Flow,
    SupervisorBarge,
    TransferOut,
    Unknown
});

enums::closed!(DisconnectStage {
    Ringing,
    Ivr,
    Queue,
    Talk,
    Hold,
    Acw
});

enums::closed!(DropClass {
    NotADrop,
    Suspected,
    Confirmed
});

enums::closed!(DropAttribution {
    Ours,
    Carrier,
    CustomerDevice,
    Unknown
});
