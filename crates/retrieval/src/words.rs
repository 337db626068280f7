//! From texts to the terms that are compared: words as [`aftercall_domain::words`] reads them,
//! stemmed by their script, and weighed by how much they tell of themselves.
//!
//! Of scripts that put no spaces between words, two neighbouring characters are a term: one by
//! itself tells as much as a letter does elsewhere.
//!
//! Words such as "the", "how" or "please" tell little in a customer's question, and much now and
//! then ("how old are you"): they count for half, and a solution that shares nothing else with a
//! text is not suggested.

mod forms;
mod stems;
mod typo;

use std::collections::HashSet;
use std::sync::LazyLock;

use aftercall_domain::words::Words;

pub(crate) use forms::Forms;
pub use forms::{forms_of_solution, forms_of_text};
pub use typo::{Near, Reached, is_forgiven};

/// The longest word that is searched for, in bytes.
pub const TERM_BYTES_MAX: usize = 40;

/// Words that tell little; the last line are the ends of "it's", "don't", "we'll".
const FAINT: &str = "a an and are as at be but by for if in into is it no not of on or such that \
    the their then there these they this to was will with i me my we us our you your he she his \
    her its them am were been have has had do does did about again also any being can cannot cant \
    could doing dont don doesn didn isn aren wasn weren hasn haven hadn won wouldn couldn shouldn \
    from having him how im ive just may might must please shall should so some than too very what \
    when where which who whom why would \
    s t d m ll ve re";

/// How much a faint word counts beside another.
const FAINT_WEIGHT: f32 = 0.5;

static FAINT_TERMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let words = FAINT.split_whitespace();
    words.map(|word| stems::stem(word).into_owned()).collect()
});

/// The longest of them, in bytes: most words are longer, and need not be looked up.
static FAINT_BYTES_MAX: LazyLock<usize> =
    LazyLock::new(|| faint().map(str::len).max().unwrap_or(0));

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is compared: its stem, or two characters of a script without spaces.
    pub term: String,
    /// As it was written, folded.
    pub spelling: String,
}

/// The words of a text, in its order.
pub fn words(text: &str) -> Vec<Word> {
    let (mut all, mut word) = (Vec::new(), String::new());
    let (mut run, mut run_end) = (Vec::new(), 0);
    let mut words = Words::of(text);
    while let Some(found) = words.next_into(&mut word) {
        if !found.alone || found.span.start != run_end {
            end_run(&mut run, &mut all);
        }
        if found.alone {
            run.push(word.clone());
            run_end = found.span.end;
        } else if word.len() <= TERM_BYTES_MAX {
            all.push(Word {
                term: stems::stem(&word).into_owned(),
                spelling: word.clone(),
            });
        }
    }
    end_run(&mut run, &mut all);
    all
}

/// Adds the pairs of a run of characters that stand alone; a single one as it is.
fn end_run(run: &mut Vec<String>, all: &mut Vec<Word>) {
    let alone = |term: String| Word {
        spelling: term.clone(),
        term,
    };
    if let [single] = run.as_slice() {
        all.push(alone(single.clone()));
    }
    all.extend(run.windows(2).map(|pair| alone(pair.concat())));
    run.clear();
}

/// Whether a term says what a text is about.
pub fn tells(term: &str) -> bool {
    term.len() > *FAINT_BYTES_MAX || !FAINT_TERMS.contains(term)
}

/// The terms that tell little.
pub(crate) fn faint() -> impl Iterator<Item = &'static str> {
    FAINT_TERMS.iter().map(String::as_str)
}

/// How much a term counts.
pub fn weight(term: &str) -> f32 {
    if tells(term) { 1.0 } else { FAINT_WEIGHT }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.term).collect()
    }

    #[test]
    fn forms_of_a_word_are_one_term() {
        assert_eq!(all("Refunds, refunded!"), all("refund REFUNDING"));
        assert_eq!(all("Café Ναός"), all("cafe\u{301} ΝΑΟΣ"));
        assert_eq!(all("pass\u{ad}words"), all("PASSWORD"));
        assert_eq!(all("λογαριασμού"), all("ΛΟΓΑΡΙΑΣΜΌΣ"));
        assert_eq!(all("возврата"), all("возврат"));
    }

    #[test]
    fn characters_that_stand_alone_are_terms_in_pairs() {
        assert_eq!(
            all("路由器 ok 退 退款"),
            ["路由", "由器", "ok", "退", "退款"]
        );
        assert_eq!(all("ﾊﾞｸﾞ"), ["バグ"]);
    }

    #[test]
    fn some_words_tell_little() {
        let little = all("It's that we are the ... don't how would you please");
        assert!(little.iter().all(|term| !tells(term)), "{little:?}");
        assert!(all("refund").iter().all(|term| tells(term)));
    }

    #[test]
    fn a_word_beyond_the_bound_is_left_out() {
        let long = "x".repeat(TERM_BYTES_MAX + 1);
        assert_eq!(all(&format!("{long} y")), ["y"]);
    }
}
