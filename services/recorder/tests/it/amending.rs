//! Parts of a record, replaced.

use std::time::Duration;

use aftercall_log::testing::Fate;
use aftercall_proto::event::v1::{EventType, InteractionAmended};
use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::AmendInteractionRequest;
use pbjson_types::FieldMask;
use prost::Message;
use tonic::Code;

use crate::contact::{NOW_S, at, id, interaction, reason, request};
use crate::fixture::{Fixture, reason_of, violations_of};

const HOUR: Duration = Duration::from_secs(3_600);

fn amend(request_id: &str, expected_version: u64, code: &str) -> AmendInteractionRequest {
    AmendInteractionRequest {
        request_id: request_id.to_owned(),
        interaction_id: id(1),
        expected_version,
        interaction: Some(wire::Interaction {
            contact_reasons: vec![reason(code)],
            // Not named by the mask, and so not looked at.
            channel: 77,
            ..wire::Interaction::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["contact_reasons".to_owned()],
        }),
        reason: "the agent had chosen the wrong reason".to_owned(),
    }
}

async fn recorded() -> Fixture {
    let fixture = Fixture::new().await;
    fixture
        .crm()
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap();
    fixture
}

#[tokio::test]
async fn a_part_is_replaced_and_the_rest_stays() {
    let fixture = recorded().await;
    let answer = fixture
        .crm()
        .amend_interaction(amend("r1", 1, "order"))
        .await
        .unwrap();
    let answer = answer.into_inner();
    assert_eq!((answer.version, answer.interaction_id), (2, id(1)));
    assert_eq!(answer.recorded_at, at(NOW_S));
    let events = fixture.events();
    assert_eq!(events.len(), 2);
    let event = &events[1];
    assert_eq!(event.r#type(), EventType::InteractionAmended);
    assert_eq!((event.sequence, &*event.aggregate_id), (2, &*id(1)));
    assert_eq!(
        (&*event.request_id, &*event.customer_id),
        ("r1", "customer-1")
    );
    let data = InteractionAmended::decode(event.data().unwrap().clone()).unwrap();
    assert_eq!(data.update_mask.unwrap().paths, ["contact_reasons"]);
    let values = wire::Interaction {
        contact_reasons: vec![reason("order")],
        ..wire::Interaction::default()
    };
    assert_eq!(data.interaction, Some(values));
    // In the same partition as what it amends.
    let records = fixture.log.records();
    assert_eq!(records[0].record.key, records[1].record.key);
}

#[tokio::test]
async fn the_same_command_gets_the_first_answer_again() {
    let fixture = recorded().await;
    let mut crm = fixture.crm();
    let first = crm
        .amend_interaction(amend("r1", 1, "order"))
        .await
        .unwrap()
        .into_inner();
    crm.amend_interaction(amend("r2", 2, "refund"))
        .await
        .unwrap();
    let again = crm
        .amend_interaction(amend("r1", 1, "order"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    let refused = crm
        .amend_interaction(amend("r1", 1, "other"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert_eq!(reason_of(&refused).0, "REQUEST_ID_REUSED");
    assert_eq!(fixture.log.len(), 3);
}

#[tokio::test]
async fn another_version_is_refused_with_the_current_one() {
    let fixture = recorded().await;
    let mut crm = fixture.crm();
    crm.amend_interaction(amend("r1", 1, "order"))
        .await
        .unwrap();
    let refused = crm
        .amend_interaction(amend("r2", 1, "refund"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    let (reason, details) = reason_of(&refused);
    assert_eq!(reason, "VERSION_MISMATCH");
    assert_eq!(
        details.error_info().unwrap().metadata["current_version"],
        "2"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amendments_of_whichever_version_all_count() {
    let fixture = recorded().await;
    let calls = (0..16).map(|number| {
        let mut crm = fixture.crm();
        let command = amend(&format!("r{number}"), 0, "order");
        async move {
            crm.amend_interaction(command)
                .await
                .unwrap()
                .into_inner()
                .version
        }
    });
    let mut versions = futures::future::join_all(calls).await;
    versions.sort_unstable();
    assert_eq!(versions, (2..18).collect::<Vec<u64>>());
}

#[tokio::test]
async fn who_may_amend_depends_on_the_record_and_its_age() {
    let fixture = recorded().await;
    let mut own = fixture.client("acme agent-1 agent");
    let mut other = fixture.client("acme agent-2 agent");
    let mut lead = fixture.client("acme lead team_lead");
    let mut officer = fixture.client("acme officer compliance_officer");
    let mut crm = fixture.client("acme crm integration");

    for client in [&mut other, &mut crm] {
        let refused = client
            .amend_interaction(amend("no", 0, "a"))
            .await
            .unwrap_err();
        assert_eq!(reason_of(&refused).0, "ROLE_REQUIRED");
    }
    fixture.clock.advance(24 * HOUR);
    own.amend_interaction(amend("r1", 0, "b")).await.unwrap();
    fixture.clock.advance(Duration::from_micros(1));
    let late = own
        .amend_interaction(amend("r2", 0, "c"))
        .await
        .unwrap_err();
    assert_eq!(
        (late.code(), reason_of(&late).0),
        (Code::FailedPrecondition, "AMENDMENT_TOO_LATE".into())
    );
    // What was answered in time is answered again.
    own.amend_interaction(amend("r1", 0, "b")).await.unwrap();
    lead.amend_interaction(amend("r3", 0, "d")).await.unwrap();
    fixture.clock.advance(29 * 24 * HOUR);
    let late = lead
        .amend_interaction(amend("r4", 0, "e"))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&late).0, "AMENDMENT_TOO_LATE");
    officer
        .amend_interaction(amend("r5", 0, "f"))
        .await
        .unwrap();
}

/// A corrected record as a PBX sends it: the named fields, and what it knows of them.
fn corrected(request_id: &str, paths: &[&str]) -> AmendInteractionRequest {
    AmendInteractionRequest {
        interaction: Some(wire::Interaction {
            occurred_at: at(NOW_S - 610),
            ended_at: at(NOW_S - 30),
            segments: vec![wire::Segment {
                kind: wire::SegmentKind::Agent.into(),
                agent_id: "agent-1".to_owned(),
                answered_at: at(NOW_S - 590),
                ended_at: at(NOW_S - 30),
                ..wire::Segment::default()
            }],
            disconnect: Some(wire::Disconnect {
                reason: wire::DisconnectReason::Customer.into(),
                ..wire::Disconnect::default()
            }),
            ..wire::Interaction::default()
        }),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        }),
        ..amend(request_id, 0, "order")
    }
}

#[tokio::test]
async fn an_integration_corrects_what_telephony_knows_and_nothing_else() {
    let fixture = recorded().await;
    let mut pbx = fixture.client("acme pbx integration");
    let mut changed = interaction(&id(1));
    changed.ended_at = at(NOW_S - 30);
    let refused = pbx.record_interaction(request(changed)).await.unwrap_err();
    assert_eq!(reason_of(&refused).0, "REQUEST_ID_REUSED");
    let message = refused.message();
    for named in ["AmendInteraction", "occurred_at", "ended_at", "segments"] {
        assert!(message.contains(named), "{message}");
    }

    fixture.clock.advance(400 * 24 * HOUR);
    let command = corrected("r1", &["occurred_at", "ended_at", "segments", "disconnect"]);
    let amended = pbx.amend_interaction(command).await.unwrap().into_inner();
    assert_eq!(amended.version, 2);
    for other in ["labels", "handling", "sentiment"] {
        let mut command = corrected(other, &["ended_at", other]);
        command.interaction.as_mut().unwrap().labels = vec!["pbx".to_owned()];
        let refused = pbx.amend_interaction(command).await.unwrap_err();
        assert_eq!(reason_of(&refused).0, "ROLE_REQUIRED", "{other}");
    }
}

#[tokio::test]
async fn new_times_lie_within_the_contact() {
    let fixture = recorded().await;
    let mut crm = fixture.crm();
    // It ended a minute ago: half a minute more is within what clocks differ by.
    crm.amend_interaction(corrected("r1", &["segments"]))
        .await
        .unwrap();
    for (field, seconds) in [("answered_at", NOW_S - 700), ("ended_at", NOW_S + 31)] {
        let mut command = corrected(field, &["segments", "ended_at"]);
        let segment = &mut command.interaction.as_mut().unwrap().segments[0];
        match field {
            "answered_at" => segment.answered_at = at(seconds),
            _ => segment.ended_at = at(seconds),
        }
        let refused = crm.amend_interaction(command).await.unwrap_err();
        let expected = (
            format!("interaction.segments[0].{field}"),
            "CONFLICTING".to_owned(),
        );
        assert_eq!(violations_of(&refused), [expected]);
    }
}

/// The times of the contact as it stands are those that count, whatever its record says.
#[tokio::test]
async fn a_contact_begins_before_it_ends_however_often_either_is_amended() {
    let fixture = recorded().await;
    let mut pbx = fixture.client("acme pbx integration");
    let mut version = 1;
    for (field, seconds, refused) in [
        ("occurred_at", Some(NOW_S - 30), Some("CONFLICTING")),
        ("occurred_at", None, Some("REQUIRED")),
        ("occurred_at", Some(NOW_S + 400), Some("IN_FUTURE")),
        ("occurred_at", Some(NOW_S - 900), None),
        // Before the first record's beginning, and after the new one.
        ("ended_at", Some(NOW_S - 800), None),
        ("occurred_at", Some(NOW_S - 700), Some("CONFLICTING")),
        ("ended_at", Some(NOW_S - 901), Some("CONFLICTING")),
        ("ended_at", None, None),
        ("occurred_at", Some(NOW_S - 10), None),
        ("ended_at", Some(NOW_S - 60), Some("CONFLICTING")),
        ("ended_at", Some(NOW_S - 5), None),
    ] {
        let mut values = wire::Interaction::default();
        match field {
            "occurred_at" => values.occurred_at = seconds.and_then(at),
            _ => values.ended_at = seconds.and_then(at),
        }
        let command = AmendInteractionRequest {
            interaction: Some(values),
            ..corrected(&format!("{field} {seconds:?}"), &[field])
        };
        let answer = pbx.amend_interaction(command).await;
        let case = format!("{field} {seconds:?}");
        match (answer, refused) {
            (Ok(answer), None) => {
                version += 1;
                assert_eq!(answer.into_inner().version, version, "{case}");
            }
            (Err(status), Some(reason)) => {
                let expected = (format!("interaction.{field}"), reason.to_owned());
                assert_eq!(violations_of(&status), [expected], "{case}");
            }
            (answer, _) => panic!("{case}: {answer:?}"),
        }
    }
}

#[tokio::test]
async fn new_values_obey_the_rules_of_a_record() {
    let fixture = recorded().await;
    let wrong = AmendInteractionRequest {
        interaction: Some(wire::Interaction::default()),
        update_mask: Some(FieldMask {
            paths: vec!["contact_reasons".to_owned(), "customer".to_owned()],
        }),
        ..AmendInteractionRequest::default()
    };
    let refused = fixture.crm().amend_interaction(wrong).await.unwrap_err();
    let mut fields: Vec<_> = violations_of(&refused)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    fields.sort();
    let expected = [
        "interaction.contact_reasons",
        "interaction_id",
        "reason",
        "request_id",
        "update_mask.paths[1]",
    ];
    assert_eq!(fields, expected);

    let too_early = AmendInteractionRequest {
        interaction: Some(wire::Interaction {
            ended_at: at(NOW_S - 601),
            ..wire::Interaction::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["ended_at".to_owned()],
        }),
        ..amend("r1", 0, "order")
    };
    let refused = fixture
        .crm()
        .amend_interaction(too_early)
        .await
        .unwrap_err();
    let expected = ("interaction.ended_at".to_owned(), "CONFLICTING".to_owned());
    assert_eq!(violations_of(&refused), [expected]);
}

#[tokio::test]
async fn a_retry_after_a_lost_answer_amends_once() {
    for fault in [Fate::LostAck, Fate::LostRecord, Fate::DiskFull] {
        let fixture = recorded().await;
        let mut crm = fixture.crm();
        fixture.log.fail_next([fault]);
        crm.amend_interaction(amend("r1", 1, "order"))
            .await
            .unwrap_err();
        let retried = crm
            .amend_interaction(amend("r1", 1, "order"))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(retried.version, 2, "{fault:?}");
        let next = crm
            .amend_interaction(amend("r2", 2, "order"))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(next.version, 3, "{fault:?}");
    }
}

#[tokio::test]
async fn what_was_just_recorded_can_be_amended() {
    let fixture = Fixture::new().await;
    fixture.log.hold_readers();
    let mut crm = fixture.crm();
    crm.record_interaction(request(interaction(&id(1))))
        .await
        .unwrap();
    let amended = crm.amend_interaction(amend("r1", 1, "order"));
    let (amended, ()) = tokio::join!(amended, async { fixture.log.release_readers() });
    assert_eq!(amended.unwrap().into_inner().version, 2);
}
