//! Whose contact it is, said later; and customers that are one.

use aftercall_log::testing::Fate;
use aftercall_proto::event::v1::{Event, EventType, InteractionIdentified};
use aftercall_proto::recorder::v1::identify_interaction_request::Identity;
use aftercall_proto::recorder::v1::{
    IdentifyInteractionRequest, MergeCustomersRequest, UnmergeCustomersRequest,
};
use prost::Message;
use tonic::Code;

use crate::contact::{id, interaction, request, with_promise};
use crate::fixture::{Fixture, reason_of, violations_of};

fn identify(request_id: &str, customer_id: &str) -> IdentifyInteractionRequest {
    IdentifyInteractionRequest {
        request_id: request_id.to_owned(),
        interaction_id: id(1),
        identity: Some(Identity::CustomerId(customer_id.to_owned())),
        reason: "the customer said so".to_owned(),
        ..IdentifyInteractionRequest::default()
    }
}

fn merge(request_id: &str, one: &str, other: &str) -> MergeCustomersRequest {
    MergeCustomersRequest {
        request_id: request_id.to_owned(),
        customer_id: one.to_owned(),
        merged_customer_id: other.to_owned(),
        expected_version: 0,
        reason: "the same address".to_owned(),
    }
}

fn unmerge(request_id: &str, one: &str, other: &str) -> UnmergeCustomersRequest {
    let MergeCustomersRequest {
        request_id,
        customer_id,
        merged_customer_id,
        expected_version,
        reason,
    } = merge(request_id, one, other);
    UnmergeCustomersRequest {
        request_id,
        customer_id,
        merged_customer_id,
        expected_version,
        reason,
    }
}

/// A contact of nobody, with a promise.
async fn of_nobody() -> Fixture {
    let fixture = Fixture::new().await;
    let mut contact = with_promise(&id(1));
    contact.customer = None;
    let mut crm = fixture.crm();
    crm.record_interaction(request(contact)).await.unwrap();
    fixture
}

