//! Solutions compared by what they mean, where an operator has got a model.
//!
//! ```text
//!  search index ──► which senses have no direction yet ──► the model, one text after the other ──► directions
//!       │                                                       (on disk, too: by text)                │
//!       └── what a request may see ──► the nearest of it, by the direction of what is asked ◄──────────┘
//! ```
//!
//! Directions of solutions are in memory, those of what customers said on disk. They follow the index, beside requests
//! and the view: until a direction is there, a solution is ranked by its words.

mod library;
pub(crate) mod sense;

use std::io;
use std::path::Path;

use aftercall_proto::model::v1::Solution;
use aftercall_retrieval::meaning::{
    Found, Key, Model, ModelError, QUESTION_TOKENS_MAX, TEXT_TOKENS_MAX, TextId, Vector,
    VectorCache, WeightsError, directions,
};
use aftercall_view::Store;
use aftercall_view::index::Snapshot;
use parking_lot::RwLock;
use tantivy::schema::Value;
use tantivy::{DocAddress, TantivyDocument};

use crate::failure::Error;
use crate::fold::stored;
use crate::index::Fields;
use crate::keys;
use crate::lent;
use crate::limits::{DIRECTIONS_KEPT_MAX, FOUND_AT_ONCE, RECKONED_AT_ONCE};
use crate::sayings::Sayings;
use crate::visible::Visible;
use crate::words;
use library::{Library, Unknown};
use sense::Texts;

/// A model, and the directions that it has given.
#[derive(Debug)]
pub struct Meaning {
    model: Model,
    cache: VectorCache,
    library: RwLock<Library>,
}

/// Why solutions can't be compared by meaning.
#[derive(Debug, thiserror::Error)]
pub enum MeaningError {
    /// The model can't be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// There is no place for the directions.
    #[error("the directions of texts can't be kept in {dir}")]
    Directions {
        /// The directory.
        dir: String,
        /// Why.
        source: io::Error,
    },
}

/// How far directions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Progress {
    /// Those that are known,
    pub(crate) known: usize,
    /// and those that documents wait for.
    pub(crate) unknown: usize,
    /// How many were found or reckoned now.
    pub(crate) done: usize,
}

