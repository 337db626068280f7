//! Silences: whoever may make one, since when it is, and that it ends.

use std::time::Duration;

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{LabelMatcher, Setting, SettingKind, Silence};
use aftercall_service::Role;
use pbjson_types::Timestamp;

use crate::world::{World, office, put, put_all, reason, retired, set, wrong};

/// When the tests' clock begins.
const NOW_S: i64 = 1_780_000_000;
const DAY_S: i64 = 86_400;

fn silence(starts_s: Option<i64>, ends_s: Option<i64>) -> Setting {
    let instant = |seconds| Timestamp { seconds, nanos: 0 };
    let silence = Silence {
        matchers: vec![LabelMatcher {
            label: "kind".to_owned(),
            values: vec!["call_back".to_owned()],
            excluded: false,
        }],
        starts_at: starts_s.map(instant),
        ends_at: ends_s.map(instant),
        reason: "the telephones are being replaced".to_owned(),
        created_by: "somebody else".to_owned(),
    };
    set("telephones", Body::Silence(silence))
}

fn body(setting: Setting) -> Silence {
    match setting.body {
        Some(Body::Silence(silence)) => silence,
        other => panic!("it is a silence: {other:?}"),
    }
}

#[tokio::test]
async fn it_begins_when_it_is_made_and_says_by_whom() {
    let world = World::new().await;
    let asked = put_all("r-1", [silence(None, Some(NOW_S + DAY_S))]);
    let made = world.change(asked.clone()).await.unwrap();
    let first = body(made.settings[0].clone());
    assert_eq!(first.starts_at.unwrap().seconds, NOW_S);
    assert_eq!(first.created_by, "admin-1");
    // Somebody else makes it longer.
    world.clock.advance(Duration::from_secs(3_600));
    let longer = put_all("r-2", [silence(Some(NOW_S), Some(NOW_S + 2 * DAY_S))]);
    let mut supervisor = world.client_with(&[Role::Supervisor]);
    let changed = supervisor.change_settings(longer).await.unwrap();
    let changed = changed.into_inner().settings.remove(0);
    assert_eq!((changed.version, &*changed.changed_by), (2, "somebody"));
    assert_eq!(body(changed).created_by, "admin-1");
    // Sent again when it is long over, the first request is answered as it was.
    world.clock.advance(Duration::from_secs(3 * 86_400));
    assert_eq!(world.change(asked).await.unwrap(), made);
    world.stop().await;
}

#[tokio::test]
async fn it_has_an_end_that_is_near() {
    let world = World::new().await;
    let field = "changes[0].setting.silence.ends_at";
    for (no, (ends_s, expected)) in [
        (None, "ENDLESS"),
        (Some(NOW_S), "OUT_OF_RANGE"),
        (Some(NOW_S + 30 * DAY_S + 1), "OUT_OF_RANGE"),
    ]
    .into_iter()
    .enumerate()
    {
        let asked = put_all(&format!("r-{no}"), [silence(None, ends_s)]);
        let error = world.change(asked).await.unwrap_err();
        assert_eq!(
            wrong(&error),
            [(field.to_owned(), expected.to_owned())],
            "{ends_s:?}"
        );
    }
    let asked = put_all("r-9", [silence(None, Some(NOW_S + 30 * DAY_S))]);
    world.change(asked).await.unwrap();
    // It is over, and can be put away all the same.
    world.clock.advance(Duration::from_secs(40 * 86_400));
    let over = retired(silence(Some(NOW_S), Some(NOW_S + 30 * DAY_S)));
    world.change(put_all("r-10", [over])).await.unwrap();
    let kept = world
        .get_of(SettingKind::Silence, "telephones", 0)
        .await
        .unwrap();
    assert!(kept.retired);
    world.stop().await;
}

#[tokio::test]
async fn a_supervisor_makes_silences_and_nothing_else() {
    let world = World::new().await;
    let mut supervisor = world.client_with(&[Role::Supervisor]);
    let one = || silence(None, Some(NOW_S + DAY_S));
    let made = supervisor.change_settings(put_all("r-1", [one()])).await;
    assert_eq!(made.unwrap().into_inner().settings[0].version, 1);
    let calendar = || set("office", Body::Calendar(office("UTC")));
    for (no, asked) in [
        vec![calendar()],
        vec![one(), calendar()],
        vec![Setting::default()],
    ]
    .into_iter()
    .enumerate()
    {
        let asked = put_all(&format!("r-2-{no}"), asked);
        let error = supervisor.change_settings(asked).await.unwrap_err();
        assert_eq!(reason(&error), "ROLE_REQUIRED");
    }
    let mut lead = world.client_with(&[Role::TeamLead]);
    let error = lead.change_settings(put_all("r-3", [one()])).await;
    assert_eq!(reason(&error.unwrap_err()), "ROLE_REQUIRED");
    let mut admin = world.client_with(&[Role::TenantAdmin]);
    let both = put("r-4", &[("office", office("UTC"))]);
    admin.change_settings(both).await.unwrap();
    world.stop().await;
}
