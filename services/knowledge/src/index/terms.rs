//! A document's terms as the index takes them: one text, which it takes apart again. They are found beforehand, and are no
//! text that has words; and a list of tokens, which the index takes, too, is written as JSON on its way.

use std::str::SplitTerminator;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// What the index calls it.
pub(super) const NAME: &str = "terms";

/// After each term. None has it, nor has a tenant's id.
const END: char = '\u{1e}';

/// Terms that are put together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Terms(String);

impl Terms {
    /// Adds a term so many times.
    pub(super) fn add(&mut self, term: &str, times: u32) {
        for _ in 0..times {
            self.0.push_str(term);
            self.0.push(END);
        }
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes them apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Apart {
    token: Token,
}

/// The terms of a text, one after the other.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    rest: SplitTerminator<'a, char>,
    token: &'a mut Token,
}

impl Tokenizer for Apart {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        // Positions are not kept; the usual one, the highest number, would overflow.
        self.token.position = 0;
        Stream {
            rest: text.split_terminator(END),
            token: &mut self.token,
        }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let Some(term) = self.rest.next() else {
            return false;
        };
        self.token.text.clear();
        self.token.text.push_str(term);
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_together_is_taken_apart(
            terms in prop::collection::vec(("[a-z\\x00\\x1f ü]{1,9}", 0_u32..4), 0..9),
        ) {
            let mut together = Terms::default();
            let mut expected = Vec::new();
            for (term, times) in &terms {
                together.add(term, *times);
                expected.extend(std::iter::repeat_n(term.clone(), *times as usize));
            }
            let mut apart = Apart::default();
            let mut stream = apart.token_stream(together.as_str());
            let mut all = Vec::new();
            stream.process(&mut |token| all.push(token.text.clone()));
            prop_assert_eq!(all, expected);
        }
    }
}
