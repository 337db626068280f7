//! Texts as people's programs send them, and what of them is kept.

/// Whether the character is a command to a terminal or printer, and no part of a text.
pub fn is_control(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

/// Whether the character can't be seen at all: it controls, joins, directs or fills, and has no width.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// Makes line feeds of CRLF and CR, and drops other control characters; says how many it dropped.
pub fn clean(text: &mut String) -> usize {
    // Most texts are clean, and 0xC2 begins all control characters above ASCII.
    let suspicious = |byte| (byte < 0x20 && byte != b'\n') || byte == 0x7F || byte == 0xC2;
    if !text.bytes().any(suspicious) || !text.chars().any(is_control) {
        return 0;
    }
    let mut dropped = 0;
    let mut cleaned = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                cleaned.push('\n');
            }
            c if is_control(c) => dropped += 1,
            c => cleaned.push(c),
        }
    }
    *text = cleaned;
    dropped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_in_one_way_and_what_controls_is_dropped_and_counted() {
        for (sent, kept, dropped) in [
            ("one\r\ntwo\rthree\n", "one\ntwo\nthree\n", 0),
            ("a\r\r\nb", "a\n\nb", 0),
            ("a\tb", "a\tb", 0),
            ("a\u{b}b\u{c}c\u{85}d\u{93}e", "abcde", 4),
            ("a\0b\u{1b}[31mc\u{7f}", "ab[31mc", 3),
            ("Ä\u{2028}ß", "Ä\u{2028}ß", 0),
        ] {
            let mut text = sent.to_owned();
            assert_eq!(
                (clean(&mut text), text.as_str()),
                (dropped, kept),
                "{sent:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_clean_stays_as_it_is(sent in "[a-z\r\n\t\u{0}\u{85}é]{0,20}") {
            let mut text = sent;
            clean(&mut text);
            prop_assert!(!text.chars().any(is_control));
            let once = text.clone();
            prop_assert_eq!((clean(&mut text), text), (0, once));
        }
    }
}
