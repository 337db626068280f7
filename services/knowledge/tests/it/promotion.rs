//! Candidates become solutions.

use std::time::Duration;

use aftercall_log::Log;
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListCandidatesRequest, ListSolutionsRequest, PromoteCandidateRequest,
};
use aftercall_proto::model::v1::{CandidateState, Confidence};
use futures::future::join_all;
use tonic::Code;
use tonic_types::StatusExt;

use crate::world::{World, by, reason, solved};

fn promote(request_id: &str, candidate_id: &str) -> PromoteCandidateRequest {
    PromoteCandidateRequest {
        request_id: request_id.to_owned(),
        candidate_id: candidate_id.to_owned(),
        title: "Slow network".to_owned(),
        ..PromoteCandidateRequest::default()
    }
}

#[tokio::test]
async fn a_solution_takes_the_candidates_words_where_the_publisher_gives_none() {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "crawls along", "Reset the router"))
        .await;
    let candidate = world.candidates().await.remove(0);
    let request = promote("r-1", &candidate.candidate_id);
    let answer = world
        .client
        .clone()
        .promote_candidate(request)
        .await
        .unwrap()
        .into_inner();
    let solution = answer.solution.unwrap();
    assert_eq!(solution.version, 1);
    assert_eq!(solution.title, "Slow network");
    assert_eq!(solution.question_in_customer_words, ["crawls along"]);
    assert_eq!(solution.resolution, "Reset the router");
    assert_eq!(solution.reason_code, "net.slow");
    assert_eq!(solution.confidence(), Confidence::NotValidated);
    assert_eq!(solution.origin_interaction_ids, candidate.interaction_ids);
    assert_eq!(solution.published_by, "kim");

    let get = GetSolutionRequest {
        solution_id: solution.solution_id.clone(),
        min_position: answer.position,
        latest: false,
        ..GetSolutionRequest::default()
    };
    let got = world
        .client
        .clone()
        .get_solution(get)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(got.solution, Some(solution.clone()));
    let list = ListSolutionsRequest {
        include_total: true,
        ..ListSolutionsRequest::default()
    };
    let list = world
        .client
        .clone()
        .list_solutions(list)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(list.solutions, std::slice::from_ref(&solution));
    assert_eq!(list.total_size, Some(1));
    assert_eq!(world.candidates().await, []);
    let promoted = ListCandidatesRequest {
        state: CandidateState::Promoted.into(),
        ..ListCandidatesRequest::default()
    };
    let promoted = world
        .client
        .clone()
        .list_candidates(promoted)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(promoted.candidates.len(), 1);
    assert_eq!(promoted.candidates[0].solution_id, solution.solution_id);
    assert_eq!(promoted.candidates[0].state(), CandidateState::Promoted);
}

