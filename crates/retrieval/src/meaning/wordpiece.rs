//! From texts to the pieces of words that the model knows (uncased WordPiece): lower case, without
//! accents, cut at blanks, punctuation and each Chinese character; of each word the longest pieces
//! of the vocabulary, from its beginning.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A longer word is an unknown one, in characters.
const WORD_CHARS_MAX: usize = 100;

/// A vocabulary that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the vocabulary has no {0}: it is not that of an uncased BERT model")]
pub struct Lacking(&'static str);

/// The vocabulary of a model.
#[derive(Debug)]
pub struct WordPiece {
    pieces: HashMap<String, u32>,
    unknown: u32,
    begin: u32,
    end: u32,
}

impl WordPiece {
    /// The vocabulary whose pieces stand in the order of their numbers.
    ///
    /// # Errors
    /// When one of the pieces that every text needs is not there.
    pub fn of(pieces: impl IntoIterator<Item = String>) -> Result<Self, Lacking> {
        let pieces: HashMap<_, _> = pieces.into_iter().zip(0..).collect();
        let named = |name: &'static str| pieces.get(name).copied().ok_or(Lacking(name));
        Ok(Self {
            unknown: named("[UNK]")?,
            begin: named("[CLS]")?,
            end: named("[SEP]")?,
            pieces,
        })
    }

    /// The numbers of a text's pieces, with a begin and an end, at most `tokens_max` in all.
    pub fn tokens(&self, text: &str, tokens_max: usize) -> Vec<u32> {
        let last = tokens_max.max(2) - 1;
        let mut tokens = vec![self.begin];
        for word in split(text) {
            if tokens.len() >= last {
                break;
            }
            self.add(&word, &mut tokens);
        }
        tokens.truncate(last);
        tokens.push(self.end);
        tokens
    }

    /// Adds the pieces of a word; one for a word that can't be put together from pieces.
    fn add(&self, word: &str, tokens: &mut Vec<u32>) {
        let begun = tokens.len();
        let (mut rest, mut piece) = (word, String::new());
        if word.chars().count() > WORD_CHARS_MAX {
            return tokens.push(self.unknown);
        }
        while !rest.is_empty() {
            let ends = rest
                .char_indices()
                .map(|(at, one)| at + one.len_utf8())
                .rev();
            let found = ends.into_iter().find_map(|end| {
                piece.clear();
                piece.push_str(if rest.len() < word.len() { "##" } else { "" });
                piece.push_str(&rest[..end]);
                self.pieces.get(&piece).map(|number| (*number, end))
            });
            let Some((number, end)) = found else {
                tokens.truncate(begun);
                return tokens.push(self.unknown);
            };
            tokens.push(number);
            rest = &rest[end..];
        }
    }
}

/// The words of a text, and its punctuation and Chinese characters each by itself.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last_is_open = true;
    let plain = text.nfd().filter(|one| !is_combining_mark(*one));
    for one in plain.flat_map(char::to_lowercase) {
        if one.is_whitespace() {
            last_is_open = false;
        } else if one.is_control() || one == '\u{FFFD}' || is_format(one) {
            // Nothing that is read.
        } else if is_punctuation(one) || is_chinese(one) {
            words.push(one.to_string());
            last_is_open = false;
        } else if last_is_open {
            words.last_mut().into_iter().for_each(|word| word.push(one));
        } else {
            words.push(one.to_string());
            last_is_open = true;
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Characters of Unicode's category Cf that occur in texts.
fn is_format(one: char) -> bool {
    matches!(one, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}

/// All of ASCII that is neither letter, digit nor blank, and Unicode's punctuation in the scripts
/// that the vocabulary knows.
fn is_punctuation(one: char) -> bool {
    one.is_ascii_punctuation()
        || matches!(one, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{37E}' | '\u{387}'
            | '\u{55A}'..='\u{55F}' | '\u{589}' | '\u{5BE}' | '\u{5C0}' | '\u{5C3}'
            | '\u{60C}' | '\u{60D}' | '\u{61B}' | '\u{61E}' | '\u{61F}' | '\u{66A}'..='\u{66D}'
            | '\u{6D4}' | '\u{964}' | '\u{965}' | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{2043}' | '\u{2045}'..='\u{2051}' | '\u{2053}'..='\u{205E}'
            | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301F}'
            | '\u{30FB}' | '\u{FF01}'..='\u{FF03}' | '\u{FF05}'..='\u{FF0A}'
            | '\u{FF0C}'..='\u{FF0F}' | '\u{FF1A}' | '\u{FF1B}' | '\u{FF1F}' | '\u{FF20}'
            | '\u{FF3B}'..='\u{FF3D}' | '\u{FF3F}' | '\u{FF5B}' | '\u{FF5D}'
            | '\u{FF5F}'..='\u{FF65}')
}

/// Characters that stand for words; syllables of Japanese and Korean are left in theirs.
fn is_chinese(one: char) -> bool {
    matches!(one, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{2CEAF}' | '\u{2F800}'..='\u{2FA1F}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vocabulary() -> WordPiece {
        let pieces = "[PAD] [UNK] [CLS] [SEP] re ##fund ##s un ##able ! 退 款 cafe fund";
        WordPiece::of(pieces.split(' ').map(str::to_owned)).unwrap()
    }

    #[test]
    fn a_word_is_its_longest_pieces() {
        let tokens = |text| vocabulary().tokens(text, 48);
        assert_eq!(tokens("Refunds!"), [2, 4, 5, 6, 9, 3]);
        assert_eq!(tokens("CAFÉ\tfund"), [2, 12, 13, 3]);
        assert_eq!(tokens("退款"), [2, 10, 11, 3]);
        assert_eq!(tokens("refunding x"), [2, 1, 1, 3]);
        assert_eq!(tokens(""), [2, 3]);
        assert_eq!(tokens(&"x".repeat(200)), [2, 1, 3]);
    }

    #[test]
    fn a_vocabulary_of_something_else_is_refused() {
        let error = WordPiece::of(["<s>".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("[UNK]"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_has_more_tokens_than_wanted(text in "\\PC{0,200}", max in 2_usize..20) {
            let tokens = vocabulary().tokens(&text, max);
            prop_assert!((2..=max).contains(&tokens.len()));
        }
    }
}
