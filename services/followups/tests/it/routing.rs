//! Who is told of alerts: by what the tenant has set up, once, and nobody from a copy.

use std::collections::BTreeSet;
use std::sync::Arc;

use aftercall_log::Log;
use aftercall_proto::alerts::v1::{
    AcknowledgeAlertRequest, ExplainAlertRequest, ExplainAlertResponse, ListAlertsRequest,
    TestRouteRequest,
};
use aftercall_proto::envelope::{Fact, notify_key, settings_key};
use aftercall_proto::event::v1::{AlertsRouted, Event, SettingsChanged};
use aftercall_proto::followups::v1::FulfilCommitmentRequest;
use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::receiver::Who;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    AlertSeverity, CommitmentDraft, EscalationLevel, EscalationPolicy, EscalationTarget,
    FollowUpPolicy, LabelMatcher, Notification, NotificationKind as Kind, PolicyRef, Receiver,
    RouteReason as Reason, Setting, Silence,
};
use aftercall_service::Clock;
use aftercall_service::testing::webhook_changed;
use bytes::Bytes;

use crate::stage::{Contact, Running, Stage, TENANT, at, promise, reason, wire};

/// Has settings made, as the service of settings does.
pub(crate) fn set(stage: &Stage, sequence: u64, bodies: Vec<(&str, Body)>) {
    let now = stage.clock.now();
    let settings = bodies.into_iter().map(|(id, body)| Setting {
        setting_id: id.to_owned(),
        version: sequence,
        changed_at: wire(now),
        body: Some(body),
        ..Setting::default()
    });
    change(stage, sequence, settings.collect());
}

pub(crate) fn change(stage: &Stage, sequence: u64, settings: Vec<Setting>) {
    let fact = Fact::SettingsChanged(Box::new(SettingsChanged { settings }));
    append(stage, settings_key(TENANT), (TENANT, sequence), &fact);
}

/// Has a webhook made or changed, as the service does that tells other systems.
pub(crate) fn hook(stage: &Stage, webhook_id: &str, version: u64, disabled: bool) {
    let fact = webhook_changed(webhook_id, version, disabled);
    append(stage, notify_key(TENANT), (webhook_id, version), &fact);
}

/// Another service of the tenant says something.
fn append(stage: &Stage, key: Bytes, (aggregate_id, sequence): (&str, u64), fact: &Fact) {
    let now = stage.clock.now();
    let event = Event {
        event_id: format!("{aggregate_id}-{sequence}"),
        tenant_id: TENANT.to_owned(),
        aggregate_id: aggregate_id.to_owned(),
        sequence,
        occurred_at: wire(now),
        recorded_at: wire(now),
        ..fact.event()
    };
    stage.append_under(key, &event);
}

fn level(agent_id: &str) -> EscalationLevel {
    level_of(Target::AgentId(agent_id.to_owned()))
}

/// A level that has ten minutes.
pub(crate) fn level_of(target: Target) -> EscalationLevel {
    let target = Some(target);
    EscalationLevel {
        delay: Some(Delay::Wall(pbjson_types::Duration {
            seconds: 600,
            nanos: 0,
        })),
        targets: vec![EscalationTarget { target }],
        ..EscalationLevel::default()
    }
}

pub(crate) fn receiver(agent_id: &str) -> Body {
    Body::Receiver(Receiver {
        who: Some(Who::AgentId(agent_id.to_owned())),
        webhook_id: "hooks".to_owned(),
        budget_per_hour: 20,
        ..Receiver::default()
    })
}

/// Ana hears first, and ten minutes later Lena; who is on duty has the rest.
pub(crate) fn house(stage: &Stage) {
    let escalation = EscalationPolicy {
        levels: vec![level("ana"), level("lena")],
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    };
    let policy = FollowUpPolicy {
        escalation_policy_id: "usual".to_owned(),
        ..FollowUpPolicy::default()
    };
    hook(stage, "hooks", 1, false);
    let bodies = vec![
        ("r-ana", receiver("ana")),
        ("r-lena", receiver("lena")),
        ("duty", receiver("sue")),
        ("usual", Body::EscalationPolicy(escalation)),
        ("calls", Body::FollowUpPolicy(policy)),
    ];
    set(stage, 1, bodies);
}

/// A promise that is followed up by the house's policy.
pub(crate) fn followed(commitment_id: &str, due: i64) -> CommitmentDraft {
    CommitmentDraft {
        policy: Some(PolicyRef {
            policy_id: "calls".to_owned(),
            version: 1,
        }),
        ..promise(commitment_id, at(due))
    }
}

/// The decisions that count.
pub(crate) fn routed(stage: &Stage) -> Vec<AlertsRouted> {
    let mut sequences = BTreeSet::new();
    let events = stage.events().into_iter();
    let counting = events.filter_map(|event| match event.fact().unwrap() {
        Some(Fact::AlertsRouted(routed)) => sequences.insert(event.sequence).then_some(routed),
        _ => None,
    });
    counting.collect()
}

