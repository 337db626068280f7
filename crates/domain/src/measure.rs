//! Measures of contacts: what one contact comes to, and what many come to together.
//!
//! The definitions are an edition ([`EDITION`]), which answers name beside their numbers; `docs/insight.md` has them for
//! people. A time is in whole milliseconds, rounded down, and at most some 49 days. What is not recorded is not known,
//! which is not the same as nothing: means are of the contacts of which the time is known.

mod answering;
mod comparing;
mod contact;
mod feeling;
mod slips;
mod sums;

pub use answering::Answering;
pub use comparing::{Likelihood, Spared, TwoShares, corrected, log_likelihood, spared, two_shares};
pub use contact::{Contact, Facts, HOLD_REASONS, SinceOnset, flag, known, promised};
pub use feeling::{Band, Feeling, Felt, SIGNALS, Trend, UNFELT};
pub use slips::{Slip, SlipKind, thresholds};
pub use sums::{Counted, Sums, Terms, Why};

/// The edition of all definitions.
pub const EDITION: &str = "v2";

/// The formula of the service level, as answers name it.
pub const SERVICE_LEVEL: &str = "answered within T / (offered - abandoned in less than 5 s)";

/// Abandoned sooner than after so many milliseconds is abandoned by mistake.
pub const SHORT_ABANDON_MS: u32 = 5_000;

/// Within how many days a customer who is back has not been helped at the first contact, unless it is said.
pub const REPEAT_DAYS: u32 = 7;

/// The most days that may be said.
pub const REPEAT_DAYS_MAX: u32 = 30;

/// Within how many seconds a contact is to be answered, unless it is said.
pub const ANSWER_WITHIN_S: u32 = 20;

/// A gap between contacts that is not there.
pub const NO_GAP: u32 = u32::MAX;

/// Milliseconds of a day.
pub const DAY_MS: u32 = 86_400_000;

/// The family of a reason: what stands before the first dot of its code.
pub fn family(code: &str) -> &str {
    code.split_once('.').map_or(code, |(family, _)| family)
}
