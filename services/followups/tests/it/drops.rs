//! Who is cut off is called back, unless they are back first.

use std::sync::Arc;

use aftercall_domain::interaction::drop_recovery_id;
use aftercall_log::Log;
use aftercall_log::testing::{Fate, FaultyLog};
use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{Event, InteractionAmended};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    AttemptResult, Channel, Commitment, CommitmentClock, CommitmentKind, CommitmentLifecycle,
    CommitmentOrigin, CommitmentOutcome, CustomerReached, Direction, Disconnect, DropClass,
    FollowUp, FollowUpPolicy, FulfilmentPolicy, Interaction, PromiseFilter, Segment, SegmentKind,
    Setting, fulfilment_policy, owner,
};
use aftercall_service::Clock;
use aftercall_service::testing::setting_changed;
use jiff::SignedDuration;
use pbjson_types::{Duration, FieldMask};

use crate::callers::NUMBER;
use crate::following::{changed, when};
use crate::identifying::event;
use crate::stage::{Contact, OWNER, Running, Stage, TENANT, at, telephone, wire};

/// Within how many seconds somebody who was cut off is called back.
const WITHIN_S: i64 = 900;

/// The policy of call-backs, from its `version` on: by voice, and kept by whoever is reached.
async fn policy(stage: &Stage, version: u64, within_s: Option<i64>) {
    let reached = fulfilment_policy::Rule::Reached(CustomerReached { min_talk: None });
    let policy = FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            kinds: vec![CommitmentKind::CallBack.into()],
            channels: vec![Channel::Voice.into()],
            ..PromiseFilter::default()
        }),
        fulfilment: Some(FulfilmentPolicy {
            rule: Some(reached),
        }),
        call_back_within: within_s.map(|seconds| Duration { seconds, nanos: 0 }),
        ..FollowUpPolicy::default()
    };
    let now = stage.clock.now();
    let setting = Setting {
        setting_id: "calls".to_owned(),
        version,
        changed_at: wire(now),
        body: Some(Body::FollowUpPolicy(policy)),
        ..Setting::default()
    };
    let record = setting_changed(TENANT, version, setting, now);
    stage.log.append(vec![record]).await.unwrap();
}

/// A house that calls back, and where time has come to 600.
pub(crate) async fn house() -> Stage {
    let stage = Stage::with_partitions(4);
    policy(&stage, 1, Some(WITHIN_S)).await;
    stage.clock.advance_to(at(600));
    stage
}

/// A contact of two minutes that has ended now.
pub(crate) fn contact(
    stage: &Stage,
    (interaction_id, customer_id): (&str, &str),
    change: impl FnOnce(&mut Interaction),
) -> Event {
    let contact = Contact {
        customer_id: customer_id.to_owned(),
        handle: telephone(NUMBER),
        ..Contact::new(interaction_id, Vec::new())
    };
    let now = stage.clock.now();
    changed(contact.event(now), |contact| {
        contact.direction = Direction::Inbound.into();
        contact.channel = Channel::Voice.into();
        contact.occurred_at = wire(now - SignedDuration::from_secs(120));
        contact.ended_at = wire(now);
        change(contact);
    })
}

pub(crate) fn lose(contact: &mut Interaction) {
    contact.disconnect = Some(ended(DropClass::Suspected));
}

fn ended(drop_class: DropClass) -> Disconnect {
    Disconnect {
        drop_class: drop_class.into(),
        ..Disconnect::default()
    }
}

pub(crate) fn drop_call(stage: &Stage, interaction_id: &str, customer_id: &str) {
    let event = contact(stage, (interaction_id, customer_id), lose);
    stage.append(&event, customer_id);
}

pub(crate) fn inbound(stage: &Stage, interaction_id: &str, customer_id: &str) {
    let event = contact(stage, (interaction_id, customer_id), |contact| {
        // It has just begun.
        contact.occurred_at = wire(stage.clock.now());
    });
    stage.append(&event, customer_id);
}

/// The promise that a dropped call made, or would make.
pub(crate) fn call_back(interaction_id: &str, recorded_as: &str) -> String {
    let key = contact_key(TENANT, recorded_as, interaction_id);
    drop_recovery_id(&key, interaction_id).to_string()
}

/// The promises of the log to call back, and how often each was made.
fn made(stage: &Stage) -> Vec<Event> {
    let events = stage.events().into_iter();
    let is_made = |event: &Event| matches!(event.fact().unwrap(), Some(Fact::CommitmentMade(_)));
    events.filter(is_made).collect()
}

