//! How fast the view is built, and how fast it answers: `cargo bench -p aftercall-history`.
//!
//! The log is in memory and the service in this process, behind a real server; one client asks, one
//! question at a time. `INTERACTIONS` sets how many contacts there are (200,000).

#![allow(clippy::unwrap_used, reason = "a measurement that can't go on stops")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use aftercall_history::History;
use aftercall_log::{Log, LogId, MemoryLog, Record};
use aftercall_proto::envelope::{Fact, customer_key};
use aftercall_proto::event::v1::{Event, InteractionRecorded};
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::history::v1::{
    Facet, FindCustomersRequest, GetCustomerContextRequest, InteractionFilter, ListTimelineRequest,
    SearchInteractionsRequest, SearchOrder,
};
use aftercall_proto::model::v1::{
    Channel, CommitmentDraft, CommitmentKind, ContactReason, Customer, Direction, Disposition,
    Handling, Interaction, Priority, ReasonResolution, Sentiment,
};
use aftercall_service::{ActorKind, Deps, Principal, Roles, Supervisor, SystemClock, SystemIds};
use hdrhistogram::Histogram;
use pbjson_types::Timestamp;
use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Status};

const TENANT: &str = "acme";
const BEGIN_S: i64 = 1_700_000_000;
const WARM_UP: usize = 20;
const ASKED: usize = 400;

type Client = HistoryServiceClient<tonic::transport::Channel>;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let count = std::env::var("INTERACTIONS").map_or(200_000, |count| count.parse().unwrap());
    let log = MemoryLog::new(LogId([1; 16]), 1);
    let mut random = StdRng::seed_from_u64(7);
    let bytes: usize = (0..count).map(|n| append(&log, &mut random, n)).sum();
    println!("{count} contacts, {} bytes each", bytes / count as usize);

    let dir = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::new();
    let clock = Arc::new(SystemClock::new());
    let ids = Arc::new(SystemIds::new(clock.clone()));
    let (deps, feed) = Deps::new(
        Arc::new(log.clone()),
        dir.path().to_owned().into(),
        (clock, ids),
        supervisor.clone(),
    );
    let began = now();
    let history = History::start(&deps).unwrap();
    deps.run_feed(feed).unwrap();
    let patience = tokio::time::Instant::now() + Duration::from_secs(3_600);
    history.view().ready(patience).await.unwrap();
    let took = began.elapsed();
    let rate = f64::from(count) / took.as_secs_f64();
    println!("built in {took:.1?}: {rate:.0} contacts/s, store and index");
    println!(
        "store {} MB",
        history.view().store().disk_bytes().unwrap() >> 20
    );

    let mut client = serve(&history, &supervisor).await;
    measure(&mut client, &mut random, count).await;
    supervisor.shutdown(Duration::from_secs(60)).await.unwrap();
}

async fn measure(client: &mut Client, random: &mut StdRng, count: u32) {
    let (filters, text, facets): (Vec<_>, Vec<_>, Vec<_>) = (0..ASKED + WARM_UP)
        .map(|_| {
            (
                by_filter(random, count),
                by_text(random),
                with_facets(random),
            )
        })
        .collect();
    search(client, "search by filters", filters).await;
    search(client, "search by text", text).await;
    search(client, "search with facets", facets).await;
    let customers = count / 20;
    let mut took = Histogram::<u64>::new(3).unwrap();
    for asked in 0..WARM_UP + ASKED {
        let customer_id = format!("customer-{}", random.random_range(0..customers));
        let request = GetCustomerContextRequest {
            whose: Some(customer_id.into()),
            ..Default::default()
        };
        let began = now();
        client.get_customer_context(request).await.unwrap();
        record(&mut took, asked, began);
    }
    report("customer context", &took);
    took.reset();
    for asked in 0..WARM_UP + ASKED {
        let customer_id = format!("customer-{}", random.random_range(0..customers));
        let request = ListTimelineRequest {
            whose: Some(customer_id.into()),
            page_size: 20,
            ..Default::default()
        };
        let began = now();
        client.list_timeline(request).await.unwrap();
        record(&mut took, asked, began);
    }
    report("customer timeline, 20 entries", &took);
    find(client, random, customers).await;
}

