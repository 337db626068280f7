//! What a word is, to whoever looks for one: the search of contacts, its snippets, and the
//! suggestions of solutions read texts by this one function.
//!
//! Language-neutral. A word is a run of letters and digits in any script, without what people write
//! or leave out as they please: case, accents, vowel marks, final forms, soft hyphens, characters
//! of no width, the normal form (`Rückruf` = `ruckruf`, `ΑΘΗΝΑ` = `Αθήνα`, `ﾊﾞｸﾞ` = `バグ`,
//! `٤٢` = `42`). There is no stemming. Scripts that don't put spaces between words are cut into
//! single characters. Everything else separates words.

mod letters;

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use letters::{Folded, Letters};
pub use letters::{is_ignorable, stands_alone};

/// Words are cut at this length, in bytes.
pub const WORD_BYTES_MAX: usize = 64;

/// How much of a long word is looked at before its characters are put together again, which makes
/// it shorter.
const APART_BYTES_MAX: usize = 4 * WORD_BYTES_MAX;

/// The words of a text, in its order.
#[derive(Debug, Clone)]
pub struct Words<'t> {
    text: &'t str,
    letters: Letters<'t>,
}

/// Where a word stands, and what sort it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its place in the text, in bytes.
    pub span: Range<usize>,
    /// One character of a script that puts no spaces between words: no more than a part of one.
    pub alone: bool,
}

impl<'t> Words<'t> {
    /// Begins with the text's first word.
    pub fn of(text: &'t str) -> Self {
        Self {
            text,
            letters: Letters::of(text),
        }
    }

    /// The text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The next word: where it stands, and in `word` as it is compared.
    pub fn next_into(&mut self, word: &mut String) -> Option<Word> {
        word.clear();
        if let Some(span) = self.letters.ascii_word(word) {
            word.truncate(WORD_BYTES_MAX);
            return Some(Word { span, alone: false });
        }
        let mut found: Option<Word> = None;
        while let Some((folded, at)) = self.letters.peek() {
            match (folded, &mut found) {
                (Folded::Break, Some(_)) | (Folded::Alone(_), Some(_)) => break,
                (Folded::Letter(_), Some(Word { alone: true, .. })) => break,
                (Folded::Letter(letter), Some(Word { span, .. })) => {
                    if word.len() < APART_BYTES_MAX {
                        word.push(letter);
                    }
                    span.end = at.end;
                }
                // Marks go beyond the bound, because several on one letter have no order yet.
                (Folded::Mark(mark), Some(Word { span, .. })) => {
                    word.push(mark);
                    span.end = at.end;
                }
                (Folded::Accent, Some(Word { span, .. })) => span.end = at.end,
                (Folded::Letter(letter) | Folded::Alone(letter), None) => {
                    word.push(letter);
                    let alone = matches!(folded, Folded::Alone(_));
                    found = Some(Word { span: at, alone });
                }
                // A mark without a letter is no word.
                (Folded::Nothing, _) | (Folded::Break | Folded::Mark(_) | Folded::Accent, None) => {
                }
            }
            self.letters.pass();
        }
        if !word.is_ascii() {
            *word = word.nfc().collect();
        }
        word.truncate(word.floor_char_boundary(WORD_BYTES_MAX));
        found
    }
}

