//! Dates of birth: dates beside a word that speaks of a birth.

use std::ops::Range;

use super::tokens::{Kind, Piece};
use super::{Finding, PersonalKind};

/// How many words may stand between the word and the date after it.
const WORDS_AFTER_MAX: usize = 6;
/// How many may stand between the date and the word after it: `am 3.4.1970 in Ulm geboren`.
const WORDS_BEFORE_MAX: usize = 3;
/// How many tokens are looked at in either direction.
const TOKENS_MAX: usize = 32;

/// Finds the dates of birth in a piece of a text.
pub(super) fn find(piece: &Piece<'_>, found: &mut Vec<Finding>) {
    let cues: Vec<usize> = (0..piece.tokens.len())
        .filter(|at| is_cue(piece, *at))
        .collect();
    for cue in cues {
        let date = match after(piece, cue) {
            Nearby::Date(date) => Some(date),
            // It was the date that is looked for.
            Nearby::Masked => None,
            Nearby::Nothing => before(piece, cue),
        };
        if let Some(date) = date {
            found.push(piece.finding(date, PersonalKind::DateOfBirth));
        }
    }
}

#[rustfmt::skip]
fn is_cue(piece: &Piece<'_>, at: usize) -> bool {
    let spelled = || {
        piece.low(at) == "d" && piece.is_sign(at + 1, ".") && piece.low(at + 2) == "o"
            && piece.is_sign(at + 3, ".") && piece.low(at + 4) == "b"
    };
    matches!(
        piece.low(at),
        "dob" | "birth" | "birthday" | "birthdate" | "born" | "geboren" | "geb" | "geburtsdatum" | "geburtstag"
            | "geburtsdaten"
    ) || spelled()
}

enum Nearby {
    Date(Range<usize>),
    Masked,
    Nothing,
}

/// The first date after a word.
fn after(piece: &Piece<'_>, cue: usize) -> Nearby {
    let mut words = 0;
    for at in cue + 1..cue + TOKENS_MAX {
        let Some(kind) = piece.kind(at) else {
            return match piece.then_masked {
                true => Nearby::Masked,
                false => Nearby::Nothing,
            };
        };
        if let Some(end) = date(piece, at) {
            return Nearby::Date(at..end);
        }
        // The mark of an abbreviation stands right after its letters.
        let ends_sentence = at > cue + 6 && piece.is(at + 1, Kind::Blank);
        match kind {
            Kind::Word if words == WORDS_AFTER_MAX => return Nearby::Nothing,
            Kind::Word => words += 1,
            Kind::Sign('.' | '!' | '?') if ends_sentence => return Nearby::Nothing,
            Kind::Sign(';') => return Nearby::Nothing,
            _ => {}
        }
    }
    Nearby::Nothing
}

/// The last date before a word, and in the same sentence.
fn before(piece: &Piece<'_>, cue: usize) -> Option<Range<usize>> {
    let mut words = 0;
    for at in (cue.saturating_sub(TOKENS_MAX)..cue).rev() {
        if let Some(end) = date(piece, at)
            && end <= cue
        {
            // A month's name may stand before the day.
            let whole = (at.saturating_sub(4)..at).find_map(|from| {
                date(piece, from)
                    .filter(|whole| *whole >= end && *whole <= cue)
                    .map(|whole| from..whole)
            });
            return Some(whole.unwrap_or(at..end));
        }
        match piece.kind(at) {
            Some(Kind::Word) if words == WORDS_BEFORE_MAX => return None,
            Some(Kind::Word) => words += 1,
            Some(Kind::Sign('.' | '!' | '?' | ';' | '\n')) => return None,
            _ => {}
        }
    }
    None
}

/// Where a date that begins with a token ends.
fn date(piece: &Piece<'_>, at: usize) -> Option<usize> {
    match piece.kind(at)? {
        Kind::Digits if matches!(piece.before(at), Some(Kind::Digits | Kind::Word)) => None,
        Kind::Digits => numeric(piece, at).or_else(|| day_first(piece, at)),
        Kind::Word => month_first(piece, at),
        _ => None,
    }
}