/// Customers, by as much of a name as somebody may have typed.
async fn find(client: &mut Client, random: &mut StdRng, customers: u32) {
    for (what, first, last) in [
        ("the beginning of a name that many have", 4, 0),
        ("a whole name", 8, 8),
        ("beginnings of both words of a name", 4, 7),
    ] {
        let mut took = Histogram::<u64>::new(3).unwrap();
        for asked in 0..WARM_UP + ASKED {
            let [one, other] = called(random.random_range(0..customers));
            let of = |word: &str, characters| -> String { word.chars().take(characters).collect() };
            let request = FindCustomersRequest {
                text: format!("{} {}", of(&other, last), of(&one, first)),
                ..Default::default()
            };
            let began = now();
            client.find_customers(request).await.unwrap();
            record(&mut took, asked, began);
        }
        report(&format!("customers by {what}"), &took);
    }
}

/// What a customer is called: some share either name with many.
fn called(customer: u32) -> [String; 2] {
    let first = format!("anna{}", customer % 300);
    [first, format!("meier{}", customer % 2_000)]
}

async fn search(client: &mut Client, name: &str, requests: Vec<SearchInteractionsRequest>) {
    let mut took = Histogram::<u64>::new(3).unwrap();
    let mut found = 0;
    for (asked, request) in requests.into_iter().enumerate() {
        let began = now();
        found += client
            .search_interactions(request)
            .await
            .unwrap()
            .into_inner()
            .total_size;
        record(&mut took, asked, began);
    }
    report(
        &format!(
            "{name}, {} found on average",
            found / (ASKED + WARM_UP) as u64
        ),
        &took,
    );
}

fn record(took: &mut Histogram<u64>, asked: usize, began: Instant) {
    if asked >= WARM_UP {
        took.record(began.elapsed().as_micros() as u64).unwrap();
    }
}

fn report(name: &str, took: &Histogram<u64>) {
    let ms = |quantile| took.value_at_quantile(quantile) as f64 / 1_000.0;
    println!(
        "{name}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        ms(0.5),
        ms(0.99),
        ms(1.0)
    );
}

fn by_filter(random: &mut StdRng, count: u32) -> SearchInteractionsRequest {
    let mut filter = InteractionFilter::default();
    match random.random_range(0..5) {
        0 => filter.agent_ids = vec![format!("agent-{}", random.random_range(0..500))],
        1 => {
            filter.customer_ids = vec![format!("customer-{}", random.random_range(0..count / 20))];
        }
        2 => {
            filter.reason_codes = vec![format!("reason{}", random.random_range(0..20))];
            filter.open_promise = Some(true);
        }
        3 => {
            filter.channels = vec![Channel::Chat.into()];
            filter.team_ids = vec![format!("team-{}", random.random_range(0..40))];
        }
        _ => {
            let seconds = BEGIN_S + i64::from(random.random_range(0..count));
            filter.occurred_from = Some(Timestamp { seconds, nanos: 0 });
        }
    }
    SearchInteractionsRequest {
        filter: Some(filter),
        ..Default::default()
    }
}

fn by_text(random: &mut StdRng) -> SearchInteractionsRequest {
    let (a, b) = (word(random), word(random));
    let query = match random.random_range(0..4) {
        0 => a,
        1 => format!("\"{a} {b}\""),
        2 => format!("{a} -{b}"),
        _ => format!("{a} {b}"),
    };
    SearchInteractionsRequest {
        query,
        ..Default::default()
    }
}

fn with_facets(random: &mut StdRng) -> SearchInteractionsRequest {
    let order = SearchOrder::TimeDesc.into();
    let facets = vec![
        Facet::Reason.into(),
        Facet::Agent.into(),
        Facet::Disposition.into(),
    ];
    let narrow = SearchInteractionsRequest {
        order,
        facets,
        ..by_filter(random, 1_000)
    };
    match random.random_range(0..2) {
        0 => SearchInteractionsRequest {
            filter: None,
            ..narrow
        },
        _ => narrow,
    }
}

/// A word; some are much more frequent than others, as in life.
fn word(random: &mut StdRng) -> String {
    let spread: f64 = random.random();
    format!("word{}", (10_000.0f64.powf(spread)) as u32)
}

