//! What one record costs before the log sees it: `cargo bench -p aftercall-recorder`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::model::v1::{
    Action, Channel, CommitmentDraft, CommitmentKind, ContactReason, Customer, Direction,
    Disposition, Handle, HandleKind, Handling, Interaction,
};
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionsRequest};
use aftercall_recorder::measure::prepare;
use aftercall_service::{ActorKind, Clock, Principal, Roles, SystemClock, SystemIds};
use bytes::Bytes;
use pbjson_types::Timestamp;
use prost::Message;

const MESSAGES: usize = 4_096;
const MEASURED_FOR: Duration = Duration::from_secs(2);

fn main() {
    let clock = SystemClock::new();
    let ids = SystemIds::new(Arc::new(clock));
    let principal = Principal::new("acme", "crm-eu", ActorKind::Integration, Roles::all());
    let now = clock.now();
    let messages: Vec<Bytes> = (0..MESSAGES).map(|n| message(n, now.as_second())).collect();
    let bytes: usize = messages.iter().map(Bytes::len).sum();
    let mut records = 0_usize;
    let mut written = 0_usize;
    let started = clock.monotonic();
    while clock.monotonic() - started < MEASURED_FOR {
        for message in &messages {
            let size = prepare(black_box(message.clone()), &principal, &ids, now);
            written += black_box(size.expect("the message is valid"));
        }
        records += MESSAGES;
    }
    let took = clock.monotonic() - started;
    println!(
        "prepare: {} ns per record of {} bytes, {} bytes in the log",
        took.as_nanos() / records as u128,
        bytes / MESSAGES,
        written / records,
    );
}

/// A contact with one promise, of about 700 bytes.
fn message(number: usize, now_s: i64) -> Bytes {
    let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
    let interaction = Interaction {
        interaction_id: format!("0199c3a4-6f00-7000-8000-{number:012x}"),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: format!("customer-{}", number % 1_000),
            handles: vec![Handle {
                kind: HandleKind::Telephone.into(),
                value: "+4930123456".to_owned(),
                ..Handle::default()
            }],
            display_name: "A. Customer".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            language: "de-DE".to_owned(),
            ..Customer::default()
        }),
        agent_id: "agent-17".to_owned(),
        team_id: "team-3".to_owned(),
        occurred_at: at(now_s - 600),
        ended_at: at(now_s - 60),
        contact_reasons: vec![ContactReason {
            code: "billing.double_charge".to_owned(),
            primary: true,
            stated_verbatim: "I was charged twice for the same month".to_owned(),
            ..ContactReason::default()
        }],
        handling: Some(Handling {
            summary: "The customer was charged twice in March. ".repeat(6),
            actions: vec![Action {
                code: "checked_invoices".to_owned(),
                ..Action::default()
            }],
            ..Handling::default()
        }),
        disposition: Some(Disposition {
            code: "follow_up".to_owned(),
            ..Disposition::default()
        }),
        commitments: vec![CommitmentDraft {
            kind: CommitmentKind::CallBack.into(),
            promise_text: "We call you back by Friday noon".to_owned(),
            told_to_customer: true,
            promised_by: at(now_s + 86_400),
            time_zone: "Europe/Berlin".to_owned(),
            ..CommitmentDraft::default()
        }],
        labels: vec!["march".to_owned()],
        ..Interaction::default()
    };
    let message = RecordInteractionsRequest {
        correlation_id: number.to_string(),
        request: Some(RecordInteractionRequest {
            interaction: Some(interaction),
            ..RecordInteractionRequest::default()
        }),
    };
    message.encode_to_vec().into()
}
