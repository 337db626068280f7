//! When two answers are the same to a reader.
//!
//! Case, spacing, line breaks, normal form, width of characters, what isn't seen, the shape of
//! dashes and quotes, and the marks that only divide a text into sentences make no difference.
//! Everything else does: `10% off`, `$10 off`, `10 off`, `-5`, `C++`, `1.5`, `--force` and `résumé`
//! are no typing of anything else. In doubt two answers differ: two candidates that are one are a
//! nuisance, one that is two tells somebody the wrong thing.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use crate::words::is_ignorable;

/// A text as it is compared: two texts that are the same to a reader are equal. None if no letter or digit is in it.
pub fn as_read(text: &str) -> Option<String> {
    let characters = plain(text);
    characters
        .iter()
        .any(|character| character.is_alphanumeric())
        .then(|| without_typography(&characters))
}

/// The text's characters in lower case and one form, each line's end as a line feed.
fn plain(text: &str) -> Vec<char> {
    if text.is_ascii() {
        // Most texts: nothing of what follows is in them but capitals.
        return text.chars().map(|it| it.to_ascii_lowercase()).collect();
    }
    let seen = text.chars().filter(|character| !is_ignorable(*character));
    // Lower case first: the standard library knows the newest capitals.
    seen.flat_map(narrow)
        .nfd()
        .flat_map(char::to_lowercase)
        .default_case_fold()
        .nfc()
        .map(usual)
        .collect()
}

/// A character that is only drawn in another width, or as one with its neighbour, as the usual one.
/// Other compatible forms tell something: `10²` is not `102`.
fn narrow(character: char) -> impl Iterator<Item = char> {
    let is_drawn = matches!(character, '\u{FB00}'..='\u{FB06}' | '\u{FF00}'..='\u{FFEE}');
    let (drawn, same) = match is_drawn {
        true => (Some(character), None),
        false => (None, Some(character)),
    };
    same.into_iter().chain(drawn.into_iter().nfkc())
}

/// The one shape of dashes, quotes and full stops that differ in nothing else.
fn usual(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}'..='\u{201B}' | '\u{2BC}' | '\u{2039}' | '\u{203A}' => '\'',
        '\u{201C}'..='\u{201F}' | '«' | '»' | '「' | '」' | '『' | '』' => '"',
        '。' | '｡' => '.',
        '、' => ',',
        '\u{B7}' | '\u{2022}' | '\u{2023}' | '\u{25E6}' | '\u{25AA}' => '\u{2022}',
        other => other,
    }
}

/// The text without the marks that only divide it, and with one blank for every space.
fn without_typography(characters: &[char]) -> String {
    let mut read = String::with_capacity(characters.len());
    for (at, character) in characters.iter().enumerate() {
        let around = Around::of(characters, at);
        if !character.is_whitespace() && around.tells(*character) {
            read.push(*character);
        } else if !read.is_empty() && !read.ends_with(' ') {
            read.push(' ');
        }
    }
    read.truncate(read.trim_end().len());
    read
}

/// What stands before and after a character; white space where the text begins or ends.
struct Around<'t> {
    before: char,
    after: char,
    text: (&'t [char], &'t [char]),
}

impl<'t> Around<'t> {
    fn of(characters: &'t [char], at: usize) -> Self {
        let (earlier, later) = (&characters[..at], &characters[at + 1..]);
        Self {
            before: earlier.last().copied().unwrap_or('\n'),
            after: later.first().copied().unwrap_or('\n'),
            text: (earlier, later),
        }
    }

    /// Whether the character, which is not white space, says something here.
    fn tells(&self, character: char) -> bool {
        match character {
            '…' => false,
            '.' | ',' | ';' | ':' | '!' | '?' | '¿' | '¡' => self.is_no_pause(character),
            '(' | '[' | '{' => !divides(self.before),
            ')' | ']' | '}' => !divides(self.after),
            '"' | '\'' => self.is_no_quote(character),
            '-' => self.is_no_dash(),
            '\u{2022}' | '*' => !self.begins_item(),
            _ => true,
        }
    }

    /// Whether a mark that usually ends a sentence or a part of it stands for something else.
    fn is_no_pause(&self, mark: char) -> bool {
        let (before, after) = (self.before, self.after);
        if divides(after) {
            // Nobody leaves a blank before a mark and means its sentence, unless it is a narrow or
            // a fixed one, as in French.
            return before.is_whitespace() && after.is_whitespace() && !is_fixed_blank(before);
        }
        // Without the blank after it, it may belong to a number, a name or an operator.
        let between_letters = before.is_alphabetic() && after.is_alphabetic();
        !between_letters || matches!(mark, '.' | ':')
    }

    /// Whether it stands within a word, or after a number that it is the unit of: inches, feet.
    fn is_no_quote(&self, quote: char) -> bool {
        if divides(self.before) {
            return false;
        }
        let mut earlier = self.text.0.iter().rev();
        let opened = earlier.find(|character| divides(**character)) == Some(&quote);
        !divides(self.after) || (self.before.is_numeric() && !opened)
    }

    /// Whether a dash is more than a hyphen, a pause, or the beginning of a list's item.
    fn is_no_dash(&self) -> bool {
        if self.before.is_alphabetic() && self.after.is_alphabetic() {
            return false;
        }
        let stands_alone = self.before.is_whitespace() && self.after.is_whitespace();
        !stands_alone || (self.is_between_digits() && !self.begins_item())
    }

