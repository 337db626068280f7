//! Promises whose contact becomes another customer's, and customers that are one.

use aftercall_ledger::testing::merged;
use aftercall_proto::alerts::v1::{AlertFilter, WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{Event, InteractionIdentified};
use aftercall_proto::followups::v1::{
    CommitmentFilter, FulfilCommitmentRequest, ListCommitmentsRequest,
};

use tonic::Streaming;

use crate::stage::{
    Contact, Running, Stage, TENANT, at, next_alert, promise, promise_of, telephone, wire,
};

/// The promises of a customer.
pub(crate) async fn of(running: &Running, customer_id: &str) -> Vec<String> {
    let request = ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            customer_ids: vec![customer_id.to_owned()],
            ..CommitmentFilter::default()
        }),
        ..ListCommitmentsRequest::default()
    };
    let answer = running.client("lead").list_commitments(request).await;
    let commitments = answer.unwrap().into_inner().commitments.into_iter();
    commitments.map(|it| it.commitment_id).collect()
}

pub(crate) fn event(aggregate_id: &str, sequence: u64, fact: &Fact) -> Event {
    Event {
        event_id: format!("{aggregate_id}-{sequence}"),
        tenant_id: TENANT.to_owned(),
        aggregate_id: aggregate_id.to_owned(),
        sequence,
        occurred_at: wire(at(1)),
        recorded_at: wire(at(1)),
        actor_id: "crm".to_owned(),
        ..fact.event()
    }
}

/// A contact, with all promises, becomes this customer's; it stands under the key of the one whose
/// it was when it was recorded.
pub(crate) fn identify(
    stage: &Stage,
    (interaction_id, recorded_as): (&str, &str),
    version: u64,
    customer_id: &str,
) {
    let commitment_ids = ["c-1", "c-2", "c-3", "c-4"].map(str::to_owned);
    let fact = Fact::InteractionIdentified(InteractionIdentified {
        customer_id: customer_id.to_owned(),
        display_name: "Kim Known".to_owned(),
        reason: "said so".to_owned(),
        commitment_ids: match interaction_id {
            "i-1" => commitment_ids.into(),
            _ => Vec::new(),
        },
        ..InteractionIdentified::default()
    });
    let event = Event {
        interaction_id: interaction_id.to_owned(),
        customer_id: customer_id.to_owned(),
        ..event(interaction_id, version, &fact)
    };
    stage.append(&event, recorded_as);
}

/// The first customer and the other one are one, or two again, as the first one's `sequence` says.
pub(crate) fn merge(stage: &Stage, (first, other): (&str, &str), sequence: u64, are_one: bool) {
    let fact = merged(first, other, are_one);
    stage.append(&event(first, sequence, &fact), first);
}

#[tokio::test]
async fn promises_are_the_customers_whose_contact_it_turns_out_to_be() {
    let stage = Stage::with_partitions(4);
    let promises = vec![promise("c-1", at(3_600)), promise("c-2", at(60))];
    let contact = Contact {
        customer_id: String::new(),
        handle: telephone("+4930999001"),
        ..Contact::new("i-1", promises)
    };
    stage.record(&contact);
    identify(&stage, ("i-1", ""), 2, "C-1");
    let running = stage.start().await;
    running.caught_up(&stage).await;
    assert_eq!(of(&running, "C-1").await, ["c-2", "c-1"]);
    let shown = running.get("c-1", "").await;
    assert_eq!(
        (&*shown.customer_id, &*shown.customer_name),
        ("C-1", "Kim Known")
    );
    assert_eq!(shown.version, 1);

    // Commands and lapses go on under the contact's own key, and so they count.
    let fulfil = FulfilCommitmentRequest {
        commitment_id: "c-1".to_owned(),
        request_id: "r-1".to_owned(),
        ..FulfilCommitmentRequest::default()
    };
    let mut lead = running.client("lead");
    lead.fulfil_commitment(fulfil).await.unwrap();
    stage.clock.advance_to(at(61));
    running.until(|| stage.lapses().len() == 1).await;
    running.caught_up(&stage).await;
    assert_eq!(running.get("c-2", "").await.lapses.len(), 1);
    let home = contact_key(TENANT, "", "i-1");
    assert!(stage.keys().iter().all(|key| *key == home));

    // Corrected: the promises move, also those that are closed.
    identify(&stage, ("i-1", ""), 3, "C-2");
    running.caught_up(&stage).await;
    assert!(of(&running, "C-1").await.is_empty());
    assert_eq!(of(&running, "C-2").await, ["c-2", "c-1"]);
    running.stop().await;
}

