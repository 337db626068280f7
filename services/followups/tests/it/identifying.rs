//! Promises whose contact becomes another customer's, and customers that are one.

use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{
    CustomersMerged, CustomersUnmerged, Event, InteractionIdentified,
};
use aftercall_proto::followups::v1::{
    CommitmentFilter, FulfilCommitmentRequest, ListCommitmentsRequest,
};

use crate::stage::{Contact, Running, Stage, TENANT, at, promise, telephone, wire};

/// The promises of a customer.
async fn of(running: &Running, customer_id: &str) -> Vec<String> {
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

fn event(aggregate_id: &str, sequence: u64, fact: &Fact) -> Event {
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

/// The contact `i-1`, which was recorded as nobody's, becomes this customer's.
fn identify(stage: &Stage, version: u64, customer_id: &str) {
    let fact = Fact::InteractionIdentified(InteractionIdentified {
        customer_id: customer_id.to_owned(),
        display_name: "Kim Known".to_owned(),
        reason: "said so".to_owned(),
        commitment_ids: vec!["c-1".to_owned(), "c-2".to_owned()],
        ..InteractionIdentified::default()
    });
    let event = Event {
        interaction_id: "i-1".to_owned(),
        customer_id: customer_id.to_owned(),
        ..event("i-1", version, &fact)
    };
    stage.append(&event, "");
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
    identify(&stage, 2, "C-1");
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
    identify(&stage, 3, "C-2");
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
    let merged = Fact::CustomersMerged(CustomersMerged {
        customer_id: "A".to_owned(),
        merged_customer_id: "B".to_owned(),
        reason: String::new(),
    });
    stage.append(&event("A", 1, &merged), "A");
    let running = stage.start().await;
    running.caught_up(&stage).await;
    for customer_id in ["A", "B"] {
        assert_eq!(of(&running, customer_id).await, ["c-0", "c-1"]);
    }
    let unmerged = Fact::CustomersUnmerged(CustomersUnmerged {
        customer_id: "A".to_owned(),
        merged_customer_id: "B".to_owned(),
        reason: String::new(),
    });
    stage.append(&event("A", 2, &unmerged), "A");
    running.caught_up(&stage).await;
    assert_eq!(of(&running, "A").await, ["c-0"]);
    assert_eq!(of(&running, "B").await, ["c-1"]);
    running.stop().await;
}
