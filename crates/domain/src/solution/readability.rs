//! How easily a version is read: what is read out on the telephone has to be said in one breath.

use super::content::Content;
use crate::limits::SENTENCE_WORDS_MAX;
use crate::{Warning, WarningReason};

/// What of a version is hard to read, for its author to decide on: long sentences, by field.
pub fn hard_to_read(content: &Content) -> Vec<Warning> {
    let fields = [
        ("resolution", &content.resolution),
        ("workaround", &content.workaround),
        ("customer_wording", &content.customer_wording),
    ];
    let warnings = fields.into_iter().map(|(field, text)| Warning {
        field: field.to_owned(),
        reason: WarningReason::LongSentence,
        count: long_sentences(text),
        detail: String::new(),
    });
    warnings.filter(|warning| warning.count > 0).collect()
}

/// How many sentences, or lines, of a text have more words than are taken in at once. What is written without spaces
/// between words has none.
fn long_sentences(text: &str) -> u32 {
    let ends = ['.', '!', '?', ';', ':', '\n', '。', '！', '？'];
    let sentences = text.split(ends);
    let long =
        sentences.filter(|sentence| sentence.split_whitespace().count() > SENTENCE_WORDS_MAX);
    u32::try_from(long.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_told_by_field_and_steps_are_not_one_sentence() {
        let content = Content {
            resolution: "Restart it.\n".repeat(60),
            customer_wording: format!("{}end.", "and ".repeat(SENTENCE_WORDS_MAX)),
            ..Content::default()
        };
        let told = hard_to_read(&content);
        let told: Vec<_> = told.iter().map(|one| (&*one.field, one.count)).collect();
        assert_eq!(told, [("customer_wording", 1)]);
        let shorter = Content {
            customer_wording: "and ".repeat(SENTENCE_WORDS_MAX),
            ..Content::default()
        };
        assert_eq!(hard_to_read(&shorter), []);
    }
}
