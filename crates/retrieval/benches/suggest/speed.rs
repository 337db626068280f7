//! How long a ranking takes among 100,000 solutions, and what they take in memory.

use std::sync::Arc;
use std::time::Duration;

use aftercall_retrieval::Part;
use aftercall_retrieval::meaning::{Model, QUESTION_TOKENS_MAX, Vector};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::figure::{Figure, Goal};
use crate::index::Index;
use crate::library::Library;

const SOLUTIONS: usize = 100_000;
const QUERIES: usize = 500;
const WORDS: usize = 20_000;
const DIMENSIONS: usize = 384;
const WORDS_MS_MAX: f64 = 10.0;
const HYBRID_MS_MAX: f64 = 40.0;

/// A clock that only goes on.
fn now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// `questions` are real ones, for how long they take to be understood.
pub(crate) fn of(questions: &[String], model: Option<&Arc<Model>>) -> Vec<Figure> {
    let mut text = Text(StdRng::seed_from_u64(1));
    let pieces: Vec<_> = (0..SOLUTIONS)
        .map(|_| {
            let question = |text: &mut Text| (Part::Question, text.of(12));
            let questions = [question(&mut text), question(&mut text)];
            let mut pieces = vec![(Part::Title, text.of(6)), (Part::Resolution, text.of(40))];
            pieces.extend(questions);
            pieces
        })
        .collect();
    let index = Index::of(&pieces);
    let bytes: usize = index.profiles.iter().map(|one| one.to_bytes().len()).sum();
    let vectors = (0..SOLUTIONS).map(|_| text.direction()).collect();
    let library = Library::new(index, Some(vectors));
    let mut figures = vec![
        told("profile_bytes_each", bytes as f64 / SOLUTIONS as f64, "B"),
        told(
            "vectors_in_memory",
            (SOLUTIONS * (DIMENSIONS + 4)) as f64 / 1e6,
            "MB",
        ),
    ];
    let (mut words, mut hybrid, mut understood) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..QUERIES {
        let query = text.of(12);
        words.push(library.time(&query, None));
        let Some(model) = model else {
            continue;
        };
        let began = now();
        let question = &questions[n % questions.len()];
        let vector = model.direction(question, QUESTION_TOKENS_MAX).unwrap();
        let understanding = now() - began;
        understood.push(understanding);
        hybrid.push(understanding + library.time(&query, Some(&vector)));
    }
    figures.extend(percentiles("words", words, Some(WORDS_MS_MAX)));
    if model.is_some() {
        figures.extend(percentiles("question_understood", understood, None));
        figures.extend(percentiles("hybrid", hybrid, Some(HYBRID_MS_MAX)));
    }
    figures
}

impl Library {
    /// How long the ranking takes when the candidates by words are there: the search index finds
    /// them, which `suggest` of the service measures.
    fn time(&self, text: &str, vector: Option<&Vector>) -> Duration {
        let (query, sought) = self.index.sought(text);
        let places = self.index.candidates(&sought);
        let began = now();
        let (_, answer) = self.rank((&query, &sought), places, vector, None);
        assert!(!answer.ranked.is_empty());
        now() - began
    }
}

fn told(what: &str, value: f64, unit: &'static str) -> Figure {
    Figure {
        name: format!("suggest.{SOLUTIONS}.{what}"),
        value,
        unit,
        goal: None,
    }
}

fn percentiles(what: &str, mut took: Vec<Duration>, most: Option<f64>) -> Vec<Figure> {
    took.sort();
    let at = |share: f64| took[(took.len() as f64 * share) as usize].as_secs_f64() * 1_000.0;
    let figure = |name: &str, share| Figure {
        goal: most.map(Goal::AtMost),
        ..told(&format!("{what}.{name}"), at(share), "ms")
    };
    vec![figure("p50", 0.50), figure("p99", 0.99)]
}

/// Texts of made-up words, of which few are common and most are rare, as in any language.
struct Text(StdRng);

impl Text {
    fn of(&mut self, words: usize) -> String {
        let words = (0..words).map(|_| {
            // Zipf: the n-th word is said in proportion to 1 / n.
            let rank = (WORDS as f64).powf(self.0.random::<f64>());
            word(rank as usize)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn direction(&mut self) -> Vector {
        let values = (0..DIMENSIONS).map(|_| self.0.random::<f32>() - 0.5);
        Vector::of(&values.collect::<Vec<_>>())
    }
}

/// The word of a rank, in syllables; never one of those that tell nothing.
fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "pha", "gre", "sti", "blo",
        "tru", "wan",
    ];
    let mut word = String::from("qu");
    let mut rest = rank;
    while rest > 0 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}
