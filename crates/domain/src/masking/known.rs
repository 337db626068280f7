//! What a contact says of its customer: the words that are looked for as they are.

use std::collections::{HashMap, HashSet};

use super::tokens::Piece;
use super::{Finding, PersonalKind};
use crate::words::Words;
use crate::{Country, Handle, HandleKind};

/// The most names, handles and ids that are looked for.
const KNOWN_MAX: usize = 1_000;
/// The most words of one of them.
const WORDS_MAX: usize = 16;
/// The fewest letters of a part of a name that is looked for by itself.
const PART_LETTERS_MIN: usize = 3;
/// The letters of a part of a name that is looked for behind a title alone, as in `Mr Li`.
const TITLED_LETTERS: usize = 2;
/// The fewest letters and digits of an id or handle: a shorter one stands in many a text by chance.
const ID_CHARACTERS_MIN: usize = 4;
/// The fewest digits of a telephone number that is looked for.
const NUMBER_DIGITS_MIN: usize = 5;

/// The names, handles and ids of a customer, and where the customer's numbers are dialled.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// By their first word, as [`Words`] reads it.
    sought: HashMap<String, Vec<Sought>>,
    count: usize,
    /// Telephone numbers without plus sign and leading zeros: whole, and within their country.
    numbers: HashSet<String>,
    country: Option<Country>,
}

#[derive(Debug, Clone)]
struct Sought {
    /// The words after the first.
    rest: Vec<String>,
    kind: PersonalKind,
    needs: Before,
}

/// What stands before a word, and what must stand there for a name to count; the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Before {
    Anything,
    /// Words by which a person is spoken of: what means something else, too, counts only there.
    Introduction,
    /// A title.
    Title,
}

impl Known {
    /// Adds a name, and each of its parts that has three letters or more. Parts of two letters count behind a title.
    pub fn name(&mut self, name: &str) {
        let words = folded(name);
        for word in &words {
            let needs = match word.chars().count() {
                PART_LETTERS_MIN.. => Before::Anything,
                TITLED_LETTERS if word.chars().all(is_hangul) => Before::Anything,
                TITLED_LETTERS => Before::Title,
                _ => continue,
            };
            if !is_title(word) {
                let part = std::slice::from_ref(word);
                self.add(part, PersonalKind::Name, needs);
            }
        }
        let titles = words.iter().take_while(|word| is_title(word)).count();
        for whole in [&words[..], &words[titles..]] {
            if whole.len() > 1 {
                self.add(whole, PersonalKind::Name, Before::Anything);
            }
        }
    }

    /// Adds an id: the customer's, or the contact's in another system.
    pub fn id(&mut self, id: &str) {
        self.add_whole(id, PersonalKind::Id);
    }

    /// Adds a name under which the customer reaches us.
    pub fn handle(&mut self, handle: &Handle) {
        let kind = match handle.kind {
            HandleKind::Telephone => {
                for key in handle.keys() {
                    let digits = key.trim_start_matches("tel:").trim_start_matches('+');
                    if digits.len() >= NUMBER_DIGITS_MIN {
                        self.numbers.insert(digits.to_owned());
                    }
                }
                return;
            }
            HandleKind::Mail => PersonalKind::MailAddress,
            HandleKind::Chat | HandleKind::Social | HandleKind::Other => PersonalKind::Handle,
        };
        for form in [&handle.value, &handle.display_form] {
            self.add_whole(form, kind);
        }
    }

    /// Says where numbers without a country code are dialled.
    pub fn country(&mut self, country: Country) {
        self.country = Some(country);
    }

    /// Adds all that another contact says.
    pub fn extend(&mut self, other: Self) {
        for (first, sought) in other.sought {
            if self.count < KNOWN_MAX {
                self.count += sought.len();
                self.sought.entry(first).or_default().extend(sought);
            }
        }
        self.numbers.extend(other.numbers);
        self.country = self.country.or(other.country);
    }

