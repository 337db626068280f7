//! Contacts that are taken home by the command line.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, lines, run, run_with, signal, spawn};

/// How often a directory is looked at, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const LOOKS: usize = 30_000;

fn import(server: &Server, text: &str) {
    run_with(&mut server.client(["import", "-"]), text.as_bytes()).ok();
}

fn export(server: &Server, to: &Path, args: &[&str]) -> Command {
    let mut export = server.client(["export"]);
    export.arg("--to").arg(to).args(args);
    export
}

fn verify(dir: &Path) -> Command {
    let mut verify = aftercall(["export", "verify", "--json"]);
    verify.arg(dir);
    verify
}

fn manifest(dir: &Path) -> Value {
    let text = fs::read_to_string(dir.join("manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The files of contacts, by their names.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    });
    named
        .filter(|(name, _)| name.starts_with("part-"))
        .collect()
}

#[test]
fn an_export_survives_that_client_and_server_are_killed() {
    let server = Server::start();
    let place = TempDir::new().unwrap();
    let (home, other) = (place.path().join("home"), place.path().join("other"));
    import(&server, &lines(0..900));
    let small = ["--part-rows", "2", "--format", "parquet"];
    let mut client = spawn(&mut export(&server, &home, &small));
    let third = home.join("part-00003.parquet");
    let has_come = |_| {
        std::thread::sleep(LOOK_EVERY);
        third.exists()
    };
    assert!((0..LOOKS).any(has_come), "no file comes");
    signal(&client, Signal::KILL);
    client.wait().unwrap();
    assert!(!home.join("manifest.json").exists(), "it was over before");
    let refused = run(&mut verify(&home)).fails(1);
    assert!(refused.contains("manifest.json"), "{refused}");
    server.signal(Signal::KILL);
    let (_, _, data) = server.wait();
    let server = Server::start_on(data, &[]).caught_up();
    // What is recorded now is not of it.
    import(&server, &lines(900..950));

    let said = run(&mut export(&server, &home, &small)).ok();

    assert!(said.contains("going on with file"), "{said}");
    let verified = run(&mut verify(&home)).messages().remove(0);
    assert_eq!(
        (&verified["whole"], &verified["rows"]),
        (&true.into(), &900.into())
    );
    let position = manifest(&home)["as_of"]["position"]
        .as_str()
        .unwrap()
        .to_owned();
    let counted = ["search", "--json", "--limit", "0", "--as-of", &position];
    let counted = run(&mut server.client(counted)).messages().remove(0);
    assert_eq!(counted["totalSize"], "900");
    let same = [
        "--part-rows",
        "2",
        "--format",
        "parquet",
        "--as-of",
        &position,
    ];
    run(&mut export(&server, &other, &same)).ok();
    assert_eq!(files(&home), files(&other));
    let again = run(&mut export(&server, &home, &small)).fails(2);
    assert!(again.contains("holds a whole export"), "{again}");
}

#[test]
fn a_byte_that_is_another_one_is_found_and_so_is_a_file_that_is_missing_or_strange() {
    let server = Server::start();
    let place = TempDir::new().unwrap();
    import(&server, &lines(0..120));
    let key = run(&mut server.client(["export", "key", "--json"]))
        .messages()
        .remove(0);
    let key = key["publicKey"].as_str().unwrap().to_owned();
    for format in ["ndjson", "csv", "parquet"] {
        let home = place.path().join(format);
        let args = [
            "--format",
            format,
            "--part-rows",
            "50",
            "--from",
            "2026-01-01",
        ];
        run(&mut export(&server, &home, &args)).ok();
        let whole = run(verify(&home).args(["--signed-by", &key]))
            .messages()
            .remove(0);
        assert_eq!((&whole["rows"], &whole["files"]), (&120.into(), &3.into()));
        let wrong = |named: &str| {
            let mut verify = aftercall(["export", "verify"]);
            let done = run(verify.arg(&home));
            assert!(done.stdout.contains(named), "{named}: {done:?}");
            done.fails(1);
        };
        let part = home.join(format!("part-00002.{format}"));
        let bytes = fs::read(&part).unwrap();
        let mut torn = bytes.clone();
        torn[bytes.len() / 2] ^= 1;
        fs::write(&part, &torn).unwrap();
        wrong(&format!("part-00002.{format}: its bytes"));
        fs::write(&part, &bytes[1..]).unwrap();
        wrong(&format!("part-00002.{format}: has"));
        fs::remove_file(&part).unwrap();
        wrong(&format!("part-00002.{format}: is missing"));
        fs::write(&part, &bytes).unwrap();
        let stray = home.join(format!("part-00004.{format}"));
        fs::write(&stray, "").unwrap();
        wrong(&format!("part-00004.{format}: is not of this export"));
        fs::remove_file(&stray).unwrap();
        let signed = fs::read_to_string(home.join("manifest.json")).unwrap();
        fs::write(home.join("manifest.json"), signed.replacen("120", "121", 1)).unwrap();
        wrong("manifest.json: the signature does not hold");
        fs::write(home.join("manifest.json"), signed).unwrap();
        run(&mut verify(&home)).ok();
        let other = [
            "--signed-by",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ];
        run(verify(&home).args(other)).fails(1);
    }
}

#[test]
fn needs_python_another_program_verifies_the_same() {
    let server = Server::start();
    let place = TempDir::new().unwrap();
    import(&server, &lines(0..60));
    let home = place.path().join("home");
    run(&mut export(
        &server,
        &home,
        &["--format", "csv", "--part-rows", "25"],
    ))
    .ok();
    let key = run(&mut server.client(["export", "key", "--json"]))
        .messages()
        .remove(0);
    let key = key["publicKey"].as_str().unwrap().to_owned();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/export/verify.py");
    let mut verified = Command::new("python3");
    verified.arg(script).arg(&home).arg(&key);
    assert_eq!(run(&mut verified).ok().trim(), "60");
    let part = home.join("part-00003.csv");
    let mut bytes = fs::read(&part).unwrap();
    bytes[100] ^= 1;
    fs::write(&part, bytes).unwrap();
    let found = run(&mut verified).fails(1);
    assert!(found.contains("part-00003.csv"), "{found}");
    let signed = fs::read_to_string(home.join("manifest.json")).unwrap();
    fs::write(home.join("manifest.json"), signed.replacen("60", "61", 1)).unwrap();
    let found = run(&mut verified).fails(1);
    assert!(found.contains("signature"), "{found}");
}
