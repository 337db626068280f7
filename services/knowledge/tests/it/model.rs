//! Counts, compared with a model that knows the whole history.

use std::collections::BTreeMap;

use aftercall_proto::model::v1::ReasonResolution;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::world::{World, solved};

/// What happens to contact `id`.
#[derive(Debug, Clone)]
enum Step {
    Record { id: i64, way: u8 },
    Amend { id: i64, sequence: u64, way: u8 },
    Reopen { id: i64, sequence: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = 0..6i64;
    let step = prop_oneof![
        3 => (id.clone(), 0..3u8).prop_map(|(id, way)| Step::Record { id, way }),
        2 => (id.clone(), 2..4u64, 0..3u8)
            .prop_map(|(id, sequence, way)| Step::Amend { id, sequence, way }),
        1 => (id, 2..4u64).prop_map(|(id, sequence)| Step::Reopen { id, sequence }),
    ];
    prop::collection::vec(step, 0..40)
}

/// A contact as the model has it.
struct Contact {
    version: u64,
    way: u8,
    resolved: bool,
}

fn expected(steps: &[Step]) -> Vec<(u64, String)> {
    let mut contacts: BTreeMap<i64, Contact> = BTreeMap::new();
    for step in steps {
        match *step {
            Step::Record { id, way } => {
                contacts.entry(id).or_insert(Contact {
                    version: 1,
                    way,
                    resolved: true,
                });
            }
            Step::Amend { id, sequence, way } => {
                if let Some(one) = contacts
                    .get_mut(&id)
                    .filter(|one| one.version + 1 == sequence)
                {
                    (one.version, one.way) = (sequence, way);
                }
            }
            Step::Reopen { id, sequence } => {
                if let Some(one) = contacts
                    .get_mut(&id)
                    .filter(|one| one.version + 1 == sequence)
                {
                    (one.version, one.resolved) = (sequence, false);
                }
            }
        }
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for one in contacts.values().filter(|one| one.resolved) {
        *counts.entry(words(one.way)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts
        .into_iter()
        .map(|(words, count)| (count, words))
        .collect();
    counts.sort();
    counts
}

fn words(way: u8) -> String {
    format!("Way {way}")
}

async fn counted(world: &World, steps: &[Step]) -> Vec<(u64, String)> {
    for step in steps {
        match *step {
            Step::Record { id, way } => world.record(&solved(id, "code", "", &words(way))).await,
            Step::Amend { id, sequence, way } => {
                let new = solved(id, "", "", &words(way));
                world.amend(sequence, &["handling"], &new).await
            }
            Step::Reopen { id, sequence } => {
                let mut new = solved(id, "code", "", "");
                new.contact_reasons[0].resolution = ReasonResolution::NotResolved.into();
                world.amend(sequence, &["contact_reasons"], &new).await
            }
        };
    }
    let candidates = world.candidates().await;
    assert!(
        candidates
            .windows(2)
            .all(|two| two[0].case_count >= two[1].case_count)
    );
    for one in &candidates {
        assert_eq!(one.interaction_ids.len() as u64, one.case_count);
    }
    let counts = candidates
        .into_iter()
        .map(|one| (one.case_count, one.resolution));
    let mut counts: Vec<_> = counts.collect();
    counts.sort();
    counts
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn candidates_are_what_the_history_says(steps in steps()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            assert_eq!(counted(&world, &steps).await, expected(&steps));
            let world = world.restarted(|views| {
                std::fs::remove_dir_all(views.join("knowledge")).unwrap();
            }).await;
            assert_eq!(counted(&world, &[]).await, expected(&steps));
        });
    }
}
