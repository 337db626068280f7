//! The console's door, as browsers come to it, and as others try to.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, line, run, run_with};

/// The SHA-256 of `one` and of `two`.
pub(crate) const CREDENTIALS: &str = r#"
[[token]]
sha256 = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
tenant = "first"
actor = "lea"
kind = "SUPERVISOR"
roles = ["integration", "supervisor"]

[[token]]
sha256 = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
tenant = "second"
actor = "gus"
kind = "SUPERVISOR"
roles = ["supervisor"]
"#;

pub(crate) const COUNT: &str = "/aftercall.followups.v1.FollowupService/CountCommitments";
pub(crate) const WATCH: &str = "/aftercall.followups.v1.FollowupService/WatchCommitments";
pub(crate) const GRPC_WEB: &str = "content-type: application/grpc-web+proto\r\n";
/// A message without a field, framed.
pub(crate) const EMPTY: &str = "\0\0\0\0\0";

/// What browsers know of a server.
pub(crate) struct Browser {
    pub(crate) address: String,
}

impl Browser {
    pub(crate) fn at(server: &Server) -> Self {
        Self::to(server.said("console"))
    }

    /// Where a console says that it is.
    pub(crate) fn to(url: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap();
        Self {
            address: address.trim_end_matches('/').to_owned(),
        }
    }

    /// Sends a request with these headers, and a body; the connection stays open for what is answered.
    pub(crate) fn send(&self, request: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        stream
    }

    /// What is answered to a request to this server by its own name.
    pub(crate) fn ask(&self, request: &str, headers: &str, body: &str) -> String {
        let host = format!("host: {}\r\n{headers}", self.address);
        answer(self.send(request, &host, body))
    }

    /// The header by which a page of ours says what it is.
    pub(crate) fn own(&self) -> String {
        format!("origin: http://{}\r\n", self.address)
    }

    /// The answer to one of our pages.
    pub(crate) fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let headers = format!("{}{headers}", self.own());
        self.ask(&format!("POST {path}"), &headers, body)
    }

    /// Signs in, and gives the header by which the browser says so from then on.
    pub(crate) fn sign_in(&self, token: &str) -> String {
        let body = format!(r#"{{"token": "{token}"}}"#);
        let answer = self.post("/api/session", "", &body);
        assert_eq!(status(&answer), 200, "{answer}");
        let cookie = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "));
        let pair = cookie.unwrap().split(';').next().unwrap();
        format!("cookie: {pair}\r\n")
    }
}

fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(crate) fn known() -> (TempDir, PathBuf, TempDir) {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("tokens.toml");
    std::fs::write(&file, CREDENTIALS).unwrap();
    (directory, file, TempDir::new().unwrap())
}