    pub(super) fn dialled_in(&self) -> Option<Country> {
        self.country
    }

    /// Whether digits, without what is dialled before them, are one of the numbers.
    pub(super) fn has_number(&self, digits: &str) -> bool {
        self.numbers.contains(digits.trim_start_matches('0'))
    }

    pub(super) fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }

    fn add_whole(&mut self, text: &str, kind: PersonalKind) {
        let words = folded(text);
        let characters: usize = words.iter().map(|word| word.chars().count()).sum();
        if characters >= ID_CHARACTERS_MIN {
            self.add(&words, kind, Before::Anything);
        }
    }

    fn add(&mut self, words: &[String], kind: PersonalKind, needs: Before) {
        let Some((first, rest)) = words.split_first() else {
            return;
        };
        if self.count >= KNOWN_MAX || words.len() > WORDS_MAX {
            return;
        }
        self.count += 1;
        let needs = match rest.is_empty() && is_common(first) {
            true => needs.max(Before::Introduction),
            false => needs,
        };
        let list = self.sought.entry(first.clone()).or_default();
        list.push(Sought {
            rest: rest.to_vec(),
            kind,
            needs,
        });
    }

    /// Finds what is known in a piece of a text.
    pub(super) fn find(&self, piece: &Piece<'_>, found: &mut Vec<Finding>) {
        let (Some(first), Some(last)) = (piece.tokens.first(), piece.tokens.last()) else {
            return;
        };
        if self.sought.is_empty() {
            return;
        }
        let begin = first.span.start;
        let words = read(&piece.text[begin..last.span.end]);
        let (mut at, mut after_name) = (0, false);
        while at < words.len() {
            let before = at.checked_sub(1).map(|before| words[before].0.as_str());
            let stands = match before {
                Some(word) if is_addressing(word) => Before::Title,
                Some(word) if after_name || introduces(word) => Before::Introduction,
                _ => Before::Anything,
            };
            after_name = false;
            match self.longest(&words[at..], stands) {
                Some((len, kind)) => {
                    let span = begin + words[at].1.start..begin + words[at + len - 1].1.end;
                    found.push(Finding { span, kind });
                    at += len;
                    after_name = kind == PersonalKind::Name;
                }
                None => at += 1,
            }
        }
    }

    /// The longest of what is known with which `words` begin, and how many words it has. Some count only where
    /// something `stands` before them.
    fn longest(&self, words: &[Read], stands: Before) -> Option<(usize, PersonalKind)> {
        let (first, _) = words.first()?;
        let sought = bases(first).flat_map(|base| {
            let sought = self.sought.get(base).into_iter().flatten();
            sought.map(move |sought| (base, sought))
        });
        sought
            .filter(|(base, sought)| sought.needs <= stands && sought.begins(base, words))
            .map(|(_, sought)| (sought.rest.len() + 1, sought.kind))
            .max_by_key(|(len, kind)| (*len, std::cmp::Reverse(*kind)))
    }
}

impl Sought {
    /// Whether `words` begin with it, if the first one is taken for `base`. The last word of a name may be inflected.
    fn begins(&self, base: &str, words: &[Read]) -> bool {
        let [first, rest @ ..] = words else {
            return false;
        };
        let is_inflected = self.kind == PersonalKind::Name && self.needs == Before::Anything;
        if base != first.0 && !(is_inflected && self.rest.is_empty()) {
            return false;
        }
        let Some(last) = self.rest.len().checked_sub(1) else {
            return true;
        };
        let mut pairs = rest.iter().zip(&self.rest).enumerate();
        rest.len() > last
            && pairs.all(|(at, ((word, _), sought))| {
                word == sought
                    || at == last && is_inflected && bases(word).any(|base| base == sought)
            })
    }
}

