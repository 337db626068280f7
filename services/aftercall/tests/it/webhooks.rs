//! `webhooks`: a receiver is told of what was recorded, also by a server that was killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver as Messages, sync_channel};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, line, run, run_with};

/// How long a message may take: the pause after a first failure is five seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked for what must happen.
const LOOKS: usize = 1_000;

/// A message: its id, and what it says.
pub(crate) type Message = (String, Value);

/// Takes messages, one a connection, and answers the first ones with these statuses, all others with 200.
pub(crate) fn receiver(statuses: Vec<u16>) -> (String, Messages<Message>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let (received, messages) = sync_channel(100);
    std::thread::spawn(move || {
        let mut statuses = statuses.into_iter();
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut id, mut length, mut text) = (String::new(), 0, String::new());
            while reader.read_line(&mut text).unwrap() > 2 {
                if let Some((name, value)) = text.trim_end().split_once(": ") {
                    match name {
                        "webhook-id" => id = value.to_owned(),
                        "content-length" => length = value.parse().unwrap(),
                        _ => {}
                    }
                }
                text.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body = serde_json::from_slice(&body).unwrap();
            let status = statuses.next().unwrap_or(200);
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
            if received.send((id, body)).is_err() {
                return;
            }
        }
    });
    (url, messages)
}

/// A server that may send to this machine.
pub(crate) fn server(data: TempDir) -> Server {
    server_named(data, None)
}

/// The same in an environment that is named.
pub(crate) fn server_named(data: TempDir, environment: Option<&str>) -> Server {
    let key = data.path().join("secrets.key");
    std::fs::write(&key, "0123456789abcdef".repeat(4)).unwrap();
    let mut command = aftercall(["serve", "--listen", "127.0.0.1:0"]);
    command
        .args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .env("AFTERCALL_NOTIFY__SECRETS_KEY_FILE", &key)
        .env("AFTERCALL_NOTIFY__PRIVATE_NETWORKS", r#"["127.0.0.0/8"]"#);
    if let Some(environment) = environment {
        command.env("AFTERCALL_NOTIFY__ENVIRONMENT", environment);
    }
    Server::spawn(&mut command, data)
}

pub(crate) fn asked<const N: usize>(server: &Server, args: [&str; N]) -> Vec<Value> {
    run(server.client(args).arg("--json")).messages()
}

/// What a command answers, once one of its messages is as it must be.
pub(crate) fn until<const N: usize>(
    server: &Server,
    args: [&str; N],
    is_there: impl Fn(&Value) -> bool,
) -> Value {
    for _ in 0..LOOKS {
        if let Some(found) = asked(server, args).into_iter().find(&is_there) {
            return found;
        }
    }
    panic!("{args:?} does not answer it: {:#?}", asked(server, args))
}

#[test]
fn a_receiver_is_told_of_what_is_recorded_also_after_the_server_was_killed() {
    let (url, messages) = receiver(vec![200, 500]);
    let first = server(TempDir::new().unwrap());
    let events = "aftercall.interaction.*";
    let made = asked(&first, ["webhooks", "create", &url, "--event", events]).remove(0);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let id = made["webhook"]["webhookId"].as_str().unwrap().to_owned();
    let tested = run(&mut first.client(["webhooks", "test", &id])).ok();
    assert!(tested.contains("taken"), "{tested}");
    let (_, test) = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(test["type"], "aftercall.test");

    run_with(
        &mut first.client(["record", "-"]),
        line(1, "C-1").as_bytes(),
    )
    .ok();
    let (message_id, told) = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told["type"], "aftercall.interaction.recorded.v1");
    assert_eq!(told["data"]["customerId"], "C-1");
    let pending = ["webhooks", "deliveries", &id, "--state", "pending"];
    let failed = until(&first, pending, |found| found["attempts"] == 1);
    assert_eq!(failed["lastAttempt"]["httpStatus"], 500);
    first.signal(Signal::KILL);
    let (_, _, data) = first.wait();

    let second = server(data);
    let (again, _) = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(again, message_id);
    let show = ["webhooks", "show", &id];
    until(&second, show, |shown| shown["progress"]["delivered"] == "1");
    let shown = run(&mut second.client(show)).ok();
    assert!(shown.contains(&url), "{shown}");
    assert!(!shown.contains(made["secret"].as_str().unwrap()));
    second.stop();
}

#[test]
fn webhooks_are_changed_from_the_command_line() {
    let (url, messages) = receiver(Vec::new());
    let server = server(TempDir::new().unwrap());
    let made = asked(
        &server,
        ["webhooks", "create", &url, "--event", "*", "--name", "CRM"],
    );
    let id = made[0]["webhook"]["webhookId"].as_str().unwrap();
    let listed = run(&mut server.client(["webhooks", "list"])).ok();
    assert!(
        listed.contains("CRM") && listed.contains("in use"),
        "{listed}"
    );
    let rotated = asked(
        &server,
        ["webhooks", "rotate", id, "--algorithm", "ed25519"],
    );
    assert!(rotated[0]["secret"].as_str().unwrap().starts_with("whpk_"));
    let off = asked(&server, ["webhooks", "disable", id]);
    assert_eq!(off[0]["webhook"]["disabled"], true);
    run_with(
        &mut server.client(["record", "-"]),
        line(1, "C-1").as_bytes(),
    )
    .ok();
    asked(&server, ["webhooks", "enable", id, "--catch-up"]);
    let (first, _) = messages.recv_timeout(PATIENCE).unwrap();
    let delivered = ["webhooks", "deliveries", id, "--state", "delivered"];
    until(&server, delivered, |found| !found["sequence"].is_null());
    let replayed = run(&mut server.client(["webhooks", "replay", id])).ok();
    assert!(replayed.contains("1 to be sent again"), "{replayed}");
    let (again, _) = messages.recv_timeout(PATIENCE).unwrap();
    assert_eq!(again, first);
    let dead = run(&mut server.client(["webhooks", "dead", id])).ok();
    assert!(dead.contains("no deliveries"), "{dead}");
    let error =
        run(&mut server.client(["webhooks", "create", "https://10.0.0.1/", "--event", "*"]));
    let error = error.fails(1);
    assert!(error.contains("notify.private_networks"), "{error}");
    server.stop();
}
