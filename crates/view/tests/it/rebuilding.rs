//! Whatever happens to a view's directory, the answers are those of the log.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aftercall_log::{Log, LogId, MemoryLog};
use aftercall_view::index::{IndexOptions, SearchIndex};
use aftercall_view::{EngineKind, Indexer, Options, Positions};
use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::damage::{damage, files};
use crate::fixture::{
    LOG, Words, append, append_drawn, contents, copy_dir, found, options, soon, start, start_on,
    start_with, stop, words_key,
};

/// What a view says: its store's entries, and how many documents have some words.
type Answers = (Vec<(Bytes, Bytes)>, Vec<usize>);

/// The answers of a view in `dir` once it includes `written`.
async fn answers(log: &MemoryLog, dir: &Path, written: &Positions) -> Answers {
    let fields = Words::indexed().fields.unwrap();
    let view = start(log, dir, Words::indexed());
    view.wait_for_index(written, soon()).await.unwrap();
    view.wait_for(written, soon()).await.unwrap();
    let words = ["bill", "deliverydelivery", "refund", "forget"];
    let counts = words
        .iter()
        .map(|word| found(&view, &fields, word))
        .collect();
    let answers = (contents(&view.store()), counts);
    stop(view).await;
    answers
}

/// The answers of a view that is built from nothing.
async fn reference(log: &MemoryLog, written: &Positions) -> Answers {
    answers(log, tempfile::tempdir().unwrap().path(), written).await
}

#[tokio::test]
async fn a_deleted_view_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 2);
    let written = append_drawn(&log, 1, 2_000).await;
    let before = answers(&log, dir.path(), &written).await;
    for part in ["words/store", "words/index", "words"] {
        std::fs::remove_dir_all(dir.path().join(part)).unwrap();
        assert_eq!(
            answers(&log, dir.path(), &written).await,
            before,
            "without {part}"
        );
    }
}

#[tokio::test]
async fn a_crash_at_any_moment_applies_nothing_twice_and_skips_nothing() {
    let log = MemoryLog::new(LOG, 1);
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        poll_records_max: 50,
        ..options()
    };
    let mut view = start_with(&log, dir.path(), Words::indexed(), options.clone());
    for round in 0..6 {
        append_drawn(&log, round, 1_000).await;
        // Somewhere in the middle: what a crash now would leave behind.
        let half = Positions::from_iter([(0, round * 1_000 + 500)]);
        view.wait_for(&half, soon()).await.unwrap();
        let crashed = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), crashed.path());
        stop(view).await;
        let written = append(&log, &[]).await.union(&whole(&log));
        let answers = answers(&log, crashed.path(), &written).await;
        assert_eq!(answers, reference(&log, &written).await, "round {round}");
        view = start_with(&log, dir.path(), Words::indexed(), options.clone());
    }
    stop(view).await;
}

#[tokio::test]
async fn a_damaged_view_is_rebuilt_by_itself() {
    let log = MemoryLog::new(LOG, 1);
    let dir = tempfile::tempdir().unwrap();
    let written = append_drawn(&log, 3, 4_000).await;
    let sound = answers(&log, dir.path(), &written).await;
    for seed in 0..8 {
        let damaged = tempfile::tempdir().unwrap();
        copy_dir(dir.path(), damaged.path());
        let at = damage(&files(&damaged.path().join("words")), seed);
        assert_eq!(
            answers(&log, damaged.path(), &written).await,
            sound,
            "seed {seed}: {at:?}"
        );
    }
}

/// Whichever of a store's files is damaged, its manifest too: it does not answer what is not so.
#[tokio::test]
async fn a_store_that_is_damaged_anywhere_is_rebuilt() {
    let log = MemoryLog::new(LOG, 1);
    let bulky = "bulk".repeat(100);
    let mut written = Positions::new();
    for round in 0..8 {
        let keys: Vec<_> = (0..1_000)
            .map(|n| format!("customer-{}", (n * 7 + round) % 3_000))
            .collect();
        let words: Vec<_> = keys
            .iter()
            .map(|key| (key.as_str(), bulky.as_str()))
            .collect();
        written = append(&log, &words).await;
    }
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let view = start_on(engine, &log, dir.path(), Words::plain());
        view.wait_for(&written, soon()).await.unwrap();
        let sound = contents(&view.store());
        stop(view).await;
        for seed in 0..60 {
            let damaged = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), damaged.path());
            // One of them, each as often as the others.
            let mut files = files(&damaged.path().join("words"));
            files.retain(|file| std::fs::metadata(file).unwrap().len() > 0);
            let file = files.swap_remove(seed as usize % files.len());
            let at = damage(&[file], seed);
            let view = start_on(engine, &log, damaged.path(), Words::plain());
            view.ready(soon()).await.unwrap();
            assert!(
                contents(&view.store()) == sound,
                "{engine:?}, seed {seed}: {at:?}"
            );
            stop(view).await;
        }
    }
}

