//! Mail addresses.

use super::tokens::{Kind, Piece};
use super::{Finding, PersonalKind};

/// The most tokens that are looked at on either side of an `@`: longer addresses are none.
const TOKENS_MAX: usize = 64;

pub(super) fn find(piece: &Piece<'_>, found: &mut Vec<Finding>) {
    for at in 0..piece.tokens.len() {
        if piece.is(at, Kind::Sign('@'))
            && let (Some(start), Some(end)) = (local_start(piece, at), domain_end(piece, at))
        {
            found.push(piece.finding(start..end, PersonalKind::MailAddress));
        }
    }
}

/// Where the part before the `@` begins.
fn local_start(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let is_part = |at: &usize| match piece.kind(*at) {
        Some(Kind::Word | Kind::Digits) => true,
        Some(Kind::Sign(c)) => ".!#$%&'*+/=?^_`{|}~-".contains(c),
        _ => false,
    };
    let start = (at.saturating_sub(TOKENS_MAX)..at)
        .rev()
        .take_while(is_part)
        .last()?;
    // Signs before it are the sentence's.
    (start..at).find(|at| matches!(piece.kind(*at), Some(Kind::Word | Kind::Digits)))
}

/// Where the domain ends: after the last label, of at least two.
fn domain_end(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let is_label = |at: usize| matches!(piece.kind(at), Some(Kind::Word | Kind::Digits));
    let (mut next, mut end, mut dots) = (at + 1, None, 0);
    while next < at + TOKENS_MAX && is_label(next) {
        while is_label(next) || (piece.is_sign(next, "-") && is_label(next + 1)) {
            next += 1;
        }
        if dots > 0 {
            end = Some(next);
        }
        if !piece.is_sign(next, ".") {
            break;
        }
        dots += 1;
        next += 1;
    }
    end
}