fn identified(event: &Event) -> InteractionIdentified {
    assert_eq!(event.r#type(), EventType::InteractionIdentified);
    InteractionIdentified::decode(event.data().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn a_contact_gets_its_customer_under_its_own_key() {
    let fixture = of_nobody().await;
    let mut agent = fixture.client("acme agent-9 agent");
    let answer = agent.identify_interaction(identify("r1", "auth0|5f7c"));
    let answer = answer.await.unwrap().into_inner();
    assert_eq!((answer.version, &*answer.interaction_id), (2, &*id(1)));
    let event = &fixture.events()[1];
    assert_eq!((event.sequence, &*event.customer_id), (2, "auth0|5f7c"));
    let said = identified(event);
    assert_eq!(said.customer_id, "auth0|5f7c");
    assert_eq!(said.commitment_ids.len(), 1);
    let records = fixture.log.records();
    assert_eq!(records[0].record.key, records[1].record.key);

    // Said again, it is the same; corrected, it is another version; taken back, it is nobody's.
    let again = agent.identify_interaction(identify("r1", "auth0|5f7c"));
    assert_eq!(again.await.unwrap().into_inner(), answer);
    let corrected = agent.identify_interaction(identify("r2", "C-2")).await;
    assert_eq!(corrected.unwrap().into_inner().version, 3);
    let nobody = IdentifyInteractionRequest {
        identity: Some(Identity::Nobody(pbjson_types::Empty {})),
        expected_version: 3,
        ..identify("r3", "")
    };
    let taken_back = agent.identify_interaction(nobody).await.unwrap();
    assert_eq!(taken_back.into_inner().version, 4);
    assert_eq!(identified(&fixture.events()[3]).customer_id, "");
}

#[tokio::test]
async fn what_is_wrong_with_an_identification_is_said() {
    let fixture = of_nobody().await;
    let mut crm = fixture.crm();
    let empty = IdentifyInteractionRequest::default();
    let refused = crm.identify_interaction(empty).await.unwrap_err();
    let mut fields = violations_of(&refused);
    fields.sort();
    let required = ["customer_id", "interaction_id", "reason", "request_id"];
    assert_eq!(
        fields,
        required.map(|field| (field.to_owned(), "REQUIRED".to_owned()))
    );
    let refused = crm.identify_interaction(identify("r1", " C-1")).await;
    let expected = [("customer_id".to_owned(), "MALFORMED".to_owned())];
    assert_eq!(violations_of(&refused.unwrap_err()), expected);
    let stale = IdentifyInteractionRequest {
        expected_version: 7,
        ..identify("r1", "C-1")
    };
    let refused = crm.identify_interaction(stale).await.unwrap_err();
    assert_eq!(reason_of(&refused).0, "VERSION_MISMATCH");
    let unknown = IdentifyInteractionRequest {
        interaction_id: id(77),
        ..identify("r1", "C-1")
    };
    let refused = crm.identify_interaction(unknown).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let reused = crm.identify_interaction(identify("r9", "C-1")).await;
    reused.unwrap();
    let reused = crm.identify_interaction(identify("r9", "C-2")).await;
    assert_eq!(reason_of(&reused.unwrap_err()).0, "REQUEST_ID_REUSED");
    assert_eq!(fixture.log.len(), 2);
}

#[tokio::test]
async fn customers_are_merged_and_unmerged() {
    let fixture = Fixture::new().await;
    let mut lead = fixture.client("acme lead team_lead");
    let merged = lead.merge_customers(merge("r1", "C-1", "C-2"));
    let merged = merged.await.unwrap().into_inner();
    assert_eq!(merged.version, 1);
    let again = lead.merge_customers(merge("r1", "C-1", "C-2")).await;
    assert_eq!(again.unwrap().into_inner(), merged);
    let twice = lead.merge_customers(merge("r2", "C-1", "C-2")).await;
    assert_eq!(reason_of(&twice.unwrap_err()).0, "CUSTOMERS_ALREADY_MERGED");
    let round = lead.merge_customers(merge("r3", "C-2", "C-1")).await;
    assert_eq!(reason_of(&round.unwrap_err()).0, "CUSTOMERS_ALREADY_MERGED");
    let wrong = lead.unmerge_customers(unmerge("r3", "C-2", "C-1")).await;
    let wrong = wrong.unwrap_err();
    assert_eq!(reason_of(&wrong).0, "CUSTOMERS_NOT_MERGED");
    assert!(wrong.message().contains("the other way round"), "{wrong}");
    let never = lead.unmerge_customers(unmerge("r3", "C-1", "C-3")).await;
    assert_eq!(reason_of(&never.unwrap_err()).0, "CUSTOMERS_NOT_MERGED");
    let parted = lead.unmerge_customers(unmerge("r4", "C-1", "C-2")).await;
    assert_eq!(parted.unwrap().into_inner().version, 2);
    // Parted, they may be merged with the other one named first, and parted so.
    lead.merge_customers(merge("r7", "C-2", "C-1"))
        .await
        .unwrap();
    let wrong = lead.unmerge_customers(unmerge("r8", "C-1", "C-2")).await;
    assert_eq!(reason_of(&wrong.unwrap_err()).0, "CUSTOMERS_NOT_MERGED");
    lead.unmerge_customers(unmerge("r9", "C-2", "C-1"))
        .await
        .unwrap();
    lead.merge_customers(merge("r5", "C-1", "C-2"))
        .await
        .unwrap();
    let itself = lead.merge_customers(merge("r6", "C-1", "C-1")).await;
    let expected = [("merged_customer_id".to_owned(), "CONFLICTING".to_owned())];
    assert_eq!(violations_of(&itself.unwrap_err()), expected);

    let events = fixture.events().into_iter();
    let mut events: Vec<_> = events.map(|it| (it.aggregate_id, it.sequence)).collect();
    events.sort();
    let expected = [("C-1", 1), ("C-1", 2), ("C-1", 3), ("C-2", 1), ("C-2", 2)];
    assert_eq!(
        events,
        expected.map(|(id, sequence)| (id.to_owned(), sequence))
    );
    for entry in fixture.log.records() {
        assert!([&b"acme|C-1"[..], b"acme|C-2"].contains(&&entry.record.key[..]));
    }
}

#[tokio::test]
async fn a_retry_after_a_lost_answer_says_it_once() {
    for fault in [Fate::LostAck, Fate::LostRecord, Fate::DiskFull] {
        let fixture = of_nobody().await;
        let mut crm = fixture.crm();
        fixture.log.fail_next([fault]);
        crm.identify_interaction(identify("r1", "C-1"))
            .await
            .unwrap_err();
        let retried = crm.identify_interaction(identify("r1", "C-1")).await;
        assert_eq!(retried.unwrap().into_inner().version, 2, "{fault:?}");
        fixture.log.fail_next([fault]);
        crm.merge_customers(merge("r2", "C-1", "C-2"))
            .await
            .unwrap_err();
        let retried = crm.merge_customers(merge("r2", "C-1", "C-2")).await;
        assert_eq!(retried.unwrap().into_inner().version, 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_merge_that_is_said_in_two_places_one_counts() {
    let (one, other) = Fixture::two().await;
    let (mut first, mut second) = (one.crm(), other.crm());
    let (first, second) = tokio::join!(
        first.merge_customers(merge("r1", "C-1", "C-2")),
        second.merge_customers(merge("r2", "C-1", "C-2")),
    );
    let refused = match (first, second) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        (first, second) => panic!("one counts: {first:?}, {second:?}"),
    };
    assert_eq!(reason_of(&refused).0, "CUSTOMERS_ALREADY_MERGED");
}

#[tokio::test]
async fn who_may_identify_and_merge() {
    let fixture = Fixture::new().await;
    let contact = request(interaction(&id(1)));
    fixture.crm().record_interaction(contact).await.unwrap();
    for who in ["agent", "integration", "supervisor"] {
        let mut client = fixture.client(&format!("acme somebody {who}"));
        client
            .identify_interaction(identify(who, "C-9"))
            .await
            .unwrap();
    }
    let mut analyst = fixture.client("acme somebody qa_analyst");
    let refused = analyst.identify_interaction(identify("r1", "C-9")).await;
    assert_eq!(reason_of(&refused.unwrap_err()).0, "ROLE_REQUIRED");
    let mut agent = fixture.client("acme somebody agent");
    let refused = agent.merge_customers(merge("r1", "C-1", "C-2")).await;
    assert_eq!(reason_of(&refused.unwrap_err()).0, "ROLE_REQUIRED");
    // Another tenant's contact does not exist.
    let mut stranger = fixture.client("other crm integration");
    let refused = stranger.identify_interaction(identify("r1", "C-9")).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
}
