//! What a search's text means: words, "phrases" and -exclusions.
//!
//! Every text means something: quotes that don't close, dashes and dots that stand alone and other
//! odd punctuation are passed over, so that a customer's own words can be pasted in.

use tantivy::tokenizer::{TextAnalyzer, TokenStream};

use crate::index::words;

/// What must be found, and what must not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TextQuery {
    /// All of these; each once.
    pub(crate) wanted: Vec<Phrase>,
    /// None of these; each once.
    pub(crate) excluded: Vec<Phrase>,
    /// There was text, but not a single word in it: nothing can be found by it.
    pub(crate) wordless: bool,
}

/// Words that stand one after the other; mostly only one.
pub(crate) type Phrase = Vec<String>;

impl TextQuery {
    /// Reads the query.
    pub(crate) fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut analyzer = words::analyzer();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (piece, after) = next_piece(rest);
            let phrase = phrase(&mut analyzer, piece.text);
            let list = if piece.excluded {
                &mut query.excluded
            } else {
                &mut query.wanted
            };
            if !phrase.is_empty() && !list.contains(&phrase) {
                list.push(phrase);
            }
            rest = after.trim_start();
        }
        query.wordless = query.is_empty() && !text.trim().is_empty();
        query
    }

    /// Whether it asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.excluded.is_empty()
    }

    /// The words that are wanted, each once.
    pub(crate) fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.wanted.iter().flatten().map(String::as_str).collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

struct Piece<'t> {
    text: &'t str,
    excluded: bool,
}

/// Cuts the first piece off `text`, which does not begin with white space.
fn next_piece(text: &str) -> (Piece<'_>, &str) {
    let bare = text.strip_prefix('-').filter(|bare| {
        // A dash by itself is a dash, not an exclusion.
        bare.chars()
            .next()
            .is_some_and(|next| !next.is_whitespace())
    });
    let (excluded, text) = bare.map_or((false, text), |bare| (true, bare));
    if let Some(inner) = text.strip_prefix(is_quote) {
        return match inner.split_once(is_quote) {
            Some((quoted, after)) => (
                Piece {
                    text: quoted,
                    excluded,
                },
                after,
            ),
            None => (Piece { text: "", excluded }, inner),
        };
    }
    let end = text.find(|next: char| next.is_whitespace() || is_quote(next));
    let (piece, after) = text.split_at(end.unwrap_or(text.len()));
    (
        Piece {
            text: piece,
            excluded,
        },
        after,
    )
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '“' | '”' | '„' | '«' | '»')
}

fn phrase(analyzer: &mut TextAnalyzer, text: &str) -> Phrase {
    let mut phrase = Phrase::new();
    let mut words = analyzer.token_stream(text);
    while words.advance() {
        phrase.push(words.token().text.clone());
    }
    phrase
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (Vec<String>, Vec<String>) {
        let TextQuery {
            wanted, excluded, ..
        } = TextQuery::parse(text);
        let join = |phrases: Vec<Phrase>| phrases.iter().map(|words| words.join(" ")).collect();
        (join(wanted), join(excluded))
    }

    fn wanted(text: &str) -> Vec<String> {
        let (wanted, excluded) = parsed(text);
        assert!(excluded.is_empty(), "{excluded:?}");
        wanted
    }

    #[test]
    fn words_phrases_and_exclusions() {
        let (wanted, excluded) = parsed("Refund \"double charge\" -router -\"new line\" refund");
        assert_eq!(wanted, ["refund", "double charge"]);
        assert_eq!(excluded, ["router", "new line"]);
    }

    #[test]
    fn what_is_written_as_one_stands_together() {
        assert_eq!(
            wanted("billing.double_charge e-mail"),
            ["billing double charge", "e mail"]
        );
        assert_eq!(
            wanted("„lange Wartezeit“ «très cher»"),
            ["lange wartezeit", "tres cher"]
        );
    }

    #[test]
    fn odd_punctuation_is_passed_over() {
        assert_eq!(
            wanted("I said: \"NO way -- really?!"),
            ["i", "said", "no", "way", "really"]
        );
        assert_eq!(wanted("a - b"), ["a", "b"]);
        assert_eq!(
            wanted("(x OR y) AND field:z~2 w^5"),
            ["x", "or", "y", "and", "field z 2", "w 5"]
        );
    }

    #[test]
    fn text_without_a_word_is_told_from_no_text() {
        assert!(TextQuery::parse("?!… -- \"\"").wordless);
        assert!(!TextQuery::parse("  \n").wordless);
        assert!(!TextQuery::parse("-x").wordless);
    }

    proptest! {
        #[test]
        fn every_text_has_a_meaning(text in "\\PC{0,300}") {
            let query = TextQuery::parse(&text);
            prop_assert_eq!(query.wordless, query.is_empty() && !text.trim().is_empty());
            prop_assert!(query.wanted.iter().chain(&query.excluded).all(|phrase| !phrase.is_empty()));
        }

        #[test]
        fn dashes_and_quotes_never_trip_it(text in "[-\"“ ax.]{0,40}") {
            TextQuery::parse(&text);
        }
    }
}
