//! Connections that are slow on purpose, more of them than the server may have files: good clients go on.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use aftercall_proto::history::v1::ListTimelineRequest;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::{Code, Status};

use crate::process::{Server, Start};
use crate::requests;

/// Slow connections at a time, and the files that a server with few has.
const SLOW: usize = 400;
const FILES: &str = "256";
/// How long a byte that trickles lets wait for itself.
const TRICKLE: Duration = Duration::from_millis(500);
/// How long a slow one waits until it comes again, when it was shown out.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Good clients, one after the other, each with a connection of its own.
const GOOD: u64 = 5;
const CUSTOMER: &str = "customer-1";
/// What a slow machine may take.
const PATIENCE: Duration = Duration::from_secs(120);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// How somebody is slow.
#[derive(Debug, Clone, Copy)]
enum Slow {
    /// Says nothing at all.
    Silent,
    /// Speaks HTTP/2, and asks nothing.
    Idle,
    /// Sends a call's headers byte by byte.
    Headers,
    /// Sends a call's message byte by byte.
    Message,
}

impl Slow {
    /// What is said at once, and what byte by byte.
    fn says(self) -> (Vec<u8>, Vec<u8>) {
        let hello = [PREFACE, SETTINGS].concat();
        match self {
            Self::Silent => (Vec::new(), Vec::new()),
            Self::Idle => (hello, Vec::new()),
            Self::Headers => (hello, headers()),
            // A frame of 16 KiB, with a message as long.
            Self::Message => {
                let begun = [0, 0x40, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x3F, 0xFB];
                (
                    [hello, headers(), begun.to_vec()].concat(),
                    vec![b'x'; 16_000],
                )
            }
        }
    }
}

/// The frame that opens a call of `RecordInteraction`.
fn headers() -> Vec<u8> {
    // Names by their number in HPACK's table, or as text; values as text.
    let mut block = vec![0x83, 0x86];
    for (name, value) in [
        (&[0x01][..], "localhost"),
        (
            &[0x04],
            "/aftercall.recorder.v1.RecorderService/RecordInteraction",
        ),
        (&[0x0F, 0x10], "application/grpc"),
        (b"\x00\x02te", "trailers"),
    ] {
        block.extend_from_slice(name);
        block.push(value.len() as u8);
        block.extend_from_slice(value.as_bytes());
    }
    let mut frame = vec![0, 0, block.len() as u8, 1, 4, 0, 0, 0, 1];
    frame.append(&mut block);
    frame
}

/// Is slow for ever; comes again whenever it was shown out.
async fn be(slow: Slow, address: SocketAddr) {
    let (at_once, trickling) = slow.says();
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let _ = say(&mut stream, &at_once, &trickling).await;
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn say(stream: &mut TcpStream, at_once: &[u8], trickling: &[u8]) -> std::io::Result<()> {
    let (mut reading, mut writing) = stream.split();
    let saying = async {
        writing.write_all(at_once).await?;
        for byte in trickling {
            writing.write_all(&[*byte]).await?;
            tokio::time::sleep(TRICKLE).await;
        }
        std::future::pending().await
    };
    let mut heard = Vec::new();
    tokio::select! {
        ended = saying => ended,
        closed = reading.read_to_end(&mut heard) => closed.map(drop),
    }
}

/// A good client, from its connection to its answers.
async fn good(server: &Server, request: RecordInteractionRequest) -> Result<usize, Status> {
    let channel = server.channel();
    let mut recorder = RecorderServiceClient::new(channel.clone());
    let recorded = recorder.record_interaction(request).await?.into_inner();
    let request = ListTimelineRequest {
        whose: Some(CUSTOMER.to_owned().into()),
        page_size: 100,
        min_position: recorded.position,
        ..ListTimelineRequest::default()
    };
    let mut history = HistoryServiceClient::new(channel);
    let timeline = history.list_timeline(request).await?.into_inner();
    Ok(timeline.entries.len())
}

/// The same, as often as its connection is shown out before it has asked anything, or a slow machine has
/// no answer in time.
async fn good_at_last(server: &Server, request: RecordInteractionRequest) -> usize {
    loop {
        match good(server, request.clone()).await {
            Ok(entries) => return entries,
            Err(status) => {
                let again = [
                    Code::Unavailable,
                    Code::Unknown,
                    Code::Cancelled,
                    Code::DeadlineExceeded,
                ];
                assert!(again.contains(&status.code()), "{status:?}");
            }
        }
    }
}

/// While `SLOW` connections are slow in one way.
async fn good_clients_go_on(start: &Start, slow: Slow) {
    let mut server = start.ready();
    let mut all = JoinSet::new();
    for _ in 0..SLOW {
        all.spawn(be(slow, server.address()));
    }
    let mut rng = StdRng::seed_from_u64(1);
    let going_on = async {
        for number in 1..=GOOD {
            let request = requests::record(&mut rng, "slow", number, CUSTOMER);
            let entries = good_at_last(&server, request).await;
            assert!(entries as u64 >= number, "{entries} of {number}");
        }
    };
    let going_on = timeout(PATIENCE, going_on).await;
    going_on.unwrap_or_else(|_| panic!("{slow:?} ones keep others out"));
    assert!(server.runs(), "{slow:?}");
    // A stop waits for none of them.
    tokio::task::block_in_place(|| server.stop());
}

async fn each_form(scratch: &std::path::Path, wrapper: &[String]) {
    for slow in [Slow::Silent, Slow::Idle, Slow::Headers, Slow::Message] {
        let data = scratch.join(format!("{slow:?}"));
        let start = Start::on(&data, &scratch.join("log")).under(wrapper);
        // So that what trickles is given up while the test looks on.
        let settings = [(
            "AFTERCALL_SERVER__REQUEST_TIMEOUT".to_owned(),
            "2s".to_owned(),
        )];
        good_clients_go_on(&start.configured(&settings), slow).await;
    }
    let said = fs::read_to_string(scratch.join("log")).expect("its log");
    let wrong = |line: &&str| {
        ["damaged", "panicked", "begun anew"]
            .iter()
            .any(|it| line.contains(it))
    };
    assert_eq!(said.lines().find(wrong), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_connections_keep_no_good_client_out() {
    let scratch = tempfile::tempdir().expect("a directory");
    each_form(scratch.path(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_connections_beyond_the_files_that_there_are_keep_no_good_client_out() {
    let scratch = tempfile::tempdir().expect("a directory");
    let limited = format!("ulimit -n {FILES}; exec \"$0\" \"$@\"");
    let wrapper = ["sh", "-c", &*limited].map(str::to_owned);
    each_form(scratch.path(), &wrapper).await;
}
