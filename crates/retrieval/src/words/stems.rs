//! Forms of one word are one term, by its script: of those that one stemmer suits, its stem.

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};

/// The stem of a folded word.
///
/// Words of Latin letters are taken for English ones: an English stemmer leaves most words of other
/// languages whole, and their beginnings are compared beside (see [`super::forms`]).
pub(super) fn stem(word: &str) -> Cow<'_, str> {
    let Some(first) = word.chars().next() else {
        return Cow::Borrowed(word);
    };
    let algorithm = match first {
        'a'..='z' => Algorithm::English,
        '\u{370}'..='\u{3FF}' => Algorithm::Greek,
        '\u{400}'..='\u{4FF}' => Algorithm::Russian,
        '\u{620}'..='\u{64A}' => Algorithm::Arabic,
        _ => return Cow::Borrowed(word),
    };
    let stem = Stemmer::new(algorithm).stem(word);
    // A stemmer may leave nothing of a word.
    if stem.is_empty() {
        Cow::Borrowed(word)
    } else {
        stem
    }
}
