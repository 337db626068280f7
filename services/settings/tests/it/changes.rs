//! Changes: versions, repetitions, races, rebuilding.

use aftercall_proto::settings::v1::ChangeSettingsRequest;
use tonic::Code;

use crate::world::{World, office, put, reason, zone_of};

#[tokio::test]
async fn each_change_makes_a_version_and_the_old_ones_stay() {
    let world = World::new().await;
    let first = world.change(put("r-1", &[("office", office("Europe/Paris"))]));
    let first = first.await.unwrap().settings.remove(0);
    assert_eq!((first.version, &*first.changed_by), (1, "admin-1"));
    assert_eq!(first.reason, "the new year");
    let changed_at = first.changed_at.unwrap().seconds;
    assert_eq!(changed_at, 1_780_000_000);

    world.clock.advance(std::time::Duration::from_secs(60));
    let second = world.change(put("r-2", &[("office", office("Europe/London"))]));
    let second = second.await.unwrap().settings.remove(0);
    assert_eq!(second.version, 2);
    assert_eq!(second.changed_at.unwrap().seconds, changed_at + 60);

    assert_eq!(world.get("office", 0).await.unwrap(), second);
    assert_eq!(world.get("office", 1).await.unwrap(), first);
    assert_eq!(world.get("office", 2).await.unwrap(), second);
    for (id, version) in [("office", 3), ("shop", 0)] {
        let error = world.get(id, version).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        assert_eq!(reason(&error), "SETTING_NOT_FOUND");
    }
    world.stop().await;
}

#[tokio::test]
async fn the_same_request_is_done_once_and_answered_as_it_was() {
    let world = World::new().await;
    let asked = put("r-1", &[("a", office("UTC")), ("b", office("UTC"))]);
    let first = world.change(asked.clone()).await.unwrap();
    let later = world.change(put("r-2", &[("a", office("Asia/Tokyo"))]));
    assert_eq!(later.await.unwrap().settings[0].version, 2);
    assert_eq!(world.change(asked).await.unwrap(), first);
    assert_eq!(world.len(), 2);
    let other = world.change(put("r-1", &[("a", office("Asia/Tokyo"))]));
    assert_eq!(reason(&other.await.unwrap_err()), "REQUEST_ID_REUSED");
    world.stop().await;
}

#[tokio::test]
async fn all_settings_of_a_request_change_or_none() {
    let world = World::new().await;
    world
        .change(put("r-1", &[("a", office("UTC"))]))
        .await
        .unwrap();
    let mut asked = put("r-2", &[("b", office("UTC")), ("a", office("Asia/Tokyo"))]);
    asked.changes[1].expected_version = Some(7);
    let error = world.change(asked.clone()).await.unwrap_err();
    assert_eq!(
        (error.code(), &*reason(&error)),
        (Code::Aborted, "VERSION_MISMATCH")
    );
    assert_eq!(world.get("b", 0).await.unwrap_err().code(), Code::NotFound);
    asked.changes[0].expected_version = Some(0);
    asked.changes[1].expected_version = Some(1);
    let done = world.change(asked.clone()).await.unwrap().settings;
    let versions: Vec<_> = done
        .iter()
        .map(|one| (&*one.setting_id, one.version))
        .collect();
    assert_eq!(versions, [("b", 1), ("a", 2)]);
    // There is one by now.
    let again = ChangeSettingsRequest {
        request_id: "r-3".to_owned(),
        ..asked
    };
    assert_eq!(
        reason(&world.change(again).await.unwrap_err()),
        "VERSION_MISMATCH"
    );
    world.stop().await;
}

#[tokio::test]
async fn of_changes_at_once_each_builds_on_the_one_before() {
    let world = World::new().await;
    let zones = ["UTC", "Europe/Paris", "Asia/Tokyo", "America/New_York"];
    let changes = (0..24_usize).map(|no| {
        let asked = put(&format!("r-{no}"), &[("office", office(zones[no % 4]))]);
        world.change(asked)
    });
    let answers = futures::future::join_all(changes).await;
    let mut versions: Vec<_> = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap().settings[0].version)
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=24).collect::<Vec<_>>());
    for answer in answers {
        let made = answer.unwrap().settings.remove(0);
        assert_eq!(world.get("office", made.version).await.unwrap(), made);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_rebuilt_ledger_has_the_same_settings_and_knows_the_same_requests() {
    let world = World::new().await;
    let asked = put("r-1", &[("office", office("Europe/Paris"))]);
    let first = world.change(asked.clone()).await.unwrap();
    world
        .change(put("r-2", &[("office", office("UTC"))]))
        .await
        .unwrap();
    let log = world.stop().await;

    let world = World::over(log).await;
    assert_eq!(zone_of(&world.get("office", 0).await.unwrap()), "UTC");
    assert_eq!(
        zone_of(&world.get("office", 1).await.unwrap()),
        "Europe/Paris"
    );
    assert_eq!(world.change(asked).await.unwrap(), first);
    world.stop().await;
}

#[tokio::test]
async fn texts_are_taken_as_programs_send_them() {
    let world = World::new().await;
    let mut calendar = office("UTC");
    calendar.closed_dates[0].label = "Christ\u{7}mas".to_owned();
    calendar.display_name = "Of\u{1}fice".to_owned();
    let answer = world
        .change(put("r-1", &[("office", calendar)]))
        .await
        .unwrap();
    let fields: Vec<_> = answer.warnings.iter().map(|one| &*one.field).collect();
    assert_eq!(
        fields,
        [
            "changes[0].setting.calendar.display_name",
            "changes[0].setting.calendar.closed_dates[0].label"
        ]
    );
    let mut expected = office("UTC");
    expected.display_name = "Office".to_owned();
    let made = world.get("office", 0).await.unwrap();
    let expected = aftercall_proto::model::v1::setting::Body::Calendar(expected);
    assert_eq!(made.body, Some(expected));
    world.stop().await;
}
