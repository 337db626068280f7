//! Synonyms: words that a tenant's customers and its solutions use for one thing.

use std::collections::HashMap;

use crate::interaction::is_language;
use crate::limits::{
    SYNONYM_GROUPS_MAX, SYNONYM_PHRASE_WORDS_MAX, SYNONYM_WORD_BYTES_MAX, SYNONYM_WORDS_MAX,
    SYNONYMS_BYTES_MAX,
};
use crate::violation::Reason;
use crate::words::{Words, folded};
use crate::{Cleaner, FieldPath, Violations};

/// Which words a tenant uses for one thing, in a language or in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Synonyms {
    /// What people call it; may be empty.
    pub display_name: String,
    /// The language of the words, as BCP 47 names it; empty for words of any language.
    pub language: String,
    /// The groups.
    pub groups: Vec<SynonymGroup>,
}

/// Words of which each may stand for each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SynonymGroup {
    /// The words, or phrases of up to [`SYNONYM_PHRASE_WORDS_MAX`] words.
    pub words: Vec<String>,
}

impl Synonyms {
    pub(super) fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        let list = at.field("groups");
        for (place, group) in self.groups.iter_mut().enumerate() {
            let group_at = list.index(place);
            let words_at = group_at.field("words");
            for (place, word) in group.words.iter_mut().enumerate() {
                cleaner.text(words_at.index(place), word);
            }
        }
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        if !self.language.is_empty() && !is_language(&self.language) {
            let text = "must be a BCP 47 language tag, such as de-CH, or left out";
            found.add(at.field("language"), Reason::Malformed, text);
        }
        let list = at.field("groups");
        if self.groups.is_empty() {
            found.required(list);
            return;
        }
        if self.groups.len() > SYNONYM_GROUPS_MAX {
            found.too_many(list, self.groups.len(), SYNONYM_GROUPS_MAX);
            return;
        }
        let words = self.groups.iter().flat_map(|group| &group.words);
        if words.map(String::len).sum::<usize>() > SYNONYMS_BYTES_MAX {
            found.too_long(list, SYNONYMS_BYTES_MAX);
            return;
        }
        // Where each word stands first, as words are compared.
        let mut places: HashMap<String, usize> = HashMap::new();
        for (place, group) in self.groups.iter().enumerate() {
            group.check((list.index(place), place), &mut places, found);
        }
    }
}

impl SynonymGroup {
    fn check(
        &self,
        (at, own): (FieldPath<'_>, usize),
        places: &mut HashMap<String, usize>,
        found: &mut Violations,
    ) {
        let list = at.field("words");
        if self.words.len() > SYNONYM_WORDS_MAX {
            found.too_many(list, self.words.len(), SYNONYM_WORDS_MAX);
            return;
        }
        if self.words.len() < 2 {
            let text = "has fewer than two words, so that none stands for another; add one, or take the group out";
            found.add(list, Reason::TooShort, text);
        }
        for (place, word) in self.words.iter().enumerate() {
            let at = list.index(place);
            if !check_word(at, word, found) {
                continue;
            }
            let text = match places.insert(folded(word), own) {
                None => continue,
                Some(other) if other == own => {
                    "stands in the group already; give it once".to_owned()
                }
                Some(other) => format!(
                    "stands in groups[{other}], too, and a word is of one group; take it out of one, or make one group of both"
                ),
            };
            found.add(at, Reason::Conflicting, text);
        }
    }
}

/// Notes what is wrong with a word or phrase by itself; whether it can be compared with others.
fn check_word(at: FieldPath<'_>, text: &str, found: &mut Violations) -> bool {
    let (mut words, mut word) = (Words::of(text), String::new());
    let (mut count, mut run_end) = (0, None);
    while let Some(read) = words.next_into(&mut word) {
        // Of scripts without blanks, a run of characters is a word.
        let goes_on = read.alone && run_end == Some(read.span.start);
        count += usize::from(!goes_on);
        run_end = read.alone.then_some(read.span.end);
        if word.len() > SYNONYM_WORD_BYTES_MAX {
            found.too_long(at, SYNONYM_WORD_BYTES_MAX);
            return false;
        }
    }
    if text.len() > SYNONYM_PHRASE_WORDS_MAX * (SYNONYM_WORD_BYTES_MAX + 1) {
        found.too_long(at, SYNONYM_PHRASE_WORDS_MAX * (SYNONYM_WORD_BYTES_MAX + 1));
        return false;
    }
    if count == 0 {
        let text = "has no letter or digit that is searched for; give a word, or leave it out";
        found.add(at, Reason::Malformed, text);
        return false;
    }
    if count > SYNONYM_PHRASE_WORDS_MAX {
        let text =
            format!("has {count} words; give a phrase of at most {SYNONYM_PHRASE_WORDS_MAX}");
        found.add(at, Reason::TooLong, text);
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(language: &str, groups: &[&[&str]]) -> Vec<(String, Reason)> {
        let group = |words: &&[&str]| SynonymGroup {
            words: words.iter().map(|&word| word.to_owned()).collect(),
        };
        let synonyms = Synonyms {
            display_name: String::new(),
            language: language.to_owned(),
            groups: groups.iter().map(group).collect(),
        };
        let mut found = Violations::new();
        synonyms.check(FieldPath::ROOT, &mut found);
        let all = found.as_slice().iter();
        all.map(|it| (it.field.clone(), it.reason)).collect()
    }

    fn one(field: &str, reason: Reason) -> Vec<(String, Reason)> {
        vec![(field.to_owned(), reason)]
    }

    #[test]
    fn groups_of_words_and_short_phrases_are_taken() {
        assert!(wrong("", &[&["wlan", "wi-fi", "wireless network"]]).is_empty());
        assert!(wrong("zh", &[&["退款申请书", "refund"], &["a", "b"]]).is_empty());
    }

    #[test]
    fn what_stands_for_nothing_or_for_two_things_is_refused() {
        assert_eq!(wrong("", &[]), one("groups", Reason::Required));
        assert_eq!(
            wrong("", &[&["wlan"]]),
            one("groups[0].words", Reason::TooShort)
        );
        assert_eq!(
            wrong("", &[&["wlan", "WLAN"]]),
            one("groups[0].words[1]", Reason::Conflicting)
        );
        assert_eq!(
            wrong("", &[&["wlan", "wifi"], &["net", "Wifi"]]),
            one("groups[1].words[1]", Reason::Conflicting)
        );
        assert_eq!(
            wrong("", &[&["a", "one two three four"]]),
            one("groups[0].words[1]", Reason::TooLong)
        );
        assert_eq!(
            wrong("", &[&["a", "..."]]),
            one("groups[0].words[1]", Reason::Malformed)
        );
        assert_eq!(
            wrong("german!", &[&["a", "b"]]),
            one("language", Reason::Malformed)
        );
    }

    #[test]
    fn there_is_a_bound_to_all_of_it() {
        let many: Vec<String> = (0..=SYNONYM_WORDS_MAX).map(|n| format!("w{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(wrong("", &[&many]), one("groups[0].words", Reason::TooMany));
        let groups = vec![&["a", "b"][..]; SYNONYM_GROUPS_MAX + 1];
        assert_eq!(wrong("", &groups), one("groups", Reason::TooMany));
        let long = "x".repeat(SYNONYM_WORD_BYTES_MAX + 1);
        assert_eq!(
            wrong("", &[&["a", &long]]),
            one("groups[0].words[1]", Reason::TooLong)
        );
        let huge = "x".repeat(SYNONYMS_BYTES_MAX);
        assert_eq!(wrong("", &[&["a", &huge]]), one("groups", Reason::TooLong));
    }
}
