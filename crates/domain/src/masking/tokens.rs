//! A text in words, numbers, blanks and signs.

use std::ops::Range;

use super::{Finding, PersonalKind};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of letters.
    Word,
    /// A run of ASCII digits.
    Digits,
    /// A run of blanks, without line ends.
    Blank,
    /// Anything else, one by one.
    Sign(char),
}

/// A run of characters of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Its place in the text.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    /// Its place in [`Piece::lowered`].
    low: Range<usize>,
}

/// A text, or what stands in it between two masks.
#[derive(Debug)]
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: Vec<Token>,
    /// The words in small letters.
    lowered: String,
    /// Whether a mask follows.
    pub(super) then_masked: bool,
}

impl<'t> Piece<'t> {
    /// The pieces of a text that stand between placeholders and what was found.
    pub(super) fn between(text: &'t str, found: &[Finding]) -> Vec<Self> {
        let placeholders = text.match_indices('[').filter_map(|(at, _)| {
            let mut all = PersonalKind::ALL.iter().map(|kind| kind.placeholder());
            let one = all.find(|placeholder| text[at..].starts_with(placeholder))?;
            Some(at..at + one.len())
        });
        let found = found.iter().map(|one| one.span.clone());
        let mut walls: Vec<Range<usize>> = placeholders.chain(found).collect();
        walls.sort_by_key(|wall| wall.start);
        let (mut pieces, mut from) = (Vec::new(), 0);
        for wall in walls {
            if wall.start >= from {
                pieces.push(Self::of(text, from..wall.start, true));
            }
            from = from.max(wall.end);
        }
        pieces.push(Self::of(text, from..text.len(), false));
        pieces
    }

    fn of(text: &'t str, range: Range<usize>, then_masked: bool) -> Self {
        let mut piece = Self {
            text,
            tokens: Vec::new(),
            lowered: String::new(),
            then_masked,
        };
        for (at, c) in text[range.clone()].char_indices() {
            let at = range.start + at;
            let kind = kind(c);
            let end = at + c.len_utf8();
            let low_start = piece.lowered.len();
            if kind == Kind::Word {
                piece.lowered.extend(c.to_lowercase());
            }
            let low_end = piece.lowered.len();
            match piece.tokens.last_mut() {
                Some(last) if last.kind == kind && !matches!(kind, Kind::Sign(_)) => {
                    last.span.end = end;
                    last.low.end = low_end;
                }
                _ => piece.tokens.push(Token {
                    span: at..end,
                    kind,
                    low: low_start..low_end,
                }),
            }
        }
        piece
    }

    /// The kind of a token; none beyond the ends.
    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The text of a token; empty beyond the ends.
    pub(super) fn str(&self, at: usize) -> &'t str {
        let span = self.tokens.get(at).map(|token| token.span.clone());
        span.map_or("", |span| &self.text[span])
    }

    /// A word in small letters; empty if it is none.
    pub(super) fn low(&self, at: usize) -> &str {
        let low = self.tokens.get(at).map(|token| token.low.clone());
        low.map_or("", |low| &self.lowered[low])
    }

    pub(super) fn is(&self, at: usize, kind: Kind) -> bool {
        self.kind(at) == Some(kind)
    }

    pub(super) fn is_sign(&self, at: usize, one_of: &str) -> bool {
        matches!(self.kind(at), Some(Kind::Sign(c)) if one_of.contains(c))
    }

    /// The kind of the token before; none at the beginning.
    pub(super) fn before(&self, at: usize) -> Option<Kind> {
        at.checked_sub(1).and_then(|before| self.kind(before))
    }

    /// Whether a word begins with a capital.
    pub(super) fn is_capital(&self, at: usize) -> bool {
        self.is(at, Kind::Word) && self.str(at).starts_with(char::is_uppercase)
    }

    /// Whether the token touches a letter or what joins names of things: it is a part of something.
    pub(super) fn is_glued(&self, at: usize) -> bool {
        let glues = |kind| matches!(kind, Some(Kind::Word | Kind::Sign('_')));
        glues(self.before(at)) || glues(self.kind(at + 1))
    }

    /// The place of the tokens of `range`.
    pub(super) fn span(&self, range: Range<usize>) -> Range<usize> {
        self.tokens[range.start].span.start..self.tokens[range.end - 1].span.end
    }

    /// A finding of the tokens of `range`.
    pub(super) fn finding(&self, range: Range<usize>, kind: PersonalKind) -> Finding {
        Finding {
            span: self.span(range),
            kind,
        }
    }
}

fn kind(c: char) -> Kind {
    match c {
        '0'..='9' => Kind::Digits,
        '\n' | '\r' => Kind::Sign('\n'),
        c if c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c) => Kind::Word,
        c if c.is_whitespace() => Kind::Blank,
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Kind::Sign('-'),
        '\u{2019}' => Kind::Sign('\''),
        c => Kind::Sign(c),
    }
}
