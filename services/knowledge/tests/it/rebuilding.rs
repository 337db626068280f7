//! A view that is gone comes back the same.

use std::sync::Arc;

use aftercall_log::{LogId, MemoryLog};
use aftercall_proto::knowledge::v1::{
    ListCandidatesRequest, ListSolutionsRequest, PromoteCandidateRequest, Suggestion,
};
use aftercall_proto::model::v1::{Candidate, Solution, SolutionUseKind};

use crate::world::{World, solved, using};

/// All that the service answers.
async fn answers(world: &World) -> (Vec<Candidate>, Vec<Solution>, Vec<Suggestion>) {
    let request = ListSolutionsRequest {
        min_position: world.now(),
        ..ListSolutionsRequest::default()
    };
    let solutions = world.client.clone().list_solutions(request).await.unwrap();
    let suggestions = world.suggest("way number 3 of the router").await;
    (
        world.candidates().await,
        solutions.into_inner().solutions,
        suggestions,
    )
}

async fn busy(world: &World) {
    for n in 0..40 {
        let way = format!("The router way number {} for {} houses", n % 7, n % 7);
        world
            .record(&solved(n, "code", &format!("words {n}"), &way))
            .await;
        if n % 10 == 9 {
            let solution = world
                .promote_first(&format!("r-{n}"), &format!("Title {n}"))
                .await;
            let id = solution.solution_id;
            world
                .record(&using(
                    solved(100 + n, "x", "", ""),
                    &id,
                    SolutionUseKind::UsedAsIs,
                ))
                .await;
        }
    }
    world
        .amend(2, &["handling"], &solved(5, "", "", "Something else"))
        .await;
}

#[tokio::test]
async fn a_deleted_or_damaged_view_answers_as_before() {
    let mut world = World::new().await;
    busy(&world).await;
    let before = answers(&world).await;
    assert!(!before.0.is_empty() && before.1.len() == 4 && !before.2.is_empty());
    world = world.restarted(|_| {}).await;
    assert_eq!(answers(&world).await, before);
    world = world
        .restarted(|views| std::fs::remove_dir_all(views.join("knowledge")).unwrap())
        .await;
    assert_eq!(answers(&world).await, before);
    world = world
        .restarted(|views| std::fs::remove_dir_all(views.join("knowledge/index")).unwrap())
        .await;
    assert_eq!(answers(&world).await, before);
}

#[tokio::test]
async fn partitions_may_be_read_in_any_order() {
    // Cases and their solution stand in different partitions, as they do in a log of many.
    let world = World::over(Arc::new(MemoryLog::new(LogId([3; 16]), 5))).await;
    busy(&world).await;
    let before = answers(&world).await;
    let world = world
        .restarted(|views| std::fs::remove_dir_all(views.join("knowledge")).unwrap())
        .await;
    assert_eq!(answers(&world).await, before);

    let again = PromoteCandidateRequest {
        request_id: "r-9".to_owned(),
        candidate_id: "whatever".to_owned(),
        title: "Title".to_owned(),
        ..PromoteCandidateRequest::default()
    };
    assert!(world.client.clone().promote_candidate(again).await.is_err());
    let promoted = ListCandidatesRequest {
        state: 2,
        ..ListCandidatesRequest::default()
    };
    let promoted = world
        .client
        .clone()
        .list_candidates(promoted)
        .await
        .unwrap();
    assert_eq!(promoted.into_inner().candidates.len(), 4);
}