fn append(log: &MemoryLog, random: &mut StdRng, n: u32) -> usize {
    let customers = 1 + n / 20;
    let customer = random.random_range(0..customers);
    let customer_id = format!("customer-{customer}");
    let interaction = interaction(random, n, customer);
    let recorded_at = interaction.occurred_at;
    let aggregate_id = interaction.interaction_id.clone();
    let fact = InteractionRecorded {
        interaction: Some(interaction),
        ..InteractionRecorded::default()
    };
    let fact = Fact::InteractionRecorded(Box::new(fact));
    let event = Event {
        event_id: aggregate_id.clone(),
        tenant_id: TENANT.into(),
        aggregate_id,
        sequence: 1,
        occurred_at: recorded_at,
        recorded_at,
        actor_id: "crm".into(),
        customer_id: customer_id.clone(),
        ..fact.event()
    };
    let body = event.encode_to_vec();
    let bytes = body.len();
    let key = customer_key(TENANT, &customer_id);
    drop(log.append(vec![Record {
        key,
        recorded_at_us: 0,
        body: body.into(),
    }]));
    bytes
}

fn interaction(random: &mut StdRng, n: u32, customer: u32) -> Interaction {
    let text = |random: &mut StdRng, words: usize| {
        (0..words)
            .map(|_| word(random))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let occurred_at = Timestamp {
        seconds: BEGIN_S + i64::from(n),
        nanos: 0,
    };
    let reason = random.random_range(0..20);
    let promise = CommitmentDraft {
        commitment_id: format!("0190d2c8-0002-7000-8000-{n:012x}"),
        kind: CommitmentKind::CallBack.into(),
        promise_text: "I will call you back tomorrow".into(),
        told_to_customer: true,
        promised_by: Some(Timestamp {
            seconds: occurred_at.seconds + 86_400,
            nanos: 0,
        }),
        priority: Priority::P3.into(),
        ..CommitmentDraft::default()
    };
    Interaction {
        interaction_id: format!("0190d2c8-0001-7000-8000-{n:012x}"),
        channel: [Channel::Voice, Channel::Chat, Channel::Email][n as usize % 3].into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: format!("customer-{customer}"),
            display_name: called(customer).join(" "),
            ..Customer::default()
        }),
        agent_id: format!("agent-{}", random.random_range(0..500)),
        team_id: format!("team-{}", random.random_range(0..40)),
        occurred_at: Some(occurred_at),
        contact_reasons: vec![ContactReason {
            code: format!("reason{reason}.part{}", random.random_range(0..10)),
            primary: true,
            stated_verbatim: text(random, 8),
            resolution: ReasonResolution::Resolved.into(),
            ..ContactReason::default()
        }],
        handling: Some(Handling {
            summary: text(random, 25),
            resolution: text(random, 15),
            ..Handling::default()
        }),
        disposition: Some(Disposition {
            code: format!("disposition{}", random.random_range(0..12)),
            ..Disposition::default()
        }),
        commitments: if n.is_multiple_of(2) {
            vec![promise]
        } else {
            Vec::new()
        },
        no_follow_up_promised: n % 2 == 1,
        sentiment: Some(Sentiment {
            end: Some(f64::from(random.random_range(-5..6))),
            ..Sentiment::default()
        }),
        ..Interaction::default()
    }
}

async fn serve(history: &History, supervisor: &Supervisor) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = InterceptedService::new(history.server(), authenticate);
    let stopping = supervisor.draining();
    supervisor.spawn_front("server", async move {
        let server = Server::builder().add_service(server);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        server
            .serve_with_incoming_shutdown(incoming, stopping.cancelled_owned())
            .await
    });
    let channel = Endpoint::from_shared(endpoint)
        .unwrap()
        .connect()
        .await
        .unwrap();
    HistoryServiceClient::new(channel)
}

fn authenticate(mut request: Request<()>) -> Result<Request<()>, Status> {
    let everybody = Principal::new(TENANT, "bench", ActorKind::Integration, Roles::all());
    request.extensions_mut().insert(everybody);
    Ok(request)
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
fn now() -> Instant {
    Instant::now()
}
