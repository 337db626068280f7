//! From a text to the words of its form.

mod lists;

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer};

use lists::{ARTICLES, CURRENCIES, HARD_WORDS, NEGATIONS, NUMBERS, SAME, UNITS};

/// How much a word weighs when forms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// May be left out.
    Soft,
    /// May not.
    Hard,
    /// May not, and nor may what it is about.
    Negation,
}

/// In [`former`] forms, words with so many letters were the same whatever the order of those after the first.
const SLIPS_FROM: usize = 5;

/// How a stem is spelt in a form.
type Spelling = fn(String) -> String;

/// The words of a text as [`as_read`](aftercall_domain::solution::as_read) gives it. Of a text of articles alone, those.
pub(super) fn read(text: &str) -> Vec<(String, Sort)> {
    spelt(text, |stem| stem)
}

/// The words as they were read when long ones of the same letters were one word (`reversed`, `reserved`). The ids that
/// candidates had then stand in events.
pub(super) fn former(text: &str) -> Vec<(String, Sort)> {
    spelt(text, without_slips)
}

fn spelt(text: &str, spelling: Spelling) -> Vec<(String, Sort)> {
    let mut analyzer = TextAnalyzer::builder(RawTokenizer::default())
        .filter(Stemmer::new(Language::English))
        .build();
    let mut words = Vec::new();
    let mut pieces = text.split(' ').peekable();
    while let Some(piece) = pieces.next() {
        let mut number = Number::read(piece);
        if let Some(number) = &mut number
            && number.unit.is_empty()
            && let Some(unit) = pieces.peek().and_then(|next| unit(next))
        {
            number.unit = unit.to_owned();
            pieces.next();
        }
        // A sign by itself may be the currency of the number after it.
        if let (None, Some(currency), Some(next)) = (&number, currency(piece), pieces.peek())
            && let Some(mut next) = Number::read(next).filter(|next| next.unit.is_empty())
        {
            next.unit = currency.to_owned();
            number = Some(next);
            pieces.next();
        }
        match number {
            Some(number) => words.push((number.spelt(), Sort::Hard)),
            None if is_plain(piece) => words.extend(plain(piece, spelling, &mut analyzer)),
            None => words.push((piece.to_owned(), Sort::Hard)),
        }
    }
    match words.is_empty() {
        true => text
            .split(' ')
            .map(|piece| (piece.to_owned(), Sort::Hard))
            .collect(),
        false => words,
    }
}

/// Whether a piece of a text is a word of letters, with apostrophes at most.
fn is_plain(piece: &str) -> bool {
    piece
        .chars()
        .all(|letter| letter.is_alphabetic() || letter == '\'')
}

/// What a word of letters stands for; nothing for one that says nothing by itself. `can't` is two words.
fn plain(piece: &str, spelling: Spelling, analyzer: &mut TextAnalyzer) -> Vec<(String, Sort)> {
    let piece = piece.strip_suffix("'s").unwrap_or(piece);
    if let Some(verb) = lists::contracted(piece).or_else(|| piece.strip_suffix("n't")) {
        let verb = Some(verb).filter(|verb| !verb.is_empty() && !ARTICLES.contains(verb));
        let verb = verb.map(|verb| (verb.to_owned(), Sort::Soft));
        let not = ("not".to_owned(), Sort::Negation);
        return verb.into_iter().chain([not]).collect();
    }
    if ARTICLES.contains(&piece) {
        return Vec::new();
    }
    let (text, sort) = if let Some(same) = listed(NEGATIONS, piece) {
        (same.to_owned(), Sort::Negation)
    } else if HARD_WORDS.contains(&piece) {
        (piece.to_owned(), Sort::Hard)
    } else if let Some(same) = listed(SAME, piece) {
        (same.to_owned(), Sort::Soft)
    } else {
        (spelling(stem(piece, analyzer)), Sort::Soft)
    };
    vec![(text, sort)]
}

fn listed(list: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let found = list.iter().find(|(listed, _)| *listed == word);
    found.map(|(_, same)| *same)
}

fn stem(word: &str, analyzer: &mut TextAnalyzer) -> String {
    let mut stem = word.to_owned();
    analyzer
        .token_stream(word)
        .process(&mut |token| stem.clone_from(&token.text));
    stem
}

/// One spelling for words that differ by letters that changed places or were doubled.
fn without_slips(word: String) -> String {
    if word.len() < SLIPS_FROM || !word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return word;
    }
    let mut letters = word.into_bytes();
    letters.dedup();
    if let [_, rest @ ..] = &mut *letters {
        rest.sort_unstable();
    }
    letters.into_iter().map(char::from).collect()
}

/// A number with its sign and unit.
struct Number {
    digits: String,
    unit: String,
}

impl Number {
    /// Reads a piece such as `ten`, `10`, `-5`, `$10`, `10%` or `5min`; none for one that has anything else about it, such as
    /// `#10` or `10x20`, which stands for itself.
    fn read(piece: &str) -> Option<Self> {
        if let Some(digits) = listed(NUMBERS, piece) {
            let (digits, unit) = (digits.to_owned(), String::new());
            return Some(Self { digits, unit });
        }
        let (before, rest) = match piece
            .char_indices()
            .find(|(_, letter)| letter.is_ascii_digit())
        {
            Some((at, _)) => piece.split_at(at),
            None => return None,
        };
        let sign = before
            .strip_suffix(['-', '+'])
            .map_or("", |unsigned| &before[unsigned.len()..]);
        let currency = &before[..before.len() - sign.len()];
        let end = rest.rfind(|letter: char| letter.is_ascii_digit())? + 1;
        let (digits, after) = rest.split_at(end);
        let is_number = digits
            .chars()
            .all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ','));
        let unit = match (currency, after) {
            ("", "") => "",
            ("", after) => unit(after)?,
            (before, "") => self::currency(before)?,
            _ => return None,
        };
        is_number.then(|| Self {
            digits: format!("{sign}{digits}"),
            unit: unit.to_owned(),
        })
    }

    fn spelt(self) -> String {
        format!("{} {}", self.digits, self.unit)
    }
}

/// The one spelling of a unit.
fn unit(text: &str) -> Option<&'static str> {
    listed(UNITS, text)
}

/// The same of a currency, which may stand before its number.
fn currency(text: &str) -> Option<&'static str> {
    unit(text).filter(|unit| CURRENCIES.contains(unit))
}
