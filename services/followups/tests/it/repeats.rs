//! Contacts that may keep a promise, and contacts that a broken one caused.

use aftercall_proto::followups::v1::{CountRepeatsRequest, CountRepeatsResponse, RepeatGrouping};
use aftercall_proto::model::v1::{
    Commitment, CommitmentDraft, ContactReason, Direction, Interaction,
};
use aftercall_service::Clock;
use jiff::SignedDuration;

use crate::following::{changed, when};
use crate::hostile::violations;
use crate::identifying::{identify, merge};
use crate::stage::{Contact, Running, Stage, at, promise, wire};

const DAY_S: i64 = 86_400;

/// Records a contact of one direction, five minutes long.
fn record(stage: &Stage, (interaction_id, customer_id): (&str, &str), direction: Direction) {
    record_as(stage, (interaction_id, customer_id), |contact| {
        contact.direction = direction.into();
    });
}

fn record_as(
    stage: &Stage,
    (interaction_id, customer_id): (&str, &str),
    change: impl FnOnce(&mut Interaction),
) {
    let contact = Contact {
        customer_id: customer_id.to_owned(),
        ..Contact::new(interaction_id, Vec::new())
    };
    let now = stage.clock.now();
    let event = changed(contact.event(now), |contact| {
        contact.ended_at = wire(now + SignedDuration::from_secs(300));
        contact.contact_reasons = vec![ContactReason {
            code: "booking.error".to_owned(),
            primary: true,
            ..ContactReason::default()
        }];
        change(contact);
    });
    stage.append(&event, customer_id);
}

fn inbound(stage: &Stage, interaction_id: &str, customer_id: &str) {
    record(stage, (interaction_id, customer_id), Direction::Inbound);
}

async fn counted(running: &Running, by: RepeatGrouping) -> CountRepeatsResponse {
    let request = CountRepeatsRequest {
        from: wire(at(0)),
        before: wire(at(400 * DAY_S)),
        group_by: by.into(),
        ..CountRepeatsRequest::default()
    };
    let answer = running.client("lead").count_repeats(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.complete_through_at.is_some());
    answer
}

fn values(answer: &CountRepeatsResponse) -> Vec<(&str, u64)> {
    let counts = answer.counts.iter();
    counts.map(|it| (&*it.value, it.contacts)).collect()
}

fn proposed(shown: &Commitment) -> Vec<&str> {
    let proposed = shown.proposed_evidence.iter();
    proposed.map(|it| &*it.interaction_id).collect()
}

#[tokio::test]
async fn outbound_contacts_with_the_customer_are_proposed_as_evidence_and_change_nothing() {
    let stage = Stage::with_partitions(4);
    let outbound = |id: &str, customer: &str| record(&stage, (id, customer), Direction::Outbound);
    outbound("before", "customer-1");
    stage.clock.advance_to(at(10));
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(9_000))]));
    merge(&stage, ("customer-1", "customer-3"), 1, true);
    stage.clock.advance_to(at(20));
    outbound("o-1", "customer-1");
    outbound("other", "customer-2");
    outbound("nobodys", "");
    inbound(&stage, "in-1", "customer-1");
    stage.clock.advance_to(at(30));
    outbound("o-2", "customer-3");
    stage.clock.advance_to(at(40));
    outbound("o-3", "");
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let shown = running.get("c-1", "").await;
    assert_eq!(proposed(&shown), ["o-2", "o-1"], "the latest first");
    assert_eq!((shown.version, shown.attempts_count), (1, 0));
    assert_eq!(shown.proposed_evidence[0].agent_id, "ana");
    assert_eq!(shown.proposed_evidence[0].occurred_at, wire(at(30)));

    identify(&stage, ("o-3", ""), 2, "customer-1");
    for no in 4..8 {
        stage.clock.advance_to(at(40 + no));
        outbound(&format!("o-{no}"), "customer-1");
    }
    running.caught_up(&stage).await;
    let shown = running.get("c-1", "").await;
    assert_eq!(proposed(&shown), ["o-7", "o-6", "o-5", "o-4", "o-3"]);
    running.stop().await;
}

#[tokio::test]
async fn a_contact_is_caused_by_the_promise_that_was_broken_last_and_counted_once() {
    let stage = Stage::with_partitions(4);
    let own = |id: &str, due_s| CommitmentDraft {
        owner_team_id: "team-2".to_owned(),
        ..promise(id, at(due_s))
    };
    let promises = vec![own("c-1", 60), promise("c-2", at(80))];
    stage.record(&Contact::new("i-1", promises));
    let running = stage.start().await;
    running.caught_up(&stage).await;
    inbound(&stage, "too-early", "customer-1");
    stage.clock.advance_to(at(70));
    running.until(|| stage.lapses().len() == 1).await;
    inbound(&stage, "first", "customer-1");
    inbound(&stage, "somebody-else", "customer-2");
    record(&stage, ("ours", "customer-1"), Direction::Outbound);
    let shown = when(&running, "c-1", |shown| shown.caused_contacts_count == 1).await;
    assert_eq!(shown.caused_contact_ids, ["first"]);
    assert_eq!(shown.version, 2, "the promise itself does not change");
    stage.clock.advance_to(at(100));
    running.until(|| stage.lapses().len() == 2).await;
    inbound(&stage, "second", "customer-1");
    inbound(&stage, "third", "customer-1");
    let shown = when(&running, "c-2", |shown| shown.caused_contacts_count == 2).await;
    let mut caused = shown.caused_contact_ids;
    caused.sort();
    assert_eq!(caused, ["second", "third"]);

    // In a month a promise that is open still is the cause, and one that is not is forgotten.
    running.stop().await;
    stage.clock.advance_to(at(40 * DAY_S));
    inbound(&stage, "a-month-later", "customer-1");
    let running = stage.start().await;
    when(&running, "c-2", |shown| shown.caused_contacts_count == 3).await;

    let by_team = counted(&running, RepeatGrouping::Team).await;
    assert_eq!(values(&by_team), [("team-1", 3), ("team-2", 1)]);
    assert_eq!((by_team.contacts, by_team.groups_count), (4, 2));
    assert_eq!(by_team.contact_time.unwrap().seconds, 1_200);
    let by_agent = counted(&running, RepeatGrouping::Agent).await;
    assert_eq!(values(&by_agent), [("ana", 4)]);
    let by_reason = counted(&running, RepeatGrouping::Reason).await;
    assert_eq!(values(&by_reason), [("booking.error", 4)]);
    running.stop().await;
}