#[tokio::test]
async fn a_command_may_come_again_and_an_id_stands_for_one_command() {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "slow", "Reset the router"))
        .await;
    world
        .record(&solved(2, "net.slow", "slow", "Changed the cable"))
        .await;
    let candidates = world.candidates().await;
    let request = promote("r-1", &candidates[0].candidate_id);
    let mut client = world.client.clone();
    let first = client
        .promote_candidate(request.clone())
        .await
        .unwrap()
        .into_inner();
    let tail = world.log.tails().unwrap();
    // More than a week later, and after a restart.
    world.clock.advance(Duration::from_secs(8 * 86_400));
    let world = world.restarted(|_| {}).await;
    let mut client = world.client.clone();
    let again = client
        .promote_candidate(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    assert_eq!(world.log.tails().unwrap(), tail);

    let mut other = request.clone();
    other.title = "Another".to_owned();
    for other in [other, promote("r-1", &candidates[1].candidate_id)] {
        let status = client.promote_candidate(other).await.unwrap_err();
        assert_eq!(status.code(), Code::AlreadyExists);
        assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    }
    let status = client
        .promote_candidate(promote("r-2", &request.candidate_id))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "CANDIDATE_ALREADY_PROMOTED");
    let details = status.get_error_details();
    let solution_id = &details.error_info().unwrap().metadata["solution_id"];
    assert_eq!(*solution_id, first.solution.unwrap().solution_id);
    assert_eq!(world.log.tails().unwrap(), tail);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_promoted() {
    let world = World::new().await;
    let status = world
        .client
        .clone()
        .promote_candidate(promote("r-1", "none"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(reason(&status), "CANDIDATE_NOT_FOUND");
    let get = GetSolutionRequest {
        solution_id: "none".to_owned(),
        min_position: String::new(),
        latest: false,
        ..GetSolutionRequest::default()
    };
    let status = world.client.clone().get_solution(get).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(reason(&status), "SOLUTION_NOT_FOUND");
}

#[tokio::test]
async fn only_those_who_may_publish_promote() {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "slow", "Reset the router"))
        .await;
    let candidate = world.candidates().await.remove(0);
    for role in [
        "agent",
        "kb_candidate",
        "team_lead",
        "integration",
        "auditor",
    ] {
        let request = by(promote("r-1", &candidate.candidate_id), &[("role", role)]);
        let status = world
            .client
            .clone()
            .promote_candidate(request)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{role}");
        assert_eq!(reason(&status), "ROLE_REQUIRED");
    }
    let request = by(
        promote("r-1", &candidate.candidate_id),
        &[("role", "kb_contributor")],
    );
    world
        .client
        .clone()
        .promote_candidate(request)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_race_makes_one_solution() {
    for round in 0..20 {
        let world = World::new().await;
        world
            .record(&solved(round, "net.slow", "slow", "Reset the router"))
            .await;
        let candidate = world.candidates().await.remove(0);
        let racers = (0..4).map(|n| {
            // Two of them are one command sent twice.
            let request = promote(&format!("r-{}", n / 2), &candidate.candidate_id);
            let mut client = world.client.clone();
            async move { client.promote_candidate(request).await }
        });
        let outcomes = join_all(racers).await;
        for (first, again) in [(0, 1), (2, 3)] {
            assert_eq!(
                outcomes[first].is_ok(),
                outcomes[again].is_ok(),
                "{outcomes:?}"
            );
        }
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (2, 2));
        for lost in lost {
            assert_eq!(reason(&lost.unwrap_err()), "CANDIDATE_ALREADY_PROMOTED");
        }
        let list = ListSolutionsRequest {
            min_position: world.now(),
            ..ListSolutionsRequest::default()
        };
        let list = world
            .client
            .clone()
            .list_solutions(list)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(list.solutions.len(), 1);
    }
}

#[tokio::test]
async fn solutions_are_listed_the_latest_first() {
    let world = World::new().await;
    for n in 0..5 {
        world
            .record(&solved(n, "code", "words", &format!("Way {n}")))
            .await;
        world.clock.advance(Duration::from_secs(60));
        world
            .promote_first(&format!("r-{n}"), &format!("Title {n}"))
            .await;
    }
    let mut request = ListSolutionsRequest {
        page_size: 2,
        ..ListSolutionsRequest::default()
    };
    let mut titles = Vec::new();
    loop {
        let page = world
            .client
            .clone()
            .list_solutions(request.clone())
            .await
            .unwrap();
        let page = page.into_inner();
        titles.extend(page.solutions.into_iter().map(|one| one.title));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(
        titles,
        ["Title 4", "Title 3", "Title 2", "Title 1", "Title 0"]
    );
}

#[tokio::test]
async fn what_a_program_of_another_kind_sends_is_put_right_and_told() {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "slow", "Reset the router"))
        .await;
    let candidates = world.candidates().await;
    let request = PromoteCandidateRequest {
        title: "Slow\u{7f} network".to_owned(),
        question_in_customer_words: vec!["why?".to_owned(), "so\r\nslow\u{b}\u{b}".to_owned()],
        resolution: "Wait\rand see".to_owned(),
        ..promote("r-1", &candidates[0].candidate_id)
    };
    let answer = world.client.clone().promote_candidate(request).await;
    let answer = answer.unwrap().into_inner();
    let told = answer.warnings.iter();
    let told: Vec<_> = told.map(|one| (&*one.field, one.count)).collect();
    let expected = [("title", 1), ("question_in_customer_words[1]", 2)];
    assert_eq!(told, expected);
    let solution = answer.solution.unwrap();
    assert_eq!(solution.title, "Slow network");
    assert_eq!(solution.question_in_customer_words, ["why?", "so\nslow"]);
    assert_eq!(solution.resolution, "Wait\nand see");
}
