//! What about a contact needs a human: it is raised once, told as the house has it, and over when somebody has seen to it.

use std::sync::Arc;

use aftercall_domain::alert::Rule;
use aftercall_domain::concern::concern_id;
use aftercall_log::testing::{Fate, FaultyLog};
use aftercall_proto::alerts::v1::{AlertFilter, ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, InteractionAmended, InteractionAnalysed};
use aftercall_proto::model::v1::{
    Alert, AlertResolveCause, AlertSeverity, AlertState, Interaction, Signal, SignalKind,
    SignalSource, SignalSubject, alert,
};
use aftercall_service::Clock;
use pbjson_types::FieldMask;
use tonic::Code;

use crate::following::changed;
use crate::identifying::event;
use crate::stage::{Contact, OWNER, Running, Stage, TENANT, at, next_alert, wire};

mod handling;

const LEGAL: &str = "signal.legal_threat";
const MANAGER: &str = "signal.manager_request";

fn signal(kind: SignalKind, confidence: Option<f64>) -> Signal {
    Signal {
        kind: kind.into(),
        source: SignalSource::Model.into(),
        confidence,
        scorer: "house-model".to_owned(),
        scorer_version: "3".to_owned(),
        ..Signal::default()
    }
}

fn threat() -> Signal {
    signal(SignalKind::LegalThreat, None)
}

fn contact(stage: &Stage, interaction_id: &str, change: impl FnOnce(&mut Interaction)) -> Event {
    let contact = Contact::new(interaction_id, Vec::new());
    changed(contact.event(stage.clock.now()), change)
}

/// Records a contact in which these were noticed.
fn noticed(stage: &Stage, interaction_id: &str, signals: Vec<Signal>) -> String {
    let event = contact(stage, interaction_id, |contact| contact.signals = signals);
    stage.append(&event, "customer-1")
}

/// Signals are found in a contact later.
fn found(stage: &Stage, interaction_id: &str, version: u64, signals: Vec<Signal>) -> String {
    let fact = Fact::InteractionAnalysed(Box::new(InteractionAnalysed {
        signals,
        ..InteractionAnalysed::default()
    }));
    later(stage, interaction_id, version, &fact)
}

/// Its signals are replaced.
fn amended(stage: &Stage, interaction_id: &str, version: u64, signals: Vec<Signal>) -> String {
    let fact = Fact::InteractionAmended(Box::new(InteractionAmended {
        interaction: Some(Interaction {
            signals,
            ..Interaction::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["signals".to_owned()],
        }),
        ..InteractionAmended::default()
    }));
    later(stage, interaction_id, version, &fact)
}

fn later(stage: &Stage, interaction_id: &str, version: u64, fact: &Fact) -> String {
    let now = wire(stage.clock.now());
    let event = Event {
        interaction_id: interaction_id.to_owned(),
        customer_id: "customer-1".to_owned(),
        occurred_at: now,
        recorded_at: now,
        ..event(interaction_id, version, fact)
    };
    stage.append(&event, "customer-1")
}

/// What of the log says that something is raised, by rule and contact.
fn raised(stage: &Stage) -> Vec<(String, String)> {
    let events = stage.events().into_iter();
    let raised = events.filter_map(|event| match event.fact().unwrap() {
        Some(Fact::ConcernRaised(raised)) => Some((raised.rule, event.interaction_id)),
        _ => None,
    });
    raised.collect()
}

fn both(interaction_id: &str) -> Vec<(String, String)> {
    let rules = [LEGAL, MANAGER].into_iter();
    rules
        .map(|rule| (rule.to_owned(), interaction_id.to_owned()))
        .collect()
}

async fn listed(running: &Running, who: &str, filter: AlertFilter) -> Vec<Alert> {
    let request = ListAlertsRequest {
        filter: Some(filter),
        latest: true,
        ..ListAlertsRequest::default()
    };
    let answer = running.alerts(who).list_alerts(request).await.unwrap();
    answer.into_inner().alerts
}

async fn all(running: &Running) -> Vec<Alert> {
    listed(running, "lead", AlertFilter::default()).await
}

