//! Text as a terminal shows it: cleaned of control characters, measured, cut, wrapped.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` on one line: runs of white space and control characters become one blank, so that no
/// stored text can move the cursor or colour the terminal.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        if !is_harmless(character) {
            if !cleaned.is_empty() && !cleaned.ends_with(' ') {
                cleaned.push(' ');
            }
        } else {
            cleaned.push(character);
        }
    }
    cleaned.truncate(cleaned.trim_end().len());
    cleaned
}

fn is_harmless(character: char) -> bool {
    // Overrides of the writing direction make a line read otherwise than it is.
    let direction = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !character.is_whitespace() && !character.is_control() && !direction
}

/// How many columns `text` takes.
pub fn width_of(text: &str) -> usize {
    text.width()
}

/// `text` in at most `width` columns; what doesn't fit is replaced by an ellipsis.
pub fn shortened(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut columns = 1;
    for character in text.chars() {
        columns += character.width().unwrap_or(0);
        if columns > width {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// `text` in lines of at most `width` columns, broken between words; a word that is longer than a
/// line stands on its own.
pub fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines = vec![String::new()];
    let mut columns = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let wide = width_of(word);
        let line = lines
            .last_mut()
            .filter(|_| columns == 0 || columns + 1 + wide <= width);
        match line {
            Some(line) => {
                if columns > 0 {
                    line.push(' ');
                    columns += 1;
                }
                line.push_str(word);
                columns += wide;
            }
            None => {
                lines.push(word.to_owned());
                columns = wide;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stored_text_can_not_command_the_terminal() {
        assert_eq!(clean("a\u{1b}[31m\tb\r\n\u{202e}c  "), "a [31m b c");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(shortened("電話が切れた", 7), "電話が…");
        assert_eq!(width_of("電話が…"), 7);
    }

    proptest! {
        #[test]
        fn lines_keep_every_word_within_the_width(words in proptest::collection::vec("[a-zé]{1,12}", 0..40)) {
            let lines = wrapped(&words.join(" "), Some(20));
            prop_assert!(lines.iter().all(|line| width_of(line) <= 20));
            let kept: Vec<_> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            prop_assert_eq!(kept, words);
        }

        #[test]
        fn shortened_text_fits(text in "\\PC{0,40}", width in 1_usize..30) {
            prop_assert!(width_of(&shortened(&text, width)) <= width);
        }
    }
}
