//! Personal words in a text, and the text without them.
//!
//! What is looked for: telephone and card numbers, IBANs, mail and postal addresses, dates of birth,
//! numbers that the text itself calls an account or a customer's, and the names, handles and ids of the
//! customer, which the caller gives ([`Known`]). Whatever only looks like it stays: prices, versions,
//! times, error codes, names of models.
//!
//! Each finder reads the text from left to right, and none looks further than some words ahead or back: time and
//! memory grow with the text's length only. What was found is a wall that no finder looks through when they read the
//! text again, and so is a placeholder that stands in the text already: a masked text holds nothing to mask.

mod dates;
mod iban;
mod known;
mod mail;
mod numbers;
mod postal;
#[cfg(test)]
mod tests;
mod tokens;

use std::ops::Range;

pub use known::Known;
use tokens::Piece;

/// How often a text is read at most. A word that was part of another one, such as a number between two
/// letters, may be one by itself once its neighbours are masked.
const ROUNDS_MAX: usize = 8;

/// What a personal word is. The surest finding is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonalKind {
    /// A bank account's international number.
    Iban,
    /// A payment card's number.
    CardNumber,
    /// A mail address.
    MailAddress,
    /// A telephone number.
    TelephoneNumber,
    /// A name of the customer's in a chat or network.
    Handle,
    /// An id of the customer's or of the contact's, or a number that the text calls an account's.
    Id,
    /// When somebody was born.
    DateOfBirth,
    /// Where somebody lives.
    PostalAddress,
    /// The customer's name, or a part of it.
    Name,
}

impl PersonalKind {
    /// All kinds, the surest first.
    pub const ALL: [Self; 9] = [
        Self::Iban,
        Self::CardNumber,
        Self::MailAddress,
        Self::TelephoneNumber,
        Self::Handle,
        Self::Id,
        Self::DateOfBirth,
        Self::PostalAddress,
        Self::Name,
    ];

    /// What stands in the place of such a word.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Iban => "[bank account]",
            Self::CardNumber => "[card number]",
            Self::MailAddress => "[mail address]",
            Self::TelephoneNumber => "[phone number]",
            Self::Handle => "[handle]",
            Self::Id => "[id]",
            Self::DateOfBirth => "[date of birth]",
            Self::PostalAddress => "[postal address]",
            Self::Name => "[name]",
        }
    }

    /// The kind in words.
    pub fn words(self) -> &'static str {
        self.placeholder()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }
}

/// A personal word in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its place in the text, in bytes; it begins and ends between characters.
    pub span: Range<usize>,
    /// What it is.
    pub kind: PersonalKind,
}

/// The personal words of a text, in its order. None overlaps another: those that did are one, of the
/// surer kind.
pub fn find(text: &str, known: &Known) -> Vec<Finding> {
    let mut found = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let new = between(text, &found, known);
        if new.is_empty() {
            break;
        }
        found.extend(new);
        found.sort_by_key(|one| one.span.start);
    }
    found
}

/// What there is between what was found.
fn between(text: &str, walls: &[Finding], known: &Known) -> Vec<Finding> {
    let mut found = Vec::new();
    for piece in Piece::between(text, walls) {
        mail::find(&piece, &mut found);
        iban::find(&piece, &mut found);
        numbers::find(&piece, known, &mut found);
        dates::find(&piece, &mut found);
        postal::find(&piece, &mut found);
        known.find(&piece, &mut found);
    }
    joined(found)
}

/// The text with a readable placeholder in the place of each finding, and where the placeholders stand
/// in it.
pub fn mask(text: &str, findings: &[Finding]) -> (String, Vec<Finding>) {
    let (mut masked, mut placed) = (String::with_capacity(text.len()), Vec::new());
    let mut through = 0;
    for Finding { span, kind } in findings {
        masked.push_str(&text[through..span.start]);
        let start = masked.len();
        masked.push_str(kind.placeholder());
        placed.push(Finding {
            span: start..masked.len(),
            kind: *kind,
        });
        through = span.end;
    }
    masked.push_str(&text[through..]);
    (masked, placed)
}

/// Joins findings that overlap.
fn joined(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|one| one.span.start);
    let mut joined: Vec<Finding> = Vec::with_capacity(found.len());
    for one in found {
        match joined.last_mut() {
            Some(last) if one.span.start < last.span.end => {
                last.span.end = last.span.end.max(one.span.end);
                last.kind = last.kind.min(one.kind);
            }
            _ => joined.push(one),
        }
    }
    joined
}
