//! Who is back before they were called back after a dropped call, and who that is; and who reaches us while we wait for
//! them.

use std::sync::Arc;

use aftercall_proto::alerts::v1::{ListAlertsRequest, SnoozeAlertRequest};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentPaused, Event};
use aftercall_proto::followups::v1::PauseCommitmentRequest;
use aftercall_proto::model::v1::{
    AlertState, AttemptResult, Commitment, CommitmentDraft, CommitmentLifecycle, FollowUp,
    NewTarget, Pause, PauseReason, ResumeCause, Turn,
};
use aftercall_service::Clock;

use crate::drops::{
    assert_returned, begun, call_back, closed, contact, drop_call, house, inbound, lose,
};
use crate::following::{by_policy, set_up, talk, when};
use crate::identifying::{event, identify, merge};
use crate::stage::{Contact, Running, Stage, at, promise, telephone, unwire, wire};

#[tokio::test]
async fn nobody_is_known_by_their_number_and_customers_who_are_one_by_each_other() {
    let stage = house().await;
    let running = stage.start().await;
    let other = contact(&stage, ("u-other", ""), |contact| {
        let customer = contact.customer.as_mut().unwrap();
        customer.handles = telephone("+4930999002").into_iter().collect();
        lose(contact);
    });
    stage.append(&other, "");
    drop_call(&stage, "u-1", "");
    drop_call(&stage, "u-2", "");
    drop_call(&stage, "i-3", "customer-3");
    let ids = [
        ("u-other", ""),
        ("u-1", ""),
        ("u-2", ""),
        ("i-3", "customer-3"),
    ];
    let [other, first, second, third] = ids.map(|(id, customer)| call_back(id, customer));
    for id in [&other, &first, &second, &third] {
        begun(&running, &stage, id).await;
    }
    // One of the two turns out to be somebody, who has another number today; the other one calls from theirs.
    stage.clock.advance_to(at(700));
    identify(&stage, ("u-1", ""), 2, "customer-1");
    when(&running, &first, |shown| shown.customer_id == "customer-1").await;
    let elsewhere = contact(&stage, ("i-9", "customer-1"), |contact| {
        contact.occurred_at = wire(stage.clock.now());
        contact.customer.as_mut().unwrap().handles.clear();
    });
    stage.append(&elsewhere, "customer-1");
    assert_returned(&closed(&running, &stage, &first).await, "i-9");
    stage.clock.advance_to(at(710));
    inbound(&stage, "u-9", "");
    assert_returned(&closed(&running, &stage, &second).await, "u-9");
    let third = closed(&running, &stage, &third).await;
    assert_returned(&third, "u-9");

    // Customers may turn out to be one after the contact.
    stage.clock.advance_to(at(715));
    drop_call(&stage, "i-4", "customer-4");
    let fourth = call_back("i-4", "customer-4");
    begun(&running, &stage, &fourth).await;
    stage.clock.advance_to(at(720));
    inbound(&stage, "i-5", "customer-5");
    running.caught_up(&stage).await;
    assert_eq!(running.get(&fourth, "").await.version, 1);
    merge(&stage, ("customer-4", "customer-5"), 1, true);
    assert_returned(&closed(&running, &stage, &fourth).await, "i-5");
    let unknown = running.get(&other, "").await;
    assert_eq!(unknown.lifecycle(), CommitmentLifecycle::Active);
    running.stop().await;
}

#[tokio::test]
async fn who_was_back_before_the_drop_was_heard_of_is_not_called_back() {
    let stage = house().await;
    for (no, customer) in ["customer-1", ""].into_iter().enumerate() {
        let (back, lost) = (format!("back-{no}"), format!("lost-{no}"));
        stage.clock.advance_to(at(900 + no as i64));
        inbound(&stage, &back, customer);
        // It was over five minutes before.
        let late = contact(&stage, (&lost, customer), |contact| {
            lose(contact);
            contact.occurred_at = wire(at(400));
            contact.ended_at = wire(at(600));
        });
        stage.append(&late, customer);
    }
    let running = stage.start().await;
    let first = closed(&running, &stage, &call_back("lost-0", "customer-1")).await;
    assert_returned(&first, "back-0");
    assert_eq!(first.lapses, []);
    // Somebody of that number was back before the other one.
    let second = closed(&running, &stage, &call_back("lost-1", "")).await;
    assert_returned(&second, "back-0");
    running.stop().await;
}

#[tokio::test]
async fn who_is_back_in_time_is_no_lapse_though_it_is_heard_of_late() {
    let stage = house().await;
    let running = stage.start().await;
    drop_call(&stage, "i-1", "customer-1");
    let id = call_back("i-1", "customer-1");
    begun(&running, &stage, &id).await;
    running.stop().await;
    stage.clock.advance_to(at(700));
    inbound(&stage, "i-2", "customer-1");
    stage.clock.advance_to(at(10_000));
    let running = stage.start().await;
    let shown = closed(&running, &stage, &id).await;
    assert_returned(&shown, "i-2");
    assert_eq!((shown.lapses.len(), stage.lapses().len()), (0, 0));
    running.stop().await;
}

