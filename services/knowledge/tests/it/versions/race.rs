//! Editors and reviewers who race: what became of solutions is compared with a model that replays what was done, and
//! knows nothing but the table of states.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_log::{LogId, MemoryLog};
use aftercall_proto::model::v1::{Solution, VersionState};
use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::desk::{Desk, content};
use super::table::Table;
use crate::world::World;

/// What somebody does with a solution.
#[derive(Debug, Clone, Copy)]
enum Step {
    Next,
    Edit,
    Submit,
    TakeBack,
    RequestChanges,
    Discard,
    Approve,
    Publish,
    RollBack,
    Retire { to: usize },
    Restore,
    Merge { into: usize },
    Unmerge,
}

/// A step, of which solution and version, and by whom.
#[derive(Debug, Clone, Copy)]
struct Move {
    step: Step,
    solution: usize,
    version: u32,
    by: usize,
}

const SOLUTIONS: usize = 3;
const PEOPLE: [&str; 3] = ["kim", "ann", "bob"];

fn moves() -> impl Strategy<Value = Vec<Vec<Move>>> {
    let step = prop_oneof![
        4 => Just(Step::Next),
        2 => Just(Step::Edit),
        2 => Just(Step::Submit),
        1 => Just(Step::TakeBack),
        1 => Just(Step::RequestChanges),
        1 => Just(Step::Discard),
        5 => Just(Step::Approve),
        5 => Just(Step::Publish),
        2 => Just(Step::RollBack),
        1 => (0..SOLUTIONS).prop_map(|to| Step::Retire { to }),
        2 => Just(Step::Restore),
        1 => (0..SOLUTIONS).prop_map(|into| Step::Merge { into }),
        2 => Just(Step::Unmerge),
    ];
    let one = (step, 0..SOLUTIONS, 1..4_u32, 0..PEOPLE.len());
    let one = one.prop_map(|(step, solution, version, by)| Move {
        step,
        solution,
        version,
        by,
    });
    // Each batch is done at once.
    prop::collection::vec(prop::collection::vec(one, 1..5), 1..14)
}

/// Does one of them, twice under one id where that can be, and says nothing of what came of it.
async fn make(desk: &Desk, ids: &[String], one: Move, name: String) {
    let (id, version) = (&*ids[one.solution], one.version);
    let who = [("actor", PEOPLE[one.by])];
    let done = match one.step {
        Step::Next => {
            let says = Solution {
                change_note: name.clone(),
                ..Solution::default()
            };
            let (first, second) = (
                desk.next(&name, id, says.clone()).await,
                desk.next(&name, id, says).await,
            );
            if let (Ok(first), Ok(second)) = (&first, &second) {
                assert_eq!(
                    first.version, second.version,
                    "a request did something again"
                );
            }
            second
        }
        Step::Edit => {
            let seen = desk.versions(id).await;
            let Some(open) = seen.iter().find(|one| one.version == version) else {
                return;
            };
            let request = aftercall_proto::knowledge::v1::EditDraftRequest {
                request_id: name.clone(),
                solution_id: id.to_owned(),
                solution: Some(content(&format!("Solution of everything {name}"))),
                expected_sequence: open.sequence,
                reason: String::new(),
            };
            desk.edit_by(request, &who).await
        }
        Step::Submit => desk.submit_as(id, version, &who).await,
        Step::TakeBack => desk.take_back_as(id, version, &who).await,
        Step::RequestChanges => desk.request_changes_as(id, version, &who).await,
        Step::Discard => desk.discard_as(id, version, &who).await,
        Step::Approve => desk.approve_as(id, version, &who).await,
        Step::Publish => desk.publish_as(id, version, &who).await,
        Step::RollBack => desk.roll_back_as(id, version, &who).await,
        Step::Retire { to } if to == one.solution => desk.retire(id, "", &who).await,
        Step::Retire { to } => desk.retire(id, &ids[to], &who).await,
        Step::Restore => desk.restore(id, "").await,
        Step::Merge { into } => desk.merge(&[id], &ids[into]).await,
        Step::Unmerge => desk.unmerge(id).await,
    };
    if let Err(status) = done {
        let reason = crate::world::reason(&status);
        let known = [
            "SOLUTION_STATE",
            "DRAFT_OPEN",
            "VERSION_NOT_FOUND",
            "SEQUENCE_STALE",
            "NOT_AUTHOR",
            "REDIRECT_CYCLIC",
            "INVALID_REQUEST",
        ];
        assert!(known.contains(&&*reason), "{one:?}: {status:?}");
    }
}

/// All that can be read of the solutions, checked against the model.
async fn check(world: &World, desk: &Desk, ids: &[String]) -> Vec<(Vec<Solution>, String)> {
    let mut all = Vec::new();
    let mut live = 0;
    for id in ids {
        let changes = desk.changes(id).await;
        let expected = Table::of(&changes).states;
        let versions = desk.versions(id).await;
        let states: BTreeMap<_, _> = versions
            .iter()
            .map(|one| match one.live_version == one.version {
                // A merge that does not count, because it would close a circle.
                true => (one.version, VersionState::Published),
                false => (one.version, one.state()),
            })
            .collect();
        let is_cut = states != expected;
        if is_cut {
            let merged = expected
                .values()
                .filter(|state| **state == VersionState::Merged);
            assert_eq!(merged.count(), 1, "{states:?} and not {expected:?}");
        }
        live += usize::from(
            states
                .values()
                .any(|state| *state == VersionState::Published),
        );
        // Redirects end.
        let (shown, _) = desk.find(id, &[]).await.unwrap();
        all.push((versions, shown.solution_id));
    }
    assert_eq!(world.suggest("solution of everything").await.len(), live);
    all
}

async fn play(batches: Vec<Vec<Move>>) {
    let mut world = World::over(Arc::new(MemoryLog::new(LogId([9; 16]), 5))).await;
    let mut desk = Desk::of(&world);
    let mut ids = Vec::new();
    for n in 0..SOLUTIONS {
        ids.push(desk.published(&format!("Solution of everything {n}")).await);
    }
    let half = batches.len() / 2;
    for (at, batch) in batches.into_iter().enumerate() {
        if at == half {
            world = world
                .restarted(|views| std::fs::remove_dir_all(views.join("knowledge")).unwrap())
                .await;
            desk = Desk::of(&world);
        }
        let moves = batch.into_iter().enumerate();
        let moves = moves.map(|(n, one)| make(&desk, &ids, one, format!("m-{at}-{n}")));
        join_all(moves).await;
    }
    let before = check(&world, &desk, &ids).await;
    let world = world
        .restarted(|views| std::fs::remove_dir_all(views.join("knowledge")).unwrap())
        .await;
    let desk = Desk::of(&world);
    assert_eq!(check(&world, &desk, &ids).await, before);
}

proptest! {
    #![proptest_config(Config { cases: 8, ..Config::default() })]

    #[test]
    fn races_leave_what_the_table_says(batches in moves()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(play(batches));
    }
}
