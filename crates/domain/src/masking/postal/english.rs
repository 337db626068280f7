//! `500 Hillside St`, `12b North Park Road`, `PO Box 12`.

use std::ops::Range;

use super::{is_number, past_blank};
use crate::masking::tokens::{Kind, Piece};

/// How many words a street's name has beside the word that says that it is one.
const NAME_WORDS_MAX: usize = 4;

/// A street whose number is the token.
pub(super) fn street(piece: &Piece<'_>, at: usize) -> Option<Range<usize>> {
    if !is_number(piece, at, 1..=6)
        || matches!(piece.before(at), Some(Kind::Word | Kind::Sign('_')))
    {
        return None;
    }
    let before = at.checked_sub(2).map_or("", |before| piece.low(before));
    if counts(before) {
        return None;
    }
    let mut next = past_house(piece, at + 1)?;
    let mut capitals = true;
    for words in 0..=NAME_WORDS_MAX {
        let is_ordinal = piece.is(next, Kind::Digits)
            && matches!(piece.low(next + 1), "st" | "nd" | "rd" | "th");
        if is_ordinal {
            next = past_joint(piece, next + 2)?;
            continue;
        }
        let word = piece.low(next);
        capitals &= piece.is_capital(next);
        let is_street = is_street(word) || (capitals && may_be_street(word));
        if word == "broadway" || (words > 0 && is_street) {
            return Some(at..past_direction(piece, next + 1));
        }
        if !piece.is(next, Kind::Word) || is_no_name(word) {
            return None;
        }
        next = past_joint(piece, next + 1)?;
    }
    None
}

/// A post office box whose first word is the token.
pub(super) fn box_number(piece: &Piece<'_>, at: usize) -> Option<Range<usize>> {
    let mut next = match piece.low(at) {
        "postfach" => at + 1,
        "po" => at + 1,
        "p" if piece.is_sign(at + 1, ".") => {
            let o = past_blank(piece, at + 2);
            let is_o = piece.low(o) == "o";
            (is_o).then_some(o + 1 + usize::from(piece.is_sign(o + 1, ".")))?
        }
        _ => return None,
    };
    next = past_blank(piece, next);
    if piece.low(at) != "postfach" {
        if piece.low(next) != "box" {
            return None;
        }
        next = past_blank(piece, next + 1);
    }
    is_number(piece, next, 1..=6).then_some(at..next + 1)
}

/// Past what may follow the number itself: a letter, a second number, a blank.
fn past_house(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let mut next = at;
    if piece.is(next, Kind::Word) {
        let is_letter = piece.str(next).len() == 1;
        next = is_letter.then_some(next + 1)?;
    } else if piece.is_sign(next, "-/") && piece.is(next + 1, Kind::Digits) {
        next += 2;
    }
    next += usize::from(piece.is_sign(next, ","));
    piece.is(next, Kind::Blank).then_some(next + 1)
}

/// Past what joins two words of a name.
fn past_joint(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let dotted = piece.is_sign(at, ".") && piece.str(at - 1).len() <= 2;
    let next = at + usize::from(dotted);
    let joins = piece.is(next, Kind::Blank) || piece.is_sign(next, "-'");
    joins.then_some(next + 1)
}

/// Past the dot of an abbreviation, a direction, and the part of the house.
fn past_direction(piece: &Piece<'_>, at: usize) -> usize {
    let mut end = at;
    let dot = at + usize::from(piece.is_sign(at, ".") && piece.is(at + 1, Kind::Blank));
    let next = past_blank(piece, dot);
    if matches!(
        piece.str(next),
        "N" | "S" | "E" | "W" | "NE" | "NW" | "SE" | "SW" | "North" | "South" | "East" | "West"
    ) {
        end = next + 1;
    }
    let mut part = end + usize::from(piece.is_sign(end, ".,"));
    part = past_blank(piece, part);
    let named = matches!(
        piece.low(part),
        "apt" | "apartment" | "suite" | "ste" | "unit" | "flat" | "floor"
    );
    if !named && !piece.is_sign(part, "#") {
        return end;
    }
    let mut number = part + 1;
    number += usize::from(piece.is_sign(number, "."));
    number = past_blank(piece, number);
    number += usize::from(piece.is_sign(number, "#"));
    match piece.kind(number) {
        Some(Kind::Digits) => number + 1 + usize::from(piece.is(number + 1, Kind::Word)),
        Some(Kind::Word) if piece.str(number).len() == 1 => number + 1,
        _ => end,
    }
}

/// Words that say that it is a street, however they are written.
#[rustfmt::skip]
fn is_street(word: &str) -> bool {
    matches!(
        word,
        "street" | "st" | "avenue" | "ave" | "road" | "rd" | "boulevard" | "blvd" | "lane" | "ln" | "parkway" | "pkwy"
            | "highway" | "hwy" | "turnpike" | "crescent"
    )
}

/// Words that say so where they and the name are written with capitals.
#[rustfmt::skip]
fn may_be_street(word: &str) -> bool {
    matches!(
        word,
        "drive" | "dr" | "court" | "ct" | "place" | "pl" | "square" | "sq" | "terrace" | "ter" | "way" | "circle"
            | "cir" | "trail" | "close" | "gardens" | "grove" | "hill" | "center" | "plaza" | "mews" | "row" | "walk"
    )
}

/// Words that stand before a number of something else.
#[rustfmt::skip]
fn counts(word: &str) -> bool {
    matches!(
        word,
        "error" | "code" | "version" | "step" | "option" | "page" | "press" | "line" | "windows" | "channel" | "port"
    )
}

/// Words that stand in no street's name: a number before them counts them.
#[rustfmt::skip]
fn is_no_name(word: &str) -> bool {
    matches!(
        word,
        "a" | "an" | "and" | "are" | "as" | "at" | "away" | "be" | "block" | "blocks" | "but" | "by" | "can" | "car"
            | "cars" | "day" | "days" | "different" | "for" | "from" | "ft" | "gb" | "hard" | "has" | "have" | "hour"
            | "hours" | "i" | "if" | "in" | "into" | "is" | "it" | "kilometers" | "km" | "m" | "mb" | "meters"
            | "mile" | "miles" | "minute" | "minutes" | "month" | "months" | "more" | "my" | "no" | "not" | "of"
            | "off" | "on" | "or" | "out" | "over" | "pm" | "am" | "that" | "then" | "this" | "times" | "to"
            | "tb" | "ssd" | "usb" | "up" | "us" | "via" | "was" | "we" | "week" | "weeks" | "were" | "which"
            | "with" | "year" | "years" | "you" | "your" | "percent" | "dollars" | "euro" | "euros" | "lights"
            | "light" | "other" | "new"
    )
}
