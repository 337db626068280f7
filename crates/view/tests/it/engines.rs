//! What every engine must do, whichever views are kept in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::Path;

use aftercall_view::{Cache, Changes, Direction, Engine, EngineKind, Store, StoreError, Txn};
use bytes::Bytes;
use proptest::prelude::*;

use crate::damage::{damage, files};
use crate::fixture::copy_dir;

type Held = BTreeMap<Bytes, Bytes>;

fn open(kind: EngineKind, dir: &Path) -> Result<Box<dyn Engine>, StoreError> {
    kind.open(dir, &Cache::of(1 << 20))
}

/// All that is there, or why it can't be read.
fn held(engine: &dyn Engine) -> Result<Held, StoreError> {
    engine.scan(&[], None, Direction::Ascending).collect()
}

/// A batch as a view makes it: every second key has a value that lasts.
fn changes(batch: &[(Bytes, Option<Bytes>)]) -> Changes {
    let store = Store::default();
    let mut txn = Txn::new(&store);
    for (nth, (key, value)) in batch.iter().enumerate() {
        let (key, value) = (key.clone(), value.clone());
        match value {
            Some(value) if nth % 2 == 0 => txn.put_lasting(key, value),
            Some(value) => txn.put(key, value),
            None => txn.delete(key),
        }
        .unwrap();
    }
    txn.into_changes()
}

fn change(held: &mut Held, changes: &[(Bytes, Option<Bytes>)]) {
    for (key, value) in changes {
        match value {
            Some(value) => drop(held.insert(key.clone(), value.clone())),
            None => drop(held.remove(key)),
        }
    }
}

/// Keys as views have them: some are the beginning of others.
fn key() -> impl Strategy<Value = Bytes> {
    prop_oneof!["[a-c][x-z]{0,2}", "acustomer-[0-9]{1,3}"].prop_map(Bytes::from)
}

fn batch() -> impl Strategy<Value = Vec<(Bytes, Option<Bytes>)>> {
    let value = prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..300));
    let change = (key(), value.prop_map(|value| value.map(Bytes::from)));
    prop::collection::vec(change, 0..40)
}

/// What comes between two batches.
#[derive(Debug, Clone, Copy)]
enum Between {
    Nothing,
    Flush,
    Reopening,
}

fn between() -> impl Strategy<Value = Between> {
    prop_oneof![
        4 => Just(Between::Nothing),
        1 => Just(Between::Flush),
        1 => Just(Between::Reopening)
    ]
}

/// Every key, and the keys between two, either way.
fn check(engine: &dyn Engine, model: &Held, asked: &[Bytes]) -> Result<(), TestCaseError> {
    for key in asked {
        prop_assert_eq!(engine.get(key).unwrap(), model.get(key).cloned());
    }
    for (from, to) in asked.iter().zip(asked.iter().skip(1)) {
        let upper = to.max(from);
        let within = (Bound::Included(from), Bound::Excluded(upper));
        let expected: Vec<_> = model.range::<Bytes, _>(within).collect();
        for (to, expected) in [
            (Some(&to[..]), expected),
            (None, model.range(from.clone()..).collect()),
        ] {
            let read = |direction| -> Vec<_> {
                let entries = engine.scan(from, to, direction);
                entries.collect::<Result<_, _>>().unwrap()
            };
            let ascending = read(Direction::Ascending);
            prop_assert!(
                ascending
                    .iter()
                    .map(|(key, value)| (key, value))
                    .eq(expected)
            );
            let mut descending = read(Direction::Descending);
            descending.reverse();
            prop_assert_eq!(ascending, descending);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_engine_answers_as_a_map_does(
        batches in prop::collection::vec((batch(), between()), 1..12),
        asked in prop::collection::vec(key(), 2..12),
    ) {
        for kind in EngineKind::ALL {
            let dir = tempfile::tempdir().unwrap();
            let mut engine = open(kind, dir.path()).unwrap();
            let mut model = Held::new();
            for (batch, between) in &batches {
                engine.apply(changes(batch)).unwrap();
                change(&mut model, batch);
                match between {
                    Between::Nothing => {}
                    Between::Flush => engine.flush().unwrap(),
                    Between::Reopening => {
                        engine.flush().unwrap();
                        drop(engine);
                        engine = open(kind, dir.path()).unwrap();
                    }
                }
                check(&*engine, &model, &asked)?;
            }
            prop_assert_eq!(held(&*engine).unwrap(), model);
        }
    }
}

/// How many batches the tests of crashes and damage write.
const BATCHES: u32 = 8;

/// The changes of a batch: some keys are new, some are written again, some go. They are so large that a
/// store is many pages.
fn nth_batch(nth: u32) -> Vec<(Bytes, Option<Bytes>)> {
    let changes = (0..1_000_u32).map(|n| {
        let key = format!("acustomer-{}", (n * 7 + nth) % 3_000);
        let said = "what was said ".repeat(25 * (1 + nth as usize / 2));
        let value = (!(nth + n).is_multiple_of(7)).then(|| Bytes::from(format!("{nth} {said}")));
        (Bytes::from(key), value)
    });
    // Each key once, so that the order within a batch does not matter.
    changes.collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// What an engine may hold that was written `batches` batches, or fewer of them.
fn prefixes(batches: u32) -> BTreeSet<Held> {
    let mut now = Held::new();
    let later = (0..batches).map(|nth| {
        change(&mut now, &nth_batch(nth));
        now.clone()
    });
    [Held::new()].into_iter().chain(later).collect()
}

fn write(engine: &dyn Engine, batches: std::ops::Range<u32>) {
    for nth in batches {
        engine.apply(changes(&nth_batch(nth))).unwrap();
    }
}

#[test]
fn a_crash_leaves_the_first_batches_whole() {
    for kind in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(kind, dir.path()).unwrap();
        for nth in 0..BATCHES {
            write(&*engine, nth..nth + 1);
            let flushed = nth % 3 == 2;
            if flushed {
                engine.flush().unwrap();
            }
            let crashed = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), crashed.path());
            let after = open(kind, crashed.path()).unwrap();
            let left = held(&*after).unwrap();
            assert!(
                prefixes(nth + 1).contains(&left),
                "{kind:?}, batch {nth}: {} entries",
                left.len()
            );
            if flushed {
                assert_eq!(left, held(&*engine).unwrap(), "{kind:?}, batch {nth}");
            }
        }
    }
}

/// A disk that altered a file since, of a store that was closed and of one that was not: the engine does
/// not open, or does not answer, or has an earlier state as a whole, from which the view goes on.
#[test]
fn damage_is_found() {
    for kind in EngineKind::ALL {
        let (closed, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let engine = open(kind, closed.path()).unwrap();
        write(&*engine, 0..BATCHES);
        engine.flush().unwrap();
        copy_dir(closed.path(), crashed.path());
        drop(engine);
        let states = prefixes(BATCHES);
        let mut found = 0;
        for (seed, dir) in (0..40).flat_map(|seed| [(seed, &closed), (seed, &crashed)]) {
            let damaged = tempfile::tempdir().unwrap();
            copy_dir(dir.path(), damaged.path());
            let mut files = files(damaged.path());
            files.retain(|file| std::fs::metadata(file).unwrap().len() > 0);
            let file = files.swap_remove(seed as usize % files.len());
            let at = damage(&[file], seed);
            match open(kind, damaged.path()).and_then(|engine| held(&*engine)) {
                Ok(held) => assert!(states.contains(&held), "{kind:?}, seed {seed}: {at:?}"),
                Err(_) => found += 1,
            }
        }
        assert!(found > 0, "{kind:?}: nothing was found");
    }
}
