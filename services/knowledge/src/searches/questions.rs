//! Questions that say the same in nearly the same words.

use std::collections::BTreeSet;

use crate::limits::QUESTIONS_APART_MAX;
use crate::words;

/// How much of their words two questions must share to be one: this many of so many.
const SHARED: (usize, usize) = (1, 2);

/// Questions in groups, each by the words of its first one.
#[derive(Debug, Default)]
pub(super) struct Questions {
    groups: Vec<Group>,
}

/// Near-equal questions.
#[derive(Debug)]
pub(super) struct Group {
    /// The first one.
    pub(super) text: String,
    /// How many.
    pub(super) count: u64,
    terms: BTreeSet<String>,
}

impl Questions {
    /// Adds a question. One that says nothing is left out, and so are those beyond the most different ones.
    pub(super) fn add(&mut self, text: &str) {
        let terms: BTreeSet<_> = words::terms(text)
            .filter(|term| words::tells(term))
            .collect();
        if terms.is_empty() {
            return;
        }
        let near = self
            .groups
            .iter_mut()
            .find(|group| is_near(&group.terms, &terms));
        if let Some(group) = near {
            group.count += 1;
        } else if self.groups.len() < QUESTIONS_APART_MAX {
            self.groups.push(Group {
                text: text.trim().to_owned(),
                count: 1,
                terms,
            });
        }
    }

    /// The groups, the largest first; of equal ones the one that came first.
    pub(super) fn into_groups(self) -> Vec<Group> {
        let mut groups = self.groups;
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

/// Whether two sets share enough of what they have together.
fn is_near(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let shared = one.intersection(other).count();
    let together = one.len() + other.len() - shared;
    shared * SHARED.1 >= together * SHARED.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_equal_questions_are_one() {
        let mut questions = Questions::default();
        for text in [
            "How do I cancel the roaming pack?",
            "my router blinks red",
            "cancel a roaming pack please",
            "",
            "what is it",
            "Cancelling the roaming packs",
            "Router blinks in red",
        ] {
            questions.add(text);
        }
        let groups = questions.into_groups();
        let told: Vec<_> = groups
            .iter()
            .map(|one| (one.text.as_str(), one.count))
            .collect();
        let expected = [
            ("How do I cancel the roaming pack?", 3),
            ("my router blinks red", 2),
        ];
        assert_eq!(told, expected);
    }
}
