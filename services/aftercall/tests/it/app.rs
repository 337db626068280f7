//! The app within this process, on a clock of the test's.

use std::sync::Arc;
use std::time::Duration;

use aftercall::app::{App, StartError, Surroundings};
use aftercall::config::Config;
use aftercall_client::Client;
use aftercall_proto::alerts::v1::WatchAlertsRequest;
use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::model::v1::AlertState;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_service::{ManualClock, TestIds};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::command::line;

pub(crate) fn around(clock: &ManualClock) -> Surroundings {
    let clock = Arc::new(clock.clone());
    Surroundings {
        ids: Arc::new(TestIds::new(clock.clone(), 7)),
        clock,
        metrics: None,
    }
}

pub(crate) fn config(data: &TempDir) -> Config {
    let mut config = Config::default();
    config.storage.dir = data.path().to_owned();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config
}

pub(crate) fn clock() -> ManualClock {
    ManualClock::at("2026-03-02T09:00:00Z".parse().unwrap())
}

pub(crate) async fn client(app: &App) -> Client {
    let client = Client::builder(format!("http://{}", app.grpc_addr()));
    client.connect().await.unwrap()
}

/// Runs `test` beside an app, with a client of it and the clock that it goes by.
pub(crate) async fn beside_an_app<F: Future<Output = ()>>(
    test: impl FnOnce(Client, ManualClock) -> F,
) {
    let data = TempDir::new().unwrap();
    beside_an_app_by(&config(&data), test).await;
}

/// The same with an app by a configuration.
pub(crate) async fn beside_an_app_by<F: Future<Output = ()>>(
    config: &Config,
    test: impl FnOnce(Client, ManualClock) -> F,
) {
    let clock = clock();
    let app = App::start(config, &[], around(&clock)).await;
    let app = app.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let client = client(&app).await;
    let test = async {
        test(client, clock).await;
        drop(stop);
    };
    let (ran, ()) = tokio::join!(app.run(async { drop(stopped.await) }), test);
    ran.unwrap();
}

/// A contact at nine with a promise for ten.
pub(crate) fn promise() -> RecordInteractionRequest {
    let mut row: Value = serde_json::from_str(&line(1, "C-1")).unwrap();
    let contact = row["interaction"].as_object_mut().unwrap();
    contact.remove("noFollowUpPromised");
    contact.insert("occurredAt".to_owned(), "2026-03-02T09:00:00Z".into());
    let promise = json!([{
        "kind": "COMMITMENT_KIND_CALL_BACK",
        "toldToCustomer": true,
        "promisedBy": "2026-03-02T10:00:00Z",
    }]);
    contact.insert("commitments".to_owned(), promise);
    serde_json::from_value(row).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promise_that_is_not_kept_raises_an_alert_when_its_time_has_come() {
    let (data, clock) = (TempDir::new().unwrap(), clock());
    let app = App::start(&config(&data), &[], around(&clock))
        .await
        .unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let client = client(&app).await;
    let used = async {
        // Without the client's own going on, so that the end is seen.
        let watch = AlertServiceClient::new(client.transport())
            .watch_alerts(WatchAlertsRequest::default())
            .await;
        let mut watch = watch.unwrap().into_inner();
        assert_eq!(watch.message().await.unwrap().unwrap().alert, None);
        client.call(promise()).await.unwrap();
        clock.advance(Duration::from_secs(3_601));
        let alert = loop {
            // Without an alert, the answer only says that the watch lives.
            if let Some(alert) = watch.message().await.unwrap().unwrap().alert {
                break alert;
            }
        };
        assert_eq!(alert.state(), AlertState::Triggered);
        assert_eq!(alert.customer_id, "C-1");
        stop.send(()).unwrap();
        // The stream ends with the server, and doesn't hold it up.
        while let Ok(Some(_)) = watch.message().await {}
    };
    let stopped = async {
        let _ = stopped.await;
    };
    let (ran, ()) = tokio::join!(app.run(stopped), used);
    ran.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_becomes_healthy_and_the_server_with_them() {
    let data = TempDir::new().unwrap();
    let app = App::start(&config(&data), &[], around(&clock()))
        .await
        .unwrap();
    let channel = Channel::from_shared(format!("http://{}", app.grpc_addr())).unwrap();
    let channel = channel.connect().await.unwrap();
    let services = [
        "",
        "aftercall.recorder.v1.RecorderService",
        "aftercall.history.v1.HistoryService",
        "aftercall.followups.v1.FollowupService",
        "aftercall.alerts.v1.AlertService",
        "aftercall.knowledge.v1.KnowledgeService",
    ];
    for service in services {
        becomes(&channel, service, ServingStatus::Serving).await;
    }
    app.run(std::future::ready(())).await.unwrap();
}

/// Waits until a service is healthy, or is not.
async fn becomes(channel: &Channel, service: &str, wanted: ServingStatus) {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut watch = HealthClient::new(channel.clone())
        .watch(request)
        .await
        .unwrap()
        .into_inner();
    loop {
        let answer = watch.message().await.unwrap().unwrap();
        assert_ne!(answer.status(), ServingStatus::ServiceUnknown, "{service}");
        if answer.status() == wanted {
            break;
        }
    }
}

/// What keeps one service's view from its place is no reason for the others not to work.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_cannot_go_on_takes_nobody_with_it_and_comes_back() {
    let data = TempDir::new().unwrap();
    let views = data.path().join("views");
    std::fs::create_dir(&views).unwrap();
    let in_the_way = views.join("history");
    std::fs::write(&in_the_way, "a file in the place of a directory").unwrap();
    let app = App::start(&config(&data), &[], around(&clock()))
        .await
        .unwrap();
    let channel = Channel::from_shared(format!("http://{}", app.grpc_addr())).unwrap();
    let channel = channel.connect().await.unwrap();
    let (history, followups) = (
        "aftercall.history.v1.HistoryService",
        "aftercall.followups.v1.FollowupService",
    );
    becomes(&channel, history, ServingStatus::NotServing).await;
    becomes(&channel, followups, ServingStatus::Serving).await;
    client(&app).await.call(promise()).await.unwrap();
    std::fs::remove_file(&in_the_way).unwrap();
    becomes(&channel, history, ServingStatus::Serving).await;
    app.run(std::future::ready(())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_free_again_when_the_app_has_ended() {
    let data = TempDir::new().unwrap();
    for _ in 0..2 {
        let app = App::start(&config(&data), &[], around(&clock()))
            .await
            .unwrap();
        let second = App::start(&config(&data), &[], around(&clock())).await;
        assert!(matches!(second, Err(StartError::Log(_))), "{second:?}");
        app.run(std::future::ready(())).await.unwrap();
    }
}
