//! The console as a process of its own, in front of roles in processes of theirs.

use std::future::ready;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall::app::{App, Service, StartError};
use aftercall::config::{Config, Engine};
use aftercall_console::{GatewayError, ServicesConfig};
use aftercall_log::{LogId, MemoryLog};
use aftercall_proto::history::v1::GetInteractionRequest;
use tempfile::TempDir;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::app::{around, client, clock, config, promise};
use crate::command::{Site, line, run, run_with};
use crate::console::{Browser, COUNT, CREDENTIALS, EMPTY, GRPC_WEB, WATCH, status};
use crate::on_kafka::Roles;
use crate::roles::until;

const FOLLOWUPS: &str = "aftercall.followups.v1.FollowupService";
const HISTORY: &str = "aftercall.history.v1.HistoryService";

/// How long a stream may be silent before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The roles in two processes, and the console in a third.
struct House {
    followups: App,
    rest: App,
    console: App,
    data: [TempDir; 3],
}

impl House {
    async fn start() -> Self {
        Self::with_credentials(None, None).await
    }

    /// The credentials of the roles, and those of the console.
    async fn with_credentials(roles: Option<&Path>, console: Option<&Path>) -> Self {
        let data = [(); 3].map(|()| TempDir::new().unwrap());
        let log = MemoryLog::new(LogId([7; 16]), 3);
        let other = log.of_another_process();
        let followups = role(other, (&data[0], roles), &[Service::Followups]).await;
        let rest = Service::ALL.into_iter();
        let rest = rest.filter(|one| !matches!(one, Service::Followups | Service::Console));
        let rest: Vec<_> = rest.collect();
        let rest = role(log, (&data[1], roles), &rest).await;
        let mut config = in_front(&data[2], &rest, &followups);
        config.server.credentials = console.map(Path::to_owned);
        let console = App::start(&config, &[Service::Console], around(&clock()));
        Self {
            console: console.await.unwrap(),
            followups,
            rest,
            data,
        }
    }

    fn browser(&self) -> Browser {
        Browser::to(self.console.console_at().unwrap())
    }

    async fn end(self) {
        // In front first, as an operator would.
        for app in [self.console, self.followups, self.rest] {
            app.run(ready(())).await.unwrap();
        }
        drop(self.data);
    }
}

async fn role(log: MemoryLog, (data, known): (&TempDir, Option<&Path>), asked: &[Service]) -> App {
    let mut config = config(data);
    config.server.credentials = known.map(Path::to_owned);
    let app = App::start_on(Arc::new(log), &config, asked, around(&clock()));
    app.await.unwrap()
}

