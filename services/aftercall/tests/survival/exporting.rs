//! Exports that are broken off again and again, by the death of the server and by that of the client, and go on: every
//! contact is in them once, they are to the byte what an export is that nothing happened to, and a byte that is another one is
//! found.
//!
//! `AFTERCALL_EXPORT_CONTACTS` says of how many contacts; a million take some minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::crash::seed;
use crate::process::{Server, Start};

const CONTACTS: u64 = 8_000;
/// In how many files they are taken home.
const FILES: u64 = 40;
/// How often each export is broken off, by turns on either side.
const KILLS: u64 = 4;
/// How many contacts are recorded after each; none of them is of the export.
const LATER: u64 = 20;
/// How often something is looked at, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(1);
const LOOKS: usize = 600_000;
const HEALTH_LOOKS: usize = 30_000;

/// A server that is killed and started again, and what was recorded.
struct House {
    place: TempDir,
    start: Start,
    server: Option<Server>,
    recorded: u64,
    rng: StdRng,
}

impl House {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let start = Start::on(&place.path().join("data"), &place.path().join("server.log"));
        let mut house = Self {
            start,
            server: None,
            recorded: 0,
            rng: StdRng::seed_from_u64(seed()),
            place,
        };
        house.serve();
        house
    }

    /// Starts the server, and waits until its views have caught up.
    fn serve(&mut self) {
        self.server = Some(self.start.ready());
        self.catch_up();
    }

    /// Waits until a search answers, which then finds all that was recorded: a server serves while its views are behind.
    fn find_all(&self) {
        let answers = |_| {
            let search = ["search", "--json", "--limit", "0"];
            done(&mut self.client(&search)).status.success()
        };
        assert!((0..HEALTH_LOOKS).any(answers), "its views don't catch up");
    }

    /// Waits until its views have caught up after a start.
    fn catch_up(&self) {
        let is_healthy = |_| {
            std::thread::sleep(LOOK_EVERY);
            done(&mut self.client(&["health"])).status.success()
        };
        let is_healthy = (0..HEALTH_LOOKS).any(is_healthy);
        assert!(is_healthy, "its views don't catch up");
    }

    fn kill_server(&mut self) {
        self.server.take().expect("a server").kill();
    }

    fn client(&self, args: &[&str]) -> Command {
        let server = self.server.as_ref().expect("a server");
        let mut client = aftercall(args);
        client.args(["--server", &format!("http://{}", server.address())]);
        client
    }

    fn export(&self, to: &Path, args: &[&str]) -> Command {
        let mut export = self.client(&["export"]);
        export.arg("--to").arg(to).args(args);
        export
    }

    /// Records so many more contacts.
    fn record(&mut self, contacts: u64) {
        let path = self.place.path().join("contacts.jsonl");
        let mut lines = BufWriter::new(File::create(&path).expect("a file"));
        for number in self.recorded..self.recorded + contacts {
            writeln!(lines, "{}", line(number)).expect("a line");
        }
        lines.flush().expect("all lines");
        let imported = done(self.client(&["import"]).arg(&path));
        assert!(imported.status.success(), "{imported:?}");
        self.recorded += contacts;
    }

    /// How many contacts a search finds as of a position.
    fn counted(&self, position: &str) -> u64 {
        let args = ["search", "--json", "--limit", "0", "--as-of", position];
        let found = json_line(&mut self.client(&args));
        let total = found["totalSize"].as_str().expect("a count");
        total.parse().expect("a number")
    }
}

fn aftercall(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aftercall"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AFTERCALL_") {
            command.env_remove(name);
        }
    }
    command.args(args);
    command
}

fn done(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("a command")
}

/// The first line that a command prints, which succeeds.
fn json_line(command: &mut Command) -> Value {
    let said = done(command);
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8(said.stdout).expect("text");
    serde_json::from_str(text.lines().next().expect("a line")).expect("an object")
}

/// A contact as an import takes it.
fn line(number: u64) -> String {
    let (second, minute, hour) = (number % 60, number / 60 % 60, number / 3_600 % 24);
    json!({
        "interaction": {
            "externalRef": {"sourceSystem": "test", "externalId": format!("call-{number}")},
            "channel": "CHANNEL_VOICE",
            "direction": "DIRECTION_INBOUND",
            "customer": {"customerId": format!("C-{}", number % 9_973)},
            "agentId": "anna",
            "teamId": "north",
            "occurredAt": format!("2026-03-02T{hour:02}:{minute:02}:{second:02}Z"),
            "contactReasons": [{"code": "billing.double_charge", "primary": true}],
            "handling": {"summary": format!("Charged twice, in case {number}.")},
            "noFollowUpPromised": true
        }
    })
    .to_string()
}

fn contacts() -> u64 {
    std::env::var("AFTERCALL_EXPORT_CONTACTS")
        .map_or(CONTACTS, |contacts| contacts.parse().expect("a number"))
}

/// The files of contacts that are whole, by their names.
fn parts(home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(home) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut parts: Vec<_> = paths
        .filter(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            name.starts_with("part-")
        })
        .collect();
    parts.sort();
    parts
}