/// Waits until an alert is listed that is so, and returns it.
async fn until_listed(running: &Running, holds: impl Fn(&Alert) -> bool) -> Alert {
    let mut progress = running.followups.view().progress();
    let waiting = async {
        loop {
            progress.borrow_and_update();
            if let Some(alert) = all(running).await.into_iter().find(|alert| holds(alert)) {
                return alert;
            }
            progress.changed().await.unwrap();
        }
    };
    let waited = tokio::time::timeout(crate::stage::PATIENCE, waiting).await;
    waited.expect("there should be such an alert in the end")
}

fn signal_of(alert: &Alert) -> &SignalSubject {
    let Some(alert::Subject::Signal(signal)) = &alert.subject else {
        panic!("an alert is about a signal");
    };
    signal
}

#[tokio::test]
async fn a_threat_and_a_wish_for_a_manager_raise_an_alert_each() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut watch = running
        .alerts("lead")
        .watch_alerts(WatchAlertsRequest::default())
        .await
        .unwrap()
        .into_inner();
    let signals = vec![
        signal(SignalKind::ChurnThreat, Some(1.0)),
        threat(),
        signal(SignalKind::LegalThreat, Some(0.9)),
        signal(SignalKind::ManagerRequest, Some(0.5)),
    ];
    noticed(&stage, "i-1", signals);
    let mut told = [
        next_alert(&mut watch).await.0,
        next_alert(&mut watch).await.0,
    ];
    told.sort_by(|one, other| one.rule.cmp(&other.rule));
    let [legal, manager] = told;
    assert_eq!((&*legal.rule, &*manager.rule), (LEGAL, MANAGER));
    assert_eq!(
        (legal.severity(), manager.severity()),
        (AlertSeverity::High, AlertSeverity::Warning)
    );
    assert_eq!(
        (legal.state(), legal.episode_no),
        (AlertState::Triggered, 1)
    );
    assert_eq!(
        (&*legal.customer_id, &*legal.team_id),
        ("customer-1", "team-1")
    );
    let about = signal_of(&legal);
    assert_eq!(
        (&*about.interaction_id, about.kind()),
        ("i-1", SignalKind::LegalThreat)
    );
    // Of several signals the first; what nobody said is missing.
    assert_eq!((about.confidence, &*about.scorer), (None, "house-model"));
    assert_eq!(about.noticed_at, wire(at(0)));
    assert_eq!(legal.labels["kind"], "legal_threat");
    assert_eq!(legal.labels["rule"], LEGAL);
    running.caught_up(&stage).await;
    assert_eq!(all(&running).await.len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn each_is_raised_once_whoever_says_it_again_also_by_whoever_starts_anew() {
    let stage = Stage::with_partitions(4);
    noticed(&stage, "i-1", vec![threat()]);
    let running = stage.start().await;
    running.until(|| raised(&stage).len() == 1).await;
    // Said again, more surely, by others; and the other signal, found late.
    found(
        &stage,
        "i-1",
        2,
        vec![signal(SignalKind::LegalThreat, Some(1.0))],
    );
    found(
        &stage,
        "i-1",
        3,
        vec![signal(SignalKind::ManagerRequest, Some(0.8))],
    );
    found(&stage, "i-1", 4, vec![threat()]);
    running.until(|| raised(&stage).len() == 2).await;
    running.caught_up(&stage).await;
    running.stop().await;

    for views in ["views", "other"] {
        let running = stage.start_on(Arc::new(stage.log.clone()), views).await;
        running.caught_up(&stage).await;
        // What comes after everything that is left to say: once it is raised, the rest would be, too.
        let last = format!("last-{views}");
        noticed(&stage, &last, vec![threat()]);
        let about = |alert: &Alert| signal_of(alert).interaction_id == last;
        until_listed(&running, about).await;
        running.stop().await;
    }
    let mut first: Vec<_> = raised(&stage)
        .into_iter()
        .filter(|(_, id)| id == "i-1")
        .collect();
    first.sort();
    assert_eq!(first, both("i-1"));
    assert_eq!(raised(&stage).len(), 4);
    let ids = stage.events().into_iter();
    let ids: Vec<_> = ids
        .filter(|event| matches!(event.fact(), Ok(Some(Fact::ConcernRaised(_)))))
        .map(|event| event.aggregate_id)
        .collect();
    assert_eq!(ids.len(), 4);
    // Whoever knows the contact knows its id.
    let whose = aftercall_proto::envelope::contact_key(TENANT, "customer-1", "i-1");
    let whose = aftercall_view::key::whose(&whose);
    assert!(ids.contains(&concern_id(TENANT, Rule::LegalThreat, "i-1", whose)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_and_an_append_that_is_lost_raise_it_once() {
    let stage = Stage::new();
    let log = FaultyLog::failing(stage.log.clone(), [Fate::LostAck]);
    let other = stage.log.of_another_process();
    let one = stage.start_on(Arc::new(log), "one").await;
    let two = stage.start_on(Arc::new(other), "two").await;
    noticed(&stage, "i-1", vec![threat()]);
    for running in [&one, &two] {
        until_listed(running, |alert| alert.rule == LEGAL).await;
        assert_eq!(all(running).await.len(), 1);
    }
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn what_is_unsure_imported_or_something_else_disturbs_nobody() {
    let stage = Stage::new();
    let running = stage.start().await;
    noticed(
        &stage,
        "unsure",
        vec![signal(SignalKind::LegalThreat, Some(0.49))],
    );
    noticed(
        &stage,
        "other",
        vec![signal(SignalKind::ChurnThreat, Some(1.0))],
    );
    let mut imported = contact(&stage, "imported", |contact| {
        contact.signals = vec![threat()]
    });
    imported.import_batch = "2020".to_owned();
    stage.append(&imported, "customer-1");
    found(&stage, "imported", 2, vec![threat()]);
    found(&stage, "nowhere", 2, vec![threat()]);
    noticed(&stage, "sure", vec![threat()]);
    until_listed(&running, |alert| signal_of(alert).interaction_id == "sure").await;
    running.caught_up(&stage).await;
    assert_eq!(raised(&stage), [(LEGAL.to_owned(), "sure".to_owned())]);
    running.stop().await;
}

#[tokio::test]
async fn what_is_taken_back_is_over_and_what_stays_goes_on() {
    let stage = Stage::new();
    let running = stage.start().await;
    noticed(
        &stage,
        "i-1",
        vec![threat(), signal(SignalKind::ManagerRequest, None)],
    );
    running.until(|| raised(&stage).len() == 2).await;
    amended(
        &stage,
        "i-1",
        2,
        vec![signal(SignalKind::ManagerRequest, None)],
    );
    let over = until_listed(&running, |alert| alert.state() == AlertState::Resolved).await;
    assert_eq!(
        (&*over.rule, over.resolve_cause()),
        (LEGAL, AlertResolveCause::TakenBack)
    );
    let open = |alert: &Alert| alert.rule == MANAGER && alert.state() == AlertState::Triggered;
    until_listed(&running, open).await;
    // It was once; that it is said again does not raise it again.
    amended(
        &stage,
        "i-1",
        3,
        vec![threat(), signal(SignalKind::ManagerRequest, None)],
    );
    noticed(&stage, "i-2", vec![threat()]);
    until_listed(&running, |alert| signal_of(alert).interaction_id == "i-2").await;
    running.caught_up(&stage).await;
    assert_eq!(raised(&stage).len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn lists_tell_it_by_its_rule_and_state_to_whom_it_concerns() {
    let stage = Stage::new();
    let running = stage.start().await;
    noticed(
        &stage,
        "i-1",
        vec![threat(), signal(SignalKind::ManagerRequest, None)],
    );
    running.until(|| raised(&stage).len() == 2).await;
    running.caught_up(&stage).await;
    let of = |rules: &[&str]| AlertFilter {
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        ..AlertFilter::default()
    };
    for (rules, count) in [
        (vec![LEGAL], 1),
        (vec![MANAGER, LEGAL], 2),
        (vec!["commitment.promise_lapsed"], 0),
    ] {
        assert_eq!(
            listed(&running, "lead", of(&rules)).await.len(),
            count,
            "{rules:?}"
        );
    }
    let request = ListAlertsRequest {
        filter: Some(of(&["signal.praise"])),
        ..ListAlertsRequest::default()
    };
    let refused = running
        .alerts("lead")
        .list_alerts(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let owned = AlertFilter {
        owner_agent_ids: vec![OWNER.to_owned()],
        ..of(&[LEGAL])
    };
    assert_eq!(listed(&running, "lead", owned).await.len(), 1);
    assert!(
        listed(&running, "foreign", AlertFilter::default())
            .await
            .is_empty()
    );
    running.stop().await;
}
