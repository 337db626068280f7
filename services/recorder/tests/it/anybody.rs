//! Contacts of people whom nobody knows, and texts as people's programs send them.

use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1 as wire;
use prost::Message;

use crate::contact::{HOUR_S, NOW_S, at, id, interaction, request, with_promise};
use crate::fixture::{Fixture, violations_of};

/// The contact with this customer, recorded: what the log has of it, and under which key.
async fn recorded(fixture: &Fixture, contact: wire::Interaction) -> (wire::Interaction, String) {
    let mut crm = fixture.crm();
    let name = contact.interaction_id.clone();
    crm.record_interaction(request(contact)).await.unwrap();
    let events = fixture.events().into_iter().zip(fixture.log.records());
    let mut found = events.filter(|(event, _)| event.aggregate_id == name);
    let (event, entry) = found.next().unwrap();
    let data = InteractionRecorded::decode(event.data().unwrap().clone()).unwrap();
    let key = String::from_utf8(entry.record.key.to_vec()).unwrap();
    (data.interaction.unwrap(), key)
}

fn from(number: u32, customer: Option<wire::Customer>) -> wire::Interaction {
    wire::Interaction {
        customer,
        ..interaction(&id(number))
    }
}

fn handle(kind: wire::HandleKind, value: &str) -> wire::Handle {
    wire::Handle {
        kind: kind.into(),
        value: value.to_owned(),
        ..wire::Handle::default()
    }
}

#[tokio::test]
async fn a_contact_of_nobody_is_recorded_and_stands_alone() {
    use wire::HandleKind::{Chat, Mail, Other, Social, Telephone};
    let fixture = Fixture::new().await;
    let unknown = |handles: Vec<wire::Handle>| {
        Some(wire::Customer {
            match_status: wire::MatchStatus::Unknown.into(),
            handles,
            ..wire::Customer::default()
        })
    };
    let nobody = [
        None,
        Some(wire::Customer::default()),
        Some(wire::Customer {
            match_status: wire::MatchStatus::Anonymous.into(),
            handles: vec![handle(Telephone, "anonymous")],
            ..wire::Customer::default()
        }),
        unknown(vec![]),
        unknown(vec![handle(Mail, "someone@example.org")]),
        unknown(vec![handle(Telephone, "62442")]),
        unknown(vec![handle(Telephone, "4711")]),
        unknown(vec![handle(Chat, "u-77"), handle(Social, "@somebody")]),
        unknown(vec![handle(Other, "window 3")]),
    ];
    for (number, customer) in (1..).zip(nobody) {
        let (_, key) = recorded(&fixture, from(number, customer)).await;
        assert_eq!(key, format!("acme| interaction/{}", id(number)));
    }
}

#[tokio::test]
async fn a_customer_is_whoever_the_crm_says_in_a_key_of_its_own() {
    let fixture = Fixture::new().await;
    let nobody = id(1);
    let (_, alone) = recorded(&fixture, from(1, None)).await;
    for (number, customer_id) in (2..).zip([
        &*nobody,
        "auth0|5f7c",
        "|",
        "interaction/1",
        "a/b/../c",
        "100%25",
        "Käufer-£9",
        "客户 7",
        "زبون",
        "k-1",
        "K-1",
    ]) {
        let customer = wire::Customer {
            customer_id: customer_id.to_owned(),
            ..wire::Customer::default()
        };
        let (_, key) = recorded(&fixture, from(number, Some(customer))).await;
        assert_eq!(key, format!("acme|{customer_id}"));
        assert_ne!(key, alone);
    }
}

#[tokio::test]
async fn a_number_is_recorded_in_one_form_and_shown_as_it_was_sent() {
    let fixture = Fixture::new().await;
    for (number, (value, country, form, shown)) in (1..).zip([
        ("+4930999001", "", "+4930999001", ""),
        ("0049 30 999001", "", "+4930999001", "0049 30 999001"),
        ("030 999001", "DE", "+4930999001", "030 999001"),
        ("030 999001", "", "030999001", "030 999001"),
    ]) {
        let customer = wire::Customer {
            handles: vec![handle(wire::HandleKind::Telephone, value)],
            country_code: country.to_owned(),
            ..wire::Customer::default()
        };
        let (found, _) = recorded(&fixture, from(number, Some(customer))).await;
        let found = &found.customer.unwrap().handles[0];
        assert_eq!((&*found.value, &*found.display_form), (form, shown));
    }
}

