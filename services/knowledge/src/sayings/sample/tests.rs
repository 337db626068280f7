//! A sample is the same in whatever order it came, and a saying that comes costs about itself.

use std::collections::BTreeMap;

use aftercall_view::testing::{self, MemoryEngine};
use aftercall_view::{Engine, Store};
use proptest::prelude::*;

use super::super::Sayings;
use super::*;

const WHOSE: (&str, &str) = ("acme", "solution");

/// What happens at a place: something is said, or it is taken back.
type Step = (Place, Option<Saying>);

fn saying(place: Place, text: &str, accepted: bool) -> Saying {
    Saying::of(place, text, accepted).unwrap()
}

fn at(draw: u64, source: u64) -> Place {
    Place { draw, source }
}

/// Folds steps, some of them at once; gives what the store holds then.
fn folded(steps: &[Step], at_once: usize) -> (MemoryEngine, Store) {
    let engine = MemoryEngine::default();
    let store = Store::on(Box::new(engine.clone()));
    for batch in steps.chunks(at_once) {
        let mut txn = Txn::new(&store);
        for (place, said) in batch {
            match said {
                Some(said) => lend(WHOSE, *place, || Some(said.clone()), &mut txn).unwrap(),
                None => take_back(WHOSE, *place, &mut txn).unwrap(),
            }
        }
        engine.apply(txn.into_changes()).unwrap();
    }
    (engine, store)
}

fn held(steps: &[Step]) -> testing::Held {
    folded(steps, 7).0.held()
}

#[test]
fn a_saying_that_comes_leaves_the_others_as_they_are() {
    let text = "my film freezes whenever somebody else in the house begins to watch another one";
    let said = |draw| (at(draw, 0), Some(saying(at(draw, 0), text, true)));
    let steps: Vec<Step> = (1..=CASES_MAX as u64).map(said).collect();
    let (engine, store) = folded(&steps, steps.len());
    let before = engine.written_bytes();
    let mut txn = Txn::new(&store);
    let (place, said) = said(0);
    lend(WHOSE, place, || said, &mut txn).unwrap();
    engine.apply(txn.into_changes()).unwrap();
    // Its brief and itself, where the whole sample takes many times that.
    let written = engine.written_bytes() - before;
    let whole: usize = engine.held().values().map(Bytes::len).sum();
    assert!(
        written < 1_800 && written * 4 < whole as u64,
        "{written} of {whole}"
    );
}

proptest! {
    #[test]
    fn a_sample_is_the_same_in_every_order(
        // Some contacts have several: their own words, and those of searches.
        contacts in prop::collection::btree_map((0..60_u64, 0..3_u64), any::<(bool, bool)>(), 0..120),
        later in any::<u64>(),
    ) {
        // Each is told, and some are taken back: in two orders, in which only what concerns one contact stays.
        let told = |(draw, source): (u64, u64), accepted| {
            let place = at(draw, source);
            (place, Some(saying(place, &format!("said {draw} {source}"), accepted)))
        };
        let mut orders = [Vec::new(), Vec::new()];
        for (contact, (accepted, is_taken_back)) in &contacts {
            let (place, said) = told(*contact, *accepted);
            orders[0].push((place, said));
            orders[0].extend(is_taken_back.then_some((place, None)));
        }
        let mut shuffled: Vec<_> = contacts.iter().collect();
        shuffled.sort_unstable_by_key(|((draw, _), _)| draw ^ later);
        orders[1].extend(shuffled.iter().map(|(contact, (accepted, _))| told(**contact, *accepted)));
        let taken_back = shuffled.iter().filter(|(_, (_, is_taken_back))| *is_taken_back);
        orders[1].extend(taken_back.map(|((draw, source), _)| (at(*draw, *source), None)));
        prop_assert_eq!(held(&orders[0]), held(&orders[1]));
    }

    #[test]
    fn a_sample_is_what_a_model_without_bounds_keeps(
        steps in prop::collection::vec((0..90_u64, prop::option::of((0..3_u8, any::<bool>()))), 0..200),
        at_once in 1..20_usize,
    ) {
        let mut expected: BTreeMap<Place, Option<Saying>> = BTreeMap::new();
        let mut all: Vec<Step> = Vec::new();
        for (draw, said) in steps {
            let place = at(draw, 0);
            let said = said.map(|(n, accepted)| saying(place, &format!("said {n}"), accepted));
            match &said {
                Some(_) => drop(expected.insert(place, said.clone())),
                None => drop(expected.get_mut(&place).map(Option::take)),
            }
            while expected.len() > CASES_MAX {
                expected.pop_last();
            }
            all.push((place, said));
        }
        let (_, store) = folded(&all, at_once);
        let kept = Sayings::read(&store, WHOSE.0, WHOSE.1).unwrap();
        let (scanned, mark) = Sayings::scan(&store, WHOSE.0, WHOSE.1).unwrap();
        prop_assert_eq!(&kept, &scanned);
        let expected: Vec<Saying> = expected.into_values().flatten().collect();
        prop_assert_eq!(kept.iter().cloned().collect::<Vec<_>>(), expected.clone());
        // What is kept in memory is known by the mark to be what stands there.
        let brief = Brief::read(&store, WHOSE.0, WHOSE.1).unwrap().unwrap_or_default();
        let nothing = brief.mark.is_empty() && expected.is_empty();
        prop_assert!(nothing || brief.mark == mark[..]);
        let accepted = expected.iter().filter(|saying| saying.accepted).count() as u64;
        let said = [keys::said(WHOSE.0), keys::said_against(WHOSE.0)];
        let said = said.map(|key| stored_number(store.get(key).unwrap()));
        prop_assert_eq!(said, [accepted, expected.len() as u64 - accepted]);
    }
}
