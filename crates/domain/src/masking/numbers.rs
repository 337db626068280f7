//! Card numbers, telephone numbers, PINs, and numbers that the text calls an account or a customer's.

mod cues;
mod groups;

use super::tokens::Piece;
use super::{Finding, Known, PersonalKind};
use crate::HandleKind;
use cues::Cue;
use groups::{Gap, Group};

/// How many digits a card has.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// The most digits of a telephone number, with the two zeros before the country code.
const TELEPHONE_DIGITS_MAX: usize = 17;
/// How many digits a number has that the words before it call a telephone number or an account's.
const CUED_DIGITS: std::ops::RangeInclusive<usize> = 6..=24;
/// How many digits a PIN has.
const PIN_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// How many digits a number of North America has, of which nothing says what it is.
const BARE_DIGITS: usize = 10;
/// So many digits in words that follow each other are a number, whatever it is called.
const SPOKEN_DIGITS_MIN: usize = 7;
/// How many numbers of a text are judged by the numbering plan of the customer's country, which takes
/// longer than the rest.
const PLANNED_MAX: usize = 64;

/// Finds the numbers in a piece of a text.
pub(super) fn find(piece: &Piece<'_>, known: &Known, found: &mut Vec<Finding>) {
    let groups = groups::read(piece);
    let mut planned = 0;
    let mut at = 0;
    // Whether the groups before belong to another number.
    let mut begins = true;
    while at < groups.len() {
        let rest = &groups[at..];
        let taken = Number {
            piece,
            known,
            groups: rest,
            begins: begins || rest[0].gap == Gap::None,
        }
        .taken(&mut planned);
        match taken {
            Taken::As(len, kind) => {
                found.push(Finding {
                    span: rest[0].signed_start..rest[len - 1].span.end,
                    kind,
                });
                at += len;
                begins = true;
            }
            Taken::Otherwise(len) => {
                at += len;
                begins = false;
            }
        }
    }
}

/// What the first groups of digits are.
enum Taken {
    /// So many are a personal number.
    As(usize, PersonalKind),
    /// So many are none.
    Otherwise(usize),
}

/// Groups of digits, of which the first may begin a number.
struct Number<'a> {
    piece: &'a Piece<'a>,
    known: &'a Known,
    groups: &'a [Group],
    /// Whether no number goes on that began before.
    begins: bool,
}