#[tokio::test]
async fn texts_are_taken_as_peoples_programs_send_them() {
    let fixture = Fixture::new().await;
    let mut sent = with_promise(&id(1));
    sent.contact_reasons[0].stated_verbatim = "Guten Tag,\r\nwo bleibt es?\rAnna".to_owned();
    sent.handling = Some(wire::Handling {
        summary: "\u{0}a\u{b}b\u{c}c\u{1b}[1m\u{85}d\u{93}".to_owned(),
        steps_already_tried: vec!["restart\u{7f}".to_owned()],
        ..wire::Handling::default()
    });
    sent.commitments[0].promise_text = "by noon\u{1}".to_owned();
    let mut crm = fixture.crm();
    let answer = crm.record_interaction(request(sent.clone())).await.unwrap();
    let told = answer.into_inner().warnings;
    let told: Vec<_> = told.iter().map(|one| (&*one.field, one.count)).collect();
    assert_eq!(
        told,
        [
            ("interaction.handling.summary", 6),
            ("interaction.handling.steps_already_tried[0]", 1),
            ("interaction.commitments[0].promise_text", 1),
        ]
    );
    let data = fixture.events()[0].data().unwrap().clone();
    let kept = InteractionRecorded::decode(data).unwrap();
    let kept = kept.interaction.unwrap();
    let words = &kept.contact_reasons[0].stated_verbatim;
    assert_eq!(words, "Guten Tag,\nwo bleibt es?\nAnna");
    let handling = kept.handling.unwrap();
    assert_eq!(handling.summary, "abc[1md");
    assert_eq!(handling.steps_already_tried, ["restart"]);
    assert_eq!(kept.commitments[0].promise_text, "by noon");
    // The same again is the same.
    let again = crm.record_interaction(request(sent)).await.unwrap();
    assert!(again.into_inner().already_recorded);
}

#[tokio::test]
async fn a_long_complaint_is_taken_whole() {
    let fixture = Fixture::new().await;
    let mut long = interaction(&id(1));
    long.contact_reasons[0].stated_verbatim = "w".repeat(64 << 10);
    long.handling = Some(wire::Handling {
        summary: "s".repeat(64 << 10),
        ..wire::Handling::default()
    });
    recorded(&fixture, long.clone()).await;
    long.interaction_id = id(2);
    long.contact_reasons[0].stated_verbatim.push('w');
    let refused = fixture.crm().record_interaction(request(long)).await;
    let expected = "interaction.contact_reasons[0].stated_verbatim";
    let expected = [(expected.to_owned(), "TOO_LONG".to_owned())];
    assert_eq!(violations_of(&refused.unwrap_err()), expected);
}

/// What is said of a contact, field by field.
async fn said(fixture: &Fixture, contact: wire::Interaction) -> Vec<(String, String)> {
    let refused = fixture.crm().record_interaction(request(contact)).await;
    violations_of(&refused.unwrap_err())
}

#[tokio::test]
async fn one_fault_is_said_once() {
    let fixture = Fixture::new().await;
    let expected =
        |field: &str, reason: &str| vec![(format!("interaction.{field}"), reason.to_owned())];
    for (due, reason) in [
        (None, "REQUIRED"),
        (at(-1), "OUT_OF_RANGE"),
        (at(i64::MAX), "OUT_OF_RANGE"),
        (at(10_000_000_000), "OUT_OF_RANGE"),
    ] {
        let mut wrong = with_promise(&id(1));
        wrong.commitments[0].promised_by = due;
        wrong.commitments[0].promised_not_before = at(NOW_S + HOUR_S);
        let said = said(&fixture, wrong).await;
        assert_eq!(said, expected("commitments[0].promised_by", reason));
    }
    let mut wrong = interaction(&id(1));
    wrong.segments = vec![wire::Segment {
        kind: wire::SegmentKind::Agent.into(),
        holds: vec![wire::Hold {
            ended_at: at(NOW_S - 100),
            ..wire::Hold::default()
        }],
        ..wire::Segment::default()
    }];
    let held = said(&fixture, wrong).await;
    assert_eq!(held, expected("segments[0].holds[0].began_at", "REQUIRED"));
    let mut wrong = interaction(&id(1));
    wrong.occurred_at = at(10_000_000_000);
    wrong.ended_at = None;
    let began = said(&fixture, wrong).await;
    assert_eq!(began, expected("occurred_at", "OUT_OF_RANGE"));
}

#[tokio::test]
async fn a_part_outside_of_the_contact_is_refused() {
    let fixture = Fixture::new().await;
    let contact = |change: &dyn Fn(&mut wire::Segment)| {
        let mut contact = interaction(&id(1));
        let mut segment = wire::Segment {
            kind: wire::SegmentKind::Agent.into(),
            ..wire::Segment::default()
        };
        change(&mut segment);
        contact.segments = vec![segment];
        contact
    };
    let (began, ended) = (NOW_S - 600, NOW_S - 60);
    for seconds in [began - 61, ended + 61] {
        for field in ["enqueued_at", "offered_at", "answered_at", "ended_at"] {
            let outside = contact(&|segment| match field {
                "enqueued_at" => segment.enqueued_at = at(seconds),
                "offered_at" => segment.offered_at = at(seconds),
                "answered_at" => segment.answered_at = at(seconds),
                _ => segment.ended_at = at(seconds),
            });
            let field = format!("interaction.segments[0].{field}");
            let expected = [(field, "CONFLICTING".to_owned())];
            assert_eq!(said(&fixture, outside).await, expected, "{seconds}");
        }
    }
    let far = contact(&|segment| segment.answered_at = at(7_226_582_400));
    let field = "interaction.segments[0].answered_at".to_owned();
    assert_eq!(said(&fixture, far).await, [(field, "IN_FUTURE".to_owned())]);
    // Clocks differ by some seconds, and wrapping up begins when the customer has gone.
    let fine = contact(&|segment| {
        segment.enqueued_at = at(began - 5);
        segment.answered_at = at(began);
        segment.ended_at = at(ended + 5);
        segment.acw_started_at = at(ended + 5);
        segment.acw_ended_at = at(NOW_S);
    });
    recorded(&fixture, fine).await;
}
