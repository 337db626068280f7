//! Promises that wait for others, and are in danger where one of those slips.

use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CommitmentDependencyTurned;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, FulfilCommitmentRequest, RescheduleCommitmentRequest,
    SetDependenciesRequest, SetDependenciesResponse,
};
use aftercall_proto::model::v1::{
    Alert, AlertResolveCause, AlertState, CommitmentDraft, CommitmentLifecycle, DependencySlip,
    Timeliness,
};
use tonic::{Code, Status};

use crate::making::{forgotten, id, in_contact, make};
use crate::stage::{
    Contact, Running, Stage, at, promise, promise_of, reason, unwire, wire, wrong_fields,
};

/// `commitment_id` waits for those.
fn waits(request_id: &str, commitment_id: &str, on: &[&str]) -> SetDependenciesRequest {
    SetDependenciesRequest {
        request_id: request_id.to_owned(),
        commitment_id: commitment_id.to_owned(),
        depends_on: on.iter().map(|id| (*id).to_owned()).collect(),
        ..SetDependenciesRequest::default()
    }
}

async fn depend(
    running: &Running,
    who: &str,
    request: SetDependenciesRequest,
) -> Result<SetDependenciesResponse, Status> {
    let answer = running.client(who).set_dependencies(request).await;
    answer.map(tonic::Response::into_inner)
}

async fn all_alerts(running: &Running) -> Vec<Alert> {
    let request = ListAlertsRequest::default();
    let answer = running.alerts("lead").list_alerts(request).await;
    answer.unwrap().into_inner().alerts
}

/// A task that nobody was told of.
fn task(commitment_id: &str, due: i64) -> CommitmentDraft {
    CommitmentDraft {
        told_to_customer: false,
        target: Some(aftercall_proto::model::v1::NewTarget {
            target_at: wire(at(due)),
            reckoning: None,
        }),
        ..promise(commitment_id, at(due))
    }
}

/// A promise that is due at 3,600 and waits for the part, which is to come at 1,800.
async fn begin() -> (Stage, Running) {
    let stage = Stage::new();
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(3_600))]));
    stage.record(&Contact::new("i-2", vec![task("c-2", 1_800)]));
    let running = stage.start().await;
    let answer = depend(&running, "owner", waits("r-0", "c-1", &["c-2"])).await;
    let waiting = answer.unwrap().commitment.unwrap();
    let part = &waiting.depends_on[0];
    assert_eq!(part.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(
        (part.slip(), part.expected_at),
        (DependencySlip::Unspecified, wire(at(1_800)))
    );
    (stage, running)
}

fn moved(request_id: &str, due: i64) -> RescheduleCommitmentRequest {
    RescheduleCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: "c-2".to_owned(),
        promised_by: wire(at(due)),
        reason: "the supplier".to_owned(),
        ..RescheduleCommitmentRequest::default()
    }
}

