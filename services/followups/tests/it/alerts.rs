//! The stream of alerts, and the list beside it.

use std::time::Duration;

use aftercall_log::Log;
use aftercall_proto::alerts::v1::{
    AlertFilter, ListAlertsRequest, WatchAlertsRequest, WatchAlertsResponse,
};
use aftercall_proto::model::v1::{
    Alert, AlertResolveCause, AlertSeverity, AlertState, CommitmentDraft, Owner, owner,
};
use aftercall_view::Positions;
use futures::FutureExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tonic::{Code, Streaming};

use crate::stage::{
    Contact, PATIENCE, Running, Stage, at, fulfil, next_alert as next, owned_by, promise,
    promise_of, reason,
};

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
    let about = promise_of(&fired);
    assert_eq!((about.commitment_id.as_str(), fired.episode_no), ("c-1", 1));
    assert_eq!(
        (about.interaction_id.as_str(), about.due_revision),
        ("i-1", 1)
    );
    assert_eq!(fired.rule, "commitment.promise_lapsed");
    let labels: Vec<_> = fired
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        labels,
        [
            "kind=call_back",
            "priority=p2",
            "rule=commitment.promise_lapsed",
            "severity=high",
            "team=team-1",
        ]
    );
    assert_eq!(fired.team_id, "team-1");

    fulfil(&running, "c-1").await;
    let (over, _) = next(&mut watch).await;
    assert_eq!(over.state(), AlertState::Resolved);
    assert_eq!(over.resolve_cause(), AlertResolveCause::Fulfilled);
    assert_eq!(over.alert_id, fired.alert_id);
    for (state, count) in [
        (Some(AlertState::Triggered), 0),
        (Some(AlertState::Resolved), 1),
        (None, 1),
    ] {
        let request = ListAlertsRequest {
            filter: Some(AlertFilter {
                states: state.into_iter().map(i32::from).collect(),
                ..AlertFilter::default()
            }),
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
    let given = |id: &str| {
        Some(id.to_owned())
            .filter(|id| !id.is_empty())
            .into_iter()
            .collect()
    };
    let asking = |team_id: &str, owner_agent_id: &str| WatchAlertsRequest {
        filter: Some(AlertFilter {
            team_ids: given(team_id),
            owner_agent_ids: given(owner_agent_id),
            ..AlertFilter::default()
        }),
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
    assert_eq!(
        promise_of(&next(&mut team).await.0).commitment_id,
        "of-team"
    );
    assert_eq!(
        promise_of(&next(&mut owner).await.0).commitment_id,
        "of-zoe"
    );

    // The end is the next thing that the other tenant hears.
    let end = async {
        loop {
            match foreign.message().await {
                Ok(answer) => assert_eq!(answer.unwrap().alert, None),
                Err(last) => return last,
            }
        }
    };
    let ((), last) = tokio::join!(running.stop(), end);
    assert_eq!(
        (last.code(), reason(&last).as_str()),
        (Code::Unavailable, "SERVER_STOPPING")
    );
}

/// The stage's promises on the way to alerts of every sort: of several teams, owners, priorities,
/// kinds and customers; every second one is over.
async fn many_alerts(stage: &Stage, running: &Running) -> Vec<Alert> {
    for no in 0..60 {
        let owner = match no % 5 {
            queue @ 0..2 => owner::Owner::QueueId(format!("queue-{queue}")),
            agent => owner::Owner::AgentId(format!("agent-{agent}")),
        };
        let draft = CommitmentDraft {
            owner: Some(Owner { owner: Some(owner) }),
            kind: 1 + no % 5,
            priority: 1 + no % 4,
            ..promise(&format!("c-{no}"), at(1 + i64::from(no)))
        };
        let contact = Contact {
            customer_id: format!("customer-{}", no % 6),
            team_id: format!("team-{}", no % 3),
            ..Contact::new(&format!("i-{no}"), vec![draft])
        };
        stage.record(&contact);
    }
    running.caught_up(stage).await;
    stage.clock.advance_to(at(100));
    running.until(|| stage.lapses().len() == 60).await;
    running.caught_up(stage).await;
    for no in (0..60).step_by(2) {
        fulfil(running, &format!("c-{no}")).await;
    }
    let all = ListAlertsRequest {
        page_size: 500,
        ..ListAlertsRequest::default()
    };
    let listed = running.alerts("lead").list_alerts(all).await.unwrap();
    listed.into_inner().alerts
}

/// Whether a filter holds, said in another way than the service says it.
fn holds(filter: &AlertFilter, alert: &Alert) -> bool {
    let text =
        |asked: &[String], there: &str| asked.is_empty() || asked.iter().any(|it| it == there);
    let number = |asked: &[i32], there: i32| asked.is_empty() || asked.contains(&there);
    let owned = match alert.owner.clone().unwrap().owner.unwrap() {
        owner::Owner::AgentId(id) => filter.owner_agent_ids.contains(&id),
        owner::Owner::QueueId(id) => filter.owner_queue_ids.contains(&id),
    };
    let anybodys = filter.owner_agent_ids.is_empty() && filter.owner_queue_ids.is_empty();
    number(&filter.states, alert.state)
        && text(&filter.team_ids, &alert.team_id)
        && (anybodys || owned)
        && number(&filter.severities, alert.severity)
        && number(&filter.kinds, promise_of(alert).kind)
        && text(&filter.customer_ids, &alert.customer_id)
}

fn filters() -> impl Strategy<Value = AlertFilter> {
    fn some<T: std::fmt::Debug + Clone + 'static>(
        value: impl Strategy<Value = T> + 'static,
    ) -> impl Strategy<Value = Vec<T>> {
        prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(value, 1..4)]
    }
    let id = |prefix: &'static str, count: usize| {
        some((0..count).prop_map(move |no| format!("{prefix}-{no}")))
    };
    let numbers = (some(1..=2), some(1..=4), some(1..=6));
    let ids = (
        id("team", 4),
        id("agent", 6),
        id("queue", 3),
        id("customer", 7),
    );
    (numbers, ids).prop_map(|((states, severities, kinds), ids)| {
        let (team_ids, owner_agent_ids, owner_queue_ids, customer_ids) = ids;
        AlertFilter {
            states,
            team_ids,
            owner_agent_ids,
            owner_queue_ids,
            severities,
            kinds,
            customer_ids,
            rules: Vec::new(),
        }
    })
}

