//! What a contact was, why it came, and how it was filed.

use aftercall_domain::interaction::{
    Channel, ContactReason, Direction, Disposition, DispositionSetter, ExternalRef,
    InitiationMethod, ReasonResolution,
};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::enums;
use crate::convert::message::FromWire;
use crate::model::v1 as wire;

enums::closed!(Channel {
    Voice,
    Chat,
    Email,
    Sms,
    Social,
    ExternalReview,
    Task,
    Voicemail,
    Bot
});

enums::closed!(Direction {
    Inbound,
    Outbound,
    Internal
});

enums::closed!(InitiationMethod {
    Inbound,
    Outbound,
    Transfer,
    Callback,
    Api,
    QueueTransfer,
    Campaign,
    DropRecovery
});

impl FromWire<wire::ExternalRef> for ExternalRef {
    fn from_wire(wire: wire::ExternalRef, _path: FieldPath<'_>, _found: &mut Violations) -> Self {
        let wire::ExternalRef {
            source_system,
            external_id,
        } = wire;
        Self {
            source_system,
            external_id,
        }
    }
}

impl From<ExternalRef> for wire::ExternalRef {
    fn from(value: ExternalRef) -> Self {
        let ExternalRef {
            source_system,
            external_id,
        } = value;
        Self {
            source_system,
            external_id,
        }
    }
}

impl FromWire<wire::ContactReason> for ContactReason {
    fn from_wire(wire: wire::ContactReason, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::ContactReason {
            code,
            taxonomy_version,
            primary,
            stated_verbatim,
            resolution,
        } = wire;
        Self {
            code,
            taxonomy_version,
            primary,
            stated_verbatim,
            resolution: enums::optional::<wire::ReasonResolution>(
                resolution,
                path.field("resolution"),
                found,
            ),
        }
    }
}

impl From<ContactReason> for wire::ContactReason {
    fn from(value: ContactReason) -> Self {
        let ContactReason {
            code,
            taxonomy_version,
            primary,
            stated_verbatim,
            resolution,
        } = value;
        Self {
            code,
            taxonomy_version,
            primary,
            stated_verbatim,
            resolution: enums::number::<wire::ReasonResolution>(resolution),
        }
    }
}

enums::closed!(ReasonResolution {
    Resolved,
    Partly,
    NotResolved,
    NotApplicable
});

impl FromWire<wire::Disposition> for Disposition {
    fn from_wire(wire: wire::Disposition, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Disposition {
            code,
            taxonomy_version,
            set_by,
        } = wire;
        Self {
            code,
            taxonomy_version,
            set_by: enums::optional::<wire::DispositionSetter>(set_by, path.field("set_by"), found),
        }
    }
}

impl From<Disposition> for wire::Disposition {
    fn from(value: Disposition) -> Self {
        let Disposition {
            code,
            taxonomy_version,
            set_by,
        } = value;
        Self {
            code,
            taxonomy_version,
            set_by: enums::number::<wire::DispositionSetter>(set_by),
        }
    }
}

enums::closed!(DispositionSetter {
    Agent,
    SystemTimeout,
    AiAccepted
});
