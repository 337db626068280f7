//! The manager interface, as a socket in this test speaks it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{BEGAN_S, call, free_address, kill, server_at, until};
use crate::command::{Done, Server, aftercall, signal, spawn};

/// A session with a connector.
struct Session {
    stream: BufReader<TcpStream>,
}

impl Session {
    /// Waits for a connector that logs in.
    fn accept(listener: &TcpListener) -> Self {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"Asterisk Call Manager/9.0.0\r\n")
            .unwrap();
        let mut session = Self {
            stream: BufReader::new(stream),
        };
        let login = session.action("Login");
        assert!(login.contains("Username: aftercall\r\n"), "{login}");
        assert!(login.contains("Secret: s3cret\r\n"), "{login}");
        assert!(login.contains("Events: call,agent,dtmf\r\n"), "{login}");
        session.answer(
            &login,
            "Response: Success\r\nMessage: Authentication accepted\r\n",
        );
        session
    }

    /// The next action, which must be this one.
    fn action(&mut self, name: &str) -> String {
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            assert!(
                self.stream.read_line(&mut text).unwrap() > 0,
                "it left after {text:?}"
            );
        }
        assert!(text.contains(&format!("Action: {name}\r\n")), "{text}");
        text
    }

    fn say(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn answer(&mut self, action: &str, text: &str) {
        let id = action
            .lines()
            .find(|line| line.starts_with("ActionID: "))
            .unwrap();
        self.say(&format!("{text}{id}\r\n\r\n"));
    }

    /// Answers which channels there are.
    fn lists(&mut self, channels: &[&str]) {
        let asked = self.action("CoreShowChannels");
        self.answer(&asked, "Response: Success\r\nEventList: start\r\n");
        for id in channels {
            let text = event(0, "CoreShowChannel", id, "");
            // Without its empty line, before which the action's id stands.
            self.answer(&asked, &text[..text.len() - 2]);
        }
        self.answer(
            &asked,
            "Event: CoreShowChannelsComplete\r\nEventList: Complete\r\n",
        );
    }

    /// Events of a call until somebody talks.
    fn answered(&mut self, id: &str) {
        let member = "Queue: billing\r\nInterface: PJSIP/1001\r\nMemberName: ana\r\nDestUniqueid: 9.9\r\n\
            DestChannel: PJSIP/1001-00000009\r\n";
        self.say(&event(0, "Newchannel", id, "CallerIDNum: +4930111\r\n"));
        self.say(&event(5, "QueueCallerJoin", id, "Queue: billing\r\n"));
        self.say(&event(6, "AgentCalled", id, member));
        self.say(&event(15, "AgentConnect", id, member));
    }
}

/// An event so many seconds after the beginning.
fn event(second: u64, event: &str, id: &str, more: &str) -> String {
    format!(
        "Event: {event}\r\nTimestamp: {}.000000\r\nUniqueid: {id}\r\nLinkedid: {id}\r\nChannel: PJSIP/carrier-{id}\r\n{more}\r\n",
        BEGAN_S + second
    )
}

fn connector(manager: &str, server: &str, state: &Path) -> Command {
    let mut command = aftercall([
        "connect",
        "asterisk",
        "--address",
        manager,
        "--user",
        "aftercall",
    ]);
    command
        .env("AFTERCALL_ASTERISK_SECRET", "s3cret")
        .arg("--state")
        .arg(state)
        .args(["--server", &format!("http://{server}")]);
    command
}

/// A call, when it has ended.
fn ended(server: &Server, id: &str) -> Value {
    until("it ends", || {
        call(server, "asterisk", id).filter(|call| !call["endedAt"].is_null())
    })
}

fn stop(child: Child) -> Done {
    signal(&child, Signal::TERM);
    child.wait_with_output().unwrap().into()
}

fn outbox(state: &Path) -> String {
    std::fs::read_to_string(state.join("outbox-1.jsonl")).unwrap_or_default()
}

#[test]
fn a_connection_that_is_lost_in_the_midst_of_calls_comes_back_and_says_what_is_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (manager, address) = (listener.local_addr().unwrap().to_string(), free_address());
    let (server, state) = (
        server_at(&address, TempDir::new().unwrap()),
        TempDir::new().unwrap(),
    );
    let running = spawn(&mut connector(&manager, &address, state.path()));
    let mut session = Session::accept(&listener);
    session.lists(&[]);
    session.answered("1.1");
    session.answered("1.2");
    for id in ["1.1", "1.2"] {
        until("talks", || {
            call(&server, "asterisk", id).filter(|call| !call["segments"][1].is_null())
        });
    }
    // In the midst of an event.
    session.say("Event: Hangup\r\nUniqueid: 1.");
    drop(session);
    let mut session = Session::accept(&listener);
    session.lists(&["1.2"]);
    session.say(&event(60, "HangupRequest", "1.2", ""));
    session.say(&event(60, "Hangup", "1.2", "Cause: 16\r\n"));
    let ended = ended(&server, "1.2");
    assert_eq!(
        ended["disconnect"]["reason"], "DISCONNECT_REASON_CUSTOMER",
        "{ended:#}"
    );
    assert_eq!(ended["measures"]["talkTime"], "45s", "{ended:#}");
    let gone = call(&server, "asterisk", "1.1").unwrap();
    assert_eq!(
        gone["disconnect"]["reason"], "DISCONNECT_REASON_UNKNOWN",
        "{gone:#}"
    );
    assert_eq!(gone["measures"]["answerCount"], 1);
    let done = stop(running);
    assert!(done.stderr.contains("is back"), "{done:?}");
    assert!(
        done.stderr
            .contains("1 calls ended while the connection was lost"),
        "{done:?}"
    );
    assert!(!done.stderr.contains("s3cret"));
}

#[test]
fn what_was_read_while_the_server_is_away_is_told_by_the_next_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (manager, address) = (listener.local_addr().unwrap().to_string(), free_address());
    let state = TempDir::new().unwrap();
    let running = spawn(&mut connector(&manager, &address, state.path()));
    let mut session = Session::accept(&listener);
    session.lists(&[]);
    session.answered("2.1");
    session.say(&event(7, "VarSet", "2.1", "Variable: of no meaning\r\n"));
    session.say(&event(60, "Hangup", "2.1", "Cause: 102\r\n"));
    until("all is kept", || {
        outbox(state.path()).contains("Cause: 102").then_some(())
    });
    assert!(!outbox(state.path()).contains("VarSet"));
    kill(running);
    drop((session, listener));
    let server = server_at(&address, TempDir::new().unwrap());
    let running = spawn(&mut connector(&manager, &address, state.path()));
    let call = ended(&server, "2.1");
    assert_eq!(
        call["disconnect"]["reason"], "DISCONNECT_REASON_TELECOM_PROBLEM",
        "{call:#}"
    );
    assert_eq!(call["measures"]["talkTime"], "45s");
    stop(running);
}

#[test]
fn a_login_that_is_refused_ends_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let manager = listener.local_addr().unwrap().to_string();
    let state = TempDir::new().unwrap();
    let running = spawn(&mut connector(&manager, &free_address(), state.path()));
    let (stream, _) = listener.accept().unwrap();
    let mut session = Session {
        stream: BufReader::new(stream),
    };
    let login = session.action("Login");
    session.answer(
        &login,
        "Response: Error\r\nMessage: Authentication failed\r\n",
    );
    let done = Done::from(running.wait_with_output().unwrap());
    assert!(done.stderr.contains("Authentication failed"), "{done:?}");
    assert_eq!(done.status.code(), Some(1));
}