#[tokio::test]
async fn a_view_on_another_engine_is_rebuilt_and_leaves_nothing_of_the_other() {
    let log = MemoryLog::new(LOG, 2);
    let dir = tempfile::tempdir().unwrap();
    let [lsm, sled] = EngineKind::ALL;
    for (round, engine) in [lsm, sled, sled, lsm].into_iter().enumerate() {
        append_drawn(&log, round as u64, 300).await;
        let written = whole(&log);
        let view = start_on(engine, &log, dir.path(), Words::indexed());
        view.wait_for_index(&written, soon()).await.unwrap();
        let expected = reference(&log, &written).await;
        assert_eq!(contents(&view.store()), expected.0, "round {round}");
        stop(view).await;
        let kept = std::fs::read_dir(dir.path().join("words")).unwrap();
        let stores = kept.filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("store")
        });
        assert_eq!(stores.count(), 1, "round {round}");
    }
}

#[tokio::test]
async fn a_view_of_another_log_or_version_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let log = MemoryLog::new(LOG, 1);
    let written = append_drawn(&log, 4, 1_000).await;
    answers(&log, dir.path(), &written).await;

    let other = MemoryLog::new(LogId([9; 16]), 1);
    let written = append_drawn(&other, 5, 1_500).await;
    let expected = reference(&other, &written).await;
    assert_eq!(answers(&other, dir.path(), &written).await, expected);

    // A version that says otherwise is believed, whatever the store holds.
    let view = start(
        &other,
        dir.path(),
        Words {
            version: 2,
            ..Words::indexed()
        },
    );
    view.wait_for(&written, soon()).await.unwrap();
    assert_eq!(contents(&view.store()), expected.0);
    stop(view).await;
}

#[tokio::test]
async fn a_view_that_is_ahead_of_its_log_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let long = MemoryLog::new(LOG, 1);
    let written = append_drawn(&long, 6, 1_000).await;
    answers(&long, dir.path(), &written).await;
    let short = MemoryLog::new(LOG, 1);
    let written = append_drawn(&short, 7, 400).await;
    let expected = reference(&short, &written).await;
    assert_eq!(answers(&short, dir.path(), &written).await, expected);
}

/// What is touched again and again while much is to come is made now and then, and at the end.
#[tokio::test]
async fn a_view_far_behind_makes_a_document_once_for_many_touches() {
    const RECORDS: usize = 40_000;
    let log = MemoryLog::new(LOG, 1);
    let written = append_drawn(&log, 10, RECORDS).await;
    let expected = reference(&log, &written).await;
    let dir = tempfile::tempdir().unwrap();
    for part in ["words", "words/index"] {
        let options = Options {
            poll_records_max: 100,
            index: IndexOptions {
                behind_records_max: 1,
                ..IndexOptions::default()
            },
            ..options()
        };
        let _ = std::fs::remove_dir_all(dir.path().join(part));
        let words = Words::indexed();
        let made = Arc::clone(&words.made);
        let view = start_with(&log, dir.path(), words, options);
        view.wait_for_index(&written, soon()).await.unwrap();
        stop(view).await;
        let made = made.load(Ordering::Relaxed);
        assert!(made < RECORDS / 3, "without {part}: {made} were made");
        assert_eq!(answers(&log, dir.path(), &written).await, expected);
    }
}