/// What the console is told of two processes. Its log is on a Kafka that is not there: it opens none.
fn in_front(data: &TempDir, rest: &App, followups: &App) -> Config {
    let at = |app: &App| Some(format!("http://{}", app.grpc_addr()));
    let mut config = config(data);
    config.log.engine = Engine::Kafka;
    config.console.services = ServicesConfig {
        recorder: at(rest),
        history: at(rest),
        followups: at(followups),
        knowledge: at(rest),
        settings: at(rest),
        notify: at(rest),
        insight: at(rest),
        ca_file: None,
    };
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_answers_and_streams_come_through() {
    let house = House::start().await;
    let browser = house.browser();
    let page = browser.ask("GET /board", "", "");
    assert_eq!(status(&page), 200, "{page}");
    assert!(page.contains("<title>aftercall</title>"), "{page}");
    let who = browser.ask("GET /api/session", "", "");
    assert!(who.contains(r#""actor":"developer""#), "{who}");
    let counted = browser.post(COUNT, GRPC_WEB, EMPTY);
    assert!(counted.contains("grpc-status:0"), "{counted}");
    let get = "/aftercall.followups.v1.FollowupService/GetCommitment";
    let refused = browser.post(get, GRPC_WEB, EMPTY);
    assert!(refused.contains("grpc-status-details-bin"), "{refused}");

    // A stream tells of what happens after it was opened.
    let (address, own) = (&browser.address, browser.own());
    let headers = format!("host: {address}\r\n{own}{GRPC_WEB}");
    let mut stream = browser.send(&format!("POST {WATCH}"), &headers, EMPTY);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut told = Vec::new();
    let mut hear_of = |what: &str| {
        let mut more = [0; 4_096];
        while !String::from_utf8_lossy(&told).contains(what) {
            let read = stream.read(&mut more).unwrap();
            assert_ne!(read, 0, "it ended: {}", String::from_utf8_lossy(&told));
            told.extend_from_slice(&more[..read]);
        }
    };
    hear_of("200 OK");
    // Programs are passed on, too.
    let program = client(&house.console).await;
    let recorded = program.call(promise()).await.unwrap();
    hear_of("C-1");

    // A position that one role gave is waited for by another.
    let wanted = GetInteractionRequest {
        which: Some(recorded.interaction_id.clone().into()),
        min_position: recorded.position.clone(),
        ..Default::default()
    };
    let found = program.call(wanted).await.unwrap().interaction.unwrap();
    assert_eq!(found.interaction_id, recorded.interaction_id);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_gone_is_said_to_be_and_the_others_answer() {
    let House {
        console,
        followups,
        rest,
        data: _data,
    } = House::start().await;
    until(&console, "", ServingStatus::Serving).await;
    let browser = Browser::to(console.console_at().unwrap());
    followups.run(ready(())).await.unwrap();
    // At once, and when it is known; the latter is said of it alone.
    for _ in 0..2 {
        let counted = browser.post(COUNT, GRPC_WEB, EMPTY);
        assert!(counted.contains("grpc-status: 14"), "{counted}");
        assert!(counted.contains("followups"), "{counted}");
        assert!(counted.contains("grpc-status-details-bin"), "{counted}");
        until(&console, FOLLOWUPS, ServingStatus::NotServing).await;
    }
    until(&console, HISTORY, ServingStatus::Serving).await;
    until(&console, "", ServingStatus::NotServing).await;
    let program = client(&console).await;
    program.call(promise()).await.unwrap();
    for app in [console, rest] {
        app.run(ready(())).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_is_known_to_the_roles_by_the_same_token() {
    let directory = TempDir::new().unwrap();
    let known = directory.path().join("tokens.toml");
    std::fs::write(&known, CREDENTIALS).unwrap();
    let house = House::with_credentials(Some(&known), Some(&known)).await;
    let browser = house.browser();
    let nobody = browser.post(COUNT, GRPC_WEB, EMPTY);
    assert!(nobody.contains("grpc-status: 16"), "{nobody}");
    let lea = browser.sign_in("one");
    let who = browser.ask("GET /api/session", &lea, "");
    assert!(who.contains(r#""actor":"lea""#), "{who}");
    let counted = browser.post(COUNT, &format!("{lea}{GRPC_WEB}"), EMPTY);
    assert!(counted.contains("grpc-status:0"), "{counted}");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_would_take_everybody_for_the_developer_is_asked_nothing() {
    let directory = TempDir::new().unwrap();
    let known = directory.path().join("tokens.toml");
    std::fs::write(&known, CREDENTIALS).unwrap();
    let house = House::with_credentials(None, Some(&known)).await;
    let browser = house.browser();
    let lea = browser.sign_in("one");
    let counted = browser.post(COUNT, &format!("{lea}{GRPC_WEB}"), EMPTY);
    assert!(counted.contains("grpc-status: 14"), "{counted}");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_by_itself_is_for_logs_that_are_shared_and_has_to_be_told_of_roles() {
    let data = TempDir::new().unwrap();
    let mut config = config(&data);
    let alone = [Service::Console];
    let embedded = App::start(&config, &alone, around(&clock())).await;
    assert!(
        matches!(embedded, Err(StartError::Subset { .. })),
        "{embedded:?}"
    );
    config.log.engine = Engine::Kafka;
    let untold = App::start(&config, &alone, around(&clock())).await;
    let unnamed = GatewayError::Unnamed { role: "recorder" }.to_string();
    assert_eq!(untold.unwrap_err().to_string(), unnamed);
    config.console.serve = false;
    let closed = App::start(&config, &alone, around(&clock())).await;
    assert!(matches!(closed, Err(StartError::NoBrowsers)), "{closed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_come_later_are_reached_when_they_are_there() {
    let data = [(); 3].map(|()| TempDir::new().unwrap());
    let log = MemoryLog::new(LogId([7; 16]), 3);
    let all: Vec<_> = Service::ALL
        .into_iter()
        .filter(|one| *one != Service::Console)
        .collect();
    let roles = role(log, (&data[0], None), &all).await;
    let front = in_front(&data[2], &roles, &roles);
    let at = roles.grpc_addr();
    roles.run(ready(())).await.unwrap();
    let console = App::start(&front, &[Service::Console], around(&clock()));
    let console = console.await.unwrap();
    let counted = Browser::to(console.console_at().unwrap()).post(COUNT, GRPC_WEB, EMPTY);
    assert!(counted.contains("grpc-status: 14"), "{counted}");
    let mut again = config(&data[1]);
    again.server.listen = at;
    let log = Arc::new(MemoryLog::new(LogId([7; 16]), 3));
    let roles = App::start_on(log, &again, &all, around(&clock())).await;
    let roles = roles.unwrap();
    until(&console, "", ServingStatus::Serving).await;
    let program = client(&console).await;
    program.call(promise()).await.unwrap();
    for app in [console, roles] {
        app.run(ready(())).await.unwrap();
    }
}

#[test]
fn needs_kafka_the_console_stands_in_front_of_roles_in_processes_of_their_own() {
    let roles = Roles::start();
    let (console, _insight) = roles.console();
    let console = console.caught_up();
    let contact = line(1, "C-1");
    run_with(&mut console.client(["record", "-"]), contact.as_bytes()).ok();
    let timeline = run(&mut console.client(["timeline", "C-1", "--json"])).messages();
    assert!(!timeline.is_empty());
    let browser = Browser::at(&console);
    let page = browser.ask("GET /customer/C-1", "", "");
    assert_eq!(status(&page), 200, "{page}");
    let counted = browser.post(COUNT, GRPC_WEB, EMPTY);
    assert!(counted.contains("grpc-status:0"), "{counted}");
}