impl Meaning {
    /// The model in a file, with its directions in a directory; none if there is no such file.
    ///
    /// # Errors
    /// When there is a file that can't be used, or no place for the directions.
    pub fn open(model: &Path, directions: &Path) -> Result<Option<Self>, MeaningError> {
        match Model::open(model) {
            Ok(model) => Self::of(model, directions).map(Some),
            Err(ModelError::Weights(WeightsError::Absent(_))) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A model, with its directions in a directory.
    ///
    /// # Errors
    /// When there is no place for the directions.
    pub fn of(model: Model, directions: &Path) -> Result<Self, MeaningError> {
        let dimensions = model.description().dimensions;
        let cache = VectorCache::open(directions, dimensions, DIRECTIONS_KEPT_MAX);
        let cache = cache.map_err(|source| MeaningError::Directions {
            dir: directions.display().to_string(),
            source,
        })?;
        let name = &model.description().name;
        tracing::info!(
            model = name,
            kept = cache.len(),
            "solutions are found by what they mean, too"
        );
        Ok(Self {
            library: RwLock::new(Library::new(dimensions)),
            model,
            cache,
        })
    }

    /// The direction of what somebody asks.
    pub(crate) fn question(&self, text: &str) -> Result<Vector, Error> {
        let reckoned = self.model.direction(text, QUESTION_TOKENS_MAX);
        reckoned.map_err(Error::internal)
    }

    /// The direction of what a customer said, if it is known.
    pub(crate) fn said(&self, text: TextId) -> Option<Vector> {
        let model = &self.model.description().source_sha256;
        self.cache.get(Key::of(model, TEXT_TOKENS_MAX, text))
    }

    /// The documents that are nearest to a direction, by their words or by what customers said, with the
    /// cosines.
    pub(crate) fn nearest(
        &self,
        visible: &Visible<'_>,
        vector: &Vector,
        wanted: usize,
    ) -> Vec<(DocAddress, f32)> {
        self.library.read().nearest(visible, vector, wanted)
    }

    /// The directions of documents' own words, as far as they are known.
    pub(crate) fn own(
        &self,
        visible: &Visible<'_>,
        documents: &[DocAddress],
    ) -> Vec<Option<Vector>> {
        self.library.read().own(visible, documents)
    }

    /// Follows the index, and finds or reckons some directions that are not known yet.
    pub(crate) fn follow(
        &self,
        store: &Store,
        fields: &Fields,
        snapshot: &Snapshot,
    ) -> Result<Progress, Error> {
        let plan = self.library.read().plan(snapshot)?;
        let mut unknown = self.library.write().follow(plan);
        unknown.sort_unstable_by_key(Unknown::order);
        let (mut done, mut reckoned) = (0, 0);
        for document in unknown.chunk_by(|one, next| one.order() == next.order()) {
            if done >= FOUND_AT_ONCE || reckoned >= RECKONED_AT_ONCE {
                break;
            }
            let came = self.reckon(store, fields, snapshot, document)?;
            done += came.senses;
            reckoned += came.reckoned;
        }
        if done == 0 && unknown.is_empty() {
            // What can't be written is reckoned again after a start.
            if let Err(error) = self.cache.flush() {
                tracing::warn!(%error, "directions of texts can't be kept");
            }
        }
        Ok(Progress {
            known: self.library.read().len(),
            unknown: unknown.len().saturating_sub(done),
            done,
        })
    }

    /// Finds or reckons the directions of a document, as far as the store still says what the index says.
    fn reckon(
        &self,
        store: &Store,
        fields: &Fields,
        snapshot: &Snapshot,
        unknown: &[Unknown],
    ) -> Result<Came, Error> {
        let mut came = Came::default();
        let Some(first) = unknown.first() else {
            return Ok(came);
        };
        let document: TantivyDocument = snapshot.searcher.doc(first.address)?;
        let key = document.get_first(fields.key);
        let Some(key) = key.and_then(|key| key.as_bytes()) else {
            return Ok(came);
        };
        let (tenant_id, solution_id) = keys::read_solution(key).map_err(Error::internal)?;
        let (solution, outside, said);
        let texts = match first.is_said {
            true => {
                said = Sayings::read(store, &tenant_id, &solution_id).map_err(Error::internal)?;
                vec![sense::of_sayings(&said)]
            }
            false => {
                let stored: Option<Solution> = stored(store.get(key)?).map_err(Error::internal)?;
                let lent = lent::read(store, &tenant_id, &solution_id).map_err(Error::internal)?;
                solution = lent::with_words(stored.unwrap_or_default(), &lent);
                outside = words::outside(&solution);
                vec![sense::of_solution(&solution), sense::of_solution(&outside)]
            }
        };
        for texts in texts {
            let sense = sense::of(&texts);
            let is_unknown = unknown.iter().any(|unknown| unknown.sense == sense);
            if !is_unknown || self.library.read().has(sense) {
                continue;
            }
            if let Some(vector) = self.between(&texts, &mut came)? {
                self.library.write().put(sense, &vector);
                came.senses += 1;
            }
        }
        Ok(came)
    }

    /// The direction between those of several texts.
    fn between(&self, texts: &Texts<'_>, came: &mut Came) -> Result<Option<Vector>, Error> {
        let (texts, weights): (Vec<_>, Vec<_>) = texts.iter().copied().unzip();
        let vectors = directions(&self.model, &self.cache, &texts, TEXT_TOKENS_MAX);
        let vectors = vectors.map_err(Error::internal)?;
        for (_, found) in &vectors {
            came.reckoned += usize::from(*found != Found::Cached);
            let found = match found {
                Found::Cached => "cached",
                Found::Reckoned => "reckoned",
                Found::Unwritten => "unwritten",
            };
            metrics::counter!("aftercall_knowledge_texts_total", "found" => found).increment(1);
        }
        let vectors = vectors.iter().map(|(vector, _)| vector);
        Ok(Vector::between(vectors.zip(weights)))
    }
}

/// What came of looking for the directions of a document.
#[derive(Debug, Clone, Copy, Default)]
struct Came {
    /// Senses of which they are known now.
    senses: usize,
    /// Texts that the model has read for that.
    reckoned: usize,
}
