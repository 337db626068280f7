//! The words that the index holds, and that a query is made of.
//!
//! A word is what [`aftercall_domain::words`] says. A number that is written in pieces (`1,234.50`,
//! `030 12 34`, `4711-0815`) is also found by its digits alone: beside the pieces stand those that
//! follow on each other as one word, at the place of the first.

use std::collections::VecDeque;
use std::ops::Range;

use aftercall_domain::words::{WORD_BYTES_MAX, Words};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

/// Separates pieces of text in one indexed value: no phrase reaches across.
pub(crate) const PIECE_END: char = '\u{1}';

/// The length of the scope that an indexed value begins with.
const SCOPE_BYTES: usize = 8;

/// Of how many pieces a number may be.
const NUMBER_PIECES_MAX: usize = 8;

/// How many characters may stand between two pieces of a number, as in `(030) 12`.
const BETWEEN_PIECES_MAX: usize = 2;

/// The mark of a tenant that all its words in the index begin with: the words of one tenant are
/// found, counted and weighed apart from those of the others. Eight hexadecimal digits.
pub(crate) fn scope(tenant_id: &str) -> String {
    let hash = blake3::hash(tenant_id.as_bytes()).to_hex();
    hash.as_str()[..SCOPE_BYTES].to_owned()
}

/// Cuts what the index is given: a [`scope`], then the text.
pub(crate) fn scoped_analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(WordTokenizer::default()).build()
}

/// The words of a text, in its order, as the index has them: pieces of numbers, then the number.
pub(crate) fn read(text: &str) -> Tokens<'_> {
    Tokens::of(text)
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) text: String,
    /// The place in the text, in bytes.
    pub(crate) span: Range<usize>,
    /// Its number among the words; a number of pieces has that of its first piece.
    pub(crate) position: usize,
    /// Of how many words it is put together: 1, but for a number of pieces.
    pub(crate) pieces: usize,
}

/// The words of a text, and the numbers that they are pieces of.
#[derive(Debug)]
pub(crate) struct Tokens<'t> {
    words: Words<'t>,
    /// How many words there were, and ends of pieces.
    position: usize,
    /// The byte after the last word.
    end: usize,
    /// The pieces of the number that is being read: it may go on after them.
    number: VecDeque<Read>,
    /// What has been read, the next one first.
    ready: VecDeque<Read>,
    /// The room of the last word.
    spare: String,
}

impl<'t> Tokens<'t> {
    fn of(text: &'t str) -> Self {
        Self {
            words: Words::of(text),
            position: 0,
            end: 0,
            number: VecDeque::new(),
            ready: VecDeque::new(),
            spare: String::new(),
        }
    }

    /// Reads the next word of the text; none at its end.
    fn read_word(&mut self) -> Option<Read> {
        let mut text = std::mem::take(&mut self.spare);
        let found = self.words.next_into(&mut text)?;
        let between = &self.words.text()[self.end..found.span.start.max(self.end)];
        self.position += between.matches(PIECE_END).count();
        self.end = found.span.end;
        let word = Read {
            text,
            span: found.span,
            position: self.position,
            pieces: 1,
        };
        self.position += 1;
        Some(word)
    }

    /// Whether `word` goes on with the number that is being read.
    fn goes_on(&self, word: &Read) -> bool {
        self.number.back().is_some_and(|last| {
            let between = self.words.text().get(last.span.end..word.span.start);
            between.is_some_and(|between| {
                !between.is_empty()
                    && between.chars().count() <= BETWEEN_PIECES_MAX
                    && between.chars().all(divides_numbers)
            })
        })
    }

