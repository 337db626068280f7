//! The built-in scorer: how people felt in a contact, by what they said, and what in it deserves notice.
//!
//! A table of rules ([`rules`]), each with the phrases that it knows, in English and German. What is said is cut into
//! words as everywhere ([`crate::words`]), and each phrase that is found is a hit, which names its rule and its place: so
//! whoever asks why is told which words. There is no model, no guess at sarcasm, and no state but the talk itself: the
//! same turns give the same answer, for ever under one [`VERSION`].
//!
//! # How a turn is scored
//!
//! * Negative: frustration, curse words, leaving abruptly, a threat to leave or of lawyers, asking for a manager, abuse.
//!   The gravest counts, and half a point more for each further sense.
//! * Positive: praise; or that it is solved *and* thanks, in one turn, or in two with nothing negative between them.
//!   Thanks alone are manners, and that it works alone is a fact: each is neutral, a little above it.
//! * Where both are in one turn, what was said last counts, unless the negative one is grave (a threat, abuse): that stays.
//! * A word that says no shortly before turns praise into its opposite, and takes anything else away: `no, thanks` is no
//!   thanks, and `no need for a lawyer` no threat.
//! * Of an agent only curse words and abuse count: that somebody is frustrated is what they say to soothe.

mod matching;
pub mod rules;
mod scoring;
#[cfg(test)]
mod tests;

pub use matching::Hit;
pub use rules::{Rule, Sense};
pub use scoring::{Noticed, Scored, Turn, score};

/// The scorer's name, as sentiments and signals have it.
pub const SCORER: &str = "aftercall-rules";

/// Its version: raised with each change of the rules or of how they are weighed.
pub const VERSION: &str = "1";
