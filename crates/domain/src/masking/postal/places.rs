//! Postcodes with their places: `10115 Berlin`, `Woburn MA 01845`, `SW1A 1AA`.

use std::ops::Range;

use super::{is_number, past_blank};
use crate::masking::tokens::{Kind, Piece};

/// How many tokens after a street are looked at.
const TOKENS_MAX: usize = 16;
/// How many words of a place's name stand before its state.
const NAME_WORDS_MAX: usize = 3;

/// Where an address ends of which the street ended with the token before `at`; none if nothing of the
/// place follows.
pub(super) fn after(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let mut end = None;
    let mut next = at;
    let mut lines = 0;
    while next < at + TOKENS_MAX {
        if let Some(code) = postcode(piece, next) {
            return Some(code);
        }
        let Some(kind) = piece.kind(next) else {
            break;
        };
        match kind {
            Kind::Blank | Kind::Sign(',' | '.' | '-') => {}
            Kind::Sign('\n') if lines == 0 => lines += 1,
            Kind::Word if is_state(piece, next) => end = Some(next + 1),
            Kind::Word if piece.is_capital(next) || piece.low(next) == "in" => {}
            Kind::Digits if is_number(piece, next, 5..=5) => return Some(next + 1),
            _ => break,
        }
        next += 1;
    }
    end
}

/// A postcode with its place, of which the token is the first that tells.
pub(super) fn place(piece: &Piece<'_>, at: usize) -> Option<Range<usize>> {
    if let Some(end) = postcode(piece, at) {
        let start = match piece.is(at, Kind::Word) {
            true => name_start(piece, at),
            false => country_start(piece, at),
        };
        return Some(start..end);
    }
    let cued = is_number(piece, at, 4..=5) && !piece.is_glued(at) && is_cued(piece, at);
    cued.then_some(at..at + 1)
}

/// Where a postcode that begins with a token ends, with the place after it.
fn postcode(piece: &Piece<'_>, at: usize) -> Option<usize> {
    match piece.kind(at)? {
        Kind::Word => british(piece, at).or_else(|| american(piece, at)),
        Kind::Digits => german(piece, at),
        _ => None,
    }
}

/// `MA 01845`, `Alabama 23554-1234`.
fn american(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let code = past_blank(piece, at + 1);
    let is_code = code == at + 2 && is_number(piece, code, 5..=5) && !piece.is_glued(code);
    if !is_code || !is_state(piece, at) {
        return None;
    }
    let is_long = piece.is_sign(code + 1, "-") && is_number(piece, code + 2, 4..=4);
    Some(if is_long { code + 3 } else { code + 1 })
}

