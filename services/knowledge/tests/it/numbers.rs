//! Solutions have numbers, which people tell each other and find them by.

use aftercall_domain::solution::SolutionNumber;
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, GetSolutionResponse, GetSolutionVersionRequest, SearchSolutionsRequest,
};
use aftercall_proto::model::v1::{Audience, Solution};
use tonic::Status;

use crate::versions::desk::{Desk, content};
use crate::world::{TENANT, World, at, by, reason};

fn solution(n: u8, number: &str) -> Solution {
    Solution {
        solution_id: format!("0199{n:04x}-0000-7000-8000-000000000000"),
        title: format!("The router {n}"),
        resolution: "Restart it".to_owned(),
        audience: Audience::Internal.into(),
        published_at: Some(at(1_000 + i64::from(n))),
        solution_number: number.to_owned(),
        ..Solution::default()
    }
}

async fn get(
    world: &World,
    named: &str,
    who: &[(&'static str, &str)],
) -> Result<GetSolutionResponse, Status> {
    let request = GetSolutionRequest {
        solution_id: named.to_owned(),
        min_position: world.now(),
        ..GetSolutionRequest::default()
    };
    let answer = world.client.clone().get_solution(by(request, who)).await?;
    Ok(answer.into_inner())
}

async fn found(world: &World, text: &str) -> Vec<(String, String)> {
    let request = SearchSolutionsRequest {
        text: text.to_owned(),
        ..SearchSolutionsRequest::default()
    };
    let hits = world.search(request).await.hits.into_iter();
    hits.map(|hit| (hit.solution_id, hit.solution_number))
        .collect()
}

#[tokio::test]
async fn a_solution_keeps_its_number_and_is_found_by_it() {
    let world = World::new().await;
    let drafted = Desk::of(&world).draft("d", content("A router")).await;
    let drafted = drafted.unwrap();
    let number = drafted.solution_number.as_str();
    let derived = SolutionNumber::derived(TENANT, &drafted.solution_id, 0);
    assert_eq!(number, derived.as_str());
    // As somebody types it who was told it on the telephone.
    let typed = number.to_lowercase().replace('-', " ");
    for named in [number, typed.as_str(), drafted.solution_id.as_str()] {
        let given = get(&world, named, &[]).await.unwrap().solution.unwrap();
        assert_eq!(given.solution_id, drafted.solution_id);
        assert_eq!(given.solution_number, number);
    }
    let request = GetSolutionVersionRequest {
        solution_id: typed,
        version: 1,
        min_position: world.now(),
        ..GetSolutionVersionRequest::default()
    };
    let version = world.solutions.clone().get_solution_version(request).await;
    let version = version.unwrap().into_inner().solution.unwrap();
    assert_eq!(version.solution_id, drafted.solution_id);
    // It is that tenant's alone.
    let other = get(&world, number, &[("tenant", "other")]).await;
    assert_eq!(reason(&other.unwrap_err()), "SOLUTION_NOT_FOUND");
}

#[tokio::test]
async fn a_number_finds_its_solution_and_none_beside_it() {
    let world = World::new().await;
    world.publish(TENANT, &solution(1, "")).await;
    world.publish(TENANT, &solution(2, "S-0000-0002")).await;
    let (old, new) = (solution(1, ""), solution(2, ""));
    // What was begun before the log said numbers has the one that follows from its id.
    let number = SolutionNumber::derived(TENANT, &old.solution_id, 0).into_string();
    let expected = (old.solution_id.clone(), number.clone());
    assert_eq!(found(&world, &number).await, [expected]);
    let expected = (new.solution_id.clone(), "S-0000-0002".to_owned());
    assert_eq!(found(&world, "s-oooo-ooo2").await, [expected]);
    assert_eq!(found(&world, "router").await.len(), 2);
    assert!(found(&world, "S-0000-0003").await.is_empty());
    // A later version does not change it, whatever its event says.
    let later = Solution {
        version: 2,
        ..solution(2, "S-9999-9999")
    };
    world.publish_edition(TENANT, later).await;
    let given = get(&world, "S-0000-0002", &[]).await.unwrap();
    let given = given.solution.unwrap();
    assert_eq!((given.version, &*given.solution_number), (2, "S-0000-0002"));
    assert!(get(&world, "S-9999-9999", &[]).await.is_err());
}

#[tokio::test]
async fn who_asks_by_a_number_that_two_have_is_told_of_both() {
    let world = World::new().await;
    for n in [1, 2] {
        world.publish(TENANT, &solution(n, "S-0000-0007")).await;
    }
    let refused = get(&world, "S-0000-0007", &[]).await.unwrap_err();
    assert_eq!(reason(&refused), "SOLUTION_NUMBER_SHARED");
    for n in [1, 2] {
        let id = solution(n, "").solution_id;
        assert!(refused.message().contains(&id));
        let given = get(&world, &id, &[]).await.unwrap().solution.unwrap();
        assert_eq!(given.solution_id, id);
    }
    assert_eq!(found(&world, "S-0000-0007").await.len(), 2);
}
