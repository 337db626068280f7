//! A CRM's first calls, from Rust.

use std::time::{Duration, SystemTime};

use aftercall_client::{Client, Error};
use aftercall_proto::followups::v1::{CommitmentFilter, ListCommitmentsRequest};
use aftercall_proto::history::v1::ListTimelineRequest;
use aftercall_proto::history::v1::timeline_entry::What;
use aftercall_proto::model::v1::{
    Channel, CommitmentDraft, CommitmentKind, CommitmentLifecycle, ContactReason, Customer,
    Direction, Disposition, Handling, Interaction,
};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use futures::TryStreamExt;
use pbjson_types::Timestamp;

#[tokio::main]
#[allow(
    clippy::disallowed_methods,
    reason = "a program of its own has the machine's clock"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("AFTERCALL_ADDRESS").unwrap_or("localhost:7400".to_owned());
    let client = Client::builder(format!("http://{address}"))
        .read_own_writes()
        .connect()
        .await?;

    // 1. The call has ended: record why the customer called, how it was handled, what was promised.
    // The client names the contact, unless it has a name, and sends it again where that may help.
    let recorded = client
        .call(RecordInteractionRequest {
            interaction: Some(contact(SystemTime::now())?),
            ..Default::default()
        })
        .await?;
    println!("recorded {}", recorded.interaction_id);

    // 2. Read your own write: this client's queries include what it wrote last.
    let timeline = client.items(ListTimelineRequest {
        whose: Some("C-RUST".to_owned().into()),
        ..Default::default()
    });
    let timeline: Vec<_> = timeline.try_collect().await?;
    let found = timeline.iter().any(|entry| match &entry.what {
        Some(What::Interaction(contact)) => contact.interaction_id == recorded.interaction_id,
        _ => false,
    });
    assert!(found, "the timeline has what was just recorded");

    // 3. What is still promised to this customer?
    let promises = client.items(ListCommitmentsRequest {
        filter: Some(CommitmentFilter {
            customer_ids: vec!["C-RUST".to_owned()],
            lifecycles: vec![CommitmentLifecycle::Active.into()],
            ..Default::default()
        }),
        ..Default::default()
    });
    let promises: Vec<_> = promises.try_collect().await?;
    for promise in &promises {
        println!("promised: {}", promise.promise_text);
    }
    assert!(!promises.is_empty());

    // What is wrong with a record is said field by field.
    match client.call(RecordInteractionRequest::default()).await {
        Err(Error::Refused(refusal)) => println!("{refusal}"),
        other => return Err(format!("an empty record was taken: {other:?}").into()),
    }
    Ok(())
}

/// What is recorded of a call.
fn contact(now: SystemTime) -> Result<Interaction, Box<dyn std::error::Error>> {
    Ok(Interaction {
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: "C-RUST".to_owned(),
            ..Default::default()
        }),
        agent_id: "e.kato".to_owned(),
        occurred_at: Some(stamp(now)?),
        contact_reasons: vec![ContactReason {
            code: "internet.slow".to_owned(),
            primary: true,
            ..Default::default()
        }],
        handling: Some(Handling {
            summary: "Slow by cable as well. Passed to the network team.".to_owned(),
            ..Default::default()
        }),
        disposition: Some(Disposition {
            code: "follow_up".to_owned(),
            ..Default::default()
        }),
        commitments: vec![CommitmentDraft {
            kind: CommitmentKind::StatusUpdate.into(),
            promise_text: "You'll hear from us in two days.".to_owned(),
            told_to_customer: true,
            promised_by: Some(stamp(now + Duration::from_secs(2 * 86_400))?),
            ..Default::default()
        }],
        ..Default::default()
    })
}

fn stamp(at: SystemTime) -> Result<Timestamp, Box<dyn std::error::Error>> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(Timestamp {
        seconds: i64::try_from(since.as_secs())?,
        nanos: i32::try_from(since.subsec_nanos())?,
    })
}
