//! `connect`: whatever is killed meanwhile, a telephone system's calls are told, each as it was.

mod manager;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use aftercall_domain::interaction::id_of_reference;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{Done, Server, Site, aftercall, run, run_with, signal, spawn};

/// How often is looked for what must happen, and how many times: for two minutes.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOKS: usize = 2_400;
/// When the first call begins.
const BEGAN_S: u64 = 1_772_442_000;

/// Waits until it is there.
fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let mut looks = (0..LOOKS).map(|_| {
        let found = look();
        if found.is_none() {
            std::thread::sleep(LOOK_EVERY);
        }
        found
    });
    looks
        .find_map(|found| found)
        .unwrap_or_else(|| panic!("never: {what}"))
}

/// An address on which nobody listens for now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A server at this address, on this data.
fn server_at(address: &str, data: TempDir) -> Server {
    let address = address.to_owned();
    Server::start_on(data, &["--listen", &address])
}

/// Kills a server, and gives back its data.
fn killed(server: Server) -> TempDir {
    server.signal(Signal::KILL);
    server.wait().2
}

fn kill(mut child: Child) {
    signal(&child, Signal::KILL);
    child.wait().unwrap();
}

/// What the server shows of a call; none where there is none.
fn call(server: &Server, source: &str, call_id: &str) -> Option<Value> {
    let id = id_of_reference("default", source, call_id).to_string();
    let done = run(&mut server.client(["show", &id, "--json"]));
    done.status
        .success()
        .then(|| done.messages()[0]["call"].clone())
}

