//! Further forms under which a word is found, beside its term: none of them tells by itself what a
//! text is about, so they count for less.
//!
//! - *Beginnings*: languages that no stemmer is chosen for bend the ends of words (Rechnung,
//!   Rechnungen; kündigen, Kündigung).
//! - *Ends*: compounds end in what they are (Telefonrechnung is a Rechnung).
//! - *Syllables*: Korean writes particles at the end of a word (환불, 환불을): two syllables are
//!   compared as two characters of Chinese are.
//! - *Characters*: single ones of scripts without spaces (退款, 退了款).

use aftercall_domain::words::stands_alone;

use crate::map::{Map, Sieve};

/// Letters of a beginning, and of the words that have one.
const BEGINNING: usize = 5;
const BEGUN_MIN: usize = 6;
/// The shortest end, and the shortest rest before it.
const END_MIN: usize = 5;
const REST_MIN: usize = 3;

/// Before the text of a form, so that it is no word's. No word holds it.
const BEGINNING_MARK: char = '\u{1}';
const END_MARK: char = '\u{2}';
const SYLLABLES_MARK: char = '\u{3}';
const CHARACTER_MARK: char = '\u{4}';

/// How much each form counts.
const BEGINNING_WEIGHT: f32 = 0.05;
const END_WEIGHT: f32 = 0.05;
const SYLLABLES_WEIGHT: f32 = 0.5;
const CHARACTER_WEIGHT: f32 = 0.25;

/// What forms a script has.
enum Script {
    Alphabet,
    Syllables,
    Alone,
    None,
}

fn script(term: &str) -> Script {
    // As most are.
    if term.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Script::Alphabet;
    }
    if term.chars().all(stands_alone) {
        Script::Alone
    } else if term
        .chars()
        .all(|letter| matches!(letter, '\u{AC00}'..='\u{D7A3}'))
    {
        Script::Syllables
    } else if term.chars().all(char::is_alphabetic) {
        Script::Alphabet
    } else {
        // Numbers and codes are what they are.
        Script::None
    }
}

/// Tells `found` the forms under which a solution's term is found, too.
pub fn forms_of_solution(term: &str, mut found: impl FnMut(&str)) {
    let mut room = String::new();
    parts_of_solution(term, |mark, part| found(written(&mut room, mark, part)));
}

/// Tells `found` the same forms, each as its mark and the part of the term that follows it.
fn parts_of_solution(term: &str, mut found: impl FnMut(char, &str)) {
    let script = script(term);
    common(&script, term, |mark, part, _| found(mark, part));
    if let Script::Alphabet = script {
        ends(term).for_each(|end| found(END_MARK, end));
    }
}

/// Tells `sought` the forms that are looked up for a text's term, too, and how much each counts
/// beside the word.
pub fn forms_of_text(term: &str, mut sought: impl FnMut(&str, f32)) {
    let mut room = String::new();
    let script = script(term);
    common(&script, term, |mark, part, weight| {
        sought(written(&mut room, mark, part), weight);
    });
    if let Script::Alphabet = script {
        if term.chars().count() >= END_MIN {
            sought(written(&mut room, END_MARK, term), END_WEIGHT);
        }
        // What a compound ends in is a word of a solution.
        ends(term).for_each(|end| sought(end, END_WEIGHT));
    }
}

fn written<'r>(room: &'r mut String, mark: char, part: &str) -> &'r str {
    room.clear();
    room.push(mark);
    room.push_str(part);
    room
}

/// The forms that are the same on both sides.
fn common(script: &Script, term: &str, mut form: impl FnMut(char, &str, f32)) {
    match script {
        Script::Alphabet => {
            if let Some(beginning) = beginning(term) {
                form(BEGINNING_MARK, beginning, BEGINNING_WEIGHT);
            }
        }
        Script::Syllables => {
            pairs(term).for_each(|two| form(SYLLABLES_MARK, two, SYLLABLES_WEIGHT));
        }
        Script::Alone => {
            let single = term.char_indices();
            let single = single.map(|(at, letter)| &term[at..at + letter.len_utf8()]);
            single.for_each(|one| form(CHARACTER_MARK, one, CHARACTER_WEIGHT));
        }
        Script::None => {}
    }
}

