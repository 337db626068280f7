//! Dues as people tell them: made instants by the tenant's calendars, once.

use aftercall_log::Log;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    BusinessDays, BusinessElapsed, Calendar, ClosedDate, CommitmentDraft, DueSpec, EndOfLocalDay,
    FollowUpPolicy, LocalDue, PolicyRef, Setting, WarnStage, WeekPart, WeekPeriod, warn_stage,
};
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};
use aftercall_service::Clock;
use aftercall_service::testing::{setting, setting_changed, since_made, work_week};
use aftercall_view::Positions;
use jiff::Timestamp;
use pbjson_types::Duration;
use prost::Message;
use tonic::Status;

use crate::contact::{HOUR_S, NOW_S, at, id, interaction, request, with_promise};
use crate::fixture::{Fixture, reason_of, violations_of};

/// Open on weekdays, on a Tuesday not at all.
fn office(opens: &str) -> Calendar {
    Calendar {
        time_zone: "Europe/Paris".to_owned(),
        weekly: Some(work_week(opens, "17:00")),
        closed_dates: vec![ClosedDate {
            date: "2026-05-05".to_owned(),
            label: "a holiday".to_owned(),
        }],
        ..Calendar::default()
    }
}

impl Fixture {
    /// Makes a version of a calendar; answers its place in the log.
    async fn set(&self, revision: u64, id: &str, version: u64, calendar: Calendar) -> String {
        let setting = Setting {
            version,
            retired: calendar.weekly.is_none(),
            ..setting(id, Body::Calendar(calendar))
        };
        let record = setting_changed("acme", revision, setting, self.clock.now());
        let position = self.log.append(vec![record]).await.unwrap()[0];
        Positions::through(position).encode(self.log.identity())
    }

    pub(crate) async fn record(
        &self,
        request: RecordInteractionRequest,
    ) -> Result<RecordInteractionResponse, Status> {
        let answer = self.crm().record_interaction(request).await;
        answer.map(tonic::Response::into_inner)
    }

