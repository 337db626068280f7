//! A text as words, sentence by sentence.

use std::ops::Range;

use super::numbers;
use crate::words::Words;

/// The most words of a text that are looked at.
const WORDS_MAX: usize = 12_000;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// As it is compared.
    pub(super) word: String,
    /// Where it stands, in bytes of the text.
    pub(super) span: Range<usize>,
    /// Whether a comma, a dash or a bracket parts it from the word before.
    pub(super) after_comma: bool,
    /// The sign that alone parts it from the word before, if it is a colon or a point, as in `5:30`.
    pub(super) joined_by: Option<char>,
}

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// Its words, at least one.
    pub(super) tokens: Vec<Token>,
    /// Whether it ends as a question.
    pub(super) is_question: bool,
}

/// The sentences of a text, in its order.
pub(super) fn sentences(text: &str) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = Vec::new();
    let mut tokens: Vec<Token> = Vec::new();
    let (mut words, mut word) = (Words::of(text), String::new());
    let (mut count, mut end) = (0, 0);
    while let Some(found) = words.next_into(&mut word) {
        // Words of one sign, such as `¼`, have one place: nothing is between them.
        let between = text.get(end..found.span.start).unwrap_or_default();
        if !tokens.is_empty() && ends(between, &tokens, &word) {
            sentences.push(Sentence {
                tokens: std::mem::take(&mut tokens),
                is_question: between.contains('?'),
            });
        }
        end = found.span.end;
        tokens.push(Token {
            word: word.clone(),
            span: found.span,
            after_comma: between.contains([',', '(', ')', ':', '–', '—']) || between == " - ",
            joined_by: match between {
                ":" => Some(':'),
                "." => Some('.'),
                _ => None,
            },
        });
        count += 1;
        if count >= WORDS_MAX {
            break;
        }
    }
    if !tokens.is_empty() {
        let rest = text.get(end..).unwrap_or_default();
        sentences.push(Sentence {
            tokens,
            is_question: rest.trim_start().starts_with('?'),
        });
    }
    sentences
}

/// Whether what stands between two words ends a sentence.
fn ends(between: &str, before: &[Token], next: &str) -> bool {
    if between.contains(['!', '?', ';', '\n', '…']) {
        return true;
    }
    let Some((_, after)) = between.split_once('.') else {
        return false;
    };
    after.starts_with(char::is_whitespace) && !is_shortened(before, next)
}

/// Whether a point belongs to the last word: `5 p.m.`, `Dr.`, `15. März`.
fn is_shortened(before: &[Token], next: &str) -> bool {
    const SHORT: &[&str] = &[
        "dr", "mr", "mrs", "ms", "hr", "fr", "ca", "bzw", "usw", "approx", "tel",
    ];
    let Some((last, rest)) = before.split_last() else {
        return false;
    };
    let is_half_of_day = last.word == "m" && last.joined_by == Some('.') && {
        let half = rest.last();
        half.is_some_and(|half| matches!(&*half.word, "a" | "p") || half.word.ends_with(['a', 'p']))
    };
    let is_date = numbers::number(&last.word).is_some() && numbers::month(next).is_some();
    is_half_of_day || is_date || SHORT.contains(&&*last.word)
}
