//! By what calls are judged and closed.

use aftercall_domain::call::CallTerms;
use jiff::SignedDuration;

use crate::convert::due::{duration_from_wire, duration_to_wire};
use crate::model::v1 as wire;

/// The terms of the log; the usual ones where it says none.
pub fn terms(terms: Option<&wire::CallTerms>) -> CallTerms {
    let usual = CallTerms::default();
    let Some(terms) = terms else { return usual };
    let or = |set: &Option<pbjson_types::Duration>, usual: SignedDuration| {
        let set = set.as_ref().and_then(duration_from_wire);
        set.unwrap_or(usual)
    };
    CallTerms {
        hang_up_on_hold_after: or(&terms.hang_up_on_hold_after, usual.hang_up_on_hold_after),
        back_within: or(&terms.back_within, usual.back_within),
        late_window: or(&terms.late_window, usual.late_window),
        max_duration: or(&terms.max_duration, usual.max_duration),
        wrap_up_within: or(&terms.wrap_up_within, usual.wrap_up_within),
    }
}

/// The terms that a version of a policy sets, as events have them.
pub fn terms_to_wire(policy_id: &str, policy_version: u64, terms: CallTerms) -> wire::CallTerms {
    wire::CallTerms {
        policy_id: policy_id.to_owned(),
        policy_version,
        hang_up_on_hold_after: Some(duration_to_wire(terms.hang_up_on_hold_after)),
        back_within: Some(duration_to_wire(terms.back_within)),
        late_window: Some(duration_to_wire(terms.late_window)),
        max_duration: Some(duration_to_wire(terms.max_duration)),
        wrap_up_within: Some(duration_to_wire(terms.wrap_up_within)),
    }
}
