//! Dues explained: what one would be, and why one is when it is.

use aftercall_log::Log;
use aftercall_proto::followups::v1::{
    ExplainDueRequest, MakeCommitmentRequest, PreviewDueRequest, PreviewDueResponse,
    PreviewedPromise,
};
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    BusinessElapsed, Calendar, ClosedDate, CommitmentDraft, CommitmentKind, DueResolution, DueSpec,
    DueWorking, FollowUpPolicy, LocalDue, PromiseFilter, Setting, Warning,
};
use aftercall_service::Clock;
use aftercall_service::testing::{setting, setting_changed, since_made, work_week};
use aftercall_view::Positions;
use pbjson_types::Duration;
use tonic::{Code, Status};

use crate::stage::{Contact, Running, Stage, at, promise, reason, wire, wrong_fields};

const HOUR_S: i64 = 3_600;

/// Open around the clock from Monday to Friday, but on one date.
pub(crate) fn calendar(closed: &str) -> Calendar {
    Calendar {
        time_zone: "UTC".to_owned(),
        weekly: Some(work_week("00:00", "24:00")),
        closed_dates: vec![ClosedDate {
            date: closed.to_owned(),
            label: "Founders' day".to_owned(),
        }],
        ..Calendar::default()
    }
}

pub(crate) async fn set(stage: &Stage, version: u64, calendar: Calendar) -> String {
    let setting = Setting {
        version,
        ..setting("office", Body::Calendar(calendar))
    };
    let record = setting_changed("acme", version, setting, stage.clock.now());
    let positions = stage.log.append(vec![record]).await.unwrap();
    Positions::through(positions[0]).encode(stage.log.identity())
}

pub(crate) fn within(hours: i64) -> DueSpec {
    DueSpec {
        spec: Some(Spec::BusinessElapsed(BusinessElapsed {
            duration: Some(Duration {
                seconds: hours * HOUR_S,
                nanos: 0,
            }),
            calendar_id: "office".to_owned(),
        })),
    }
}

async fn preview(running: &Running, due: DueSpec, told: i64, after: &str) -> PreviewDueResponse {
    let request = PreviewDueRequest {
        due: Some(due),
        occurred_at: wire(at(told)),
        min_position: after.to_owned(),
        ..PreviewDueRequest::default()
    };
    let answer = running.client("lead").preview_due(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.complete_through_at.is_some());
    answer
}

/// The sum of the intervals that a working lists, in seconds.
pub(crate) fn counted_s(working: &DueWorking) -> i64 {
    let seconds = working.intervals.iter().map(|one| {
        let end = one.end.as_ref().unwrap().seconds;
        end - one.start.as_ref().unwrap().seconds
    });
    seconds.sum()
}

/// The first second of the date that begins `days` after the tests do.
fn midnight(days: i64) -> i64 {
    let begin = at(0).as_second();
    (begin.div_euclid(86_400) + days) * 86_400 - begin
}

/// The first midnight from the tests' beginning on with which a Monday begins.
pub(crate) fn monday() -> i64 {
    let days = (1..8).find(|days| {
        let date = at(midnight(*days)).to_zoned(jiff::tz::TimeZone::UTC).date();
        date.weekday() == jiff::civil::Weekday::Monday
    });
    midnight(days.unwrap())
}

#[tokio::test]
async fn a_preview_counts_what_is_open_and_names_the_dates_that_it_skips() {
    let stage = Stage::new();
    let running = stage.start().await;
    let tuesday = at(monday() + 86_400)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let position = set(&stage, 1, calendar(&tuesday.to_string())).await;
    let told = monday() + 20 * HOUR_S;
    let answer = preview(&running, within(10), told, &position).await;
    assert_eq!(answer.promised_by, wire(at(monday() + 54 * HOUR_S)));
    let working = answer.working.unwrap();
    assert_eq!(counted_s(&working), 10 * HOUR_S);
    assert_eq!(working.sum.unwrap().seconds, 10 * HOUR_S);
    let dates: Vec<_> = working
        .dates
        .iter()
        .map(|one| (&*one.label, one.is_closed))
        .collect();
    assert_eq!(dates, [("Founders' day", true)]);
    assert_eq!(working.resolution.unwrap().calendar_version, 1);
    assert!(answer.warnings.is_empty());
    assert_eq!(stage.events().len(), 1, "nothing is recorded");
    running.stop().await;
}

