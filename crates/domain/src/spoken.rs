//! The built-in finder of promises: what an agent said that we will do for the customer, of what kind, and by when.
//!
//! Tables of rules ([`rules`]), in English and German, and a grammar of a few sentences. There is no model, and no state:
//! the same turns give the same findings, for ever under one [`VERSION`], and each names its rules and its place.
//!
//! # How a promise is found
//!
//! * Turns of the agent are cut into sentences, and those into clauses: at `and` and `but`, and at a comma after which
//!   somebody promises again. What stands after `and` without a subject has the one before it: `I will send you the
//!   details and call you back` is two promises.
//! * In a clause somebody has to promise (`I`, `we`, a colleague, a team), in the future (`will`, `going to`; in German the
//!   present, too), something that a rule knows. Which rule it is says the kind.
//! * The time is what the clause says of it ([`When`]); it becomes a due by the clocks of the customer and by a calendar
//!   ([`When::due`]).
//! * What is denied (`I won't`, `I can't promise`), what depends on something (`if it fails`), what is asked, what is over,
//!   and what was said before (`I told you that`) is no promise. Nor is what is done while the customer waits (`I'll check`,
//!   `right now`).
//!
//! `docs/promises-in-text.md` has the rules in words, and how well they do.

mod clause;
mod due;
mod find;
mod grammar;
mod numbers;
mod pattern;
pub mod rules;
#[cfg(test)]
mod tests;
mod token;
mod when;

use std::ops::Range;

pub use due::Place;
pub use find::find;
pub use rules::Rule;
pub use when::{Clock, Day, When};

use crate::commitment::CommitmentKind;

/// The finder's name, as findings have it.
pub const FINDER: &str = "aftercall-promises";

/// Its version: raised with each change of the rules.
pub const VERSION: &str = "1";

/// A promise that somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Where it was said.
    pub finding: Finding,
    /// What sort of promise it is.
    pub kind: CommitmentKind,
    /// When it was said that it will be done; none where nothing was said of it, or nothing that is a time (`soon`).
    pub when: Option<When>,
}

/// Where a promise stands in what was said, and by what it was found there. Holds no words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The turn, from 0.
    pub turn: usize,
    /// Its words, in bytes of the turn's text; both ends lie between characters.
    pub span: Range<usize>,
    /// The rule that found it.
    pub rule: &'static str,
    /// The rule that found the time; none where no time was found.
    pub time_rule: Option<&'static str>,
    /// How sure, in percent: set by hand with the rules.
    pub confidence: u8,
    /// Whether the promise's due is what was said. Else it is what is usual.
    pub is_due_said: bool,
}

/// Whether two kinds may be one promise, told by two persons: a mail with information is a document to one of them.
pub fn is_alike(one: CommitmentKind, other: CommitmentKind) -> bool {
    family(one) == family(other)
}

/// The one of the kinds that people take for one another which stands for all of them.
const fn family(kind: CommitmentKind) -> CommitmentKind {
    match kind {
        CommitmentKind::StatusUpdate | CommitmentKind::SupervisorCall => CommitmentKind::CallBack,
        CommitmentKind::SendInfo => CommitmentKind::SendDocument,
        kind => kind,
    }
}
