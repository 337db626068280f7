//! What a search's text means: words, "phrases" and -exclusions.
//!
//! Every text means something: quotes that don't close, dashes and dots that stand alone and other
//! odd punctuation are passed over, so that a customer's own words can be pasted in.

use aftercall_domain::words::WORD_BYTES_MAX;

use crate::index::words;

/// What must be found, and what must not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TextQuery {
    /// All of these; each once.
    pub(crate) wanted: Vec<Wording>,
    /// None of these; each once.
    pub(crate) excluded: Vec<Wording>,
    /// There was text, but not a single word in it: nothing can be found by it.
    pub(crate) wordless: bool,
}

/// Words that stand one after the other; mostly only one.
pub(crate) type Phrase = Vec<String>;

/// Phrases of which any will do: what was written, and a number's digits in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wording(Vec<Phrase>);

impl Wording {
    /// The phrases; at least one, and each of at least one word.
    pub(crate) fn phrases(&self) -> &[Phrase] {
        &self.0
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().map(String::as_str)
    }
}

impl TextQuery {
    /// Reads the query.
    pub(crate) fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let mut rest = text.trim_start();
        // Numbers that were wanted one after the other, which may be pieces of one.
        let mut number: Vec<Phrase> = Vec::new();
        while !rest.is_empty() {
            let (piece, after) = next_piece(rest);
            let phrase = phrase(piece.text);
            if !piece.excluded && !phrase.is_empty() && is_number(&phrase) {
                number.push(phrase);
            } else {
                query.want_number(&mut number);
                let list = match piece.excluded {
                    true => &mut query.excluded,
                    false => &mut query.wanted,
                };
                add(list, wording(phrase));
            }
            rest = after.trim_start();
        }
        query.want_number(&mut number);
        query.wordless = query.is_empty() && !text.trim().is_empty();
        query
    }

    /// Wants the pieces of a number: each of them, or all of them as one.
    fn want_number(&mut self, pieces: &mut Vec<Phrase>) {
        let whole = pieces.iter().flatten().map(String::as_str).collect();
        let whole = within_bound(whole).filter(|_| pieces.len() > 1);
        for piece in pieces.drain(..) {
            let mut wording = wording(piece);
            wording.0.extend(whole.clone().map(|whole| vec![whole]));
            add(&mut self.wanted, wording);
        }
    }

    /// Whether it asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.excluded.is_empty()
    }

    /// The words that are wanted, each once.
    pub(crate) fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.wanted.iter().flat_map(Wording::words).collect();
        words.sort_unstable();
        words.dedup();
        words
    }
}

fn add(list: &mut Vec<Wording>, wording: Wording) {
    if !wording.0.is_empty() && !list.contains(&wording) {
        list.push(wording);
    }
}

/// A phrase, and if it is a number in pieces, its digits in one.
fn wording(phrase: Phrase) -> Wording {
    if phrase.is_empty() {
        return Wording::default();
    }
    let whole = match phrase.len() > 1 && is_number(&phrase) {
        true => within_bound(phrase.concat()),
        false => None,
    };
    let whole = whole.map(|whole| vec![whole]);
    Wording([Some(phrase), whole].into_iter().flatten().collect())
}

fn is_number(phrase: &Phrase) -> bool {
    let digits = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    phrase.iter().all(digits)
}

/// A number as the index may have it; none if it is too long.
fn within_bound(number: String) -> Option<String> {
    (number.len() <= WORD_BYTES_MAX).then_some(number)
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

fn phrase(text: &str) -> Phrase {
    words::read(text)
        .filter(|word| word.pieces == 1)
        .map(|word| word.text)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (Vec<String>, Vec<String>) {
        let TextQuery {
            wanted, excluded, ..
        } = TextQuery::parse(text);
        let join = |wordings: Vec<Wording>| {
            let phrases = |one: &Wording| one.0.iter().map(|words| words.join(" ")).collect();
            let any: Vec<Vec<String>> = wordings.iter().map(phrases).collect();
            any.iter().map(|one| one.join(" | ")).collect()
        };
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
    fn a_number_is_wanted_by_its_pieces_or_its_digits() {
        assert_eq!(wanted("1,234.50"), ["1 234 50 | 123450"]);
        assert_eq!(
            wanted("call 030 12-34 now"),
            ["call", "030 | 0301234", "12 34 | 1234 | 0301234", "now"]
        );
        assert_eq!(parsed("1 -2 3").0, ["1", "3"]);
        assert_eq!(parsed("-4711-0815").1, ["4711 0815 | 47110815"]);
        assert_eq!(wanted(&"1 ".repeat(100)).len(), 1);
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
            for wording in query.wanted.iter().chain(&query.excluded) {
                prop_assert!(!wording.0.is_empty());
                prop_assert!(wording.0.iter().all(|phrase| !phrase.is_empty()));
            }
        }

        #[test]
        fn dashes_and_quotes_never_trip_it(text in "[-\"“ ax.]{0,40}") {
            TextQuery::parse(&text);
        }
    }
}