#[tokio::test]
async fn promises_of_merged_customers_are_listed_under_either() {
    let stage = Stage::new();
    for (n, customer_id) in ["A", "B"].into_iter().enumerate() {
        let promises = vec![promise(&format!("c-{n}"), at(60 + n as i64))];
        let contact = Contact {
            customer_id: customer_id.to_owned(),
            ..Contact::new(&format!("i-{n}"), promises)
        };
        stage.record(&contact);
    }
    merge(&stage, ("A", "B"), 1, true);
    let running = stage.start().await;
    running.caught_up(&stage).await;
    for customer_id in ["A", "B"] {
        assert_eq!(of(&running, customer_id).await, ["c-0", "c-1"]);
    }
    merge(&stage, ("A", "B"), 2, false);
    running.caught_up(&stage).await;
    assert_eq!(of(&running, "A").await, ["c-0"]);
    assert_eq!(of(&running, "B").await, ["c-1"]);
    running.stop().await;
}

/// A watch that has begun: of all alerts, or of a customer's.
async fn watch(
    running: &Running,
    customer_id: Option<&str>,
    resume_token: &str,
) -> Streaming<WatchAlertsResponse> {
    let request = WatchAlertsRequest {
        resume_token: resume_token.to_owned(),
        filter: Some(AlertFilter {
            customer_ids: customer_id.map(str::to_owned).into_iter().collect(),
            ..AlertFilter::default()
        }),
    };
    let watch = running.alerts("lead").watch_alerts(request).await;
    let mut watch = watch.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().alert, None);
    watch
}

/// The promise and the customer of the next alert, and where to go on after it.
async fn next(watch: &mut Streaming<WatchAlertsResponse>) -> (String, String, String) {
    let (alert, token) = next_alert(watch).await;
    let promise = promise_of(&alert).commitment_id.clone();
    (promise, alert.customer_id, token)
}

/// A contact of nobody with two promises that have lapsed, and one that hasn't.
async fn with_lapsed(stage: &Stage) -> Running {
    let due = [("c-1", 60), ("c-2", 61), ("c-3", 3_600)];
    let contact = Contact {
        customer_id: String::new(),
        handle: telephone("+4930999001"),
        ..Contact::new("i-1", due.map(|(id, due)| promise(id, at(due))).into())
    };
    stage.record(&contact);
    let running = stage.start().await;
    running.caught_up(stage).await;
    stage.clock.advance_to(at(62));
    running.until(|| stage.lapses().len() == 2).await;
    running.caught_up(stage).await;
    running
}

#[tokio::test]
async fn who_watches_alerts_hears_at_once_whose_they_turn_out_to_be() {
    let stage = Stage::new();
    let running = with_lapsed(&stage).await;
    let mut all = watch(&running, None, "").await;
    let mut own = watch(&running, Some("C-1"), "").await;
    identify(&stage, ("i-1", ""), 2, "C-1");
    let named = |id: &str| (id.to_owned(), "C-1".to_owned());
    let mut tokens = Vec::new();
    for id in ["c-1", "c-2"] {
        let (promise, customer_id, token) = next(&mut all).await;
        assert_eq!((promise, customer_id), named(id));
        tokens.push(token);
        let (promise, customer_id, _) = next(&mut own).await;
        assert_eq!((promise, customer_id), named(id));
    }

    // What one record changed is told together: who breaks off in its midst is told all of it again,
    // by whatever process, and who breaks off behind it none of it.
    for (token, expected) in [(&tokens[0], ["c-1", "c-2"]), (&tokens[1], ["c-1", "c-2"])] {
        let mut again = watch(&running, None, token).await;
        if token == &tokens[1] {
            identify(&stage, ("i-1", ""), 3, "C-2");
        }
        for id in expected {
            let (promise, customer_id, _) = next(&mut again).await;
            assert_eq!(promise, id);
            assert_eq!(customer_id == "C-2", token == &tokens[1]);
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn who_watches_a_customers_alerts_hears_of_those_who_are_the_same() {
    let stage = Stage::with_partitions(3);
    let running = with_lapsed(&stage).await;
    let mut own = watch(&running, Some("C-9"), "").await;
    merge(&stage, ("C-1", "C-9"), 1, true);
    running.caught_up(&stage).await;
    identify(&stage, ("i-1", ""), 2, "C-1");
    assert_eq!(next(&mut own).await.1, "C-1");
    assert_eq!(next(&mut own).await.1, "C-1");
    merge(&stage, ("C-1", "C-9"), 2, false);
    running.caught_up(&stage).await;
    identify(&stage, ("i-1", ""), 3, "C-2");
    identify(&stage, ("i-1", ""), 4, "C-1");
    identify(&stage, ("i-1", ""), 5, "C-9");
    assert_eq!(next(&mut own).await.1, "C-9", "they are two again");
    running.stop().await;
}
