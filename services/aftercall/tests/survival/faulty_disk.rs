//! A disk that fails while it syncs.

use std::fs;
use std::path::Path;

use aftercall_log::inspect::ReadOnlyLog;
use aftercall_proto::event::v1::{Event, EventType};
use prost::Message;
use std::time::Duration;

use crate::crash::Trial;
use crate::journal::Journal;

const ROUNDS: usize = 5;
/// More than that only until one of them ended by a sync of the log that held what is acknowledged.
const ROUNDS_MAX: usize = 20;
/// The code with which a process ends whose log can't be synced.
const EXIT_CODE: i32 = 74;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eio_on_fdatasync_needs_strace() {
    let scratch = tempfile::tempdir().expect("a directory");
    let data = scratch.path().join("data");
    let mut trial = Trial::new(&data, scratch.path());
    let mut looked_at = 0;
    for round in 0..ROUNDS_MAX {
        if round >= ROUNDS && looked_at > 0 {
            break;
        }
        let calls = scratch.path().join(format!("calls-{round}"));
        // Counted for each thread; mostly the log's writer comes to it first.
        let nth = trial.random(30..150);
        let server = match trial.start_under(&strace(&calls, nth)) {
            Ok(server) => server,
            // What lapsed meanwhile was written before it was ready.
            Err(status) => {
                assert_eq!(status.code(), Some(EXIT_CODE), "{status}");
                assert_last_call_failed(&calls);
                continue;
            }
        };
        let writers = trial.load_without_end(&server);
        let status = server.ended();
        assert_eq!(status.code(), Some(EXIT_CODE), "{status}");
        Trial::ended(writers).await;
        let failed = assert_last_call_failed(&calls);
        // What a view could not sync says nothing of the log, nor does the log's note of what is durable: it is synced once
        // all before it was.
        let is_of_log = failed.contains("/data/log/") && failed.contains(".log>");
        looked_at += usize::from(is_of_log && assert_last_is_unacknowledged(&data, &trial.journal));
    }
    assert!(looked_at > 0, "no failed batch held what is acknowledged");
    trial.conclude().await;
}

fn strace(calls: &Path, nth: u64) -> Vec<String> {
    let inject = format!("inject=fdatasync:error=EIO:when={nth}");
    let calls = calls.display().to_string();
    // With the names of files beside their numbers.
    let arguments = ["strace", "-f", "-y", "--seccomp-bpf", "-o", &calls];
    let what = ["-e", "trace=fdatasync", "-e", &inject];
    let all = arguments.iter().chain(&what);
    all.map(ToString::to_string).collect()
}

/// After the failed sync that thread never synced again. The failed call, as strace notes it.
fn assert_last_call_failed(calls: &Path) -> String {
    let calls = fs::read_to_string(calls).expect("strace's notes");
    let failed = calls.lines().position(|line| line.contains("(INJECTED)"));
    let failed = failed.expect("a failed sync");
    let lines: Vec<_> = calls.lines().collect();
    let thread = lines[failed].split_whitespace().next().expect("a thread");
    let later = lines[failed + 1..].iter().filter(|line| {
        line.starts_with(thread) && line.contains("fdatasync") && !line.contains("+++")
    });
    assert_eq!(later.count(), 0, "synced again after a failure");
    lines[failed].to_owned()
}

/// The last record was written and never synced, so it can't be acknowledged. Whether the last
/// record is one that would be.
fn assert_last_is_unacknowledged(data: &Path, journal: &Journal) -> bool {
    let log = ReadOnlyLog::open(data.join("log")).expect("a log");
    let tail = log.offset_at(i64::MAX).expect("a sound log");
    let mut reader = log.reader(tail - 1).expect("a last record");
    let last = reader.next(1, 1, Duration::ZERO).expect("a sound log");
    let event = Event::decode(last[0].record.body.clone()).expect("an event");
    let entries = journal.entries();
    let acknowledged = match event.r#type() {
        EventType::InteractionRecorded => entries.records[&event.aggregate_id]
            .answer
            .acknowledged()
            .is_some(),
        EventType::InteractionAmended => entries.amendments[&event.request_id]
            .answer
            .acknowledged()
            .is_some(),
        EventType::CommitmentFulfilled => entries.fulfilments[&event.request_id]
            .answer
            .acknowledged()
            .is_some(),
        _ => return false,
    };
    assert!(
        !acknowledged,
        "acknowledged, and not synced: {}",
        event.aggregate_id
    );
    true
}
