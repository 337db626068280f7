//! Dues that move as people say them: from when they are reckoned, by what, and what is told of it.

use aftercall_proto::envelope::Fact;
use aftercall_proto::followups::v1::batch_commitments_request::Command;
use aftercall_proto::followups::v1::{
    BatchCommitmentsRequest, BatchTarget, ExplainDueRequest, RescheduleCommitmentRequest,
    RescheduleCommitmentResponse,
};
use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::{CommitmentDraft, DueSpec, LocalDue, Reschedule};
use pbjson_types::Duration;
use tonic::Status;

use crate::dues::{calendar, counted_s, monday, set, within};
use crate::stage::{Contact, Running, Stage, at, promise, wire, wrong_fields};

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// A promise that is due in three months, and to be moved by words.
fn moved_to(request_id: &str, due: DueSpec) -> RescheduleCommitmentRequest {
    RescheduleCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: "c-1".to_owned(),
        reason: "the part is late".to_owned(),
        due: Some(due),
        ..RescheduleCommitmentRequest::default()
    }
}

async fn reschedule(
    running: &Running,
    request: RescheduleCommitmentRequest,
) -> Result<RescheduleCommitmentResponse, Status> {
    let answer = running.client("lead").reschedule_commitment(request).await;
    answer.map(tonic::Response::into_inner)
}

fn elapsed(seconds: i64) -> DueSpec {
    let spec = Spec::Elapsed(Duration { seconds, nanos: 0 });
    DueSpec { spec: Some(spec) }
}

/// A night in Paris in which the clocks leap over that time.
fn leapt(time_zone: &str) -> DueSpec {
    DueSpec {
        spec: Some(Spec::Local(LocalDue {
            date: "2024-03-31".to_owned(),
            time: "02:30".to_owned(),
            time_zone: time_zone.to_owned(),
        })),
    }
}

