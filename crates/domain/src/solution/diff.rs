//! What is different between two versions: field by field, and in a text word by word.

use similar::utils::{diff_lines, diff_unicode_words};
use similar::{Algorithm, ChangeTag};

use super::audience::{Audience, Governance};
use super::content::{Content, Source};
use crate::limits::DIFF_PIECES_MAX;

/// What became of a piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is in both.
    Kept,
    /// It was in the one before.
    Removed,
    /// It is in the one after.
    Added,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What became of it.
    pub kind: Kind,
    /// Its words.
    pub text: String,
}

/// A field that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDiff {
    /// Its name; of a list with the element's place.
    pub field: String,
    /// Its text, piece by piece.
    pub pieces: Vec<Piece>,
}

/// What is different between two versions, in the order of the fields.
pub fn diff(before: &Content, after: &Content) -> Vec<FieldDiff> {
    let (before, after) = (fields(before), fields(after));
    let mut diffs = Vec::new();
    for ((name, old), (_, new)) in before.into_iter().zip(after) {
        let longest = old.len().max(new.len());
        for place in 0..longest {
            let text = |list: &[String]| list.get(place).cloned().unwrap_or_default();
            let (one, other) = (text(&old), text(&new));
            if one != other {
                diffs.push(FieldDiff {
                    field: match is_list(name) {
                        true => format!("{name}[{place}]"),
                        false => name.to_owned(),
                    },
                    pieces: pieces(&one, &other),
                });
            }
        }
    }
    diffs
}

/// The names of the fields that are different.
pub fn changed_fields(before: &Content, after: &Content) -> Vec<&'static str> {
    let both = fields(before).into_iter().zip(fields(after));
    let changed = both.filter(|((_, old), (_, new))| old != new);
    changed.map(|((name, _), _)| name).collect()
}

/// What became of each piece of a text: word by word; of long texts line by line, and of those with very many lines
/// as a whole, so that it is soon known.
pub fn pieces(before: &str, after: &str) -> Vec<Piece> {
    // What stands between words is compared, too.
    let words = words(before) + words(after);
    let lines = before.lines().count() + after.lines().count();
    let pieces = if words <= DIFF_PIECES_MAX {
        diff_unicode_words(Algorithm::Myers, before, after)
    } else if lines <= DIFF_PIECES_MAX {
        diff_lines(Algorithm::Myers, before, after)
    } else {
        vec![(ChangeTag::Delete, before), (ChangeTag::Insert, after)]
    };
    let pieces = pieces.into_iter().map(|(tag, text)| Piece {
        kind: match tag {
            ChangeTag::Equal => Kind::Kept,
            ChangeTag::Delete => Kind::Removed,
            ChangeTag::Insert => Kind::Added,
        },
        text: text.to_owned(),
    });
    pieces.collect()
}

/// How many words a text has at most: each letter beside another one is of the same word.
fn words(text: &str) -> usize {
    let characters = text.chars();
    let (count, _) = characters.fold((0, false), |(count, in_word), character| {
        let is_letter = character.is_ascii_alphanumeric();
        (count + usize::from(!(in_word && is_letter)), is_letter)
    });
    count
}

/// Every field with what it says: a list has its elements, any other field one.
fn fields(content: &Content) -> Vec<(&'static str, Vec<String>)> {
    let one = |text: &str| vec![text.to_owned()];
    let at = |at: Option<jiff::Timestamp>| vec![at.map_or(String::new(), |at| at.to_string())];
    let environment = content.environment.iter();
    let sources = content.sources.iter();
    vec![
        ("title", one(&content.title)),
        (
            "question_in_customer_words",
            content.question_in_customer_words.clone(),
        ),
        ("symptoms", content.symptoms.clone()),
        (
            "environment",
            environment
                .map(|(key, value)| format!("{key}: {value}"))
                .collect(),
        ),
        (
            "discriminating_questions",
            content.discriminating_questions.clone(),
        ),
        ("cause", one(&content.cause)),
        ("resolution", one(&content.resolution)),
        ("workaround", one(&content.workaround)),
        ("customer_wording", one(&content.customer_wording)),
        ("do_not_say", content.do_not_say.clone()),
        ("sources", sources.map(source).collect()),
        ("reason_code", one(&content.reason_code)),
        ("audience", one(content.audience.map_or("", Audience::name))),
        (
            "governance",
            one(content.governance.map_or("", Governance::name)),
        ),
        ("client_account_id", one(&content.client_account_id)),
        ("language", one(&content.language)),
        ("translation_of", one(&content.translation_of)),
        ("owner_group", one(&content.owner_group)),
        ("verify_by", at(content.verify_by)),
        ("effective_from", at(content.effective_from)),
        ("change_note", one(&content.change_note)),
    ]
}

fn is_list(name: &str) -> bool {
    matches!(
        name,
        "question_in_customer_words"
            | "symptoms"
            | "environment"
            | "discriminating_questions"
            | "do_not_say"
            | "sources"
    )
}

/// A source in words.
fn source(source: &Source) -> String {
    let checked_at = source.checked_at.map(|at| at.to_string());
    let said = [
        &source.title,
        &source.uri,
        &checked_at.unwrap_or_default(),
        &source.checked_by,
        &source.content_hash,
    ];
    let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
    said.into_iter().cloned().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(pieces: &[Piece], without: Kind) -> String {
        let kept = pieces.iter().filter(|piece| piece.kind != without);
        kept.map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn a_word_that_changed_is_one_word() {
        let pieces = pieces(
            "Wait 5 minutes, then restart.",
            "Wait 10 minutes, then restart.",
        );
        let told: Vec<_> = pieces
            .iter()
            .map(|one| (one.kind, one.text.as_str()))
            .collect();
        let expected = [
            (Kind::Kept, "Wait "),
            (Kind::Removed, "5"),
            (Kind::Added, "10"),
            (Kind::Kept, " minutes, then restart."),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn only_what_is_different_is_told_and_by_its_place() {
        let before = Content {
            title: "Slow".to_owned(),
            symptoms: vec!["orange light".to_owned(), "no tone".to_owned()],
            ..Content::default()
        };
        let after = Content {
            symptoms: vec!["orange light".to_owned()],
            cause: "A loose cable".to_owned(),
            ..before.clone()
        };
        let fields: Vec<_> = diff(&before, &after)
            .into_iter()
            .map(|one| one.field)
            .collect();
        assert_eq!(fields, ["symptoms[1]", "cause"]);
        assert_eq!(changed_fields(&before, &after), ["symptoms", "cause"]);
        assert_eq!(diff(&after, &after), []);
    }

    proptest! {
        #[test]
        fn the_pieces_make_both_texts(before in "[a-c ]{0,40}|\\PC{0,30}", after in "[a-c ]{0,40}|\\PC{0,30}") {
            let pieces = pieces(&before, &after);
            prop_assert_eq!(of(&pieces, Kind::Added), before);
            prop_assert_eq!(of(&pieces, Kind::Removed), after);
        }
    }
}
