//! What a publisher says of a solution.

use crate::limits::{LINE_BYTES_MAX, QUESTIONS_MAX, TEXT_BYTES_MAX};
use crate::violation::Reason;
use crate::{Cleaner, FieldPath, Violations};

/// A solution's words as a publisher gives them. Beside the title all may be left empty: the
/// candidate's then stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// What the solution is about, in a line.
    pub title: String,
    /// The question as customers put it.
    pub question_in_customer_words: Vec<String>,
    /// What to do.
    pub resolution: String,
    /// What helps until then.
    pub workaround: String,
}

impl Draft {
    /// Puts line ends and control characters right, as people's programs send them.
    pub fn clean(&mut self, cleaner: &mut Cleaner) {
        let Self {
            title,
            question_in_customer_words,
            resolution,
            workaround,
        } = self;
        cleaner.text(FieldPath::of("title"), title);
        let questions = FieldPath::of("question_in_customer_words");
        cleaner.each(
            questions,
            question_in_customer_words,
            |text, at, cleaner| {
                cleaner.text(at, text);
            },
        );
        cleaner.text(FieldPath::of("resolution"), resolution);
        cleaner.text(FieldPath::of("workaround"), workaround);
    }

    /// Notes all that is wrong with the draft in `found`.
    pub fn check(&self, found: &mut Violations) {
        if self.title.trim().is_empty() {
            found.add(
                "title",
                Reason::Required,
                "is required; say in a line what the solution is about",
            );
        }
        text("title", &self.title, LINE_BYTES_MAX, found);
        text("resolution", &self.resolution, TEXT_BYTES_MAX, found);
        text("workaround", &self.workaround, TEXT_BYTES_MAX, found);
        let questions = &self.question_in_customer_words;
        if questions.len() > QUESTIONS_MAX {
            let description = format!(
                "has {} elements; at most {QUESTIONS_MAX} are taken",
                questions.len()
            );
            found.add("question_in_customer_words", Reason::TooMany, description);
            return;
        }
        for (index, question) in questions.iter().enumerate() {
            let field = format!("question_in_customer_words[{index}]");
            if question.trim().is_empty() {
                found.add(
                    field.as_str(),
                    Reason::Required,
                    "is empty; give the question's words, or leave the element out",
                );
            }
            text(&field, question, TEXT_BYTES_MAX, found);
        }
    }
}

/// Notes what is wrong with a text.
pub(super) fn text(field: &str, value: &str, bytes_max: usize, found: &mut Violations) {
    if value.len() > bytes_max {
        let description = format!(
            "has {} bytes; at most {bytes_max} are taken, so shorten it",
            value.len()
        );
        found.add(field, Reason::TooLong, description);
    } else if value
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        let description = "holds control characters; only line feeds and tabs may stand in a text";
        found.add(field, Reason::Malformed, description);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let draft = Draft {
            title: " ".to_owned(),
            question_in_customer_words: vec![String::new(), "why\u{7}".to_owned()],
            resolution: "x".repeat(TEXT_BYTES_MAX + 1),
            workaround: String::new(),
        };
        let mut found = Violations::new();
        draft.check(&mut found);
        let said: Vec<_> = found
            .as_slice()
            .iter()
            .map(|one| (one.field.as_str(), one.reason))
            .collect();
        assert_eq!(
            said,
            [
                ("title", Reason::Required),
                ("resolution", Reason::TooLong),
                ("question_in_customer_words[0]", Reason::Required),
                ("question_in_customer_words[1]", Reason::Malformed),
            ]
        );
    }

    #[test]
    fn a_title_is_enough() {
        let mut found = Violations::new();
        let draft = Draft {
            title: "Slow network".to_owned(),
            ..Draft::default()
        };
        draft.check(&mut found);
        assert!(found.is_empty(), "{found}");
    }
}