fn withdrawn(stage: &Stage) -> Vec<Event> {
    let events = stage.events().into_iter();
    let is_withdrawn =
        |event: &Event| matches!(event.fact().unwrap(), Some(Fact::CommitmentWithdrawn(_)));
    events.filter(is_withdrawn).collect()
}

/// The promise as soon as there is one.
pub(crate) async fn begun(running: &Running, stage: &Stage, id: &str) -> Commitment {
    let is_made = || made(stage).iter().any(|event| event.aggregate_id == id);
    running.until(is_made).await;
    running.caught_up(stage).await;
    running.get(id, "").await
}

/// The promise as soon as it is closed.
pub(crate) async fn closed(running: &Running, stage: &Stage, id: &str) -> Commitment {
    begun(running, stage, id).await;
    when(running, id, |shown| shown.closed_at.is_some()).await
}

pub(crate) fn assert_returned(shown: &Commitment, by: &str) {
    assert_eq!(
        (shown.lifecycle(), shown.outcome()),
        (
            CommitmentLifecycle::Cancelled,
            CommitmentOutcome::SatisfiedByCustomerReturn
        )
    );
    assert_eq!(shown.evidence_interaction_id, by);
}

async fn alerts(running: &Running) -> usize {
    let all = ListAlertsRequest::default();
    let answer = running.alerts("lead").list_alerts(all).await;
    answer.unwrap().into_inner().alerts.len()
}

#[tokio::test]
async fn who_is_cut_off_and_back_within_five_minutes_is_not_called_back() {
    let stage = house().await;
    let running = stage.start().await;
    drop_call(&stage, "i-1", "customer-1");
    let id = call_back("i-1", "customer-1");
    let shown = begun(&running, &stage, &id).await;
    assert_eq!(shown.kind(), CommitmentKind::CallBack);
    assert_eq!(shown.origin(), CommitmentOrigin::DropRecovery);
    assert_eq!(
        (&*shown.interaction_id, &*shown.customer_id),
        ("i-1", "customer-1")
    );
    assert!(!shown.told_to_customer);
    assert_eq!(
        (shown.made_at, shown.promised_by),
        (wire(at(600)), wire(at(600 + WITHIN_S)))
    );
    assert_eq!(shown.target.unwrap().target_at, wire(at(600 + WITHIN_S)));
    assert_eq!(shown.policy.unwrap().policy_id, "calls");
    let keeper = shown.owner.unwrap().owner.unwrap();
    assert_eq!(keeper, owner::Owner::AgentId(OWNER.to_owned()));
    assert_eq!(
        (&*shown.owner_team_id, &*shown.customer_name),
        ("team-1", "Kim Example")
    );

    // Somebody else, and one of ours: neither is the customer.
    stage.clock.advance_to(at(800));
    inbound(&stage, "i-other", "customer-2");
    let ours = contact(&stage, ("o-1", "customer-1"), |contact| {
        contact.direction = Direction::Outbound.into();
    });
    stage.append(&ours, "customer-1");
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(900));
    inbound(&stage, "i-2", "customer-1");
    let shown = when(&running, &id, |shown| shown.closed_at.is_some()).await;
    assert_returned(&shown, "i-2");
    assert_eq!((&*shown.closed_by, shown.version), ("aftercall-tracker", 2));
    stage.clock.advance_to(at(600 + WITHIN_S + 1));
    inbound(&stage, "i-3", "customer-1");
    running.caught_up(&stage).await;
    assert_eq!(running.get(&id, "").await.lapses, []);
    assert_eq!((made(&stage).len(), withdrawn(&stage).len()), (1, 1));
    assert_eq!(alerts(&running).await, 0);
    running.stop().await;
}

