//! By what a call is taken to be lost, to have settled and to be over, as its tenant has set it.

use jiff::SignedDuration;

use super::DropRule;
use crate::limits::{
    CALL_DURATION_S_MAX, CALL_LATE_WINDOW_S, CALL_WRAP_UP_S_MAX, DROP_BACK_WITHIN_S,
    DROP_HOLD_S_MIN,
};

/// The times by which a call is judged and closed. A call has those that were set when it was first told of, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallTerms {
    /// From how long on hold on a customer who hangs up is taken to be cut off.
    pub hang_up_on_hold_after: SignedDuration,
    /// Within how long after a call a customer who is back goes on with it.
    pub back_within: SignedDuration,
    /// How long after its end was heard of its events settle: what comes later restates it.
    pub late_window: SignedDuration,
    /// How long it may last of whose end nobody tells: then it is closed.
    pub max_duration: SignedDuration,
    /// How long after its end its wrap-up is waited for: then it is completed without.
    pub wrap_up_within: SignedDuration,
}

impl Default for CallTerms {
    fn default() -> Self {
        Self {
            hang_up_on_hold_after: SignedDuration::from_secs(DROP_HOLD_S_MIN),
            back_within: SignedDuration::from_secs(DROP_BACK_WITHIN_S),
            late_window: SignedDuration::from_secs(CALL_LATE_WINDOW_S),
            max_duration: SignedDuration::from_secs(CALL_DURATION_S_MAX),
            wrap_up_within: SignedDuration::from_secs(CALL_WRAP_UP_S_MAX),
        }
    }
}

impl CallTerms {
    /// From when on a call is taken to be lost.
    pub const fn drop_rule(self) -> DropRule {
        DropRule {
            on_hold_for: self.hang_up_on_hold_after,
            back_within: self.back_within,
        }
    }
}