    /// Gives out the number's first piece, and all numbers that begin with it.
    fn pass_piece(&mut self) {
        let Some(first) = self.number.pop_front() else {
            return;
        };
        let mut whole = first.clone();
        self.ready.push_back(first);
        for piece in &self.number {
            if whole.text.len() + piece.text.len() > WORD_BYTES_MAX {
                break;
            }
            whole.text.push_str(&piece.text);
            whole.span.end = piece.span.end;
            whole.pieces += 1;
            self.ready.push_back(whole.clone());
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        while self.ready.is_empty() {
            let Some(word) = self.read_word() else {
                self.pass_piece();
                break;
            };
            let is_piece = word.text.bytes().all(|byte| byte.is_ascii_digit());
            if self.number.is_empty() && !is_piece {
                return Some(word);
            }
            if is_piece && (self.number.is_empty() || self.goes_on(&word)) {
                if self.number.len() == NUMBER_PIECES_MAX {
                    self.pass_piece();
                }
                self.number.push_back(word);
                continue;
            }
            while !self.number.is_empty() {
                self.pass_piece();
            }
            match is_piece {
                true => self.number.push_back(word),
                false => self.ready.push_back(word),
            }
        }
        self.ready.pop_front()
    }
}

/// Whether the character may stand between two pieces of a number.
fn divides_numbers(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}' | '.' | ',' | '-' | '\u{2010}'
            ..='\u{2013}' | '/' | '\'' | '\u{2019}' | '(' | ')' | '_' | '\u{66B}' | '\u{66C}'
    )
}

#[derive(Debug, Clone, Default)]
struct WordTokenizer {
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = ScopedWords<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> ScopedWords<'a> {
        let (scope, text) = text.split_at_checked(SCOPE_BYTES).unwrap_or(("", text));
        self.token.reset();
        ScopedWords {
            scope,
            words: read(text),
            token: &mut self.token,
        }
    }
}

/// The words of a text, each after the scope.
struct ScopedWords<'a> {
    scope: &'a str,
    words: Tokens<'a>,
    token: &'a mut Token,
}

impl TokenStream for ScopedWords<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else {
            return false;
        };
        self.token.text.clear();
        self.token.text.push_str(self.scope);
        self.token.text.push_str(&word.text);
        self.token.offset_from = self.scope.len() + word.span.start;
        self.token.offset_to = self.scope.len() + word.span.end;
        self.token.position = word.position;
        self.words.spare = word.text;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        read(text).map(|word| word.text).collect()
    }

    #[test]
    fn a_number_in_pieces_is_found_by_its_digits() {
        assert_eq!(words("1,234.50 €")[..3], ["1", "1234", "123450"]);
        for (written, digits) in [
            ("Order 4711-0815", "47110815"),
            ("call (030) 999-001!", "030999001"),
            ("1\u{202f}234,50", "123450"),
            ("٤٢٬٠٠٠", "42000"),
            ("2026/11/20", "20261120"),
        ] {
            assert!(words(written).contains(&digits.to_owned()), "{written}");
        }
        // Each of neighbouring numbers is, too, and so is what a number of many pieces begins with.
        let list = words("4711-0815, 4712-0816");
        assert!(list.contains(&"47110815".to_owned()) && list.contains(&"47120816".to_owned()));
        assert!(words("1 2 3 4 5 6 7 8 9 10").contains(&"2345678910"[..7].to_owned()));
    }

    #[test]
    fn what_is_no_number_stays_apart() {
        assert_eq!(words("4 and 5"), ["4", "and", "5"]);
        assert_eq!(words("4\n5 a6 7"), ["4", "5", "a6", "7"]);
        assert_eq!(words("4 -- 5"), ["4", "5"]);
        assert_eq!(words(&format!("4{PIECE_END}5")), ["4", "5"]);
    }

    #[test]
    fn offsets_are_those_of_the_text_and_pieces_are_apart() {
        let text = format!("Ärger{PIECE_END}über 1.2");
        let read: Vec<_> = read(&text)
            .map(|word| (&text[word.span], word.position, word.pieces))
            .collect();
        let expected = [
            ("Ärger", 0, 1),
            ("über", 2, 1),
            ("1", 3, 1),
            ("1.2", 3, 2),
            ("2", 4, 1),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_scope_goes_before_each_word_and_is_no_word() {
        let text = format!("{}Zwei Wörter", scope("acme"));
        let mut seen = Vec::new();
        scoped_analyzer()
            .token_stream(&text)
            .process(&mut |token| seen.push(token.text.clone()));
        let scope = scope("acme");
        assert_eq!(seen, [format!("{scope}zwei"), format!("{scope}worter")]);
        assert_ne!(scope, super::scope("Acme"));
    }

    #[test]
    fn a_number_of_many_pieces_stays_within_a_words_bound() {
        let long = ["1234567890"; 20].join(" ");
        assert!(words(&long).iter().all(|word| word.len() <= WORD_BYTES_MAX));
        let pieces = vec!["1"; 1_000].join(" ");
        assert!(words(&pieces).len() <= 1_000 * NUMBER_PIECES_MAX);
    }
}