#[tokio::test]
async fn who_is_not_called_back_in_time_is_an_alert_and_then_kept_by_the_call_that_says_so() {
    let stage = house().await;
    let running = stage.start().await;
    drop_call(&stage, "i-1", "customer-1");
    let id = call_back("i-1", "customer-1");
    begun(&running, &stage, &id).await;
    // Done exactly at its due is in time.
    stage.clock.advance_to(at(600 + WITHIN_S));
    inbound(&stage, "i-other", "customer-2");
    running.caught_up(&stage).await;
    assert_eq!(stage.lapses(), []);
    stage.clock.advance_to(at(600 + WITHIN_S + 1));
    let late = when(&running, &id, |shown| !shown.lapses.is_empty()).await;
    assert_eq!(late.lapses[0].clock(), CommitmentClock::Internal);
    assert_eq!(late.lapses[0].lapsed_at, wire(at(600 + WITHIN_S)));
    assert_eq!(alerts(&running).await, 1);

    let follow_up = |result: AttemptResult| FollowUp {
        commitment_id: id.clone(),
        result: result.into(),
    };
    for (no, result) in [AttemptResult::NoAnswer, AttemptResult::Reached]
        .into_iter()
        .enumerate()
    {
        stage.clock.advance_to(at(2_000 + 60 * no as i64));
        let contact_id = format!("o-{no}");
        let called = contact(&stage, (&contact_id, "customer-1"), |contact| {
            contact.direction = Direction::Outbound.into();
            contact.follow_ups = vec![follow_up(result)];
        });
        stage.append(&called, "customer-1");
    }
    let kept = when(&running, &id, |shown| shown.closed_at.is_some()).await;
    assert_eq!(kept.lifecycle(), CommitmentLifecycle::Fulfilled);
    assert_eq!(kept.outcome(), CommitmentOutcome::NotApplicable);
    assert_eq!(
        (&*kept.evidence_interaction_id, kept.attempts_count),
        ("o-1", 2)
    );
    // Who was called back and calls again has something else in mind.
    stage.clock.advance_to(at(3_000));
    inbound(&stage, "i-2", "customer-1");
    running.caught_up(&stage).await;
    assert_eq!(running.get(&id, "").await.version, kept.version);
    assert_eq!(withdrawn(&stage), []);
    running.stop().await;
}

#[tokio::test]
async fn only_a_drop_that_a_policy_of_its_time_asks_about_makes_a_promise() {
    let stage = Stage::new();
    let running = stage.start().await;
    drop_call(&stage, "i-no-policy", "customer-1");
    stage.clock.advance_to(at(10));
    policy(&stage, 1, None).await;
    drop_call(&stage, "i-no-time", "customer-1");
    stage.clock.advance_to(at(20));
    policy(&stage, 2, Some(WITHIN_S)).await;
    type Alter = fn(&mut Interaction);
    let others: [(&str, Alter); 4] = [
        ("i-chat", |contact| contact.channel = Channel::Chat.into()),
        ("i-internal", |contact| {
            contact.direction = Direction::Internal.into();
        }),
        ("i-ended", |contact| {
            contact.disconnect = Some(ended(DropClass::NotADrop));
        }),
        ("i-unsaid", |contact| contact.disconnect = None),
    ];
    for (id, change) in others {
        let event = contact(&stage, (id, "customer-1"), |contact| {
            lose(contact);
            change(contact);
        });
        stage.append(&event, "customer-1");
    }
    let imported = Event {
        import_batch: "batch-1".to_owned(),
        ..contact(&stage, ("i-imported", "customer-1"), lose)
    };
    stage.append(&imported, "customer-1");
    // In a queue, where no agent had it, the queue calls back.
    let queued = contact(&stage, ("i-queued", "customer-1"), |contact| {
        lose(contact);
        contact.agent_id.clear();
        contact.segments = vec![Segment {
            kind: SegmentKind::Queue.into(),
            queue_id: "sales".to_owned(),
            ..Segment::default()
        }];
    });
    stage.append(&queued, "customer-1");
    let shown = begun(&running, &stage, &call_back("i-queued", "customer-1")).await;
    let keeper = shown.owner.unwrap().owner.unwrap();
    assert_eq!(keeper, owner::Owner::QueueId("sales".to_owned()));
    running.stop().await;

    // What was decided by the policies of then is so by those of now, after a restart, too.
    let running = stage.start().await;
    drop_call(&stage, "i-last", "customer-2");
    begun(&running, &stage, &call_back("i-last", "customer-2")).await;
    let made = made(&stage).into_iter().map(|event| event.interaction_id);
    assert_eq!(made.collect::<Vec<_>>(), ["i-queued", "i-last"]);
    running.stop().await;
}

/// Telephony corrects how a contact ended.
fn amend(stage: &Stage, interaction_id: &str, version: u64, drop_class: DropClass) {
    let fact = Fact::InteractionAmended(Box::new(InteractionAmended {
        update_mask: Some(FieldMask {
            paths: vec!["disconnect".to_owned()],
        }),
        interaction: Some(Interaction {
            disconnect: Some(ended(drop_class)),
            ..Interaction::default()
        }),
        reason: "by the switch".to_owned(),
    }));
    let amended = Event {
        interaction_id: interaction_id.to_owned(),
        customer_id: "customer-1".to_owned(),
        recorded_at: wire(stage.clock.now()),
        ..event(interaction_id, version, &fact)
    };
    stage.append(&amended, "customer-1");
}