async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    let draft = CommitmentDraft {
        time_zone: "Europe/Paris".to_owned(),
        ..promise("c-1", at(90 * DAY_S))
    };
    stage.record(&Contact::new("i-1", vec![draft]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

/// The moves that the log holds.
fn logged(stage: &Stage) -> Vec<Reschedule> {
    let events = stage.events().into_iter();
    let moves = events.filter_map(|event| match event.fact() {
        Ok(Some(Fact::CommitmentRescheduled(moved))) => moved.reschedule,
        _ => None,
    });
    moves.collect()
}

#[tokio::test]
async fn a_due_is_reckoned_from_when_the_customer_was_told_and_stays_so() {
    let (stage, running) = begin().await;
    let tuesday = at(monday() + DAY_S)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    set(&stage, 1, calendar(&tuesday.to_string())).await;
    let told = monday() + 20 * HOUR_S;
    stage.clock.advance_to(at(told));
    stage.record(&Contact::new("i-2", Vec::new()));
    // Somebody says so an hour later.
    stage.clock.advance_to(at(told + HOUR_S));
    running.caught_up(&stage).await;
    let informed = RescheduleCommitmentRequest {
        customer_informed_interaction_id: "i-2".to_owned(),
        ..moved_to("r-1", within(10))
    };
    let answer = reschedule(&running, informed.clone()).await.unwrap();
    assert!(answer.warnings.is_empty(), "{:?}", answer.warnings);
    let moved = answer.commitment.clone().unwrap();
    assert_eq!(moved.promised_by, wire(at(monday() + 54 * HOUR_S)));
    let all = logged(&stage);
    let [written] = &all[..] else {
        panic!("one move")
    };
    assert_eq!(&moved.reschedules[0], written);
    assert_eq!(written.due, Some(within(10)));
    assert_eq!(written.told_at, wire(at(told)));
    let by = written.due_resolution.as_ref().unwrap();
    assert_eq!((&*by.calendar_id, by.calendar_version), ("office", 1));
    assert!(!by.time_zone_version.is_empty());

    // What is edited later moves nothing, and the same request gets the same answer.
    set(&stage, 2, calendar("2020-01-01")).await;
    running.caught_up(&stage).await;
    assert_eq!(reschedule(&running, informed).await.unwrap(), answer);
    let request = ExplainDueRequest {
        commitment_id: "c-1".to_owned(),
        latest: true,
        ..ExplainDueRequest::default()
    };
    let explained = running.client("lead").explain_due(request).await.unwrap();
    let working = explained.into_inner().working.unwrap();
    assert_eq!(working.since, wire(at(told)));
    assert_eq!(counted_s(&working), 10 * HOUR_S);
    assert_eq!(working.dates[0].date, tuesday.to_string());
    assert_eq!(working.resolution.as_ref(), Some(by));
    running.stop().await;

    let rebuilt = stage
        .start_on(std::sync::Arc::new(stage.log.clone()), "anew")
        .await;
    rebuilt.caught_up(&stage).await;
    let again = rebuilt.get("c-1", "").await;
    assert_eq!(again.reschedules, moved.reschedules);
    rebuilt.stop().await;
}

#[tokio::test]
async fn without_a_contact_it_is_reckoned_from_now() {
    let (stage, running) = begin().await;
    stage.clock.advance_to(at(100));
    let by_message = RescheduleCommitmentRequest {
        customer_informed_message_id: "<told@mail.example>".to_owned(),
        ..moved_to("r-1", elapsed(HOUR_S))
    };
    let answer = reschedule(&running, by_message).await.unwrap();
    let moved = answer.commitment.unwrap();
    assert_eq!(moved.promised_by, wire(at(100 + HOUR_S)));
    assert_eq!(moved.due_revision, 2);
    assert_eq!(moved.reschedules[0].told_at, None, "as when it was moved");
    // Of our own due alone, which is later than what the customer was told.
    let ours = moved_to("r-2", elapsed(2 * HOUR_S));
    let answer = reschedule(&running, ours).await.unwrap();
    let [odd] = &answer.warnings[..] else {
        panic!("{:?}", answer.warnings)
    };
    assert_eq!((&*odd.field, &*odd.reason), ("due", "TARGET_AFTER_PROMISE"));
    let moved = answer.commitment.unwrap();
    assert_eq!(moved.promised_by, wire(at(100 + HOUR_S)));
    assert_eq!(moved.target.unwrap().target_at, wire(at(100 + 2 * HOUR_S)));
    assert_eq!(moved.reschedules[1].due, Some(elapsed(2 * HOUR_S)));
    running.stop().await;
}

#[tokio::test]
async fn what_is_odd_about_it_is_told_with_each_answer_and_the_promises_zone_is_meant() {
    let (_stage, running) = begin().await;
    let request = RescheduleCommitmentRequest {
        customer_informed_message_id: "<told@mail.example>".to_owned(),
        ..moved_to("r-1", leapt(""))
    };
    for _ in 0..2 {
        let answer = reschedule(&running, request.clone()).await.unwrap();
        let [odd] = &answer.warnings[..] else {
            panic!("{:?}", answer.warnings)
        };
        let expected = ("due", "LOCAL_TIME_DOES_NOT_EXIST");
        assert_eq!((&*odd.field, &*odd.reason), expected);
        let moved = answer.commitment.unwrap();
        let leap = jiff::civil::date(2024, 3, 31).at(1, 0, 0, 0);
        let leap = leap.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        assert_eq!(moved.promised_by, wire(leap.timestamp()));
        assert_eq!(moved.reschedules[0].due, Some(leapt("Europe/Paris")));
    }
    // Of several promises each is told for itself.
    let several = BatchCommitmentsRequest {
        request_id: "r-2".to_owned(),
        targets: vec![BatchTarget {
            commitment_id: "c-1".to_owned(),
            ..BatchTarget::default()
        }],
        command: Some(Command::Reschedule(RescheduleCommitmentRequest {
            request_id: String::new(),
            commitment_id: String::new(),
            ..request
        })),
    };
    let answer = running.client("lead").batch_commitments(several).await;
    let told = &answer.unwrap().into_inner().commitments[0];
    assert_eq!(told.warnings[0].reason, "LOCAL_TIME_DOES_NOT_EXIST");
    running.stop().await;
}

#[tokio::test]
async fn a_new_due_that_is_none_is_refused_by_its_field() {
    let (stage, running) = begin().await;
    stage.record(&Contact::new("i-2", Vec::new()));
    stage.clock.advance_to(at(HOUR_S));
    let both = RescheduleCommitmentRequest {
        promised_by: wire(at(2 * HOUR_S)),
        ..moved_to("r-1", elapsed(60))
    };
    let neither = RescheduleCommitmentRequest {
        due: None,
        ..moved_to("r-1", elapsed(60))
    };
    // The contact was an hour ago.
    let past = RescheduleCommitmentRequest {
        customer_informed_interaction_id: "i-3".to_owned(),
        ..moved_to("r-1", elapsed(60))
    };
    stage.clock.advance_to(at(2 * HOUR_S));
    stage.record(&Contact::new("i-3", Vec::new()));
    stage.clock.advance_to(at(3 * HOUR_S));
    running.caught_up(&stage).await;
    for (request, expected) in [
        (both, "promised_by CONFLICTING"),
        (neither, "promised_by REQUIRED"),
        (past, "due DUE_IN_PAST"),
        (moved_to("r-1", DueSpec::default()), "due REQUIRED"),
        (
            moved_to("r-1", within(1)),
            "due.business_elapsed.calendar_id UNKNOWN_CALENDAR",
        ),
        (
            moved_to("r-1", elapsed(4 * 366 * DAY_S)),
            "due.elapsed OUT_OF_RANGE",
        ),
    ] {
        let refused = reschedule(&running, request.clone()).await.unwrap_err();
        assert_eq!(wrong_fields(&refused), [expected], "{request:?}");
    }
    // Who may not move it is told that, whatever the due is.
    let denied = running
        .client("agent")
        .reschedule_commitment(moved_to("r-1", within(1)))
        .await;
    assert_eq!(denied.unwrap_err().code(), tonic::Code::PermissionDenied);
    assert!(logged(&stage).is_empty());
    running.stop().await;
}
