//! Words in a row, as the tables spell them.
//!
//! | spelling | what stands there |
//! |---|---|
//! | `call` | this word |
//! | `call\|ring` | one of these words |
//! | `colleague*` | any word that begins so |
//! | `~` | up to four words, or none |
//! | `~~` | up to fourteen words, or none |
//! | `#` | a number; of several the last one counts |
//! | `%` | a weekday |
//! | `&` | a month |
//! | `^` | a day of a month |
//! | `@` | a time of day |

use jiff::civil::Weekday;

use super::numbers;
use super::token::Token;
use super::when::Clock;
use crate::calendar::TimeOfDay;
use crate::words::folded;

/// How many words a gap may hold, and a wide one.
const GAPS: (usize, usize) = (4, 14);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// One of these words.
    Word(Vec<String>),
    /// Any word that begins so.
    Prefix(String),
    /// Up to so many words, or none.
    Gap(usize),
    Number,
    Weekday,
    Month,
    Ordinal,
    Time,
}

/// Words in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

/// What stood where a pattern leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Captured {
    /// The first word after the pattern.
    pub(super) end: usize,
    pub(super) number: Option<u32>,
    pub(super) weekday: Option<Weekday>,
    /// The part of the day that was said with the weekday.
    pub(super) part: Option<Clock>,
    pub(super) month: Option<i8>,
    pub(super) ordinal: Option<i8>,
    pub(super) clock: Option<TimeOfDay>,
}

impl Pattern {
    /// Reads a pattern as the tables spell it.
    pub(super) fn read(text: &str) -> Self {
        let mut pieces = Vec::new();
        for part in text.split_whitespace() {
            match part {
                "~" => pieces.push(Piece::Gap(GAPS.0)),
                "~~" => pieces.push(Piece::Gap(GAPS.1)),
                "#" => pieces.push(Piece::Number),
                "%" => pieces.push(Piece::Weekday),
                "&" => pieces.push(Piece::Month),
                "^" => pieces.push(Piece::Ordinal),
                "@" => pieces.push(Piece::Time),
                _ => match part.strip_suffix('*') {
                    Some(prefix) => pieces.push(Piece::Prefix(folded(prefix))),
                    None if part.contains('|') => {
                        pieces.push(Piece::Word(part.split('|').map(folded).collect()));
                    }
                    // A word with an apostrophe is several.
                    None => {
                        let words = folded(part);
                        let words = words
                            .split(' ')
                            .map(|word| Piece::Word(vec![word.to_owned()]));
                        pieces.extend(words);
                    }
                },
            }
        }
        Self(pieces)
    }

    /// The patterns of a table's row.
    pub(super) fn all(texts: &[&str]) -> Vec<Self> {
        texts.iter().map(|text| Self::read(text)).collect()
    }

    /// What stands where the pattern leaves it open, if it stands at a word. Of a gap the fewest words count.
    pub(super) fn at(&self, tokens: &[Token], at: usize) -> Option<Captured> {
        fits(&self.0, tokens, at, Captured::default())
    }
}

fn fits(pieces: &[Piece], tokens: &[Token], at: usize, so_far: Captured) -> Option<Captured> {
    let Some((piece, rest)) = pieces.split_first() else {
        return Some(Captured { end: at, ..so_far });
    };
    if let Piece::Gap(words) = piece {
        return (0..=*words)
            .take_while(|words| at + words <= tokens.len())
            .find_map(|words| fits(rest, tokens, at + words, so_far));
    }
    let word = &*tokens.get(at)?.word;
    let (next, captured) = match piece {
        Piece::Word(words) => (
            words.iter().any(|one| one == word).then_some(at + 1)?,
            so_far,
        ),
        Piece::Prefix(prefix) => (word.starts_with(&**prefix).then_some(at + 1)?, so_far),
        Piece::Number => {
            let number = Some(numbers::number(word)?);
            (at + 1, Captured { number, ..so_far })
        }
        Piece::Weekday => {
            let (weekday, part) = numbers::weekday(word)?;
            let weekday = Some(weekday);
            (
                at + 1,
                Captured {
                    weekday,
                    part,
                    ..so_far
                },
            )
        }
        Piece::Month => {
            let month = Some(numbers::month(word)?);
            (at + 1, Captured { month, ..so_far })
        }
        Piece::Ordinal => {
            let ordinal = Some(numbers::ordinal(word)?);
            (at + 1, Captured { ordinal, ..so_far })
        }
        Piece::Time => {
            let (time, next) = numbers::clock(tokens, at)?;
            let clock = Some(time);
            (next, Captured { clock, ..so_far })
        }
        Piece::Gap(_) => return None,
    };
    fits(rest, tokens, next, captured)
}
