//! IBANs: two letters, two check digits, up to thirty letters and digits, by ISO 13616.

use super::tokens::{Kind, Piece};
use super::{Finding, PersonalKind};

/// How many characters there are in the shortest and in the longest.
const LEN: std::ops::RangeInclusive<usize> = 15..=34;
/// The fewest digits: every country has more letters than digits in none.
const DIGITS_MIN: usize = 9;

pub(super) fn find(piece: &Piece<'_>, found: &mut Vec<Finding>) {
    let mut at = 0;
    while at < piece.tokens.len() {
        match end(piece, at) {
            Some(end) => {
                found.push(piece.finding(at..end, PersonalKind::Iban));
                at = end;
            }
            None => at += 1,
        }
    }
}

/// Where an IBAN that begins with a token ends.
fn end(piece: &Piece<'_>, at: usize) -> Option<usize> {
    let country = piece.str(at);
    let begins = piece.is(at, Kind::Word)
        && country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !matches!(piece.before(at), Some(Kind::Digits | Kind::Sign('_')));
    let check = piece.str(at + 1);
    if !begins || !piece.is(at + 1, Kind::Digits) || check.len() < 2 {
        return None;
    }
    let mut sum = Sum::default();
    let mut longest = None;
    let (mut next, mut first) = (at + 1, true);
    while sum.len + 4 <= *LEN.end() {
        let text = piece.str(next);
        // The check digits go to the end.
        let account = if first { &text[2..] } else { text };
        if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            break;
        }
        sum.add(account);
        first = false;
        next += 1;
        let is_part = |at| matches!(piece.kind(at), Some(Kind::Word | Kind::Digits));
        let is_whole = sum.holds(country, &check[..2]) && !is_part(next);
        if is_whole {
            longest = Some(next);
        }
        if piece.is(next, Kind::Blank) && is_part(next + 1) {
            next += 1;
        }
        if !is_part(next) {
            break;
        }
    }
    longest
}

/// The remainder of what has been read, by 97.
#[derive(Default)]
struct Sum {
    remainder: u32,
    len: usize,
    digits: usize,
}

impl Sum {
    fn add(&mut self, text: &str) {
        for c in text.chars() {
            let value = c.to_digit(36).unwrap_or_default();
            let factor = if value > 9 { 100 } else { 10 };
            self.remainder = (self.remainder * factor + value) % 97;
            self.len += 1;
            self.digits += usize::from(value <= 9);
        }
    }

    fn holds(&self, country: &str, check: &str) -> bool {
        let mut whole = Self { ..*self };
        whole.add(country);
        whole.add(check);
        LEN.contains(&whole.len) && whole.digits >= DIGITS_MIN && whole.remainder == 1
    }
}
