//! The model, and the directions of all texts of a set.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aftercall_retrieval::Part;
use aftercall_retrieval::meaning::{
    MINI_LM, Model, QUESTION_TOKENS_MAX, TEXT_TOKENS_MAX, Vector, VectorCache, directions,
};

use crate::sets::Set;

/// The model that the environment names, or that stands in the data directory; none if there is
/// none, which is said.
pub(crate) fn model() -> Option<Arc<Model>> {
    let named = std::env::var_os("AFTERCALL_MODEL").map(PathBuf::from);
    let data = std::env::var_os("AFTERCALL_STORAGE__DIR").map_or("data".into(), PathBuf::from);
    let path = named.unwrap_or_else(|| data.join("models").join(MINI_LM.file_name()));
    match Model::open(&path) {
        Ok(model) => Some(Arc::new(model)),
        Err(error) => {
            eprintln!("without a model there are no figures by meaning: {error}");
            None
        }
    }
}

/// Directions by the text and how much of it is read.
pub(crate) struct Directions(HashMap<(String, usize), Vector>);

impl Directions {
    /// All of a set: its documents' texts, and its queries'. Those of an earlier run are read.
    pub(crate) fn of(model: &Arc<Model>, set: &Set) -> Self {
        let queries = set.queries.iter();
        let queries = queries.map(|one| (one.text.clone(), QUESTION_TOKENS_MAX));
        let documents = set.documents.iter().flat_map(|one| {
            let texts = [&one.title, &one.text]
                .into_iter()
                .filter(|text| !text.is_empty());
            texts.map(|text| (text.clone(), TEXT_TOKENS_MAX))
        });
        let wanted: Vec<_> = queries.chain(documents).collect();
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vectors");
        let dimensions = model.description().dimensions;
        let cache = VectorCache::open(&dir, dimensions, 1_000_000).unwrap();
        let halves = wanted.chunks(wanted.len().div_ceil(2).max(1));
        let found = std::thread::scope(|scope| {
            let reckon = |half: &[(String, usize)]| {
                let alike = half.chunk_by(|(_, one), (_, next)| one == next);
                let found = alike.flat_map(|some| {
                    let texts: Vec<_> = some.iter().map(|(text, _)| text.as_str()).collect();
                    let found = directions(model, &cache, &texts, some[0].1).unwrap();
                    let found = found.into_iter().map(|(vector, _)| vector);
                    some.iter().cloned().zip(found)
                });
                found.collect::<Vec<_>>()
            };
            let threads: Vec<_> = halves
                .map(|half| scope.spawn(move || reckon(half)))
                .collect();
            let all = threads.into_iter();
            all.flat_map(|one| one.join().unwrap()).collect()
        });
        cache.flush().unwrap();
        Self(found)
    }

    /// Of a question.
    pub(crate) fn question(&self, text: &str) -> &Vector {
        &self.0[&(text.to_owned(), QUESTION_TOKENS_MAX)]
    }

    /// Of a solution: between those of its pieces, each as its part counts.
    pub(crate) fn solution(&self, pieces: &[(Part, String)]) -> Vector {
        let pieces = pieces.iter().filter(|(_, text)| !text.is_empty());
        let of_piece = |(part, text): &(Part, String)| {
            (
                &self.0[&(text.clone(), TEXT_TOKENS_MAX)],
                part.weight() as f32,
            )
        };
        Vector::between(pieces.map(of_piece)).unwrap()
    }
}
