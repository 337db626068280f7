//! Call policies.

use aftercall_domain::setting::CallPolicy;
use aftercall_domain::{FieldPath, Violations};

use super::policy::optional;
use crate::convert::due::duration_to_wire;
use crate::model::v1 as wire;

/// Reads a policy. A stand-in is there beside each violation.
pub(super) fn read(
    policy: wire::CallPolicy,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> CallPolicy {
    let wire::CallPolicy {
        display_name,
        hang_up_on_hold_after,
        back_within,
        late_window,
        max_duration,
        wrap_up_within,
    } = policy;
    CallPolicy {
        display_name,
        hang_up_on_hold_after: optional(
            hang_up_on_hold_after,
            at.field("hang_up_on_hold_after"),
            found,
        ),
        back_within: optional(back_within, at.field("back_within"), found),
        late_window: optional(late_window, at.field("late_window"), found),
        max_duration: optional(max_duration, at.field("max_duration"), found),
        wrap_up_within: optional(wrap_up_within, at.field("wrap_up_within"), found),
    }
}

impl From<CallPolicy> for wire::CallPolicy {
    fn from(policy: CallPolicy) -> Self {
        let CallPolicy {
            display_name,
            hang_up_on_hold_after,
            back_within,
            late_window,
            max_duration,
            wrap_up_within,
        } = policy;
        Self {
            display_name,
            hang_up_on_hold_after: hang_up_on_hold_after.map(duration_to_wire),
            back_within: back_within.map(duration_to_wire),
            late_window: late_window.map(duration_to_wire),
            max_duration: max_duration.map(duration_to_wire),
            wrap_up_within: wrap_up_within.map(duration_to_wire),
        }
    }
}
