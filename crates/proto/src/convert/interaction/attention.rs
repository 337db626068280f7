//! Escalations and signals.

use aftercall_domain::interaction::{
    Escalation, EscalationKind, EscalationRequester, Signal, SignalKind, SignalSource,
};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::message::{self, FromWire};
use crate::convert::{enums, instant, time};
use crate::model::v1 as wire;

impl FromWire<wire::Escalation> for Escalation {
    fn from_wire(wire: wire::Escalation, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Escalation {
            kind,
            reason,
            requested_by,
            at,
            accepted_at,
            outcome,
        } = wire;
        Self {
            kind: enums::required::<wire::EscalationKind>(kind, path.field("kind"), found),
            reason,
            requested_by: enums::optional::<wire::EscalationRequester>(
                requested_by,
                path.field("requested_by"),
                found,
            ),
            at: instant::optional(at, path.field("at"), found),
            accepted_at: instant::optional(accepted_at, path.field("accepted_at"), found),
            outcome,
        }
    }
}

impl From<Escalation> for wire::Escalation {
    fn from(value: Escalation) -> Self {
        let Escalation {
            kind,
            reason,
            requested_by,
            at,
            accepted_at,
            outcome,
        } = value;
        Self {
            kind: wire::EscalationKind::from(kind).into(),
            reason,
            requested_by: enums::number::<wire::EscalationRequester>(requested_by),
            at: at.map(time::to_wire),
            accepted_at: accepted_at.map(time::to_wire),
            outcome,
        }
    }
}

enums::closed!(EscalationKind {
    Supervisor,
    Specialist,
    Legal,
    Regulatory
});

enums::closed!(EscalationRequester { Customer, Agent });

message::readable!(Signal);

impl FromWire<wire::Signal> for Signal {
    fn from_wire(wire: wire::Signal, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Signal {
            kind,
            at,
            source,
            confidence,
            kind_code,
            scorer,
            scorer_version,
            rule,
        } = wire;
        Self {
            kind: enums::coded::<wire::SignalKind>(
                kind,
                &kind_code,
                SignalKind::Other,
                path.field("kind"),
                found,
            ),
            at: instant::optional(at, path.field("at"), found),
            source: enums::optional::<wire::SignalSource>(source, path.field("source"), found),
            confidence,
            kind_code,
            scorer,
            scorer_version,
            rule,
        }
    }
}

impl From<Signal> for wire::Signal {
    fn from(value: Signal) -> Self {
        let Signal {
            kind,
            at,
            source,
            confidence,
            kind_code,
            scorer,
            scorer_version,
            rule,
        } = value;
        Self {
            kind: wire::SignalKind::from(kind).into(),
            at: at.map(time::to_wire),
            source: enums::number::<wire::SignalSource>(source),
            confidence,
            kind_code,
            scorer,
            scorer_version,
            rule,
        }
    }
}

enums::closed!(SignalKind {
    LegalThreat,
    ManagerRequest,
    ChurnThreat,
    Abuse,
    VulnerableCustomer,
    RepeatStated,
    Praise,
    Other
});

enums::closed!(SignalSource { Agent, Rule, Model });