#[tokio::test]
async fn a_preview_says_what_is_odd_and_what_is_wrong() {
    let stage = Stage::new();
    let running = stage.start().await;
    let local = |date: &str| DueSpec {
        spec: Some(Spec::Local(LocalDue {
            date: date.to_owned(),
            time: "02:30".to_owned(),
            time_zone: "Europe/Paris".to_owned(),
        })),
    };
    let told = jiff::civil::date(2026, 10, 1)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap();
    let told = told.timestamp().as_second() - at(0).as_second();
    let answer = preview(&running, local("2026-10-25"), told, "").await;
    assert_eq!(answer.warnings[0].reason, "LOCAL_TIME_EXISTS_TWICE");
    for due in [
        None,
        Some(DueSpec::default()),
        Some(within(1)),
        Some(local("2026-09-25")),
    ] {
        let request = PreviewDueRequest {
            due,
            occurred_at: wire(at(told)),
            ..PreviewDueRequest::default()
        };
        let refusal = running
            .client("lead")
            .preview_due(request)
            .await
            .unwrap_err();
        assert_eq!(
            (refusal.code(), &*reason(&refusal)),
            (Code::InvalidArgument, "INVALID_REQUEST")
        );
    }
    running.stop().await;
}

/// A policy for calls that the customer was told of, with our own due after so many open hours.
fn calls(hours: i64) -> FollowUpPolicy {
    FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            kinds: vec![CommitmentKind::CallBack.into()],
            told_to_customer: Some(true),
            ..PromiseFilter::default()
        }),
        internal_target: Some(since_made(hours, "office")),
        ..FollowUpPolicy::default()
    }
}

/// A house with that policy, on a Thursday evening: in 40 hours it is Saturday, when nobody is there; 40 open ones are
/// over on Monday.
async fn with_policy() -> (Stage, Running) {
    let stage = Stage::new();
    set(&stage, 1, calendar("2020-01-01")).await;
    let policy = Setting {
        version: 1,
        ..setting("calls", Body::FollowUpPolicy(calls(40)))
    };
    let record = setting_changed("acme", 2, policy, stage.clock.now());
    stage.log.append(vec![record]).await.unwrap();
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(monday() + 90 * HOUR_S));
    (stage, running)
}

fn after(hours: i64) -> DueSpec {
    let seconds = hours * HOUR_S;
    let spec = Spec::Elapsed(Duration { seconds, nanos: 0 });
    DueSpec { spec: Some(spec) }
}

/// What the owner is told of a promise that would be due in 40 hours.
async fn previewed(
    running: &Running,
    promise: PreviewedPromise,
) -> Result<PreviewDueResponse, Status> {
    let request = PreviewDueRequest {
        due: Some(after(40)),
        promise: Some(promise),
        latest: true,
        ..PreviewDueRequest::default()
    };
    let answer = running.client("owner").preview_due(request).await;
    answer.map(tonic::Response::into_inner)
}

fn previewing(kind: CommitmentKind, told_to_customer: bool) -> PreviewedPromise {
    PreviewedPromise {
        kind: kind.into(),
        told_to_customer,
        ..PreviewedPromise::default()
    }
}

fn reasons(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|odd| &*odd.reason).collect()
}

/// A preview tells what making the promise then does: the same due of ours, by the same versions, and the same warnings.
#[tokio::test]
async fn a_preview_of_a_promise_tells_what_its_policy_will_make_of_it() {
    let (_stage, running) = with_policy().await;
    let seen = previewed(&running, previewing(CommitmentKind::CallBack, true)).await;
    let seen = seen.unwrap();
    assert_eq!(seen.policy.as_ref().unwrap().policy_id, "calls");
    let target = seen.target.clone().unwrap();
    assert_eq!(target.target_at, wire(at(monday() + 178 * HOUR_S)));
    let by = target.reckoning.as_ref().unwrap();
    assert_eq!((&*by.calendar_id, by.calendar_version), ("office", 1));
    let odd = ["TARGET_AFTER_PROMISE", "OUTSIDE_OPEN_HOURS"];
    assert_eq!(reasons(&seen.warnings), odd);

    let draft = CommitmentDraft {
        kind: CommitmentKind::CallBack.into(),
        told_to_customer: true,
        due: Some(after(40)),
        ..CommitmentDraft::default()
    };
    let request = MakeCommitmentRequest {
        request_id: "r-1".to_owned(),
        customer_id: "customer-1".to_owned(),
        commitment: Some(draft),
        ..MakeCommitmentRequest::default()
    };
    let made = running.client("owner").make_commitment(request).await;
    let made = made.unwrap().into_inner();
    let promised = made.commitment.unwrap();
    assert_eq!(promised.promised_by, seen.promised_by);
    assert_eq!(promised.policy, seen.policy);
    let ours = promised.target.unwrap();
    assert_eq!(
        (ours.target_at, ours.reckoning),
        (target.target_at, target.reckoning)
    );
    assert_eq!(reasons(&made.warnings), odd);
    running.stop().await;
}

