//! Solutions are put out of use, taken into use again, and merged.

use std::time::Duration;

use aftercall_proto::model::v1::{
    Audience, Confidence, Governance, HarmClass, Solution, SolutionUseKind, VersionState,
};

use super::desk::{Desk, content};
use crate::world::{STARTED_S, TENANT, World, at, fields, reason, solved, using};

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
    // What it was checked against alone does not say until when that holds.
    for against in ["", "The manual of June"] {
        let due = desk.restore(&id, against).await.unwrap_err();
        assert_eq!(reason(&due), "VERIFICATION_DUE", "{against}");
    }
    let june = |until_day: i64| ("The manual of June", Some(STARTED_S + until_day * 86_400));
    let due = desk.restore_as(&id, june(11), &[]).await.unwrap_err();
    assert_eq!(reason(&due), "VERIFICATION_DUE");
    let endless = desk.restore_as(&id, june(9_999), &[]).await.unwrap_err();
    assert_eq!(fields(&endless), ["verify_by"]);
    let back = desk.restore_as(&id, june(40), &[]).await.unwrap();
    let verified = back.last_verified.unwrap();
    assert_eq!(
        (&*verified.against, &*verified.by),
        ("The manual of June", "kim")
    );
    assert_eq!(back.verify_by, Some(at(STARTED_S + 40 * 86_400)));
    // One that is not due yet stays due then.
    desk.retire(&id, "", &[]).await.unwrap();
    let back = desk.restore(&id, "The manual of July").await.unwrap();
    assert_eq!(back.last_verified.unwrap().against, "The manual of July");
    assert_eq!(back.verify_by, Some(at(STARTED_S + 40 * 86_400)));
}

#[tokio::test]
async fn what_law_governs_is_not_restored_for_ever() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    // As it may stand in a log of before a time was required.
    let id = "refunds".to_owned();
    let timeless = Solution {
        solution_id: id.clone(),
        governance: Governance::ComplianceBased.into(),
        ..content("Refunds")
    };
    world.publish(TENANT, &timeless).await;
    desk.retire(&id, "", &[]).await.unwrap();
    for against in ["", "The law of June"] {
        let refused = desk.restore(&id, against).await.unwrap_err();
        assert_eq!(fields(&refused), ["verify_by"], "{against}");
    }
    let until = STARTED_S + 86_400;
    let checked = ("The law of June", Some(until));
    let back = desk.restore_as(&id, checked, &[]).await.unwrap();
    assert_eq!(back.verify_by, Some(at(until)));
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
    assert_eq!(fields(&itself), ["source_ids[0]"]);
}

#[tokio::test]
async fn where_one_of_several_is_refused_none_is_merged() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let target = desk.published("Orange light").await;
    let (one, two) = (
        desk.published("Amber light").await,
        desk.published("Yellow light").await,
    );
    let of_south = Solution {
        client_account_id: "south".to_owned(),
        ..content("Red light")
    };
    let other = desk.published_saying(of_south).await;
    let all = [one.as_str(), two.as_str(), other.as_str()];
    let refused = desk.merge(&all, &target).await.unwrap_err();
    assert_eq!(reason(&refused), "MERGE_ACROSS_CLIENTS");
    for id in all {
        assert_eq!(desk.states(id).await, [VersionState::Published], "{id}");
    }
    desk.merge(&all[..2], &target).await.unwrap();
    assert_eq!(desk.states(&two).await, [VersionState::Merged]);
}

#[tokio::test]
async fn what_takes_the_place_of_a_solution_is_live_and_for_as_many() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let german = |title: &str| Solution {
        language: "de".to_owned(),
        client_account_id: "north".to_owned(),
        ..content(title)
    };
    let id = desk.published_saying(german("Orange light")).await;
    let never_live = desk.draft("d-1", german("Green light")).await.unwrap();
    let wrong = desk.published_saying(german("Red light")).await;
    let harm = HarmClass::Effort;
    desk.recall_as((&wrong, 1), harm, &[]).await.unwrap();
    let of_south = Solution {
        client_account_id: "south".to_owned(),
        ..german("Amber light")
    };
    let french = Solution {
        language: "fr".to_owned(),
        ..german("Feu orange")
    };
    let for_a_team = Solution {
        audience: Audience::Team.into(),
        owner_group: "billing".to_owned(),
        ..german("Blue light")
    };
    let [of_south, french, for_a_team] = [
        desk.published_saying(of_south).await,
        desk.published_saying(french).await,
        desk.published_saying(for_a_team).await,
    ];
    for (target, expected) in [
        (&never_live.solution_id, "SOLUTION_STATE"),
        (&wrong, "SOLUTION_STATE"),
        (&of_south, "MERGE_ACROSS_CLIENTS"),
        (&french, "MERGE_ACROSS_LANGUAGES"),
        (&for_a_team, "REDIRECT_NARROWER"),
    ] {
        let refused = desk.retire(&id, target, &[]).await.unwrap_err();
        assert_eq!(reason(&refused), expected);
        let refused = desk.merge(&[&id], target).await.unwrap_err();
        assert_eq!(reason(&refused), expected);
    }
    let wider = Solution {
        audience: Audience::Public.into(),
        ..german("Orange light")
    };
    let wider = desk.published_saying(wider).await;
    desk.retire(&id, &wider, &[]).await.unwrap();
    assert_eq!(desk.get(&id).await.solution_id, wider);
}

#[tokio::test]
async fn who_does_not_read_the_one_at_the_end_is_given_the_solution_itself() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let agent = [("actor", "dan"), ("role", "agent")];
    let old = desk.published("Orange light").await;
    let new = desk.published("Amber light").await;
    desk.retire(&old, &new, &[]).await.unwrap();
    let (shown, from) = desk.find(&old, &agent).await.unwrap();
    assert_eq!((&shown.solution_id, &from), (&new, &old));
    // From its second version on it is for a team alone.
    let narrower = Solution {
        audience: Audience::Team.into(),
        owner_group: "billing".to_owned(),
        ..Solution::default()
    };
    desk.next("d-2", &new, narrower).await.unwrap();
    desk.approve(&new, 2).await.unwrap();
    desk.publish(&new, 2).await.unwrap();
    let (shown, from) = desk.find(&old, &agent).await.unwrap();
    assert_eq!((&*shown.solution_id, &*from), (&*old, ""));
    assert_eq!(shown.title, "Orange light");
    assert_eq!(desk.find(&old, &[]).await.unwrap().0.solution_id, new);
}

#[tokio::test]
async fn the_team_that_answers_for_a_solution_may_retire_it() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let says = Solution {
        owner_group: "billing".to_owned(),
        ..content("Orange light")
    };
    let id = desk.published_saying(says).await;
    let of = |role: &'static str, teams: &'static str| {
        [("actor", "cas"), ("role", role), ("teams", teams)]
    };
    for other in [of("kb_candidate", "network"), of("agent", "billing")] {
        let refused = desk.retire(&id, "", &other).await.unwrap_err();
        assert_eq!(reason(&refused), "ROLE_REQUIRED", "{other:?}");
    }
    let theirs = of("kb_candidate", "network,billing");
    let retired = desk.retire(&id, "", &theirs).await.unwrap();
    assert_eq!(retired.state(), VersionState::Retired);
    assert_eq!(world.suggest("orange light").await, []);
}
