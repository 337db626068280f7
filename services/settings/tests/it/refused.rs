//! What is refused, by whom it comes and what is wrong with it.

use aftercall_proto::model::v1::{Calendar, ClosedDate, Hours, Setting, Week};
use aftercall_proto::settings::v1::ChangeSettingsRequest;
use aftercall_service::Role;
use tonic::{Code, Status};

use crate::world::{World, office, put, reason, wrong};

/// The fields that are wrong.
fn fields(status: &Status) -> Vec<String> {
    let wrong = wrong(status).into_iter();
    wrong.map(|(field, _)| field).collect()
}

fn hours(opens: &str, closes: &str) -> Hours {
    Hours {
        opens: opens.to_owned(),
        closes: closes.to_owned(),
    }
}

#[tokio::test]
async fn a_wrong_calendar_is_refused_with_all_that_is_wrong() {
    let world = World::new().await;
    let monday = |hours: Vec<Hours>| Calendar {
        weekly: Some(Week {
            monday: hours,
            ..Week::default()
        }),
        ..office("UTC")
    };
    let date = |date: &str| Calendar {
        closed_dates: vec![ClosedDate {
            date: date.to_owned(),
            label: String::new(),
        }],
        ..office("UTC")
    };
    let closed = Calendar {
        weekly: None,
        ..office("UTC")
    };
    let twice = Calendar {
        closed_dates: vec![office("UTC").closed_dates.remove(0); 2],
        ..office("UTC")
    };
    let overlapping = monday(vec![hours("09:00", "13:00"), hours("12:00", "17:00")]);
    for (calendar, field) in [
        (office("Europe/Pariss"), "time_zone"),
        (office(""), "time_zone"),
        (overlapping, "weekly.monday[1]"),
        (
            monday(vec![hours("17:00", "09:00")]),
            "weekly.monday[0].closes",
        ),
        (monday(vec![hours("9", "17:00")]), "weekly.monday[0].opens"),
        (
            monday(vec![hours("09:00", "24:01")]),
            "weekly.monday[0].closes",
        ),
        (date("2027-02-29"), "closed_dates[0].date"),
        (date("tomorrow"), "closed_dates[0].date"),
        (twice, "closed_dates[1].date"),
        (closed, "weekly"),
    ] {
        let error = world
            .change(put("r-1", &[("a", calendar)]))
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert_eq!(
            fields(&error),
            [format!("changes[0].setting.calendar.{field}")]
        );
    }
    assert_eq!(world.len(), 0);
    world.stop().await;
}

#[tokio::test]
async fn a_request_that_says_too_little_or_too_much_is_refused() {
    let world = World::new().await;
    let nothing = Setting::default();
    let mut empty = put("r-1", &[("a", office("UTC"))]);
    empty.changes[0].setting = Some(nothing);
    let mut none = put("r-1", &[("a", office("UTC"))]);
    none.changes[0].setting = None;
    let many: Vec<_> = (0..51)
        .map(|no| (format!("c-{no}"), office("UTC")))
        .collect();
    let many: Vec<_> = many.iter().map(|(id, one)| (&**id, one.clone())).collect();
    for (request, expected) in [
        (
            ChangeSettingsRequest::default(),
            vec!["request_id", "changes"],
        ),
        (
            empty,
            vec!["changes[0].setting.setting_id", "changes[0].setting"],
        ),
        (none, vec!["changes[0].setting"]),
        (put("r-1", &many), vec!["changes"]),
        (
            put("r-1", &[("a", office("UTC")), ("a", office("UTC"))]),
            vec!["changes[1].setting.setting_id"],
        ),
    ] {
        let error = world.change(request).await.unwrap_err();
        assert_eq!(reason(&error), "INVALID_REQUEST");
        assert_eq!(fields(&error), expected);
    }
    world.stop().await;
}

#[tokio::test]
async fn only_an_administrator_changes_settings() {
    let world = World::new().await;
    for role in [Role::Agent, Role::TeamLead, Role::Supervisor, Role::Auditor] {
        let mut client = world.client_with(&[role]);
        let asked = put("r-1", &[("a", office("UTC"))]);
        let error = client.change_settings(asked).await.unwrap_err();
        assert_eq!(reason(&error), "ROLE_REQUIRED");
    }
    world.stop().await;
}
