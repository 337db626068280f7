//! Postal addresses, as they are written in English and in German: a street with a number, a
//! postcode with a place.

mod english;
mod german;
mod places;

use std::ops::Range;

use super::tokens::{Kind, Piece};
use super::{Finding, PersonalKind};

/// Finds the addresses in a piece of a text.
pub(super) fn find(piece: &Piece<'_>, found: &mut Vec<Finding>) {
    let mut at = 0;
    while at < piece.tokens.len() {
        match address(piece, at) {
            Some(range) => {
                // What begins before the token may reach back into what was found already: it is joined.
                at = range.end;
                found.push(piece.finding(range, PersonalKind::PostalAddress));
            }
            None => at += 1,
        }
    }
}

/// An address of which a token is a part that tells.
fn address(piece: &Piece<'_>, at: usize) -> Option<Range<usize>> {
    let street = match piece.kind(at)? {
        Kind::Digits => english::street(piece, at),
        Kind::Word => german::street(piece, at).or_else(|| english::box_number(piece, at)),
        _ => None,
    };
    if let Some(street) = street {
        let end = places::after(piece, street.end).unwrap_or(street.end);
        return Some(street.start..end);
    }
    places::place(piece, at)
}

fn past_blank(piece: &Piece<'_>, at: usize) -> usize {
    at + usize::from(piece.is(at, Kind::Blank))
}

/// Whether a token is digits of such a length that belong to nothing else.
fn is_number(piece: &Piece<'_>, at: usize, len: std::ops::RangeInclusive<usize>) -> bool {
    let decimal = |at: usize| piece.is_sign(at, ".,") && piece.is(at + 1, Kind::Digits);
    let money = at > 0 && piece.is_sign(at - 1, "$€£.:#+");
    piece.is(at, Kind::Digits)
        && len.contains(&piece.str(at).len())
        && !money
        && !decimal(at + 1)
        && !piece.is_sign(at + 1, "%€:°")
}
