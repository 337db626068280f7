//! Another tenant's solutions do not exist for a caller.

use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListCandidatesRequest, ListSolutionsRequest, PromoteCandidateRequest,
    SuggestSolutionsRequest,
};

use crate::world::{TENANT, World, by, reason, solved};

const OTHER: &str = "acme2";

#[tokio::test]
async fn what_one_tenant_has_another_does_not_see() {
    let world = World::new().await;
    world
        .record(&solved(1, "net.slow", "slow", "Reset the router"))
        .await;
    world
        .record(&solved(2, "net.slow", "slow", "Changed the cable"))
        .await;
    let candidate = world.candidates().await.remove(1);
    let solution = world.promote_first("r-1", "Slow network").await;
    let mut client = world.client.clone();
    let other = [("tenant", OTHER)];

    let list = client
        .list_candidates(by(ListCandidatesRequest::default(), &other))
        .await;
    assert_eq!(list.unwrap().into_inner().candidates, []);
    let list = client
        .list_solutions(by(ListSolutionsRequest::default(), &other))
        .await;
    assert_eq!(list.unwrap().into_inner().solutions, []);
    let get = GetSolutionRequest {
        solution_id: solution.solution_id,
        min_position: String::new(),
        latest: false,
        ..GetSolutionRequest::default()
    };
    let status = client.get_solution(by(get, &other)).await.unwrap_err();
    assert_eq!(reason(&status), "SOLUTION_NOT_FOUND");
    let suggest = SuggestSolutionsRequest {
        text: "slow network, reset the router".to_owned(),
        min_position: world.now(),
        ..SuggestSolutionsRequest::default()
    };
    let found = client
        .suggest_solutions(by(suggest, &other))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.suggestions, []);
    let promote = PromoteCandidateRequest {
        request_id: "r-2".to_owned(),
        candidate_id: candidate.candidate_id,
        title: "Mine now".to_owned(),
        ..PromoteCandidateRequest::default()
    };
    let status = client
        .promote_candidate(by(promote, &other))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "CANDIDATE_NOT_FOUND");
}

#[tokio::test]
async fn a_page_token_of_another_tenant_opens_nothing() {
    let world = World::new().await;
    for n in 0..3 {
        world
            .record(&solved(n, "net.slow", "slow", &format!("Way {n}")))
            .await;
    }
    let request = ListCandidatesRequest {
        page_size: 1,
        min_position: world.now(),
        ..ListCandidatesRequest::default()
    };
    let mut client = world.client.clone();
    let page = client
        .list_candidates(request.clone())
        .await
        .unwrap()
        .into_inner();
    let stolen = ListCandidatesRequest {
        page_token: page.next_page_token,
        ..request
    };
    let status = client
        .list_candidates(by(stolen, &[("tenant", OTHER)]))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn scores_do_not_depend_on_other_tenants() {
    let alone = World::new().await;
    let beside = World::new().await;
    for n in 0..20 {
        let foreign = solved(100 + n, "code", "slow router", &format!("Router way {n}"));
        beside.record_of(OTHER, &foreign).await;
        let list = ListCandidatesRequest {
            min_position: beside.now(),
            ..ListCandidatesRequest::default()
        };
        let mut client = beside.client.clone();
        let list = client
            .list_candidates(by(list, &[("tenant", OTHER)]))
            .await
            .unwrap();
        let promote = PromoteCandidateRequest {
            request_id: format!("r-{n}"),
            candidate_id: list.into_inner().candidates.remove(0).candidate_id,
            title: "Router".to_owned(),
            ..PromoteCandidateRequest::default()
        };
        client
            .promote_candidate(by(promote, &[("tenant", OTHER)]))
            .await
            .unwrap();
    }
    let mut scores = Vec::new();
    for world in [&alone, &beside] {
        for n in 0..3 {
            let own = solved(n, "code", "slow", &format!("Reset router {n} of the house"));
            world.record_of(TENANT, &own).await;
            world
                .promote_first(&format!("r-{n}"), &format!("Title {n}"))
                .await;
        }
        let found = world.suggest("router title 1").await;
        scores.push(found.iter().map(|one| one.score).collect::<Vec<_>>());
    }
    assert_eq!(scores[0].len(), 3);
    assert_eq!(scores[0], scores[1]);
}
