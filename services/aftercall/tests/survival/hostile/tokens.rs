//! Page tokens of the server's own, changed and sealed again: the checksum holds, the content
//! doesn't. Whatever a service reads in one, it answers clearly.

use aftercall_proto::alerts::v1::ListAlertsRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{ListTimelineRequest, SearchInteractionsRequest, SearchOrder};
use aftercall_proto::knowledge::v1::ListCandidatesRequest;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tonic::transport::Channel;
use tonic::{Response, Status};

use super::assert_clear;
use crate::process::Start;
use crate::requests;

const RECORDS: u64 = 60;
const CUSTOMER: &str = "customer-1";
/// Changed tokens of each list.
const CASES: usize = 300;

/// A list's next page token, for a page that begins at a token.
struct Lists {
    channel: Channel,
    position: String,
}

const LISTS: [&str; 6] = [
    "timeline",
    "search",
    "search by relevance",
    "promises",
    "alerts",
    "candidates",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_tokens_that_were_changed_and_sealed_again() {
    let scratch = tempfile::tempdir().expect("a directory");
    let start = Start::on(&scratch.path().join("data"), &scratch.path().join("log"));
    let mut server = start.ready();
    let seed = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let lists = Lists::with_records(server.channel(), &mut rng).await;
    for list in LISTS {
        let first = lists.page(list, String::new()).await;
        let token = first.unwrap_or_else(|status| panic!("{list}: {status:?}"));
        if token.is_empty() {
            // Alerts come when dues pass: there may be one page of them.
            assert_eq!(list, "alerts", "{list} has several pages");
            continue;
        }
        for _ in 0..CASES {
            let changed = change(&mut rng, &token);
            if let Err(status) = lists.page(list, changed.clone()).await {
                assert_clear(&format!("{list}: {changed}"), &status);
            }
        }
    }
    assert!(server.runs());
    server.stop();
}

/// The token with some bytes changed, added or taken away, and a checksum that is right.
fn change(rng: &mut StdRng, token: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).expect("a token");
    bytes.truncate(bytes.len() - 4);
    // The kind and the log's hash stay: behind them it gets interesting.
    const HEAD: usize = 5;
    match rng.random_range(0..4) {
        0 => bytes.truncate(rng.random_range(HEAD..bytes.len())),
        1 => bytes.extend((0..rng.random_range(1..40)).map(|_| rng.random::<u8>())),
        _ => {
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(HEAD + 8..bytes.len());
                bytes[at] = rng.random();
            }
        }
    }
    let checksum = crc32c::crc32c(&bytes);
    bytes.extend(checksum.to_le_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn token<T>(
    answer: Result<Response<T>, Status>,
    next: impl FnOnce(T) -> String,
) -> Result<String, Status> {
    answer.map(|answer| next(answer.into_inner()))
}

impl Lists {
    async fn with_records(channel: Channel, rng: &mut StdRng) -> Self {
        let mut recorder = RecorderServiceClient::new(channel.clone());
        let mut position = String::new();
        for number in 1..=RECORDS {
            let request = requests::record(rng, "tokens", number, CUSTOMER);
            let answer = recorder.record_interaction(request).await;
            position = answer.expect("a sound record").into_inner().position;
        }
        Self { channel, position }
    }

    async fn page(&self, list: &str, page_token: String) -> Result<String, Status> {
        let history = || HistoryServiceClient::new(self.channel.clone());
        let min_position = self.position.clone();
        match list {
            "timeline" => {
                let request = ListTimelineRequest {
                    whose: Some(CUSTOMER.to_owned().into()),
                    page_size: 1,
                    page_token,
                    min_position,
                    ..Default::default()
                };
                let answer = history().list_timeline(request).await;
                token(answer, |page| page.next_page_token)
            }
            "promises" => {
                let request = ListCommitmentsRequest {
                    page_size: 1,
                    page_token,
                    min_position,
                    ..ListCommitmentsRequest::default()
                };
                let mut followups = FollowupServiceClient::new(self.channel.clone());
                let answer = followups.list_commitments(request).await;
                token(answer, |page| page.next_page_token)
            }
            "alerts" => {
                let request = ListAlertsRequest {
                    page_size: 1,
                    page_token,
                    min_position,
                    ..ListAlertsRequest::default()
                };
                let mut alerts = AlertServiceClient::new(self.channel.clone());
                let answer = alerts.list_alerts(request).await;
                token(answer, |page| page.next_page_token)
            }
            "candidates" => {
                let request = ListCandidatesRequest {
                    page_size: 1,
                    page_token,
                    min_position,
                    ..ListCandidatesRequest::default()
                };
                let mut knowledge = KnowledgeServiceClient::new(self.channel.clone());
                token(knowledge.list_candidates(request).await, |page| {
                    page.next_page_token
                })
            }
            search => {
                let relevance = search == "search by relevance";
                let order = match relevance {
                    true => SearchOrder::Relevance,
                    false => SearchOrder::TimeDesc,
                };
                let request = SearchInteractionsRequest {
                    query: if relevance { "invoice router" } else { "" }.to_owned(),
                    order: order.into(),
                    page_size: 1,
                    page_token,
                    min_position,
                    ..SearchInteractionsRequest::default()
                };
                let answer = history().search_interactions(request).await;
                token(answer, |page| page.next_page_token)
            }
        }
    }
}
