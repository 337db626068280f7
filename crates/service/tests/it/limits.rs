//! How long and how many: deadlines and requests in flight.

use std::time::Duration;

use aftercall_service::Authenticator;
use aftercall_service::server::ServerConfig;
use tonic::Code;
use tonic_types::StatusExt;

use crate::probe::{config, start};

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let config = ServerConfig {
        request_timeout: Duration::from_millis(20),
        ..config()
    };
    let running = start(config, Authenticator::development()).await;
    let status = running.call("Hang").await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(
        status.get_details_error_info().unwrap().reason,
        "REQUEST_TIMEOUT"
    );
}

#[tokio::test]
async fn a_service_sees_the_shorter_of_both_deadlines() {
    let running = start(config(), Authenticator::development()).await;
    let remaining = async |seconds| {
        let mut request = tonic::Request::new(String::new());
        request.set_timeout(Duration::from_secs(seconds));
        let millis = running.call_with("Remaining", request).await.unwrap();
        millis.parse::<u64>().unwrap()
    };
    let patience = remaining(10).await;
    assert!((1..=10_000).contains(&patience), "{patience}");
    // More than the server allows, which is 30 s.
    let impatience = remaining(600).await;
    assert!((10_001..=30_000).contains(&impatience), "{impatience}");
}

#[tokio::test]
async fn beyond_the_limit_requests_are_turned_away_and_later_taken_again() {
    let config = ServerConfig {
        requests_in_flight_max: 1,
        ..config()
    };
    let running = start(config, Authenticator::development()).await;
    let (held, turned_away) = tokio::join!(running.call("Hold"), async {
        running.probe.entered.notified().await;
        let turned_away = running.call("WhoAmI").await;
        running.probe.release.add_permits(1);
        turned_away
    });
    assert_eq!(held.unwrap(), "released");
    let status = turned_away.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(
        status.get_details_error_info().unwrap().reason,
        "TOO_MANY_REQUESTS"
    );
    assert!(
        status
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
    assert!(running.call("WhoAmI").await.is_ok());
}

#[tokio::test]
async fn a_request_that_was_given_up_frees_its_place() {
    let config = ServerConfig {
        requests_in_flight_max: 1,
        request_timeout: Duration::from_millis(20),
        ..config()
    };
    let running = start(config, Authenticator::development()).await;
    for _ in 0..3 {
        assert_eq!(
            running.call("Hang").await.unwrap_err().code(),
            Code::DeadlineExceeded
        );
        assert_eq!(
            running.call("Panic").await.unwrap_err().code(),
            Code::Internal
        );
    }
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_until_one_closes() {
    let config = ServerConfig {
        connections_max: 1,
        ..config()
    };
    let running = start(config, Authenticator::development()).await;
    let mut watch = running.watch("Watch").await;
    assert_eq!(watch.message().await.unwrap().unwrap(), "first");

    let mut second = Box::pin(running.call("WhoAmI"));
    // The first connection is open, so the second call gets no answer however often it is asked
    // for, while the server does everything else.
    for _ in 0..1_000 {
        assert!(futures::poll!(&mut second).is_pending());
        tokio::task::yield_now().await;
    }
    drop(watch);
    assert_eq!(second.await.unwrap(), "default/developer");
}
