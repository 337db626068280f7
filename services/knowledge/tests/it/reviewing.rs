//! What reviewers decide on candidates.

use std::time::Duration;

use aftercall_proto::knowledge::v1::{
    ClaimCandidateRequest, GetCandidateRequest, GetSolutionRequest, ListCandidatesRequest,
    MergeCandidateRequest, PromoteCandidateRequest, PutOffCandidateRequest, RejectCandidateRequest,
    ReleaseCandidateRequest,
};
use aftercall_proto::model::v1::{Candidate, CandidateState, Customer};
use futures::future::join_all;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::groups::WAYS;
use crate::world::{STARTED_S, World, at, by, fields, reason, solved};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Who decides; each a contributor, unless the name says another role.
pub(crate) fn who(actor: &'static str) -> [(&'static str, &'static str); 2] {
    let role = match actor {
        "coach" => "kb_coach",
        _ => "kb_contributor",
    };
    [("actor", actor), ("role", role)]
}

async fn claim(
    world: &World,
    (actor, request_id): (&'static str, &str),
    candidate_id: &str,
) -> Result<Candidate, Status> {
    let request = ClaimCandidateRequest {
        request_id: request_id.to_owned(),
        candidate_id: candidate_id.to_owned(),
        until: None,
    };
    let answer = world
        .client
        .clone()
        .claim_candidate(supervising(request, actor))
        .await?;
    Ok(answer.into_inner().candidate.unwrap())
}

/// A contributor reads the cases of a team alone; these read all.
fn supervising<T>(request: T, actor: &'static str) -> tonic::Request<T> {
    by(request, &who(actor))
}

async fn reject(
    world: &World,
    (actor, request_id): (&'static str, &str),
    candidate_id: &str,
) -> Result<Candidate, Status> {
    let request = RejectCandidateRequest {
        request_id: request_id.to_owned(),
        candidate_id: candidate_id.to_owned(),
        reason: "says nothing".to_owned(),
    };
    let answer = world
        .client
        .clone()
        .reject_candidate(supervising(request, actor))
        .await?;
    Ok(answer.into_inner().candidate.unwrap())
}

async fn release(
    world: &World,
    (actor, request_id): (&'static str, &str),
    candidate_id: &str,
) -> Result<Candidate, Status> {
    let request = ReleaseCandidateRequest {
        request_id: request_id.to_owned(),
        candidate_id: candidate_id.to_owned(),
        reason: String::new(),
    };
    let answer = world
        .client
        .clone()
        .release_candidate(supervising(request, actor))
        .await?;
    Ok(answer.into_inner().candidate.unwrap())
}

/// The candidates in a state, with their cases.
async fn listed(world: &World, state: CandidateState) -> Vec<(String, u64)> {
    let request = ListCandidatesRequest {
        state: state.into(),
        include_total: true,
        min_position: world.now(),
        ..ListCandidatesRequest::default()
    };
    let answer = world.client.clone().list_candidates(request).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.total_size, Some(answer.candidates.len() as u64));
    let candidates = answer.candidates.into_iter();
    candidates
        .map(|one| (one.candidate_id, one.case_count))
        .collect()
}

/// A world with the cases of three near wordings, and the candidate.
async fn with_cases() -> (World, String) {
    let world = World::new().await;
    for n in 0..3 {
        world
            .record(&solved(n, "net.slow", "slow", WAYS[n as usize]))
            .await;
    }
    let candidate = world.candidates().await.remove(0);
    assert_eq!(candidate.case_count, 3);
    (world, candidate.candidate_id)
}

#[tokio::test]
async fn a_claim_keeps_others_off_until_it_ends() {
    let (world, id) = with_cases().await;
    let claimed = claim(&world, ("ann", "r-1"), &id).await.unwrap();
    assert_eq!(claimed.state(), CandidateState::Claimed);
    assert_eq!(claimed.claimed_by, "ann");
    assert_eq!(claimed.until, Some(at(STARTED_S + 24 * 60 * 60)));
    assert_eq!(listed(&world, CandidateState::Open).await, []);
    assert_eq!(
        listed(&world, CandidateState::Claimed).await,
        [(id.clone(), 3)]
    );

    // A wording that comes meanwhile belongs to it.
    let late = WAYS[0].replace("kitchen", "white kitchen");
    world.record(&solved(9, "net.slow", "", &late)).await;
    assert_eq!(listed(&world, CandidateState::Open).await, []);
    assert_eq!(
        listed(&world, CandidateState::Claimed).await,
        [(id.clone(), 4)]
    );

    for refused in [
        claim(&world, ("bob", "r-2"), &id).await,
        reject(&world, ("bob", "r-3"), &id).await,
        release(&world, ("bob", "r-4"), &id).await,
    ] {
        let status = refused.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(reason(&status), "CANDIDATE_CLAIMED");
        let told = status.get_details_error_info().unwrap().metadata;
        assert_eq!(told["claimed_by"], "ann");
    }
    let promote = PromoteCandidateRequest {
        request_id: "r-5".to_owned(),
        candidate_id: id.clone(),
        title: "Slow".to_owned(),
        ..PromoteCandidateRequest::default()
    };
    let promote = by(promote, &who("bob"));
    let status = world
        .client
        .clone()
        .promote_candidate(promote)
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_CLAIMED");
}

#[tokio::test]
async fn a_claim_ends_and_is_ones_own() {
    let (world, id) = with_cases().await;
    claim(&world, ("ann", "r-1"), &id).await.unwrap();
    // Mine are mine.
    for (actor, expected) in [("ann", 1), ("bob", 0)] {
        let request = ListCandidatesRequest {
            state: CandidateState::Claimed.into(),
            mine: true,
            include_total: true,
            ..ListCandidatesRequest::default()
        };
        let answer = world
            .client
            .clone()
            .list_candidates(by(request, &[("actor", actor)]))
            .await;
        let answer = answer.unwrap().into_inner();
        assert_eq!(
            (answer.candidates.len(), answer.total_size),
            (expected, Some(expected as u64))
        );
    }

    world.clock.advance(24 * HOUR);
    assert_eq!(listed(&world, CandidateState::Claimed).await, []);
    assert_eq!(
        listed(&world, CandidateState::Open).await,
        [(id.clone(), 3)]
    );
    let claimed = claim(&world, ("bob", "r-6"), &id).await.unwrap();
    assert_eq!(claimed.claimed_by, "bob");
    let freed = release(&world, ("bob", "r-7"), &id).await.unwrap();
    assert_eq!(
        (freed.state(), freed.claimed_by),
        (CandidateState::Open, String::new())
    );
    // A coach decides all the same.
    claim(&world, ("ann", "r-8"), &id).await.unwrap();
    reject(&world, ("coach", "r-9"), &id).await.unwrap();
}

#[tokio::test]
async fn what_says_the_same_as_a_rejected_one_is_not_offered() {
    let (world, id) = with_cases().await;
    let rejected = reject(&world, ("ann", "r-1"), &id).await.unwrap();
    assert_eq!(rejected.state(), CandidateState::Rejected);
    assert_eq!(
        (
            rejected.decided_by.as_str(),
            rejected.decision_reason.as_str()
        ),
        ("ann", "says nothing")
    );
    let near = WAYS[0].replace("kitchen", "white kitchen");
    world.record(&solved(10, "net.slow", "", &near)).await;
    world
        .record(&solved(11, "net.slow", "", &WAYS[0].to_lowercase()))
        .await;
    assert_eq!(listed(&world, CandidateState::Open).await, []);
    let rejected = listed(&world, CandidateState::Rejected).await;
    assert_eq!((rejected.len(), rejected[0].1), (1, 5));
    world.record(&solved(12, "net.slow", "", WAYS[3])).await;
    let open = listed(&world, CandidateState::Open).await;
    assert_eq!(open.len(), 1);
    assert_ne!(open[0].0, id);

    let status = claim(&world, ("ann", "r-2"), &id).await.unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_STATE");
    let state = &status.get_details_error_info().unwrap().metadata["state"];
    assert_eq!(state, "CANDIDATE_STATE_REJECTED");
    release(&world, ("ann", "r-3"), &id).await.unwrap();
    assert_eq!(listed(&world, CandidateState::Open).await.len(), 2);
    assert_eq!(listed(&world, CandidateState::Rejected).await, []);
}

#[tokio::test]
async fn what_was_put_off_comes_back() {
    let (world, id) = with_cases().await;
    let put_off = |request_id: &str, seconds: i64| PutOffCandidateRequest {
        request_id: request_id.to_owned(),
        candidate_id: id.clone(),
        until: Some(at(STARTED_S + seconds)),
        reason: "the new firmware comes first".to_owned(),
    };
    let mut client = world.client.clone();
    let status = client
        .put_off_candidate(put_off("r-1", 0))
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["until"]);
    let status = client
        .put_off_candidate(put_off("r-1", 400 * 24 * 3_600))
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["until"]);
    client
        .put_off_candidate(put_off("r-1", 7_200))
        .await
        .unwrap();
    assert_eq!(listed(&world, CandidateState::Open).await, []);
    assert_eq!(
        listed(&world, CandidateState::PutOff).await,
        [(id.clone(), 3)]
    );
    world.clock.advance(2 * HOUR);
    assert_eq!(listed(&world, CandidateState::PutOff).await, []);
    assert_eq!(
        listed(&world, CandidateState::Open).await,
        [(id.clone(), 3)]
    );
    // The same command again is the same, though its time has passed.
    let again = client
        .put_off_candidate(put_off("r-1", 7_200))
        .await
        .unwrap();
    assert_eq!(
        again.into_inner().candidate.unwrap().state(),
        CandidateState::Open
    );
}

