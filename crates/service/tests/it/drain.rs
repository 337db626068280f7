//! Stopping: nothing that was begun is lost, nothing new is begun.

use std::time::Duration;

use aftercall_service::server::{Server, bind};
use aftercall_service::{Authenticator, Supervisor, SystemClock};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::probe::{SERVICE, config, start};

/// Long enough for any machine; a test that hangs fails by it.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn requests_in_flight_are_answered_and_streams_are_told() {
    let running = start(config(), Authenticator::development()).await;
    let mut watch = running.watch("Watch").await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");

    let (held, stopped, ended) = tokio::join!(
        running.call("Hold"),
        async {
            running.probe.entered.notified().await;
            running.supervisor.shutdown(PATIENCE).await
        },
        async {
            // The stream ends while the request is still held.
            let ended = watch.message().await;
            running.probe.release.add_permits(1);
            ended
        },
    );
    assert_eq!(held.unwrap(), "released");
    stopped.unwrap();
    let ended = ended.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable);
    assert_eq!(
        ended.get_details_error_info().unwrap().reason,
        "SERVER_STOPPING"
    );
}

#[tokio::test]
async fn health_says_so_and_does_not_hold_the_server_up() {
    let running = start(config(), Authenticator::development()).await;
    let mut health = HealthClient::new(running.channel().await);
    let request = HealthCheckRequest {
        service: SERVICE.to_owned(),
    };
    let mut watch = health.watch(request).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 1);

    let (stopped, last) = tokio::join!(running.supervisor.shutdown(PATIENCE), async {
        let last = watch.message().await.unwrap().unwrap().status;
        assert_eq!(watch.message().await.unwrap_err().code(), Code::Unavailable);
        last
    });
    stopped.unwrap();
    assert_eq!(last, 2, "NOT_SERVING");
}

#[tokio::test]
async fn no_connection_is_accepted_while_requests_drain() {
    let running = start(config(), Authenticator::development()).await;
    let (held, stopped, ()) = tokio::join!(
        running.call("Hold"),
        async {
            running.probe.entered.notified().await;
            running.supervisor.shutdown(PATIENCE).await
        },
        async {
            running.supervisor.draining().cancelled().await;
            while TcpStream::connect(running.address).await.is_ok() {
                tokio::task::yield_now().await;
            }
            running.probe.release.add_permits(1);
        },
    );
    assert_eq!(held.unwrap(), "released");
    stopped.unwrap();
}

#[tokio::test]
async fn a_service_that_is_not_ready_is_not_serving() {
    let authenticator = Authenticator::development();
    let listener = bind(&config(), &authenticator).await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = start(config(), Authenticator::development()).await;
    let clock = std::sync::Arc::new(SystemClock::new());
    let server = Server::new(config(), authenticator, clock).service(running.probe.clone());
    let health = server.health();
    health.set(SERVICE, false).await;

    let supervisor = Supervisor::new();
    supervisor.spawn_front("grpc", server.serve(listener, supervisor.draining()));
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap();
    let mut client = HealthClient::new(endpoint.connect().await.unwrap());
    let mut check = async |service: &str| {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        client.check(request).await.unwrap().into_inner().status
    };
    assert_eq!((check("").await, check(SERVICE).await), (2, 2));
    health.set(SERVICE, true).await;
    assert_eq!((check("").await, check(SERVICE).await), (1, 1));
}
