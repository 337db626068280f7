//! Candidates come back when what was done with them is undone.

use aftercall_proto::knowledge::v1::{
    DraftSolutionRequest, MergeCandidateRequest, PromoteCandidateRequest, ReleaseCandidateRequest,
};
use aftercall_proto::model::v1::{Candidate, CandidateState, Solution, VersionState};
use tonic::Status;

use crate::versions::desk::{Desk, content, fresh};
use crate::world::{World, reason, solved};

async fn draft(desk: &Desk, candidate: &Candidate) -> Result<Solution, Status> {
    let request = DraftSolutionRequest {
        request_id: fresh(),
        candidate_id: candidate.candidate_id.clone(),
        solution: Some(Solution {
            title: "Slow network".to_owned(),
            ..Solution::default()
        }),
        ..DraftSolutionRequest::default()
    };
    desk.draft_by(request).await
}

async fn merge(world: &World, candidate: &Candidate, into: &str) -> Result<Candidate, Status> {
    let request = MergeCandidateRequest {
        request_id: fresh(),
        candidate_id: candidate.candidate_id.clone(),
        solution_id: into.to_owned(),
    };
    let merged = world.client.clone().merge_candidate(request).await?;
    Ok(merged.into_inner().candidate.unwrap())
}

#[tokio::test]
async fn opposite_answers_of_the_same_letters_are_two_candidates() {
    let world = World::new().await;
    for (n, words) in [(1, "Reversed the amount"), (2, "Reserved the amount")] {
        world.record(&solved(n, "card.fee", "fee", words)).await;
    }
    let candidates = world.candidates().await;
    assert_eq!(candidates.len(), 2);
    world.promote_first("r-1", "Fee").await;
    let left = world.candidates().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].case_count, 1);
}

#[tokio::test]
async fn a_draft_that_is_given_up_sets_its_candidate_free() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    world
        .record(&solved(1, "net.slow", "slow", "Reset the router"))
        .await;
    let candidate = world.candidates().await.remove(0);
    let drafted = draft(&desk, &candidate).await.unwrap();
    let id = drafted.solution_id.as_str();
    assert_eq!(world.candidates().await, []);
    desk.discard_draft(id, 1).await.unwrap();
    assert_eq!(world.candidates().await, std::slice::from_ref(&candidate));

    // Whoever goes on with the solution has the candidate again.
    let next = desk.next(&fresh(), id, content("Slower")).await.unwrap();
    assert_eq!(next.candidate_id, candidate.candidate_id);
    assert_eq!(world.candidates().await, []);
    desk.discard_draft(id, 2).await.unwrap();
    // And so has who drafts by it.
    let again = draft(&desk, &candidate).await.unwrap();
    assert_eq!((&*again.solution_id, again.version), (id, 3));
    assert_eq!(again.resolution, "Reset the router");
    let refused = draft(&desk, &candidate).await.unwrap_err();
    assert_eq!(reason(&refused), "CANDIDATE_ALREADY_PROMOTED");
    desk.discard_draft(id, 3).await.unwrap();

    let live = world.promote_first("p-1", "Slow network").await;
    assert_eq!((&*live.solution_id, live.version), (id, 4));
    assert_eq!(live.state(), VersionState::Published);
    // A later draft that is given up takes nothing from what was live.
    desk.next(&fresh(), id, content("Slowest")).await.unwrap();
    desk.discard_draft(id, 5).await.unwrap();
    assert_eq!(world.candidates().await, []);
    let request = PromoteCandidateRequest {
        request_id: "p-2".to_owned(),
        candidate_id: candidate.candidate_id,
        title: "Slow".to_owned(),
        ..PromoteCandidateRequest::default()
    };
    let refused = world.client.clone().promote_candidate(request).await;
    assert_eq!(reason(&refused.unwrap_err()), "CANDIDATE_ALREADY_PROMOTED");
}

#[tokio::test]
async fn a_merge_is_undone_and_takes_the_lent_words_away() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published("Orange light").await;
    let telly = solved(1, "tv.bad", "pixelated telly", "Power cycle the box");
    world.record(&telly).await;
    let candidate = world.candidates().await.remove(0);
    for _ in 0..2 {
        let merged = merge(&world, &candidate, &id).await.unwrap();
        assert_eq!(merged.state(), CandidateState::Merged);
        assert_eq!(desk.get(&id).await.lent.len(), 1);
        assert_eq!(world.suggest("pixelated telly").await.len(), 1);
        let request = ReleaseCandidateRequest {
            request_id: fresh(),
            candidate_id: candidate.candidate_id.clone(),
            reason: "It says something else".to_owned(),
        };
        let released = world.client.clone().release_candidate(request).await;
        released.unwrap();
        assert_eq!(world.candidates().await, std::slice::from_ref(&candidate));
        assert_eq!(desk.get(&id).await.lent, []);
    }
}

#[tokio::test]
async fn a_candidate_is_merged_into_what_is_live_and_of_its_client_alone() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let mut of_north = solved(1, "tv.bad", "pixelated telly", "Power cycle the box");
    of_north.client_account_id = "north".to_owned();
    world.record(&of_north).await;
    let candidate = world.candidates().await.remove(0);

    let draft = desk.draft(&fresh(), content("Draft")).await.unwrap();
    let retired = desk.published("Retired").await;
    desk.retire(&retired, "", &[]).await.unwrap();
    let merged_away = desk.published("Old").await;
    let target = desk.published("Orange light").await;
    desk.merge(&[&merged_away], &target).await.unwrap();
    for id in [&draft.solution_id, &retired, &merged_away] {
        let refused = merge(&world, &candidate, id).await.unwrap_err();
        assert_eq!(reason(&refused), "SOLUTION_STATE", "{id}");
    }
    let of = |client: &str| Solution {
        client_account_id: client.to_owned(),
        ..content("Of a client")
    };
    let south = desk.published_saying(of("south")).await;
    let refused = merge(&world, &candidate, &south).await.unwrap_err();
    assert_eq!(reason(&refused), "MERGE_ACROSS_CLIENTS");
    let north = desk.published_saying(of("north")).await;
    merge(&world, &candidate, &north).await.unwrap();
}