/// `9/23/1985`, `23.9.85`, `23. 9. 1985`, `1985-09-23`.
fn numeric(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let sign = ["./", "/", ".", "-"]
        .into_iter()
        .find(|sign| piece.is_sign(at + 1, sign))?;
    let second = past_blank(piece, at + 2);
    let third_sign = second + 1;
    let third = past_blank(piece, third_sign + 1);
    let parts = [at, second, third];
    let are_digits = parts.iter().all(|at| piece.is(*at, Kind::Digits));
    if !are_digits || !piece.is_sign(third_sign, sign) {
        return None;
    }
    let values = parts.map(|at| piece.str(at).parse::<u32>().unwrap_or(u32::MAX));
    let is_day = |value: u32| (1..=31).contains(&value);
    let is_date = match parts.map(|at| piece.str(at).len()) {
        [1..=2, 1..=2, 2 | 4] => is_day(values[0]) && is_day(values[1]),
        [4, 1..=2, 1..=2] => is_day(values[1]) && is_day(values[2]),
        _ => false,
    };
    is_date.then_some(third + 1)
}

/// `19 September 1981`, `19th of September`, `3. März 1970`.
fn day_first(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let mut next = past_day(piece, at)?;
    next = past_blank(piece, next);
    if piece.low(next) == "of" {
        next = past_blank(piece, next + 1);
    }
    is_month(piece.low(next)).then(|| past_year(piece, next + 1))
}

/// `September 19th, 1981`, `Oct. 18 1985`.
fn month_first(piece: &Piece<'_>, at: usize) -> Option<usize> {
    if !is_month(piece.low(at)) {
        return None;
    }
    let mut next = at + 1 + usize::from(piece.is_sign(at + 1, "."));
    next = past_blank(piece, next);
    if matches!(piece.low(next), "the") {
        next = past_blank(piece, next + 1);
    }
    match past_day(piece, next) {
        Some(end) => Some(past_year(piece, end)),
        // A month and a year alone.
        None => is_year(piece, next).then_some(next + 1),
    }
}

fn past_day(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let is_day = piece.is(at, Kind::Digits)
        && piece.str(at).len() <= 2
        && matches!(piece.str(at).parse(), Ok(1..=31_u32));
    let ending =
        matches!(piece.low(at + 1), "st" | "nd" | "rd" | "th") || piece.is_sign(at + 1, ".");
    is_day.then(|| at + 1 + usize::from(ending && !is_year(piece, at + 1)))
}

/// Past the year, if there is one.
fn past_year(piece: &Piece<'_>, at: usize) -> usize {
    let mut next = at;
    next += usize::from(piece.is_sign(next, ",."));
    next = past_blank(piece, next);
    next += usize::from(piece.is_sign(next, ","));
    next = past_blank(piece, next);
    match is_year(piece, next) {
        true => next + 1,
        false => at,
    }
}

fn is_year(piece: &Piece<'_>, at: usize) -> bool {
    let year = piece.str(at);
    piece.is(at, Kind::Digits) && year.len() == 4 && matches!(year.parse(), Ok(1850..=2100_u32))
}

fn past_blank(piece: &Piece<'_>, at: usize) -> usize {
    at + usize::from(piece.is(at, Kind::Blank))
}

#[rustfmt::skip]
fn is_month(word: &str) -> bool {
    matches!(
        word,
        "january" | "february" | "march" | "april" | "may" | "june" | "july" | "august" | "september" | "october"
            | "november" | "december" | "jan" | "feb" | "mar" | "apr" | "jun" | "jul" | "aug" | "sep" | "sept"
            | "oct" | "nov" | "dec" | "januar" | "jänner" | "februar" | "märz" | "mai" | "juni" | "juli"
            | "oktober" | "okt" | "dezember" | "dez"
    )
}
