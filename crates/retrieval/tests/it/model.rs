//! A model of a few numbers, written by the test.

use std::collections::BTreeMap;
use std::path::Path;

use aftercall_retrieval::meaning::{
    Found, Model, ModelError, Source, SourceError, VectorCache, Weights, WeightsError, directions,
};
use serde_json::json;
use sha2::{Digest, Sha256};

const PIECES: [&str; 8] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "refund", "router", "##s", "red",
];

fn hex(bytes: &[u8]) -> &'static str {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.leak()
}

/// The weights of a model of one layer, as they are published.
fn weights(seed: u32) -> Vec<u8> {
    let mut tables: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut linear = |name: &str, from: usize, to: usize| {
        tables.insert(format!("{name}.weight"), vec![to, from]);
        tables.insert(format!("{name}.bias"), vec![to]);
    };
    let layer = "encoder.layer.0";
    for name in [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
    ] {
        linear(&format!("{layer}.{name}"), 8, 8);
    }
    linear(&format!("{layer}.attention.output.dense"), 8, 8);
    linear(&format!("{layer}.intermediate.dense"), 8, 16);
    linear(&format!("{layer}.output.dense"), 16, 8);
    linear("pooler.dense", 8, 8);
    for name in [
        "embeddings",
        "encoder.layer.0.attention.output",
        "encoder.layer.0.output",
    ] {
        tables.insert(format!("{name}.LayerNorm.weight"), vec![8]);
        tables.insert(format!("{name}.LayerNorm.bias"), vec![8]);
    }
    tables.insert(
        "embeddings.word_embeddings.weight".into(),
        vec![PIECES.len(), 8],
    );
    tables.insert("embeddings.position_embeddings.weight".into(), vec![12, 8]);
    tables.insert("embeddings.token_type_embeddings.weight".into(), vec![2, 8]);
    let (mut head, mut data, mut state) = (serde_json::Map::new(), Vec::new(), seed);
    for (name, shape) in tables {
        let from = data.len();
        for _ in 0..shape.iter().product() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            data.extend(number.to_le_bytes());
        }
        let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [from, data.len()] });
        head.insert(name, entry);
    }
    let head = serde_json::to_vec(&head).unwrap();
    let mut bytes = (head.len() as u64).to_le_bytes().to_vec();
    bytes.extend(head);
    bytes.extend(data);
    bytes
}

fn vocabulary() -> String {
    PIECES.join("\n") + "\n"
}

fn source(weights: &[u8]) -> Source {
    Source {
        name: "Tiny",
        weights_sha256: hex(weights),
        vocabulary_sha256: hex(vocabulary().as_bytes()),
        heads: 2,
    }
}

fn made(path: &Path) -> Model {
    let weights = weights(7);
    source(&weights)
        .convert(weights.as_slice(), &vocabulary(), path)
        .unwrap();
    Model::open(path).unwrap()
}

#[test]
fn a_model_is_made_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny.model");
    let model = made(&path);
    let about = model.description();
    assert_eq!(
        (about.dimensions, about.layers, about.tokens_max),
        (8, 1, 12)
    );
    assert_eq!(Weights::describe(&path).unwrap(), *about);
    let direction = |text| model.direction(text, 48).unwrap();
    assert_eq!(direction("Refunds"), direction("refunds"));
    assert!(direction("refunds").cosine(&direction("router red")) < 0.999);
    // More tokens than it knows places for are left out.
    direction(&"red ".repeat(100));
    let of_json = dir.path().join("json.model");
    let pieces: BTreeMap<_, _> = PIECES.into_iter().zip(0..).collect();
    let tokenizer = json!({ "model": { "vocab": pieces } }).to_string();
    let weights = weights(7);
    source(&weights)
        .convert(weights.as_slice(), &tokenizer, &of_json)
        .unwrap();
    assert_eq!(
        std::fs::read(&path).unwrap(),
        std::fs::read(&of_json).unwrap()
    );
}

#[test]
fn what_has_another_hash_is_refused_and_nothing_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny.model");
    made(&path);
    let before = std::fs::read(&path).unwrap();
    let (good, other) = (weights(7), weights(8));
    let refused = source(&good)
        .convert(other.as_slice(), &vocabulary(), &path)
        .unwrap_err();
    let SourceError::Weights { mismatch, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(
        (mismatch.found.as_str(), mismatch.expected),
        (hex(&other), hex(&good))
    );
    let words = vocabulary() + "more\n";
    let refused = source(&good)
        .convert(good.as_slice(), &words, &path)
        .unwrap_err();
    assert!(
        matches!(refused, SourceError::Vocabulary { .. }),
        "{refused}"
    );
    // Its end is of a table that isn't needed.
    let cut = &good[..good.len() - 1_000];
    let refused = source(cut).convert(cut, &vocabulary(), &path).unwrap_err();
    assert!(matches!(refused, SourceError::Form(_)), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_model_that_was_changed_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny.model");
    made(&path);
    let whole = std::fs::read(&path).unwrap();
    for at in [12, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert!(Model::open(&path).is_err(), "{at}");
    }
    std::fs::write(&path, &whole[..whole.len() - 40]).unwrap();
    let error = Model::open(&path).unwrap_err();
    assert!(
        matches!(error, ModelError::Weights(WeightsError::Damaged { .. })),
        "{error}"
    );
    std::fs::remove_file(&path).unwrap();
    let error = Model::open(&path).unwrap_err();
    assert!(
        matches!(error, ModelError::Weights(WeightsError::Absent(_))),
        "{error}"
    );
}

#[test]
fn directions_are_reckoned_once() {
    let dir = tempfile::tempdir().unwrap();
    let model = made(&dir.path().join("tiny.model"));
    let open = || VectorCache::open(&dir.path().join("vectors"), 8, 100).unwrap();
    let run = |cache: &VectorCache| {
        let texts = ["refund", "router", "red", "refund"];
        let all = directions(&model, cache, &texts, 48).unwrap();
        cache.flush().unwrap();
        let (vectors, found): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        assert_eq!(
            cache.len(),
            3,
            "the text that stands there twice is kept once"
        );
        (vectors, found)
    };
    let (first, found) = run(&open());
    assert_eq!(first[0], first[3]);
    assert_eq!(found, [Found::Reckoned; 4]);
    // A start later they are all there.
    assert_eq!(run(&open()), (first, vec![Found::Cached; 4]));
}

#[test]
fn texts_that_are_read_together_know_nothing_of_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let model = made(&dir.path().join("tiny.model"));
    let texts = [
        "refund",
        "router red",
        "red",
        "",
        "refunds router red refund",
    ];
    // More than are read at once.
    let texts = texts.repeat(40);
    let together = model.directions(&texts, 48).unwrap();
    assert_eq!(together.len(), texts.len());
    for (text, direction) in texts.iter().zip(together) {
        let alone = model.direction(text, 48).unwrap();
        assert!(alone.cosine(&direction) > 0.9999, "{text}");
    }
}
