//! What is done about it, and who is told.

use aftercall_proto::alerts::v1::{AcknowledgeAlertRequest, CloseAlertRequest, SnoozeAlertRequest};
use aftercall_proto::envelope::Fact;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    Alert, AlertState, Customer, EscalationPolicy, NotificationKind as Kind, SignalKind,
};
use aftercall_service::Clock;

use super::{LEGAL, all, amended, noticed, raised, signal, signal_of, threat, until_listed};
use crate::following::changed;
use crate::identifying::identify;
use crate::routing::{explained, house, only_alert, said, set, until_said};
use crate::stage::{Contact, Stage, at, reason, wire};

#[tokio::test]
async fn somebody_sees_to_it_snoozes_it_and_puts_it_away() {
    let stage = Stage::new();
    let running = stage.start().await;
    noticed(&stage, "i-1", vec![threat()]);
    let alert_id = until_listed(&running, |alert| alert.rule == LEGAL)
        .await
        .alert_id;
    let mut alerts = running.alerts("supervisor");
    let snooze = |request_id: &str| SnoozeAlertRequest {
        request_id: request_id.to_owned(),
        alert_id: alert_id.clone(),
        snoozed_until: wire(at(600)),
    };
    let snoozed = alerts
        .snooze_alert(snooze("r1"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(snoozed.alert.clone().unwrap().state(), AlertState::Snoozed);
    let again = alerts
        .snooze_alert(snooze("r1"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, snoozed);
    // The time is over: it goes on, a level higher.
    stage.clock.advance_to(at(601));
    let back = |alert: &Alert| alert.state() == AlertState::Triggered;
    assert_eq!(until_listed(&running, back).await.level, 2);

    let acknowledge = AcknowledgeAlertRequest {
        request_id: "r2".to_owned(),
        alert_id: alert_id.clone(),
        note: "our lawyers know".to_owned(),
        ..AcknowledgeAlertRequest::default()
    };
    let taken = alerts
        .acknowledge_alert(acknowledge)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(taken.alert.unwrap().state(), AlertState::Acknowledged);
    let close = |request_id: &str| CloseAlertRequest {
        request_id: request_id.to_owned(),
        alert_id: alert_id.clone(),
        reason: "settled".to_owned(),
    };
    let closed = alerts.close_alert(close("r3")).await.unwrap().into_inner();
    assert_eq!(closed.alert.unwrap().state(), AlertState::Closed);
    let refused = alerts.close_alert(close("r4")).await.unwrap_err();
    assert_eq!(reason(&refused), "ALERT_OVER");

    // It has happened: that it is still so a day later raises nothing.
    stage.clock.advance_to(at(3 * 86_400));
    noticed(&stage, "i-2", vec![threat()]);
    until_listed(&running, |alert| signal_of(alert).interaction_id == "i-2").await;
    running.caught_up(&stage).await;
    let first = all(&running)
        .await
        .into_iter()
        .find(|alert| alert.alert_id == alert_id);
    assert_eq!(first.unwrap().state(), AlertState::Closed);
    running.stop().await;
}

/// The house of routing, whose policy has threats told, too.
fn telling(stage: &Stage) {
    house(stage);
    let setting = stage.events().pop().unwrap();
    let Some(Fact::SettingsChanged(changed)) = setting.fact().unwrap() else {
        panic!("the house has settings");
    };
    let mut bodies = changed
        .settings
        .into_iter()
        .filter_map(|setting| setting.body);
    let usual = bodies.find_map(|body| match body {
        Body::EscalationPolicy(policy) => Some(policy),
        _ => None,
    });
    let threats = EscalationPolicy {
        rules: vec![LEGAL.to_owned()],
        ..usual.unwrap()
    };
    set(stage, 2, vec![("threats", Body::EscalationPolicy(threats))]);
}

#[tokio::test]
async fn the_house_is_told_and_the_next_level_if_nobody_takes_it() {
    let stage = Stage::new();
    telling(&stage);
    let running = stage.start().await;
    running.caught_up(&stage).await;
    noticed(
        &stage,
        "i-1",
        vec![threat(), signal(SignalKind::ManagerRequest, None)],
    );
    running.until(|| raised(&stage).len() == 2).await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(31));
    until_said(&running, &stage, 1).await;
    let alert = until_listed(&running, |alert| alert.rule == LEGAL).await;
    let told = explained(&running, &alert.alert_id).await;
    let about = told.notifications[0].alerts[0].clone();
    assert_eq!(about.promise, None);
    assert_eq!(about.signal.unwrap().interaction_id, "i-1");
    assert_eq!(told.next_receiver_ids, ["r-lena"]);

    stage.clock.advance_to(at(601));
    until_listed(&running, |alert| alert.level == 2).await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(632));
    until_said(&running, &stage, 2).await;
    amended(&stage, "i-1", 2, Vec::new());
    until_said(&running, &stage, 4).await;
    let one = |id: &str, kind| (id.to_owned(), kind, 1);
    assert_eq!(
        said(&stage),
        [
            one("r-ana", Kind::Triggered),
            one("r-lena", Kind::Escalated),
            one("r-ana", Kind::Resolved),
            one("r-lena", Kind::Resolved),
        ]
    );
    running.stop().await;
}

#[tokio::test]
async fn it_is_the_customers_whose_contact_it_turns_out_to_be() {
    let stage = Stage::with_partitions(4);
    let nobodys = Contact {
        customer_id: String::new(),
        ..Contact::new("i-9", Vec::new())
    };
    let recorded = changed(nobodys.event(stage.clock.now()), |contact| {
        contact.signals = vec![threat()];
        contact.customer = Some(Customer::default());
    });
    stage.append(&recorded, "");
    let running = stage.start().await;
    let alert = until_listed(&running, |alert| alert.rule == LEGAL).await;
    assert_eq!(alert.customer_id, "");
    identify(&stage, ("i-9", ""), 2, "C-1");
    until_listed(&running, |alert| alert.customer_id == "C-1").await;
    // What is done about it stands under the contact's own key, and so it counts.
    let close = CloseAlertRequest {
        request_id: "r1".to_owned(),
        alert_id: only_alert(&running).await,
        reason: "settled".to_owned(),
    };
    let closed = running
        .alerts("supervisor")
        .close_alert(close)
        .await
        .unwrap();
    assert_eq!(closed.into_inner().alert.unwrap().customer_id, "C-1");
    let keys = stage.keys();
    assert!(keys.iter().all(|key| *key == keys[0]));
    running.stop().await;
}
