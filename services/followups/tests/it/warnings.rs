//! Warnings of several reasons, what stands still, and the last alert of a promise: who is told what.

use aftercall_proto::alerts::v1::{
    AcknowledgeAlertRequest, AlertFilter, CloseAlertRequest, ListAlertsRequest,
};
use aftercall_proto::envelope::Fact;
use aftercall_proto::followups::v1::{
    FulfilCommitmentRequest, PauseCommitmentRequest, ResumeCommitmentRequest,
    SetDependenciesRequest,
};
use aftercall_proto::model::v1::stage::Basis;
use aftercall_proto::model::v1::{
    self as model, Alert, AlertResolveCause, AlertState, CommitmentClock, CommitmentDraft,
    NewTarget, NotificationKind as Kind, NotifiedAlert, PauseReason, RouteReason,
};
use pbjson_types::Duration;

use crate::routing::{explained, followed, house, messages, said, until_said};
use crate::stage::{Contact, Running, Stage, at, promise, promise_of, wire};

const AT_RISK: &str = "commitment.at_risk";
const GIVEN_UP: &str = "commitment.expired";

/// A warning at a time.
fn warning(stage_id: &str, clock: CommitmentClock, second: i64) -> model::Stage {
    model::Stage {
        stage_id: stage_id.to_owned(),
        clock: clock.into(),
        stage_at: wire(at(second)),
        basis: Some(Basis::BeforeDueElapsed(Duration {
            seconds: 600,
            nanos: 0,
        })),
        ..model::Stage::default()
    }
}

/// The alerts that a filter finds.
async fn listed(running: &Running, filter: AlertFilter) -> Vec<Alert> {
    let request = ListAlertsRequest {
        filter: Some(filter),
        latest: true,
        ..ListAlertsRequest::default()
    };
    let answer = running.alerts("lead").list_alerts(request).await;
    answer.unwrap().into_inner().alerts
}

/// The only alert of a rule.
async fn only(running: &Running, rule: &str) -> Alert {
    let filter = AlertFilter {
        rules: vec![rule.to_owned()],
        ..AlertFilter::default()
    };
    let mut alerts = listed(running, filter).await;
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    alerts.remove(0)
}

/// What messages say of the alerts of a rule, in their order.
fn told_of(stage: &Stage, rule: &str) -> Vec<NotifiedAlert> {
    let messages = messages(stage).into_iter();
    let alerts = messages.flat_map(|message| message.alerts);
    alerts.filter(|alert| alert.rule == rule).collect()
}

/// How many events of the log are of a sort.
fn count(stage: &Stage, is_one: impl Fn(&Fact) -> bool) -> usize {
    let events = stage.events().into_iter();
    let facts = events.filter_map(|event| event.fact().unwrap());
    facts.filter(is_one).count()
}

const fn is_reached(fact: &Fact) -> bool {
    matches!(fact, Fact::CommitmentStageReached(_))
}

const fn is_turn(fact: &Fact) -> bool {
    matches!(fact, Fact::CommitmentDependencyTurned(_))
}

const fn goes_on(fact: &Fact) -> bool {
    matches!(fact, Fact::AlertRetriggered(_))
}