pub(crate) fn messages(stage: &Stage) -> Vec<Notification> {
    let routed = routed(stage).into_iter();
    routed.flat_map(|routed| routed.notifications).collect()
}

/// To whom messages went, and what they said.
pub(crate) fn said(stage: &Stage) -> Vec<(String, Kind, u64)> {
    let messages = messages(stage).into_iter();
    let said = messages.map(|it| (it.receiver_id.clone(), it.kind(), it.alert_count));
    said.collect()
}

pub(crate) async fn until_said(running: &Running, stage: &Stage, count: usize) {
    running.until(|| messages(stage).len() >= count).await;
    running.caught_up(stage).await;
}

pub(crate) async fn only_alert(running: &Running) -> String {
    let request = ListAlertsRequest {
        latest: true,
        ..ListAlertsRequest::default()
    };
    let answer = running.alerts("lead").list_alerts(request).await.unwrap();
    answer.into_inner().alerts.remove(0).alert_id
}

pub(crate) async fn explained(running: &Running, alert_id: &str) -> ExplainAlertResponse {
    let request = ExplainAlertRequest {
        alert_id: alert_id.to_owned(),
        latest: true,
        ..ExplainAlertRequest::default()
    };
    let answer = running.alerts("lead").explain_alert(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.complete_through_at.is_some());
    answer
}

#[tokio::test]
async fn an_alert_goes_its_levels_until_somebody_takes_it_and_its_end_is_told() {
    let stage = Stage::new();
    house(&stage);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 3_600)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(3_601));
    running.until(|| stage.lapses().len() == 1).await;
    running.caught_up(&stage).await;
    let alert_id = only_alert(&running).await;
    let waits = explained(&running, &alert_id).await;
    assert_eq!(waits.verdicts[0].reason(), Reason::GroupWait);
    assert_eq!(waits.verdicts[0].until, wire(at(3_631)));
    assert_eq!(waits.next_receiver_ids, ["r-lena"]);
    assert_eq!(messages(&stage), []);

    stage.clock.advance_to(at(3_632));
    until_said(&running, &stage, 1).await;
    let told = explained(&running, &alert_id).await;
    assert_eq!(told.verdicts[0].reason(), Reason::Told);
    assert_eq!(told.notifications[0].webhook_id, "hooks");
    let about = told.notifications[0].alerts[0].clone();
    assert_eq!(about.promise.unwrap().commitment_id, "c-1");
    assert_eq!(about.customer_id, "customer-1");
    let escalation = told.alert.unwrap().escalation.unwrap();
    assert_eq!(escalation.goes_on_at, wire(at(4_201)));

    stage.clock.advance_to(at(4_202));
    until_said(&running, &stage, 2).await;
    let request = AcknowledgeAlertRequest {
        request_id: "ack".to_owned(),
        alert_id: alert_id.clone(),
        ..AcknowledgeAlertRequest::default()
    };
    let taken = running.alerts("lead").acknowledge_alert(request).await;
    taken.unwrap();
    running.until(|| routed(&stage).len() > 2).await;
    stage.clock.advance_to(at(5_000));
    let request = FulfilCommitmentRequest {
        request_id: "done".to_owned(),
        commitment_id: "c-1".to_owned(),
        note: "called back".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let kept = running.client("owner").fulfil_commitment(request).await;
    kept.unwrap();
    until_said(&running, &stage, 4).await;
    let owned = |id: &str, kind| (id.to_owned(), kind, 1);
    assert_eq!(
        said(&stage),
        [
            owned("r-ana", Kind::Triggered),
            owned("r-lena", Kind::Escalated),
            owned("r-ana", Kind::Resolved),
            owned("r-lena", Kind::Resolved),
        ]
    );
    let over = explained(&running, &alert_id).await;
    assert_eq!(over.notifications.len(), 4);
    running.stop().await;
}