#[tokio::test]
async fn a_preview_tells_of_no_policy_where_none_is_for_the_promise() {
    let (_stage, running) = with_policy().await;
    for (other, ours) in [
        (previewing(CommitmentKind::Refund, true), None),
        // A task of ours is due when it is said to be.
        (previewing(CommitmentKind::CallBack, false), Some(40)),
    ] {
        let seen = previewed(&running, other).await.unwrap();
        assert_eq!(seen.policy, None);
        let at = ours.map(|hours| wire(at(monday() + (90 + hours) * HOUR_S)));
        assert_eq!(seen.target.map(|target| target.target_at), at);
        assert!(seen.warnings.is_empty(), "{:?}", seen.warnings);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_preview_of_a_promise_that_is_none_is_refused_by_its_field() {
    let stage = Stage::new();
    let running = stage.start().await;
    let sound = previewing(CommitmentKind::CallBack, true);
    for (promise, expected) in [
        (PreviewedPromise::default(), "promise.kind REQUIRED"),
        (
            PreviewedPromise {
                channel: 99,
                ..sound.clone()
            },
            "promise.channel UNKNOWN_VALUE",
        ),
        (
            PreviewedPromise {
                language: "x".repeat(129),
                ..sound
            },
            "promise.language TOO_LONG",
        ),
    ] {
        let refused = previewed(&running, promise).await;
        assert_eq!(wrong_fields(&refused.unwrap_err()), [expected]);
    }
    running.stop().await;
}

#[tokio::test]
async fn a_promise_is_explained_by_the_calendar_of_then_and_after_a_move_by_the_move() {
    let stage = Stage::new();
    let tuesday = at(monday() + 86_400)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    set(&stage, 1, calendar(&tuesday.to_string())).await;
    let running = stage.start().await;
    let told = monday() + 20 * HOUR_S;
    let draft = CommitmentDraft {
        due: Some(within(10)),
        due_resolution: Some(DueResolution {
            calendar_id: "office".to_owned(),
            calendar_version: 1,
            time_zone_version: "2026a".to_owned(),
        }),
        ..promise("c-1", at(monday() + 54 * HOUR_S))
    };
    stage.clock.advance_to(at(told));
    let position = stage.record(&Contact::new("i-1", vec![draft]));
    running.get("c-1", &position).await;
    // What is edited later says nothing of it.
    let edited = set(&stage, 2, calendar("2020-01-01")).await;
    let request = |after: &str| ExplainDueRequest {
        commitment_id: "c-1".to_owned(),
        min_position: after.to_owned(),
        ..ExplainDueRequest::default()
    };
    let answer = running.client("lead").explain_due(request(&edited)).await;
    let answer = answer.unwrap().into_inner();
    let working = answer.working.unwrap();
    assert_eq!(counted_s(&working), 10 * HOUR_S);
    assert_eq!(working.dates[0].date, tuesday.to_string());
    let commitment = answer.commitment.unwrap();
    assert_eq!(commitment.due, Some(within(10)));
    assert_eq!(commitment.due_resolution, working.resolution);

    let unknown = ExplainDueRequest {
        commitment_id: "c-9".to_owned(),
        ..ExplainDueRequest::default()
    };
    let refusal = running
        .client("lead")
        .explain_due(unknown)
        .await
        .unwrap_err();
    assert_eq!(reason(&refusal), "COMMITMENT_NOT_FOUND");
    running.stop().await;
}
