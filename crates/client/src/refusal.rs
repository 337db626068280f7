//! What a server's refusal says, taken out of its status.

use std::fmt;
use std::time::Duration;

use aftercall_proto::status::from_wire;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The server said no, or the connection to it broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub code: Code,
    /// The stable reason, such as `INVALID_REQUEST`; empty where the server gave none, as when the
    /// connection broke.
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// What is wrong with which field, and which conditions don't hold.
    pub violations: Vec<Violation>,
    /// When the same request has a chance.
    pub retry_after: Option<Duration>,
}

/// What is wrong with a field, or with the state of what the request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path, such as `interaction.contact_reasons[0].code`, or what the condition is
    /// about.
    pub field: String,
    /// What is wrong, and the remedy.
    pub description: String,
    /// The stable reason, such as `REQUIRED`.
    pub reason: String,
}

impl Refusal {
    /// Whether the same request may succeed later. A status without a reason isn't the server's own
    /// but the transport's: the connection broke.
    pub fn is_retryable(&self) -> bool {
        let broken = matches!(self.code, Code::Unknown | Code::Cancelled | Code::Internal);
        self.retry_after.is_some()
            || matches!(self.code, Code::Unavailable | Code::DeadlineExceeded)
            || (self.reason.is_empty() && broken)
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone());
        let fields = details
            .bad_request()
            .into_iter()
            .flat_map(|bad| &bad.field_violations)
            .map(|one| Violation {
                field: one.field.clone(),
                description: one.description.clone(),
                reason: one.reason.clone(),
            });
        let conditions = details
            .precondition_failure()
            .into_iter()
            .flat_map(|failure| &failure.violations)
            .map(|one| Violation {
                field: one.subject.clone(),
                description: one.description.clone(),
                reason: one.r#type.clone(),
            });
        Self {
            code: status.code(),
            reason: reason.unwrap_or_default(),
            message: status.message().to_owned(),
            violations: fields.chain(conditions).collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }
}

/// What became of one of many requests in a stream.
impl From<&aftercall_proto::google::rpc::Status> for Refusal {
    fn from(status: &aftercall_proto::google::rpc::Status) -> Self {
        from_wire(status).into()
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.violations.is_empty() {
            self.headline(f)?;
        } else {
            f.write_str("the request is refused")?;
        }
        for Violation {
            field, description, ..
        } in &self.violations
        {
            write!(f, "\n  {field}: {description}")?;
        }
        if !self.reason.is_empty() {
            write!(f, "\n  reason: {}", self.reason)?;
        }
        if let Some(after) = self.retry_after {
            write!(f, "\n  try again in {after:?}")?;
        }
        Ok(())
    }
}

impl Refusal {
    fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.message.as_str()) {
            (code, "") => f.write_str(code.description()),
            (Code::Unavailable, message) if self.reason.is_empty() => {
                write!(f, "the connection to the server was lost: {message}")
            }
            (_, message) => f.write_str(message),
        }
    }
}
