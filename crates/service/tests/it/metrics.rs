//! What Prometheus collects.

use std::net::Ipv4Addr;

use aftercall_service::Authenticator;
use aftercall_service::telemetry::{LogFormat, Metrics, TelemetryConfig, init_logging};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::probe::{config, start};

async fn get(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{request} HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

// One test, because a process has one set of metrics.
#[tokio::test]
async fn requests_are_counted_by_method_and_code_and_made_up_names_are_not_labels() {
    let metrics = Metrics::install().unwrap();
    let running = start(config(), Authenticator::development()).await;
    let listener = Metrics::bind((Ipv4Addr::LOCALHOST, 0).into(), None)
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    let stopping = running.supervisor.stopping();
    running
        .supervisor
        .spawn("metrics", metrics.clone().serve(listener, stopping));

    running.call("Counted").await.unwrap();
    running.call("Counted").await.unwrap();
    running.call("Refuse").await.unwrap_err();
    running
        .call_path("/made.Up/Name", tonic::Request::new(String::new()))
        .await
        .unwrap_err();

    let answer = get(address, "GET /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let counted = "aftercall_grpc_requests_total{service=\"test.v1.ProbeService\",method=\"Counted\",code=\"OK\"} 2";
    assert!(answer.contains(counted), "{answer}");
    assert!(
        answer.contains("method=\"Refuse\",code=\"INVALID_ARGUMENT\"}"),
        "{answer}"
    );
    assert!(
        answer.contains("aftercall_grpc_request_seconds_bucket"),
        "{answer}"
    );
    assert!(
        answer.contains("service=\"unknown\",method=\"unknown\""),
        "{answer}"
    );
    assert!(!answer.contains("made.Up"), "{answer}");
    assert!(get(address, "GET /").await.starts_with("HTTP/1.1 404"));
    assert!(
        get(address, "POST /metrics")
            .await
            .starts_with("HTTP/1.1 405")
    );

    let taken = Metrics::bind(address, None).await.unwrap_err().to_string();
    assert!(taken.contains("server.metrics_listen"), "{taken}");
    running
        .supervisor
        .shutdown(std::time::Duration::from_secs(60))
        .await
        .unwrap();
}

#[test]
fn a_wrong_filter_is_named() {
    let config = TelemetryConfig {
        filter: "aftercall=loud".to_owned(),
        format: LogFormat::Json,
    };
    let error = init_logging(&config).unwrap_err().to_string();
    assert!(
        error.contains("telemetry.filter \"aftercall=loud\""),
        "{error}"
    );
}
