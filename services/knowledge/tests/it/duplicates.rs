//! Drafts are told what is published and says nearly the same.

use aftercall_proto::knowledge::v1::{GetSolutionRequest, ListReviewQueueRequest};
use aftercall_proto::model::v1::{Audience, DuplicateOfCandidate, Solution};

use crate::versions::desk::{Desk, content};
use crate::world::{TENANT, World, at};

const STEPS: &str =
    "Open router settings page choose network tab press restart button watch orange light blink";

fn solution(n: u8, resolution: &str) -> Solution {
    Solution {
        solution_id: format!("0199{n:04x}-0000-7000-8000-000000000000"),
        title: format!("The router {n}"),
        resolution: resolution.to_owned(),
        audience: Audience::Internal.into(),
        published_at: Some(at(1_000 + i64::from(n))),
        ..Solution::default()
    }
}

fn draft_saying(resolution: &str) -> Solution {
    Solution {
        resolution: resolution.to_owned(),
        ..content("A new one")
    }
}

/// The titles and scores, in hundredths.
fn told(duplicates: &[DuplicateOfCandidate]) -> Vec<(&str, u32)> {
    let each = duplicates.iter();
    each.map(|one| (one.title.as_str(), (one.score * 100.0).round() as u32))
        .collect()
}

async fn get(world: &World, solution_id: &str) -> Solution {
    let request = GetSolutionRequest {
        solution_id: solution_id.to_owned(),
        min_position: world.now(),
        ..GetSolutionRequest::default()
    };
    let answer = world.client.clone().get_solution(request).await.unwrap();
    answer.into_inner().solution.unwrap()
}

#[tokio::test]
async fn a_draft_is_told_what_says_nearly_the_same_and_nothing_else() {
    let world = World::new().await;
    let near = solution(1, &format!("{STEPS} quickly"));
    world.publish(TENANT, &near).await;
    world.publish(TENANT, &solution(2, STEPS)).await;
    // Another number is another thing to do.
    let number = format!("{STEPS} 10 minutes");
    world.publish(TENANT, &solution(3, &number)).await;
    // What is of another client, or in another language, can't be merged.
    let client = Solution {
        client_account_id: "client-1".to_owned(),
        ..solution(4, STEPS)
    };
    world.publish(TENANT, &client).await;
    let language = Solution {
        language: "de".to_owned(),
        ..solution(5, STEPS)
    };
    world.publish(TENANT, &language).await;
    world.publish("other", &solution(6, STEPS)).await;
    get(&world, &near.solution_id).await;

    let desk = Desk::of(&world);
    let draft = desk.draft("d", draft_saying(STEPS)).await.unwrap();
    let expected = [("The router 2", 100), ("The router 1", 97)];
    assert_eq!(told(&draft.duplicate_of_candidates), expected);
    let given = get(&world, &draft.solution_id).await;
    assert_eq!(given.duplicate_of_candidates, draft.duplicate_of_candidates);
    let numbers = given.duplicate_of_candidates.iter();
    assert!(numbers.clone().all(|one| !one.solution_number.is_empty()));
    let submitted = desk.submit(&draft.solution_id, 1).await.unwrap();
    assert_eq!(told(&submitted.duplicate_of_candidates), expected);

    // What does not say it any more is none any more.
    let other = Solution {
        version: 2,
        ..solution(2, "Send a technician")
    };
    world.publish_edition(TENANT, other).await;
    let given = get(&world, &draft.solution_id).await;
    assert_eq!(told(&given.duplicate_of_candidates), expected[1..]);
}

#[tokio::test]
async fn what_is_filed_for_many_clients_hides_none_of_ones_own() {
    let world = World::new().await;
    // More than are looked at of those that say nearly the same, and before it by their ids.
    for n in 1..=40 {
        let client = Solution {
            client_account_id: format!("client-{n}"),
            ..solution(n, STEPS)
        };
        world.publish(TENANT, &client).await;
    }
    let own = solution(50, STEPS);
    world.publish(TENANT, &own).await;
    get(&world, &own.solution_id).await;
    let desk = Desk::of(&world);
    let draft = desk.draft("d", draft_saying(STEPS)).await.unwrap();
    let expected = [("The router 50", 100)];
    assert_eq!(told(&draft.duplicate_of_candidates), expected);
}

#[tokio::test]
async fn short_answers_are_the_same_only_if_they_are_equal() {
    let world = World::new().await;
    world
        .publish(TENANT, &solution(1, "Restart the router"))
        .await;
    let last = solution(2, "Restart the modem");
    world.publish(TENANT, &last).await;
    get(&world, &last.solution_id).await;
    let desk = Desk::of(&world);
    let draft = desk.draft("d", draft_saying("Restart a router.")).await;
    let draft = draft.unwrap();
    let expected = [("The router 1", 100)];
    assert_eq!(told(&draft.duplicate_of_candidates), expected);
}

#[tokio::test]
async fn the_queue_of_reviews_names_what_could_be_merged() {
    let world = World::new().await;
    for (n, steps) in [(1, STEPS), (2, STEPS), (3, "Send a technician")] {
        world.publish(TENANT, &solution(n, steps)).await;
    }
    let request = ListReviewQueueRequest {
        min_position: world.now(),
        ..ListReviewQueueRequest::default()
    };
    let queue = world.evidence.clone().list_review_queue(request).await;
    let queue = queue.unwrap().into_inner().reviews;
    let named = queue.iter().map(|review| {
        let told = told(&review.duplicate_of_candidates);
        (review.title.as_str(), told)
    });
    let mut named: Vec<_> = named.collect();
    named.sort_unstable();
    let expected = [
        ("The router 1", vec![("The router 2", 100)]),
        ("The router 2", vec![("The router 1", 100)]),
        ("The router 3", Vec::new()),
    ];
    assert_eq!(named, expected);
}
