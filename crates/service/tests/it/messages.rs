//! What a message may hold, and what all of them may take.

use aftercall_domain::limits::ELEMENTS_MAX;
use aftercall_service::Authenticator;
use aftercall_service::server::ServerConfig;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tonic::Status;
use tonic::body::Body;
use tonic_types::StatusExt;
use tower::{Service, ServiceExt};

use crate::probe::{ELEMENTS, Running, SERVICE, config, start};

/// A message with so many elements, two bytes each.
fn message(elements: usize) -> Vec<u8> {
    let key = u8::try_from(ELEMENTS << 3 | 2).unwrap();
    [key, 0].repeat(elements)
}

/// Calls a method with `message` as it is, and gives the reason of a refusal.
async fn call(running: &Running, method: &str, message: &[u8]) -> Option<String> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    call_framed(running, method, [&[0], &length[..], message].concat()).await
}

/// The same with all that is in the body.
async fn call_framed(running: &Running, method: &str, framed: Vec<u8>) -> Option<String> {
    let request = http::Request::post(format!("http://test/{SERVICE}/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let body = Full::new(Bytes::from(framed)).map_err(|never| match never {});
    let request = request.body(Body::new(body)).unwrap();
    let mut channel = running.channel().await;
    let answer = channel.ready().await.unwrap().call(request).await.unwrap();
    let status = match Status::from_header_map(answer.headers()) {
        Some(status) => status,
        None => {
            let collected = answer.into_body().collect().await.unwrap();
            Status::from_header_map(collected.trailers().unwrap()).unwrap()
        }
    };
    let info = status.get_details_error_info();
    info.map(|info| info.reason)
}

#[tokio::test]
async fn a_message_of_too_many_elements_is_refused() {
    let running = start(config(), Authenticator::development()).await;
    let refused = Some("MESSAGE_TOO_LARGE".to_owned());
    let most = message(ELEMENTS_MAX);
    assert_eq!(call(&running, "WhoAmI", &most).await, None);
    for elements in [ELEMENTS_MAX + 1, 2_000_000] {
        let message = message(elements);
        assert_eq!(call(&running, "WhoAmI", &message).await, refused);
    }
}

#[tokio::test]
async fn a_call_without_a_message_is_the_callers_fault() {
    let running = start(config(), Authenticator::development()).await;
    let refused = Some("INVALID_REQUEST".to_owned());
    assert_eq!(call_framed(&running, "WhoAmI", Vec::new()).await, refused);
    assert_eq!(call(&running, "WhoAmI", &[]).await, None);
}

#[tokio::test]
async fn what_requests_take_together_is_bounded_and_given_back() {
    // As much as one message may take: with this many elements, two are more.
    let running = start(
        ServerConfig {
            message_bytes_max: 100_000,
            requests_bytes_max: 39_000_000,
            ..config()
        },
        Authenticator::development(),
    )
    .await;
    let large = message(30_000);
    let (held, beside) = tokio::join!(call(&running, "Hold", &large), async {
        running.probe.entered.notified().await;
        let beside = call(&running, "WhoAmI", &large).await;
        running.probe.release.add_permits(1);
        beside
    });
    assert_eq!(held, None);
    assert_eq!(beside.as_deref(), Some("TOO_MANY_REQUESTS"));
    assert_eq!(call(&running, "WhoAmI", &large).await, None);
}
