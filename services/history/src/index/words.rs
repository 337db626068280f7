//! What a word is, to the index, the query and the snippets alike.
//!
//! Language-neutral: a word is a run of letters and digits in any script, in lower case, without
//! its accents (`Rückruf` = `ruckruf`), without stemming. Scripts that don't put spaces between
//! words are cut into single characters; the query makes a phrase of them. Everything else
//! separates words, so `billing.double_charge` is three of them.

use tantivy::tokenizer::{AsciiFoldingFilter, TextAnalyzer, Token, TokenStream, Tokenizer};

/// Words are cut at this length, in bytes, in the index and in queries alike.
const WORD_BYTES_MAX: usize = 64;

/// Separates pieces of text in one indexed value: no phrase reaches across.
pub(crate) const PIECE_END: char = '\u{1}';

/// The length of the scope that an indexed value begins with.
const SCOPE_BYTES: usize = 8;

/// The mark of a tenant that all its words in the index begin with: the words of one tenant are
/// found, counted and weighed apart from those of the others. Eight hexadecimal digits.
pub(crate) fn scope(tenant_id: &str) -> String {
    let hash = blake3::hash(tenant_id.as_bytes()).to_hex();
    hash.as_str()[..SCOPE_BYTES].to_owned()
}

/// Cuts what the index is given: a [`scope`], then the text.
pub(crate) fn scoped_analyzer() -> TextAnalyzer {
    analyzer_of(WordTokenizer {
        scoped: true,
        token: Token::default(),
    })
}

/// Cuts bare text into the same words, without a scope.
pub(crate) fn analyzer() -> TextAnalyzer {
    analyzer_of(WordTokenizer {
        scoped: false,
        token: Token::default(),
    })
}

fn analyzer_of(tokenizer: WordTokenizer) -> TextAnalyzer {
    TextAnalyzer::builder(tokenizer)
        .filter(AsciiFoldingFilter)
        .build()
}

#[derive(Clone)]
struct WordTokenizer {
    scoped: bool,
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = Words<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words<'a> {
        let split = if self.scoped { SCOPE_BYTES } else { 0 };
        let (scope, _) = text.split_at_checked(split).unwrap_or(("", text));
        self.token.reset();
        Words {
            scope,
            text,
            at: scope.len(),
            position: 0,
            token: &mut self.token,
        }
    }
}

struct Words<'a> {
    scope: &'a str,
    text: &'a str,
    /// The byte at which the search for the next word begins.
    at: usize,
    position: usize,
    token: &'a mut Token,
}

impl Words<'_> {
    fn begin(&mut self, offset: usize) {
        self.token.text.clear();
        self.token.text.push_str(self.scope);
        self.token.offset_from = offset;
        self.token.position = self.position;
        self.position += 1;
    }

    /// Adds a character in lower case, without combining accents.
    fn push(&mut self, character: char) {
        if self.token.text.len() - self.scope.len() >= WORD_BYTES_MAX {
            return;
        }
        if character.is_ascii() {
            self.token.text.push(character.to_ascii_lowercase());
        } else {
            let lower = character
                .to_lowercase()
                .filter(|lower| !is_combining_accent(*lower));
            self.token.text.extend(lower);
        }
    }
}

impl TokenStream for Words<'_> {
    fn advance(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let mut in_word = false;
        for (offset, character) in rest.char_indices() {
            let offset = self.at + offset;
            let alone = stands_alone(character);
            // Some accents count as letters, but none is a word without another letter before it.
            let goes_on = match is_combining_accent(character) {
                true => in_word,
                false => character.is_alphanumeric(),
            };
            if alone || !goes_on {
                if in_word {
                    self.token.offset_to = offset;
                    self.at = offset;
                    return true;
                }
                if character == PIECE_END {
                    self.position += 1;
                }
                if !alone {
                    continue;
                }
            }
            if !in_word {
                self.begin(offset);
                in_word = true;
            }
            self.push(character);
            if alone {
                self.token.offset_to = offset + character.len_utf8();
                self.at = self.token.offset_to;
                return true;
            }
        }
        self.token.offset_to = self.text.len();
        self.at = self.text.len();
        in_word
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

fn is_combining_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36F}')
}

/// Whether the character belongs to a script that puts no spaces between words.
fn stands_alone(character: char) -> bool {
    matches!(character,
        '\u{E00}'..='\u{EFF}'       // Thai, Lao
        | '\u{1000}'..='\u{109F}'   // Burmese
        | '\u{1780}'..='\u{17FF}'   // Khmer
        | '\u{3040}'..='\u{30FF}'   // Hiragana, Katakana
        | '\u{3400}'..='\u{4DBF}'   // Han
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        analyzer()
            .token_stream(text)
            .process(&mut |token| words.push(token.text.clone()));
        words
    }

    #[test]
    fn words_are_lower_case_and_without_accents() {
        assert_eq!(
            words("Rückruf: ZAHLUNG, Straße!"),
            ["ruckruf", "zahlung", "strasse"]
        );
        // The accent as a character of its own, in the middle and at the end.
        assert_eq!(
            words("re\u{301}sume\u{301} İstanbul"),
            ["resume", "istanbul"]
        );
        assert_eq!(
            words("billing.double_charge"),
            ["billing", "double", "charge"]
        );
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_characters() {
        assert_eq!(words("退款ok"), ["退", "款", "ok"]);
        assert_eq!(words("abc退"), ["abc", "退"]);
    }

    #[test]
    fn offsets_are_those_of_the_text_and_pieces_are_apart() {
        let text = format!("Ärger{PIECE_END}über");
        let (mut spans, mut positions) = (Vec::new(), Vec::new());
        analyzer().token_stream(&text).process(&mut |token| {
            spans.push(text[token.offset_from..token.offset_to].to_owned());
            positions.push(token.position);
        });
        assert_eq!(spans, ["Ärger", "über"]);
        assert_eq!(positions, [0, 2]);
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
    fn a_long_word_is_cut_and_an_empty_text_has_none() {
        assert_eq!(words(&"x".repeat(500)), ["x".repeat(WORD_BYTES_MAX)]);
        assert!(words("").is_empty() && words("?!… \u{1}").is_empty());
    }

    #[test]
    fn an_accent_without_a_letter_is_no_word() {
        assert!(words("\u{363} \u{301}").is_empty());
        assert_eq!(words("\u{363}a"), ["a"]);
    }
}
