//! Lists: pages, totals, what is out of use, whose it is.

use aftercall_proto::model::v1::{Setting, SettingKind};
use aftercall_proto::settings::v1::{
    GetSettingRequest, ListSettingVersionsRequest, ListSettingsRequest, ListSettingsResponse,
};
use aftercall_service::Clock;
use aftercall_service::testing::is_complete;
use tonic::Code;

use crate::world::{World, office, put, reason};

fn asked(page_size: i32, page_token: &str) -> ListSettingsRequest {
    ListSettingsRequest {
        kind: SettingKind::Calendar.into(),
        page_size,
        page_token: page_token.to_owned(),
        include_total: true,
        latest: true,
        ..ListSettingsRequest::default()
    }
}

fn ids(settings: &[Setting]) -> Vec<&str> {
    settings.iter().map(|one| &*one.setting_id).collect()
}

async fn page(world: &World, request: ListSettingsRequest) -> ListSettingsResponse {
    let answer = world.admin().list_settings(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_list_has_every_setting_once_in_pages_of_any_size() {
    let world = World::new().await;
    let all: Vec<_> = ["a", "ab", "b", "b0", "ü"]
        .map(|id| (id, office("UTC")))
        .into();
    world.change(put("r-1", &all)).await.unwrap();
    for size in 1..=6 {
        let (mut found, mut token) = (Vec::new(), String::new());
        loop {
            let answer = page(&world, asked(size, &token)).await;
            assert_eq!(answer.total_size, Some(5));
            found.extend(answer.settings);
            token = answer.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(ids(&found), ["a", "ab", "b", "b0", "ü"], "pages of {size}");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_is_out_of_use_is_listed_only_if_it_is_asked_for() {
    let world = World::new().await;
    let both = put("r-1", &[("a", office("UTC")), ("b", office("UTC"))]);
    world.change(both).await.unwrap();
    let mut retired = put("r-2", &[("a", office("UTC"))]);
    retired.changes[0].setting.as_mut().unwrap().retired = true;
    world.change(retired).await.unwrap();
    let answer = page(&world, asked(0, "")).await;
    assert_eq!(
        (ids(&answer.settings), answer.total_size),
        (vec!["b"], Some(1))
    );
    let all = ListSettingsRequest {
        include_retired: true,
        ..asked(0, "")
    };
    assert_eq!(ids(&page(&world, all).await.settings), ["a", "b"]);
    assert!(world.get("a", 0).await.unwrap().retired);
    world.stop().await;
}

#[tokio::test]
async fn versions_are_listed_the_latest_first() {
    let world = World::new().await;
    for no in 1..=5 {
        world
            .change(put(&format!("r-{no}"), &[("a", office("UTC"))]))
            .await
            .unwrap();
    }
    world
        .change(put("r-6", &[("b", office("UTC"))]))
        .await
        .unwrap();
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListSettingVersionsRequest {
            kind: SettingKind::Calendar.into(),
            setting_id: "a".to_owned(),
            page_size: 2,
            page_token: token,
            ..ListSettingVersionsRequest::default()
        };
        let answer = world.admin().list_setting_versions(request).await;
        let answer = answer.unwrap().into_inner();
        found.extend(answer.versions.iter().map(|one| one.version));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found, [5, 4, 3, 2, 1]);
    world.stop().await;
}

#[tokio::test]
async fn another_tenants_settings_are_not_there() {
    let world = World::new().await;
    world
        .change(put("r-1", &[("a", office("UTC"))]))
        .await
        .unwrap();
    let mut other = world.admin_of("other");
    let answer = other
        .list_settings(asked(0, ""))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((answer.settings.len(), answer.total_size), (0, Some(0)));
    // Its first change is the first of its own.
    let made = other
        .change_settings(put("r-1", &[("a", office("Asia/Tokyo"))]))
        .await;
    assert_eq!(made.unwrap().into_inner().settings[0].version, 1);
    let versions = ListSettingVersionsRequest {
        kind: SettingKind::Calendar.into(),
        setting_id: "b".to_owned(),
        ..ListSettingVersionsRequest::default()
    };
    let error = other.list_setting_versions(versions).await.unwrap_err();
    assert_eq!(
        (error.code(), &*reason(&error)),
        (Code::NotFound, "SETTING_NOT_FOUND")
    );
    world.stop().await;
}

#[tokio::test]
async fn answers_say_by_position_and_time_how_far_they_are_complete() {
    let world = World::new().await;
    let both = put("r-1", &[("a", office("UTC")), ("b", office("UTC"))]);
    world.change(both).await.unwrap();
    let first = page(&world, asked(1, "")).await;
    let second = page(&world, asked(1, &first.next_page_token)).await;
    assert_eq!(ids(&second.settings), ["b"]);
    assert_eq!(second.complete_through, first.complete_through);
    assert_eq!(second.complete_through_at, None, "the first page said it");
    let request = GetSettingRequest {
        kind: SettingKind::Calendar.into(),
        setting_id: "a".to_owned(),
        latest: true,
        ..GetSettingRequest::default()
    };
    let one = world.admin().get_setting(request).await.unwrap();
    let request = ListSettingVersionsRequest {
        kind: SettingKind::Calendar.into(),
        setting_id: "a".to_owned(),
        latest: true,
        ..ListSettingVersionsRequest::default()
    };
    let versions = world.admin().list_setting_versions(request).await.unwrap();
    let (one, versions) = (one.into_inner(), versions.into_inner());
    for (position, time) in [
        (first.complete_through, first.complete_through_at),
        (one.complete_through, one.complete_through_at),
        (versions.complete_through, versions.complete_through_at),
    ] {
        let is_told = is_complete(&position, time.as_ref(), world.clock.now());
        assert!(is_told, "{position} {time:?}");
    }
    world.stop().await;
}
