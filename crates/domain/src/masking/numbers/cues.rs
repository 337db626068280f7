//! The words beside a number that say what it is.

use crate::masking::tokens::{Kind, Piece};

/// What the words before a number call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    Telephone,
    Card,
    Account,
    Pin,
}

/// How many tokens before a number are looked at.
const TOKENS_MAX: usize = 20;

/// What the words before a token call the number that begins there.
pub(super) fn before(piece: &Piece<'_>, token: usize) -> Option<Cue> {
    said(piece, token, cue)
}

/// Whether the words before a token say that the number is one of a thing: of an order, or an error.
pub(super) fn is_of_thing(piece: &Piece<'_>, token: usize) -> bool {
    said(piece, token, |word| is_thing(word).then_some(())).is_some()
}

/// What the next word before a token that says something about the number says.
fn said<T>(piece: &Piece<'_>, token: usize, says: impl Fn(&str) -> Option<T>) -> Option<T> {
    for at in (token.saturating_sub(TOKENS_MAX)..token).rev() {
        match piece.kind(at)? {
            Kind::Blank => {}
            Kind::Sign(':' | '#' | '(' | '=' | '-' | '"' | '\'') => {}
            // The mark of an abbreviation, not of a sentence.
            Kind::Sign('.') if at > 0 && piece.str(at - 1).len() <= 4 => {}
            Kind::Word => match says(piece.low(at)) {
                Some(said) => return Some(said),
                None if is_glue(piece.low(at)) => {}
                None => return None,
            },
            Kind::Digits | Kind::Sign(_) => return None,
        }
    }
    None
}

#[rustfmt::skip]
fn cue(word: &str) -> Option<Cue> {
    Some(match word {
        "phone" | "telephone" | "tel" | "telefon" | "telefonnummer" | "rufnummer" | "handy" | "handynummer"
        | "mobile" | "mobil" | "mobilnummer" | "cell" | "cellphone" | "call" | "callback" | "dial" | "fax"
        | "sms" | "whatsapp" | "durchwahl" | "festnetz" | "festnetznummer" | "rückruf" | "rückrufnummer"
        | "anrufen" | "zurückrufen" | "erreichbar" | "reach" | "ring" => Cue::Telephone,
        "card" | "creditcard" | "kreditkarte" | "kreditkartennummer" | "karte" | "kartennummer" => Cue::Card,
        "account" | "acct" | "acc" | "policy" | "customer" | "member" | "membership" | "ssn" | "ss"
        | "security" | "passport" | "licence" | "license" | "insurance" | "konto" | "kontonummer" | "kunde"
        | "kundennummer" | "vertragsnummer" | "versicherungsnummer" | "policennummer" | "steuernummer"
        | "ausweisnummer" | "mitgliedsnummer" => Cue::Account,
        "pin" | "pins" | "pincode" | "geheimzahl" | "geheimnummer" => Cue::Pin,
        _ => return None,
    })
}

/// Things that have numbers.
#[rustfmt::skip]
fn is_thing(word: &str) -> bool {
    matches!(
        word,
        "order" | "orders" | "ticket" | "case" | "invoice" | "bill" | "error" | "code" | "version" | "build"
            | "article" | "item" | "sku" | "ean" | "isbn" | "serial" | "model" | "part" | "product" | "shipment"
            | "tracking" | "timestamp" | "bestellung" | "bestellnummer" | "auftrag" | "auftragsnummer" | "rechnung"
            | "rechnungsnummer" | "fehler" | "fehlercode" | "artikel" | "artikelnummer" | "seriennummer"
            | "sendung" | "sendungsnummer" | "modell" | "vorgang" | "vorgangsnummer"
    )
}

/// Words that stand between such a word and its number.
#[rustfmt::skip]
fn is_glue(word: &str) -> bool {
    matches!(
        word,
        "is" | "are" | "was" | "be" | "would" | "should" | "will" | "as" | "follows" | "no" | "nr" | "num" | "number"
            | "numbers" | "id" | "my" | "me" | "us" | "him" | "her" | "the" | "a" | "at" | "on" | "under" | "to"
            | "of" | "it" | "s" | "back" | "new" | "please" | "ist" | "lautet" | "unter" | "nummer" | "die"
            | "der" | "bitte" | "mich" | "meine" | "neue"
    )
}

/// Whether a number before the token is an amount of something.
#[rustfmt::skip]
pub(super) fn is_amount(piece: &Piece<'_>, token: usize) -> bool {
    let at = token + usize::from(piece.is(token, Kind::Blank));
    piece.is_sign(at, "%€$£")
        || matches!(
            piece.low(at),
            "euro" | "euros" | "eur" | "dollar" | "dollars" | "usd" | "pound" | "pounds" | "gbp" | "chf"
                | "franken" | "points" | "punkte" | "mb" | "gb" | "kb" | "bytes" | "kwh" | "ms" | "seconds"
                | "sekunden" | "minutes" | "minuten" | "times" | "customers" | "kunden"
        )
}