/// A stage with promises of which we want half an hour: they are the first customer's.
fn targeted(ids: &[&str]) -> Stage {
    let stage = Stage::with_partitions(4);
    let drafts = ids.iter().map(|id| CommitmentDraft {
        target: Some(NewTarget {
            target_at: wire(at(1_800)),
            reckoning: None,
        }),
        ..promise(id, at(90_000))
    });
    stage.record(&Contact::new("i-1", drafts.collect()));
    stage
}

async fn pause(running: &Running, id: &str, request_id: &str, reason: PauseReason) {
    let request = PauseCommitmentRequest {
        request_id: request_id.to_owned(),
        commitment_id: id.to_owned(),
        reason: reason.into(),
        ..PauseCommitmentRequest::default()
    };
    let paused = running.client("lead").pause_commitment(request).await;
    paused.unwrap();
}

/// Of each promise that went on, because of which contact.
fn resumed(stage: &Stage) -> Vec<(String, ResumeCause, String)> {
    let events = stage.events().into_iter();
    let resumed = events.filter_map(|event| match event.fact().unwrap() {
        Some(Fact::CommitmentResumed(resumed)) => Some((
            event.aggregate_id,
            resumed.cause(),
            resumed.returned_interaction_id,
        )),
        _ => None,
    });
    resumed.collect()
}

#[tokio::test]
async fn a_customer_who_reaches_us_ends_the_pause_that_waited_for_them() {
    let stage = targeted(&["c-1", "c-2"]);
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(600));
    pause(&running, "c-1", "r-1", PauseReason::AwaitingCustomer).await;
    pause(&running, "c-2", "r-2", PauseReason::AwaitingThirdParty).await;
    // Somebody else does not, nor does what came before.
    stage.clock.advance_to(at(700));
    inbound(&stage, "i-other", "customer-2");
    let before = contact(&stage, ("i-before", "customer-1"), |contact| {
        contact.occurred_at = wire(at(500));
    });
    stage.append(&before, "customer-1");
    running.caught_up(&stage).await;
    assert_eq!(running.get("c-1", "").await.version, 2);

    stage.clock.advance_to(at(900));
    inbound(&stage, "i-2", "customer-1");
    let shown = when(&running, "c-1", |shown| shown.pause.is_none()).await;
    assert_eq!(shown.lifecycle(), CommitmentLifecycle::Active);
    let target = shown.target.unwrap();
    assert_eq!(unwire(target.target_at.as_ref()), at(1_800 + 300));
    let by = |cause, contact: &str| ("c-1".to_owned(), cause, contact.to_owned());
    let returned = by(ResumeCause::CustomerReturned, "i-2");
    assert_eq!(resumed(&stage), std::slice::from_ref(&returned));

    // It may be paused again, and the same contact does not end that.
    stage.clock.advance_to(at(1_000));
    pause(&running, "c-1", "r-3", PauseReason::AwaitingCustomer).await;
    running.caught_up(&stage).await;
    let shown = running.get("c-1", "").await;
    assert_eq!(
        (shown.lifecycle(), shown.version),
        (CommitmentLifecycle::Paused, 4)
    );
    let other = running.get("c-2", "").await;
    assert_eq!(other.lifecycle(), CommitmentLifecycle::Paused);
    running.stop().await;
    assert_eq!(resumed(&stage), [returned]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_trackers_and_a_rebuild_end_a_pause_once_by_a_contact_that_is_named_late() {
    let stage = targeted(&["c-1"]);
    let running = stage.start().await;
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(600));
    pause(&running, "c-1", "r-1", PauseReason::AwaitingCustomer).await;
    running.stop().await;
    stage.clock.advance_to(at(900));
    inbound(&stage, "u-2", "");
    identify(&stage, ("u-2", ""), 2, "customer-1");
    stage.clock.advance_to(at(90_000));
    let other = Arc::new(stage.log.of_another_process());
    let [one, other] = [
        stage.start_on(Arc::new(stage.log.clone()), "one").await,
        stage.start_on(other, "other").await,
    ];
    for running in [one, other] {
        let shown = when(&running, "c-1", |shown| !shown.lapses.is_empty()).await;
        let lapsed_at = shown.lapses[0].lapsed_at.as_ref();
        assert_eq!(
            unwire(lapsed_at),
            at(1_800 + 300),
            "as if it had been noticed at once"
        );
        running.stop().await;
    }
    let running = stage.start_on(Arc::new(stage.log.clone()), "again").await;
    running.caught_up(&stage).await;
    let shown = running.get("c-1", "").await;
    assert_eq!(shown.lifecycle(), CommitmentLifecycle::Active);
    running.stop().await;
    let first = resumed(&stage).remove(0);
    assert_eq!((first.1, &*first.2), (ResumeCause::CustomerReturned, "u-2"));
}

