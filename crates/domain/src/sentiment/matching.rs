//! Which phrases of the rules are found in a text, and where.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::rules::{ENGLISH, GERMAN, NEGATORS, Rule, Sense};
use crate::words::Words;

/// How many words a gap of a phrase may hold.
const GAP_WORDS_MAX: usize = 3;

/// How many words before a phrase one is looked for that says no.
const NEGATED_WITHIN: usize = 3;

/// The most words of a text that are looked at.
const WORDS_MAX: usize = 12_000;

/// A phrase that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Whose phrase it is.
    pub rule: &'static Rule,
    /// Where its words stand, in bytes of the text.
    pub span: Range<usize>,
    /// Whether a word before it says no.
    pub negated: bool,
}

/// One piece of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// This word.
    Word(String),
    /// Any word that begins so.
    Prefix(String),
    /// Any one word.
    Any,
    /// Some words, or none: at most [`GAP_WORDS_MAX`].
    Gap,
}

struct Phrase {
    rule: &'static Rule,
    pieces: Vec<Piece>,
}

/// All phrases, by their first word; those that begin with a prefix beside them.
struct Phrases {
    by_word: HashMap<String, Vec<Phrase>>,
    by_prefix: Vec<Phrase>,
    negators: Vec<String>,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases {
        by_word: HashMap::new(),
        by_prefix: Vec::new(),
        negators: NEGATORS
            .iter()
            .map(|word| crate::words::folded(word))
            .collect(),
    };
    for rule in ENGLISH.iter().chain(GERMAN) {
        for text in rule.phrases {
            let pieces = pieces(text);
            let phrase = Phrase { rule, pieces };
            match phrase.pieces.first() {
                Some(Piece::Word(first)) => {
                    let of = phrases.by_word.entry(first.clone()).or_default();
                    of.push(phrase);
                }
                Some(Piece::Prefix(_)) => phrases.by_prefix.push(phrase),
                // A phrase that begins with anything is found everywhere: a test keeps it out of the tables.
                Some(Piece::Any | Piece::Gap) | None => {}
            }
        }
    }
    phrases
});

/// The pieces of a phrase as the tables spell it: words as people write them, `word*` for any that begins so, `_` for
/// any one, and `~` for some or none.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in text.split_whitespace() {
        match (part, part.strip_suffix('*')) {
            ("_", _) => pieces.push(Piece::Any),
            ("~", _) => pieces.push(Piece::Gap),
            (_, Some(prefix)) => pieces.push(Piece::Prefix(crate::words::folded(prefix))),
            (word, None) => {
                let folded = crate::words::folded(word);
                pieces.extend(folded.split(' ').map(|one| Piece::Word(one.to_owned())));
            }
        }
    }
    pieces
}

/// A word of a text: as it is compared, where it stands, and of which sentence and which part of a sentence it is.
#[derive(Debug)]
struct Token {
    word: String,
    span: Range<usize>,
    sentence: usize,
    /// Commas part sentences.
    clause: usize,
}

/// The phrases that are found in a text, in the order of their places. Where two overlap, the longer one counts, of equal
/// ones the one that begins first.
pub(super) fn hits(text: &str) -> Vec<Hit> {
    let tokens = tokens(text);
    let mut found: Vec<(usize, usize, &'static Rule)> = Vec::new();
    for at in 0..tokens.len() {
        let named = PHRASES.by_word.get(&tokens[at].word);
        let named = named.into_iter().flatten();
        for phrase in named.chain(&PHRASES.by_prefix) {
            if let Some(end) = ends(&phrase.pieces, &tokens, at) {
                found.push((at, end, phrase.rule));
            }
        }
    }
    // Longer ones first, so that a shorter one within is passed over.
    found.sort_by_key(|(from, to, rule)| (from + tokens.len() - to, *from, rule.code));
    let mut taken: Vec<(usize, usize, &'static Rule)> = Vec::new();
    for one in found {
        let overlaps = |other: &(usize, usize, &Rule)| one.0 < other.1 && other.0 < one.1;
        if !taken.iter().any(overlaps) {
            taken.push(one);
        }
    }
    taken.sort_by_key(|(from, ..)| *from);
    let hits = taken.into_iter().map(|(from, to, rule)| Hit {
        rule,
        span: tokens[from].span.start..tokens[to - 1].span.end,
        negated: is_negated(&tokens, from, rule.sense),
    });
    hits.collect()
}

fn tokens(text: &str) -> Vec<Token> {
    let (mut tokens, mut word): (Vec<Token>, _) = (Vec::new(), String::new());
    let mut words = Words::of(text);
    let (mut sentence, mut clause) = (0, 0);
    while let Some(next) = words.next_into(&mut word) {
        // Words of one sign, such as `¼`, have one place: nothing is between them.
        if let Some(last) = tokens.last()
            && let Some(between) = text.get(last.span.end..next.span.start)
        {
            let ends = between.contains(['.', '!', '?', ';', '\n', '…']);
            sentence += usize::from(ends);
            clause += usize::from(ends || between.contains(','));
        }
        tokens.push(Token {
            word: word.clone(),
            span: next.span,
            sentence,
            clause,
        });
        if tokens.len() >= WORDS_MAX {
            break;
        }
    }
    tokens
}

/// The first word after a phrase that begins at a word; none if it does not stand there. A phrase stands within one
/// sentence.
fn ends(pieces: &[Piece], tokens: &[Token], at: usize) -> Option<usize> {
    let Some((piece, rest)) = pieces.split_first() else {
        return Some(at);
    };
    if *piece == Piece::Gap {
        return (0..=GAP_WORDS_MAX).find_map(|words| ends(rest, tokens, at + words));
    }
    let token = tokens.get(at)?;
    let fits = match piece {
        Piece::Word(word) => token.word == *word,
        Piece::Prefix(prefix) => token.word.starts_with(&**prefix),
        Piece::Any | Piece::Gap => true,
    };
    let next = fits.then(|| ends(rest, tokens, at + 1)).flatten()?;
    let last = tokens.get(next.checked_sub(1)?)?;
    (last.sentence == token.sentence).then_some(next)
}

/// Whether a word shortly before a place, and in its sentence, says no. What is bad is said no to without a comma only:
/// "No, thank you" takes the thanks away, and "Oh no, this is ridiculous" takes nothing away.
fn is_negated(tokens: &[Token], at: usize, sense: Sense) -> bool {
    let is_good = matches!(sense, Sense::Grateful | Sense::Resolved | Sense::Praise);
    let (sentence, clause) = (tokens[at].sentence, tokens[at].clause);
    let before = tokens[..at].iter().rev().take(NEGATED_WITHIN);
    let mut before = before
        .take_while(|token| token.sentence == sentence && (is_good || token.clause == clause));
    before.any(|token| PHRASES.negators.contains(&token.word))
}