/// Waits until so many files are whole; not if the client ends before.
fn has_come(client: &mut Child, home: &Path, files: usize) -> bool {
    for _ in 0..LOOKS {
        if parts(home).len() >= files {
            return true;
        }
        if client.try_wait().expect("its state").is_some() {
            return false;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("no file comes");
}

/// Who dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Server,
    Client,
}

/// Takes contacts home until the export is whole, and says who died meanwhile.
fn take(house: &mut House, home: &Path, args: &[&str]) -> Vec<Side> {
    let mut died = Vec::new();
    for kill in 0..KILLS {
        let mut client = house.export(home, args);
        let client = client.stdin(Stdio::null()).stdout(Stdio::null());
        let mut client = client.stderr(Stdio::null()).spawn().expect("a client");
        let more = house.rng.random_range(1..=FILES / 8);
        let files = parts(home).len() + usize::try_from(more).expect("few files");
        if !has_come(&mut client, home, files) {
            break;
        }
        let side = match kill % 2 {
            0 => Side::Server,
            _ => Side::Client,
        };
        match side {
            Side::Server => house.kill_server(),
            Side::Client => client.kill().expect("a client that can be killed"),
        }
        let ended = client.wait().expect("its end");
        if side == Side::Server {
            house.serve();
        }
        // It may have been over just before.
        if home.join("manifest.json").exists() {
            break;
        }
        assert!(!ended.success(), "an export that is not whole: {ended}");
        died.push(side);
        house.record(LATER);
    }
    if !home.join("manifest.json").exists() {
        let exported = done(&mut house.export(home, args));
        assert!(exported.status.success(), "{exported:?}");
    }
    died
}

fn manifest(home: &Path) -> Value {
    let text = fs::read(home.join("manifest.json")).expect("a manifest");
    serde_json::from_slice(&text).expect("a manifest")
}

fn verify(home: &Path) -> Output {
    let mut verify = aftercall(&["export", "verify", "--json"]);
    done(verify.arg(home))
}

/// Every contact that was recorded before it began is in an export once, and no other.
fn holds(home: &Path, contacts: u64) {
    let mut names = BTreeSet::new();
    for part in parts(home) {
        for line in fs::read_to_string(part).expect("text").lines() {
            let row: Value = serde_json::from_str(line).expect("a row");
            let name = row["interaction"]["externalRef"]["externalId"].as_str();
            let name = name.expect("a name").to_owned();
            assert!(names.insert(name), "it is there twice: {line}");
        }
    }
    let expected = (0..contacts).map(|number| format!("call-{number}"));
    assert_eq!(names, expected.collect());
}

/// One byte that is another one is found, in every sort of file, and the file is named.
fn finds_bytes(home: &Path, rng: &mut StdRng) {
    let parts = parts(home);
    let some = [0, parts.len() / 2, parts.len() - 1];
    let mut files: Vec<_> = some.iter().map(|place| parts[*place].clone()).collect();
    files.push(home.join("manifest.json"));
    files.push(home.join("manifest.sig"));
    for file in files {
        let bytes = fs::read(&file).expect("its bytes");
        let (at, bit) = (rng.random_range(0..bytes.len()), rng.random_range(0..8_u32));
        let mut other = bytes.clone();
        other[at] ^= 1 << bit;
        fs::write(&file, other).expect("another byte");
        let found = verify(home);
        let said = [found.stdout, found.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let name = file.file_name().expect("a name").to_string_lossy();
        // A signature that does not hold is that of the manifest.
        let named = match &*name {
            "manifest.sig" => "manifest.json: the signature does not hold",
            name => name,
        };
        let context = format!("bit {bit} of byte {at} of {name}: {said}");
        assert!(!found.status.success(), "{context}");
        assert!(said.contains(named), "{context}");
        fs::write(&file, bytes).expect("the byte as it was");
    }
    assert!(verify(home).status.success());
}

fn bytes_of(home: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let parts = parts(home).into_iter().map(|part| {
        let name = part.strip_prefix(home).expect("a file in it").to_owned();
        (name, fs::read(&part).expect("its bytes"))
    });
    parts.collect()
}

#[test]
fn an_export_that_is_killed_on_either_side_goes_on_and_is_whole() {
    let mut house = House::new();
    house.record(contacts());
    house.find_all();
    let part_rows = contacts().div_ceil(FILES).to_string();
    let mut died = BTreeSet::new();
    for format in ["ndjson", "csv", "parquet"] {
        let recorded = house.recorded;
        let home = house.place.path().join(format);
        let args = ["--format", format, "--part-rows", &part_rows];
        died.extend(take(&mut house, &home, &args));
        let verified: Value = serde_json::from_slice(&verify(&home).stdout).expect("an object");
        assert_eq!(verified["whole"], true, "{verified}");
        assert_eq!(verified["rows"], recorded, "{verified}");
        let manifest = manifest(&home);
        let position = manifest["as_of"]["position"].as_str().expect("a position");
        assert_eq!(house.counted(position), recorded);
        if format == "ndjson" {
            holds(&home, recorded);
        }
        // To the byte the same as one that nothing happens to.
        let other = house.place.path().join(format!("{format}-at-once"));
        let same = [&args[..], &["--as-of", position]].concat();
        let exported = done(&mut house.export(&other, &same));
        assert!(exported.status.success(), "{exported:?}");
        assert!(
            bytes_of(&home) == bytes_of(&other),
            "the files differ: {manifest}"
        );
        finds_bytes(&home, &mut house.rng);
        fs::remove_dir_all(&home).expect("nothing left");
        fs::remove_dir_all(&other).expect("nothing left");
    }
    assert_eq!(
        died,
        BTreeSet::from([Side::Server, Side::Client]),
        "both sides are to die while there is something to do"
    );
}