async fn fulfil(running: &Running, commitment_id: &str) {
    let request = FulfilCommitmentRequest {
        request_id: format!("fulfil-{commitment_id}"),
        commitment_id: commitment_id.to_owned(),
        note: "called back".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let done = running.client("lead").fulfil_commitment(request).await;
    done.unwrap();
}

#[tokio::test]
async fn each_stage_and_a_slip_are_told_and_the_end_of_the_slip_leaves_the_warning() {
    let stage = Stage::new();
    house(&stage);
    let told = CommitmentClock::Promise;
    let draft = CommitmentDraft {
        stages: vec![warning("half", told, 1_000), warning("near", told, 1_200)],
        ..followed("c-1", 3_600)
    };
    let drafts = vec![draft, promise("c-2", at(1_400))];
    stage.record(&Contact::new("i-1", drafts));
    let running = stage.start().await;
    let waits = SetDependenciesRequest {
        request_id: "waits".to_owned(),
        commitment_id: "c-1".to_owned(),
        depends_on: vec!["c-2".to_owned()],
        ..SetDependenciesRequest::default()
    };
    let waits = running.client("lead").set_dependencies(waits).await;
    waits.unwrap();
    stage.clock.advance_to(at(1_001));
    running.until(|| count(&stage, is_reached) == 1).await;
    stage.clock.advance_to(at(1_032));
    until_said(&running, &stage, 1).await;
    stage.clock.advance_to(at(1_201));
    until_said(&running, &stage, 2).await;
    // The other one lapses, which nobody is told of by a policy, and puts this one in danger.
    stage.clock.advance_to(at(1_401));
    running.until(|| stage.lapses().len() == 1).await;
    stage.clock.advance_to(at(1_402));
    until_said(&running, &stage, 3).await;
    let ana = || ("r-ana".to_owned(), Kind::Triggered, 1);
    assert_eq!(said(&stage), [ana(), ana(), ana()]);
    let reasons: Vec<_> = told_of(&stage, AT_RISK)
        .into_iter()
        .map(|alert| alert.promise.unwrap().stage_id)
        .collect();
    assert_eq!(reasons, ["half", "near", "depends_on"]);
    let warned = only(&running, AT_RISK).await;
    assert_eq!((warned.episode_no, warned.reason_no), (1, 3));

    fulfil(&running, "c-2").await;
    stage.clock.advance_to(at(1_450));
    running.until(|| count(&stage, is_turn) == 2).await;
    running.caught_up(&stage).await;
    let warned = only(&running, AT_RISK).await;
    assert_eq!(warned.state(), AlertState::Triggered);
    assert_eq!(promise_of(&warned).stage_id, "near");
    fulfil(&running, "c-1").await;
    until_said(&running, &stage, 4).await;
    assert_eq!(said(&stage)[3], ("r-ana".to_owned(), Kind::Resolved, 1));
    let over = told_of(&stage, AT_RISK).remove(3);
    assert_eq!(over.resolve_cause(), AlertResolveCause::Fulfilled);
    running.stop().await;
}

#[tokio::test]
async fn a_warning_of_our_own_due_is_told_no_further_while_the_promise_is_paused() {
    let stage = Stage::new();
    house(&stage);
    let draft = CommitmentDraft {
        target: Some(NewTarget {
            target_at: wire(at(3_000)),
            reckoning: None,
        }),
        stages: vec![warning("ours", CommitmentClock::Internal, 1_000)],
        ..followed("c-1", 90_000)
    };
    stage.record(&Contact::new("i-1", vec![draft]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(1_001));
    running.until(|| count(&stage, is_reached) == 1).await;
    stage.clock.advance_to(at(1_032));
    until_said(&running, &stage, 1).await;
    let pause = PauseCommitmentRequest {
        request_id: "pause".to_owned(),
        commitment_id: "c-1".to_owned(),
        reason: PauseReason::AwaitingCustomer.into(),
        ..PauseCommitmentRequest::default()
    };
    let stands = running.client("lead").pause_commitment(pause).await;
    stands.unwrap();
    let paused = |fact: &Fact| match fact {
        Fact::AlertsRouted(routed) => routed.alerts.iter().any(|alert| alert.paused),
        _ => false,
    };
    running.until(|| count(&stage, paused) == 1).await;
    // The time of two levels is over.
    stage.clock.advance_to(at(5_000));
    running.caught_up(&stage).await;
    let warned = only(&running, AT_RISK).await;
    assert!(warned.paused);
    assert_eq!((warned.state(), warned.level), (AlertState::Triggered, 1));
    let why = explained(&running, &warned.alert_id).await;
    assert_eq!(why.verdicts[0].reason(), RouteReason::Paused);
    assert!(why.next_receiver_ids.is_empty());

    let resume = ResumeCommitmentRequest {
        request_id: "resume".to_owned(),
        commitment_id: "c-1".to_owned(),
        ..ResumeCommitmentRequest::default()
    };
    let runs = running.client("lead").resume_commitment(resume).await;
    runs.unwrap();
    until_said(&running, &stage, 2).await;
    let ana = |kind| ("r-ana".to_owned(), kind, 1);
    assert_eq!(said(&stage), [ana(Kind::Triggered), ana(Kind::Resolved)]);
    let over = told_of(&stage, AT_RISK).remove(1);
    assert_eq!(over.resolve_cause(), AlertResolveCause::Rescheduled);
    assert_eq!(count(&stage, goes_on), 0);
    running.stop().await;
}

#[tokio::test]
async fn what_nobody_took_is_found_and_that_it_was_given_up_is_told_to_the_last_level() {
    let stage = Stage::new();
    house(&stage);
    let draft = CommitmentDraft {
        expire_after: Some(Duration {
            seconds: 3_000,
            nanos: 0,
        }),
        ..followed("c-1", 60)
    };
    stage.record(&Contact::new("i-1", vec![draft]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    for (told, second) in [(1, 92), (2, 662), (3, 1_263)] {
        stage.clock.advance_to(at(second));
        until_said(&running, &stage, told).await;
    }
    let states = [
        (AlertState::Exhausted, 1),
        (AlertState::Triggered, 1),
        (AlertState::Acknowledged, 0),
        (AlertState::Resolved, 0),
    ];
    for (state, found) in states {
        let filter = AlertFilter {
            states: vec![state.into()],
            ..AlertFilter::default()
        };
        assert_eq!(listed(&running, filter).await.len(), found, "{state:?}");
    }

    let expired = |fact: &Fact| matches!(fact, Fact::CommitmentExpired(_));
    stage.clock.advance_to(at(3_061));
    running.until(|| count(&stage, expired) == 1).await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(3_095));
    let is_told = || !told_of(&stage, GIVEN_UP).is_empty();
    running.until(is_told).await;
    running.caught_up(&stage).await;
    let mut last = messages(&stage).into_iter();
    let last = last.find(|message| message.alerts.iter().any(|it| it.rule == GIVEN_UP));
    let last = last.unwrap();
    assert_eq!(
        (&*last.receiver_id, last.kind()),
        ("r-lena", Kind::Triggered)
    );
    let lapse = told_of(&stage, "commitment.promise_lapsed");
    let ends = lapse.iter().filter(|alert| alert.kind() == Kind::Resolved);
    let causes: Vec<_> = ends.map(NotifiedAlert::resolve_cause).collect();
    assert_eq!(causes, [AlertResolveCause::Expired; 3]);

    put_away(&running).await;
    stage.clock.advance_to(at(200_000));
    running.caught_up(&stage).await;
    assert_eq!(only(&running, GIVEN_UP).await.state(), AlertState::Closed);
    running.stop().await;
}

/// What was given up outlives the promise: somebody takes it, and whoever puts it away has seen to it.
async fn put_away(running: &Running) {
    let alert = only(running, GIVEN_UP).await;
    assert_eq!((alert.state(), alert.level), (AlertState::Triggered, 2));
    let take = AcknowledgeAlertRequest {
        request_id: "take".to_owned(),
        alert_id: alert.alert_id.clone(),
        ..AcknowledgeAlertRequest::default()
    };
    let taken = running.alerts("lead").acknowledge_alert(take).await;
    let taken = taken.unwrap().into_inner().alert.unwrap();
    assert_eq!(taken.state(), AlertState::Acknowledged);
    let close = CloseAlertRequest {
        request_id: "close".to_owned(),
        alert_id: alert.alert_id,
        reason: "talked to the customer".to_owned(),
    };
    let closed = running.alerts("supervisor").close_alert(close).await;
    let closed = closed.unwrap().into_inner().alert.unwrap();
    assert_eq!(closed.state(), AlertState::Closed);
}
