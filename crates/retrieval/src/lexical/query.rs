//! What solutions are searched for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Synonym, rarity};
use crate::words::{self, Word};

/// Different terms of a text that are looked up,
const TERMS_MAX: usize = 512;
/// and how often one that is repeated counts.
pub(super) const REPEATED_MAX: u16 = 3;
/// How much another word counts that a slip makes of what was written.
const CORRECTED_WEIGHT: f32 = 0.8;
/// As how many times as much the forms count of a word that no solution has.
const STRANGE_FORMS_WEIGHT: f32 = 8.0;

/// The library that is searched, in numbers: those of one tenant, because what a term weighs must
/// not depend on others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Library {
    /// How many solutions there are.
    pub documents: u64,
    /// How long they are, on average ([`Profile::length`](crate::Profile::length)).
    pub length_mean: f32,
}

/// A term that solutions are searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// The term or a further form, as it stands in the index.
    pub term: String,
    /// The word as the text has it: what an explanation shows.
    pub word: Arc<str>,
    /// How many solutions have it.
    pub having: u64,
    /// How often the text says it, and how much it tells of itself.
    pub boost: f32,
    /// `boost`, times how rare it is.
    pub weight: f32,
    /// Whether it says what the text is about: neither faint nor a further form.
    pub tells: bool,
}

/// A text that solutions are searched for with.
#[derive(Debug, Clone)]
pub struct Query {
    words: Vec<Word>,
    /// Slips: what was written, and a word that may have been meant.
    corrected: BTreeSet<(String, String)>,
    /// What stands for something that the text says.
    pub(super) synonyms: Vec<Synonym>,
}

impl Query {
    /// The query of a text, taken as it is: nothing in it is syntax.
    pub fn of(text: &str) -> Self {
        let mut words = words::words(text);
        words.truncate(2 * TERMS_MAX);
        Self {
            words,
            corrected: BTreeSet::new(),
            synonyms: Vec::new(),
        }
    }

    /// The text's words.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// The words, as they are written, in which a slip would be forgiven, and of which no solution
    /// has the term.
    pub fn strange(&self, mut is_known: impl FnMut(&str) -> bool) -> Vec<String> {
        let mut strange = BTreeSet::new();
        for word in &self.words {
            if words::is_forgiven(&word.spelling)
                && words::tells(&word.term)
                && !is_known(&word.term)
            {
                strange.insert(word.spelling.clone());
            }
        }
        strange.into_iter().collect()
    }

    /// Takes `spelling` also for `meant`, a word of some solution that is one slip away.
    pub fn correct(&mut self, spelling: &str, meant: &str) {
        self.corrected
            .insert((spelling.to_owned(), meant.to_owned()));
    }

    /// What is searched for, what tells most first; `having` says how many solutions have a term.
    /// What none has is left out.
    pub fn sought(&self, library: Library, mut having: impl FnMut(&str) -> u64) -> Vec<Sought> {
        let mut all: Vec<Sought> = Vec::new();
        let asked = self.asked();
        for (term, mut asked) in asked {
            // Where no solution has a word, its forms are all that there is.
            if asked.is_form && having(&asked.word) == 0 {
                asked.boost *= STRANGE_FORMS_WEIGHT;
                asked.tells = words::tells(&asked.word);
            }
            let having = having(&term);
            if having == 0 {
                continue;
            }
            all.push(Sought {
                having,
                boost: asked.boost,
                weight: asked.boost * rarity(having as f32, library.documents as f32),
                tells: asked.tells,
                word: asked.word.into(),
                term,
            });
        }
        heaviest_first(&mut all);
        all
    }

    /// Each term and form once, with the most that it counts.
    fn asked(&self) -> BTreeMap<String, Asked> {
        let mut repeated: BTreeMap<&str, (u16, &Word)> = BTreeMap::new();
        for word in &self.words {
            let known = repeated.len();
            if let Some((count, _)) = repeated.get_mut(word.term.as_str()) {
                *count = (*count + 1).min(REPEATED_MAX);
            } else if known < TERMS_MAX {
                repeated.insert(&word.term, (1, word));
            }
        }
        let mut asked = BTreeMap::new();
        for (term, (count, word)) in repeated {
            let boost = f32::from(count) * words::weight(term);
            ask(&mut asked, term, boost, words::tells(term));
            let meant = self
                .corrected
                .iter()
                .filter(|(slip, _)| *slip == word.spelling);
            for (_, meant) in meant {
                for word in words::words(meant) {
                    ask(&mut asked, &word.term, boost * CORRECTED_WEIGHT, true);
                }
            }
        }
        asked
    }
}

/// Puts what tells most first.
pub(super) fn heaviest_first(sought: &mut [Sought]) {
    sought.sort_by(|a, b| {
        let heavier = b.weight.total_cmp(&a.weight);
        heavier.then_with(|| a.term.cmp(&b.term))
    });
}

/// What is asked for by a term.
#[derive(Debug)]
struct Asked {
    word: String,
    boost: f32,
    tells: bool,
    is_form: bool,
}

/// Asks for a term and its forms.
fn ask(asked: &mut BTreeMap<String, Asked>, term: &str, boost: f32, tells: bool) {
    let mut ask = |form: &str, boost: f32, tells: bool| {
        let one = asked.entry(form.to_owned()).or_insert_with(|| Asked {
            word: term.to_owned(),
            boost,
            tells,
            is_form: form != term,
        });
        one.is_form &= form != term;
        one.boost = one.boost.max(boost);
        one.tells |= tells;
    };
    ask(term, boost, tells);
    if tells {
        words::forms_of_text(term, |form, weight| ask(form, boost * weight, false));
    }
}
