//! When two answers say the same, or nearly the same.
//!
//! A text's **form** is its words as far as they say something, in their order: each by its stem, without
//! articles and the like; numbers with their units in one spelling; `don't` and `no` as one word. Texts of one form are
//! one candidate. This is an equivalence, so the candidate's id follows from a text alone.
//!
//! Two forms are **near** if one of them says a few words more here and there, and nothing else: where each has
//! another word in the same place, they say two things (`enable`, `disable`). Numbers, signs, units, negations and
//! words such as `off`, `before` or `without` are **hard**: near forms have the same ones in the same order. What is
//! near is no equivalence; who reads candidates draws groups by it, of forms that [`Form::bands`] brings together.
//!
//! In doubt two answers differ: two candidates that are one are a nuisance, one that is two tells somebody the wrong
//! thing.

mod near;
mod tokens;

use aftercall_domain::ids::Namespace;
use aftercall_domain::solution::as_read;

/// Forms with more words are near none.
const WORDS_MAX: usize = 200;
/// Of forms with fewer words each one says something: they are near none.
const WORDS_MIN: usize = 5;

/// How many bands a form stands in.
pub(crate) const BANDS: usize = 6;
/// How many hashes make a band. Forms that share four fifths of their words share one of the bands 98 times in 100, and
/// almost always where they share more.
const BAND_HASHES: usize = 3;

/// A word of a form, in 32 bits: the lowest one says whether it is hard, the next one whether it negates what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Word(u32);

const HARD: u32 = 1;
const NEGATES: u32 = 2;

impl Word {
    fn new(text: &str, sort: tokens::Sort) -> Self {
        let hash = blake3::hash(text.as_bytes());
        let mut bits = [0; 4];
        bits.copy_from_slice(&hash.as_bytes()[..4]);
        let flags = match sort {
            tokens::Sort::Soft => 0,
            tokens::Sort::Hard => HARD,
            tokens::Sort::Negation => HARD | NEGATES,
        };
        Self(u32::from_le_bytes(bits) & !(HARD | NEGATES) | flags)
    }

    const fn is_hard(self) -> bool {
        self.0 & HARD != 0
    }

    const fn negates(self) -> bool {
        self.0 & NEGATES != 0
    }
}

/// A text as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form(Vec<Word>);

impl Form {
    /// The form of a text; none if no letter or digit is in it.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let read = as_read(text)?;
        Some(Self::new(tokens::read(&read)))
    }

    fn new(words: Vec<(String, tokens::Sort)>) -> Self {
        let words = words.into_iter();
        Self(words.map(|(text, sort)| Word::new(&text, sort)).collect())
    }

    /// The id of the candidate that cases with this form belong to.
    pub(crate) fn candidate_id(&self, tenant_id: &str, reason_code: &str) -> String {
        self.id(b"words", (tenant_id, reason_code))
    }

    /// The id that the candidate of a text had when words that differ by the order of their letters were one. What was
    /// decided by then names it.
    pub(crate) fn former_id(text: &str, tenant_id: &str, reason_code: &str) -> Option<String> {
        let form = Self::new(tokens::former(&as_read(text)?));
        Some(form.id(b"form", (tenant_id, reason_code)))
    }

    /// The kind keeps the ids of different sorts of forms apart.
    fn id(&self, kind: &[u8], (tenant_id, reason_code): (&str, &str)) -> String {
        let form = self.to_bytes();
        let parts = [tenant_id.as_bytes(), reason_code.as_bytes(), kind, &form];
        Namespace::Candidate.id(&parts).to_string()
    }

    /// The form as it is stored.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|word| word.0.to_le_bytes())
            .collect()
    }

    /// A form that was stored.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let (words, _) = bytes.as_chunks::<4>();
        Self(
            words
                .iter()
                .map(|word| Word(u32::from_le_bytes(*word)))
                .collect(),
        )
    }

    /// Whether others can be near to it.
    pub(crate) fn may_have_near(&self) -> bool {
        (WORDS_MIN..=WORDS_MAX).contains(&self.0.len())
    }

    /// Whether two forms say nearly the same. It is the same both ways.
    pub(crate) fn is_near(&self, other: &Self) -> bool {
        self.shared(other).is_some()
    }

    /// The share of the words of both that near forms have in common; 1 for the same form, however short or long.
    pub(crate) fn nearness(&self, other: &Self) -> Option<f32> {
        if self == other {
            return Some(1.0);
        }
        let together = self.0.len() + other.0.len();
        let shared = self.shared(other)?;
        Some(2.0 * shared as f32 / together as f32)
    }

    /// How many words near forms have in common.
    fn shared(&self, other: &Self) -> Option<usize> {
        let may = self.may_have_near() && other.may_have_near();
        let may = may && self.hard().eq(other.hard());
        may.then(|| near::shared(&self.0, &other.0)).flatten()
    }

    /// The bands of the form among those of a reason: near forms share at least one, but for a few. None where nothing
    /// can be near.
    pub(crate) fn bands(&self, reason_code: &str) -> Vec<u64> {
        if !self.may_have_near() {
            return Vec::new();
        }
        let mut hard = blake3::Hasher::new();
        hard.update(reason_code.as_bytes());
        hard.update(&[0]);
        for word in self.hard() {
            hard.update(&word.0.to_le_bytes());
        }
        let least = |seed: u64| {
            let hashes = self.0.iter().map(|word| mixed(u64::from(word.0) ^ seed));
            hashes.min().unwrap_or_default()
        };
        let mut seed = 0;
        let bands = (0..BANDS).map(|_| {
            let mut band = hard.clone();
            for _ in 0..BAND_HASHES {
                seed = mixed(seed + 1);
                band.update(&least(seed).to_le_bytes());
            }
            let mut first = [0; 8];
            first.copy_from_slice(&band.finalize().as_bytes()[..8]);
            u64::from_le_bytes(first)
        });
        let mut bands: Vec<_> = bands.collect();
        bands.sort_unstable();
        bands.dedup();
        bands
    }

    fn hard(&self) -> impl Iterator<Item = &Word> {
        self.0.iter().filter(|word| word.is_hard())
    }
}

/// The finaliser of SplitMix64: scatters neighbouring numbers.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests;