#[tokio::test]
async fn a_customer_who_reaches_us_ends_the_snooze_of_an_alert() {
    let stage = Stage::with_partitions(4);
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    let running = stage.start().await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    running.caught_up(&stage).await;
    let list = || ListAlertsRequest {
        latest: true,
        ..ListAlertsRequest::default()
    };
    let listed = running.alerts("lead").list_alerts(list()).await.unwrap();
    let alert = listed.into_inner().alerts.remove(0);
    let snooze = SnoozeAlertRequest {
        request_id: "r-1".to_owned(),
        alert_id: alert.alert_id,
        snoozed_until: wire(at(7_200)),
    };
    running.alerts("lead").snooze_alert(snooze).await.unwrap();
    stage.clock.advance_to(at(600));
    inbound(&stage, "i-2", "customer-1");
    let by_contact = || {
        let events = stage.events().into_iter();
        let by = events.filter_map(|event| match event.fact().unwrap() {
            Some(Fact::AlertRetriggered(again)) => Some(again.returned_interaction_id),
            _ => None,
        });
        by.collect::<Vec<_>>()
    };
    running.until(|| !by_contact().is_empty()).await;
    running.caught_up(&stage).await;
    let listed = running.alerts("lead").list_alerts(list()).await.unwrap();
    let alert = listed.into_inner().alerts.remove(0);
    assert_eq!((alert.state(), alert.level), (AlertState::Triggered, 2));
    running.stop().await;
    assert_eq!(by_contact(), ["i-2"]);
}

/// The alerts that went on by a contact, by their promises.
fn woken(stage: &Stage) -> Vec<(String, String)> {
    let events = stage.events().into_iter();
    let by = events.filter_map(|event| match event.fact().unwrap() {
        Some(Fact::AlertRetriggered(again)) => {
            Some((event.aggregate_id, again.returned_interaction_id))
        }
        _ => None,
    });
    by.collect()
}

#[tokio::test]
async fn a_contact_that_keeps_a_promise_wakes_none_of_its_alerts() {
    let stage = Stage::with_partitions(4);
    set_up(&stage).await;
    let due = |draft| CommitmentDraft {
        promised_by: wire(at(60)),
        ..draft
    };
    let promises = vec![due(by_policy("c-1")), due(by_policy("c-2"))];
    stage.record(&Contact::new("i-1", promises));
    let running = stage.start().await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 2).await;
    running.caught_up(&stage).await;
    let list = ListAlertsRequest {
        latest: true,
        ..ListAlertsRequest::default()
    };
    let listed = running.alerts("lead").list_alerts(list).await.unwrap();
    for alert in listed.into_inner().alerts {
        let snooze = SnoozeAlertRequest {
            request_id: alert.alert_id.clone(),
            alert_id: alert.alert_id,
            snoozed_until: wire(at(7_200)),
        };
        running.alerts("lead").snooze_alert(snooze).await.unwrap();
    }
    stage.clock.advance_to(at(600));
    let back = contact(&stage, ("i-2", "customer-1"), |contact| {
        contact.follow_ups = vec![FollowUp {
            commitment_id: "c-1".to_owned(),
            result: AttemptResult::Reached.into(),
        }];
        contact.segments = vec![talk(&stage, 60)];
    });
    stage.append(&back, "customer-1");
    // The other promise is not kept by it, and its alert goes on.
    running.until(|| !woken(&stage).is_empty()).await;
    let kept = when(&running, "c-1", |shown| {
        shown.lifecycle() == CommitmentLifecycle::Fulfilled
    });
    kept.await;
    running.caught_up(&stage).await;
    running.stop().await;
    assert_eq!(woken(&stage), [("c-2".to_owned(), "i-2".to_owned())]);
}

#[tokio::test]
async fn a_pause_from_before_customers_ended_pauses_is_ended_by_none() {
    let stage = targeted(&["c-1", "c-2"]);
    stage.clock.advance_to(at(600));
    // As an earlier version noted it.
    let paused = Fact::CommitmentPaused(CommitmentPaused {
        pause: Some(Pause {
            paused_at: wire(at(600)),
            reason: PauseReason::AwaitingCustomer.into(),
            turn: Turn::Customer.into(),
            paused_by: "lena".to_owned(),
            ..Pause::default()
        }),
    });
    let paused = Event {
        interaction_id: "i-1".to_owned(),
        customer_id: "customer-1".to_owned(),
        recorded_at: wire(at(600)),
        ..event("c-1", 2, &paused)
    };
    stage.append(&paused, "customer-1");
    let running = stage.start().await;
    running.caught_up(&stage).await;
    pause(&running, "c-2", "r-1", PauseReason::AwaitingCustomer).await;
    stage.clock.advance_to(at(900));
    inbound(&stage, "i-2", "customer-1");
    let goes_on = |shown: &Commitment| shown.lifecycle() == CommitmentLifecycle::Active;
    when(&running, "c-2", goes_on).await;
    running.caught_up(&stage).await;
    let shown = running.get("c-1", "").await;
    assert_eq!(shown.lifecycle(), CommitmentLifecycle::Paused);
    running.stop().await;
    let by = resumed(&stage).into_iter().map(|(id, ..)| id);
    assert_eq!(by.collect::<Vec<_>>(), ["c-2"]);
}
