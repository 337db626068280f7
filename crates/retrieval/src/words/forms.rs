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

fn script(term: &[char]) -> Script {
    let all = |is: fn(char) -> bool| term.iter().all(|letter| is(*letter));
    if all(stands_alone) {
        Script::Alone
    } else if all(|letter| matches!(letter, '\u{AC00}'..='\u{D7A3}')) {
        Script::Syllables
    } else if all(char::is_alphabetic) {
        Script::Alphabet
    } else {
        // Numbers and codes are what they are.
        Script::None
    }
}

/// Tells `found` the forms under which a solution's term is found, too.
pub fn forms_of_solution(term: &str, mut found: impl FnMut(&str)) {
    let letters: Letters = term.chars().collect();
    let mut room = String::new();
    let script = script(&letters);
    common(&script, &letters, |mark, form, _| {
        found(written(&mut room, mark, form))
    });
    if let Script::Alphabet = script {
        ends(&letters).for_each(|end| found(written(&mut room, END_MARK, end)));
    }
}

/// Tells `sought` the forms that are looked up for a text's term, too, and how much each counts
/// beside the word.
pub fn forms_of_text(term: &str, mut sought: impl FnMut(&str, f32)) {
    let letters: Letters = term.chars().collect();
    let mut room = String::new();
    let script = script(&letters);
    common(&script, &letters, |mark, form, weight| {
        sought(written(&mut room, mark, form), weight);
    });
    if let Script::Alphabet = script {
        if letters.len() >= END_MIN {
            sought(written(&mut room, END_MARK, &letters), END_WEIGHT);
        }
        for end in ends(&letters) {
            // What a compound ends in is a word of a solution.
            room.clear();
            room.extend(end);
            sought(&room, END_WEIGHT);
        }
    }
}

type Letters = Vec<char>;

fn written<'r>(room: &'r mut String, mark: char, form: &[char]) -> &'r str {
    room.clear();
    room.push(mark);
    room.extend(form);
    room
}

/// The forms that are the same on both sides.
fn common(script: &Script, letters: &[char], mut form: impl FnMut(char, &[char], f32)) {
    match script {
        Script::Alphabet if letters.len() >= BEGUN_MIN => {
            form(BEGINNING_MARK, &letters[..BEGINNING], BEGINNING_WEIGHT);
        }
        Script::Syllables => {
            let pairs = letters.windows(2);
            pairs.for_each(|two| form(SYLLABLES_MARK, two, SYLLABLES_WEIGHT));
        }
        Script::Alone => {
            let single = letters.chunks(1);
            single.for_each(|one| form(CHARACTER_MARK, one, CHARACTER_WEIGHT));
        }
        Script::Alphabet | Script::None => {}
    }
}

/// What a compound may end in.
fn ends(letters: &[char]) -> impl Iterator<Item = &[char]> {
    let last = (letters.len() + 1).saturating_sub(END_MIN);
    (REST_MIN..last).map(move |from| &letters[from..])
}
