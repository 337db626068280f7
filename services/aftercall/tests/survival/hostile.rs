//! Hostile input over the wire, to every method of the real server: each time a clear status with
//! details, and nothing personal in the log.

pub(crate) mod raw;
mod tenants;
mod tokens;

use std::fs;

use bytes::{BufMut, Bytes, BytesMut};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::process::Start;

/// Every method, but those of health and reflection.
const METHODS: [&str; 25] = [
    "/aftercall.recorder.v1.RecorderService/RecordInteraction",
    "/aftercall.recorder.v1.RecorderService/RecordInteractions",
    "/aftercall.recorder.v1.RecorderService/AmendInteraction",
    "/aftercall.history.v1.HistoryService/GetInteraction",
    "/aftercall.history.v1.HistoryService/GetCustomerContext",
    "/aftercall.history.v1.HistoryService/ListTimeline",
    "/aftercall.history.v1.HistoryService/SearchInteractions",
    "/aftercall.history.v1.HistoryService/FindCustomers",
    "/aftercall.followups.v1.FollowupService/GetCommitment",
    "/aftercall.followups.v1.FollowupService/ListCommitments",
    "/aftercall.followups.v1.FollowupService/FulfilCommitment",
    "/aftercall.followups.v1.FollowupService/CancelCommitment",
    "/aftercall.followups.v1.FollowupService/RescheduleCommitment",
    "/aftercall.alerts.v1.AlertService/ListAlerts",
    "/aftercall.knowledge.v1.KnowledgeService/ListCandidates",
    "/aftercall.knowledge.v1.KnowledgeService/PromoteCandidate",
    "/aftercall.knowledge.v1.KnowledgeService/GetSolution",
    "/aftercall.knowledge.v1.KnowledgeService/ListSolutions",
    "/aftercall.knowledge.v1.KnowledgeService/SuggestSolutions",
    "/aftercall.knowledge.v1.SearchService/SearchSolutions",
    "/aftercall.knowledge.v1.SearchService/ReportSearch",
    "/aftercall.knowledge.v1.SearchService/ListStruggles",
    "/aftercall.knowledge.v1.SearchService/KnowledgeReport",
    "/aftercall.knowledge.v1.SearchService/SampleLinks",
    "/aftercall.knowledge.v1.SearchService/JudgeLink",
];

/// Its answer never ends, unless it is refused.
const WATCH: &str = "/aftercall.alerts.v1.AlertService/WatchAlerts";

/// The highest field number of a request, and some more.
const FIELDS_MAX: u8 = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_request_get_a_clear_status() {
    let scratch = tempfile::tempdir().expect("a directory");
    let start = Start::on(&scratch.path().join("data"), &scratch.path().join("log"));
    let mut server = start.ready();
    let channel = server.channel();
    let seed = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    for method in METHODS.into_iter().chain([WATCH]) {
        for (what, message) in unreadable(&mut rng) {
            if let Err(status) = raw::call(&channel, method, message).await {
                assert_clear(&format!("{method}: {what}"), &status);
            } else {
                assert!(what == "garbage", "{method} takes {what}");
            }
        }
        too_large(&channel, method).await;
        for (what, message) in odd() {
            if let Err(status) = raw::call(&channel, method, message).await {
                assert_clear(&format!("{method}: {what}"), &status);
            }
        }
    }
    assert!(server.runs());
    server.stop();
    let said = fs::read_to_string(scratch.path().join("log")).expect("a log");
    assert!(!said.contains("panicked"), "{said}");
}

/// A status that tells the caller what is wrong, and that the fault is not ours.
pub(crate) fn assert_clear(case: &str, status: &Status) {
    let never = [Code::Unknown, Code::Internal, Code::Ok, Code::Unavailable];
    assert!(!never.contains(&status.code()), "{case}: {status:?}");
    let error = status.get_details_error_info();
    let error = error.unwrap_or_else(|| panic!("{case}: no details: {status:?}"));
    assert!(!error.reason.is_empty(), "{case}");
    assert!(!status.message().is_empty(), "{case}");
}

async fn too_large(channel: &Channel, method: &str) {
    let message = field(15, &vec![0; 5 << 20]);
    let status = raw::call(channel, method, message).await;
    let status = status.expect_err("5 MiB are too much");
    assert_clear(&format!("{method}: 5 MiB"), &status);
    let error = status.get_details_error_info().expect("details");
    assert_eq!(error.reason, "MESSAGE_TOO_LARGE", "{method}");
}

/// Messages that aren't of the method's type. Garbage may be, by chance.
fn unreadable(rng: &mut StdRng) -> Vec<(&'static str, Bytes)> {
    let mut cases = vec![
        ("bad UTF-8", field(1, b"\xFF\xFE")),
        ("a field that is cut off", Bytes::from_static(b"\x0A\x7Fx")),
        ("no field number", Bytes::from_static(b"\x00\x01")),
        ("a group that does not end", Bytes::from_static(b"\x0B")),
        ("another type", Bytes::from_static(b"\x0D\x01\x02\x03\x04")),
    ];
    cases.extend((0..20).map(|_| {
        let garbage: Vec<u8> = (0..rng.random_range(1..200))
            .map(|_| rng.random())
            .collect();
        ("garbage", garbage.into())
    }));
    cases
}

/// Messages of which fields may have the right type, but never a sensible value.
fn odd() -> Vec<(String, Bytes)> {
    let mut nested = Bytes::new();
    for _ in 0..200 {
        nested = field(1, &nested);
    }
    let mut cases = vec![
        ("nothing".to_owned(), Bytes::new()),
        ("200 levels".to_owned(), nested),
    ];
    let long = "x".repeat(100_000);
    for number in 1..=FIELDS_MAX {
        for value in [u64::MAX, 9_999, 1 << 63] {
            cases.push((format!("{value} in field {number}"), varint(number, value)));
        }
        for text in [
            &*long,
            "AAAA",
            "no\u{0}thing",
            "\u{202E}",
            "a|b",
            "(((\"",
            "-",
        ] {
            let what = format!("{:.10?} in field {number}", text);
            cases.push((what, field(number, text.as_bytes())));
        }
    }
    cases
}

fn field(number: u8, content: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(number << 3 | 2);
    write_varint(&mut bytes, content.len() as u64);
    bytes.put_slice(content);
    bytes.freeze()
}

fn varint(number: u8, value: u64) -> Bytes {
    let mut bytes = BytesMut::new();
    bytes.put_u8(number << 3);
    write_varint(&mut bytes, value);
    bytes.freeze()
}

fn write_varint(bytes: &mut BytesMut, mut value: u64) {
    while value >= 0x80 {
        bytes.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.put_u8(value as u8);
}
