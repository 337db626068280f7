//! `Hauptstraße 12`, `Goethestr. 5a`, `Berliner Straße 100`, `Karl-Marx-Allee 3`, `Alter Weg 5`.

use std::ops::Range;

use super::{is_number, past_blank};
use crate::masking::tokens::{Kind, Piece};

/// How many words a street's name has beside the one that says that it is one.
const NAME_WORDS_MAX: usize = 3;

/// A street whose last word is the token.
pub(super) fn street(piece: &Piece<'_>, at: usize) -> Option<Range<usize>> {
    let word = piece.low(at);
    let is_short = word.ends_with("str") && piece.is_sign(at + 1, ".");
    let is_sure = is_short
        || ["straße", "strasse", "gasse", "allee", "chaussee"]
            .iter()
            .any(|ending| word.ends_with(ending));
    let may_be = piece.is_capital(at)
        && !is_something_else(word)
        && ["weg", "platz", "ring", "damm", "ufer", "steig"]
            .iter()
            .any(|ending| word.ends_with(ending));
    // The word alone is a street only with a name before it.
    let is_alone = matches!(
        word,
        "str"
            | "straße"
            | "strasse"
            | "gasse"
            | "allee"
            | "chaussee"
            | "weg"
            | "platz"
            | "ring"
            | "damm"
            | "ufer"
            | "steig"
    );
    if !is_sure && !may_be {
        return None;
    }
    let start = start(piece, at, is_alone);
    let number = past_blank(piece, at + 1 + usize::from(is_short));
    let spaced = piece.is(number - 1, Kind::Blank) || is_short;
    if !spaced || !is_number(piece, number, 1..=4) || (is_alone && start == at) {
        return None;
    }
    let after = number + 1;
    let end = match piece.kind(after) {
        Some(Kind::Word) if piece.str(after).len() == 1 => after + 1,
        Some(Kind::Word | Kind::Sign('_')) => return None,
        // A second number, as in `12-14`.
        Some(Kind::Sign('-' | '/')) if is_number(piece, after + 1, 1..=4) => after + 2,
        _ => after,
    };
    let unit = past_blank(piece, end);
    (!is_unit(piece.low(unit))).then_some(start..end)
}

/// Where the name begins: words that hyphens join, and before a word that stands alone those with
/// capitals.
fn start(piece: &Piece<'_>, at: usize, is_alone: bool) -> usize {
    let mut start = at;
    for _ in 0..NAME_WORDS_MAX {
        let Some(before) = start.checked_sub(2) else {
            break;
        };
        let hyphen = piece.is_sign(start - 1, "-") && piece.is(before, Kind::Word);
        let blank = is_alone
            && piece.is(start - 1, Kind::Blank)
            && piece.is_capital(before)
            && !is_something_else(piece.low(before));
        if !hyphen && !blank {
            break;
        }
        start = before;
    }
    start
}

/// Words that end like streets, and those before a street that are not of its name.
#[rustfmt::skip]
fn is_something_else(word: &str) -> bool {
    matches!(
        word,
        "umweg" | "ausweg" | "rückweg" | "hinweg" | "lösungsweg" | "vertriebsweg" | "versandweg" | "arbeitsplatz"
            | "sitzplatz" | "stellplatz" | "parkplatz" | "speicherplatz" | "steckplatz" | "ladeplatz" | "anstieg"
            | "string" | "spring" | "monitoring" | "engineering" | "die" | "der" | "das" | "in" | "im" | "ich"
            | "wohne" | "adresse" | "anschrift"
    )
}

#[rustfmt::skip]
fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "gb" | "mb" | "tb" | "kb" | "euro" | "eur" | "uhr" | "prozent" | "meter" | "km" | "minuten" | "stunden" | "tage"
            | "mal" | "personen"
    )
}
