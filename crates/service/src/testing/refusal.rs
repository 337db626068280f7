//! What a refusal says to programs.

use tonic::Status;
use tonic_types::StatusExt;

/// The stable reason of a refusal; empty if it gives none.
pub fn reason_of(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map(|info| info.reason).unwrap_or_default()
}

/// The fields that a refusal names, each with its reason, in their order.
pub fn violations_of(status: &Status) -> Vec<(String, String)> {
    let request = status.get_details_bad_request();
    let violations = request.map(|request| request.field_violations);
    let violations = violations.unwrap_or_default().into_iter();
    violations.map(|one| (one.field, one.reason)).collect()
}
