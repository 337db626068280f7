//! What ranking needs of a text, kept beside it: its terms, each once, and their order. So a query
//! reads two hundred profiles rather than the words of two hundred solutions.

use std::collections::HashMap;

use crate::words::{self, Word};

/// Words of a solution that are searched in; of a longer one, the first.
pub const WORDS_MAX: usize = 2_048;

/// Before all profiles of this form. Another form gets another number.
const FORM: u8 = 1;

/// A part of a solution that is searched in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What the solution is about, in a line.
    Title,
    /// A question as customers put it.
    Question,
    /// What is seen when it applies.
    Symptom,
    /// Where it applies.
    Environment,
    /// What to do.
    Resolution,
    /// What may be said to a customer.
    CustomerWording,
}

impl Part {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 6] = [
        Self::Title,
        Self::Question,
        Self::Symptom,
        Self::Environment,
        Self::Resolution,
        Self::CustomerWording,
    ];

    /// The part's name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Question => "question_in_customer_words",
            Self::Symptom => "symptoms",
            Self::Environment => "environment",
            Self::Resolution => "resolution",
            Self::CustomerWording => "customer_wording",
        }
    }

    /// As how many a word of the part counts.
    pub const fn weight(self) -> u32 {
        match self {
            Self::Title | Self::Question | Self::Symptom => 2,
            Self::Environment | Self::Resolution | Self::CustomerWording => 1,
        }
    }
}

/// The terms of a text in its order, by part. Few pieces of memory, because an answer reads hundreds; and no more than they
/// need, because those of many solutions are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The terms, one after the other: each once, in the order of the first time,
    text: Box<str>,
    /// and how long each is, in bytes.
    lengths: Box<[u8]>,
    /// The words, by their terms' places,
    places: Box<[u16]>,
    /// and of each piece of text the part, and where its words end.
    runs: Box<[(Part, u16)]>,
}

/// A profile that is being put together.
#[derive(Debug, Default)]
struct Growing {
    text: String,
    lengths: Vec<u8>,
    places: Vec<u16>,
    runs: Vec<(Part, u16)>,
}

impl Growing {
    /// The profile, which grows no more.
    fn done(self) -> Profile {
        Profile {
            text: self.text.into(),
            lengths: self.lengths.into(),
            places: self.places.into(),
            runs: self.runs.into(),
        }
    }
}