    fn is_between_digits(&self) -> bool {
        let is_seen = |character: &&char| !character.is_whitespace();
        let before = self.text.0.iter().rev().find(is_seen);
        let after = self.text.1.iter().find(is_seen);
        [before, after]
            .iter()
            .all(|beside| beside.is_some_and(|character| character.is_numeric()))
    }

    /// Whether it is the first on its line, with a blank after it.
    fn begins_item(&self) -> bool {
        let line = self
            .text
            .0
            .rsplit(|character| matches!(character, '\n' | '\r'));
        let mut begun = line.take(1).flatten();
        self.after.is_whitespace() && begun.all(|character| character.is_whitespace())
    }
}

/// Whether a word ends before the character, whatever it is.
fn divides(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '.' | ','
                | ';'
                | ':'
                | '!'
                | '?'
                | '…'
                | '"'
                | '\''
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
        )
}

fn is_fixed_blank(character: char) -> bool {
    matches!(character, '\u{A0}' | '\u{202F}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all_differ(answers: &[&str]) {
        for (place, one) in answers.iter().enumerate() {
            for other in &answers[place + 1..] {
                assert_ne!(as_read(one), as_read(other), "{one:?} and {other:?}");
            }
        }
    }

    fn all_same(answers: &[&str]) {
        for other in &answers[1..] {
            assert_eq!(as_read(answers[0]), as_read(other), "{other:?}");
        }
    }

    #[test]
    fn what_a_sign_says_tells_answers_apart() {
        all_differ(&[
            "Give 10 off",
            "Give 10% off",
            "Give $10 off",
            "Give €10 off",
            "Give 10€ off",
            "Give -10 off",
            "Give +10 off",
            "Give 1.0 off",
            "Give 1,0 off",
            "Give 1/0 off",
            "Give 1:0 off",
            "Give 1-0 off",
            "Give 1 0 off",
            "Give 10‰ off",
            "Give <10 off",
            "Give >10 off",
            "Give ~10 off",
            "Give 10° off",
            "Give 10\" off",
            "Give 10' off",
            "Give #10 off",
            "Give 10² off",
            "Give 102 off",
            "Give .10 off",
            "Give *10 off",
            "Give 1 - 0 off",
            "Give 1 × 0 off",
            "Give 1 + 0 off",
            "Give =10 off",
        ]);
        all_differ(&[
            "C", "C++", "C#", "C-", "C--", ".C", "C*", "C_", "C/", "@C", "&C",
        ]);
        all_differ(&[
            "run -r", "run r", "run --r", "run /r", "run +r", "run !r", "run \\r",
        ]);
        all_differ(&[
            "a b", "a = b", "a != b", "a == b", "a <= b", "a & b", "a | b", "a/b", "a.b",
        ]);
        all_differ(&["re-sign", "resign", "résign", "re_sign"]);
        all_differ(&["Press ? now", "Press now", "Press ! now", "Press . now"]);
        all_differ(&["say yes 👍", "say yes 👎", "say yes"]);
    }

    #[test]
    fn what_only_divides_does_not() {
        all_same(&[
            "Reset the router; then wait 5 min.",
            "  reset THE router\n- then wait (5) min",
            "\u{2022} Reset the router\r\n\u{2022} then wait 5 min!",
            "Reset the router … then wait “5” min…",
            "„Reset the router“ – then wait [5] min",
            "Re\u{ad}set\u{200b} the\u{a0}router, then\twait 5 min",
            "Ｒeset the router, then wait ５ min",
        ]);
        all_same(&["Log-in again", "log in again", "log‑in again"]);
        all_same(&["it's −5–7 °C", "It’s -5-7 °c"]);
        all_same(&["Réessayer\u{202f}!", "réessayer!", "Re\u{301}essayer"]);
        all_same(&["Straße ΛΑΘΟΣ", "STRASSE λάθος".replace('ά', "α").as_str()]);
    }

    #[test]
    fn an_answer_without_letters_or_digits_is_none() {
        for text in ["", " \u{2026} -- !", "%", "\u{ad}"] {
            assert_eq!(as_read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn case_and_normal_form_make_no_difference(text in "\\PC{0,40}") {
            // Which of the two letters I is the dotless one's capital depends on the language.
            prop_assume!(!text.contains('ı'));
            // Normal forms place a Greek iota below its letter differently among marks of other
            // scripts, where nobody writes it.
            prop_assume!(!text.nfd().any(|character| character == '\u{345}'));
            let expected = as_read(&text);
            for other in [
                text.nfc().collect(),
                text.nfd().collect(),
                text.to_uppercase().nfd().collect::<String>(),
            ] {
                prop_assert_eq!(as_read(&other), expected.clone(), "{:?}", other);
            }
        }

        #[test]
        fn spaces_make_no_difference(text in "[ -~]{0,40}") {
            let wide = text.replace(' ', " \t ");
            prop_assert_eq!(as_read(&format!(" {wide}\n")), as_read(&text));
        }

        #[test]
        fn letters_digits_and_symbols_are_all_read(text in "[a-z0-9%$€+=#&@/<>~^|_]{1,20}") {
            let read = as_read(&text);
            let has_words = text.chars().any(char::is_alphanumeric);
            prop_assert_eq!(read, has_words.then_some(text));
        }
    }
}
