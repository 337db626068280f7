//! `log`: what the files hold, and what is wrong with them.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, lines, run, run_with};

/// A data directory with some records.
pub(crate) fn data(records: u64) -> TempDir {
    let server = Server::start();
    run_with(
        &mut server.client(["import", "-"]),
        lines(0..records).as_bytes(),
    )
    .ok();
    server.stop()
}

fn log(command: &str, data: &Path) -> std::process::Command {
    let mut log = aftercall(["log", command, "--data"]);
    log.arg(data);
    log
}

/// The one segment of a small log.
fn segment(data: &Path) -> PathBuf {
    let files = std::fs::read_dir(data.join("log")).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    files
        .find(|file| file.extension().is_some_and(|end| end == "log"))
        .unwrap()
}

/// Flips a bit of the first record.
fn damage(segment: &Path) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(segment)
        .unwrap();
    let mut bytes = vec![0; 64 << 10];
    let read = file.read_at(&mut bytes, 0).unwrap();
    let at = bytes[..read]
        .windows(5)
        .position(|text| text == b"March")
        .unwrap();
    file.write_at(&[bytes[at] ^ 1], at as u64).unwrap();
}

#[test]
fn the_log_can_be_read_and_counted_without_a_server() {
    let data = data(30);
    let stats = run(log("stats", data.path()).arg("--json"))
        .messages()
        .remove(0);
    assert_eq!(
        (&stats["records"], &stats["tail"]),
        (&30.into(), &30.into())
    );
    assert!(
        run(&mut log("stats", data.path()))
            .ok()
            .contains("written to")
    );

    let events = run(log("cat", data.path()).args(["--from", "10", "--limit", "5", "--json"]));
    let events = events.messages();
    let offsets: Vec<_> = events
        .iter()
        .map(|line| line["offset"].as_u64().unwrap())
        .collect();
    assert_eq!(offsets, [10, 11, 12, 13, 14]);
    assert_eq!(
        events[0]["event"]["type"],
        "EVENT_TYPE_INTERACTION_RECORDED"
    );
    assert_eq!(events[0]["fact"]["interaction"]["agentId"], "anna");

    let redacted = run(log("cat", data.path()).args(["--limit", "1", "--redact", "--json"]));
    let contact = &redacted.messages()[0]["fact"]["interaction"];
    assert_eq!(contact["handling"]["summary"], "[personal]");
    assert_eq!(contact["agentId"], "anna");

    let lines = run(&mut log("cat", data.path())).ok();
    assert_eq!(lines.lines().count(), 30);
    assert!(lines.contains("interaction.recorded.v1"), "{lines}");
    assert_eq!(
        run(log("cat", data.path()).args(["--since", "2100-01-01"])).ok(),
        ""
    );
}

#[test]
fn a_sound_log_is_found_sound() {
    let data = data(30);
    let text = run(&mut log("verify", data.path())).ok();
    assert!(text.contains("30 records"), "{text}");
    assert!(text.contains("every record is as it was written"), "{text}");
    assert!(
        run(&mut log("repair", data.path()))
            .ok()
            .contains("nothing to repair")
    );
}

#[test]
fn a_damaged_log_is_refused_named_and_repaired_only_when_the_loss_is_allowed() {
    let data = data(30);
    let segment = segment(data.path());
    damage(&segment);
    let verified = run(log("verify", data.path()).arg("--json"));
    assert_eq!(verified.status.code(), Some(1), "{verified:#?}");
    let report: serde_json::Value = serde_json::from_str(verified.stdout.trim()).unwrap();
    assert_eq!(report["sound"], false);
    assert_eq!(report["damages"][0]["file"], segment.to_str().unwrap());

    let mut serve = aftercall(["serve", "--listen", "127.0.0.1:0", "--data"]);
    let error = run(serve.arg(data.path())).fails(1);
    assert!(error.contains(segment.to_str().unwrap()), "{error}");
    assert!(error.contains("aftercall log repair"), "{error}");

    let error = run(&mut log("repair", data.path())).fails(1);
    assert!(error.contains("loses the acknowledged records"), "{error}");
    let would = run(log("repair", data.path()).args(["--allow-loss", "--dry-run"])).ok();
    assert!(would.contains("would be cut"), "{would}");
    assert!(
        run(log("repair", data.path()).arg("--allow-loss"))
            .ok()
            .contains("records lost")
    );
    run(&mut log("verify", data.path())).ok();
    Server::start_on(data, &[]).stop();
}

#[test]
fn a_directory_without_a_log_is_said_to_be_so() {
    let data = TempDir::new().unwrap();
    for command in ["cat", "stats", "verify", "repair"] {
        let error = run(&mut log(command, data.path())).fails(1);
        assert!(error.contains("there is no log in"), "{command}: {error}");
    }
}
