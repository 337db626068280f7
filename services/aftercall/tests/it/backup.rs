//! Backups of a server that runs, and what becomes of them.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, line, lines, run, run_with};

fn import(server: &Server, text: &str) {
    run_with(&mut server.client(["import", "-"]), text.as_bytes()).ok();
}

fn backup(server: &Server, to: &Path) -> Value {
    run(server.client(["backup", "--json"]).arg(to))
        .messages()
        .remove(0)
}

pub(crate) fn restore(from: &Path, data: &Path) -> Command {
    let mut restore = aftercall(["restore"]);
    restore.arg(from).arg("--data").arg(data);
    restore
}

pub(crate) fn stats(data: &Path) -> Value {
    let mut stats = aftercall(["log", "stats", "--json", "--data"]);
    run(stats.arg(data)).messages().remove(0)
}

/// Records a contact; its position.
fn record(server: &Server, number: u64, customer: &str) -> String {
    let mut record = server.client(["record", "--json", "-"]);
    let answer = run_with(&mut record, line(number, customer).as_bytes());
    let answer = answer.messages().remove(0);
    answer["position"].as_str().unwrap().to_owned()
}

/// How many contacts of a customer a server shows.
fn contacts(server: &Server, customer: &str) -> usize {
    let timeline = run(&mut server.client(["timeline", "--json", customer]));
    let entries = timeline.messages();
    // The last one says that there are no more.
    entries
        .iter()
        .filter(|entry| entry.get("interaction").is_some())
        .count()
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let place = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy_dir(&path, &place),
            false => drop(fs::copy(&path, &place).unwrap()),
        }
    }
}

#[test]
fn a_log_that_was_put_back_meets_nothing_of_its_later_life() {
    let server = Server::start();
    let place = TempDir::new().unwrap();
    let kept = place.path().join("backups/today");
    import(&server, &lines(0..30));
    let first = backup(&server, &kept);
    assert_eq!(
        (&first["records"], &first["added"]),
        (&30.into(), &30.into())
    );
    import(&server, &lines(30..45));
    let second = backup(&server, &kept);
    assert_eq!(
        (&second["records"], &second["added"]),
        (&45.into(), &15.into())
    );
    let shared = record(&server, 100, "C-kept");
    assert_eq!(backup(&server, &kept)["records"], 46);
    let lost = record(&server, 101, "C-lost");
    assert_eq!(contacts(&server, "C-lost"), 1);
    let first_life = server.stop();

    let data = TempDir::new().unwrap();
    run(&mut restore(&kept, data.path())).ok();
    assert_eq!(
        stats(data.path())["logId"],
        stats(first_life.path())["logId"]
    );
    let server = Server::start_on(data, &[]);
    (200..210).for_each(|number| drop(record(&server, number, "C-new")));
    let ask = |server: &Server, position: &str| {
        run(&mut server.client(["timeline", "C-kept", "--after", position]))
    };
    ask(&server, &shared).ok();
    let refused = ask(&server, &lost).fails(1);
    assert!(refused.contains("another life of this log"), "{refused}");
    let refused = run(server.client(["backup"]).arg(first_life.path().join("log"))).fails(1);
    assert!(refused.contains("no backup"), "{refused}");

    // Views of the later life are no views of this one, although it has as many records again.
    let data = server.stop();
    let views = data.path().join("views");
    fs::remove_dir_all(&views).unwrap();
    copy_dir(&first_life.path().join("views"), &views);
    let server = Server::start_on(data, &[]).caught_up();
    assert_eq!(contacts(&server, "C-lost"), 0);
    assert_eq!(contacts(&server, "C-kept"), 1);
    assert_eq!(contacts(&server, "C-new"), 10);
    server.stop();
}

#[test]
fn an_archive_is_put_in_place_from_a_file_and_from_a_pipe_also_as_another_log() {
    let server = Server::start();
    import(&server, &lines(0..30));
    let place = TempDir::new().unwrap();
    let archive = place.path().join("backup.tar");
    let to = File::create(&archive).unwrap();
    let status = server.client(["backup", "--tar"]).stdout(to).status();
    assert!(status.unwrap().success());
    let data = server.stop();
    let id = stats(data.path())["logId"].clone();

    let whole = place.path().join("whole");
    run(&mut restore(&archive, &whole)).ok();
    assert_eq!(
        (&stats(&whole)["logId"], &stats(&whole)["records"]),
        (&id, &30.into())
    );
    let piped = place.path().join("piped");
    let bytes = fs::read(&archive).unwrap();
    run_with(restore(Path::new("-"), &piped).arg("--copy"), &bytes).ok();
    assert_ne!(stats(&piped)["logId"], id);
    assert_eq!(stats(&piped)["records"], 30);

    let again = run(&mut restore(&archive, &whole)).fails(1);
    assert!(again.contains("not empty"), "{again}");
    let torn = place.path().join("torn");
    let refused = run_with(
        &mut restore(Path::new("-"), &torn),
        &bytes[..bytes.len() / 2],
    )
    .fails(1);
    assert!(refused.contains("archive"), "{refused}");
    assert!(!torn.join("log").exists());
}

/// Everything in a directory, and itself.
fn all(dir: &Path) -> Vec<PathBuf> {
    let mut paths = vec![dir.to_owned()];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => paths.extend(all(&path)),
            false => paths.push(path),
        }
    }
    paths
}

#[test]
fn nobody_else_may_read_what_is_kept() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    // The most generous that a shell can be.
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000 && exec \"$0\" \"$@\""]);
    command.arg(env!("CARGO_BIN_EXE_aftercall"));
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    command.args(["--metrics-listen", "127.0.0.1:0", "--data"]);
    command.arg(&data);
    let server = Server::spawn(&mut command, TempDir::new().unwrap());
    import(&server, &lines(0..30));
    server.stop();
    let paths = all(&data);
    assert!(paths.len() > 10);
    for path in paths {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let most = if path.is_dir() { 0o750 } else { 0o640 };
        assert_eq!(mode & !most, 0, "{} has {mode:o}", path.display());
    }
}

#[test]
fn a_copy_from_a_name_with_a_mistake_makes_no_log() {
    let place = TempDir::new().unwrap();
    let mistake = place.path().join("dtaa");
    let mut copy = aftercall(["log", "copy", "--from"]);
    copy.arg(&mistake).arg("--to").arg(place.path().join("new"));
    let error = run(&mut copy).fails(1);
    assert!(error.contains("there is no log in"), "{error}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}