#[tokio::test]
async fn every_filter_lists_what_a_look_at_all_alerts_finds() {
    let stage = Stage::new();
    let running = stage.start().await;
    let all = many_alerts(&stage, &running).await;
    assert_eq!(all.len(), 60);
    let mut runner = TestRunner::deterministic();
    let mut found = 0;
    for page_size in (1..20).cycle().take(200) {
        let filter = filters().new_tree(&mut runner).unwrap().current();
        let expected: Vec<_> = all
            .iter()
            .filter(|one| holds(&filter, one))
            .cloned()
            .collect();
        let mut request = ListAlertsRequest {
            filter: Some(filter),
            page_size,
            include_total: true,
            ..ListAlertsRequest::default()
        };
        let mut listed = Vec::new();
        loop {
            let page = running.alerts("lead").list_alerts(request.clone()).await;
            let page = page.unwrap().into_inner();
            assert_eq!(page.total_size, Some(expected.len() as u64), "{request:?}");
            listed.extend(page.alerts);
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(listed, expected, "{request:?}");
        found += expected.len();
    }
    assert!(found > 500, "the filters find something: {found}");
    running.stop().await;
}

#[tokio::test]
async fn a_watch_sends_what_its_filter_lists() {
    let stage = Stage::with_partitions(2);
    let running = stage.start().await;
    // From the very beginning on, so that every change is met, in the store or as it happens.
    let start = Positions::new().encode(stage.log.id());
    let mut runner = TestRunner::deterministic();
    let mut watches = Vec::new();
    for _ in 0..30 {
        let filter = filters().new_tree(&mut runner).unwrap().current();
        let request = WatchAlertsRequest {
            filter: Some(filter.clone()),
            resume_token: start.clone(),
        };
        let watch = running.alerts("lead").watch_alerts(request).await;
        watches.push((filter, watch.unwrap().into_inner()));
    }
    let mut every = watch(&running, &start).await;
    let all = many_alerts(&stage, &running).await;
    let mut changes = Vec::new();
    while changes.len() < 60 + 30 {
        changes.push(next(&mut every).await.0);
    }
    assert!(all.iter().all(|alert| changes.contains(alert)));
    for (filter, mut watch) in watches {
        for _ in changes.iter().filter(|change| holds(&filter, change)) {
            let (alert, _) = next(&mut watch).await;
            assert!(holds(&filter, &alert), "{filter:?}");
        }
    }
    running.stop().await;
}

/// The token of the next answer, which tells of no alert: the clock goes on until it comes.
async fn sign_of_life(stage: &Stage, watch: &mut Streaming<WatchAlertsResponse>) -> String {
    let answer = async {
        loop {
            stage.clock.advance(Duration::from_secs(2));
            if let Some(answer) = watch.message().now_or_never() {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    let answer = answer.unwrap().unwrap().unwrap();
    assert_eq!(answer.alert, None);
    answer.resume_token
}

#[tokio::test]
async fn a_watch_says_that_it_lives_and_its_token_moves_on() {
    let stage = Stage::new();
    let running = stage.start().await;
    let mut before = watch(&running, "").await;
    let first = begun(&mut before).await;
    // Nothing that it would be told of happens, however far the clock is moved below.
    stage.record(&Contact::new(
        "i-1",
        vec![promise("c-1", at(1_000_000_000))],
    ));
    running.caught_up(&stage).await;
    let mut token = first.clone();
    // It speaks again and again, although nothing happens, and goes on behind what it was not told.
    let mut answers = 0;
    while answers < 20 || token == first {
        answers += 1;
        token = sign_of_life(&stage, &mut before).await;
    }
    running.stop().await;

    // So it does after a restart, since when nothing at all has happened.
    let running = stage.start().await;
    let mut after = watch(&running, &first).await;
    assert_eq!(begun(&mut after).await, first);
    assert_eq!(sign_of_life(&stage, &mut after).await, token);
    running.stop().await;
}