impl Number<'_> {
    fn taken(&self, planned: &mut usize) -> Taken {
        use PersonalKind::{CardNumber, Id, TelephoneNumber};
        if let Some(len) = self.card() {
            return Taken::As(len, CardNumber);
        }
        if let Some(len) = self.known_number() {
            return Taken::As(len, TelephoneNumber);
        }
        if let Some(len) = self.international() {
            return Taken::As(len, TelephoneNumber);
        }
        let cue = cues::before(self.piece, self.groups[0].first);
        if cue == Some(Cue::Pin) && self.pin() {
            return Taken::As(1, Id);
        }
        // Its form tells more than the words before it: `the number of my account is 281-277-5882`.
        if let Some(len) = self.three_three_four() {
            return Taken::As(len, TelephoneNumber);
        }
        if let Some((len, digits)) = self.cued()
            && !cues::is_amount(self.piece, self.groups[len - 1].last + 1)
        {
            match cue {
                Some(Cue::Card) if digits >= *CARD_DIGITS.start() => {
                    return Taken::As(len, CardNumber);
                }
                Some(Cue::Card | Cue::Account) => return Taken::As(len, Id),
                Some(Cue::Telephone) if digits <= TELEPHONE_DIGITS_MAX => {
                    return Taken::As(len, TelephoneNumber);
                }
                _ => {}
            }
        }
        if let Some(len) = self.date() {
            return Taken::Otherwise(len);
        }
        if let Some(len) = self.trunk().or_else(|| self.planned(planned)) {
            return Taken::As(len, TelephoneNumber);
        }
        if self.bare() {
            return Taken::As(1, TelephoneNumber);
        }
        let first = &self.groups[0];
        match first.spoken && first.digits.len() >= SPOKEN_DIGITS_MIN {
            true => Taken::As(1, Id),
            false => Taken::Otherwise(1),
        }
    }

    /// The lengths of the runs of groups from the first on, with their digits, up to `digits_max`.
    fn runs(&self, digits_max: usize) -> impl Iterator<Item = (usize, String)> {
        let mut digits = String::new();
        self.groups
            .iter()
            .enumerate()
            .take_while(|(at, group)| *at == 0 || group.gap != Gap::None)
            .map_while(move |(at, group)| {
                digits.push_str(&group.digits);
                (digits.len() <= digits_max).then(|| (at + 1, digits.clone()))
            })
    }

    /// A payment card: the longest run that the check digit fits.
    fn card(&self) -> Option<usize> {
        let is_joined = |len: usize| {
            let mut gaps = self.groups[1..len].iter().map(|group| group.gap);
            gaps.all(|gap| matches!(gap, Gap::Blank | Gap::Hyphen))
        };
        // Lists of small numbers are none, but one digit after the other may be.
        let is_formed = |len: usize| {
            let mut sizes = self.groups[..len].iter().map(|group| group.digits.len());
            sizes.clone().any(|size| size >= 3) || sizes.all(|size| size == 1)
        };
        self.runs(*CARD_DIGITS.end())
            .take_while(|(len, _)| is_joined(*len))
            .filter(|(len, digits)| CARD_DIGITS.contains(&digits.len()) && is_formed(*len))
            .filter(|(_, digits)| is_card(digits))
            .map(|(len, _)| len)
            .last()
    }

    /// One of the customer's numbers, however it is grouped.
    fn known_number(&self) -> Option<usize> {
        if !self.known.has_numbers() {
            return None;
        }
        let runs = self.runs(TELEPHONE_DIGITS_MAX);
        let is_known = |len: usize, digits: &str| {
            self.known.has_number(digits)
                || self.known.has_number(
                    HandleKind::Telephone
                        .canonical(self.text(len), None)
                        .trim_start_matches('+'),
                )
        };
        runs.filter(|(len, digits)| is_known(*len, digits))
            .map(|(len, _)| len)
            .last()
    }

    /// A number that begins with a plus sign or with the two zeros that stand for it.
    fn international(&self) -> Option<usize> {
        let first = &self.groups[0];
        let zeros =
            self.begins && first.digits.starts_with("00") && !first.digits.starts_with("000");
        if !first.plus && !zeros {
            return None;
        }
        let digits_min = if first.plus { 8 } else { 11 };
        let is_number = |len: usize| {
            let form = HandleKind::Telephone.canonical(self.text(len), None);
            form.starts_with('+') && form[1..].bytes().all(|byte| byte.is_ascii_digit())
        };
        self.sensible(TELEPHONE_DIGITS_MAX)
            .filter(|(_, digits)| *digits >= digits_min)
            .filter(|(len, _)| is_number(*len))
            .map(|(len, _)| len)
            .last()
    }

    /// As many groups as may belong to a number of which the words before say what it is.
    fn cued(&self) -> Option<(usize, usize)> {
        let runs = self.sensible(*CUED_DIGITS.end());
        runs.filter(|(_, digits)| CUED_DIGITS.contains(digits))
            .last()
    }

    /// A date or a time: the groups that it has.
    fn date(&self) -> Option<usize> {
        let [first, second, third, ..] = self.groups else {
            return None;
        };
        let lengths = [first, second, third].map(|group| group.digits.len());
        let is_date = matches!(lengths, [1..=2, 1..=2, 2 | 4] | [4, 1..=2, 1..=2]);
        let tight = [Gap::Dot, Gap::Slash, Gap::Hyphen];
        let marked = tight.contains(&second.gap) && second.gap == third.gap;
        (is_date && marked).then_some(3)
    }

    /// A number of North America: area, exchange, subscriber.
    fn three_three_four(&self) -> Option<usize> {
        let skipped = usize::from(self.groups[0].digits == "1");
        let [area, exchange, subscriber, after @ ..] = self.groups.get(skipped..)? else {
            return None;
        };
        let lengths = [area, exchange, subscriber].map(|group| group.digits.len());
        let gaps = [exchange.gap, subscriber.gap];
        let prefixed = skipped == 0 || !matches!(area.gap, Gap::None);
        if lengths != [3, 3, 4] || gaps.contains(&Gap::None) || !prefixed {
            return None;
        }
        // With nothing but blanks between them they are more often just numbers.
        let is_given_out = |group: &Group| group.digits.as_bytes()[0] >= b'2';
        let only_blanks = gaps == [Gap::Blank, Gap::Blank] && !area.paren;
        let goes_on = after
            .first()
            .is_some_and(|group| matches!(group.gap, Gap::Dot | Gap::Hyphen));
        let is_number = !goes_on && is_given_out(area) && (!only_blanks || is_given_out(exchange));
        is_number.then_some(skipped + 3)
    }

    /// A number with the zero that is dialled within its country.
    fn trunk(&self) -> Option<usize> {
        let first = &self.groups[0];
        let has_trunk = matches!(first.digits.as_bytes(), [b'0', b'1'..=b'9', ..]);
        if !has_trunk || !self.begins {
            return None;
        }
        if first.digits.len() > 6 {
            let alone = self.groups.get(1).is_none_or(|next| next.gap == Gap::None);
            return (alone && (10..=12).contains(&first.digits.len())).then_some(1);
        }
        self.sensible(13)
            .filter(|(len, digits)| *len > 1 && *digits >= 8)
            .map(|(len, _)| len)
            .last()
    }

    /// A secret number, which the words before it say.
    fn pin(&self) -> bool {
        let first = &self.groups[0];
        PIN_DIGITS.contains(&first.digits.len()) && !cues::is_amount(self.piece, first.last + 1)
    }

    /// Ten digits in one, as numbers of North America are typed; unless it is said to be a number of something, or is
    /// a part of a longer one.
    fn bare(&self) -> bool {
        let first = &self.groups[0];
        let before = first.first.checked_sub(1);
        let is_part = before.is_some_and(|at| self.piece.is_sign(at, "#$€£/.,=&?"));
        let alone = self.groups.get(1).is_none_or(|next| next.gap == Gap::None);
        first.digits.len() == BARE_DIGITS
            && matches!(first.digits.as_bytes(), [b'2'..=b'9', ..])
            && !first.spoken
            && self.begins
            && alone
            && !is_part
            && !cues::is_amount(self.piece, first.last + 1)
            && !cues::is_of_thing(self.piece, first.first)
    }

    /// A number that the customer's country gives out.
    fn planned(&self, planned: &mut usize) -> Option<usize> {
        let country = self.known.dialled_in()?;
        let (len, digits) = self.sensible(TELEPHONE_DIGITS_MAX).last()?;
        let dotted = self.groups[..len].iter().any(|group| group.gap == Gap::Dot);
        if len < 2
            || dotted
            || !self.begins
            || !(7..=15).contains(&digits)
            || *planned >= PLANNED_MAX
        {
            return None;
        }
        *planned += 1;
        let form = HandleKind::Telephone.canonical(self.text(len), Some(country));
        if !form.starts_with('+') {
            return None;
        }
        // Where a zero is dialled before it, it would have been written.
        let with_zero =
            HandleKind::Telephone.canonical(&format!("0{}", self.text(len)), Some(country));
        (with_zero != form).then_some(len)
    }

    /// The runs of groups that somebody would write as one telephone number, and how many digits they
    /// have. A short number after a whole one and a blank counts something else.
    fn sensible(&self, digits_max: usize) -> impl Iterator<Item = (usize, usize)> {
        let groups = self.groups;
        self.runs(digits_max)
            .map(|(len, digits)| (len, digits.len()))
            .take_while(move |(len, digits)| {
                let Some([before, last]) = groups[..*len].last_chunk() else {
                    return true;
                };
                let before_digits = digits - last.digits.len();
                let counts_else = last.digits.len() <= 2 && before.digits.len() > 2;
                let next_number = groups[0].digits.starts_with('0')
                    && last.digits.len() >= 3
                    && last.digits.starts_with('0');
                !(last.gap == Gap::Blank && before_digits >= 8 && (counts_else || next_number))
            })
    }

    fn text(&self, len: usize) -> &str {
        let (first, last) = (&self.groups[0], &self.groups[len - 1]);
        &self.piece.text[first.signed_start..last.span.end]
    }
}

/// Whether a card may have the number: by what cards begin with, and the check digit (Luhn).
fn is_card(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let begins = matches!(bytes, [b'2'..=b'6', ..]);
    let differs = bytes.windows(2).any(|pair| pair[0] != pair[1]);
    let sum: u32 = bytes
        .iter()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            match at % 2 {
                0 => digit,
                _ => digit * 2 / 10 + digit * 2 % 10,
            }
        })
        .sum();
    begins && differs && sum.is_multiple_of(10)
}
