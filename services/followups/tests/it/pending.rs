//! What fires and is not decided yet, and what that means for those who watch and list.

use aftercall_proto::alerts::v1::{
    AlertFilter, ListAlertsRequest, WatchAlertsRequest, WatchAlertsResponse,
};
use aftercall_proto::model::v1::{Alert, AlertResolveCause, AlertState};
use tonic::Streaming;

use crate::routing::{explained, followed, house, messages, routed, until_said};
use crate::stage::{Contact, Running, Stage, at, fulfil, next_alert};

async fn watching(running: &Running, resume_token: &str) -> Streaming<WatchAlertsResponse> {
    let request = WatchAlertsRequest {
        resume_token: resume_token.to_owned(),
        ..WatchAlertsRequest::default()
    };
    let watch = running.alerts("lead").watch_alerts(request).await;
    watch.unwrap().into_inner()
}

async fn listed(running: &Running, state: AlertState) -> Vec<Alert> {
    let request = ListAlertsRequest {
        filter: Some(AlertFilter {
            states: vec![state.into()],
            ..AlertFilter::default()
        }),
        latest: true,
        ..ListAlertsRequest::default()
    };
    let answer = running.alerts("lead").list_alerts(request).await;
    answer.unwrap().into_inner().alerts
}

/// How many alerts are in each of these states.
async fn standing<const N: usize>(running: &Running, states: [AlertState; N]) -> [usize; N] {
    let mut counts = [0; N];
    for (count, state) in counts.iter_mut().zip(states) {
        *count = listed(running, state).await.len();
    }
    counts
}

/// A service that follows a promise which is due in a minute, by partitions that are read beside each other.
async fn begin() -> (Stage, Running) {
    let stage = Stage::with_partitions(4);
    house(&stage);
    stage.record(&Contact::new("i-1", vec![followed("c-1", 60)]));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    (stage, running)
}

#[tokio::test]
async fn an_alert_is_pending_until_it_is_decided_who_is_told_and_watches_tell_both() {
    let (stage, running) = begin().await;
    let mut watch = watching(&running, "").await;
    let first = watch.message().await.unwrap().unwrap().resume_token;
    stage.clock.advance_to(at(61));
    let (fired, token) = next_alert(&mut watch).await;
    assert_eq!(fired.state(), AlertState::Pending);
    let states = [
        AlertState::Pending,
        AlertState::Triggered,
        AlertState::Closed,
    ];
    assert_eq!(standing(&running, states).await, [1, 0, 0]);
    let why = explained(&running, &fired.alert_id).await;
    assert_eq!(why.alert.unwrap().state(), AlertState::Pending);

    stage.clock.advance_to(at(92));
    let (told, _) = next_alert(&mut watch).await;
    assert_eq!(told.state(), AlertState::Triggered);
    assert_eq!((told.level, &told.alert_id), (1, &fired.alert_id));
    running.caught_up(&stage).await;
    assert_eq!(standing(&running, states).await, [0, 1, 0]);
    let why = explained(&running, &fired.alert_id).await;
    assert_eq!(why.alert.unwrap().state(), AlertState::Triggered);
    // Who comes back hears how it stands: whoever had heard that it fires, and who had not.
    for token in [token, first] {
        let (now, _) = next_alert(&mut watching(&running, &token).await).await;
        assert_eq!(
            (now.state(), now.alert_id),
            (told.state(), told.alert_id.clone())
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_over_while_it_is_pending_is_closed_and_nobody_hears_of_it() {
    let (stage, running) = begin().await;
    let mut watch = watching(&running, "").await;
    stage.clock.advance_to(at(61));
    assert_eq!(next_alert(&mut watch).await.0.state(), AlertState::Pending);
    fulfil(&running, "c-1").await;
    let (over, _) = next_alert(&mut watch).await;
    assert_eq!(over.state(), AlertState::Closed);
    assert_eq!(over.resolve_cause(), AlertResolveCause::Fulfilled);
    assert!(over.resolved_at.is_some() && over.handled_by.is_empty());
    let states = [
        AlertState::Pending,
        AlertState::Closed,
        AlertState::Resolved,
    ];
    assert_eq!(standing(&running, states).await, [0, 1, 0]);

    // Another one of the same group is told after that, and this one is not.
    stage.record(&Contact::new("i-2", vec![followed("c-2", 600)]));
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(601));
    running.until(|| stage.lapses().len() == 2).await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(632));
    until_said(&running, &stage, 1).await;
    let told = messages(&stage).remove(0);
    assert_eq!(told.alerts.len(), 1);
    assert_ne!(told.alerts[0].alert_id, over.alert_id);
    let decided = routed(&stage).into_iter().flat_map(|round| round.alerts);
    let decided: Vec<_> = decided.map(|alert| alert.alert_id).collect();
    assert!(!decided.is_empty() && !decided.contains(&over.alert_id));
    // What was told of is resolved.
    fulfil(&running, "c-2").await;
    until_said(&running, &stage, 2).await;
    assert_eq!(standing(&running, states).await, [0, 1, 1]);
    running.stop().await;
}
