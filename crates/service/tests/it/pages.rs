//! Pages that programs fetch over HTTP/1.1.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aftercall_service::server::{Page, ServerConfig, bind_feeds, serve_pages};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

async fn asked(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A head that is too long is answered before it was read, and then the connection is reset.
    let read = stream.read_to_string(&mut answer).await;
    if answer.is_empty() {
        read.unwrap();
    }
    answer
}

async fn found(path: String) -> Page {
    match path.as_str() {
        "/feeds/known" => Page::Found {
            media_type: "text/calendar; charset=utf-8",
            body: Bytes::from_static(b"BEGIN"),
        },
        "/feeds/busy" => Page::NotNow,
        _ => Page::Nothing,
    }
}

fn head<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = answer.lines().take_while(|line| !line.is_empty());
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_page_is_fetched_once_and_then_known() {
    let config = ServerConfig {
        feeds_listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
        ..ServerConfig::default()
    };
    let listener = bind_feeds(&config, None).await.unwrap().unwrap();
    let address = listener.local_addr().unwrap();
    let stopping = CancellationToken::new();
    let serving =
        tokio::task::JoinSet::from_iter([serve_pages(listener, 4, found, stopping.clone())]);
    let get = |path: &str, more: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n{more}\r\n");
        async move { asked(address, &request).await }
    };
    let first = get("/feeds/known", "").await;
    assert!(
        first.starts_with("HTTP/1.1 200") && first.ends_with("BEGIN"),
        "{first}"
    );
    assert_eq!(head(&first, "cache-control"), Some("private, no-cache"));
    assert_eq!(head(&first, "referrer-policy"), Some("no-referrer"));
    let tag = head(&first, "etag").unwrap();
    let again = get("/feeds/known", &format!("if-none-match: {tag}\r\n")).await;
    assert!(
        again.starts_with("HTTP/1.1 304") && !again.contains("BEGIN"),
        "{again}"
    );
    assert_eq!(head(&again, "etag"), Some(tag));
    let other = get("/feeds/known", "if-none-match: \"other\"\r\n").await;
    assert!(other.starts_with("HTTP/1.1 200"), "{other}");
    let named = asked(address, "HEAD /feeds/known HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(
        named.starts_with("HTTP/1.1 200") && !named.contains("BEGIN"),
        "{named}"
    );
    assert_eq!(head(&named, "etag"), Some(tag));

    assert!(get("/feeds/other", "").await.starts_with("HTTP/1.1 404"));
    let busy = get("/feeds/busy", "").await;
    assert!(busy.starts_with("HTTP/1.1 503"), "{busy}");
    assert_eq!(head(&busy, "retry-after"), Some("60"));
    let post = asked(address, "POST /feeds/known HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
    let long = get("/feeds/known", &format!("x: {}\r\n", "x".repeat(64 << 10))).await;
    assert!(long.starts_with("HTTP/1.1 431"), "{long}");

    let taken = ServerConfig {
        feeds_listen: Some(address),
        ..ServerConfig::default()
    };
    let taken = bind_feeds(&taken, None).await.unwrap_err().to_string();
    assert!(taken.contains("server.feeds_listen"), "{taken}");
    stopping.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(60), serving.join_all()).await;
    ended.unwrap();
}
