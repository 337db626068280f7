//! What of solutions is there for whom.

use std::time::Duration;

use aftercall_proto::knowledge::v1::{
    DiffKind, DiffVersionsRequest, GetSolutionVersionRequest, ListSolutionsRequest,
    ListVersionStatsRequest,
};
use aftercall_proto::model::v1::{
    Audience, Governance, Solution, SolutionUseKind, VersionState, VersionStats,
};

use super::desk::{Desk, Who, content};
use crate::world::{World, by, reason, solved, using};

async fn titles(world: &World, request: ListSolutionsRequest, who: Who<'_>) -> Vec<String> {
    let request = ListSolutionsRequest {
        include_total: true,
        min_position: world.now(),
        ..request
    };
    let answer = world.client.clone().list_solutions(by(request, who)).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.total_size, Some(answer.solutions.len() as u64));
    answer.solutions.into_iter().map(|one| one.title).collect()
}

#[tokio::test]
async fn a_list_is_filtered_by_what_a_version_is() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let german = Solution {
        language: "de-CH".to_owned(),
        client_account_id: "north".to_owned(),
        audience: Audience::Public.into(),
        ..content("Oranges Licht")
    };
    desk.published_saying(german).await;
    world.clock.advance(Duration::from_secs(1));
    let id = desk.published("Orange light").await;
    desk.draft("d-1", content("Green light")).await.unwrap();
    desk.next("d-2", &id, content("Amber light")).await.unwrap();
    let list = |request| titles(&world, request, &[]);
    let all = list(ListSolutionsRequest::default()).await;
    assert_eq!(all, ["Orange light", "Oranges Licht"]);
    let drafts = ListSolutionsRequest {
        states: vec![VersionState::Draft.into()],
        ..ListSolutionsRequest::default()
    };
    let mut found = list(drafts.clone()).await;
    found.sort();
    assert_eq!(found, ["Amber light", "Green light"]);
    let language = ListSolutionsRequest {
        language: "en".to_owned(),
        ..ListSolutionsRequest::default()
    };
    assert_eq!(list(language).await, ["Orange light"]);
    let client = ListSolutionsRequest {
        client_account_id: "north".to_owned(),
        audiences: vec![Audience::Public.into()],
        ..ListSolutionsRequest::default()
    };
    assert_eq!(list(client).await, ["Oranges Licht"]);
    let governed = ListSolutionsRequest {
        governance: Governance::ComplianceBased.into(),
        ..ListSolutionsRequest::default()
    };
    assert_eq!(list(governed).await, [""; 0]);
    // Drafts are for those who work on solutions.
    let agent = [("actor", "dan"), ("role", "agent")];
    let refused = world
        .client
        .clone()
        .list_solutions(by(drafts, &agent))
        .await;
    assert_eq!(reason(&refused.unwrap_err()), "ROLE_REQUIRED");
}

#[tokio::test]
async fn drafts_and_what_is_for_another_team_are_not_there() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let agent = [("actor", "dan"), ("role", "agent")];
    let draft = desk.draft("d-1", content("Green light")).await.unwrap();
    let id = draft.solution_id;
    let hidden = desk.find(&id, &agent).await.unwrap_err();
    assert_eq!(reason(&hidden), "SOLUTION_NOT_FOUND");
    let version = GetSolutionVersionRequest {
        solution_id: id.clone(),
        version: 1,
        ..GetSolutionVersionRequest::default()
    };
    let get = desk
        .solutions
        .clone()
        .get_solution_version(by(version, &agent))
        .await;
    assert_eq!(reason(&get.unwrap_err()), "SOLUTION_NOT_FOUND");
    let team = Solution {
        audience: Audience::Team.into(),
        owner_group: "billing".to_owned(),
        ..content("Refunds by hand")
    };
    let id = desk.published_saying(team).await;
    assert_eq!(desk.get(&id).await.title, "Refunds by hand");
    let hidden = desk.find(&id, &agent).await.unwrap_err();
    assert_eq!(reason(&hidden), "SOLUTION_NOT_FOUND");
    let all = titles(&world, ListSolutionsRequest::default(), &agent).await;
    assert_eq!(all, [""; 0]);
}

