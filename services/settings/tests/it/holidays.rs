//! Holidays: staged from a feed, seen by whoever decides, and a calendar's only when they are approved.

use std::time::Duration;

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Calendar, Holidays, HolidaysState, Setting, SettingKind};
use aftercall_proto::settings::v1::{
    ApproveHolidaysRequest, ApproveHolidaysResponse, RejectHolidaysRequest, StageHolidaysRequest,
    StageHolidaysResponse,
};
use aftercall_service::Role;
use aftercall_service::testing::Caller;
use tonic::{Code, Status};

use crate::world::{World, office, put, put_all, reason, retired, set, wrong};

/// A feed of whole days, each with a label.
fn feed(days: &[(&str, &str)]) -> String {
    let events = days.iter().map(|(date, label)| {
        format!("BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{date}\r\nSUMMARY:{label}\r\nEND:VEVENT\r\n")
    });
    let events: String = events.collect();
    format!("BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n")
}

fn staging(request_id: &str, feed: String) -> StageHolidaysRequest {
    StageHolidaysRequest {
        request_id: request_id.to_owned(),
        calendar_id: "office".to_owned(),
        feed,
        reason: "the state's list".to_owned(),
        ..StageHolidaysRequest::default()
    }
}

async fn stage(
    world: &World,
    request: StageHolidaysRequest,
) -> Result<StageHolidaysResponse, Status> {
    let answer = world.admin().stage_holidays(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn approve(
    world: &World,
    request_id: &str,
    version: u64,
) -> Result<ApproveHolidaysResponse, Status> {
    let request = ApproveHolidaysRequest {
        request_id: request_id.to_owned(),
        holidays_id: "office".to_owned(),
        version,
        ..ApproveHolidaysRequest::default()
    };
    let answer = world.admin().approve_holidays(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn reject(world: &World, request_id: &str, version: u64) -> Result<Setting, Status> {
    let request = RejectHolidaysRequest {
        request_id: request_id.to_owned(),
        holidays_id: "office".to_owned(),
        version,
        reason: "the wrong state".to_owned(),
    };
    let answer = world.admin().reject_holidays(request).await?;
    Ok(answer.into_inner().holidays.unwrap())
}

fn holidays(setting: Setting) -> Holidays {
    match setting.body {
        Some(Body::Holidays(holidays)) => holidays,
        other => panic!("these are holidays: {other:?}"),
    }
}

fn closed(calendar: Setting) -> Vec<(String, String)> {
    let Some(Body::Calendar(Calendar { closed_dates, .. })) = calendar.body else {
        panic!("it is a calendar");
    };
    let dates = closed_dates.into_iter();
    dates.map(|one| (one.date, one.label)).collect()
}

fn told(dates: &[(&str, &str)]) -> Vec<(String, String)> {
    let dates = dates.iter();
    dates
        .map(|(date, label)| ((*date).to_owned(), (*label).to_owned()))
        .collect()
}

/// An office in Berlin. The clock stands in May 2026.
async fn house() -> World {
    let world = World::new().await;
    let calendar = put("house", &[("office", office("Europe/Berlin"))]);
    world.change(calendar).await.unwrap();
    world
}

/// Whoever decides sees who staged what and when, what was looked at, and what to mind.
#[track_caller]
fn assert_seen(staged: Setting) {
    assert_eq!(
        (staged.version, &*staged.changed_by, &*staged.reason),
        (1, "admin-1", "the state's list")
    );
    let staged = holidays(staged);
    assert_eq!(staged.state(), HolidaysState::Staged);
    let staged_at = staged.staged_at.unwrap().seconds;
    assert_eq!((&*staged.staged_by, staged_at), ("admin-1", 1_780_000_000));
    // Three years from today in Berlin.
    let dates = (&*staged.from_date, &*staged.until_date);
    assert_eq!(dates, ("2026-05-28", "2029-05-27"));
    let notes: Vec<_> = staged.notes.iter().map(|note| &*note.text).collect();
    let expected = [
        "1 event is not on a date from 2026-05-28 up to 2029-05-27, and left out",
        "2026-12-25 is closed (\"Christmas\") as yet",
    ];
    assert_eq!(notes, expected);
}

#[tokio::test]
async fn holidays_are_staged_by_one_and_change_the_calendar_when_another_approves_them() {
    let world = house().await;
    let text = feed(&[
        ("20270101", "New Year"),
        ("20260501", "Past"),
        ("20261225", "Christmas Day"),
    ]);
    let asked = staging("r-1", text);
    let staged = stage(&world, asked.clone()).await.unwrap();
    let seen = world
        .get_of(SettingKind::Holidays, "office", 0)
        .await
        .unwrap();
    assert_eq!(Some(&seen), staged.holidays.as_ref());
    assert_seen(seen);
    let before = world.get("office", 0).await.unwrap();
    assert_eq!(
        (before.version, closed(before)),
        (1, told(&[("2026-12-25", "Christmas")]))
    );

    world.clock.advance(Duration::from_secs(60));
    let mut other = world.client_as(Caller::new("acme", "admin-2", &[Role::TenantAdmin]));
    let request = ApproveHolidaysRequest {
        request_id: "r-2".to_owned(),
        holidays_id: "office".to_owned(),
        version: 1,
        reason: "as every year".to_owned(),
    };
    let approved = other
        .approve_holidays(request.clone())
        .await
        .unwrap()
        .into_inner();
    let calendar = world.get("office", 0).await.unwrap();
    assert_eq!(approved.calendar.as_ref(), Some(&calendar));
    assert_eq!((calendar.version, &*calendar.changed_by), (2, "admin-2"));
    let dates = [("2026-12-25", "Christmas Day"), ("2027-01-01", "New Year")];
    assert_eq!(closed(calendar), told(&dates));
    let decided = world
        .get_of(SettingKind::Holidays, "office", 0)
        .await
        .unwrap();
    assert_eq!((decided.version, &*decided.changed_by), (2, "admin-2"));
    let decided = holidays(decided);
    assert_eq!(
        (decided.state(), &*decided.staged_by),
        (HolidaysState::Approved, "admin-1")
    );

    // Sent again, each is answered as it was.
    assert_eq!(stage(&world, asked).await.unwrap(), staged);
    let again = other.approve_holidays(request).await.unwrap().into_inner();
    assert_eq!(again, approved);
    assert_eq!(world.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn what_was_rejected_or_approved_is_decided() {
    let world = house().await;
    let text = feed(&[("20270101", "New Year")]);
    stage(&world, staging("r-1", text.clone())).await.unwrap();
    let rejected = reject(&world, "r-2", 1).await.unwrap();
    assert_eq!(
        (rejected.version, &*rejected.reason),
        (2, "the wrong state")
    );
    assert_eq!(holidays(rejected).state(), HolidaysState::Rejected);
    assert_eq!(world.get("office", 0).await.unwrap().version, 1);
    // It is the version that was looked at that is decided about, and only once.
    assert_eq!(
        reason(&approve(&world, "r-3", 1).await.unwrap_err()),
        "VERSION_MISMATCH"
    );
    assert_eq!(
        reason(&approve(&world, "r-4", 2).await.unwrap_err()),
        "HOLIDAYS_DECIDED"
    );
    stage(&world, staging("r-5", text)).await.unwrap();
    // An approval and a rejection look alike, and are two requests.
    assert_eq!(
        reason(&approve(&world, "r-2", 3).await.unwrap_err()),
        "REQUEST_ID_REUSED"
    );
    approve(&world, "r-6", 3).await.unwrap();
    assert_eq!(
        reason(&reject(&world, "r-7", 4).await.unwrap_err()),
        "HOLIDAYS_DECIDED"
    );
    assert_eq!(world.get("office", 0).await.unwrap().version, 2);
    world.stop().await;
}

#[tokio::test]
async fn a_calendar_that_changed_meanwhile_keeps_its_change() {
    let world = house().await;
    stage(&world, staging("r-1", feed(&[("20270101", "New Year")])))
        .await
        .unwrap();
    let changed = put("r-2", &[("office", office("Europe/Paris"))]);
    world.change(changed).await.unwrap();
    let error = approve(&world, "r-3", 1).await.unwrap_err();
    assert_eq!(
        (error.code(), &*reason(&error)),
        (Code::Aborted, "VERSION_MISMATCH")
    );
    assert!(error.message().contains("stage them again"), "{error}");
    assert_eq!(world.get("office", 0).await.unwrap().version, 2);
    world.stop().await;
}

#[tokio::test]
async fn a_holiday_that_moves_is_open_again_and_what_others_closed_stays() {
    let world = house().await;
    let first = feed(&[
        ("20270101", "New Year"),
        ("20270302", "Festival"),
        ("20270303", "Fair"),
    ]);
    stage(&world, staging("r-1", first)).await.unwrap();
    approve(&world, "r-2", 1).await.unwrap();
    // A second feed of the same calendar has its own dates.
    let second = StageHolidaysRequest {
        holidays_id: "works".to_owned(),
        ..staging("r-3", feed(&[("20270701", "Outing")]))
    };
    let staged = stage(&world, second).await.unwrap();
    assert!(holidays(staged.holidays.unwrap()).reopened_dates.is_empty());
    let request = ApproveHolidaysRequest {
        request_id: "r-4".to_owned(),
        holidays_id: "works".to_owned(),
        version: 1,
        ..ApproveHolidaysRequest::default()
    };
    world.admin().approve_holidays(request).await.unwrap();

    let moved = feed(&[
        ("20270101", "New Year"),
        ("20270309", "Festival"),
        ("20270303", "Fair"),
    ]);
    let staged = stage(&world, staging("r-5", moved)).await.unwrap();
    let staged = staged.holidays.unwrap();
    assert_eq!(holidays(staged.clone()).reopened_dates, ["2027-03-02"]);
    approve(&world, "r-6", staged.version).await.unwrap();
    let dates = [
        ("2026-12-25", "Christmas"),
        ("2027-01-01", "New Year"),
        ("2027-03-03", "Fair"),
        ("2027-03-09", "Festival"),
        ("2027-07-01", "Outing"),
    ];
    assert_eq!(closed(world.get("office", 0).await.unwrap()), told(&dates));
    world.stop().await;
}

#[tokio::test]
async fn a_part_of_a_day_is_taken_out_of_its_hours() {
    let world = house().await;
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261224T140000\nDTEND:20261224T180000\nSUMMARY:Eve\nEND:VEVENT\n\
                END:VCALENDAR";
    stage(&world, staging("r-1", text.to_owned()))
        .await
        .unwrap();
    let calendar = approve(&world, "r-2", 1).await.unwrap().calendar.unwrap();
    let Some(Body::Calendar(calendar)) = calendar.body else {
        panic!("it is a calendar");
    };
    let [special] = &*calendar.special_dates else {
        panic!("one date has hours of its own: {calendar:?}");
    };
    assert_eq!((&*special.date, &*special.label), ("2026-12-24", "Eve"));
    let hours: Vec<_> = special
        .hours
        .iter()
        .map(|one| (&*one.opens, &*one.closes))
        .collect();
    assert_eq!(hours, [("09:00", "14:00")]);
    assert_eq!(calendar.display_name, "The office");
    world.stop().await;
}

#[tokio::test]
async fn what_can_not_be_staged_is_refused_with_what_is_wrong() {
    let world = house().await;
    let every_day = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR";
    for (text, field, expected) in [
        (String::new(), "feed", "REQUIRED"),
        ("no feed".to_owned(), "feed", "MALFORMED"),
        ("x".repeat((1 << 20) + 1), "feed", "TOO_LONG"),
        (feed(&[("20261325", "Never")]), "feed", "MALFORMED"),
        // It would never be open.
        (
            every_day.to_owned(),
            "calendar.weekly",
            "CALENDAR_EXHAUSTED",
        ),
    ] {
        let error = stage(&world, staging("r-1", text)).await.unwrap_err();
        assert_eq!(wrong(&error), [(field.to_owned(), expected.to_owned())]);
    }
    for (calendar_id, from_date, until_date, field, expected) in [
        ("", "", "", "calendar_id", "REQUIRED"),
        ("shop", "", "", "calendar_id", "UNKNOWN_CALENDAR"),
        ("office", "1.1.2027", "", "from_date", "MALFORMED"),
        ("office", "", "2026-05-28", "until_date", "OUT_OF_RANGE"),
        (
            "office",
            "2027-01-01",
            "2027-01-01",
            "until_date",
            "OUT_OF_RANGE",
        ),
        ("office", "", "2036-06-05", "until_date", "OUT_OF_RANGE"),
    ] {
        let request = StageHolidaysRequest {
            calendar_id: calendar_id.to_owned(),
            from_date: from_date.to_owned(),
            until_date: until_date.to_owned(),
            ..staging("r-1", feed(&[("20261225", "Christmas")]))
        };
        let error = stage(&world, request).await.unwrap_err();
        assert_eq!(wrong(&error), [(field.to_owned(), expected.to_owned())]);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_feed_is_for_one_calendar_that_is_in_use() {
    let world = house().await;
    let christmas = || feed(&[("20261225", "Christmas")]);
    let gone = set("gone", Body::Calendar(office("UTC")));
    world.change(put_all("r-2", [retired(gone)])).await.unwrap();
    let of_gone = StageHolidaysRequest {
        calendar_id: "gone".to_owned(),
        ..staging("r-1", christmas())
    };
    let error = stage(&world, of_gone).await.unwrap_err();
    assert_eq!(
        wrong(&error),
        [("calendar_id".to_owned(), "UNKNOWN_CALENDAR".to_owned())]
    );
    // A feed is for one calendar.
    stage(&world, staging("r-3", christmas())).await.unwrap();
    world
        .change(put("r-4", &[("shop", office("UTC"))]))
        .await
        .unwrap();
    let other = StageHolidaysRequest {
        calendar_id: "shop".to_owned(),
        holidays_id: "office".to_owned(),
        ..staging("r-5", christmas())
    };
    let error = stage(&world, other).await.unwrap_err();
    assert_eq!(
        wrong(&error),
        [("holidays_id".to_owned(), "CONFLICTING".to_owned())]
    );
    // And nobody writes it by hand.
    let by_hand = set("mine", Body::Holidays(Holidays::default()));
    let error = world.change(put_all("r-6", [by_hand])).await.unwrap_err();
    let field = "changes[0].setting.holidays".to_owned();
    assert_eq!(wrong(&error), [(field, "CONFLICTING".to_owned())]);
    world.stop().await;
}

#[tokio::test]
async fn only_an_administrator_of_the_tenant_deals_with_holidays() {
    let world = house().await;
    let asked = || staging("r-1", feed(&[("20270101", "New Year")]));
    for role in [Role::Supervisor, Role::TeamLead, Role::Integration] {
        let mut client = world.client_with(&[role]);
        let error = client.stage_holidays(asked()).await.unwrap_err();
        assert_eq!(reason(&error), "ROLE_REQUIRED");
    }
    stage(&world, asked()).await.unwrap();
    let request = ApproveHolidaysRequest {
        request_id: "r-2".to_owned(),
        holidays_id: "office".to_owned(),
        version: 1,
        ..ApproveHolidaysRequest::default()
    };
    let mut other = world.admin_of("other");
    let error = other.approve_holidays(request).await.unwrap_err();
    assert_eq!(reason(&error), "SETTING_NOT_FOUND");
    let error = approve(&world, "r-3", 0).await.unwrap_err();
    assert_eq!(
        wrong(&error),
        [("version".to_owned(), "REQUIRED".to_owned())]
    );
    world.stop().await;
}
