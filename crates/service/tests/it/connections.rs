//! Connections that cost something and bring nothing, and the crowd that waits behind them.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use aftercall_service::Authenticator;
use aftercall_service::server::{ServerConfig, ServerError, bind};
use bytes::Bytes;
use futures::stream;
use futures::stream::StreamExt;
use http_body::Frame;
use http_body_util::StreamBody;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;
use tower::{Service, ServiceExt, service_fn};

use crate::probe::{Running, SERVICE, config, start};

/// Long enough for any machine; a test that hangs fails by it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Short enough to wait for.
const SOON: Duration = Duration::from_millis(100);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// The head of a HEADERS frame of 100 bytes, and one of them.
const HALF_HEADERS: &[u8] = &[0, 0, 100, 1, 4, 0, 0, 0, 1, 0x82];

async fn served(config: ServerConfig) -> Running {
    start(config, Authenticator::development()).await
}

async fn silent(address: SocketAddr, said: &[&[u8]]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for bytes in said {
        stream.write_all(bytes).await.unwrap();
    }
    stream
}

/// Waits until the server has closed the connection.
async fn closed(mut stream: TcpStream) {
    let mut answers = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answers));
    match read.await.expect("the server closes it") {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

/// Calls a method with a message of which the second half never comes.
async fn trickled(
    channel: &mut Channel,
    method: &str,
    first: &'static [u8],
) -> http::Response<Body> {
    let begun = stream::iter([Ok::<_, Status>(Frame::data(Bytes::from_static(first)))]);
    let body = Body::new(StreamBody::new(begun.chain(stream::pending())));
    let request = http::Request::post(format!("http://test/{SERVICE}/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let request = request.body(body).unwrap();
    let channel = channel.ready().await.unwrap();
    channel.call(request).await.unwrap()
}

/// Half a message of 100 bytes.
const HALF_MESSAGE: &[u8] = &[0, 0, 0, 0, 100, 10, 98, b'x'];

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn a_thousand_connections_that_say_nothing_keep_nobody_out() {
    for said in [
        &[][..],
        &[PREFACE, SETTINGS],
        &[PREFACE, SETTINGS, HALF_HEADERS],
    ] {
        let running = served(ServerConfig {
            connections_max: 1_024,
            connections_per_address_max: 1_024,
            ..config()
        })
        .await;
        let mut all = Vec::new();
        for _ in 0..1_024 {
            all.push(silent(running.address, said).await);
        }
        let answered = timeout(PATIENCE, running.call("WhoAmI")).await;
        assert_eq!(answered.expect("let in").unwrap(), "default/developer");
    }
}

#[tokio::test]
async fn who_does_not_speak_in_time_is_closed() {
    let running = served(ServerConfig {
        handshake_timeout: SOON,
        ..config()
    })
    .await;
    for said in [&[][..], &[&PREFACE[..12]], &[PREFACE]] {
        closed(silent(running.address, said).await).await;
    }
}

#[tokio::test]
async fn who_asks_nothing_is_closed() {
    let running = served(ServerConfig {
        handshake_timeout: SOON,
        idle_timeout: SOON,
        ..config()
    })
    .await;
    closed(silent(running.address, &[PREFACE, SETTINGS]).await).await;
    closed(silent(running.address, &[PREFACE, SETTINGS, HALF_HEADERS]).await).await;
}

#[tokio::test]
async fn a_message_that_trickles_is_given_up() {
    let running = served(ServerConfig {
        request_timeout: SOON,
        ..config()
    })
    .await;
    let mut channel = running.channel().await;
    let refused = trickled(&mut channel, "WhoAmI", HALF_MESSAGE).await;
    let refused = Status::from_header_map(refused.headers()).unwrap();
    assert_eq!(reason(&refused), "REQUEST_TIMEOUT");
}

#[tokio::test]
async fn a_stream_may_be_silent_between_messages_and_not_within_one() {
    let running = served(ServerConfig {
        request_timeout: SOON,
        ..config()
    })
    .await;
    let mut channel = running.channel().await;
    // An empty message, and half of the next.
    let answer = trickled(&mut channel, "Echo", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 10]).await;
    let collected = http_body_util::BodyExt::collect(answer.into_body()).await;
    let trailers = collected.unwrap().trailers().cloned().unwrap();
    let ended = Status::from_header_map(&trailers).unwrap();
    assert_eq!(reason(&ended), "REQUEST_TIMEOUT");
}

#[tokio::test]
async fn a_stop_waits_for_nobody_who_is_silent() {
    let running = served(config()).await;
    let mut idle = Vec::new();
    for said in [
        &[][..],
        &[&PREFACE[..12]],
        &[PREFACE, SETTINGS],
        &[PREFACE, SETTINGS, HALF_HEADERS],
    ] {
        idle.push(silent(running.address, said).await);
    }
    running.call("WhoAmI").await.unwrap();
    let mut channel = running.channel().await;
    let mut echoing = running.channel().await;
    let (stopped, unfinished, echoed) = tokio::join!(
        async {
            // Until all of it is with the server.
            running.call("WhoAmI").await.unwrap();
            running.supervisor.shutdown(PATIENCE).await
        },
        trickled(&mut channel, "WhoAmI", HALF_MESSAGE),
        trickled(&mut echoing, "Echo", HALF_MESSAGE),
    );
    stopped.unwrap();
    let unfinished = Status::from_header_map(unfinished.headers()).unwrap();
    assert_eq!(reason(&unfinished), "SERVER_STOPPING");
    drop(echoed);
}

#[tokio::test]
async fn a_stop_cuts_what_goes_on_for_too_long() {
    let running = served(ServerConfig {
        drain_timeout: SOON,
        ..config()
    })
    .await;
    let (hung, stopped) = tokio::join!(running.call("Hang"), async {
        running.probe.entered.notified().await;
        running.supervisor.shutdown(PATIENCE).await
    });
    stopped.unwrap();
    // It broke off: nobody said that its time was over.
    let cut = hung.unwrap_err();
    assert!(cut.get_details_error_info().is_none(), "{cut:?}");
}

#[tokio::test]
async fn an_old_connection_ends_and_its_client_opens_another() {
    let running = served(ServerConfig {
        connection_age_max: SOON,
        connection_age_grace: SOON,
        ..config()
    })
    .await;
    let mut watch = running.watch("Watch").await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");
    let ended = timeout(PATIENCE, watch.message()).await;
    ended.expect("the connection ends").unwrap_err();
    assert!(running.call("WhoAmI").await.is_ok());
}

#[tokio::test]
async fn an_address_has_its_share_and_no_more() {
    let running = served(ServerConfig {
        connections_per_address_max: 1,
        ..config()
    })
    .await;
    let mut watch = running.watch("Watch").await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");
    let from = async |source: &'static str| {
        let server = running.address;
        let endpoint = Endpoint::from_shared(format!("http://{server}")).unwrap();
        let connector = service_fn(move |_| async move {
            let socket = TcpSocket::new_v4()?;
            socket.bind(source.parse().expect("an address"))?;
            socket.connect(server).await.map(TokioIo::new)
        });
        endpoint.connect_with_connector(connector).await
    };
    let health = |channel| async move {
        let request = HealthCheckRequest::default();
        HealthClient::new(channel).check(request).await
    };
    let refused = match from("127.0.0.1:0").await {
        Ok(channel) => health(channel).await.is_err(),
        Err(_) => true,
    };
    assert!(refused, "its one connection is in use");
    health(from("127.0.0.2:0").await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn calls_are_counted_until_their_answers_end() {
    let running = served(ServerConfig {
        streams_max: 1,
        ..config()
    })
    .await;
    let mut watch = running.watch("Watch").await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");
    let refused = running.call("WhoAmI").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), "TOO_MANY_REQUESTS");
    drop(watch);
    while running.call("WhoAmI").await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn health_has_so_many_streams_and_they_are_nobody_elses() {
    let running = served(ServerConfig {
        health_streams_max: 2,
        ..config()
    })
    .await;
    let watch = async || {
        let mut health = HealthClient::new(running.channel().await);
        let request = HealthCheckRequest {
            service: SERVICE.to_owned(),
        };
        health.watch(request).await
    };
    let first = watch().await.unwrap();
    let second = watch().await.unwrap();
    let refused = watch().await.unwrap_err();
    assert_eq!(reason(&refused), "TOO_MANY_REQUESTS");
    assert!(running.call("WhoAmI").await.is_ok());
    drop((first, second));
    while watch().await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_crowd_may_come_before_anybody_is_let_in() {
    let listener = bind(&config(), &Authenticator::development())
        .await
        .unwrap();
    let held = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let crowd = held.trim().parse::<usize>().unwrap().min(1_000);
    let mut all = Vec::new();
    for _ in 0..crowd {
        let connected = timeout(PATIENCE, TcpStream::connect(listener.local_addr().unwrap()));
        all.push(connected.await.expect("there is room to wait").unwrap());
    }
}

#[tokio::test]
async fn a_setting_with_which_nobody_is_served_is_named() {
    for (key, config) in [
        (
            "connections_max",
            ServerConfig {
                connections_max: 0,
                ..config()
            },
        ),
        (
            "streams_max",
            ServerConfig {
                streams_max: 0,
                ..config()
            },
        ),
        (
            "request_timeout",
            ServerConfig {
                request_timeout: Duration::ZERO,
                ..config()
            },
        ),
        (
            "stream_window_bytes",
            ServerConfig {
                stream_window_bytes: 1 << 31,
                ..config()
            },
        ),
        (
            "connection_window_bytes",
            ServerConfig {
                connection_window_bytes: 0,
                ..config()
            },
        ),
        (
            "requests_bytes_max",
            ServerConfig {
                requests_bytes_max: 1,
                ..config()
            },
        ),
    ] {
        let refused = bind(&config, &Authenticator::development())
            .await
            .unwrap_err();
        assert!(
            matches!(refused, ServerError::Setting { key: named, .. } if named == key),
            "{refused}"
        );
    }
}