#[tokio::test]
async fn nobody_takes_it_and_the_catch_all_has_it() {
    let stage = Stage::new();
    house(&stage);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    for (count, second) in [(1, 92), (2, 662), (3, 1_263)] {
        stage.clock.advance_to(at(second - 31));
        running.caught_up(&stage).await;
        running.until(|| stage.events().len() > count + 2).await;
        stage.clock.advance_to(at(second));
        until_said(&running, &stage, count).await;
    }
    let whom: Vec<_> = said(&stage)
        .into_iter()
        .map(|(id, kind, _)| (id, kind))
        .collect();
    assert_eq!(
        whom,
        [
            ("r-ana".to_owned(), Kind::Triggered),
            ("r-lena".to_owned(), Kind::Escalated),
            ("duty".to_owned(), Kind::Exhausted),
        ]
    );
    let alert = explained(&running, &only_alert(&running).await).await;
    let escalation = alert.alert.unwrap().escalation.unwrap();
    assert!(escalation.exhausted && escalation.goes_on_at.is_none());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_a_repeated_event_and_a_clock_set_back_tell_once() {
    let stage = Stage::new();
    house(&stage);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 3_600)]));
    let other = Arc::new(stage.log.of_another_process());
    let one = stage.start_on(Arc::new(stage.log.clone()), "one").await;
    let two = stage.start_on(other, "two").await;
    stage.clock.advance_to(at(3_601));
    one.until(|| !stage.lapses().is_empty()).await;
    // The lapse comes once more, and the clock goes back.
    let events = stage.events().into_iter();
    let lapsed: Vec<_> = events
        .filter(|event| matches!(event.fact(), Ok(Some(Fact::CommitmentLapsed(_)))))
        .collect();
    stage.append(&lapsed[0], "customer-1");
    stage.clock.jump_to(at(3_601 - 90));
    one.caught_up(&stage).await;
    two.caught_up(&stage).await;
    stage.clock.jump_to(at(3_640));
    for running in [&one, &two] {
        until_said(running, &stage, 1).await;
    }
    one.stop().await;
    two.stop().await;
    // Who starts anew finds nothing to say.
    let third = stage.start().await;
    third.caught_up(&stage).await;
    third.stop().await;
    assert_eq!(said(&stage), [("r-ana".to_owned(), Kind::Triggered, 1)]);
}

#[tokio::test]
async fn another_environment_tells_nobody_and_says_so() {
    let stage = Stage::new();
    house(&stage);
    let promises = vec![followed("c-1", 60), followed("c-2", 3_600)];
    stage.record(&Contact::new("i-1", promises));
    let log = || Arc::new(stage.log.clone()) as Arc<dyn Log>;
    let running = stage.start_in(log(), "views", Some("production")).await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    stage.clock.advance_to(at(92));
    until_said(&running, &stage, 1).await;
    running.stop().await;

    let copy = stage.start_in(log(), "copy", Some("staging")).await;
    stage.clock.advance_to(at(3_601));
    copy.until(|| stage.lapses().len() == 2).await;
    stage.clock.advance_to(at(3_640));
    copy.until(|| {
        let routed = routed(&stage);
        let verdicts = routed.iter().flat_map(|it| &it.alerts);
        let mut verdicts = verdicts.flat_map(|it| &it.verdicts);
        verdicts.any(|verdict| verdict.reason() == Reason::Environment)
    })
    .await;
    copy.stop().await;
    assert_eq!(messages(&stage).len(), 1);
    assert!(
        routed(&stage)
            .iter()
            .all(|it| it.environment == "production")
    );
}

#[tokio::test]
async fn a_silence_keeps_it_until_it_is_taken_out_of_use() {
    let stage = Stage::new();
    house(&stage);
    let silence = Silence {
        matchers: vec![LabelMatcher {
            label: "team".to_owned(),
            values: vec!["team-1".to_owned()],
            excluded: false,
        }],
        starts_at: wire(at(0)),
        ends_at: wire(at(80_000)),
        reason: "the telephones are being replaced".to_owned(),
        ..Silence::default()
    };
    set(&stage, 2, vec![("move", Body::Silence(silence.clone()))]);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    stage.clock.advance_to(at(92));
    running.until(|| routed(&stage).len() == 1).await;
    running.caught_up(&stage).await;
    let alert_id = only_alert(&running).await;
    let kept = explained(&running, &alert_id).await;
    assert_eq!(kept.verdicts[0].reason(), Reason::Silence);
    assert_eq!(kept.verdicts[0].by, "move");

    let asked = TestRouteRequest {
        labels: [("team".to_owned(), "team-1".to_owned())].into(),
        severity: AlertSeverity::High.into(),
        escalation_policy_id: "usual".to_owned(),
        latest: true,
        ..TestRouteRequest::default()
    };
    let answer = running.alerts("lead").test_route(asked.clone()).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.verdicts[0].reason(), Reason::Silence);
    let others = TestRouteRequest {
        labels: [("team".to_owned(), "team-2".to_owned())].into(),
        level: 2,
        ..asked.clone()
    };
    let answer = running.alerts("lead").test_route(others).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.notifications[0].receiver_id, "r-lena");
    let unknown = TestRouteRequest {
        escalation_policy_id: "none".to_owned(),
        ..asked
    };
    let refused = running.alerts("lead").test_route(unknown).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "INVALID_REQUEST");

    let now = stage.clock.now();
    let over = Setting {
        setting_id: "move".to_owned(),
        version: 3,
        retired: true,
        changed_at: wire(now),
        body: Some(Body::Silence(silence)),
        ..Setting::default()
    };
    change(&stage, 3, vec![over]);
    running.until(|| routed(&stage).len() == 2).await;
    stage.clock.advance_to(at(160));
    until_said(&running, &stage, 1).await;
    assert_eq!(said(&stage), [("r-ana".to_owned(), Kind::SilenceEnded, 1)]);
    running.stop().await;
}
