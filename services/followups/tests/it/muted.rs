//! A copy of the data tells nobody, also where nobody was told anything before it was made.

use std::collections::BTreeSet;
use std::sync::Arc;

use aftercall_log::Log;
use aftercall_proto::alerts::v1::TestRouteRequest;
use aftercall_proto::model::v1::{AlertSeverity, NotificationKind as Kind, RouteReason as Reason};

use crate::routing::{followed, house, messages, routed};
use crate::stage::{Contact, Stage, at};

/// Why receivers were told or not.
fn reasons(stage: &Stage) -> BTreeSet<Reason> {
    let routed = routed(stage).into_iter();
    let verdicts = routed.flat_map(|one| one.alerts).flat_map(|it| it.verdicts);
    verdicts.map(|verdict| verdict.reason()).collect()
}

/// Of which promises messages tell, and what.
fn told(stage: &Stage) -> BTreeSet<(String, Kind)> {
    let alerts = messages(stage).into_iter().flat_map(|one| one.alerts);
    let told = alerts.map(|alert| {
        let kind = alert.kind();
        let promise = alert.promise.unwrap_or_default();
        (promise.commitment_id, kind)
    });
    told.collect()
}

#[tokio::test]
async fn a_copy_tells_nobody_and_in_the_others_place_tells_what_is_new() {
    let stage = Stage::new();
    house(&stage);
    let promises = vec![followed("c-1", 60), followed("c-2", 3_600)];
    stage.record(&Contact::new("i-1", promises));
    // No event names an environment yet.
    let log = Arc::new(stage.log.as_a_copy()) as Arc<dyn Log>;
    let copy = stage.start_on(log, "copy").await;
    stage.clock.advance_to(at(61));
    copy.until(|| stage.lapses().len() == 1).await;
    stage.clock.advance_to(at(92));
    copy.until(|| reasons(&stage).contains(&Reason::Environment))
        .await;
    copy.caught_up(&stage).await;
    let asked = TestRouteRequest {
        labels: [("team".to_owned(), "team-1".to_owned())].into(),
        severity: AlertSeverity::High.into(),
        escalation_policy_id: "usual".to_owned(),
        latest: true,
        ..TestRouteRequest::default()
    };
    let tried = copy.alerts("lead").test_route(asked).await.unwrap();
    let tried = tried.into_inner();
    assert_eq!(tried.verdicts[0].reason(), Reason::Environment);
    assert_eq!(tried.notifications, []);
    copy.stop().await;
    assert_eq!(messages(&stage), []);
    let here = stage.log.id().to_string();
    assert!(routed(&stage).iter().all(|one| one.environment == here));

    let first = stage.start().await;
    first.caught_up(&stage).await;
    stage.clock.advance_to(at(3_601));
    first.until(|| stage.lapses().len() == 2).await;
    stage.clock.advance_to(at(3_640));
    let news = ("c-2".to_owned(), Kind::Triggered);
    first.until(|| told(&stage).contains(&news)).await;
    first.stop().await;
    let before = ("c-1".to_owned(), Kind::Triggered);
    assert!(!told(&stage).contains(&before), "{:?}", told(&stage));
}
