//! Records to write. They leave nothing to the server, so that what it stores must be what was sent.

use aftercall_domain::ids::Namespace;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::followups::v1::FulfilCommitmentRequest;
use aftercall_proto::model::v1::{
    CommitmentDraft, ContactReason, Customer, Disposition, Handling, Interaction, Owner, Priority,
    ReasonResolution, owner,
};
use aftercall_proto::recorder::v1::{AmendInteractionRequest, RecordInteractionRequest};
use aftercall_service::{Clock, SystemClock, testing};
use jiff::{SignedDuration, Timestamp};
use pbjson_types::FieldMask;
use rand::Rng;
use rand::rngs::StdRng;

const REASONS: [&str; 4] = ["billing.double_charge", "delivery.late", "login", "router"];
const WORDS: [&str; 12] = [
    "invoice", "router", "rebooted", "customer", "paid", "twice", "parcel", "Straße", "账单",
    "waits", "since", "Tuesday",
];

/// How far ahead a promise is due that is due in days.
pub(crate) const DAYS: SignedDuration = SignedDuration::from_hours(72);

/// The machine's time, as exact as the log keeps it.
pub(crate) fn now() -> Timestamp {
    let now = SystemClock::new().now();
    Timestamp::from_microsecond(now.as_microsecond()).expect("a time of our days")
}

/// A text of `words` words.
fn text(rng: &mut StdRng, words: usize) -> String {
    let words: Vec<_> = (0..words)
        .map(|_| WORDS[rng.random_range(0..WORDS.len())])
        .collect();
    words.join(" ")
}

/// The `number`th record of `source`, of `customer_id`.
pub(crate) fn record(
    rng: &mut StdRng,
    source: &str,
    number: u64,
    customer_id: &str,
) -> RecordInteractionRequest {
    let id = |of: Namespace| {
        of.id(&[source.as_bytes(), &number.to_le_bytes()])
            .to_string()
    };
    let agent_id = format!("agent-{}", rng.random_range(0..5));
    let commitment_id = id(Namespace::Commitment);
    let team_id = format!("team-{}", number % 3);
    let promises = rng.random_bool(0.7);
    let commitments = promises.then(|| promise(rng, commitment_id, (&agent_id, &team_id)));
    RecordInteractionRequest {
        interaction: Some(Interaction {
            interaction_id: id(Namespace::Interaction),
            customer: Some(Customer {
                customer_id: customer_id.to_owned(),
                display_name: "Ana Beispiel".to_owned(),
                ..Customer::default()
            }),
            agent_id,
            team_id,
            contact_reasons: vec![ContactReason {
                stated_verbatim: text(rng, 12),
                resolution: ReasonResolution::Resolved.into(),
                ..testing::reason(REASONS[rng.random_range(0..REASONS.len())])
            }],
            handling: Some(Handling {
                summary: text(rng, 30),
                resolution: if number.is_multiple_of(20) {
                    text(rng, 15)
                } else {
                    String::new()
                },
                ..Handling::default()
            }),
            disposition: Some(Disposition {
                code: "resolved".to_owned(),
                ..Disposition::default()
            }),
            no_follow_up_promised: !promises,
            commitments: commitments.into_iter().collect(),
            labels: vec![format!("number-{number}")],
            ..testing::contact(now())
        }),
        ..RecordInteractionRequest::default()
    }
}

/// A promise that is due in a moment, or in days.
fn promise(
    rng: &mut StdRng,
    commitment_id: String,
    (agent_id, team_id): (&str, &str),
) -> CommitmentDraft {
    let ahead = if rng.random_bool(0.5) {
        SignedDuration::from_millis(rng.random_range(500..3_000))
    } else {
        DAYS
    };
    CommitmentDraft {
        commitment_id,
        promise_text: text(rng, 8),
        owner: Some(Owner {
            owner: Some(owner::Owner::AgentId(agent_id.to_owned())),
        }),
        owner_team_id: team_id.to_owned(),
        priority: Priority::P3.into(),
        ..testing::promise(now() + ahead)
    }
}

/// An amendment of the interaction's summary.
pub(crate) fn amendment(
    rng: &mut StdRng,
    request_id: String,
    interaction_id: &str,
) -> AmendInteractionRequest {
    AmendInteractionRequest {
        request_id,
        interaction_id: interaction_id.to_owned(),
        expected_version: 0,
        interaction: Some(Interaction {
            handling: Some(Handling {
                summary: text(rng, 20),
                ..Handling::default()
            }),
            ..Interaction::default()
        }),
        update_mask: Some(FieldMask {
            paths: vec!["handling".to_owned()],
        }),
        reason: "was cut short".to_owned(),
    }
}

/// A promise's fulfilment, now.
pub(crate) fn fulfilment(
    rng: &mut StdRng,
    request_id: String,
    commitment_id: &str,
) -> FulfilCommitmentRequest {
    FulfilCommitmentRequest {
        request_id,
        commitment_id: commitment_id.to_owned(),
        fulfilled_at: Some(to_wire(now())),
        note: text(rng, 5),
        ..FulfilCommitmentRequest::default()
    }
}
