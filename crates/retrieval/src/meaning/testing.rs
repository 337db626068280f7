//! A model whose meanings a test chooses.

use std::collections::BTreeMap;

use super::{Description, Model, ModelError, Table, Weights};

/// How many numbers a direction has.
const DIMENSIONS: usize = 32;
/// How many tokens are read.
const TOKENS_MAX: usize = 128;

/// A model that takes the words of a group for one, and other words for nothing. At most 32 groups are told apart.
///
/// # Errors
/// When its numbers don't fit together.
pub fn synonyms(groups: &[&[&str]]) -> Result<Model, ModelError> {
    let mut vocabulary: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
        .map(String::from)
        .into();
    let mut words = vec![0.0; vocabulary.len() * DIMENSIONS];
    for (group, of_group) in groups.iter().enumerate() {
        for word in *of_group {
            vocabulary.push((*word).to_owned());
            words.extend((0..DIMENSIONS).map(|at| f32::from(u8::from(at == group % DIMENSIONS))));
        }
    }
    let table = |shape: Vec<usize>, numbers| Table { shape, numbers };
    let flat = |value: f32| table(vec![DIMENSIONS], vec![value; DIMENSIONS]);
    let tables = [
        (
            "word_embeddings.weight",
            table(vec![vocabulary.len(), DIMENSIONS], words),
        ),
        (
            "position_embeddings.weight",
            table(
                vec![TOKENS_MAX, DIMENSIONS],
                vec![0.0; TOKENS_MAX * DIMENSIONS],
            ),
        ),
        (
            "token_type_embeddings.weight",
            table(vec![1, DIMENSIONS], vec![0.0; DIMENSIONS]),
        ),
        ("LayerNorm.weight", flat(1.0)),
        ("LayerNorm.bias", flat(0.0)),
    ];
    let named = tables.map(|(name, table)| (format!("embeddings.{name}"), table));
    Model::of(Weights {
        description: Description {
            name: "synonyms".to_owned(),
            source_sha256: groups.concat().join(" "),
            dimensions: DIMENSIONS,
            layers: 0,
            heads: 1,
            tokens_max: TOKENS_MAX,
        },
        vocabulary,
        tables: BTreeMap::from(named),
    })
}
