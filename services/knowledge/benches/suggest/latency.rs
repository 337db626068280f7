//! How long a suggestion takes among many solutions.

use aftercall_proto::model::v1::Solution;
use aftercall_service::{Clock, SystemClock};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::Figure;
use crate::library::Library;

const SOLUTIONS: usize = 100_000;
const QUERIES: usize = 2_000;
const WORDS: usize = 20_000;
const LIMIT_MS: f64 = 10.0;

pub(crate) async fn all() -> Vec<Figure> {
    let mut text = Text(StdRng::seed_from_u64(1));
    let clock = SystemClock::new();
    let solutions = (0..SOLUTIONS).map(|n| Solution {
        solution_id: n.to_string(),
        version: 1,
        title: text.of(6),
        question_in_customer_words: vec![text.of(12), text.of(12)],
        resolution: text.of(60),
        ..Solution::default()
    });
    let library = Library::of(solutions).await;
    eprintln!(
        "{SOLUTIONS} solutions ready after {:.1?}",
        clock.monotonic()
    );
    let mut figures = Vec::new();
    for (length, words) in [("line", 12), ("paragraph", 80), ("page", 600)] {
        let mut took_ms = Vec::with_capacity(QUERIES);
        for _ in 0..QUERIES {
            let mut query = text.of(words);
            query.truncate(4_000);
            let began = clock.monotonic();
            assert!(!library.suggest(&query).await.is_empty());
            took_ms.push((clock.monotonic() - began).as_secs_f64() * 1_000.0);
        }
        took_ms.sort_by(f64::total_cmp);
        for (name, share) in [("p50", 0.50), ("p99", 0.99)] {
            figures.push(Figure {
                name: format!("suggest.{length}.{name}"),
                value: took_ms[(took_ms.len() as f64 * share) as usize],
                unit: "ms",
                against: format!("limit at {SOLUTIONS} solutions"),
                other: LIMIT_MS,
                smaller: true,
            });
        }
    }
    figures
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
