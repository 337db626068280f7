//! What counts as done.

use jiff::SignedDuration;

use super::check_span;
use crate::limits::{ATTEMPTS_MAX, DAYPARTS, WAIT_DAYS_MAX};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// What counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FulfilmentPolicy {
    /// The customer was talked to, or answered a person of ours by messages: see
    /// [`Reach`](crate::interaction::Reach).
    Reached {
        /// For how long they were talked to by voice, at least.
        min_talk: SignedDuration,
    },
    /// The customer was tried often enough. Whoever is reached before is enough, too.
    Attempted {
        /// How often.
        attempts: u32,
        /// How far from each other those are that count.
        min_gap: SignedDuration,
        /// In how many parts of the customer's day at least: before noon, before 18:00, and from then on.
        distinct_dayparts: u32,
    },
    /// A message was delivered.
    MessageDelivered,
    /// A document was sent.
    DocumentSent,
    /// The case was resolved.
    CaseResolved,
    /// Somebody says so, with a note.
    #[default]
    Manual,
}

impl FulfilmentPolicy {
    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        match *self {
            Self::Reached { min_talk } => {
                let at = at.field("reached");
                if !min_talk.is_zero() {
                    check_span(at.field("min_talk"), min_talk, 1, found);
                }
            }
            Self::Attempted {
                attempts,
                min_gap,
                distinct_dayparts,
            } => {
                let at = at.field("attempted");
                if !(1..=ATTEMPTS_MAX).contains(&attempts) {
                    let text = format!("is out of range; give 1 to {ATTEMPTS_MAX}");
                    found.add(at.field("attempts"), Reason::OutOfRange, text);
                }
                if !min_gap.is_zero() {
                    check_span(at.field("min_gap"), min_gap, WAIT_DAYS_MAX, found);
                }
                check_dayparts(
                    at.field("distinct_dayparts"),
                    distinct_dayparts,
                    attempts,
                    found,
                );
            }
            Self::MessageDelivered | Self::DocumentSent | Self::CaseResolved | Self::Manual => {}
        }
    }
}

fn check_dayparts(at: FieldPath<'_>, dayparts: u32, attempts: u32, found: &mut Violations) {
    if dayparts > DAYPARTS {
        let text = format!("is out of range; a day has {DAYPARTS} parts");
        found.add(at, Reason::OutOfRange, text);
    } else if dayparts > attempts {
        let text = "is more than attempts, of which each is in one part of the day; ask for as many at most";
        found.add(at, Reason::Conflicting, text);
    }
}
