//! The groups of digits of which numbers are made, and what stands between them.

use std::ops::Range;

use crate::masking::tokens::{Kind, Piece};

/// A run of digits, or of digits in words.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) digits: String,
    /// Where it stands in the text.
    pub(super) span: Range<usize>,
    /// Where it begins, with the plus sign and the bracket before it.
    pub(super) signed_start: usize,
    /// Its first token, with those signs.
    pub(super) first: usize,
    /// Its last token.
    pub(super) last: usize,
    pub(super) plus: bool,
    /// Whether it stands in brackets, as area codes do.
    pub(super) paren: bool,
    pub(super) spoken: bool,
    /// What stands between it and the group before.
    pub(super) gap: Gap,
}

/// What stands between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// They belong to different numbers.
    None,
    Blank,
    Hyphen,
    Dot,
    Slash,
    /// Brackets, or several signs.
    Mixed,
}

/// The most characters of digits in a group: whatever is longer is no number of a person.
const DIGITS_MAX: usize = 24;
/// So many words in a row are read as digits; fewer are words.
const SPOKEN_MIN: usize = 5;

/// All groups of a piece, in its order.
pub(super) fn read(piece: &Piece<'_>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut at = 0;
    // After the last group that may go on.
    let mut open: Option<usize> = None;
    while at < piece.tokens.len() {
        let group = match piece.kind(at) {
            Some(Kind::Digits) if !piece.is_glued(at) && piece.str(at).len() <= DIGITS_MAX => {
                Some(written(piece, at))
            }
            Some(Kind::Digits) => {
                open = None;
                None
            }
            Some(Kind::Word) => spoken(piece, at),
            _ => None,
        };
        let Some(mut group) = group else {
            at += 1;
            continue;
        };
        if let Some(end) = open
            && !group.plus
        {
            group.gap = gap(piece, end..at);
        }
        at = group.last + 1;
        open = Some(at);
        groups.push(group);
    }
    groups
}

fn written(piece: &Piece<'_>, at: usize) -> Group {
    let mut first = at;
    let before = |first: usize, signs| first > 0 && piece.is_sign(first - 1, signs);
    let closed = piece.is_sign(at + 1, ")");
    let paren = closed && before(first, "(");
    let plus = before(first, "+\u{ff0b}") || (paren && first > 1 && before(first - 1, "+"));
    if paren {
        first -= 1;
    }
    if before(first, "+\u{ff0b}") {
        first -= 1;
        if closed && before(first, "(") {
            first -= 1;
        }
    }
    let span = piece.tokens[at].span.clone();
    Group {
        digits: piece.str(at).to_owned(),
        signed_start: piece.tokens[first].span.start,
        span,
        first,
        last: at,
        plus,
        paren,
        spoken: false,
        gap: Gap::None,
    }
}

/// Digits in words, one after the other.
fn spoken(piece: &Piece<'_>, at: usize) -> Option<Group> {
    let mut digits = String::from(digit(piece.low(at))?);
    let mut last = at;
    while digits.len() < DIGITS_MAX {
        let mut next = last + 1;
        while next < last + 3 && (piece.is(next, Kind::Blank) || piece.is_sign(next, ",-")) {
            next += 1;
        }
        let Some(digit) = digit(piece.low(next)).filter(|_| next > last + 1) else {
            break;
        };
        digits.push(digit);
        last = next;
    }
    let span = piece.span(at..last + 1);
    (digits.len() >= SPOKEN_MIN).then_some(Group {
        digits,
        signed_start: span.start,
        span,
        first: at,
        last,
        plus: false,
        paren: false,
        spoken: true,
        gap: Gap::None,
    })
}

#[rustfmt::skip]
fn digit(word: &str) -> Option<char> {
    Some(match word {
        "zero" | "oh" | "null" => '0',
        "one" | "eins" => '1',
        "two" | "zwei" | "zwo" => '2',
        "three" | "drei" => '3',
        "four" | "vier" => '4',
        "five" | "fünf" => '5',
        "six" | "sechs" => '6',
        "seven" | "sieben" => '7',
        "eight" | "acht" => '8',
        "nine" | "neun" => '9',
        _ => return None,
    })
}

/// What the tokens between two groups make of them.
fn gap(piece: &Piece<'_>, between: Range<usize>) -> Gap {
    // " (0) " is the longest that people write.
    if between.len() > 4 {
        return Gap::None;
    }
    let mut gap = None;
    for at in between {
        let one = match piece.kind(at) {
            Some(Kind::Blank) => Gap::Blank,
            Some(Kind::Sign('-')) => Gap::Hyphen,
            Some(Kind::Sign('.')) if piece.is(at + 1, Kind::Blank) => return Gap::None,
            Some(Kind::Sign('.')) => Gap::Dot,
            Some(Kind::Sign('/')) => Gap::Slash,
            Some(Kind::Sign('(' | ')')) => Gap::Mixed,
            _ => return Gap::None,
        };
        gap = Some(match gap {
            None => one,
            Some(_) => Gap::Mixed,
        });
    }
    gap.unwrap_or(Gap::None)
}
