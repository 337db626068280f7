//! `import`: nothing lost, nothing twice, every wrong row named.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{
    Done, Server, Site, aftercall, feed, line, lines, run, run_with, signal, spawn,
};

fn written(directory: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let file = directory.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn summary(done: Done) -> Value {
    serde_json::from_str(done.stdout.trim()).unwrap_or_else(|_| panic!("{done:#?}"))
}

/// How many records the log has, as its files say.
fn logged(server: &Server) -> u64 {
    let mut stats = aftercall(["log", "stats", "--json", "--data"]);
    run(stats.arg(server.data())).messages()[0]["records"]
        .as_u64()
        .unwrap()
}

/// Waits until the log has a record: the import is in the midst of it.
fn wait_for_a_record(server: &Server) {
    let tries = 10_000;
    assert!(
        (0..tries).any(|_| logged(server) > 0),
        "nothing was recorded in {tries} looks"
    );
}

fn import(server: &Server) -> Command {
    server.client(["import", "--json"])
}

#[test]
fn the_same_rows_again_write_nothing_from_whichever_file() {
    let server = Server::start();
    let directory = TempDir::new().unwrap();
    let text = lines(0..500);
    let first = run(import(&server).arg(written(&directory, "march.jsonl", text.as_bytes())));
    assert_eq!(summary(first)["recorded"], 500);
    let packed = written(&directory, "other.gz", &gzip(text.as_bytes()));
    for done in [
        run(import(&server).arg(packed)),
        run_with(import(&server).arg("-"), text.as_bytes()),
    ] {
        assert!(done.status.success(), "{done:#?}");
        let summary = summary(done);
        assert_eq!(
            (&summary["recorded"], &summary["alreadyRecorded"]),
            (&0.into(), &500.into())
        );
    }
    assert_eq!(logged(&server), 500);
}

#[test]
fn rows_without_an_id_are_recorded_once_too() {
    let server = Server::start();
    let text = lines(0..20).replace("\"externalRef\"", "\"ignored\"");
    let text: String = text
        .lines()
        .map(|line| {
            let mut row: Value = serde_json::from_str(line).unwrap();
            row["interaction"]
                .as_object_mut()
                .unwrap()
                .remove("ignored");
            format!("{row}\n")
        })
        .collect();
    assert_eq!(
        summary(run_with(import(&server).arg("-"), text.as_bytes()))["recorded"],
        20
    );
    let again = summary(run_with(import(&server).arg("-"), text.as_bytes()));
    assert_eq!(again["alreadyRecorded"], 20);
}

#[test]
fn a_wrong_row_is_named_with_line_and_field_and_the_rest_recorded() {
    let server = Server::start();
    let directory = TempDir::new().unwrap();
    let mut wrong: Value = serde_json::from_str(&line(3, "C-1")).unwrap();
    wrong["interaction"]["contactReasons"] = Value::Array(Vec::new());
    let text = [
        line(1, "C-1"),
        "{\"interaction\": {\"channel\": 1.5}}".to_owned(),
        String::new(),
        wrong.to_string(),
        "x".repeat(5 << 20),
        line(2, "C-1"),
    ]
    .join("\n");
    let file = written(&directory, "calls.jsonl", text.as_bytes());
    let errors = directory.path().join("errors.jsonl");
    let done = run(import(&server).arg(&file).arg("--errors").arg(&errors));
    assert_eq!(done.status.code(), Some(1));
    let name = file.display();
    assert!(
        done.stderr
            .contains(&format!("{name}:2: interaction.channel: ")),
        "{done:#?}"
    );
    assert!(
        done.stderr
            .contains(&format!("{name}:4: interaction.contact_reasons")),
        "{done:#?}"
    );
    let summary = summary(done);
    assert_eq!(
        (&summary["read"], &summary["recorded"]),
        (&5.into(), &2.into())
    );
    assert_eq!(summary["failed"], 3);

    let kept = std::fs::read_to_string(&errors).unwrap();
    let kept: Vec<Value> = kept
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut places: Vec<_> = kept
        .iter()
        .map(|one| one["line"].as_u64().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(places, [2, 4, 5]);
    let refused = kept.iter().find(|one| one["line"] == 4).unwrap();
    assert_eq!(refused["reason"], "INVALID_REQUEST");
    assert_eq!(
        refused["violations"][0]["field"],
        "interaction.contact_reasons"
    );
    assert_eq!(refused["retryable"], false);
}

#[test]
fn a_file_that_breaks_off_is_named_and_the_others_are_imported() {
    let server = Server::start();
    let directory = TempDir::new().unwrap();
    let packed = gzip(lines(0..100).as_bytes());
    let broken = written(&directory, "broken.gz", &packed[..packed.len() / 2]);
    let whole = written(&directory, "whole.jsonl", lines(200..210).as_bytes());
    let missing = directory.path().join("missing.jsonl");
    let done = run(import(&server).args([&broken, &missing, &whole]));
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stderr.contains("broken.gz"), "{done:#?}");
    assert!(
        done.stderr
            .contains("missing.jsonl: the file can't be read"),
        "{done:#?}"
    );
    let summary = summary(done);
    assert_eq!(summary["filesFailed"], 2);
    assert!(summary["recorded"].as_u64().unwrap() >= 10, "{summary}");
}

#[test]
fn an_interrupted_import_says_so_and_the_next_one_completes_it() {
    let server = Server::start();
    let text = lines(0..4_000);
    let mut child = spawn(import(&server).arg("-"));
    let mut stdin = child.stdin.take().unwrap();
    feed(&mut stdin, &text);
    wait_for_a_record(&server);
    signal(&child, Signal::INT);
    let done: Done = child.wait_with_output().unwrap().into();
    drop(stdin);
    assert_eq!(done.status.code(), Some(1), "{done:#?}");
    assert!(done.stderr.contains("interrupted"), "{done:#?}");
    let first = summary(done);
    assert_eq!(first["interrupted"], true);
    let recorded = first["recorded"].as_u64().unwrap();

    let done = run_with(import(&server).arg("-"), text.as_bytes());
    assert!(done.status.success(), "{done:#?}");
    let second = summary(done);
    assert_eq!(
        second["recorded"].as_u64().unwrap() + recorded,
        4_000,
        "{first} {second}"
    );
    assert_eq!(logged(&server), 4_000);
}

#[test]
fn an_import_goes_on_after_the_server_was_killed_and_started_again() {
    let server = Server::start();
    let address = server
        .said("grpc")
        .strip_prefix("http://")
        .unwrap()
        .to_owned();
    let mut child = spawn(import(&server).arg("-"));
    let mut stdin = child.stdin.take().unwrap();
    feed(&mut stdin, &lines(0..2_000));
    wait_for_a_record(&server);
    server.signal(Signal::KILL);
    let (_, _, data) = server.wait();
    let server = Server::start_on(data, &["--listen", &address]);
    feed(&mut stdin, &lines(2_000..4_000));
    drop(stdin);
    let done: Done = child.wait_with_output().unwrap().into();
    assert!(done.status.success(), "{done:#?}");
    let summary = summary(done);
    let recorded = summary["recorded"].as_u64().unwrap();
    let before = summary["alreadyRecorded"].as_u64().unwrap();
    assert_eq!(recorded + before, 4_000, "{summary}");
    assert_eq!(logged(&server), 4_000);
}

#[test]
fn an_import_without_a_server_ends_at_once() {
    let mut import = aftercall(["import", "--server", "http://127.0.0.1:1", "-"]);
    let error = run(&mut import).fails(1);
    assert!(
        error.contains("no server answers at http://127.0.0.1:1"),
        "{error}"
    );
}
