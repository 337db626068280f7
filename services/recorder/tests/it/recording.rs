//! One contact, recorded.

use aftercall_proto::event::v1::{ActorKind, EventType, InteractionRecorded};
use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_view::Positions;
use prost::Message;
use tonic::Code;

use crate::contact::{NOW_S, at, id, interaction, reason, request, with_promise};
use crate::fixture::{Fixture, reason_of, violations_of};

#[tokio::test]
async fn a_contact_is_in_the_log_with_all_that_it_left_to_us() {
    let fixture = Fixture::new().await;
    let sent = wire::Interaction {
        recorded_at: at(1),
        version: 9,
        ..with_promise(&id(1).to_uppercase())
    };
    let answer = fixture
        .crm()
        .record_interaction(request(sent.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.interaction_id, id(1));
    assert_eq!(answer.recorded_at, at(NOW_S));
    assert!(!answer.already_recorded);

    let entries = fixture.log.records();
    assert_eq!(entries.len(), 1);
    let position = Positions::through(entries[0].position);
    let token = Positions::decode(&answer.position, aftercall_log::LogId([7; 16])).unwrap();
    assert_eq!(token, position);
    assert_eq!(&entries[0].record.key[..], b"acme|customer-1");
    assert_eq!(entries[0].record.recorded_at_us, NOW_S * 1_000_000);

    let event = &fixture.events()[0];
    assert_eq!(event.r#type(), EventType::InteractionRecorded);
    assert_eq!((&*event.tenant_id, event.sequence), ("acme", 1));
    assert_eq!(
        (&*event.aggregate_id, &*event.customer_id),
        (&*id(1), "customer-1")
    );
    assert_eq!(
        (&*event.actor_id, event.actor_kind()),
        ("crm", ActorKind::Integration)
    );
    assert_eq!(
        (event.occurred_at, event.recorded_at),
        (sent.occurred_at, at(NOW_S))
    );
    assert_eq!(event.request_hash.len(), 16);

    let data = InteractionRecorded::decode(event.data().unwrap().clone()).unwrap();
    let mut expected = sent;
    expected.interaction_id = id(1);
    expected.recorded_at = None;
    expected.version = 0;
    let draft = &mut expected.commitments[0];
    draft.commitment_id.clone_from(&answer.commitment_ids[0]);
    draft.set_priority(wire::Priority::P3);
    draft.owner = Some(wire::Owner {
        owner: Some(wire::owner::Owner::AgentId("agent-1".to_owned())),
    });
    assert_eq!(data.interaction, Some(expected));
}

#[tokio::test]
async fn ids_follow_from_the_external_name_or_are_drawn() {
    let fixture = Fixture::new().await;
    let mut crm = fixture.crm();
    let external = |external_id: &str| wire::Interaction {
        external_ref: Some(wire::ExternalRef {
            source_system: "crm-eu".to_owned(),
            external_id: external_id.to_owned(),
        }),
        ..with_promise("")
    };
    let mut record = async |interaction| {
        crm.record_interaction(request(interaction))
            .await
            .unwrap()
            .into_inner()
    };
    let first = record(external("1")).await;
    let again = record(external("1")).await;
    let other = record(external("2")).await;
    assert_eq!(again.interaction_id, first.interaction_id);
    assert_eq!(again.commitment_ids, first.commitment_ids);
    assert!(again.already_recorded);
    assert_ne!(other.interaction_id, first.interaction_id);
    assert_ne!(other.commitment_ids, first.commitment_ids);

    let drawn = [record(interaction("")).await, record(interaction("")).await];
    assert_ne!(drawn[0].interaction_id, drawn[1].interaction_id);
    assert!(!drawn[1].already_recorded);
}

#[tokio::test]
async fn a_caller_who_is_not_identified_stands_alone_in_the_log() {
    let fixture = Fixture::new().await;
    let unknown = wire::Interaction {
        customer: Some(wire::Customer {
            handles: vec![wire::Handle {
                kind: wire::HandleKind::Telephone.into(),
                value: "+4930123456".to_owned(),
                ..wire::Handle::default()
            }],
            ..wire::Customer::default()
        }),
        ..interaction(&id(1))
    };
    fixture
        .crm()
        .record_interaction(request(unknown))
        .await
        .unwrap();
    let key = format!("acme| interaction/{}", id(1));
    assert_eq!(fixture.log.records()[0].record.key, key);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let fixture = Fixture::new().await;
    let mut wrong = with_promise("not-a-uuid");
    wrong.channel = 0;
    wrong.direction = 42;
    wrong.occurred_at = at(NOW_S + 301);
    wrong.ended_at = at(NOW_S - 60);
    wrong.no_follow_up_promised = true;
    wrong.contact_reasons.push(reason("b"));
    wrong.contact_reasons[0].code = String::new();
    wrong.commitments[0].promised_by = at(NOW_S);
    wrong.commitments[0].fulfilled_at = at(NOW_S);
    wrong.commitments[0].time_zone = "Europe/Atlantis".to_owned();
    wrong.sentiment = Some(wire::Sentiment {
        start: Some(f64::NAN),
        ..wire::Sentiment::default()
    });
    wrong.labels = vec!["l".repeat(129)];
    wrong.customer.as_mut().unwrap().customer_id = "C-1 ".to_owned();
    wrong.handling = Some(wire::Handling {
        summary: "s".repeat((64 << 10) + 1),
        ..wire::Handling::default()
    });
    let refused = fixture
        .crm()
        .record_interaction(request(wrong))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(reason_of(&refused).0, "INVALID_REQUEST");
    let mut found = violations_of(&refused);
    found.sort();
    let mut expected = [
        ("interaction.channel", "REQUIRED"),
        ("interaction.commitments", "CONFLICTING"),
        ("interaction.commitments[0].fulfilled_at", "CONFLICTING"),
        ("interaction.commitments[0].promised_by", "DUE_IN_PAST"),
        ("interaction.commitments[0].time_zone", "MALFORMED"),
        ("interaction.contact_reasons", "CONFLICTING"),
        ("interaction.contact_reasons[0].code", "REQUIRED"),
        ("interaction.customer.customer_id", "MALFORMED"),
        ("interaction.direction", "UNKNOWN_VALUE"),
        ("interaction.ended_at", "CONFLICTING"),
        ("interaction.handling.summary", "TOO_LONG"),
        ("interaction.interaction_id", "MALFORMED"),
        ("interaction.labels[0]", "TOO_LONG"),
        ("interaction.occurred_at", "IN_FUTURE"),
        ("interaction.sentiment.start", "OUT_OF_RANGE"),
    ];
    expected.sort_unstable();
    let expected: Vec<_> = expected
        .iter()
        .map(|(f, r)| ((*f).to_owned(), (*r).to_owned()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(fixture.log.len(), 0);
}

#[tokio::test]
async fn none_promised_is_said_and_not_inferred() {
    let fixture = Fixture::new().await;
    let silent = wire::Interaction {
        no_follow_up_promised: false,
        ..interaction(&id(1))
    };
    let refused = fixture
        .crm()
        .record_interaction(request(silent))
        .await
        .unwrap_err();
    let expected = ("interaction.commitments".to_owned(), "REQUIRED".to_owned());
    assert_eq!(violations_of(&refused), [expected]);
}

#[tokio::test]
async fn an_import_may_tell_of_promises_that_are_over() {
    let fixture = Fixture::new().await;
    let mut history = with_promise(&id(1));
    history.commitments[0].promised_by = at(NOW_S - 3_600);
    history.commitments[0].fulfilled_at = at(NOW_S - 5_000);
    let import = RecordInteractionRequest {
        interaction: Some(history),
        import_batch: "2026-05".to_owned(),
        ..RecordInteractionRequest::default()
    };
    fixture.crm().record_interaction(import).await.unwrap();
    assert_eq!(fixture.events()[0].import_batch, "2026-05");
}

#[tokio::test]
async fn recording_needs_a_role() {
    let fixture = Fixture::new().await;
    for role in ["agent", "team_lead", "supervisor", "integration"] {
        let mut client = fixture.client(&format!("acme somebody {role}"));
        client
            .record_interaction(request(interaction("")))
            .await
            .unwrap();
    }
    let mut auditor = fixture.client("acme somebody auditor,tenant_admin");
    let refused = auditor
        .record_interaction(request(interaction("")))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(reason_of(&refused).0, "ROLE_REQUIRED");
    assert_eq!(fixture.log.len(), 4);
}
