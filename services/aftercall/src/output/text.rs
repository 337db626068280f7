//! Text as a terminal shows it: cleaned of control characters, measured, cut, wrapped.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Text that says more than this in one column is there to break lines: hundreds of accents on one
/// letter.
const BYTES_OF_A_COLUMN: usize = 64;

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

/// `text` with its lines, each of them cleaned and kept behind the blanks that it begins with.
pub fn clean_lines(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        format!("{:blanks$}{}", "", clean(line))
    });
    lines.collect::<Vec<_>>().join("\n")
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
    let mut kept = fitting(text, width.saturating_sub(1)).to_owned();
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// As much from the beginning of `text` as fits into `width` columns. What a reader sees as one
/// character, such as a flag or a letter with its accents, is never cut in two.
fn fitting(text: &str, width: usize) -> &str {
    // A character can change the width of what stands before it, so that only the whole counts.
    let fits = |end: &usize| width_of(&text[..*end]) <= width;
    let mut fitting = 0;
    for (at, character) in text.grapheme_indices(true) {
        let end = at + character.len();
        if !fits(&end) || end > BYTES_OF_A_COLUMN * (width + 1) {
            break;
        }
        fitting = end;
    }
    &text[..fitting]
}

/// `text` in lines of at most `width` columns, broken between words; a word that is longer than a
/// line stands on its own, so that an address or an id can be copied.
pub fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    flowed(text.split(' ').filter(|word| !word.is_empty()), " ", width)
}

/// Pieces, one after the other with `gap` between them, in lines of at most `width` columns.
pub fn flowed<T: AsRef<str>>(
    pieces: impl IntoIterator<Item = T>,
    gap: &str,
    width: usize,
) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces {
        let piece = piece.as_ref();
        let longer = lines.last_mut().filter(|line| {
            line.is_empty() || width_of(line) + width_of(gap) + width_of(piece) <= width
        });
        match longer {
            Some(line) if line.is_empty() => line.push_str(piece),
            Some(line) => line.extend([gap, piece]),
            None => lines.push(piece.to_owned()),
        }
    }
    lines
}

/// `text` cut into pieces of at most `width` columns.
pub fn broken(mut text: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let mut end = fitting(text, width).len();
        if end == 0 {
            // A character that is wider than the line goes on a line of its own all the same.
            end = text.graphemes(true).next().map_or(text.len(), str::len);
        }
        let (piece, rest) = text.split_at(end);
        pieces.push(piece);
        text = rest;
    }
    pieces
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

    #[test]
    fn what_a_reader_sees_as_one_character_is_never_cut_in_two() {
        for (text, cut) in [
            ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦…"),
            ("🇩🇪🇫🇷", "🇩🇪…"),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", "e\u{301}e\u{301}…"),
        ] {
            assert_eq!(shortened(text, 3), cut);
        }
        assert_eq!(broken("❤️❤️❤️", 4), ["❤️❤️", "❤️"]);
        assert_eq!(broken("電", 1), ["電"]);
    }

    #[test]
    fn lines_stay_lines() {
        let note = "a\r\n  b\u{1b}[2J\n\n\tc ";
        assert_eq!(clean_lines(note), "a\n  b [2J\n\nc");
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
        fn shortened_text_fits(text in any::<String>(), width in 0_usize..30) {
            prop_assert!(width_of(&shortened(&text, width)) <= width);
        }

        #[test]
        fn broken_text_is_whole(text in any::<String>(), width in 2_usize..30) {
            let pieces = broken(&text, width);
            prop_assert_eq!(pieces.concat(), text);
        }
    }
}
