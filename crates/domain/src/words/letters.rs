//! A text's characters as they are compared, one after the other, each with its place.
//!
//! Every character is folded by itself: case folding and compatible decomposition, until neither
//! changes anything, and without accents. What belongs together is put together again by whoever
//! reads on; so it makes no difference which normal form a text came in.

use std::collections::VecDeque;
use std::iter;
use std::ops::Range;

use caseless::Caseless;
use unicode_normalization::char::{
    canonical_combining_class, decompose_compatible, is_combining_mark,
};

/// What a character is to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folded {
    Letter(char),
    /// A letter of a script that puts no spaces between words.
    Alone(char),
    /// A mark that makes another letter of the one before.
    Mark(char),
    /// A mark that makes no difference.
    Accent,
    /// What isn't seen.
    Nothing,
    /// What separates words.
    Break,
}

/// The folded characters of a text.
#[derive(Debug, Clone)]
pub(super) struct Letters<'t> {
    text: &'t str,
    /// The byte after the character that is being given out.
    at: usize,
    /// The next one, where it has been looked at,
    next: Option<Folded>,
    /// what comes after it of the same character,
    rest: VecDeque<Folded>,
    /// and where that stands.
    place: Range<usize>,
    /// Room to take a character apart, twice.
    apart: [Vec<char>; 2],
}

impl<'t> Letters<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            next: None,
            rest: VecDeque::new(),
            place: 0..0,
            apart: [Vec::new(), Vec::new()],
        }
    }

    /// The next word, if it is of ASCII and ends before anything else does: then no more need be known
    /// of its letters. Leaves it in `word`, and says where it stands.
    pub(super) fn ascii_word(&mut self, word: &mut String) -> Option<Range<usize>> {
        if self.next.is_some() {
            return None;
        }
        let bytes = self.text.as_bytes();
        let rest = &bytes[self.at..];
        let skipped = rest
            .iter()
            .position(|it| !it.is_ascii() || it.is_ascii_alphanumeric())?;
        let begin = self.at + skipped;
        let rest = &bytes[begin..];
        let letters = rest.iter().position(|it| !it.is_ascii_alphanumeric());
        let end = begin + letters.unwrap_or(rest.len());
        // A letter or a mark of another script goes on with the word.
        if begin == end || bytes.get(end).is_some_and(|it| !it.is_ascii()) {
            return None;
        }
        self.at = end;
        self.place = begin..end;
        word.push_str(&self.text[begin..end]);
        word.make_ascii_lowercase();
        Some(begin..end)
    }

    /// The next one, and where the character stands that it comes from, in bytes.
    pub(super) fn peek(&mut self) -> Option<(Folded, Range<usize>)> {
        while self.next.is_none() {
            let character = self.text[self.at..].chars().next()?;
            self.place = self.at..self.at + character.len_utf8();
            self.at = self.place.end;
            self.next = if character.is_ascii_alphanumeric() {
                Some(Folded::Letter(character.to_ascii_lowercase()))
            } else if character.is_ascii() {
                Some(Folded::Break)
            } else {
                self.fold(character);
                self.rest.pop_front()
            };
        }
        Some((self.next?, self.place.clone()))
    }

    /// Goes on after the next one.
    pub(super) fn pass(&mut self) {
        self.next = self.rest.pop_front();
    }

    /// Leaves in `rest` what a character is made of.
    fn fold(&mut self, character: char) {
        // They say what a name is, not what it is called.
        if matches!(character, '\u{2122}' | '\u{2120}') {
            return self.rest.push_back(Folded::Break);
        }
        let [apart, again] = &mut self.apart;
        take_apart(iter::once(character), apart);
        // Some compatible forms are capitals, or end in a final form, only once they are apart.
        take_apart(apart.iter().copied(), again);
        // A fraction is a word of its own: one and a half is not eleven halves.
        let is_fraction = again.contains(&'\u{2044}');
        self.rest.extend(is_fraction.then_some(Folded::Break));
        for part in again {
            self.rest.extend(plain(*part).chars().map(sort));
        }
        self.rest.extend(is_fraction.then_some(Folded::Break));
    }
}

/// Folds the case of all characters, and takes them apart.
fn take_apart(characters: impl Iterator<Item = char>, into: &mut Vec<char>) {
    into.clear();
    // Lower case first: the standard library knows the newest capitals.
    let lower = characters.flat_map(char::to_lowercase);
    for lower in lower.default_case_fold() {
        decompose_compatible(lower, |part| into.push(part));
    }
}

