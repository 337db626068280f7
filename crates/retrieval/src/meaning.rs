//! What texts mean, beside their words: sentences as directions, of which near ones mean alike.
//!
//! The model is published by others, and an operator fetches it; without it there is the lexical
//! ranking. Nothing here needs the network.

mod bert;
mod cache;
#[cfg(feature = "testing")]
pub mod testing;
mod vector;
mod weights;
mod wordpiece;

use std::path::Path;

pub use cache::{Found, Key, TextId, VectorCache, direction};
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
        let tokens = self.pieces.tokens(text, tokens_max);
        Ok(Vector::of(&self.bert.mean(&tokens)?))
    }
}