    /// The promises of the contact that was recorded last.
    pub(crate) fn promised(&self) -> Vec<CommitmentDraft> {
        let events = self.events();
        let recorded = events
            .iter()
            .rfind(|event| event.sequence == 1 && event.r#type == 1);
        let data = recorded.unwrap().data().unwrap().clone();
        let recorded = InteractionRecorded::decode(data).unwrap();
        recorded.interaction.unwrap().commitments
    }
}

/// A contact, which began on Monday at 11:50 in Paris, with one promise that is due then.
pub(crate) fn due(contact: u32, spec: Spec) -> RecordInteractionRequest {
    let mut contact = with_promise(&id(contact));
    contact.commitments[0].promised_by = None;
    contact.commitments[0].due = Some(DueSpec { spec: Some(spec) });
    request(contact)
}

fn business_days(days: u32, time: &str) -> Spec {
    Spec::BusinessDays(BusinessDays {
        days,
        time: time.to_owned(),
        calendar_id: "office".to_owned(),
    })
}

pub(crate) fn local(date: &str, time: &str, time_zone: &str) -> Spec {
    Spec::Local(LocalDue {
        date: date.to_owned(),
        time: time.to_owned(),
        time_zone: time_zone.to_owned(),
    })
}

fn hours(hours: i64) -> Duration {
    Duration {
        seconds: hours * HOUR_S,
        nanos: 0,
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_policy_gives_a_promise_its_own_due_and_warnings_once() {
    let fixture = Fixture::new().await;
    fixture.set(1, "office", 1, office("09:00")).await;
    let policy = |version, hours_of_target| {
        let stage = WarnStage {
            stage_id: "an hour before".to_owned(),
            basis: Some(warn_stage::Basis::BeforeDueElapsed(hours(1))),
        };
        let policy = FollowUpPolicy {
            internal_target: Some(since_made(hours_of_target, "office")),
            promise_stages: vec![stage],
            ..FollowUpPolicy::default()
        };
        Setting {
            version,
            ..setting("calls", Body::FollowUpPolicy(policy))
        }
    };
    let setting = setting_changed("acme", 2, policy(1, 2), fixture.clock.now());
    fixture.log.append(vec![setting]).await.unwrap();
    fixture.caught_up().await;
    let told = local("2026-05-06", "12:00", "Europe/Paris");
    let answer = fixture.record(due(1, told.clone())).await.unwrap();
    assert_eq!(answer.warnings, []);
    let draft = &fixture.promised()[0];
    let by = PolicyRef {
        policy_id: "calls".to_owned(),
        version: 1,
    };
    assert_eq!(draft.policy, Some(by));
    let target = draft.target.clone().unwrap();
    let target_at = from_wire(target.target_at.as_ref().unwrap()).unwrap();
    // The contact began at 11:50 in Paris, which is open until five.
    assert_eq!(target_at, instant("2026-05-04T11:50:00Z"));
    let stage_at = draft.stages[0].stage_at.as_ref().and_then(from_wire);
    assert_eq!(stage_at, Some(instant("2026-05-06T09:00:00Z")));

    // An edit is for what is promised from then on, and a target beyond the promise is told.
    let setting = setting_changed("acme", 3, policy(2, 30), fixture.clock.now());
    fixture.log.append(vec![setting]).await.unwrap();
    fixture.caught_up().await;
    let answer = fixture.record(due(2, told)).await.unwrap();
    assert_eq!(answer.warnings[0].reason, "TARGET_AFTER_PROMISE");
    assert_eq!(fixture.promised()[0].policy.as_ref().unwrap().version, 2);

    // Nobody is there on a Sunday by the policy's calendar: it is kept as it was promised, and told.
    let sunday = local("2026-05-17", "12:00", "Europe/Paris");
    let answer = fixture.record(due(3, sunday)).await.unwrap();
    let due_at = answer.dues[0].promised_by.as_ref().and_then(from_wire);
    assert_eq!(due_at, Some(instant("2026-05-17T10:00:00Z")));
    let odd: Vec<_> = answer.warnings.iter().map(|one| &*one.reason).collect();
    assert_eq!(odd, ["OUTSIDE_OPEN_HOURS"]);
    assert_eq!(answer.warnings[0].field, "interaction.commitments[0]");
}

#[tokio::test]
async fn a_due_is_made_an_instant_by_the_calendar_of_the_tenant() {
    let fixture = Fixture::new().await;
    fixture.set(1, "office", 1, office("09:00")).await;
    fixture.caught_up().await;
    let elapsed = BusinessElapsed {
        duration: Some(hours(8)),
        calendar_id: "office".to_owned(),
    };
    let period = WeekPeriod {
        part: WeekPart::EndOfWeek.into(),
        calendar_id: "office".to_owned(),
    };
    let day = EndOfLocalDay {
        date: "2026-05-06".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
    };
    for (no, (spec, expected, version)) in (1..).zip([
        (
            Spec::Instant(at(NOW_S + HOUR_S).unwrap()),
            "2026-05-04T11:00:00Z",
            0,
        ),
        (
            local("2026-05-06", "12:30", "Asia/Tokyo"),
            "2026-05-06T03:30:00Z",
            0,
        ),
        (Spec::EndOfLocalDay(day), "2026-05-06T15:00:00Z", 0),
        (Spec::Elapsed(hours(2)), "2026-05-04T11:50:00Z", 0),
        // Ten past five hours are left of Monday; Tuesday is closed.
        (Spec::BusinessElapsed(elapsed), "2026-05-06T09:50:00Z", 1),
        (business_days(1, "12:00"), "2026-05-06T10:00:00Z", 1),
        (business_days(0, ""), "2026-05-04T15:00:00Z", 1),
        (Spec::WeekPeriod(period), "2026-05-08T15:00:00Z", 1),
    ]) {
        let asked = due(no, spec.clone());
        let answer = fixture.record(asked).await.unwrap();
        fixture.caught_up().await;
        let promise = fixture.promised().remove(0);
        let promised_by = promise.promised_by.as_ref().and_then(from_wire);
        assert_eq!(promised_by, Some(instant(expected)), "{spec:?}");
        assert_eq!(promise.due, Some(DueSpec { spec: Some(spec) }));
        let resolution = promise.due_resolution.unwrap();
        assert_eq!(resolution.calendar_version, version);
        assert!(resolution.time_zone_version.starts_with("20"));
        let [told] = &answer.dues[..] else {
            panic!("{answer:?}");
        };
        assert_eq!(told.promised_by.as_ref().and_then(from_wire), promised_by);
        assert_eq!(told.resolution.as_ref(), Some(&resolution));
        assert_eq!(told.commitment_id, answer.commitment_ids[0]);
    }
}

#[tokio::test]
async fn a_later_edit_of_the_calendar_moves_nothing_and_a_repetition_gets_the_first_answer() {
    let fixture = Fixture::new().await;
    fixture.set(1, "office", 1, office("09:00")).await;
    fixture.caught_up().await;
    let asked = due(1, business_days(1, "12:00"));
    let first = fixture.record(asked.clone()).await.unwrap();
    let open_on_tuesday = Calendar {
        closed_dates: Vec::new(),
        ..office("09:00")
    };
    fixture.set(2, "office", 2, open_on_tuesday).await;
    fixture.caught_up().await;
    let again = fixture.record(asked).await.unwrap();
    assert!(again.already_recorded);
    assert_eq!(again.dues, first.dues);
    let other = fixture
        .record(due(2, business_days(1, "12:00")))
        .await
        .unwrap();
    let told = &other.dues[0];
    assert_eq!(told.resolution.as_ref().unwrap().calendar_version, 2);
    let promised_by = told.promised_by.as_ref().and_then(from_wire);
    assert_eq!(promised_by, Some(instant("2026-05-05T10:00:00Z")));
}

#[tokio::test]
async fn versions_rule_from_their_dates_on() {
    let fixture = Fixture::new().await;
    fixture.set(1, "office", 1, office("07:00")).await;
    fixture.set(2, "office", 2, office("09:00")).await;
    let later = Calendar {
        effective_from: "2026-05-07".to_owned(),
        ..office("10:00")
    };
    fixture.set(3, "office", 3, later).await;
    fixture.caught_up().await;
    // Two minutes after the opening of Wednesday, and of Thursday.
    for (no, minutes, expected) in [
        (1, 310 + 2, "2026-05-06T07:02:00Z"),
        (2, 310 + 480 + 2, "2026-05-07T08:02:00Z"),
    ] {
        let elapsed = BusinessElapsed {
            duration: Some(Duration {
                seconds: minutes * 60,
                nanos: 0,
            }),
            calendar_id: "office".to_owned(),
        };
        let answer = fixture
            .record(due(no, Spec::BusinessElapsed(elapsed)))
            .await;
        let told = answer.unwrap().dues.remove(0);
        let promised_by = told.promised_by.as_ref().and_then(from_wire);
        assert_eq!(promised_by, Some(instant(expected)));
        assert_eq!(told.resolution.unwrap().calendar_version, 3);
    }
}

#[tokio::test]
async fn a_record_waits_for_the_settings_that_it_names() {
    let fixture = Fixture::new().await;
    for version in 1..=20 {
        let opens = format!("{:02}:00", 8 + version % 2);
        let position = fixture
            .set(version, "office", version, office(&opens))
            .await;
        let asked = RecordInteractionRequest {
            settings_position: position,
            ..due(u32::try_from(version).unwrap(), business_days(1, ""))
        };
        let told = fixture.record(asked).await.unwrap().dues.remove(0);
        assert_eq!(
            u64::from(told.resolution.unwrap().calendar_version),
            version
        );
    }
    let asked = RecordInteractionRequest {
        settings_position: "nonsense".to_owned(),
        ..due(99, business_days(1, ""))
    };
    let refusal = fixture.record(asked).await.unwrap_err();
    assert_eq!(reason_of(&refusal).0, "POSITION_INVALID");
    assert!(refusal.message().contains("settings_position"), "{refusal}");
}

#[tokio::test]
async fn what_is_odd_is_kept_as_it_was_told_and_said() {
    let fixture = Fixture::new().await;
    fixture.set(1, "office", 1, office("09:00")).await;
    fixture.caught_up().await;
    let zone = "Europe/Paris";
    for (no, (spec, expected, reason)) in (1..).zip([
        (
            local("2026-10-25", "02:30", zone),
            "2026-10-25T00:30:00Z",
            "LOCAL_TIME_EXISTS_TWICE",
        ),
        (
            local("2027-03-28", "02:30", zone),
            "2027-03-28T01:00:00Z",
            "LOCAL_TIME_DOES_NOT_EXIST",
        ),
        (
            business_days(1, "20:00"),
            "2026-05-06T18:00:00Z",
            "OUTSIDE_OPEN_HOURS",
        ),
    ]) {
        let answer = fixture.record(due(no, spec)).await.unwrap();
        let promised_by = answer.dues[0].promised_by.as_ref().and_then(from_wire);
        assert_eq!(promised_by, Some(instant(expected)));
        let warned: Vec<_> = answer.warnings.iter().map(|one| &*one.reason).collect();
        assert_eq!(warned, [reason]);
        assert_eq!(answer.warnings[0].field, "interaction.commitments[0].due");
    }
}

/// Dues that are none, with the field and the reason.
fn wrong() -> Vec<(Spec, &'static str, &'static str)> {
    let of = |calendar_id: &str| {
        Spec::BusinessElapsed(BusinessElapsed {
            duration: Some(hours(1)),
            calendar_id: calendar_id.to_owned(),
        })
    };
    vec![
        (
            of("shop"),
            "due.business_elapsed.calendar_id",
            "UNKNOWN_CALENDAR",
        ),
        (
            of("gone"),
            "due.business_elapsed.calendar_id",
            "UNKNOWN_CALENDAR",
        ),
        (of(""), "due.business_elapsed.calendar_id", "REQUIRED"),
        (
            Spec::BusinessElapsed(BusinessElapsed::default()),
            "due.business_elapsed.duration",
            "REQUIRED",
        ),
        (
            local("2026-13-01", "12:00", "UTC"),
            "due.local.date",
            "MALFORMED",
        ),
        (
            local("2026-05-06", "noon", "UTC"),
            "due.local.time",
            "MALFORMED",
        ),
        (
            local("2026-05-06", "12:00", ""),
            "due.local.time_zone",
            "REQUIRED",
        ),
        (
            local("2026-05-06", "12:00", "Mars/Base"),
            "due.local.time_zone",
            "UNKNOWN_TIME_ZONE",
        ),
        (
            local("2026-05-03", "12:00", "UTC"),
            "due.local",
            "DUE_IN_PAST",
        ),
        (
            local("2036-05-03", "12:00", "UTC"),
            "due.local",
            "OUT_OF_RANGE",
        ),
        (
            Spec::WeekPeriod(WeekPeriod {
                calendar_id: "office".to_owned(),
                part: 0,
            }),
            "due.week_period.part",
            "REQUIRED",
        ),
    ]
}

#[tokio::test]
async fn a_due_that_is_none_is_refused_at_its_field() {
    let fixture = Fixture::new().await;
    fixture.set(1, "office", 1, office("09:00")).await;
    let gone = Calendar {
        weekly: None,
        ..office("09:00")
    };
    fixture.set(2, "gone", 1, gone).await;
    fixture.caught_up().await;
    for (spec, field, reason) in wrong() {
        let mut asked = due(1, spec.clone());
        asked.interaction.as_mut().unwrap().commitments[0].time_zone = String::new();
        let refusal = fixture.record(asked).await.unwrap_err();
        let expected = (
            format!("interaction.commitments[0].{field}"),
            reason.to_owned(),
        );
        assert_eq!(violations_of(&refusal), [expected], "{spec:?}");
    }
    assert_eq!(fixture.events().len(), 2, "nothing was recorded");
}

#[tokio::test]
async fn a_due_is_said_in_one_way() {
    let fixture = Fixture::new().await;
    let mut both = with_promise(&id(1));
    both.commitments[0].due = Some(DueSpec {
        spec: Some(Spec::Elapsed(hours(1))),
    });
    let mut neither = with_promise(&id(1));
    neither.commitments[0].promised_by = None;
    let mut empty = neither.clone();
    empty.commitments[0].due = Some(DueSpec::default());
    for (contact, field, reason) in [
        (both, "promised_by", "CONFLICTING"),
        (neither, "promised_by", "REQUIRED"),
        (empty, "due", "REQUIRED"),
    ] {
        let refusal = fixture.record(request(contact)).await.unwrap_err();
        let expected = (
            format!("interaction.commitments[0].{field}"),
            reason.to_owned(),
        );
        assert_eq!(violations_of(&refusal), [expected]);
    }
    assert_eq!(fixture.events().len(), 0, "nothing was recorded");
}

#[tokio::test]
async fn an_import_may_tell_of_a_due_before_its_contact() {
    let fixture = Fixture::new().await;
    let asked = RecordInteractionRequest {
        import_batch: "2026".to_owned(),
        ..due(1, local("2026-05-03", "12:00", "UTC"))
    };
    let told = fixture.record(asked).await.unwrap().dues.remove(0);
    let promised_by = told.promised_by.as_ref().and_then(from_wire);
    assert_eq!(promised_by, Some(instant("2026-05-03T12:00:00Z")));
    // A contact without dues of this kind has none to tell.
    let plain = fixture.record(request(interaction(&id(2)))).await.unwrap();
    assert!(plain.dues.is_empty());
}
