//! The one way from a failure onto the wire: `tonic::Status` with `google.rpc` details.

use std::collections::HashMap;

use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use crate::failure::{Code, Failure, chain};

/// The domain of every reason, as `google.rpc.ErrorInfo` has it.
const DOMAIN: &str = "aftercall";

/// What a caller reads of a fault of the server.
const INTERNAL_MESSAGE: &str = "internal error; the server's log says more";

/// Details travel in a header, and peers refuse long ones: no more violations than this.
const VIOLATIONS_MAX: usize = 50;

/// The status that tells the caller of `failure`, and nothing of its internal causes; those are
/// logged here.
pub fn to_status<F: Failure>(failure: F) -> tonic::Status {
    let code = failure.reason().code();
    log(&failure, code);
    let message = match code {
        Code::Internal => INTERNAL_MESSAGE.to_owned(),
        _ => failure.to_string(),
    };
    tonic::Status::with_error_details(wire_code(code), message, details(&failure))
}

fn log(failure: &dyn Failure, code: Code) {
    let reason = failure.reason().name();
    match code {
        Code::Internal => tracing::error!(reason, error = %chain(failure), "request failed"),
        Code::Unavailable => tracing::warn!(reason, error = %chain(failure), "request failed"),
        _ => tracing::debug!(reason, "request refused"),
    }
}

fn details(failure: &dyn Failure) -> ErrorDetails {
    let metadata: HashMap<String, String> = failure
        .metadata()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    let mut details = ErrorDetails::with_error_info(failure.reason().name(), DOMAIN, metadata);

    let violations = failure.field_violations().into_iter().take(VIOLATIONS_MAX);
    let violations: Vec<_> = violations.map(field_violation).collect();
    if !violations.is_empty() {
        details.set_bad_request(violations);
    }

    let preconditions = failure.preconditions().into_iter().take(VIOLATIONS_MAX);
    let preconditions: Vec<_> = preconditions.map(precondition).collect();
    if !preconditions.is_empty() {
        details.set_precondition_failure(preconditions);
    }

    if let Some(after) = failure.retry_after() {
        details.set_retry_info(Some(after));
    }
    details
}

fn field_violation(violation: crate::FieldViolation) -> FieldViolation {
    let crate::FieldViolation {
        field,
        reason,
        description,
    } = violation;
    FieldViolation {
        field,
        description: description.into_owned(),
        reason: reason.name().to_owned(),
        localized_message: None,
    }
}

fn precondition(precondition: crate::Precondition) -> PreconditionViolation {
    let crate::Precondition {
        kind,
        subject,
        description,
    } = precondition;
    PreconditionViolation::new(kind, subject, description)
}

fn wire_code(code: Code) -> tonic::Code {
    match code {
        Code::InvalidArgument => tonic::Code::InvalidArgument,
        Code::FailedPrecondition => tonic::Code::FailedPrecondition,
        Code::Aborted => tonic::Code::Aborted,
        Code::AlreadyExists => tonic::Code::AlreadyExists,
        Code::NotFound => tonic::Code::NotFound,
        Code::PermissionDenied => tonic::Code::PermissionDenied,
        Code::Unauthenticated => tonic::Code::Unauthenticated,
        Code::ResourceExhausted => tonic::Code::ResourceExhausted,
        Code::Unavailable => tonic::Code::Unavailable,
        Code::DeadlineExceeded => tonic::Code::DeadlineExceeded,
        Code::Internal => tonic::Code::Internal,
    }
}
