//! Of solutions that fit alike those come first that are trusted more.

use std::time::Duration;

use aftercall_proto::knowledge::v1::{SearchSolutionsRequest, Suggestion, VerifySolutionRequest};
use aftercall_proto::model::v1::SolutionUseKind::UsedAsIs;
use aftercall_proto::model::v1::{Confidence, Solution, SourceCheck};

use crate::world::{STARTED_S, TENANT, World, at, solved, using};

const DAY: i64 = 86_400;
const ONE: &str = "01990000-0000-7000-8000-000000000001";
const OTHER: &str = "01990000-0000-7000-8000-000000000002";

fn solution(id: &str, question: &str) -> Solution {
    Solution {
        solution_id: id.to_owned(),
        title: "Router".to_owned(),
        question_in_customer_words: vec![question.to_owned()],
        resolution: "Restart it".to_owned(),
        reason_code: "net.slow".to_owned(),
        ..Solution::default()
    }
}

/// The customer reaches out on a day, without words of their own; a solution may be used.
async fn contact(world: &World, day: i64, solution_id: Option<&str>) {
    let contact = solved(day * DAY, "net.slow", "", "");
    let contact = match solution_id {
        Some(id) => using(contact, id, UsedAsIs),
        None => contact,
    };
    world.record(&contact).await;
}

fn ids(suggestions: &[Suggestion]) -> Vec<&str> {
    let solutions = suggestions.iter().filter_map(|one| one.solution.as_ref());
    solutions.map(|one| one.solution_id.as_str()).collect()
}

fn trust(suggestions: &[Suggestion], id: &str) -> f32 {
    let mut all = suggestions.iter();
    let of = all.find(|one| one.solution.as_ref().unwrap().solution_id == id);
    of.unwrap().trust
}

#[tokio::test]
async fn of_two_that_say_the_same_the_one_whose_uses_lasted_comes_first() {
    let world = World::new().await;
    for id in [ONE, OTHER] {
        world
            .publish(TENANT, &solution(id, "my router is slow"))
            .await;
    }
    let before = world.suggest("my router is slow").await;
    assert_eq!(ids(&before), [ONE, OTHER]);
    assert!(before.iter().all(|one| one.trust == 1.0));
    // The customer was there again after more than a week only, each time.
    for week in 0..6 {
        contact(&world, 8 * week, Some(OTHER)).await;
    }
    let after = world.suggest("my router is slow").await;
    assert_eq!(ids(&after), [OTHER, ONE]);
    assert!(trust(&after, OTHER) > 1.0 && trust(&after, ONE) == 1.0);
    let best = &after[0];
    let sum: f32 = best.matches.iter().map(|one| one.score).sum();
    assert!((sum - best.score).abs() < best.score * 0.001);
    // Search has the same order, and says why.
    let found = world
        .search(SearchSolutionsRequest {
            text: "my router is slow".to_owned(),
            ..SearchSolutionsRequest::default()
        })
        .await;
    let hits: Vec<_> = found.hits.iter().map(|hit| &*hit.solution_id).collect();
    assert_eq!(hits, [OTHER, ONE]);
    assert_eq!(found.hits[0].trust, best.trust);
    // The other one helps nobody: they are there again the next day.
    for week in 10..13 {
        contact(&world, 14 * week, Some(ONE)).await;
        contact(&world, 14 * week + 1, None).await;
    }
    assert!(trust(&world.suggest("my router is slow").await, ONE) < 1.0);
}

#[tokio::test]
async fn one_that_has_expired_stands_behind_one_that_shares_a_little_less() {
    let world = World::new().await;
    for n in 0..18 {
        let id = format!("01990000-0000-7000-8000-0000000001{n:02}");
        let other = Solution {
            title: format!("Invoice {n}"),
            ..solution(&id, "where is the invoice for the parcel")
        };
        world.publish(TENANT, &other).await;
    }
    let question = "the blue router in the hall loses wifi whenever the phone rings at dinner";
    let expired = Solution {
        verify_by: Some(at(STARTED_S - 1)),
        ..solution(ONE, question)
    };
    let fresh = Solution {
        confidence: Confidence::Validated.into(),
        verify_by: Some(at(STARTED_S + 1)),
        ..solution(OTHER, question.trim_end_matches(" at dinner"))
    };
    world.publish(TENANT, &expired).await;
    world.publish(TENANT, &fresh).await;
    let found = world.suggest(question).await;
    assert_eq!(ids(&found)[..2], [OTHER, ONE]);
    assert!(trust(&found, ONE) < 1.0 && trust(&found, OTHER) == 1.0);
    // It does not make up for what a solution is about.
    let found = world.suggest("dinner").await;
    assert_eq!(ids(&found), [ONE]);
}

/// A world with two solutions that say the same, of which the second was checked when the world began.
async fn with_one_checked() -> World {
    let world = World::new().await;
    for id in [ONE, OTHER] {
        world
            .publish(TENANT, &solution(id, "my router is slow"))
            .await;
    }
    let request = VerifySolutionRequest {
        request_id: "v-1".to_owned(),
        solution_id: OTHER.to_owned(),
        version: 1,
        sources: vec![SourceCheck {
            uri: "https://wiki.example/12".to_owned(),
            content_hash: "aa".to_owned(),
            checked_at: Some(at(STARTED_S)),
            changed: false,
        }],
        verify_by: Some(at(STARTED_S + 700 * DAY)),
        ..VerifySolutionRequest::default()
    };
    let done = world.evidence.clone().verify_solution(request).await;
    done.unwrap();
    world
}

#[tokio::test]
async fn of_two_that_say_the_same_the_one_that_was_checked_within_a_year_comes_first() {
    let world = with_one_checked().await;
    let found = world.suggest("my router is slow").await;
    assert_eq!(ids(&found), [OTHER, ONE]);
    assert!(trust(&found, OTHER) > 1.0 && trust(&found, ONE) == 1.0);
    world.clock.advance(Duration::from_secs(366 * 86_400));
    let found = world.suggest("my router is slow").await;
    assert_eq!(ids(&found), [ONE, OTHER]);
    assert!(found.iter().all(|one| one.trust == 1.0));
}

/// While somebody reads page after page the first one's order stays, however long that takes.
#[tokio::test]
async fn who_turns_the_page_later_meets_no_solution_twice() {
    let world = with_one_checked().await;
    let page = async |size, token: &str| {
        let asked = SearchSolutionsRequest {
            text: "my router is slow".to_owned(),
            page_size: size,
            page_token: token.to_owned(),
            ..SearchSolutionsRequest::default()
        };
        let found = world.search(asked).await;
        let hits = found.hits.into_iter().map(|hit| hit.solution_id);
        (hits.collect::<Vec<_>>(), found.next_page_token)
    };
    let (first, token) = page(1, "").await;
    assert_eq!(first, [OTHER]);
    world.clock.advance(Duration::from_secs(366 * 86_400));
    assert_eq!(page(2, &token).await, (vec![ONE.to_owned()], String::new()));
    assert_eq!(page(1, "").await.0, [ONE]);
}
