//! The one way from a failure onto the wire: `tonic::Status` with `google.rpc` details.

use std::collections::HashMap;
use std::time::Duration;

use aftercall_domain::{Violation, Violations};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use crate::failure::{Code, Failure, chain};

/// The domain of every reason, as `google.rpc.ErrorInfo` has it.
const DOMAIN: &str = "aftercall";

/// What a caller reads of a fault of the server.
const INTERNAL_MESSAGE: &str = "internal error; the server's log says more";

/// When a retry has a chance, where nobody knows better.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A status travels in headers, and peers refuse long ones (8 KiB is common). A message has at most
/// so many bytes,
const MESSAGE_BYTES_MAX: usize = 512;
/// a field's description so many,
const DESCRIPTION_BYTES_MAX: usize = 256;
/// and all violations together so many.
const VIOLATIONS_BYTES_MAX: usize = 3_072;

/// The status that tells the caller of `failure`, and nothing of its internal causes; those are
/// logged here.
pub fn to_status<F: Failure>(failure: F) -> tonic::Status {
    let code = failure.reason().code();
    log(&failure, code);
    let message = match code {
        Code::Internal => INTERNAL_MESSAGE.to_owned(),
        _ => shortened(failure.to_string(), MESSAGE_BYTES_MAX),
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
    let metadata = failure
        .metadata()
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value));
    let mut metadata: HashMap<String, String> = metadata.collect();
    let (violations, omitted) = failure.violations().map(fitting).unwrap_or_default();
    if omitted > 0 {
        metadata.insert("violations_omitted".to_owned(), omitted.to_string());
    }

    let mut details = ErrorDetails::with_error_info(failure.reason().name(), DOMAIN, metadata);
    if !violations.is_empty() {
        details.set_bad_request(violations);
    }
    let preconditions: Vec<_> = failure
        .preconditions()
        .into_iter()
        .map(precondition)
        .collect();
    if !preconditions.is_empty() {
        details.set_precondition_failure(preconditions);
    }
    if failure.reason().code().retryable() {
        details.set_retry_info(Some(failure.retry_after().unwrap_or(RETRY_AFTER)));
    }
    details
}

/// The violations that fit into a status, and how many do not.
fn fitting(violations: &Violations) -> (Vec<FieldViolation>, usize) {
    let mut bytes = 0;
    let fitting = violations
        .as_slice()
        .iter()
        .map(field_violation)
        .take_while(|violation| {
            bytes += violation.field.len() + violation.description.len() + violation.reason.len();
            bytes <= VIOLATIONS_BYTES_MAX
        });
    let fitting: Vec<_> = fitting.collect();
    let omitted = violations.as_slice().len() - fitting.len() + violations.omitted();
    (fitting, omitted)
}

fn field_violation(violation: &Violation) -> FieldViolation {
    let Violation {
        field,
        reason,
        description,
    } = violation;
    FieldViolation {
        field: shortened(field.clone(), DESCRIPTION_BYTES_MAX),
        description: shortened(description.clone(), DESCRIPTION_BYTES_MAX),
        reason: reason.as_str().to_owned(),
        localized_message: None,
    }
}

/// At most `bytes_max` bytes of `text`, with a mark where it was cut.
fn shortened(mut text: String, bytes_max: usize) -> String {
    const CUT: &str = "…";
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - CUT.len()));
        text.push_str(CUT);
    }
    text
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
        Code::Unimplemented => tonic::Code::Unimplemented,
        Code::Internal => tonic::Code::Internal,
    }
}