#[tokio::test]
async fn promoting_one_wording_promotes_all_of_them() {
    let (world, id) = with_cases().await;
    let solution = world.promote_first("r-1", "Slow network").await;
    assert_eq!(listed(&world, CandidateState::Open).await, []);
    assert_eq!(
        listed(&world, CandidateState::Promoted).await,
        [(id.clone(), 3)]
    );
    let status = reject(&world, ("ann", "r-2"), &id).await.unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_ALREADY_PROMOTED");
    let near = WAYS[0].replace("kitchen", "white kitchen");
    world.record(&solved(10, "net.slow", "", &near)).await;
    assert_eq!(listed(&world, CandidateState::Open).await, []);
    let request = GetCandidateRequest {
        candidate_id: id,
        min_position: world.now(),
        ..GetCandidateRequest::default()
    };
    let found = world.client.clone().get_candidate(request).await.unwrap();
    let found = found.into_inner().candidate.unwrap();
    assert_eq!(
        (found.solution_id, found.case_count),
        (solution.solution_id, 4)
    );
}

#[tokio::test]
async fn a_merged_candidate_lends_its_solution_words_and_cases() {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "no internet", "Reset the router"))
        .await;
    let solution = world.promote_first("r-1", "Slow network").await;
    let words = "Pixelated telly, says Anna";
    let mut annas = solved(2, "tv.bad", words, "Power cycle the box");
    annas.customer = Some(Customer {
        display_name: "Anna Berg".to_owned(),
        ..Customer::default()
    });
    world.record(&annas).await;
    assert!(world.suggest("pixelated telly").await.is_empty());
    let candidate = world.candidates().await.remove(0);
    let merge = |request_id: &str, solution_id: &str| MergeCandidateRequest {
        request_id: request_id.to_owned(),
        candidate_id: candidate.candidate_id.clone(),
        solution_id: solution_id.to_owned(),
    };
    let mut client = world.client.clone();
    let status = client
        .merge_candidate(merge("r-2", "nothing"))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "SOLUTION_NOT_FOUND");
    let merged = client
        .merge_candidate(merge("r-3", &solution.solution_id))
        .await
        .unwrap();
    let merged = merged.into_inner().candidate.unwrap();
    assert_eq!(merged.state(), CandidateState::Merged);
    assert_eq!(merged.solution_id, solution.solution_id);
    assert_eq!(listed(&world, CandidateState::Open).await, []);

    let request = GetSolutionRequest {
        solution_id: solution.solution_id.clone(),
        min_position: world.now(),
        ..GetSolutionRequest::default()
    };
    let found = client
        .get_solution(request)
        .await
        .unwrap()
        .into_inner()
        .solution
        .unwrap();
    // Its own words are as they were approved.
    assert_eq!(found.question_in_customer_words, ["no internet"]);
    assert_eq!(found.version, 1);
    let [lent] = &found.lent[..] else {
        panic!("{found:?}");
    };
    assert_eq!(lent.customer_wording, "Pixelated telly, says [name]");
    assert_eq!(lent.interaction_ids, [annas.interaction_id]);
    assert_eq!((lent.case_count, lent.merged_by.as_str()), (1, "kim"));
    let suggested = world.suggest("pixelated telly").await;
    assert_eq!(
        suggested[0].solution.as_ref().unwrap().solution_id,
        solution.solution_id
    );
    let status = client
        .merge_candidate(merge("r-4", &solution.solution_id))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_STATE");
}