#[tokio::test]
async fn an_index_behind_or_ahead_of_its_store_converges() {
    let log = MemoryLog::new(LOG, 1);
    let dir = tempfile::tempdir().unwrap();
    let early = append_drawn(&log, 8, 700).await;
    answers(&log, dir.path(), &early).await;
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy_dir(dir.path(), old.path());
    let late = append_drawn(&log, 9, 900).await;
    let expected = answers(&log, dir.path(), &late).await;
    copy_dir(dir.path(), new.path());
    for part in ["words/store", "words/index"] {
        let mixed = tempfile::tempdir().unwrap();
        copy_dir(new.path(), mixed.path());
        std::fs::remove_dir_all(mixed.path().join(part)).unwrap();
        copy_dir(&old.path().join(part), &mixed.path().join(part));
        assert_eq!(
            answers(&log, mixed.path(), &late).await,
            expected,
            "old {part}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_a_crash_leaves_of_store_and_index_converges(
        words in proptest::collection::vec(("[a-z][a-d]", "[x-z]"), 1..60),
        store_at in 1_usize..60,
        index_at in 1_usize..60,
        index_says in 0_usize..60,
        records_max in 1_usize..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let words: Vec<_> = words.iter().map(|(k, w)| (k.as_str(), w.as_str())).collect();
            let crashed = tempfile::tempdir().unwrap();
            for (part, at) in [("store", store_at), ("index", index_at)] {
                let dir = built(&words[..at.min(words.len())]).await;
                let part = Path::new("words").join(part);
                copy_dir(&dir.path().join(&part), &crashed.path().join(&part));
            }
            // A commit that failed when the documents were there, and its position was not.
            understate(&crashed.path().join("words/index"), index_says.min(index_at).min(words.len()));
            let log = MemoryLog::new(LOG, 1);
            let written = append(&log, &words).await;
            let options = Options {
                poll_records_max: records_max,
                index: IndexOptions {
                    behind_records_max: records_max as u64,
                    ..IndexOptions::default()
                },
                ..options()
            };
            let view = start_with(&log, crashed.path(), Words::indexed(), options);
            view.wait_for_index(&written, soon()).await.unwrap();
            let fields = Words::indexed().fields.unwrap();
            for word in ["x", "y", "z"] {
                let keys: BTreeSet<_> = words.iter().map(|(key, _)| *key).collect();
                let expected = keys.into_iter().filter(|key| {
                    folded(&words, key).is_some_and(|held| {
                        held.split(|byte| *byte == b' ').any(|held| held == word.as_bytes())
                    })
                });
                assert_eq!(found(&view, &fields, word), expected.count(), "documents with {word}");
            }
            stop(view).await;
        });
    }

    #[test]
    fn how_the_log_is_cut_into_batches_changes_nothing(
        words in proptest::collection::vec(("[a-e]", "[x-z]{1,3}|forget"), 1..60),
        records_max in 1_usize..20,
        stop_after in 0_usize..60,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let words: Vec<_> = words.iter().map(|(k, w)| (k.as_str(), w.as_str())).collect();
            let (first, rest) = words.split_at(stop_after.min(words.len()));
            let log = MemoryLog::new(LOG, 1);
            let dir = tempfile::tempdir().unwrap();
            let options = Options { poll_records_max: records_max, ..options() };
            for part in [first, rest] {
                let written = append(&log, part).await;
                let view = start_with(&log, dir.path(), Words::plain(), options.clone());
                view.wait_for(&written, soon()).await.unwrap();
                stop(view).await;
            }
            let all = whole(&log);
            let parts = start(&log, dir.path(), Words::plain());
            let at_once = tempfile::tempdir().unwrap();
            let once = start(&log, at_once.path(), Words::plain());
            for view in [&parts, &once] {
                view.wait_for(&all, soon()).await.unwrap();
            }
            assert_eq!(contents(&parts.store()), contents(&once.store()));
            for (key, _) in &words {
                assert_eq!(
                    parts.store().get(words_key(key)).unwrap(),
                    folded(&words, key),
                    "the store's words of {key}"
                );
            }
        });
    }
}

/// A directory in which a view has folded `words`.
async fn built(words: &[(&str, &str)]) -> TempDir {
    let log = MemoryLog::new(LOG, 1);
    let dir = tempfile::tempdir().unwrap();
    let written = append(&log, words).await;
    let view = start(&log, dir.path(), Words::indexed());
    view.wait_for_index(&written, soon()).await.unwrap();
    stop(view).await;
    dir
}

/// Lets the index in `dir` say that it is complete through `records` records only.
fn understate(dir: &Path, records: usize) {
    let schema = Words::indexed().schema();
    let mut index = SearchIndex::open(dir, schema, LOG, &IndexOptions::default()).unwrap();
    let through = Positions::from_iter([(0, records as u64)]);
    index.commit(&through).unwrap();
}

/// What [`Words`] should hold for `key`.
fn folded(words: &[(&str, &str)], key: &str) -> Option<Bytes> {
    words
        .iter()
        .filter(|(of, _)| *of == key)
        .fold(None, |held, (_, word)| match *word {
            "forget" => None,
            word => Some(
                [held.unwrap_or_default(), format!("{word} ").into()]
                    .concat()
                    .into(),
            ),
        })
}

/// All of the log.
fn whole(log: &MemoryLog) -> Positions {
    Positions::below(&log.tails().unwrap())
}