/// Whether a character is not seen and says nothing: soft hyphens, characters without width,
/// directions of writing, selectors of a glyph (Unicode's `Default_Ignorable_Code_Point`).
pub fn is_ignorable(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// What the character is to a word. It has no capitals and can't be taken apart.
fn sort(character: char) -> Folded {
    if is_ignorable(character) || character == '\u{640}' {
        // The last is the stroke that draws an Arabic word out.
        Folded::Nothing
    } else if is_combining_mark(character) {
        match makes_another_letter(character) {
            true => Folded::Mark(character),
            false => Folded::Accent,
        }
    } else if !character.is_alphanumeric() || is_apostrophe(character) {
        Folded::Break
    } else if stands_alone(character) {
        Folded::Alone(character)
    } else {
        Folded::Letter(character)
    }
}

/// Whether a mark is more than an accent: most vowels of India and Further India, their tones, the
/// voicing of Japanese syllables. Accents and the vowels and points of Hebrew and Arabic are left
/// out as often as not, and so is the dot under Indian letters.
fn makes_another_letter(mark: char) -> bool {
    // Marks that enclose a letter decorate it.
    let encloses = matches!(mark, '\u{488}'..='\u{489}' | '\u{1ABE}' | '\u{20DD}'..='\u{20E4}'
        | '\u{A670}'..='\u{A672}');
    match canonical_combining_class(mark) {
        0 => !encloses,
        7 => mark == '\u{1037}', // A tone in Burmese, a dot elsewhere.
        1 | 10..=36 | 200..=u8::MAX => false,
        _ => true,
    }
}

/// Letters that look like an apostrophe, which most people type instead.
fn is_apostrophe(character: char) -> bool {
    matches!(character, '\u{2B9}'..='\u{2BF}')
}

/// Whether the character belongs to a script that puts no spaces between words.
pub fn stands_alone(character: char) -> bool {
    matches!(character,
        '\u{E00}'..='\u{EFF}'       // Thai, Lao
        | '\u{1000}'..='\u{109F}'   // Burmese
        | '\u{1780}'..='\u{17FF}'   // Khmer
        | '\u{3040}'..='\u{30FF}'   // Hiragana, Katakana
        | '\u{3400}'..='\u{4DBF}'   // Han
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// The letters that people type for one that their keyboard doesn't have, or has twice; digits of
/// every script as ours.
fn plain(letter: char) -> Plain {
    Plain::Text(match letter {
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ȷ' => "j",
        'ł' | 'ƚ' => "l",
        'ŋ' => "n",
        'ŧ' => "t",
        'ƀ' => "b",
        'ƈ' | 'ȼ' => "c",
        'ƒ' => "f",
        'ǥ' => "g",
        'ƙ' => "k",
        'ƥ' => "p",
        'ƭ' => "t",
        'ƴ' | 'ɏ' => "y",
        'ƶ' | 'ȥ' => "z",
        'ɇ' => "e",
        'ɍ' => "r",
        // Persian and Egyptian keyboards have other letters for these two than Arabic ones.
        'ی' | 'ى' => "ي",
        'ک' => "ك",
        other => return Plain::Letter(digit(other).unwrap_or(other)),
    })
}

/// One letter, or those that stand for it.
enum Plain {
    Letter(char),
    Text(&'static str),
}

impl Plain {
    fn chars(self) -> impl Iterator<Item = char> {
        let (letter, text) = match self {
            Self::Letter(letter) => (Some(letter), ""),
            Self::Text(text) => (None, text),
        };
        letter.into_iter().chain(text.chars())
    }
}

/// The zeros of all scripts that have digits of their own; one to nine follow on each.
const ZEROS: [char; 58] = [
    '\u{660}',
    '\u{6F0}',
    '\u{7C0}',
    '\u{966}',
    '\u{9E6}',
    '\u{A66}',
    '\u{AE6}',
    '\u{B66}',
    '\u{BE6}',
    '\u{C66}',
    '\u{CE6}',
    '\u{D66}',
    '\u{DE6}',
    '\u{E50}',
    '\u{ED0}',
    '\u{F20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17E0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19D0}',
    '\u{1A80}',
    '\u{1A90}',
    '\u{1B50}',
    '\u{1BB0}',
    '\u{1C40}',
    '\u{1C50}',
    '\u{A620}',
    '\u{A8D0}',
    '\u{A900}',
    '\u{A9D0}',
    '\u{A9F0}',
    '\u{AA50}',
    '\u{ABF0}',
    '\u{104A0}',
    '\u{10D30}',
    '\u{11066}',
    '\u{110F0}',
    '\u{11136}',
    '\u{111D0}',
    '\u{112F0}',
    '\u{11450}',
    '\u{114D0}',
    '\u{11650}',
    '\u{116C0}',
    '\u{11730}',
    '\u{118E0}',
    '\u{11950}',
    '\u{11C50}',
    '\u{11D50}',
    '\u{11DA0}',
    '\u{16A60}',
    '\u{16AC0}',
    '\u{16B50}',
    '\u{1E140}',
    '\u{1E2F0}',
    '\u{1E950}',
];

/// The digit that a digit of another script means.
fn digit(character: char) -> Option<char> {
    let after = ZEROS.partition_point(|zero| *zero <= character);
    let zero = ZEROS[after.checked_sub(1)?];
    let value = u32::from(character) - u32::from(zero);
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scripts_digits_are_ours() {
        assert!(ZEROS.is_sorted());
        for zero in ZEROS {
            for value in 0..10 {
                let theirs = char::from_u32(u32::from(zero) + value).unwrap();
                assert!(theirs.is_numeric(), "{theirs:?}");
                assert_eq!(digit(theirs), char::from_digit(value, 10));
            }
        }
        assert_eq!(
            (digit('\u{66A}'), digit('7'), digit('a')),
            (None, None, None)
        );
    }
}
