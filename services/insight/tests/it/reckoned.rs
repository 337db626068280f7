//! Another program, which shares nothing with the service, reckons the same from the same contacts, to the last digit.
//!
//! The contacts are real chats, which lie beside the project.

use std::io::Read;
use std::path::Path;
use std::process::Command;

use aftercall_proto::insight::v1::{AggregateRequest, Dimension};
use aftercall_proto::model::v1::{Channel, Segment, SegmentKind};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use serde_json::{Value, json};

use crate::fixture::{Contact, Events, Service, contact};

/// A chat as both programs read it.
#[derive(Debug)]
struct Chat {
    n: u64,
    customer: String,
    agent: String,
    reasons: Vec<String>,
    started_us: i64,
    ended_us: i64,
    dropped: bool,
}

fn chats() -> Vec<Chat> {
    let path = "../../../shared/data/interactions-star.jsonl.gz";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let file = std::fs::File::open(&path)
        .unwrap_or_else(|error| panic!("the chats {} are needed: {error}", path.display()));
    let mut lines = String::new();
    GzDecoder::new(file).read_to_string(&mut lines).unwrap();
    let text = |of: &Value, field: &str| of[field].as_str().unwrap_or_default().to_owned();
    let at = |of: &Value, field: &str| {
        let at: Timestamp = text(of, field).parse().unwrap();
        at.as_microsecond()
    };
    let chat = |(n, line): (u64, &str)| {
        let of: Value = serde_json::from_str(line).unwrap();
        let reasons = of["reason_codes"].as_array().unwrap().iter();
        Chat {
            n,
            customer: text(&of, "customer"),
            agent: text(&of, "agent"),
            // What stands before the first mark is the domain.
            reasons: reasons
                .map(|code| code.as_str().unwrap().replacen('_', ".", 1))
                .collect(),
            started_us: at(&of, "started_at"),
            ended_us: at(&of, "ended_at"),
            dropped: text(&of, "outcome").starts_with("dropped"),
        }
    };
    (1..).zip(lines.lines()).map(chat).collect()
}

fn wire(us: i64) -> WireTimestamp {
    WireTimestamp {
        seconds: us.div_euclid(1_000_000),
        nanos: (us.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

impl Chat {
    fn contact(&self) -> Contact {
        let chat = contact(self.n, 0).customer(&self.customer);
        let chat = self
            .reasons
            .iter()
            .fold(chat, |chat, code| chat.reason(code));
        let chat = if self.dropped { chat.dropped() } else { chat };
        chat.with(|it| {
            it.channel = Channel::Chat.into();
            it.agent_id.clone_from(&self.agent);
            it.occurred_at = Some(wire(self.started_us));
            it.ended_at = Some(wire(self.ended_us));
            it.segments.push(Segment {
                kind: SegmentKind::Agent.into(),
                answered_at: Some(wire(self.started_us)),
                ended_at: Some(wire(self.ended_us)),
                ..Segment::default()
            });
        })
    }

    fn line(&self) -> String {
        json!({
            "id": self.n,
            "customer": self.customer,
            "agent": self.agent,
            "reasons": self.reasons,
            "started_us": self.started_us,
            "ended_us": self.ended_us,
            "dropped": self.dropped,
        })
        .to_string()
    }
}

/// The shortest text that is this number and no other.
fn digits(number: Option<f64>) -> String {
    format!("{:?}", number.unwrap())
}

#[tokio::test]
async fn needs_python_another_program_reckons_the_same() {
    let (events, dir) = (Events::new(2), tempfile::tempdir().unwrap());
    let chats = chats();
    let lines: Vec<String> = chats.iter().map(Chat::line).collect();
    let input = dir.path().join("chats.jsonl");
    std::fs::write(&input, lines.join("\n")).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/reckon.py");
    let reckoned = Command::new("python3")
        .args([script.as_ref(), &*input])
        .output();
    let reckoned = reckoned.unwrap();
    assert!(reckoned.status.success(), "{reckoned:?}");
    let reckoned: Value = serde_json::from_slice(&reckoned.stdout).unwrap();

    chats.iter().for_each(|chat| chat.contact().record(&events));
    let service = Service::start(&events, &dir.path().join("views")).await;
    let mut client = service.client();
    let request = AggregateRequest {
        dimensions: vec![Dimension::Agent.into()],
        ..AggregateRequest::default()
    };
    let answer = client.aggregate(request).await.unwrap();
    let total = answer.total.unwrap();
    let found = json!({
        "contacts": total.contacts,
        "dropped": total.dropped,
        "aht": digits(total.average_handle_seconds),
        "resolved": total.resolved_first,
        "repeats": total.repeats,
        "redialled": total.redialled,
        "fcr": digits(total.first_contact_resolution),
        "agents": answer.rows.iter().map(|row| {
            let it = row.measures.as_ref().unwrap();
            let said = json!({
                "contacts": it.contacts,
                "handle_ms": it.handle_ms,
                "aht": digits(it.average_handle_seconds),
            });
            (row.values[0].clone(), said)
        }).collect::<serde_json::Map<_, _>>(),
    });
    assert_eq!(found, reckoned);
    service.stop().await;
}
