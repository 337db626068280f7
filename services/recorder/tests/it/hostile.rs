//! Input that nobody means well with.

use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::{
    AmendInteractionRequest, RecordInteractionRequest, RecordInteractionsRequest,
    RecordInteractionsResponse,
};
use pbjson_types::{FieldMask, Timestamp};
use prost::Message;
use tonic::Code;

use crate::contact::{id, interaction, request, with_promise};
use crate::fixture::{Fixture, reason_of, violations_of};

/// Years 1 and 9999, and what is beyond them.
const NO_TIMES: [(i64, i32); 6] = [
    (-62_135_596_800, 0),
    (253_402_300_799, 0),
    (i64::MIN, 0),
    (i64::MAX, 0),
    (0, -1),
    (0, i32::MAX),
];

async fn refused(fixture: &Fixture, interaction: wire::Interaction) -> Vec<(String, String)> {
    let status = fixture
        .crm()
        .record_interaction(request(interaction))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(reason_of(&status).0, "INVALID_REQUEST");
    violations_of(&status)
}

/// A sound request whose customer id is not UTF-8.
fn not_utf8() -> Vec<u8> {
    let mut bytes = request(interaction(&id(1))).encode_to_vec();
    let text = b"customer-1";
    let at = bytes
        .windows(text.len())
        .position(|window| window == text)
        .unwrap();
    bytes[at] = 0xFF;
    bytes
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_with_details() {
    let fixture = Fixture::new().await;
    let method = "/aftercall.recorder.v1.RecorderService/RecordInteraction";
    for bytes in [not_utf8(), vec![0xFF; 64], b"{\"json\": true}".to_vec()] {
        let (_, status) = fixture.send_raw(method, vec![bytes]).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert_eq!(reason_of(&status).0, "INVALID_REQUEST");
    }
    let (_, status) = fixture.send_raw(method, vec![vec![0; 5 << 20]]).await;
    assert_eq!(reason_of(&status).0, "MESSAGE_TOO_LARGE");
    assert_eq!(fixture.log.len(), 0);
}

#[tokio::test]
async fn bytes_that_are_no_message_end_a_stream_after_its_answers() {
    let fixture = Fixture::new().await;
    let sound = RecordInteractionsRequest {
        correlation_id: "sound".to_owned(),
        request: Some(request(interaction(&id(2)))),
    };
    let mut broken = not_utf8();
    broken.insert(0, broken.len() as u8);
    let method = "/aftercall.recorder.v1.RecorderService/RecordInteractions";
    let (answers, status) = fixture
        .send_raw(method, vec![sound.encode_to_vec(), broken])
        .await;
    let answer = RecordInteractionsResponse::decode(&answers[0][..]).unwrap();
    assert_eq!((answers.len(), &*answer.correlation_id), (1, "sound"));
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(reason_of(&status).0, "INVALID_REQUEST");
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn an_empty_request_is_told_what_is_missing() {
    let fixture = Fixture::new().await;
    let empty = RecordInteractionRequest::default();
    let status = fixture.crm().record_interaction(empty).await.unwrap_err();
    assert_eq!(
        violations_of(&status),
        [("interaction".to_owned(), "REQUIRED".to_owned())]
    );
    let fields = refused(&fixture, wire::Interaction::default()).await;
    for field in [
        "channel",
        "direction",
        "occurred_at",
        "contact_reasons",
        "commitments",
    ] {
        let expected = (format!("interaction.{field}"), "REQUIRED".to_owned());
        assert!(fields.contains(&expected), "{expected:?} in {fields:?}");
    }
    assert_eq!(fixture.log.len(), 0);
}

#[tokio::test]
async fn times_out_of_this_world_are_refused() {
    let fixture = Fixture::new().await;
    for (seconds, nanos) in NO_TIMES {
        let time = Some(Timestamp { seconds, nanos });
        let mut wild = with_promise(&id(1));
        wild.occurred_at = time;
        wild.ended_at = time;
        wild.commitments[0].promised_by = time;
        wild.segments = vec![wire::Segment {
            kind: wire::SegmentKind::Agent.into(),
            answered_at: time,
            ..wire::Segment::default()
        }];
        let fields = refused(&fixture, wild).await;
        for field in [
            "occurred_at",
            "ended_at",
            "commitments[0].promised_by",
            "segments[0].answered_at",
        ] {
            let expected = (format!("interaction.{field}"), "OUT_OF_RANGE".to_owned());
            assert!(
                fields.contains(&expected),
                "{seconds}: {expected:?} in {fields:?}"
            );
        }
    }
}

#[tokio::test]
async fn lists_and_texts_are_bounded() {
    let fixture = Fixture::new().await;
    let mut long = with_promise(&id(1));
    let draft = long.commitments[0].clone();
    long.commitments = vec![draft; 10_000];
    let found = refused(&fixture, long).await;
    assert_eq!(
        found[0],
        ("interaction.commitments".to_owned(), "TOO_MANY".to_owned())
    );

    let mut long = interaction(&id(1));
    long.handling = Some(wire::Handling {
        summary: "x".repeat(3 << 20),
        ..wire::Handling::default()
    });
    let found = refused(&fixture, long).await;
    assert_eq!(
        found[0],
        (
            "interaction.handling.summary".to_owned(),
            "TOO_LONG".to_owned()
        )
    );
}

#[tokio::test]
async fn a_record_that_the_log_can_not_take_is_refused_alone() {
    let fixture = Fixture::new().await;
    let mut heavy = interaction(&id(1));
    let action = wire::Action {
        code: "wrote".to_owned(),
        note: "x".repeat(16 << 10),
        ..wire::Action::default()
    };
    heavy.handling = Some(wire::Handling {
        actions: vec![action; 100],
        ..wire::Handling::default()
    });
    let status = fixture
        .crm()
        .record_interaction(request(heavy))
        .await
        .unwrap_err();
    assert_eq!(reason_of(&status).0, "MESSAGE_TOO_LARGE");
    assert_eq!(fixture.log.len(), 0);
}

#[tokio::test]
async fn ids_that_look_alike_are_refused() {
    let fixture = Fixture::new().await;
    for evil in [
        " ",
        "\u{a0}",
        "K-1 ",
        " K-1",
        "K-1\n",
        "\tK-1",
        "K\u{2003}1",
        "K-1\u{200b}",
        "K\u{200d}1",
        "\u{feff}K-1",
        "K\u{ad}1",
        "K-1\u{3164}",
        "\u{202e}1-K",
        "a\0b",
        "a\u{1b}b",
        "a\u{85}b",
    ] {
        let mut one = interaction(&id(1));
        let customer = one.customer.as_mut().unwrap();
        customer.customer_id = evil.to_owned();
        customer.match_status = wire::MatchStatus::Ambiguous.into();
        customer.candidate_customer_ids = vec![evil.to_owned()];
        one.agent_id = evil.to_owned();
        let fields = refused(&fixture, one).await;
        let expected = [
            "customer.customer_id",
            "customer.candidate_customer_ids[0]",
            "agent_id",
        ]
        .map(|field| (format!("interaction.{field}"), "MALFORMED".to_owned()));
        assert_eq!(fields, expected, "{evil:?}");
    }
}

#[tokio::test]
async fn no_personal_value_is_quoted_back() {
    let fixture = Fixture::new().await;
    let mut private = interaction(&id(1));
    let secret = "555-SECRET";
    let customer = private.customer.as_mut().unwrap();
    customer.handles = vec![wire::Handle {
        value: secret.repeat(100),
        display_form: secret.repeat(100),
        ..wire::Handle::default()
    }];
    customer.display_name = secret.repeat(100);
    customer.customer_id = format!("{secret}\u{1}");
    let status = fixture
        .crm()
        .record_interaction(request(private))
        .await
        .unwrap_err();
    assert!(!status.message().contains(secret));
    assert!(!String::from_utf8_lossy(status.details()).contains(secret));
}

#[tokio::test]
async fn another_tenants_contact_does_not_exist() {
    let fixture = Fixture::new().await;
    fixture
        .crm()
        .record_interaction(request(interaction(&id(1))))
        .await
        .unwrap();
    let amend = |interaction_id: String| AmendInteractionRequest {
        request_id: "r1".to_owned(),
        interaction_id,
        interaction: Some(wire::Interaction::default()),
        update_mask: Some(FieldMask {
            paths: vec!["labels".to_owned()],
        }),
        reason: "typing error".to_owned(),
        ..AmendInteractionRequest::default()
    };
    let mut stranger = fixture.client("umbrella crm compliance_officer");
    for unknown in [id(1), id(2)] {
        let status = stranger
            .amend_interaction(amend(unknown))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(reason_of(&status).0, "INTERACTION_NOT_FOUND");
    }
    assert_eq!(fixture.log.len(), 1);
}

#[tokio::test]
async fn follow_ups_name_promises_of_earlier_contacts_each_once() {
    let fixture = Fixture::new().await;
    let follow_up = |commitment_id: &str, result| wire::FollowUp {
        commitment_id: commitment_id.to_owned(),
        result,
    };
    let reached = wire::AttemptResult::Reached.into();
    let mut contact = with_promise(&id(1));
    contact.commitments[0].commitment_id = id(9);
    contact.follow_ups = vec![
        follow_up(&id(2), reached),
        follow_up(&id(2).to_uppercase(), reached),
        follow_up("c-1", reached),
        follow_up("", 0),
        follow_up(&id(9), reached),
    ];
    let field = |rest: &str, reason: &str| {
        let field = format!("interaction.follow_ups[{rest}");
        (field, reason.to_owned())
    };
    let mut found = refused(&fixture, contact.clone()).await;
    found.sort();
    assert_eq!(
        found,
        [
            field("1].commitment_id", "CONFLICTING"),
            field("2].commitment_id", "MALFORMED"),
            field("3].commitment_id", "REQUIRED"),
            field("3].result", "REQUIRED"),
            field("4].commitment_id", "CONFLICTING"),
        ]
    );
    contact.follow_ups = vec![follow_up(&id(2), reached); 51];
    let found = refused(&fixture, contact.clone()).await;
    assert!(found.contains(&("interaction.follow_ups".to_owned(), "TOO_MANY".to_owned())));
    assert_eq!(fixture.log.len(), 0);

    contact.follow_ups = vec![follow_up(&id(2).to_uppercase(), reached)];
    let recorded = fixture.crm().record_interaction(request(contact)).await;
    recorded.unwrap();
    let data = fixture.events()[0].data().unwrap().clone();
    let recorded = aftercall_proto::event::v1::InteractionRecorded::decode(data).unwrap();
    let kept = recorded.interaction.unwrap().follow_ups;
    assert_eq!(kept, [follow_up(&id(2), reached)]);
}

#[tokio::test]
async fn a_trouble_begins_before_its_contact_and_silence_ends_after_it_began() {
    let fixture = Fixture::new().await;
    let mut contact = with_promise(&id(1));
    let began = contact.occurred_at.unwrap();
    contact.problem_onset_at = Some(Timestamp {
        seconds: began.seconds + 1,
        nanos: 0,
    });
    contact.non_talk = vec![wire::NonTalk {
        from_ms: 2,
        to_ms: 1,
    }];
    contact.interruptions = vec![wire::Interruption::default()];
    let mut found = refused(&fixture, contact.clone()).await;
    found.sort();
    let field = |field: &str, reason: &str| (format!("interaction.{field}"), reason.to_owned());
    assert_eq!(
        found,
        [
            field("interruptions[0].by", "REQUIRED"),
            field("non_talk[0].to_ms", "CONFLICTING"),
            field("problem_onset_at", "CONFLICTING"),
        ]
    );
    contact.problem_onset_at = Some(began);
    contact.non_talk[0].to_ms = 3;
    contact.interruptions[0].by = wire::SentimentParticipant::Agent.into();
    let recorded = fixture
        .crm()
        .record_interaction(request(contact.clone()))
        .await;
    recorded.unwrap();
    let data = fixture.events()[0].data().unwrap().clone();
    let recorded = aftercall_proto::event::v1::InteractionRecorded::decode(data).unwrap();
    let kept = recorded.interaction.unwrap();
    assert_eq!(kept.problem_onset_at, Some(began));
    assert_eq!(kept.non_talk, contact.non_talk);
    assert_eq!(kept.interruptions, contact.interruptions);
}
