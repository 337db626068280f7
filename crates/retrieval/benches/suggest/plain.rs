//! Plain BM25, to compare with: k1 1.2, b 0.75, words in lower case, no stemming, nothing left out.

use std::collections::HashMap;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// An index of texts.
pub(crate) struct Plain {
    lengths: Vec<f64>,
    mean: f64,
    postings: HashMap<String, Vec<(usize, f64)>>,
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

impl Plain {
    pub(crate) fn of(texts: impl Iterator<Item = String>) -> Self {
        let (mut lengths, mut postings) = (Vec::new(), HashMap::new());
        for (place, text) in texts.enumerate() {
            let mut counts: HashMap<String, f64> = HashMap::new();
            let mut length = 0.0;
            for word in words(&text) {
                *counts.entry(word).or_default() += 1.0;
                length += 1.0;
            }
            for (word, count) in counts {
                let having: &mut Vec<_> = postings.entry(word).or_default();
                having.push((place, count));
            }
            lengths.push(length);
        }
        Self {
            mean: lengths.iter().sum::<f64>() / lengths.len() as f64,
            lengths,
            postings,
        }
    }

    /// The best, the best first.
    pub(crate) fn best(&self, text: &str, wanted: usize) -> Vec<usize> {
        let documents = self.lengths.len() as f64;
        let mut scores = vec![0.0; self.lengths.len()];
        for word in words(text) {
            let Some(having) = self.postings.get(&word) else {
                continue;
            };
            let n = having.len() as f64;
            let rarity = ((documents - n + 0.5) / (n + 0.5)).ln_1p();
            for (place, count) in having {
                let length = self.lengths[*place] / self.mean;
                scores[*place] +=
                    rarity * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length));
            }
        }
        let mut best: Vec<_> = (0..scores.len()).filter(|at| scores[*at] > 0.0).collect();
        best.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then_with(|| a.cmp(b)));
        best.truncate(wanted);
        best
    }
}
