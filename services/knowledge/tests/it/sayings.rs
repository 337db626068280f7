//! What customers said in contacts in which a solution was used is evidence for what it fits.

use std::time::Duration;

use aftercall_proto::knowledge::v1::{ReportSearchRequest, SuggestSolutionsRequest};
use aftercall_proto::model::v1::SolutionUseKind::{Rejected, UsedAsIs};
use aftercall_proto::model::v1::{Interaction, SearchOutcome, Solution};

use crate::world::{TENANT, World, at, solved, using};

const SAME: &[&[&str]] = &[
    &["crawls", "slow"],
    &["film", "movie"],
    &["freezes", "stutters"],
    &["parcel"],
];

async fn library(world: World) -> World {
    for (id, title) in [
        ("sol-1", "Change the channel"),
        ("sol-2", "Replace the box"),
    ] {
        let solution = Solution {
            solution_id: id.to_owned(),
            title: title.to_owned(),
            resolution: "As the manual says".to_owned(),
            reason_code: "code".to_owned(),
            published_at: Some(at(1)),
            ..Solution::default()
        };
        world.publish(TENANT, &solution).await;
    }
    world
}

fn contact(n: i64, words: &str) -> Interaction {
    solved(n, "code", words, "")
}

/// What is suggested for a text that is typed: each with how many contacts it was compared with.
async fn found(world: &World, text: &str) -> Vec<(String, i32)> {
    let all = world.suggest(text).await.into_iter();
    all.map(|one| (one.solution.unwrap().solution_id, one.cases_compared))
        .collect()
}

#[tokio::test]
async fn a_case_solved_with_a_solution_lends_it_its_words() {
    let world = library(World::new().await).await;
    assert!(found(&world, "the film freezes").await.is_empty());
    let film = using(contact(10, "my film freezes"), "sol-1", UsedAsIs);
    world.record(&film).await;
    assert_eq!(
        found(&world, "the film freezes").await,
        [("sol-1".to_owned(), 1)]
    );
    // The record is amended: it was the other solution.
    let other = using(contact(10, "my film freezes"), "sol-2", UsedAsIs);
    world.amend(2, &["solution_uses"], &other).await;
    assert_eq!(
        found(&world, "the film freezes").await,
        [("sol-2".to_owned(), 1)]
    );
    // And in the end none.
    let none = contact(10, "my film freezes");
    world.amend(3, &["solution_uses"], &none).await;
    assert!(found(&world, "the film freezes").await.is_empty());
}

#[tokio::test]
async fn a_contact_in_which_a_solution_was_rejected_counts_against_it() {
    let world = library(World::new().await).await;
    for n in [10, 11] {
        let film = contact(n, "my film freezes in the evening");
        let film = using(using(film, "sol-1", UsedAsIs), "sol-2", UsedAsIs);
        world.record(&film).await;
    }
    for n in 20..25 {
        let film = using(contact(n, "the film freezes"), "sol-1", Rejected);
        world.record(&film).await;
    }
    let all = found(&world, "the film freezes").await;
    assert_eq!(all, [("sol-2".to_owned(), 2), ("sol-1".to_owned(), 7)]);
}

/// Says what came of a search for a text.
async fn report(world: &World, n: u32, text: &str, (outcome, id): (SearchOutcome, &str)) {
    let request = ReportSearchRequest {
        request_id: format!("r-{n}-{id}-{outcome:?}"),
        search_id: format!("01990000-0000-7000-8000-{n:012x}"),
        text: text.to_owned(),
        outcome: outcome.into(),
        solution_id: id.to_owned(),
        version: 1,
        ..ReportSearchRequest::default()
    };
    world.searches.clone().report_search(request).await.unwrap();
}

#[tokio::test]
async fn what_came_of_a_search_decides_what_the_next_one_is_told() {
    let world = library(World::new().await).await;
    let film = "the film freezes";
    assert!(found(&world, film).await.is_empty());
    // Both were used, and nothing tells which is the better one.
    for id in ["sol-1", "sol-2"] {
        let used = (SearchOutcome::Used, id);
        report(&world, 1, "my film freezes in the evening", used).await;
    }
    // To be opened says nothing.
    report(&world, 2, film, (SearchOutcome::Opened, "sol-2")).await;
    let mut both = found(&world, film).await;
    both.sort();
    assert_eq!(both, [("sol-1".to_owned(), 1), ("sol-2".to_owned(), 1)]);
    for n in 10..15 {
        report(&world, n, film, (SearchOutcome::Rejected, "sol-1")).await;
    }
    let turned = [("sol-2".to_owned(), 1), ("sol-1".to_owned(), 6)];
    assert_eq!(found(&world, film).await, turned);
    // Where it was used in the end, it was not the wrong one.
    for n in 10..15 {
        report(&world, n, "", (SearchOutcome::Used, "sol-1")).await;
    }
    let again = [("sol-1".to_owned(), 6), ("sol-2".to_owned(), 1)];
    assert_eq!(found(&world, film).await, again);
}

#[tokio::test]
async fn what_is_personal_in_it_finds_nothing() {
    let world = library(World::new().await).await;
    let words = "my film freezes, call me on +44 20 7946 0958 or at ada.lovelace@example.org";
    world
        .record(&using(contact(10, words), "sol-1", UsedAsIs))
        .await;
    let searched = "the picture freezes, says ada.lovelace@example.org";
    report(&world, 1, searched, (SearchOutcome::Used, "sol-1")).await;
    assert_eq!(found(&world, "picture").await.len(), 1);
    assert_eq!(found(&world, "film").await.len(), 1);
    for personal in ["7946", "0958", "lovelace", "ada.lovelace@example.org"] {
        assert!(found(&world, personal).await.is_empty(), "{personal}");
    }
}

#[tokio::test]
async fn what_a_case_means_finds_its_solution() {
    let world = library(World::comparing(SAME).await).await;
    let film = using(contact(10, "film freezes"), "sol-1", UsedAsIs);
    world.record(&film).await;
    let answer = world.suggest_whole("movie stutters").await;
    let first = &answer.suggestions[0];
    assert_eq!(first.solution.as_ref().unwrap().solution_id, "sol-1");
    assert!(answer.fits && first.cases_compared == 1, "{first:?}");
}

#[tokio::test]
async fn what_a_tenant_has_accepted_decides_what_fits() {
    let world = library(World::new().await).await;
    // Shares two words with what customers said, of eight.
    let far = "the evening film about a parcel in snow and rain";
    let fits = async || {
        let request = SuggestSolutionsRequest {
            text: far.to_owned(),
            min_position: world.now(),
            ..SuggestSolutionsRequest::default()
        };
        let answer = world.client.clone().suggest_solutions(request).await;
        answer.unwrap().into_inner().fits
    };
    for n in 0..40 {
        let film = format!("my film freezes in the evening {n}");
        world
            .record(&using(contact(100 + n, &film), "sol-1", UsedAsIs))
            .await;
    }
    assert!(fits().await);
    for n in 0..40 {
        let network = format!("the network crawls when it is late {}", 1_000 + n);
        world
            .record(&using(contact(200 + n, &network), "sol-2", UsedAsIs))
            .await;
        let password = format!("somebody knows my password {}", 2_000 + n);
        world
            .record(&using(contact(300 + n, &password), "sol-3", UsedAsIs))
            .await;
    }
    // From here on it is known what questions score that have an answer; it is reckoned beside requests.
    let refused = async {
        while fits().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), refused)
        .await
        .expect("what fits is reckoned");
    assert!(!found(&world, "my film freezes").await.is_empty());
}
