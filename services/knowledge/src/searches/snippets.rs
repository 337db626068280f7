//! The passage of a solution that fits a text best.

use aftercall_domain::words::Words;
use aftercall_proto::model::v1::Solution;

use crate::limits::SNIPPET_CHARS;
use crate::words;

/// How many characters before the first word that is shared are shown with it.
const BEFORE_CHARS: usize = 60;

/// A passage, and the field that it is of: of the fields that whoever asks may see, the one that shares most words
/// with the text; without a text the first one that says something.
pub(super) fn passage(solution: &Solution, is_outside: bool, terms: &[String]) -> (String, String) {
    let mut best: Option<(usize, &'static str, &str)> = None;
    for (field, text) in fields(solution, is_outside) {
        if text.trim().is_empty() {
            continue;
        }
        let shared = shared(text, terms);
        if best.is_none_or(|(most, ..)| shared > most) {
            best = Some((shared, field, text));
        }
    }
    match best {
        Some((_, field, text)) => (cut(text, terms), field.to_owned()),
        None => (String::new(), String::new()),
    }
}

fn fields(solution: &Solution, is_outside: bool) -> Vec<(&'static str, &str)> {
    let mut fields = Vec::new();
    if is_outside {
        fields.push(("customer_wording", solution.customer_wording.as_str()));
    }
    let questions = solution.question_in_customer_words.iter();
    fields.extend(questions.map(|text| ("question_in_customer_words", text.as_str())));
    if !is_outside {
        let symptoms = solution.symptoms.iter();
        fields.extend(symptoms.map(|text| ("symptoms", text.as_str())));
        fields.push(("resolution", &solution.resolution));
        fields.push(("customer_wording", &solution.customer_wording));
    }
    fields
}

/// How many different words of the text a passage has.
fn shared(passage: &str, terms: &[String]) -> usize {
    let has: std::collections::BTreeSet<_> = words::terms(passage).collect();
    terms.iter().filter(|term| has.contains(*term)).count()
}

/// A text from shortly before the first word that is shared.
fn cut(text: &str, terms: &[String]) -> String {
    let text = text.trim();
    let begin = first_shared(text, terms).map_or(0, |at| {
        let before = text[..at].char_indices().rev().take(BEFORE_CHARS).last();
        before.map_or(0, |(at, _)| at)
    });
    // From the beginning of a word, where there is one.
    let begin = match text[..begin].ends_with(char::is_whitespace) || begin == 0 {
        true => begin,
        false => text[begin..]
            .find(char::is_whitespace)
            .map_or(begin, |blank| begin + blank),
    };
    let rest = text[begin..].trim_start();
    let end = rest
        .char_indices()
        .nth(SNIPPET_CHARS)
        .map_or(rest.len(), |(at, _)| at);
    let mut passage = String::new();
    if begin > 0 {
        passage.push('\u{2026}');
    }
    passage.push_str(rest[..end].trim_end());
    if end < rest.len() {
        passage.push('\u{2026}');
    }
    passage
}

/// Where the first word stands that is one of the terms.
fn first_shared(text: &str, terms: &[String]) -> Option<usize> {
    let (mut found, mut word) = (Words::of(text), String::new());
    let mut before = None;
    while let Some(at) = found.next_into(&mut word) {
        let here = &text[at.span.clone()];
        if words::terms(here).any(|term| terms.contains(&term)) {
            return Some(at.span.start);
        }
        // Of scripts without blanks two characters are a term.
        if let Some(start) = before.filter(|_| at.alone) {
            let both: &str = &text[start..at.span.end];
            if words::terms(both).any(|term| terms.contains(&term)) {
                return Some(start);
            }
        }
        before = at.alone.then_some(at.span.start);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        words::terms(text).collect()
    }

    #[test]
    fn the_passage_is_the_one_that_shares_most() {
        let solution = Solution {
            question_in_customer_words: vec!["My bill is wrong".to_owned()],
            resolution: format!(
                "{} then refund the second charge of the bill.",
                "Look. ".repeat(40)
            ),
            customer_wording: "We refund the charge.".to_owned(),
            ..Solution::default()
        };
        let (shown, field) = passage(&solution, false, &terms("refund charge bill"));
        assert_eq!(field, "resolution");
        assert!(shown.starts_with('\u{2026}') && shown.contains("refund the second charge"));
        let (shown, field) = passage(&solution, true, &terms("second charge"));
        assert_eq!(
            (shown.as_str(), field.as_str()),
            ("We refund the charge.", "customer_wording")
        );
    }

    #[test]
    fn a_passage_is_cut_between_characters() {
        let solution = Solution {
            resolution: format!("{}退款{}", "说明。".repeat(200), "谢谢".repeat(400)),
            ..Solution::default()
        };
        let (shown, _) = passage(&solution, false, &terms("退款"));
        assert!(shown.contains("退款"), "{shown}");
        assert!(shown.chars().count() <= SNIPPET_CHARS + 2);
    }
}