#[tokio::test]
async fn a_command_is_done_once_however_often_it_comes() {
    let (world, id) = with_cases().await;
    let first = claim(&world, ("ann", "r-1"), &id).await.unwrap();
    assert_eq!(claim(&world, ("ann", "r-1"), &id).await.unwrap(), first);
    release(&world, ("ann", "r-2"), &id).await.unwrap();
    // It was done; what came after it stays.
    let again = claim(&world, ("ann", "r-1"), &id).await.unwrap();
    assert_eq!(again.state(), CandidateState::Open);
    let other = ClaimCandidateRequest {
        request_id: "r-1".to_owned(),
        candidate_id: id.clone(),
        until: Some(at(STARTED_S + 60)),
    };
    let status = world
        .client
        .clone()
        .claim_candidate(by(other, &who("ann")))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    let status = claim(&world, ("ann", "r-3"), "nothing").await.unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_NOT_FOUND");
}

#[tokio::test]
async fn of_two_reviewers_one_has_it() {
    for round in 0..10 {
        let world = World::new().await;
        for n in 0..3 {
            world
                .record(&solved(round * 10 + n, "net.slow", "", WAYS[n as usize]))
                .await;
        }
        let candidate = world.candidates().await.remove(0);
        // By whichever wording they name it.
        let ids: Vec<_> = candidate
            .variants
            .iter()
            .map(|one| one.candidate_id.clone())
            .collect();
        let racers = ["ann", "bob", "cleo"].into_iter().zip(&ids);
        let racers = racers.map(|(actor, id)| claim(&world, (actor, "r-1"), id));
        let (won, lost): (Vec<_>, Vec<_>) =
            join_all(racers).await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 2));
        for lost in lost {
            assert_eq!(reason(&lost.unwrap_err()), "CANDIDATE_CLAIMED");
        }
        let claimed = listed(&world, CandidateState::Claimed).await;
        assert_eq!(claimed, [(candidate.candidate_id, 3)]);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_decision_is_said_at_once() {
    let world = World::new().await;
    let mut client = world.client.clone();
    let status = client
        .claim_candidate(ClaimCandidateRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "candidate_id"]);
    let status = client
        .reject_candidate(RejectCandidateRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "candidate_id", "reason"]);
    let status = client
        .put_off_candidate(PutOffCandidateRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["request_id", "candidate_id", "until"]);
    let status = client
        .merge_candidate(MergeCandidateRequest::default())
        .await
        .unwrap_err();
    assert_eq!(
        fields(&status),
        ["request_id", "candidate_id", "solution_id"]
    );
    let request = ListCandidatesRequest {
        mine: true,
        ..ListCandidatesRequest::default()
    };
    let status = client.list_candidates(request).await.unwrap_err();
    assert_eq!(fields(&status), ["mine"]);
    for role in ["agent", "kb_candidate", "auditor", "integration"] {
        let request = by(ClaimCandidateRequest::default(), &[("role", role)]);
        let status = client.claim_candidate(request).await.unwrap_err();
        assert_eq!(reason(&status), "ROLE_REQUIRED", "{role}");
    }
}
