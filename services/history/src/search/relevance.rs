//! How well a contact fits: BM25, made so that pages hold together.
//!
//! A contact's score depends on the words' weights and on the contact alone. The weights are
//! taken once, for the first page, and travel in the page token; so a score stays the same to the
//! last bit while others write, however the index is cut into segments, and a page can go on
//! after (score, place) without a snapshot that expires. That is why the scores are not tantivy's:
//! it adds up in an order that depends on the segment, and weighs by what is in the index now.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, SegmentReader, Term};

use super::SearchError;
use crate::index::Fields;

/// How fast repetition loses weight.
const K1: f32 = 1.2;

/// How much a long text is discounted.
const B: f32 = 0.75;

/// The length that counts as neither long nor short, in words. Fixed, because an average would
/// change from page to page.
const USUAL_WORDS: f32 = 60.0;

/// The weights of a query's words, in the words' order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights(Vec<f32>);

impl Weights {
    /// Weights from how many contacts there are, and how many have each word.
    pub(crate) fn new(contacts: u64, frequencies: &[u64]) -> Self {
        let weight = |frequency: &u64| {
            // Documents that are deleted, not yet merged away, may count more words than contacts.
            let without = contacts.saturating_sub(*frequency) as f64;
            (1.0 + (without + 0.5) / (*frequency as f64 + 0.5)).ln() as f32
        };
        Self(frequencies.iter().map(weight).collect())
    }

    /// The weights' bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|weight| weight.to_be_bytes())
            .collect()
    }

    /// The weights of `words` words; none if the bytes are those of anything else.
    pub(crate) fn from_bytes(bytes: &[u8], words: usize) -> Option<Self> {
        let (weights, rest) = bytes.as_chunks::<4>();
        let weights: Vec<f32> = weights
            .iter()
            .map(|bytes| f32::from_be_bytes(*bytes))
            .collect();
        let sound = weights
            .iter()
            .all(|weight| weight.is_finite() && *weight >= 0.0);
        (rest.is_empty() && weights.len() == words && sound).then_some(Self(weights))
    }
}

/// Scores the documents of one segment.
pub(super) struct Scorer {
    words: Vec<(SegmentPostings, f32)>,
    lengths: Option<FieldNormReader>,
}

impl Scorer {
    pub(super) fn open(
        reader: &SegmentReader,
        fields: &Fields,
        words: &[Term],
        weights: &Weights,
    ) -> Result<Self, SearchError> {
        if words.is_empty() {
            return Ok(Self {
                words: Vec::new(),
                lengths: None,
            });
        }
        let index = reader.inverted_index(fields.text)?;
        let mut open = Vec::with_capacity(words.len());
        for (word, weight) in words.iter().zip(&weights.0) {
            if let Some(postings) = index.read_postings(word, IndexRecordOption::WithFreqs)? {
                open.push((postings, *weight));
            }
        }
        Ok(Self {
            words: open,
            lengths: Some(reader.get_fieldnorms_reader(fields.text)?),
        })
    }

    /// The score of `doc`; documents must come in growing order.
    pub(super) fn score(&mut self, doc: DocId) -> f32 {
        let Some(lengths) = &self.lengths else {
            return 0.0;
        };
        let length = lengths.fieldnorm(doc) as f32;
        let discount = K1 * (1.0 - B + B * length / USUAL_WORDS);
        let mut score = 0.0;
        for (postings, weight) in &mut self.words {
            if postings.doc() < doc {
                postings.seek(doc);
            }
            if postings.doc() == doc {
                let times = postings.term_freq() as f32;
                score += *weight * times * (K1 + 1.0) / (times + discount);
            }
        }
        score
    }
}
