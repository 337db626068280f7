//! Telephone numbers. What a number of which country looks like is libphonenumber's knowledge; a
//! number that is in E.164 form already needs none of it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::Country;

/// The longest text that is looked at as a number.
const TEXT_BYTES_MAX: usize = 128;
/// The most digits of a number with its country code, by E.164.
const DIGITS_MAX: usize = 15;
/// The fewest digits of a number with its country code that is taken for one without its plus sign.
const UNSIGNED_DIGITS_MIN: usize = 8;

/// See [`super::HandleKind::canonical`].
pub(super) fn canonical(text: &str, country: Option<Country>) -> String {
    let text = text.trim();
    if is_plain_e164(text) {
        return text.to_owned();
    }
    if text.len() > TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let spelled = spelled(strip_scheme(text));
    let number = without_format(&spelled);
    if let Some(found) = international(&number, country) {
        return found;
    }
    if is_digits(&number) {
        return valid(country, &number).unwrap_or(number);
    }
    // With an extension, or in letters.
    valid(country, &spelled).unwrap_or_else(|| text.to_owned())
}

/// A number that begins with a plus sign, or with the digits that stand for it in most countries.
fn international(number: &str, country: Option<Country>) -> Option<String> {
    let digits = match number.strip_prefix('+') {
        Some(digits) => digits,
        // In `country` those digits may mean something else: a library that knows it goes first.
        None => match valid(country, number) {
            Some(found) => return Some(found),
            None => number.strip_prefix("00")?,
        },
    };
    let number = format!("+{digits}");
    match is_e164(&number) {
        true => Some(parsed(None, &number).map_or(number, |found| e164(&found))),
        false => None,
    }
}

/// The number in E.164 form, if it is one that `country` or the plus sign's country may give out.
fn valid(country: Option<Country>, text: &str) -> Option<String> {
    if country.is_none() && !text.starts_with('+') {
        return None;
    }
    parsed(country, text)
        .filter(phonenumber::is_valid)
        .map(|number| e164(&number))
}

fn parsed(country: Option<Country>, text: &str) -> Option<phonenumber::PhoneNumber> {
    phonenumber::parse(country.map(|country| country.0), text).ok()
}

fn e164(number: &phonenumber::PhoneNumber) -> String {
    number.format().mode(phonenumber::Mode::E164).to_string()
}

/// Without the scheme, host and parameters of a `tel:` or `sip:` address.
fn strip_scheme(text: &str) -> &str {
    let Some((scheme, rest)) = text.split_once(':') else {
        return text;
    };
    let known = ["tel", "sip", "sips", "callto"];
    match known.iter().any(|one| scheme.eq_ignore_ascii_case(one)) {
        true => rest.split(['@', ';']).next().unwrap_or(rest),
        false => text,
    }
}

/// The text with ASCII digits, in whatever script it was.
fn spelled(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.nfkc().map(ascii_digit).collect())
}

/// The digits of scripts that telephones are dialled in, beside those that a normal form makes ASCII.
fn ascii_digit(c: char) -> char {
    const ZEROS: [char; 5] = [
        '\u{0660}', // Arabic
        '\u{06F0}', // Persian
        '\u{0966}', // Devanagari
        '\u{09E6}', // Bengali
        '\u{0E50}', // Thai
    ];
    let digit = ZEROS.iter().find_map(|zero| {
        let value = (c as u32).checked_sub(*zero as u32)?;
        char::from_digit(value, 10)
    });
    digit.unwrap_or(c)
}

/// Without what only makes it easier to read. `(0)` is dialled at home alone.
fn without_format(text: &str) -> String {
    let formats = |c: char| {
        c.is_whitespace()
            || "-./()[]".contains(c)
            || matches!(
                c,
                '\u{2010}'..='\u{2015}' | '\u{2212}'
                    | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            )
    };
    let signed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let text = match signed.starts_with('+') || signed.starts_with("00") {
        true => Cow::Owned(text.replacen("(0)", "", 1)),
        false => Cow::Borrowed(text),
    };
    text.chars().filter(|c| !formats(*c)).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Plus sign, country code, number.
pub(super) fn is_e164(text: &str) -> bool {
    match text.as_bytes() {
        [b'+', b'1'..=b'9', rest @ ..] => {
            (1..DIGITS_MAX).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// In E.164 form, and without a zero that is dialled at home alone.
fn is_plain_e164(text: &str) -> bool {
    is_e164(text) && !national(text).starts_with('0')
}

/// The number within its country: what follows the country code. The codes' lengths are ITU-T's, and
/// have been the same for decades.
pub(super) fn national(e164: &str) -> &str {
    let digits = e164.trim_start_matches('+');
    let code_len = match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    };
    digits.get(code_len..).unwrap_or_default()
}

/// Whether digits without a sign may be a number with its country code.
pub(super) fn may_be_unsigned(digits: &str) -> bool {
    is_digits(digits)
        && !digits.starts_with('0')
        && (UNSIGNED_DIGITS_MIN..=DIGITS_MAX).contains(&digits.len())
}

/// Whether the canonical form is a number at all.
pub(super) fn is_number(canonical: &str) -> bool {
    is_digits(canonical.strip_prefix('+').unwrap_or(canonical))
}
