//! Steps of a voice menu.

use aftercall_domain::interaction::{IvrOutcome, IvrStep};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::message::FromWire;
use crate::convert::{enums, instant, time};
use crate::model::v1 as wire;

impl FromWire<wire::IvrStep> for IvrStep {
    fn from_wire(wire: wire::IvrStep, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::IvrStep {
            node,
            entered_at,
            exited_at,
            outcome,
        } = wire;
        Self {
            node,
            entered_at: instant::optional(entered_at, path.field("entered_at"), found),
            exited_at: instant::optional(exited_at, path.field("exited_at"), found),
            outcome: enums::optional::<wire::IvrOutcome>(outcome, path.field("outcome"), found),
        }
    }
}

impl From<IvrStep> for wire::IvrStep {
    fn from(value: IvrStep) -> Self {
        let IvrStep {
            node,
            entered_at,
            exited_at,
            outcome,
        } = value;
        Self {
            node,
            entered_at: entered_at.map(time::to_wire),
            exited_at: exited_at.map(time::to_wire),
            outcome: enums::number::<wire::IvrOutcome>(outcome),
        }
    }
}

enums::closed!(IvrOutcome {
    NextStep,
    Queued,
    Agent,
    Ended
});
