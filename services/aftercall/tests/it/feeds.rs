//! `followups feed`: a calendar is fetched by its address, over HTTP and over TLS, until it is revoked.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, line, run, run_with};

fn server(data: TempDir, feeds: &str) -> Server {
    let mut command = aftercall(["serve", "--listen", "127.0.0.1:0"]);
    command
        .args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .env("AFTERCALL_SERVER__FEEDS_LISTEN", feeds);
    Server::spawn(&mut command, data)
}

/// What is answered to who fetches an address.
fn fetched(url: &str) -> String {
    let (address, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn first(messages: Vec<Value>) -> Value {
    messages.into_iter().next().unwrap()
}

#[test]
fn a_calendar_is_made_fetched_and_revoked() {
    let server = server(TempDir::new().unwrap(), "127.0.0.1:0");
    let base = server.said("feeds").to_owned();
    run_with(
        &mut server.client(["record", "-"]),
        line(1, "C-1").as_bytes(),
    )
    .ok();
    let mut create = server.client(["followups", "feed", "create", "--name", "Rück;rufe"]);
    let made = first(run(create.args(["--language", "german", "--json"])).messages());
    let (url, feed) = (made["url"].as_str().unwrap(), &made["feed"]);
    let id = feed["feedId"].as_str().unwrap();
    assert!(url.starts_with(&format!("{base}/feeds/")), "{url}");
    let calendar = fetched(url);
    assert!(calendar.starts_with("HTTP/1.1 200"), "{calendar}");
    assert!(calendar.contains("\r\nNAME:Rück\\;rufe\r\n"), "{calendar}");

    let listed = run(&mut server.client(["followups", "feed", "list"])).ok();
    assert!(listed.contains(id) && listed.contains("in use"), "{listed}");
    assert!(!listed.contains(url), "{listed}");
    let revoked = run(&mut server.client(["followups", "feed", "revoke", id])).ok();
    assert!(revoked.contains("revoked"), "{revoked}");
    let gone = fetched(url);
    assert!(gone.starts_with("HTTP/1.1 404"), "{gone}");
    let listed = run(&mut server.client(["followups", "feed", "list"])).ok();
    assert!(listed.contains("no calendars"), "{listed}");
    server.stop();
}

#[test]
fn without_a_port_no_calendar_is_made_and_off_loopback_it_needs_tls() {
    let data = TempDir::new().unwrap();
    let mut command = aftercall(["serve", "--listen", "127.0.0.1:0"]);
    command
        .args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(data.path());
    let server = Server::spawn(&mut command, data);
    let error = run(&mut server.client(["followups", "feed", "create"])).fails(1);
    assert!(error.contains("server.feeds_listen"), "{error}");
    server.stop();

    let data = TempDir::new().unwrap();
    let mut open = aftercall(["serve", "--listen", "127.0.0.1:0", "--data"]);
    open.arg(data.path())
        .env("AFTERCALL_SERVER__FEEDS_LISTEN", "0.0.0.0:0");
    let error = run(&mut open).fails(1);
    assert!(error.contains("server.tls"), "{error}");
}