/// The beginning of a word that has one.
fn beginning(term: &str) -> Option<&str> {
    term.char_indices().nth(BEGUN_MIN - 1)?;
    let (end, _) = term.char_indices().nth(BEGINNING)?;
    Some(&term[..end])
}

/// What a compound may end in.
fn ends(term: &str) -> impl Iterator<Item = &str> {
    let last = (term.chars().count() + 1).saturating_sub(END_MIN);
    let places = term.char_indices().take(last).skip(REST_MIN);
    places.map(move |(at, _)| &term[at..])
}

/// Each two neighbouring letters.
fn pairs(term: &str) -> impl Iterator<Item = &str> {
    let places = term.char_indices().map(|(at, _)| at);
    let after = places.clone().chain([term.len()]).skip(2);
    places.zip(after).map(move |(at, end)| &term[at..end])
}

/// What is sought, by the forms under which a solution's term is found: for a look at many terms, of which few have any.
#[derive(Debug)]
pub(crate) struct Forms<'s> {
    /// By each mark, the place of what is sought by the part that follows the mark.
    by_mark: [Map<&'s str, u32>; 4],
    /// What the beginnings that are sought begin with, and what the ends end in.
    begun: Sieve,
    ended: Sieve,
}

/// As many letters as this have as many bytes at least: every beginning and every end does.
const SIEVED_BYTES: usize = if BEGINNING < END_MIN {
    BEGINNING
} else {
    END_MIN
};

impl<'s> Forms<'s> {
    const MARKS: [char; 4] = [BEGINNING_MARK, END_MARK, SYLLABLES_MARK, CHARACTER_MARK];

    /// Of what is sought, by its places; what is no form is passed over.
    pub(crate) fn of(sought: impl Iterator<Item = &'s str>) -> Self {
        let mut forms = Self {
            by_mark: Default::default(),
            begun: Sieve::new(),
            ended: Sieve::new(),
        };
        for (place, sought) in (0..).zip(sought) {
            let mut letters = sought.chars();
            let Some(mark) = letters.next() else {
                continue;
            };
            let part = letters.as_str();
            match (mark, outermost(part)) {
                (BEGINNING_MARK, Some((first, _))) => forms.begun.add(first),
                (END_MARK, Some((_, last))) => forms.ended.add(last),
                _ => {}
            }
            if let Some(mark) = Self::MARKS.iter().position(|one| *one == mark) {
                forms.by_mark[mark].insert(part, place);
            }
        }
        forms
    }

    /// Tells `found` the places of the forms of a solution's term, in the order of its forms; a form that the term has
    /// twice, twice.
    pub(crate) fn each(&self, term: &str, mut found: impl FnMut(u32)) {
        if !self.may_have(term) {
            return;
        }
        parts_of_solution(term, |mark, part| {
            let of_mark = Self::MARKS.iter().position(|one| *one == mark);
            let place = of_mark.and_then(|mark| self.by_mark[mark].get(part));
            place.copied().into_iter().for_each(&mut found);
        });
    }

    /// Whether a form of the term may be sought: always if it is.
    fn may_have(&self, term: &str) -> bool {
        let [_, _, syllables, characters] = &self.by_mark;
        let is_ascii_first = term.as_bytes().first().is_none_or(u8::is_ascii);
        // No syllable and no character that stands alone is of ASCII.
        if !(is_ascii_first || syllables.is_empty() && characters.is_empty()) {
            return true;
        }
        outermost(term)
            .is_some_and(|(first, last)| self.begun.may_have(first) || self.ended.may_have(last))
    }
}

/// The first and the last bytes of what is long enough for a beginning or an end.
fn outermost(part: &str) -> Option<(u64, u64)> {
    let first = part.as_bytes().first_chunk::<SIEVED_BYTES>()?;
    let last = part.as_bytes().last_chunk::<SIEVED_BYTES>()?;
    let number = |bytes: &[u8]| {
        let all = |all: u64, byte: &u8| all << 8 | u64::from(*byte);
        bytes.iter().fold(0, all)
    };
    Some((number(first), number(last)))
}