impl Profile {
    /// The profile of a solution's pieces of text, in their order.
    pub fn of<'t>(pieces: impl IntoIterator<Item = (Part, &'t str)>) -> Self {
        let pieces = pieces.into_iter();
        Self::of_words(pieces.map(|(part, text)| (part, words::words(text))))
    }

    /// The profile of pieces of text whose words are read already.
    pub fn of_words(pieces: impl IntoIterator<Item = (Part, Vec<Word>)>) -> Self {
        let mut profile = Growing::default();
        let mut places: HashMap<String, u16> = HashMap::new();
        for (part, words) in pieces {
            let before = profile.places.len();
            for word in words.into_iter().take(WORDS_MAX - before) {
                let next = places.len() as u16;
                let place = *places.entry(word.term).or_insert_with_key(|term| {
                    profile.text.push_str(term);
                    // Words are cut long before, and a term is a word or two that stand alone.
                    profile.lengths.push(term.len() as u8);
                    next
                });
                profile.places.push(place);
            }
            if profile.places.len() > before {
                // No more than `WORDS_MAX`.
                profile.runs.push((part, profile.places.len() as u16));
            }
        }
        profile.done()
    }

    /// Each term, once.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut rest = &*self.text;
        self.lengths.iter().map(move |length| {
            let (term, after) = rest.split_at(usize::from(*length));
            rest = after;
            term
        })
    }

    /// Each piece of text, by its terms' places.
    pub fn runs(&self) -> impl Iterator<Item = (Part, &[u16])> {
        let mut begin = 0;
        self.runs.iter().map(move |(part, end)| {
            let run = &self.places[begin..usize::from(*end)];
            begin = usize::from(*end);
            (*part, run)
        })
    }

    /// How many words there are, weighed by their parts: the length that ranking reckons with.
    pub fn length(&self) -> u32 {
        let of_run = |(part, run): (Part, &[u16])| part.weight() * run.len() as u32;
        self.runs().map(of_run).sum()
    }

    /// Each term, with how often it counts.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u32)> {
        let mut counts = vec![0; self.lengths.len()];
        for (part, run) in self.runs() {
            for place in run {
                counts[usize::from(*place)] += part.weight();
            }
        }
        self.terms().zip(counts)
    }

    /// About how much memory it takes, in bytes.
    pub fn memory_bytes(&self) -> usize {
        let terms = self.text.len() + size_of_val(&*self.lengths);
        let places = size_of_val(&*self.places) + size_of_val(&*self.runs);
        size_of::<Self>() + terms + places
    }

    /// The profile in bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        write(&mut bytes, self.lengths.len());
        for term in self.terms() {
            write(&mut bytes, term.len());
            bytes.extend(term.as_bytes());
        }
        write(&mut bytes, self.runs.len());
        for (part, run) in self.runs() {
            bytes.push(part as u8);
            write(&mut bytes, run.len());
            for place in run {
                write(&mut bytes, usize::from(*place));
            }
        }
        bytes
    }

    /// The profile that was written; none if the bytes are none of this form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        if take(&mut rest, 1)? != [FORM] {
            return None;
        }
        let mut profile = Growing::default();
        let count = read(&mut rest)?;
        profile.lengths.reserve(count.min(WORDS_MAX));
        // All terms together are shorter than all bytes.
        profile.text.reserve(bytes.len());
        for _ in 0..count {
            let length = read(&mut rest)?;
            let term = std::str::from_utf8(take(&mut rest, length)?).ok()?;
            profile.text.push_str(term);
            profile.lengths.push(u8::try_from(length).ok()?);
        }
        for _ in 0..read(&mut rest)? {
            let part = *Part::ALL.get(usize::from(take(&mut rest, 1)?[0]))?;
            let length = read(&mut rest)?;
            profile.places.reserve(length.min(WORDS_MAX));
            for _ in 0..length {
                let place = read(&mut rest)?;
                let place = u16::try_from(place).ok().filter(|_| place < count)?;
                profile.places.push(place);
            }
            profile
                .runs
                .push((part, u16::try_from(profile.places.len()).ok()?));
        }
        rest.is_empty().then(|| profile.done())
    }
}

/// Writes a number, seven bits a byte, the lowest first.
fn write(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read(rest: &mut &[u8]) -> Option<usize> {
    // As most are: of one byte.
    if let Some((first, left)) = rest.split_first()
        && *first < 0x80
    {
        *rest = left;
        return Some(usize::from(*first));
    }
    let mut number = 0;
    for shift in [0, 7, 14] {
        let byte = usize::from(take(rest, 1)?[0]);
        number |= (byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(texts in prop::collection::vec("\\PC{0,80}", 0..6)) {
            let pieces = Part::ALL.into_iter().cycle().zip(texts.iter().map(String::as_str));
            let profile = Profile::of(pieces);
            let read = Profile::from_bytes(&profile.to_bytes()).unwrap();
            prop_assert_eq!(read.memory_bytes(), profile.memory_bytes());
            prop_assert_eq!(read, profile);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut bytes = bytes;
            bytes.insert(0, FORM);
            if let Some(profile) = Profile::from_bytes(&bytes) {
                prop_assert!(profile.counts().count() == profile.terms().len());
            }
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let text = "word ".repeat(WORDS_MAX * 2);
        let profile = Profile::of([(Part::Title, "title"), (Part::Resolution, &text)]);
        assert_eq!(
            profile.length() as usize,
            Part::Title.weight() as usize + WORDS_MAX - 1
        );
    }
}
