//! Solutions are put out of use, taken into use again, and merged.

use std::time::Duration;

use aftercall_proto::model::v1::{Confidence, Solution, SolutionUseKind, VersionState};

use super::desk::{Desk, content};
use crate::world::{World, at, reason, solved, using};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn what_is_retired_leads_to_what_takes_its_place_and_can_still_be_read() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let old = desk.published("Orange light").await;
    let new = desk.published("Amber light").await;
    let retired = desk.retire(&old, &new, &[]).await.unwrap();
    assert_eq!(retired.state(), VersionState::Retired);
    assert_eq!(retired.confidence(), Confidence::Archived);
    assert!(retired.retired_at.is_some());
    let (shown, from) = desk.find(&old, &[]).await.unwrap();
    assert_eq!((&shown.solution_id, &from), (&new, &old));
    assert_eq!(world.suggest("orange light").await.len(), 1);
    let version = desk.versions(&old).await.remove(0);
    assert_eq!(
        (&*version.title, &*version.replaced_by),
        ("Orange light", &*new)
    );
    let cyclic = desk.retire(&new, &old, &[]).await.unwrap_err();
    assert_eq!(reason(&cyclic), "REDIRECT_CYCLIC");
    let itself = desk.retire(&new, &new, &[]).await.unwrap_err();
    assert_eq!(reason(&itself), "REDIRECT_CYCLIC");
    let nowhere = desk.retire(&new, "nowhere", &[]).await.unwrap_err();
    assert_eq!(reason(&nowhere), "SOLUTION_NOT_FOUND");

    let back = desk.restore(&old, "").await.unwrap();
    assert_eq!(
        (back.state(), back.live_version),
        (VersionState::Published, 1)
    );
    assert_eq!(desk.find(&old, &[]).await.unwrap().1, "");
    assert_eq!(world.suggest("orange light").await.len(), 2);
}

#[tokio::test]
async fn what_had_to_be_verified_is_so_before_it_is_restored() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let says = Solution {
        verify_by: Some(at(1_780_000_000 + 10 * 86_400)),
        ..content("Orange light")
    };
    let id = desk.published_saying(says).await;
    desk.retire(&id, "", &[]).await.unwrap();
    world.clock.advance(DAY * 11);
    let due = desk.restore(&id, "").await.unwrap_err();
    assert_eq!(reason(&due), "VERIFICATION_DUE");
    let back = desk.restore(&id, "The manual of June").await.unwrap();
    let verified = back.last_verified.unwrap();
    assert_eq!(
        (&*verified.against, &*verified.by),
        ("The manual of June", "kim")
    );
    assert_eq!(back.verify_by, None);
}

#[tokio::test]
async fn merged_solutions_are_one_with_the_uses_of_all_until_they_are_unmerged() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let one = desk.published("Orange light").await;
    let two = desk.published("Amber light").await;
    let three = desk.published("Yellow light").await;
    for (n, id) in [(1, &one), (2, &one), (4, &two), (5, &three)] {
        let contact = using(solved(n, "x", "", ""), id, SolutionUseKind::UsedAsIs);
        world.record(&contact).await;
    }
    let target = desk.merge(&[&one, &two], &three).await.unwrap();
    let stats = target.stats.unwrap();
    // Contacts 1 and 4 are of one agent, 2 and 5 of another one.
    assert_eq!(
        (stats.used_as_is_count, stats.distinct_agents_count),
        (4, 2)
    );
    assert_eq!(
        desk.find(&one, &[]).await.unwrap(),
        (target.clone(), one.clone())
    );
    assert_eq!(world.suggest("light").await.len(), 1);
    let again = desk.merge(&[&one], &three).await.unwrap_err();
    assert_eq!(reason(&again), "SOLUTION_STATE");
    let back = desk.merge(&[&three], &one).await.unwrap_err();
    assert_eq!(reason(&back), "REDIRECT_CYCLIC");

    world.clock.advance(DAY * 30);
    let back = desk.unmerge(&one).await.unwrap();
    assert_eq!(
        (back.state(), &*back.merged_into),
        (VersionState::Published, "")
    );
    assert_eq!(desk.get(&three).await.stats.unwrap().used_as_is_count, 2);
    assert_eq!(world.suggest("light").await.len(), 2);
    world.clock.advance(DAY);
    let late = desk.unmerge(&two).await.unwrap_err();
    assert_eq!(reason(&late), "UNMERGE_TOO_LATE");
}

#[tokio::test]
async fn what_is_of_different_clients_or_languages_is_not_merged() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let of = |client: &str, language: &str| Solution {
        client_account_id: client.to_owned(),
        language: language.to_owned(),
        ..content("Orange light")
    };
    let north = desk.published_saying(of("north", "de")).await;
    let south = desk.published_saying(of("south", "de")).await;
    let french = desk.published_saying(of("north", "fr")).await;
    let refused = desk.merge(&[&south], &north).await.unwrap_err();
    assert_eq!(reason(&refused), "MERGE_ACROSS_CLIENTS");
    let refused = desk.merge(&[&french], &north).await.unwrap_err();
    assert_eq!(reason(&refused), "MERGE_ACROSS_LANGUAGES");
    let itself = desk.merge(&[&north], &north).await.unwrap_err();
    assert_eq!(crate::world::fields(&itself), ["source_ids[0]"]);
}

#[tokio::test]
async fn the_team_that_answers_for_a_solution_may_retire_it() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published("Orange light").await;
    let candidate = [("actor", "cas"), ("role", "kb_candidate")];
    let refused = desk.retire(&id, "", &candidate).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
}