#[tokio::test]
async fn contacts_of_customers_who_are_one_and_of_callers_who_are_named_later_are_caused_too() {
    let stage = Stage::with_partitions(4);
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    merge(&stage, ("customer-1", "customer-3"), 1, true);
    let running = stage.start().await;
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    inbound(&stage, "merged", "customer-3");
    inbound(&stage, "i-nobody", "");
    when(&running, "c-1", |shown| shown.caused_contacts_count == 1).await;
    identify(&stage, ("i-nobody", ""), 2, "customer-1");
    let shown = when(&running, "c-1", |shown| shown.caused_contacts_count == 2).await;
    let mut caused = shown.caused_contact_ids;
    caused.sort();
    assert_eq!(caused, ["i-nobody", "merged"]);
    running.stop().await;

    // Another replica with views of its own comes to the same, and says nothing more.
    let before = stage.events().len();
    let anew = stage
        .start_on(std::sync::Arc::new(stage.log.clone()), "anew")
        .await;
    anew.caught_up(&stage).await;
    assert_eq!(anew.get("c-1", "").await.caused_contacts_count, 2);
    stage.clock.advance_to(at(600));
    anew.caught_up(&stage).await;
    assert_eq!(stage.events().len(), before);
    anew.stop().await;
}

#[tokio::test]
async fn what_is_known_later_than_the_contact_counts_all_the_same() {
    let stage = Stage::with_partitions(4);
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    stage.clock.advance_to(at(100));
    // Both before the word that the due had passed, and one of somebody who turns out to be the same later on.
    inbound(&stage, "early", "customer-1");
    inbound(&stage, "other", "customer-3");
    let running = stage.start().await;
    let shown = when(&running, "c-1", |shown| shown.caused_contacts_count == 1).await;
    assert_eq!(shown.caused_contact_ids, ["early"]);
    merge(&stage, ("customer-1", "customer-3"), 1, true);
    let shown = when(&running, "c-1", |shown| shown.caused_contacts_count == 2).await;
    let mut caused = shown.caused_contact_ids;
    caused.sort();
    assert_eq!(caused, ["early", "other"]);
    running.stop().await;
}

#[tokio::test]
async fn what_caused_a_contact_is_found_out_anew_when_it_is_another_customers() {
    let stage = Stage::with_partitions(4);
    stage.record(&Contact::new("i-1", vec![promise("c-1", at(60))]));
    let others = Contact {
        customer_id: "customer-2".to_owned(),
        ..Contact::new("i-2", vec![promise("c-9", at(70))])
    };
    stage.record(&others);
    let running = stage.start().await;
    stage.clock.advance_to(at(100));
    running.until(|| stage.lapses().len() == 2).await;
    inbound(&stage, "i-7", "customer-1");
    when(&running, "c-1", |shown| shown.caused_contacts_count == 1).await;
    identify(&stage, ("i-7", "customer-1"), 2, "customer-2");
    let shown = when(&running, "c-9", |shown| shown.caused_contacts_count == 1).await;
    assert_eq!(shown.caused_contact_ids, ["i-7"]);
    let before = running.get("c-1", "").await;
    assert_eq!(before.caused_contacts_count, 0);
    assert_eq!(before.caused_contact_ids, [""; 0]);
    assert_eq!(counted(&running, RepeatGrouping::Team).await.contacts, 1);

    // Nobody's contact has no cause, and what it had does not count.
    identify(&stage, ("i-7", "customer-1"), 3, "");
    when(&running, "c-9", |shown| shown.caused_contacts_count == 0).await;
    assert_eq!(counted(&running, RepeatGrouping::Team).await.contacts, 0);
    running.stop().await;
}

#[tokio::test]
async fn what_can_not_be_counted_is_refused() {
    let stage = Stage::new();
    let running = stage.start().await;
    running.caught_up(&stage).await;
    let field = |field: &str, reason: &str| (field.to_owned(), reason.to_owned());
    let nothing = CountRepeatsRequest::default();
    let refused = running.client("lead").count_repeats(nothing).await;
    let required = ["before", "from", "group_by"].map(|name| field(name, "REQUIRED"));
    assert_eq!(violations(&refused.unwrap_err()), required);
    let backwards = CountRepeatsRequest {
        from: wire(at(1)),
        before: wire(at(1)),
        group_by: 77,
        ..CountRepeatsRequest::default()
    };
    let refused = running.client("lead").count_repeats(backwards).await;
    let expected = [
        field("before", "CONFLICTING"),
        field("group_by", "UNKNOWN_VALUE"),
    ];
    assert_eq!(violations(&refused.unwrap_err()), expected);
    running.stop().await;
}
