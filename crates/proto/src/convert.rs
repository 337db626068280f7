//! Conversions between the wire's messages and the domain's types.
//!
//! Outward they always succeed. Inward, what a caller sends is read to its end, and each field that
//! is wrong is named; what comes from the log is refused when no writer of ours makes it.

pub mod alert;
pub mod call;
pub mod commitment;
pub mod concern;
pub mod due;
mod enums;
pub mod feeling;
mod instant;
pub mod interaction;
mod message;
pub mod parties;
pub mod routing;
pub mod setting;
pub mod solution;
pub mod time;
mod warning;

/// A message of ours that lacks what it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} is missing or out of range")]
pub struct Unreadable {
    /// The field's path.
    pub field: &'static str,
}

/// Why a row of a view can't be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableRow {
    /// It is no row.
    #[error(transparent)]
    Malformed(#[from] prost::DecodeError),
    /// It lacks what it must have.
    #[error(transparent)]
    Incomplete(#[from] Unreadable),
}

/// The text, or none where the wire says "empty".
fn text(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}
