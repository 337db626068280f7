//! What is personal is marked, and a copy without it holds none of it.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::event::Payload;
use aftercall_proto::event::v1::{CommitmentCancelled, Event, InteractionRecorded};
use aftercall_proto::model::v1::{
    Action, CommitmentDraft, ContactReason, Customer, Handling, Interaction,
};
use aftercall_proto::personal::{REDACTED, fields, redacted};
use prost::Message;

const SECRET: &str = "what nobody else may read";

#[test]
fn words_and_names_of_people_are_marked() {
    let fields = fields();
    for field in [
        "aftercall.model.v1.Customer.display_name",
        "aftercall.model.v1.ContactReason.stated_verbatim",
        "aftercall.model.v1.Handling.summary",
        "aftercall.model.v1.CommitmentDraft.promise_text",
        "aftercall.event.v1.CommitmentCancelled.reason",
        "aftercall.recorder.v1.AmendInteractionRequest.reason",
    ] {
        assert!(fields.iter().any(|one| one == field), "{field}");
    }
}

#[test]
fn no_comment_marks_what_the_option_does_not() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/aftercall");
    let mut folders = vec![std::path::PathBuf::from(root)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains("[P]"), "{}", path.display());
        }
    }
}

#[test]
fn a_copy_without_what_is_personal_keeps_everything_else() {
    let interaction = Interaction {
        interaction_id: "contact-1".to_owned(),
        customer: Some(Customer {
            customer_id: "customer-1".to_owned(),
            display_name: SECRET.to_owned(),
            ..Customer::default()
        }),
        contact_reasons: vec![ContactReason {
            code: "billing.refund".to_owned(),
            stated_verbatim: SECRET.to_owned(),
            ..ContactReason::default()
        }],
        handling: Some(Handling {
            summary: SECRET.to_owned(),
            resolution: SECRET.to_owned(),
            actions: vec![Action {
                code: "wrote".to_owned(),
                note: SECRET.to_owned(),
                ..Action::default()
            }],
            ..Handling::default()
        }),
        commitments: vec![CommitmentDraft {
            promise_text: SECRET.to_owned(),
            ..CommitmentDraft::default()
        }],
        ..Interaction::default()
    };
    let recorded = Fact::InteractionRecorded(Box::new(InteractionRecorded {
        interaction: Some(interaction),
        ..InteractionRecorded::default()
    }));
    let cancelled = Fact::CommitmentCancelled(CommitmentCancelled {
        reason: SECRET.to_owned(),
        ..CommitmentCancelled::default()
    });
    for fact in [recorded, cancelled] {
        let copy = redacted(&fact.event()).unwrap();
        let bytes = String::from_utf8_lossy(&copy.encode_to_vec()).into_owned();
        assert!(!bytes.contains(SECRET), "{bytes}");
        let fact = copy.fact().unwrap().unwrap();
        if let Fact::InteractionRecorded(recorded) = fact {
            let contact = recorded.interaction.unwrap();
            assert_eq!(contact.interaction_id, "contact-1");
            let customer = contact.customer.unwrap();
            assert_eq!(customer.customer_id, "customer-1");
            assert_eq!(customer.display_name, REDACTED);
            assert_eq!(contact.contact_reasons[0].code, "billing.refund");
            assert_eq!(contact.handling.unwrap().actions[0].code, "wrote");
        }
    }
}

#[test]
fn what_is_not_known_is_left_out_whole() {
    let event = Event {
        r#type: 9_999,
        payload: Some(Payload::Data(SECRET.into())),
        ..Event::default()
    };
    let copy = redacted(&event).unwrap();
    assert_eq!(copy.data().map(|data| data.len()), Some(0));
}