/// The words of a text as they are compared, with one blank between two.
pub fn folded(text: &str) -> String {
    let (mut folded, mut word) = (String::with_capacity(text.len()), String::new());
    let mut words = Words::of(text);
    while words.next_into(&mut word).is_some() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word);
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The words, and the pieces of the text in which they stand.
    fn read(text: &str) -> (Vec<String>, Vec<&str>) {
        let (mut seen, mut spans, mut word) = (Vec::new(), Vec::new(), String::new());
        let mut words = Words::of(text);
        while let Some(found) = words.next_into(&mut word) {
            seen.push(word.clone());
            spans.push(&text[found.span]);
        }
        (seen, spans)
    }

    fn words(text: &str) -> Vec<String> {
        read(text).0
    }

    #[test]
    fn what_people_leave_out_makes_no_difference() {
        for (written, sought) in [
            (
                "Λάθος λογαριασμός από την Αθήνα",
                "λαθοσ ΛΟΓΑΡΙΑΣΜΟΣ απο την ΑΘΗΝΑ",
            ),
            ("ещё Андреи\u{306} Ёлка", "ЕЩЕ Андрей елка"),
            ("Rech\u{ad}nung pass\u{200b}word", "rechnung PASSWORD"),
            (
                "re\u{301}sume\u{301} İstanbul Straße",
                "resume istanbul STRASSE",
            ),
            ("\u{1112}\u{116a}\u{11ab}\u{1107}\u{116e}\u{11af}", "환불"),
            ("ハ\u{3099}ク\u{3099} ﾊﾞｸﾞ", "バグ バグ"),
            ("Ｔｅｌ．１２３ ﬁnance ㎏", "tel 123 finance kg"),
            ("مُحَمَّد كـــتاب", "محمد كتاب"),
            ("שָׁלוֹם", "שלום"),
            ("٤٢ ४२ ４２ ۴۲", "42 42 42 42"),
            ("œuvre Søren Łódź Ðuro", "oeuvre soren lodz duro"),
            ("Kazı ısı", "KAZI ISI"),
            ("τῇ ᾠδῇ", "ΤΗΙ ΩΙΔΗΙ"),
            ("می\u{200c}خواهم", "ميخواهم"),
            ("п\u{2bc}ять", "п'ять"),
        ] {
            assert_eq!(words(written), words(sought), "{written}");
        }
    }

    #[test]
    fn what_makes_another_word_does() {
        for (one, other) in [
            ("バグ", "ハク"),
            ("कि", "कु"),
            ("ก้า", "กา"),
            ("नमस्ते", "नमसते"),
            ("10", "1 0"),
        ] {
            assert_ne!(words(one), words(other), "{one}");
        }
        assert_eq!(words("नमस्ते दुनिया").len(), 2);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_characters() {
        assert_eq!(words("退款ok"), ["退", "款", "ok"]);
        assert_eq!(words("abc退"), ["abc", "退"]);
        assert_eq!(words("น้ำ฿").len(), 2);
    }

    #[test]
    fn everything_else_separates() {
        assert_eq!(
            words("billing.double_charge"),
            ["billing", "double", "charge"]
        );
        assert_eq!(words("Acme™ 1½"), ["acme", "1", "1", "2"]);
        assert!(words("?!… \u{1} ´ \u{301} \u{fe0f}").is_empty());
        assert_eq!(words("\u{363}a"), ["a"]);
    }

    #[test]
    fn a_word_stands_where_its_letters_and_their_marks_do() {
        let text = "«Ärger», cafe\u{301}\u{ad}! Rech\u{ad}nung\u{200b} ﾊﾞ";
        let expected = ["Ärger", "cafe\u{301}", "Rech\u{ad}nung", "ﾊﾞ"];
        assert_eq!(read(text).1, expected);
    }

    #[test]
    fn a_long_word_is_cut_alike_in_every_normal_form() {
        assert_eq!(words(&"x".repeat(500)), ["x".repeat(WORD_BYTES_MAX)]);
        let long = "환불".repeat(50);
        let apart: String = long.nfd().collect();
        assert_eq!(words(&long), words(&apart));
        assert!(words(&long)[0].len() <= WORD_BYTES_MAX);
    }

    #[test]
    fn folded_text_is_its_words() {
        assert_eq!(folded("  Größe, und\nMaß!"), "grosse und mass");
        assert_eq!(folded("…"), "");
    }

    /// A Greek iota below its letter is a letter in capitals: it is read where it stands, and among
    /// marks of other scripts, where nobody writes it, normal forms place it differently. One that stands alone is one below a
    /// blank in compatible forms.
    fn has_iota_below(text: &str) -> bool {
        text.nfkd().any(|character| character == '\u{345}')
    }

    proptest! {
        #[test]
        fn words_are_the_same_in_any_normal_form_and_case(text in "\\PC{0,60}") {
            prop_assume!(!has_iota_below(&text));
            let expected = words(&text);
            for other in [
                text.nfc().collect(),
                text.nfd().collect(),
                text.to_lowercase(),
                text.to_uppercase(),
                text.to_uppercase().nfd().collect(),
                text.nfd().collect::<String>().to_uppercase().nfc().collect(),
            ] {
                let other: String = other;
                prop_assert_eq!(&words(&other), &expected, "{:?}", other);
            }
        }

        #[test]
        fn letters_are_the_same_in_compatible_forms(text in "[\\p{L}\\p{M}\\p{Nd} ]{0,60}") {
            prop_assume!(!has_iota_below(&text));
            let expected = words(&text);
            for other in [text.nfkc().collect::<String>(), text.nfkd().collect()] {
                prop_assert_eq!(&words(&other), &expected, "{:?}", other);
            }
        }

        #[test]
        fn a_word_is_read_as_itself(text in "\\PC{0,60}") {
            let (seen, spans) = read(&text);
            for (word, span) in seen.iter().zip(spans) {
                prop_assert!(!word.is_empty() && word.len() <= WORD_BYTES_MAX);
                prop_assert!(words(span).contains(word), "{span:?} of {text:?}");
                prop_assert_eq!(&words(word), std::slice::from_ref(word));
            }
        }

        #[test]
        fn what_has_no_width_changes_nothing(
            text in "[\\p{L}\\p{Nd} .]{0,40}",
            nothing in "[\u{ad}\u{200b}-\u{200f}\u{2060}\u{feff}\u{fe0f}]{1,3}",
            place in any::<prop::sample::Index>(),
        ) {
            let mut other: Vec<char> = text.chars().collect();
            let place = place.index(other.len() + 1);
            other.splice(place..place, nothing.chars());
            let other: String = other.into_iter().collect();
            prop_assert_eq!(words(&other), words(&text));
        }
    }
}
