//! When nobody spoke, and when two did at once.

use super::SentimentParticipant;
use super::check::Checker;
use crate::FieldPath;
use crate::violation::Reason;

/// A time in which nobody spoke. In milliseconds since the contact began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NonTalk {
    /// From when.
    pub from_ms: u64,
    /// Until when. Not before `from_ms`.
    pub to_ms: u64,
}

/// Somebody spoke while the other one did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interruption {
    /// When, in milliseconds since the contact began.
    pub at_ms: u64,
    /// Who.
    pub by: SentimentParticipant,
}

impl NonTalk {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        if self.to_ms < self.from_ms {
            let text = "it ends before it begins; give a value not below from_ms";
            checker.add(at.field("to_ms"), Reason::Conflicting, text);
        }
    }
}
