//! The forms under which handles are kept and looked for.
//!
//! A telephone number has two: whole, `tel:+4930999001`, and within its country, `tel:30999001`
//! without the zeros that are dialled before it. So a number is found without its country, in
//! whatever country it is, and with its country exactly. Names of the other kinds are found whatever
//! their capitals and normal form.

use unicode_normalization::UnicodeNormalization;

use super::{Country, HandleKind, mail, telephone};

/// See [`super::Handle::keys`].
pub(super) fn keys(kind: HandleKind, canonical: &str) -> impl Iterator<Item = String> + use<> {
    let (first, second) = match kind {
        HandleKind::Telephone if telephone::is_number(canonical) => {
            let whole = canonical.starts_with('+').then(|| tel(canonical));
            let local = match whole {
                Some(_) => telephone::national(canonical),
                None => canonical,
            };
            (whole, local_key(local))
        }
        HandleKind::Telephone => (None, None),
        HandleKind::Mail => (
            mail::is_address(canonical).then(|| folded(kind, canonical)),
            None,
        ),
        HandleKind::Chat | HandleKind::Social | HandleKind::Other => {
            let name = canonical.strip_prefix('@').unwrap_or(canonical);
            ((!name.is_empty()).then(|| folded(kind, name)), None)
        }
    };
    first.into_iter().chain(second)
}

/// The keys of which a handle that was spelled `text` has at least one. Without a kind, of every kind
/// that it may be. `country` is where a number without its country is dialled.
pub fn look_up(kind: Option<HandleKind>, text: &str, country: Option<Country>) -> Vec<String> {
    let kinds = HandleKind::ALL.into_iter();
    let kinds = kinds.filter(|one| kind.is_none_or(|kind| kind == *one));
    kinds
        .flat_map(|kind| of_kind(kind, text, country))
        .collect()
}

fn of_kind(kind: HandleKind, text: &str, country: Option<Country>) -> Vec<String> {
    let canonical = kind.canonical(text, country);
    let mut found: Vec<String> = keys(kind, &canonical).collect();
    if kind == HandleKind::Telephone {
        if canonical.starts_with('+') {
            // The country is known: the same number elsewhere is somebody else's.
            found.truncate(1);
        } else if telephone::may_be_unsigned(&canonical) {
            found.push(tel(&format!("+{canonical}")));
        }
    }
    found
}

fn tel(number: &str) -> String {
    format!("{}{number}", HandleKind::Telephone.prefix())
}

fn local_key(digits: &str) -> Option<String> {
    let digits = digits.trim_start_matches('0');
    (!digits.is_empty()).then(|| tel(digits))
}

fn folded(kind: HandleKind, name: &str) -> String {
    let prefix = kind.prefix();
    match name.is_ascii() {
        true => format!("{prefix}{}", name.to_ascii_lowercase()),
        false => {
            let name: String = name.nfkc().flat_map(char::to_lowercase).nfc().collect();
            format!("{prefix}{name}")
        }
    }
}