#[tokio::test]
async fn what_turns_out_to_be_a_drop_makes_a_promise_and_what_does_not_withdraws_it() {
    let stage = house().await;
    let running = stage.start().await;
    let sound = contact(&stage, ("i-1", "customer-1"), |_| {});
    stage.append(&sound, "customer-1");
    running.caught_up(&stage).await;
    stage.clock.advance_to(at(660));
    amend(&stage, "i-1", 2, DropClass::Confirmed);
    let id = call_back("i-1", "customer-1");
    let shown = begun(&running, &stage, &id).await;
    assert_eq!(shown.promised_by, wire(at(600 + WITHIN_S)));
    amend(&stage, "i-1", 3, DropClass::NotADrop);
    let shown = closed(&running, &stage, &id).await;
    assert_eq!(
        (shown.lifecycle(), shown.outcome()),
        (
            CommitmentLifecycle::Cancelled,
            CommitmentOutcome::NotApplicable
        )
    );
    assert_eq!(
        shown.close_note,
        "The contact was not cut off, as it turned out."
    );
    // It is promised once, whatever is said of it afterwards.
    amend(&stage, "i-1", 4, DropClass::Confirmed);
    drop_call(&stage, "i-2", "customer-2");
    begun(&running, &stage, &call_back("i-2", "customer-2")).await;
    running.caught_up(&stage).await;
    assert_eq!(made(&stage).len(), 2);
    assert_eq!(running.get(&id, "").await.version, 2);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_trackers_a_second_record_and_a_rebuild_come_to_the_same() {
    let stage = house().await;
    let other = Arc::new(stage.log.of_another_process());
    let both = [
        stage.start_on(Arc::new(stage.log.clone()), "one").await,
        stage.start_on(other, "other").await,
    ];
    for no in 0..20 {
        let customer = format!("customer-{no}");
        for _ in 0..2 {
            drop_call(&stage, &format!("i-{no}"), &customer);
        }
    }
    let ids: Vec<_> = (0..20)
        .map(|no| call_back(&format!("i-{no}"), &format!("customer-{no}")))
        .collect();
    for running in &both {
        for id in &ids {
            begun(running, &stage, id).await;
        }
    }
    stage.clock.advance_to(at(660));
    for no in (0..20).step_by(2) {
        inbound(&stage, &format!("back-{no}"), &format!("customer-{no}"));
    }
    for running in &both {
        for id in ids.iter().step_by(2) {
            closed(running, &stage, id).await;
        }
    }
    let anew = stage.start_on(Arc::new(stage.log.clone()), "anew").await;
    anew.caught_up(&stage).await;
    for (no, id) in ids.iter().enumerate() {
        let mut shown = Vec::new();
        for running in both.iter().chain([&anew]) {
            running.caught_up(&stage).await;
            shown.push(running.get(id, "").await);
        }
        assert_eq!(shown[0], shown[1]);
        assert_eq!(shown[0], shown[2]);
        let is_back = no % 2 == 0;
        assert_eq!(shown[0].version, if is_back { 2 } else { 1 });
        if is_back {
            assert_returned(&shown[0], &format!("back-{no}"));
        }
    }
    for running in both.into_iter().chain([anew]) {
        running.stop().await;
    }
    // Whoever says it says it under the same id.
    let ids_of = |events: Vec<Event>| {
        let ids = events.into_iter().map(|event| event.event_id);
        ids.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(ids_of(made(&stage)), 20);
    assert_eq!(ids_of(withdrawn(&stage)), 10);
}

#[tokio::test]
async fn what_the_log_does_not_acknowledge_is_said_again_and_counts_once() {
    let stage = house().await;
    drop_call(&stage, "i-1", "customer-1");
    let fates = [Fate::Unheard, Fate::Unheard];
    let log = Arc::new(FaultyLog::failing(stage.log.clone(), fates));
    let running = stage.start_on(log as Arc<dyn Log>, "views").await;
    let id = call_back("i-1", "customer-1");
    begun(&running, &stage, &id).await;
    stage.clock.advance_to(at(660));
    inbound(&stage, "i-2", "customer-1");
    let shown = closed(&running, &stage, &id).await;
    assert_returned(&shown, "i-2");
    assert_eq!(shown.version, 2);
    running.stop().await;
}