/// What a word may be a form of: itself; a name in the German genitive; and in Korean, a name to which particles and
/// titles are joined.
fn bases(word: &str) -> impl Iterator<Item = &str> {
    let genitive = word.strip_suffix('s');
    let genitive = genitive.filter(|name| name.chars().count() >= PART_LETTERS_MIN);
    let is_korean = word.chars().all(is_hangul);
    let ends = word.char_indices().map(|(at, _)| at).skip(2);
    let joined = ends.filter(move |_| is_korean).map(move |end| &word[..end]);
    std::iter::once(word).chain(genitive).chain(joined)
}

/// Whether it is a syllable of Korean.
fn is_hangul(letter: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&letter)
}

/// A word as it is compared, and where it stands.
type Read = (String, std::ops::Range<usize>);

fn read(text: &str) -> Vec<Read> {
    let (mut list, mut word) = (Vec::new(), String::new());
    let mut words = Words::of(text);
    while let Some(found) = words.next_into(&mut word) {
        list.push((word.clone(), found.span));
    }
    list
}

fn folded(text: &str) -> Vec<String> {
    let words = read(text).into_iter();
    words.take(WORDS_MAX + 1).map(|(word, _)| word).collect()
}

/// What stands in names beside the names.
#[rustfmt::skip]
fn is_title(word: &str) -> bool {
    matches!(
        word,
        "mr" | "ms" | "dr" | "mrs" | "miss" | "mister" | "prof" | "frau" | "herr" | "sir" | "madam" | "von" | "van" | "der" | "den"
            | "dem" | "des" | "del" | "della" | "dos" | "and" | "und" | "the" | "inc" | "ltd" | "llc" | "gmbh"
            | "mbh" | "corp" | "company" | "customer" | "kunde" | "kundin" | "caller" | "unknown" | "anonymous"
            | "guest" | "test"
    )
}

/// Names that are words, too, in what customers and agents write.
#[rustfmt::skip]
fn is_common(word: &str) -> bool {
    matches!(
        word,
        "will" | "bill" | "mark" | "may" | "june" | "april" | "august" | "rose" | "grace" | "hope" | "joy" | "faith"
            | "price" | "best" | "young" | "long" | "short" | "small" | "little" | "large" | "strong" | "sharp"
            | "good" | "new" | "white" | "black" | "brown" | "green" | "gray" | "grey" | "blue" | "page" | "field"
            | "case" | "bank" | "card" | "cash" | "line" | "store" | "shop" | "home" | "house" | "work" | "service"
            | "services" | "phone" | "call" | "day" | "summer" | "winter" | "rich" | "chase" | "art" | "don"
            | "major" | "banks" | "wood" | "stone" | "hill" | "park" | "street" | "way" | "law" | "power" | "fast"
            | "lane" | "post" | "klein" | "gross" | "kurz" | "lang" | "neu" | "alt" | "gut" | "stark" | "schnell"
            | "weiss" | "schwarz" | "rot" | "braun" | "sommer" | "tag" | "sonntag" | "freitag" | "montag" | "haus"
            | "konto" | "karte" | "ring" | "voll" | "ganz" | "wohl"
    )
}

/// Titles before names.
#[rustfmt::skip]
fn is_addressing(word: &str) -> bool {
    matches!(
        word,
        "mr" | "mrs" | "ms" | "miss" | "mister" | "dr" | "prof" | "herr" | "herrn" | "frau"
    )
}

/// Words after which a name stands.
#[rustfmt::skip]
fn introduces(word: &str) -> bool {
    matches!(
        word,
        "mr" | "mrs" | "ms" | "miss" | "mister" | "dr" | "prof" | "herr" | "herrn" | "frau" | "name" | "is" | "named" | "called"
            | "ist" | "heiße" | "heisse" | "bin" | "am" | "m" | "dear" | "hi" | "hello" | "hallo" | "liebe" | "lieber"
            | "geehrte" | "geehrter" | "customer" | "kunde" | "kundin" | "familie" | "family"
    )
}
