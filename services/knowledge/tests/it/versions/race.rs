//! Editors, reviewers and officers who race: what became of solutions is compared with a model that replays what was
//! done, and knows nothing but the table of states and who may do what.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_log::{LogId, MemoryLog};
use aftercall_proto::knowledge::v1::EditDraftRequest;
use aftercall_proto::model::v1::{HarmClass, Solution, VersionState};
use futures::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::Config;
use tonic::Status;

use super::desk::{Desk, Who, content, fresh};
use super::guards::governed;
use super::table::Table;
use crate::world::{STARTED_S, World};

/// What somebody does with a solution.
#[derive(Debug, Clone, Copy)]
enum Step {
    Next,
    Edit { strict: bool },
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
    Recall { harm: usize },
    Flag,
    Confirm,
    Verify,
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
/// Which of them begin as law governs them.
const IS_STRICT: [bool; SOLUTIONS] = [true, false, false];
/// The first of them has every role.
const PEOPLE: [(&str, &str); 5] = [
    ("kim", ""),
    ("ann", "kb_publisher"),
    ("bob", "kb_contributor"),
    ("cleo", "compliance_officer"),
    ("dora", "kb_domain_expert"),
];
const HARMS: [HarmClass; 3] = [HarmClass::Nuisance, HarmClass::Money, HarmClass::Safety];

/// Somebody, as requests say who it is.
fn who((actor, role): (&'static str, &'static str)) -> Vec<(&'static str, &'static str)> {
    let role = Some(("role", role)).filter(|(_, role)| !role.is_empty());
    [("actor", actor)].into_iter().chain(role).collect()
}

fn moves() -> impl Strategy<Value = Vec<Vec<Move>>> {
    let step = prop_oneof![
        4 => Just(Step::Next),
        2 => any::<bool>().prop_map(|strict| Step::Edit { strict }),
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
        1 => (0..HARMS.len()).prop_map(|harm| Step::Recall { harm }),
        1 => Just(Step::Flag),
        1 => Just(Step::Confirm),
        2 => Just(Step::Verify),
    ];
    // Whoever may most is tried most often.
    let by = prop_oneof![1 => Just(0_usize), 2 => 1..PEOPLE.len()];
    let one = (step, 0..SOLUTIONS, 1..4_u32, by);
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
    let who = who(PEOPLE[one.by]);
    let done = match one.step {
        Step::Next => {
            let says = Solution {
                change_note: name.clone(),
                ..Solution::default()
            };
            let (first, second) = (
                desk.next_as((&name, id), says.clone(), &who).await,
                desk.next_as((&name, id), says, &who).await,
            );
            if let (Ok(first), Ok(second)) = (&first, &second) {
                assert_eq!(
                    first.version, second.version,
                    "a request did something again"
                );
            }
            second
        }
        Step::Edit { strict } => {
            let seen = desk.versions(id).await;
            let Some(open) = seen.iter().find(|one| one.version == version) else {
                return;
            };
            let says = saying(&format!("Solution of everything {name}"), strict);
            let request = EditDraftRequest {
                request_id: name.clone(),
                solution_id: id.to_owned(),
                solution: Some(says),
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
        Step::Restore => desk.restore_as(id, ("", None), &who).await,
        Step::Merge { into } => desk.merge_as(&[id], &ids[into], &who).await,
        Step::Unmerge => desk.unmerge_as(id, &who).await,
        judged => judge(desk, (id, version), judged, &who).await,
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
            "ROLE_REQUIRED",
            "OWN_WORK",
            "VERSION_NOT_LIVE",
            "FLAG_RESOLVED",
        ];
        assert!(known.contains(&&*reason), "{one:?}: {status:?}");
    }
}

/// Says what somebody thinks of a version.
async fn judge(
    desk: &Desk,
    (id, version): (&str, u32),
    step: Step,
    who: Who<'_>,
) -> Result<Solution, Status> {
    match step {
        Step::Recall { harm } => {
            desk.recall_as((id, version), HARMS[harm], who).await?;
        }
        Step::Flag => {
            desk.flag_as(id, version, who).await?;
        }
        Step::Confirm => {
            if let Some(flag) = desk.open_flags(id).await.first() {
                desk.confirm_as(id, &flag.flag_id, who).await?;
            }
        }
        _ => {
            let until = STARTED_S + 300 * 86_400;
            desk.verify_as((id, version), until, who).await?;
        }
    }
    Ok(Solution::default())
}

/// What a version says, by experience or as law governs it.
fn saying(title: &str, strict: bool) -> Solution {
    let says = content(title);
    match strict {
        true => Solution {
            title: says.title,
            resolution: says.resolution,
            ..governed()
        },
        false => says,
    }
}

/// A solution whose first version is live, approved by who may do so.
async fn begun(desk: &Desk, title: &str, strict: bool) -> String {
    let draft = desk.draft(&fresh(), saying(title, strict)).await.unwrap();
    let approver = match strict {
        true => PEOPLE[3],
        false => PEOPLE[2],
    };
    let id = draft.solution_id;
    desk.approve_as(&id, 1, &who(approver)).await.unwrap();
    desk.publish(&id, 1).await.unwrap();
    id
}

/// All that can be read of the solutions, checked against the model.
async fn check(world: &World, desk: &Desk, ids: &[String]) -> Vec<(Vec<Solution>, String)> {
    let mut all = Vec::new();
    let mut live = 0;
    for (id, strict) in ids.iter().zip(IS_STRICT) {
        let changes = desk.changes(id).await;
        let expected = Table::of(&changes, strict).states;
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
    for (n, strict) in IS_STRICT.into_iter().enumerate() {
        let title = format!("Solution of everything {n}");
        ids.push(begun(&desk, &title, strict).await);
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