/// All that was said of what promises wait for.
fn turns(stage: &Stage) -> Vec<(String, CommitmentDependencyTurned)> {
    let events = stage.events().into_iter();
    events
        .filter_map(|event| match event.fact().unwrap() {
            Some(Fact::CommitmentDependencyTurned(turned)) => Some((event.aggregate_id, turned)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_dependency_that_moves_past_the_due_puts_the_promise_at_risk_at_once() {
    let (stage, running) = begin().await;
    assert!(turns(&stage).is_empty());
    let mut lead = running.client("lead");
    stage.clock.advance_to(at(100));
    lead.reschedule_commitment(moved("r-1", 3_601))
        .await
        .unwrap();
    stage.clock.advance_to(at(101));
    running.until(|| turns(&stage).len() == 1).await;
    running.caught_up(&stage).await;
    let (of, turned) = turns(&stage).remove(0);
    assert_eq!((&*of, turned.slip()), ("c-1", DependencySlip::DueTooLate));
    assert_eq!(turned.expected_at, wire(at(3_601)));
    let late = unwire(turned.detected_at.as_ref()).duration_since(at(100));
    assert!(late.as_secs() < 5);
    let shown = running.get("c-1", "").await;
    assert_eq!(shown.timeliness(), Timeliness::AtRisk);
    let part = &shown.depends_on[0];
    assert_eq!(
        (&*part.commitment_id, part.slip()),
        ("c-2", DependencySlip::DueTooLate)
    );
    assert_eq!(part.lifecycle(), CommitmentLifecycle::Active);
    assert_eq!(part.expected_at, wire(at(3_601)));
    let alert = all_alerts(&running).await.remove(0);
    let about = promise_of(&alert);
    assert_eq!(
        (&*alert.rule, &*about.commitment_id),
        ("commitment.at_risk", "c-1")
    );
    assert_eq!(&*about.stage_id, "depends_on");

    // It slips further: that is the same slip. It comes in time after all: the warning is over.
    lead.reschedule_commitment(moved("r-2", 9_000))
        .await
        .unwrap();
    lead.reschedule_commitment(moved("r-3", 3_600))
        .await
        .unwrap();
    stage.clock.advance_to(at(102));
    running.until(|| turns(&stage).len() == 2).await;
    running.caught_up(&stage).await;
    assert_eq!(
        running.get("c-1", "").await.timeliness(),
        Timeliness::OnTrack
    );
    let alert = all_alerts(&running).await.remove(0);
    assert_eq!(alert.state(), AlertState::Resolved);
    assert_eq!(alert.resolve_cause(), AlertResolveCause::Averted);
    running.stop().await;
}

#[tokio::test]
async fn one_that_is_overdue_or_not_kept_does_so_too_and_one_that_is_kept_does_not() {
    let (stage, running) = begin().await;
    stage.clock.advance_to(at(1_801));
    // It lapses, and then the promise that waits for it is in danger.
    running.until(|| stage.lapses().len() == 1).await;
    stage.clock.advance_to(at(1_802));
    running.until(|| turns(&stage).len() == 1).await;
    assert_eq!(turns(&stage)[0].1.slip(), DependencySlip::Overdue);
    let cancel = CancelCommitmentRequest {
        request_id: "r-1".to_owned(),
        commitment_id: "c-2".to_owned(),
        reason: "out of stock".to_owned(),
        ..CancelCommitmentRequest::default()
    };
    let mut lead = running.client("lead");
    lead.cancel_commitment(cancel).await.unwrap();
    stage.clock.advance_to(at(1_803));
    running.until(|| turns(&stage).len() == 2).await;
    assert_eq!(turns(&stage)[1].1.slip(), DependencySlip::NotKept);

    // It waits for another one instead, which is made now, and kept.
    make(&running, "lead", in_contact("r-2", forgotten(3_000)))
        .await
        .unwrap();
    let answer = depend(&running, "lead", waits("r-3", "c-1", &[&id(2)])).await;
    assert_eq!(
        answer.unwrap().commitment.unwrap().timeliness(),
        Timeliness::OnTrack
    );
    let fulfil = FulfilCommitmentRequest {
        request_id: "r-4".to_owned(),
        commitment_id: id(2),
        ..FulfilCommitmentRequest::default()
    };
    lead.fulfil_commitment(fulfil).await.unwrap();
    stage.clock.advance_to(at(2_000));
    running.caught_up(&stage).await;
    let shown = running.get("c-1", "").await;
    assert_eq!(
        shown.depends_on[0].lifecycle(),
        CommitmentLifecycle::Fulfilled
    );
    assert_eq!(
        (turns(&stage).len(), shown.timeliness()),
        (2, Timeliness::OnTrack)
    );
    running.stop().await;
}

#[tokio::test]
async fn after_downtime_and_by_two_trackers_it_is_said_once() {
    let (stage, running) = begin().await;
    let mut lead = running.client("lead");
    lead.reschedule_commitment(moved("r-1", 9_000))
        .await
        .unwrap();
    running.stop().await;
    stage.clock.advance_to(at(500));
    let log = || std::sync::Arc::new(stage.log.clone());
    let (one, other) = tokio::join!(stage.start_on(log(), "one"), stage.start_on(log(), "other"));
    for running in [&one, &other] {
        running.until(|| !turns(&stage).is_empty()).await;
        running.caught_up(&stage).await;
        let shown = running.get("c-1", "").await;
        assert_eq!(shown.timeliness(), Timeliness::AtRisk);
        // Records may stand twice in the log, and count once.
        assert_eq!(shown.version, 3);
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn none_waits_for_itself_nor_for_what_is_not_there() {
    let (_stage, running) = begin().await;
    let waiting = |on: &[&str]| CommitmentDraft {
        depends_on: on.iter().map(|id| (*id).to_owned()).collect(),
        ..forgotten(7_200)
    };
    // Made to wait for one that waits for another.
    let made = make(&running, "lead", in_contact("r-1", waiting(&["c-1"]))).await;
    let made = made.unwrap().commitment.unwrap();
    assert_eq!(made.depends_on[0].commitment_id, "c-1");
    let fields = |answer: Result<SetDependenciesResponse, Status>| {
        let status = answer.unwrap_err();
        assert_eq!(reason(&status), "INVALID_REQUEST");
        wrong_fields(&status)
    };
    let cyclic = ["depends_on CYCLIC_DEPENDENCY"];
    for (of, on) in [
        ("c-2", id(1)),
        ("c-2", "c-2".to_owned()),
        ("c-2", "c-1".to_owned()),
    ] {
        let answer = depend(&running, "lead", waits("r-2", of, &[&on])).await;
        assert_eq!(fields(answer), cyclic, "{of} {on}");
    }
    let unknown = depend(&running, "lead", waits("r-3", "c-1", &["c-2", "c-9"])).await;
    assert_eq!(fields(unknown), ["depends_on[1] NOT_FOUND"]);
    let twice = depend(&running, "lead", waits("r-4", "c-1", &["c-2", "c-2"])).await;
    assert_eq!(fields(twice), ["depends_on[1] CONFLICTING"]);
    let many: Vec<String> = (0..21).map(id).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many = depend(&running, "lead", waits("r-5", "c-1", &many)).await;
    assert_eq!(fields(many), ["depends_on TOO_MANY"]);
    let stranger = depend(&running, "agent", waits("r-6", "c-1", &[])).await;
    assert_eq!(stranger.unwrap_err().code(), Code::PermissionDenied);
    // What was refused has changed nothing: c-2 may still be waited for, and by itself waits for nothing.
    assert!(running.get("c-2", "").await.depends_on.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn of_two_that_would_wait_for_each_other_only_one_does() {
    let stage = Stage::new();
    let drafts = vec![promise("c-1", at(3_600)), promise("c-2", at(3_600))];
    stage.record(&Contact::new("i-1", drafts));
    let log = || std::sync::Arc::new(stage.log.clone());
    let (one, other) = tokio::join!(stage.start_on(log(), "one"), stage.start_on(log(), "other"));
    let (first, second) = tokio::join!(
        depend(&one, "lead", waits("r-1", "c-1", &["c-2"])),
        depend(&other, "supervisor", waits("r-1", "c-2", &["c-1"])),
    );
    let refused = [&first, &second]
        .into_iter()
        .filter(|it| it.is_err())
        .count();
    assert_eq!(refused, 1, "{first:?} {second:?}");
    one.stop().await;
    other.stop().await;
}
