//! What texts mean, beside their words: sentences as directions, of which near ones mean alike.
//!
//! The model is published by others, and an operator fetches it; without it there is the lexical
//! ranking. Nothing here needs the network.

mod bert;
mod cache;
mod steps;
#[cfg(feature = "testing")]
pub mod testing;
mod vector;
mod weights;
mod wordpiece;

use std::path::Path;

pub use cache::{Found, Key, TextId, VectorCache, directions};
pub use vector::{Nearest, Scan, Vector};
pub use weights::{
    Description, MINI_LM, Mismatch, Source, SourceError, Table, Weights, WeightsError,
};
pub use wordpiece::{Lacking, WordPiece};

/// Tokens of a question that are read: what is asked stands at its beginning, and reading takes
/// time in proportion.
pub const QUESTION_TOKENS_MAX: usize = 48;
/// Tokens of a solution's text that are read, off the request's path.
pub const TEXT_TOKENS_MAX: usize = 128;

/// Tokens of several texts that are read at once. With more of them nothing is won, and what is between a layer's two
/// products no longer stays near the processor.
const TOKENS_AT_ONCE: usize = 256;

/// A model that is ready.
#[derive(Debug)]
pub struct Model {
    description: Description,
    pieces: WordPiece,
    bert: bert::Bert,
}

/// Why there is no model, or why it gives no direction.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It can't be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Its vocabulary is another model's.
    #[error(transparent)]
    Vocabulary(#[from] Lacking),
    /// Its numbers don't fit together.
    #[error("the model's numbers don't fit together")]
    Reckoning(#[from] candle_core::Error),
}

impl Model {
    /// The model in a file that [`Source::convert`] has made.
    ///
    /// # Errors
    /// When there is none, or it can't be used.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        Self::of(Weights::read(path)?)
    }

    /// The model of these numbers.
    ///
    /// # Errors
    /// When they don't fit together.
    pub fn of(weights: Weights) -> Result<Self, ModelError> {
        // On the thread that asks: others that were started for it would be shared by all, and give way, or not, as
        // whoever used them first; and beside other questions nothing is won by them.
        gemm::set_threading_threshold(usize::MAX);
        Ok(Self {
            bert: bert::Bert::of(&weights.description, weights.tables)?,
            pieces: WordPiece::of(weights.vocabulary)?,
            description: weights.description,
        })
    }

    /// What it is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The direction of a text, of which at most `tokens_max` pieces of words are read.
    ///
    /// # Errors
    /// When the model's numbers don't fit together.
    pub fn direction(&self, text: &str, tokens_max: usize) -> Result<Vector, ModelError> {
        let tokens_max = tokens_max.min(self.description.tokens_max);
        let means = self.bert.means(&[self.pieces.tokens(text, tokens_max)])?;
        Ok(Vector::of(&means.concat()))
    }

    /// The directions of texts, in their order; of each at most `tokens_max` pieces of words are read. Of short ones
    /// several together take less time than one by one.
    ///
    /// # Errors
    /// When the model's numbers don't fit together.
    pub fn directions(&self, texts: &[&str], tokens_max: usize) -> Result<Vec<Vector>, ModelError> {
        let tokens_max = tokens_max.min(self.description.tokens_max);
        let tokens = texts
            .iter()
            .map(|text| self.pieces.tokens(text, tokens_max));
        let (mut all, mut together) = (Vec::with_capacity(texts.len()), Vec::new());
        for tokens in tokens {
            let sum = together.iter().map(Vec::len).sum::<usize>() + tokens.len();
            if sum > TOKENS_AT_ONCE && !together.is_empty() {
                self.read(&mut together, &mut all)?;
            }
            together.push(tokens);
        }
        if !together.is_empty() {
            self.read(&mut together, &mut all)?;
        }
        Ok(all)
    }

    fn read(&self, together: &mut Vec<Vec<u32>>, all: &mut Vec<Vector>) -> Result<(), ModelError> {
        let means = self.bert.means(together)?;
        all.extend(means.iter().map(|mean| Vector::of(mean)));
        together.clear();
        Ok(())
    }
}