#[test]
fn pages_and_services_are_on_one_port() {
    let server = Server::start();
    let browser = Browser::at(&server);
    let page = browser.ask("GET /board?due=today", "", "");
    assert_eq!(status(&page), 200, "{page}");
    assert!(page.contains("<title>aftercall</title>"), "{page}");
    assert!(
        page.contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    run_with(
        &mut server.client(["record", "-"]),
        line(1, "C-1").as_bytes(),
    )
    .ok();
    let counted = browser.post(COUNT, GRPC_WEB, EMPTY);
    assert_eq!(status(&counted), 200, "{counted}");
    assert!(counted.contains("grpc-status:0"), "{counted}");
}

#[test]
fn errors_have_their_details_in_a_browser_too() {
    let server = Server::start();
    let get = "/aftercall.followups.v1.FollowupService/GetCommitment";
    let answer = Browser::at(&server).post(get, GRPC_WEB, EMPTY);
    assert!(answer.contains("grpc-status-details-bin"), "{answer}");
}

#[test]
fn other_names_and_other_pages_are_refused() {
    let server = Server::start();
    let browser = Browser::at(&server);
    let rebound = format!("host: rebound.example\r\n{}{GRPC_WEB}", browser.own());
    for request in ["GET /", "GET /api/session", "POST /api/session"] {
        let refused = answer(browser.send(request, &rebound, EMPTY));
        assert_eq!(status(&refused), 421, "{request}: {refused}");
        assert!(refused.contains("HOST_UNKNOWN"), "{refused}");
    }
    let ask = format!("POST {COUNT}");
    for origin in ["", "origin: http://evil.example\r\n", "origin: null\r\n"] {
        let refused = browser.ask(&ask, &format!("{origin}{GRPC_WEB}"), EMPTY);
        assert_eq!(status(&refused), 403, "{origin}: {refused}");
        assert!(refused.contains("ORIGIN_FOREIGN"), "{refused}");
    }
    let framed = browser.post(
        COUNT,
        &format!("sec-fetch-site: cross-site\r\n{GRPC_WEB}"),
        EMPTY,
    );
    assert_eq!(status(&framed), 403, "{framed}");
}

#[test]
fn a_session_is_its_owners_and_ends_when_it_is_ended() {
    let (_directory, file, data) = known();
    let args = ["--credentials", file.to_str().unwrap()];
    let server = Server::start_on(data, &args);
    let browser = Browser::at(&server);
    let nobody = browser.post(COUNT, GRPC_WEB, EMPTY);
    assert!(nobody.contains("grpc-status: 16"), "{nobody}");
    let wrong = browser.post("/api/session", "", r#"{"token": "three"}"#);
    assert_eq!(status(&wrong), 401, "{wrong}");
    assert!(wrong.contains("TOKEN_UNKNOWN"), "{wrong}");

    let (lea, gus) = (browser.sign_in("one"), browser.sign_in("two"));
    let who = browser.ask("GET /api/session", &lea, "");
    assert!(
        who.contains(r#""actor":"lea""#) && !who.contains("gus"),
        "{who}"
    );
    let counted = browser.post(COUNT, &format!("{lea}{GRPC_WEB}"), EMPTY);
    assert!(counted.contains("grpc-status:0"), "{counted}");
    let listed = browser.ask("GET /api/sessions", &lea, "");
    let id = listed
        .split(r#""id":""#)
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let end = format!("DELETE /api/sessions/{id}");
    let foreign = browser.ask(&end, &format!("{}{gus}", browser.own()), "");
    assert_eq!(status(&foreign), 404, "{foreign}");

    // It outlives a restart; and a stream ends with it.
    let listen = browser.address.clone();
    let data = server.stop();
    let mut again = aftercall([
        "serve",
        "--listen",
        listen.as_str(),
        "--metrics-listen",
        "127.0.0.1:0",
    ]);
    again
        .args(["--data", data.path().to_str().unwrap()])
        .args(args);
    let server = Server::spawn(&mut again, data);
    let browser = Browser::at(&server);
    let host = format!(
        "host: {}\r\n{}{lea}{GRPC_WEB}",
        browser.address,
        browser.own()
    );
    let mut stream = browser.send(&format!("POST {WATCH}"), &host, EMPTY);
    let mut first = [0; 512];
    let read = stream.read(&mut first).unwrap();
    assert!(String::from_utf8_lossy(&first[..read]).starts_with("HTTP/1.1 200"));
    let ended = browser.ask(&end, &format!("{}{lea}", browser.own()), "");
    assert_eq!(status(&ended), 200, "{ended}");
    let rest = answer(stream);
    assert!(!rest.contains("grpc-status:0"), "{rest}");
    let over = browser.post(COUNT, &format!("{lea}{GRPC_WEB}"), EMPTY);
    assert!(over.contains("grpc-status: 16"), "{over}");
}

#[test]
fn a_door_that_is_closed_is_none() {
    let data = TempDir::new().unwrap();
    let mut command = aftercall(["serve", "--listen", "127.0.0.1:0"]);
    command
        .args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .env("AFTERCALL_CONSOLE__SERVE", "false");
    let server = Server::spawn(&mut command, data);
    let address = server.said("grpc").strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    assert!(!bytes.starts_with(b"HTTP/1.1"), "{bytes:?}");
    run(&mut server.client(["health"])).ok();
}

#[test]
fn a_name_without_tls_is_refused_at_the_start() {
    let data = TempDir::new().unwrap();
    let mut serve = aftercall([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--metrics-listen",
        "127.0.0.1:0",
    ]);
    serve.args(["--data", data.path().to_str().unwrap()]);
    serve.env(
        "AFTERCALL_CONSOLE__ORIGINS",
        r#"["http://console.example"]"#,
    );
    let error = run(&mut serve).fails(1);
    assert!(
        error.contains("console.origins: \"http://console.example\" must be https://"),
        "{error}"
    );
}