#[tokio::test]
async fn programs_that_talk_with_customers_get_the_customer_wording_alone() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let bot = [("actor", "bot-1"), ("kind", "AI"), ("role", "agent")];
    let internal = desk.published("Orange light").await;
    let hidden = desk.find(&internal, &bot).await.unwrap_err();
    assert_eq!(reason(&hidden), "SOLUTION_NOT_FOUND");
    let for_bots = Solution {
        audience: Audience::Bot.into(),
        do_not_say: vec!["It is broken".to_owned()],
        cause: "A loose cable".to_owned(),
        ..content("Amber light")
    };
    let id = desk.published_saying(for_bots).await;
    let (given, _) = desk.find(&id, &bot).await.unwrap();
    assert_eq!(given.customer_wording, "Please restart it");
    assert_eq!((&*given.resolution, &*given.cause), ("", ""));
    assert!(given.do_not_say.is_empty() && given.author.is_empty());
}

#[tokio::test]
async fn a_diff_says_which_words_are_different() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published("Orange light").await;
    let next = Solution {
        resolution: "Restart it twice: Orange light".to_owned(),
        symptoms: vec!["no tone".to_owned()],
        ..Solution::default()
    };
    desk.next("d-2", &id, next).await.unwrap();
    let request = DiffVersionsRequest {
        solution_id: id.clone(),
        latest: true,
        ..DiffVersionsRequest::default()
    };
    let diff = desk
        .solutions
        .clone()
        .diff_versions(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((diff.from_version, diff.to_version), (1, 2));
    let fields: Vec<_> = diff.fields.iter().map(|field| &*field.field).collect();
    assert_eq!(fields, ["symptoms[0]", "resolution"]);
    let added = diff.fields[1]
        .pieces
        .iter()
        .filter(|piece| piece.kind() == DiffKind::Added);
    let added: String = added.map(|piece| &*piece.text).collect();
    assert_eq!(added.trim(), "twice");
    let unknown = DiffVersionsRequest {
        solution_id: id,
        from_version: 9,
        ..DiffVersionsRequest::default()
    };
    let refused = desk
        .solutions
        .clone()
        .diff_versions(unknown)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "VERSION_NOT_FOUND");
}

/// How versions were used, in pages of two.
async fn stats(world: &World, id: &str, who: Who<'_>) -> Vec<VersionStats> {
    let mut request = ListVersionStatsRequest {
        solution_id: id.to_owned(),
        page_size: 2,
        min_position: world.now(),
        ..ListVersionStatsRequest::default()
    };
    let mut all = Vec::new();
    loop {
        let asked = by(request.clone(), who);
        let answer = world.evidence.clone().list_version_stats(asked).await;
        let answer = answer.unwrap().into_inner();
        all.extend(answer.versions);
        if answer.next_page_token.is_empty() {
            return all;
        }
        request.page_token = answer.next_page_token;
    }
}

#[tokio::test]
async fn every_version_is_told_with_its_uses_and_a_draft_to_those_who_read_it() {
    let world = World::new().await;
    let desk = Desk::of(&world);
    let id = desk.published("Orange light").await;
    for title in ["Amber light", "Green light"] {
        desk.publish_next(&id, title).await;
    }
    desk.next("d-1", &id, content("Red light")).await.unwrap();
    let contact = using(
        solved(10, "net.slow", "slow", ""),
        &id,
        SolutionUseKind::UsedAsIs,
    );
    world.record(&contact).await;
    let uses = |stats: &[VersionStats]| -> Vec<(u32, u64)> {
        let stats = stats.iter();
        stats.map(|one| (one.version, one.link_count)).collect()
    };
    let all = stats(&world, &id, &[]).await;
    assert_eq!(uses(&all), [(1, 1), (2, 0), (3, 0), (4, 0)]);
    let unused = VersionStats {
        version: 2,
        ..VersionStats::default()
    };
    assert_eq!(all[1], unused);
    let agent = [("actor", "dan"), ("role", "agent")];
    let read = stats(&world, &id, &agent).await;
    assert_eq!(uses(&read), [(1, 1), (2, 0), (3, 0)]);
}
