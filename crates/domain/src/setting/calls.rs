//! The call policy: by what calls are taken to be lost, to have settled and to be over.

use jiff::SignedDuration;

use crate::call::CallTerms;
use crate::limits::{CALL_DURATION_S, CALL_LATE_S, CALL_WRAP_UP_S, DROP_BACK_S, DROP_HOLD_S};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// What a tenant sets of its calls. What is left out is as it is for tenants that set nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallPolicy {
    /// What people call it; may be empty.
    pub display_name: String,
    /// See [`CallTerms::hang_up_on_hold_after`].
    pub hang_up_on_hold_after: Option<SignedDuration>,
    /// See [`CallTerms::back_within`].
    pub back_within: Option<SignedDuration>,
    /// See [`CallTerms::late_window`].
    pub late_window: Option<SignedDuration>,
    /// See [`CallTerms::max_duration`].
    pub max_duration: Option<SignedDuration>,
    /// See [`CallTerms::wrap_up_within`].
    pub wrap_up_within: Option<SignedDuration>,
}

impl CallPolicy {
    /// What it comes to.
    pub fn terms(&self) -> CallTerms {
        let usual = CallTerms::default();
        CallTerms {
            hang_up_on_hold_after: self
                .hang_up_on_hold_after
                .unwrap_or(usual.hang_up_on_hold_after),
            back_within: self.back_within.unwrap_or(usual.back_within),
            late_window: self.late_window.unwrap_or(usual.late_window),
            max_duration: self.max_duration.unwrap_or(usual.max_duration),
            wrap_up_within: self.wrap_up_within.unwrap_or(usual.wrap_up_within),
        }
    }

    /// Says what counts where nothing was said, so that a version means the same for ever.
    pub(super) fn fill_in(&mut self) {
        let terms = self.terms();
        self.hang_up_on_hold_after = Some(terms.hang_up_on_hold_after);
        self.back_within = Some(terms.back_within);
        self.late_window = Some(terms.late_window);
        self.max_duration = Some(terms.max_duration);
        self.wrap_up_within = Some(terms.wrap_up_within);
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        for (name, span, (least, most)) in [
            (
                "hang_up_on_hold_after",
                self.hang_up_on_hold_after,
                DROP_HOLD_S,
            ),
            ("back_within", self.back_within, DROP_BACK_S),
            ("late_window", self.late_window, CALL_LATE_S),
            ("max_duration", self.max_duration, CALL_DURATION_S),
            ("wrap_up_within", self.wrap_up_within, CALL_WRAP_UP_S),
        ] {
            let Some(span) = span else { continue };
            if !(least..=most).contains(&span.as_secs()) || span.subsec_nanos() != 0 {
                let text = format!("is out of range; give whole seconds, from {least} to {most}");
                found.add(at.field(name), Reason::OutOfRange, text);
            }
        }
    }
}
