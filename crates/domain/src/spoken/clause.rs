//! Clauses: the parts of a sentence in which one thing is said.

use std::ops::Range;

use super::rules::Language;
use super::token::{Sentence, Token};

/// The most words of a clause: what is longer is cut, so that no text takes long.
const CLAUSE_WORDS_MAX: usize = 60;

/// Words between two clauses.
const BETWEEN: &[&str] = &["and", "but", "plus", "und", "aber", "sowie"];

/// Words by which somebody speaks of themselves.
const SELVES: &[&str] = &["i", "we", "ich", "wir"];

/// The most words of a question that only asks for consent, at the end of a sentence.
const CONSENT_WORDS_MAX: usize = 4;

/// A clause, by its words in the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) words: Range<usize>,
    /// Whether it goes on from the one before: what promises there does here, too.
    pub(super) goes_on: bool,
}

/// The clauses of a sentence, each with a word at least.
pub(super) fn clauses(sentence: &Sentence) -> Vec<Clause> {
    let tokens = &sentence.tokens;
    let mut clauses = Vec::new();
    let (mut begin, mut goes_on) = (0, false);
    let mut speaks = false;
    let mut end_at = |begin: usize, end: usize, goes_on: bool| {
        if begin < end {
            let words = begin..end;
            clauses.push(Clause { words, goes_on });
        }
    };
    for (at, token) in tokens.iter().enumerate() {
        let is_self = SELVES.contains(&&*token.word);
        if BETWEEN.contains(&&*token.word) {
            end_at(begin, at, goes_on);
            (begin, goes_on, speaks) = (at + 1, true, false);
        } else if at - begin >= CLAUSE_WORDS_MAX || token.after_comma && is_self && speaks {
            end_at(begin, at, goes_on);
            (begin, goes_on, speaks) = (at, false, is_self);
        } else {
            speaks |= is_self;
        }
    }
    end_at(begin, tokens.len(), goes_on);
    clauses
}

/// Whether what a sentence says of a promise is no promise, by a language: it is asked, or depends on something.
pub(super) fn is_open(sentence: &Sentence, language: &Language) -> bool {
    let asked = sentence.is_question && !asks_for_consent(&sentence.tokens, language);
    let depends = after_none_of(&sentence.tokens, (language.conditions, language.wondering));
    asked || depends
}

/// Whether something is told in a clause, and in what follows, that was said before.
pub(super) fn is_told(tokens: &[Token], language: &Language) -> bool {
    after_none_of(tokens, (language.reporters, language.repeating))
}

/// Whether one of some words is there that does not stand after one of some others.
fn after_none_of(tokens: &[Token], (words, excuses): (&[&str], &[&str])) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let last = at.checked_sub(1).map_or("", |last| &*tokens[last].word);
        let last_but_one = at.checked_sub(2).map_or("", |last| &*tokens[last].word);
        let is_excused = excuses.contains(&last) || excuses.contains(&last_but_one);
        words.contains(&&*token.word) && !is_excused
    })
}

/// Whether the sentence only ends in a question, such as `…, okay?`.
fn asks_for_consent(tokens: &[Token], language: &Language) -> bool {
    let last = tokens.iter().rposition(|token| token.after_comma);
    let Some(asked) = last.map(|at| &tokens[at..]) else {
        return false;
    };
    let mut words = asked.iter();
    asked.len() <= CONSENT_WORDS_MAX && words.any(|token| language.consents.contains(&&*token.word))
}
