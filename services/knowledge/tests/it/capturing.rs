//! Drafts by hand: from a case, and from a candidate.

use aftercall_proto::knowledge::v1::{
    CaptureFromCaseRequest, ClaimCandidateRequest, DraftSolutionRequest, ListCandidatesRequest,
};
use aftercall_proto::model::v1::{
    CandidateState, ContactReason, Customer, ReasonResolution, Solution,
};
use aftercall_service::testing;

use crate::groups::WAYS;
use crate::reviewing::who;
use crate::world::{World, by, fields, reason, solved};

fn capture(world: &World, interaction_id: &str, reason_code: &str) -> CaptureFromCaseRequest {
    CaptureFromCaseRequest {
        interaction_id: interaction_id.to_owned(),
        reason_code: reason_code.to_owned(),
        min_position: world.now(),
        ..CaptureFromCaseRequest::default()
    }
}

#[tokio::test]
async fn similar_solutions_come_before_a_cases_own_words() {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "no internet", "Reset the router"))
        .await;
    let solution = world.promote_first("r-1", "Slow network").await;
    let mut contact = solved(
        2,
        "net.slow",
        "internet of Anna is gone",
        "Told Anna to reset the router box",
    );
    contact.customer = Some(Customer {
        display_name: "Anna Berg".to_owned(),
        ..Customer::default()
    });
    contact.contact_reasons.push(ContactReason {
        primary: false,
        resolution: ReasonResolution::Resolved.into(),
        stated_verbatim: "and the bill".to_owned(),
        ..testing::reason("bill.high")
    });
    world.record(&contact).await;
    let mut client = world.client.clone();
    let captured = client
        .capture_from_case(capture(&world, &contact.interaction_id, ""))
        .await;
    let captured = captured.unwrap().into_inner();
    let similar = captured.similar[0].solution.as_ref().unwrap();
    assert_eq!(similar.solution_id, solution.solution_id);
    let prefilled = captured.prefilled.unwrap();
    assert_eq!(
        prefilled.question_in_customer_words,
        ["internet of [name] is gone"]
    );
    assert_eq!(prefilled.resolution, "Told [name] to reset the router box");
    assert_eq!(prefilled.reason_code, "net.slow");
    assert_eq!(captured.masked.len(), 2);
    assert_eq!(captured.candidate.unwrap().case_count, 1);

    let other = client
        .capture_from_case(capture(&world, &contact.interaction_id, "bill.high"))
        .await;
    let other = other.unwrap().into_inner().prefilled.unwrap();
    assert_eq!(other.question_in_customer_words, ["and the bill"]);
    let status = client
        .capture_from_case(capture(&world, &contact.interaction_id, "none"))
        .await;
    assert_eq!(fields(&status.unwrap_err()), ["reason_code"]);
    let status = client
        .capture_from_case(capture(&world, "nobody", ""))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "INTERACTION_NOT_FOUND");
}

#[tokio::test]
async fn a_draft_of_a_candidate_is_of_all_its_wordings() {
    let world = World::new().await;
    for n in 0..3 {
        world
            .record(&solved(n, "net.slow", "slow", WAYS[n as usize]))
            .await;
    }
    let candidate = world.candidates().await.remove(0);
    let draft = |request_id: &str| DraftSolutionRequest {
        request_id: request_id.to_owned(),
        candidate_id: candidate.candidate_id.clone(),
        solution: Some(Solution {
            title: "Slow network".to_owned(),
            ..Solution::default()
        }),
        ..DraftSolutionRequest::default()
    };
    let claim = ClaimCandidateRequest {
        request_id: "r-1".to_owned(),
        candidate_id: candidate.candidate_id.clone(),
        until: None,
    };
    world
        .client
        .clone()
        .claim_candidate(by(claim, &who("ann")))
        .await
        .unwrap();
    let mut solutions = world.solutions.clone();
    let status = solutions
        .draft_solution(by(draft("r-2"), &who("bob")))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_CLAIMED");
    let drafted = solutions
        .draft_solution(by(draft("r-3"), &who("ann")))
        .await
        .unwrap();
    let drafted = drafted.into_inner().solution.unwrap();
    assert_eq!(drafted.resolution, candidate.resolution);
    assert_eq!(world.candidates().await, []);
    let request = ListCandidatesRequest {
        state: CandidateState::Promoted.into(),
        min_position: world.now(),
        ..ListCandidatesRequest::default()
    };
    let promoted = world.client.clone().list_candidates(request).await.unwrap();
    let promoted = promoted.into_inner().candidates;
    assert_eq!((promoted.len(), promoted[0].case_count), (1, 3));
    assert_eq!(promoted[0].solution_id, drafted.solution_id);
}
