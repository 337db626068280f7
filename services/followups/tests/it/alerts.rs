//! The stream of alerts, and the list beside it.

use aftercall_proto::followups::v1::{
    FulfilCommitmentRequest, ListAlertsRequest, WatchAlertsRequest, WatchAlertsResponse,
};
use aftercall_proto::model::v1::{Alert, AlertResolveCause, AlertSeverity, AlertState};
use tonic::{Code, Streaming};

use crate::stage::{Contact, Running, Stage, at, owned_by, promise, reason};

async fn watch(running: &Running, resume_token: &str) -> Streaming<WatchAlertsResponse> {
    let request = WatchAlertsRequest {
        resume_token: resume_token.to_owned(),
        ..WatchAlertsRequest::default()
    };
    running
        .alerts("lead")
        .watch_alerts(request)
        .await
        .unwrap()
        .into_inner()
}

async fn begun(watch: &mut Streaming<WatchAlertsResponse>) -> String {
    let first = watch.message().await.unwrap().unwrap();
    assert_eq!(
        first.alert, None,
        "the first answer says that the watch has begun"
    );
    first.resume_token
}

async fn next(watch: &mut Streaming<WatchAlertsResponse>) -> (Alert, String) {
    let answer = watch.message().await.unwrap().unwrap();
    (answer.alert.unwrap(), answer.resume_token)
}

async fn fulfil(running: &Running, commitment_id: &str) {
    let request = FulfilCommitmentRequest {
        request_id: format!("fulfil-{commitment_id}"),
        commitment_id: commitment_id.to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    running
        .client("lead")
        .fulfil_commitment(request)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_alert_fires_when_a_promise_lapses_and_is_over_when_it_is_done() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut watch = watch(&running, "").await;
    begun(&mut watch).await;
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    stage.clock.advance_to(at(61));
    let (fired, _) = next(&mut watch).await;
    assert_eq!(
        (fired.state(), fired.severity()),
        (AlertState::Triggered, AlertSeverity::High)
    );
    assert_eq!((fired.commitment_id.as_str(), fired.episode_no), ("c-1", 1));
    assert_eq!(fired.rule_id, "commitment.promise_lapsed");
    assert_eq!(fired.team_id, "team-1");

    fulfil(&running, "c-1").await;
    let (over, _) = next(&mut watch).await;
    assert_eq!(over.state(), AlertState::Resolved);
    assert_eq!(over.resolve_cause(), AlertResolveCause::Fulfilled);
    assert_eq!(over.alert_id, fired.alert_id);
    for (state, count) in [
        (AlertState::Triggered, 0),
        (AlertState::Resolved, 1),
        (AlertState::Unspecified, 1),
    ] {
        let request = ListAlertsRequest {
            state: state.into(),
            ..ListAlertsRequest::default()
        };
        let listed = running
            .alerts("lead")
            .list_alerts(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(listed.alerts.len(), count, "{state:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_watch_goes_on_by_its_token_after_a_restart_without_loss_or_repetition() {
    let stage = Stage::with_partitions(2);
    let running = stage.start().await;
    for no in 0..300 {
        let contact = Contact {
            customer_id: format!("customer-{}", no % 5),
            ..Contact::new(
                &format!("i-{no}"),
                vec![promise(&format!("c-{no}"), at(1 + no))],
            )
        };
        stage.record(&contact);
    }
    let mut first = watch(&running, "").await;
    let mut token = begun(&mut first).await;
    stage.clock.advance_to(at(200));
    let mut seen = Vec::new();
    for _ in 0..70 {
        let (alert, resume_token) = next(&mut first).await;
        seen.push(alert.alert_id);
        token = resume_token;
    }
    running.until(|| stage.lapses().len() == 199).await;
    running.stop().await;

    let running = stage.start().await;
    stage.clock.advance_to(at(301));
    let mut second = watch(&running, &token).await;
    assert_eq!(begun(&mut second).await, token);
    for _ in 70..300 {
        seen.push(next(&mut second).await.0.alert_id);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 300, "each alert once");
    running.stop().await;
}

#[tokio::test]
async fn a_watch_sees_what_it_asked_for_and_only_its_tenant() {
    let stage = Stage::new();
    let running = stage.start().await;
    let asking = |team_id: &str, owner_agent_id: &str| WatchAlertsRequest {
        team_id: team_id.to_owned(),
        owner_agent_id: owner_agent_id.to_owned(),
        ..WatchAlertsRequest::default()
    };
    let mut alerts = running.alerts("lead");
    let mut team = alerts
        .watch_alerts(asking("team-2", ""))
        .await
        .unwrap()
        .into_inner();
    let mut owner = alerts
        .watch_alerts(asking("", "zoe"))
        .await
        .unwrap()
        .into_inner();
    let foreign = running.alerts("foreign").watch_alerts(asking("", "")).await;
    let mut foreign = foreign.unwrap().into_inner();
    for watch in [&mut team, &mut owner, &mut foreign] {
        begun(watch).await;
    }
    let mut of_zoe = promise("of-zoe", at(3));
    of_zoe.owner = owned_by("zoe");
    stage.record(&Contact::new("i-1", vec![promise("plain", at(1)), of_zoe]));
    let second_team = Contact {
        team_id: "team-2".to_owned(),
        ..Contact::new("i-2", vec![promise("of-team", at(2))])
    };
    stage.record(&second_team);
    stage.clock.advance_to(at(4));
    assert_eq!(next(&mut team).await.0.commitment_id, "of-team");
    assert_eq!(next(&mut owner).await.0.commitment_id, "of-zoe");

    // The end is the next thing that the other tenant hears.
    let (stopped, last) = tokio::join!(running.stop(), foreign.message());
    let () = stopped;
    let last = last.unwrap_err();
    assert_eq!(
        (last.code(), reason(&last).as_str()),
        (Code::Unavailable, "SERVER_STOPPING")
    );
}