/// A call of the channel event log: queued, answered after twenty seconds, lost on our side by every third one.
fn rows(number: u64) -> String {
    let began_s = BEGAN_S + number * 10;
    let (call, agent) = (
        format!("{began_s}.{number}"),
        format!("{began_s}.{number}000"),
    );
    let (trunk, phone) = (
        format!("PJSIP/carrier-{number:08x}"),
        format!("PJSIP/100{}-{number:08x}", number % 3),
    );
    let bridge = format!(r#"{{""bridge_id"":""b-{number}""}}"#);
    let cause = if number.is_multiple_of(3) { 41 } else { 16 };
    let hung_up =
        |cause: u64| format!(r#"{{""hangupcause"":{cause},""hangupsource"":""{trunk}""}}"#);
    let row = |second: u64,
               event: &str,
               (id, channel): (&str, &str),
               (app, data): (&str, &str),
               extra: &str| {
        format!(
            "\"{event}\",\"{}.000000\",\"\",\"+4930{number}\",\"\",\"\",\"\",\"4930999\",\"in\",\"{channel}\",\"{app}\",\"{data}\",\
             \"3\",\"\",\"{id}\",\"{call}\",\"\",\"\",\"\",\"{extra}\"\n",
            began_s + second
        )
    };
    let (customer, agent) = (
        (call.as_str(), trunk.as_str()),
        (agent.as_str(), phone.as_str()),
    );
    [
        row(0, "CHAN_START", customer, ("", ""), ""),
        row(1, "APP_START", customer, ("Queue", "billing,t"), ""),
        row(5, "CHAN_START", agent, ("", ""), ""),
        row(21, "BRIDGE_ENTER", agent, ("AppQueue", ""), &bridge),
        row(
            21,
            "BRIDGE_ENTER",
            customer,
            ("Queue", "billing,t"),
            &bridge,
        ),
        row(51, "HANGUP", agent, ("", ""), &hung_up(cause)),
        row(51, "HANGUP", customer, ("", ""), &hung_up(16)),
        row(52, "LINKEDID_END", customer, ("", ""), ""),
    ]
    .concat()
}

fn append(path: &Path, text: &str) {
    let mut options = File::options();
    let mut file = options.append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Up to where is told, by the place.
fn spot(state: &Path) -> Option<Value> {
    let text = std::fs::read(state.join("place.json")).ok()?;
    let mut place: Value = serde_json::from_slice(&text).unwrap();
    Some(place["spot"].take())
}

#[test]
fn a_log_is_told_whole_and_once_whatever_is_killed() {
    const CALLS: u64 = 150;
    let dir = TempDir::new().unwrap();
    let (log, state) = (dir.path().join("Master.csv"), dir.path().join("state"));
    let address = free_address();
    let mut server = server_at(&address, TempDir::new().unwrap());
    let connector = || {
        let mut command = aftercall([
            "connect",
            "asterisk",
            "--format",
            "cel",
            "--trunk",
            "PJSIP/carrier-",
            "--follow",
        ]);
        command
            .arg("--state")
            .arg(&state)
            .arg(&log)
            .args(["--server", &format!("http://{address}")]);
        spawn(&mut command)
    };
    let all = (0..CALLS).map(rows).collect::<String>();
    // Written in pieces that end in the midst of rows, but where the log is rotated.
    let mut pieces: Vec<_> = (0..=6).map(|piece| all.len() * piece / 6).collect();
    pieces[2] += all[pieces[2]..].find('\n').unwrap() + 1;
    append(&log, "");
    // The last piece is left to the last run, which so has begun before it is told to end.
    for (index, piece) in pieces.windows(2).take(5).enumerate() {
        let before = spot(&state);
        let mut running = connector();
        let grows = || append(&log, &all[piece[0]..piece[1]]);
        if index == 3 {
            // It grows while the server is away.
            let data = killed(server);
            grows();
            let mut said = BufReader::new(running.stderr.take().unwrap()).lines();
            assert!(said.any(|line| line.unwrap().contains("does not take events for now")));
            server = server_at(&address, data);
        } else {
            grows();
        }
        until("more is told", || {
            spot(&state).filter(|spot| Some(spot) != before.as_ref())
        });
        kill(running);
        if index == 1 {
            std::fs::rename(&log, dir.path().join("Master.csv.1")).unwrap();
            append(&log, "");
        }
    }
    let running = connector();
    append(&log, &all[pieces[5]..]);
    until("all is told", || {
        let bytes = std::fs::metadata(&log).unwrap().len();
        spot(&state).filter(|spot| spot["file"]["offset"] == bytes)
    });
    signal(&running, Signal::TERM);
    let done = Done::from(running.wait_with_output().unwrap());
    assert!(done.stdout.contains("interrupted"), "{done:?}");
    (0..CALLS).for_each(|number| is_as_it_was(&server, number));
}

/// A call has come to what its rows say.
fn is_as_it_was(server: &Server, number: u64) {
    let id = format!("{}.{number}", BEGAN_S + number * 10);
    let call = call(server, "asterisk", &id).unwrap_or_else(|| panic!("call {number} is lost"));
    let measures = &call["measures"];
    assert_eq!(measures["queueWait"], "20s", "{call:#}");
    assert_eq!(measures["talkTime"], "30s", "{call:#}");
    assert_eq!(measures["answerCount"], 1);
    assert_eq!(call["segments"].as_array().unwrap().len(), 2);
    let expected = match number % 3 {
        0 => "DISCONNECT_REASON_TELECOM_PROBLEM",
        _ => "DISCONNECT_REASON_CUSTOMER",
    };
    assert_eq!(call["disconnect"]["reason"], expected, "{call:#}");
}

fn contact(number: u64) -> String {
    let at = |second: i64| {
        let at = jiff::Timestamp::from_second(1_772_442_000 + second).unwrap();
        at.to_string()
    };
    let arn = "arn:aws:connect:eu-central-1:111122223333:instance/i";
    json!({
        "ContactId": format!("contact-{number}"),
        "Channel": match number { 3 => "TASK", 4 => "CHAT", _ => "VOICE" },
        "InitiationMethod": "INBOUND",
        "InitiationTimestamp": at(0),
        "Queue": {"ARN": format!("{arn}/queue/billing"), "EnqueueTimestamp": at(2)},
        "Agent": {"ARN": format!("{arn}/agent/ana"), "ConnectedToAgentTimestamp": at(12)},
        "DisconnectTimestamp": at(112),
        "DisconnectReason": "TELECOM_PROBLEM",
        "LastUpdateTimestamp": at(300),
    })
    .to_string()
}

#[test]
fn contact_records_without_line_ends_come_through_standard_input() {
    let server = Server::start();
    let input: String = (0..5).map(contact).collect();
    for state in [None, Some(TempDir::new().unwrap())] {
        let mut command = server.client(["connect", "amazon-connect", "-", "--json"]);
        if let Some(state) = &state {
            command.arg("--state").arg(state.path());
        }
        let done = run_with(&mut command, input.as_bytes()).messages();
        assert_eq!(
            (&done[0]["records"], &done[0]["events"]),
            (&json!(5), &json!(16))
        );
        assert_eq!(done[0]["passed"]["channel TASK"], 1);
        assert_eq!(done[0]["interrupted"], false);
    }
    for number in 0..3 {
        let call = call(&server, "amazon-connect", &format!("contact-{number}")).unwrap();
        assert_eq!(call["measures"]["talkTime"], "100s", "{call:#}");
        assert_eq!(call["measures"]["answerCount"], 1);
        assert_eq!(
            call["disconnect"]["reason"],
            "DISCONNECT_REASON_TELECOM_PROBLEM"
        );
    }
    assert_eq!(call(&server, "amazon-connect", "contact-3"), None);
    let chat = call(&server, "amazon-connect", "contact-4").unwrap();
    assert_eq!(chat["channel"], "CHANNEL_CHAT", "{chat:#}");
}

#[test]
fn what_the_server_refuses_is_said_and_kept() {
    let (server, state, input) = (
        Server::start(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let path = input.path().join("log");
    append(&path, &rows(0));
    // A clock that is a thousand years ahead.
    append(
        &path,
        &rows(1).replace(&format!("\"{}", BEGAN_S / 1_000), "\"33000000"),
    );
    let mut command = server.client(["connect", "asterisk", "--format", "cel"]);
    command.arg(&path).arg("--state").arg(state.path());
    let done = run(&mut command);
    assert!(done.stdout.contains("refused"), "{done:?}");
    let said = done.fails(1);
    assert!(said.contains("ahead of our clock"), "{said}");
    let kept = std::fs::read_to_string(state.path().join("refused.jsonl")).unwrap();
    let first: Value = serde_json::from_str(kept.lines().next().unwrap()).unwrap();
    assert_eq!(first["event"]["kind"], "CALL_EVENT_KIND_STARTED");
    assert!(call(&server, "asterisk", &format!("{BEGAN_S}.0")).is_some());
}

#[test]
fn a_state_is_one_connectors_alone_and_one_inputs() {
    let (server, dir) = (Server::start(), TempDir::new().unwrap());
    let (log, state) = (dir.path().join("log"), dir.path().join("state"));
    append(&log, &rows(0));
    let connect = |more: &[&str]| {
        let mut command = server.client(["connect", "asterisk", "--format", "cel"]);
        command.arg(&log).arg("--state").arg(&state).args(more);
        command
    };
    let running = spawn(&mut connect(&["--follow"]));
    until("it runs", || spot(&state));
    let error = run(&mut connect(&[])).fails(1);
    assert!(error.contains("another connector uses"), "{error}");
    kill(running);
    let error = run(&mut connect(&["--source", "other"])).fails(1);
    assert!(error.contains("as source asterisk"), "{error}");
    // What is told is told.
    let done = run(connect(&[]).arg("--json")).messages();
    assert_eq!(
        (&done[0]["records"], &done[0]["events"]),
        (&json!(0), &json!(0))
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (wrong, said) in [
        (&["asterisk"][..], "FILE"),
        (&["asterisk", "log", "--follow"], "--state"),
        (&["asterisk", "--address", "pbx:5038"], "--state"),
        (
            &["asterisk", "--address", "pbx:5038", "--state", "x"],
            "--user",
        ),
        (
            &[
                "asterisk",
                "--address",
                "pbx:5038",
                "--state",
                "x",
                "--user",
                "u",
            ],
            "AFTERCALL_ASTERISK_SECRET",
        ),
        (
            &["asterisk", "--address", "pbx", "--state", "x"],
            "HOST:PORT",
        ),
        (
            &["asterisk", "-", "--follow", "--state", "x"],
            "--follow is for files",
        ),
        (&["asterisk", "log", "--zone", "Berlin"], "time zone"),
        (&["asterisk", "log", "--columns", "eventtype"], "eventtime"),
        (&["asterisk", "log", "--format", "queue_log"], "queue_log"),
        (&["amazon-connect", "-", "--source", ""], "--source"),
    ] {
        let dir = TempDir::new().unwrap();
        let error = run(aftercall(["connect"]).args(wrong).current_dir(dir.path())).fails(2);
        assert!(error.contains(said), "{wrong:?}: {error}");
    }
}
