//! How far answers are complete.

use aftercall_proto::knowledge::v1::{
    CaptureFromCaseRequest, DiffVersionsRequest, GetCandidateRequest, GetSolutionRequest,
    GetSolutionVersionRequest, KnowledgeReportRequest, ListCandidatesRequest, ListChangesRequest,
    ListFlagsRequest, ListReviewQueueRequest, ListSolutionsRequest, ListUsesRequest,
    ListVersionStatsRequest, ListVersionsRequest, SampleLinksRequest, SearchSolutionsRequest,
    SuggestSolutionsRequest,
};
use aftercall_service::Clock;
use aftercall_service::testing::is_complete;

use crate::world::{World, at, solved};

const DAY_S: i64 = 86_400;

/// Asks for all that is in the log; says how far the answer is complete.
macro_rules! through {
    ($client:expr, $method:ident, $request:ident { $($field:ident: $value:expr),* }) => {{
        let request = $request {
            $($field: $value,)*
            latest: true,
            ..$request::default()
        };
        let answer = $client.clone().$method(request).await.unwrap().into_inner();
        let through = (answer.complete_through, answer.complete_through_at);
        (stringify!($method), through)
    }};
}

/// A world with a solution, and a candidate for another one, whose ids are told, and the contact of the candidate.
async fn filled() -> (World, String, String, String) {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "no internet", "Reset the router"))
        .await;
    let solution = world.promote_first("r-1", "Slow network").await;
    let other = solved(2, "bill.high", "a high bill", "Explained the fees");
    world.record(&other).await;
    let candidate = world.candidates().await.remove(0);
    (
        world,
        solution.solution_id,
        candidate.candidate_id,
        other.interaction_id,
    )
}

#[tokio::test]
async fn answers_about_solutions_say_by_position_and_time_how_far_they_are_complete() {
    let (world, id, candidate_id, interaction_id) = filled().await;
    let solution_id = || id.clone();
    #[rustfmt::skip]
    let answers = [
        through!(world.client, list_candidates, ListCandidatesRequest {}),
        through!(world.client, get_candidate, GetCandidateRequest { candidate_id: candidate_id.clone() }),
        through!(world.client, get_solution, GetSolutionRequest { solution_id: solution_id() }),
        through!(world.client, list_solutions, ListSolutionsRequest {}),
        through!(world.client, suggest_solutions, SuggestSolutionsRequest { text: "slow".to_owned() }),
        through!(world.client, capture_from_case, CaptureFromCaseRequest { interaction_id: interaction_id.clone() }),
        through!(world.searches, search_solutions, SearchSolutionsRequest { text: "slow".to_owned() }),
        through!(world.searches, sample_links, SampleLinksRequest {}),
        through!(world.searches, knowledge_report, KnowledgeReportRequest {
            from: Some(at(0)), before: Some(at(20 * DAY_S))
        }),
    ];
    check(&world, &answers);
}

#[tokio::test]
async fn answers_about_versions_say_by_position_and_time_how_far_they_are_complete() {
    let (world, id, ..) = filled().await;
    let solution_id = || id.clone();
    #[rustfmt::skip]
    let answers = [
        through!(world.solutions, get_solution_version, GetSolutionVersionRequest { solution_id: solution_id(), version: 1 }),
        through!(world.solutions, list_versions, ListVersionsRequest { solution_id: solution_id() }),
        through!(world.solutions, diff_versions, DiffVersionsRequest { solution_id: solution_id() }),
        through!(world.solutions, list_changes, ListChangesRequest { solution_id: solution_id() }),
        through!(world.evidence, list_uses, ListUsesRequest { solution_id: solution_id() }),
        through!(world.evidence, list_version_stats, ListVersionStatsRequest { solution_id: solution_id() }),
        through!(world.evidence, list_flags, ListFlagsRequest {}),
        through!(world.evidence, list_review_queue, ListReviewQueueRequest {}),
    ];
    check(&world, &answers);
}

type Told = (&'static str, (String, Option<pbjson_types::Timestamp>));

fn check(world: &World, answers: &[Told]) {
    for (method, (position, time)) in answers {
        let is_told = is_complete(position, time.as_ref(), world.clock.now());
        assert!(is_told, "{method}: {position} {time:?}");
    }
}
