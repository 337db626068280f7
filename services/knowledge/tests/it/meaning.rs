//! Solutions are found by what they mean.

use aftercall_proto::knowledge::v1::{SearchSolutionsRequest, SuggestSolutionsRequest};
use aftercall_proto::model::v1::{Audience, Solution};

use crate::world::{TENANT, World, at, by};

const SAME: &[&[&str]] = &[
    &["swallowed", "kept", "ate"],
    &["machine", "atm", "cashpoint"],
    &["card", "plastic"],
    &["parcel", "package"],
    &["late", "overdue"],
    &["router", "modem"],
    &["weather", "rain"],
];

fn solution(id: &str, title: &str) -> Solution {
    Solution {
        solution_id: id.to_owned(),
        title: title.to_owned(),
        resolution: format!("Read page {id}"),
        reason_code: "code".to_owned(),
        published_at: Some(at(1)),
        ..Solution::default()
    }
}

async fn library() -> World {
    let world = World::comparing(SAME).await;
    for (id, title) in [
        ("sol-1", "ATM kept the card"),
        ("sol-2", "Parcel late"),
        ("sol-3", "Router"),
    ] {
        world.publish(TENANT, &solution(id, title)).await;
    }
    world
}

fn first(answer: &aftercall_proto::knowledge::v1::SuggestSolutionsResponse) -> (&str, f32) {
    let first = &answer.suggestions[0];
    let id = &first.solution.as_ref().unwrap().solution_id;
    (id, first.nearness.unwrap())
}

#[tokio::test]
async fn a_whole_question_is_found_by_what_it_means() {
    let world = library().await;
    // No word is the same.
    let asked = "cashpoint swallowed plastic";
    let answer = world.suggest_whole(asked).await;
    let (id, nearness) = first(&answer);
    assert!(id == "sol-1" && nearness > 0.9, "{id} {nearness}");
    assert!(answer.fits && answer.suggestions[0].matches.is_empty());
    // While it is typed there are words alone.
    assert!(world.suggest(asked).await.is_empty());
    let search = |is_finished| SearchSolutionsRequest {
        text: asked.to_owned(),
        is_finished,
        ..SearchSolutionsRequest::default()
    };
    let found = world.search(search(true)).await;
    assert_eq!(
        (found.hits[0].solution_id.as_str(), found.total_size),
        ("sol-1", 1)
    );
    assert!(found.hits[0].nearness.unwrap() > 0.9);
    assert!(world.search(search(false)).await.hits.is_empty());
}

#[tokio::test]
async fn what_means_something_else_fits_nothing() {
    let world = library().await;
    world.suggest_whole("cashpoint ate plastic").await;
    let found = world
        .search(SearchSolutionsRequest {
            text: "rain".to_owned(),
            is_finished: true,
            ..SearchSolutionsRequest::default()
        })
        .await;
    assert!(!found.fits && found.hits.is_empty() && found.is_kept);
}

#[tokio::test]
async fn another_tenant_is_not_compared() {
    let world = library().await;
    world.suggest_whole("cashpoint ate plastic").await;
    let request = SuggestSolutionsRequest {
        text: "cashpoint ate plastic".to_owned(),
        is_finished: true,
        min_position: world.now(),
        ..SuggestSolutionsRequest::default()
    };
    let mut client = world.client.clone();
    let other = by(request, &[("tenant", "other")]);
    let answer = client.suggest_solutions(other).await.unwrap().into_inner();
    assert!(answer.suggestions.is_empty() && !answer.fits);
}

#[tokio::test]
async fn directions_follow_what_is_published() {
    let world = library().await;
    world.suggest_whole("cashpoint ate plastic").await;
    world.publish(TENANT, &solution("sol-4", "Weather")).await;
    let answer = world.suggest_whole("rain").await;
    assert_eq!(first(&answer).0, "sol-4");
}

#[tokio::test]
async fn whoever_is_outside_finds_nothing_by_what_internal_words_mean() {
    let world = World::comparing(SAME).await;
    let open = Solution {
        customer_wording: "parcel late".to_owned(),
        resolution: "router machine".to_owned(),
        audience: Audience::Bot.into(),
        ..solution("sol-1", "Delivery")
    };
    world.publish(TENANT, &open).await;
    // Once it is compared within the house, it is outside, too.
    let within = world.suggest_whole("cashpoint modem").await;
    assert!(first(&within).1 > 0.5);
    let ask = async |text: &str| {
        let request = SuggestSolutionsRequest {
            text: text.to_owned(),
            is_finished: true,
            ..SuggestSolutionsRequest::default()
        };
        let request = by(request, &[("kind", "AI")]);
        let answer = world.client.clone().suggest_solutions(request).await;
        answer.unwrap().into_inner()
    };
    assert!(first(&ask("overdue package").await).1 > 0.9);
    let internal = ask("cashpoint modem").await;
    assert!(internal.suggestions.is_empty() && internal.hand_off);
}