/// `SW1A 1AA`, `M1 1AE`.
fn british(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let capitals = |at: usize, len: std::ops::RangeInclusive<usize>| {
        let text = piece.str(at);
        len.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let mut next = at + 2;
    let area = capitals(at, 1..=2) && is_number(piece, at + 1, 1..=2);
    next += usize::from(capitals(next, 1..=1));
    let inward = piece.is(next, Kind::Blank)
        && is_number(piece, next + 1, 1..=1)
        && capitals(next + 2, 2..=2)
        && !piece.str(next + 2).contains(['C', 'I', 'K', 'M', 'O', 'V'])
        && !matches!(piece.str(next + 2), "GB" | "TB" | "PB");
    let alone = !matches!(piece.before(at), Some(Kind::Digits | Kind::Sign('-' | '_')))
        && !matches!(
            piece.kind(next + 3),
            Some(Kind::Digits | Kind::Sign('-' | '_'))
        );
    (area && inward && alone).then_some(next + 3)
}

/// `10115 Berlin`, `60311 Frankfurt am Main`.
fn german(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let name = at + 2;
    let before = at.checked_sub(2).map_or("", |before| piece.low(before));
    let is_code = is_number(piece, at, 5..=5)
        && (!piece.is_glued(at) || country_start(piece, at) < at)
        && piece.is(at + 1, Kind::Blank)
        && is_title_case(piece, name)
        && !is_counted(piece.low(name))
        && !counts(before);
    if !is_code {
        return None;
    }
    let mut end = name + 1;
    let joined = |end: usize| piece.is_sign(end, "-") && piece.is_capital(end + 1);
    while joined(end) {
        end += 2;
    }
    let river = past_blank(piece, end);
    if matches!(piece.low(river), "am" | "an" | "im" | "ob") {
        let last = past_blank(piece, river + 1);
        if piece.is_capital(last) {
            end = last + 1;
        }
    }
    Some(end)
}

/// Where `D-10115` begins.
fn country_start(piece: &Piece<'_>, at: usize) -> usize {
    let is_country = at >= 2
        && piece.is_sign(at - 1, "-")
        && matches!(piece.str(at - 2), "D" | "DE" | "A" | "AT" | "CH");
    if is_country { at - 2 } else { at }
}

/// Where the name of a place begins that stands before its state.
fn name_start(piece: &Piece<'_>, at: usize) -> usize {
    let mut start = at;
    for _ in 0..NAME_WORDS_MAX {
        let mut before = start;
        while before > 0
            && start - before < 2
            && (piece.is(before - 1, Kind::Blank) || piece.is_sign(before - 1, ","))
        {
            before -= 1;
        }
        match before.checked_sub(1) {
            Some(word) if before < start && is_title_case(piece, word) => start = word,
            _ => break,
        }
    }
    start
}

fn is_title_case(piece: &Piece<'_>, at: usize) -> bool {
    let mut rest = piece.str(at).chars().skip(1).peekable();
    let letters = piece.str(at).chars().count();
    piece.is_capital(at) && letters >= 3 && rest.all(char::is_lowercase)
}

/// Whether the words before a number call it a postcode.
fn is_cued(piece: &Piece<'_>, at: usize) -> bool {
    for before in (at.saturating_sub(10)..at).rev() {
        match piece.kind(before) {
            Some(Kind::Blank | Kind::Sign(':' | '#')) => {}
            Some(Kind::Word) => match piece.low(before) {
                "zip" | "zipcode" | "postcode" | "postal" | "plz" | "postleitzahl" => return true,
                "code" | "is" | "ist" | "my" | "the" | "meine" | "lautet" => {}
                _ => return false,
            },
            _ => return false,
        }
    }
    false
}

/// Words before a number that is no postcode.
#[rustfmt::skip]
fn counts(word: &str) -> bool {
    matches!(
        word,
        "error" | "code" | "fehler" | "fehlercode" | "build" | "version" | "port" | "order" | "ticket" | "case" | "nr"
            | "no" | "number" | "nummer" | "model" | "modell" | "auftrag" | "bestellung" | "rechnung" | "invoice"
            | "article" | "artikel" | "über" | "rund" | "etwa" | "about" | "over" | "id" | "reference" | "step"
            | "windows" | "pin"
    )
}

/// What people count: a number before it is no postcode.
#[rustfmt::skip]
fn is_counted(word: &str) -> bool {
    matches!(
        word,
        "euro" | "euros" | "dollar" | "dollars" | "franken" | "cent" | "cents" | "pounds" | "watt" | "volt" | "hertz"
            | "meter" | "metern" | "kilometer" | "kilometern" | "stück" | "punkte" | "punkten" | "points" | "byte"
            | "bytes" | "zeichen" | "mal" | "minuten" | "stunden" | "sekunden" | "tage" | "tagen" | "jahre" | "jahren"
            | "personen" | "kunden" | "anrufe" | "anrufen" | "fälle" | "fällen" | "einträge" | "nutzer" | "benutzer"
            | "lumen" | "umdrehungen" | "schritte" | "seiten" | "bilder" | "dateien" | "customers" | "users" | "miles"
            | "meilen" | "bonusmeilen" | "liter" | "kilo" | "prozent" | "uhr"
    )
}

/// A state of the USA, in two capitals or by the last word of its name.
#[rustfmt::skip]
fn is_state(piece: &Piece<'_>, at: usize) -> bool {
    let short = matches!(
        piece.str(at),
        "AL" | "AK" | "AZ" | "AR" | "CA" | "CO" | "CT" | "DE" | "DC" | "FL" | "GA" | "HI" | "ID" | "IL" | "IN" | "IA"
            | "KS" | "KY" | "LA" | "ME" | "MD" | "MA" | "MI" | "MN" | "MS" | "MO" | "MT" | "NE" | "NV" | "NH" | "NJ"
            | "NM" | "NY" | "NC" | "ND" | "OH" | "OK" | "OR" | "PA" | "RI" | "SC" | "SD" | "TN" | "TX" | "UT" | "VT"
            | "VA" | "WA" | "WV" | "WI" | "WY"
    );
    let long = piece.is_capital(at) && matches!(
        piece.low(at),
        "alabama" | "alaska" | "arizona" | "arkansas" | "california" | "colorado" | "connecticut" | "delaware"
            | "florida" | "georgia" | "hawaii" | "idaho" | "illinois" | "indiana" | "iowa" | "kansas" | "kentucky"
            | "louisiana" | "maine" | "maryland" | "massachusetts" | "michigan" | "minnesota" | "mississippi"
            | "missouri" | "montana" | "nebraska" | "nevada" | "hampshire" | "jersey" | "mexico" | "york"
            | "carolina" | "dakota" | "ohio" | "oklahoma" | "oregon" | "pennsylvania" | "tennessee" | "texas"
            | "utah" | "vermont" | "virginia" | "washington" | "wisconsin" | "wyoming"
    );
    short || long
}
