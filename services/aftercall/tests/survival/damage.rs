//! Damage to files: found and named in the log, repaired by itself in views.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use aftercall_log::{EmbeddedLog, Log, Options, Record};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::crash::Trial;

const SEGMENT_BYTES: u64 = 32 << 10;
const RECORDS: u32 = 1_000;
const FLIPS: usize = 60;

#[tokio::test]
async fn a_flipped_bit_is_found_and_named() {
    let scratch = tempfile::tempdir().expect("a directory");
    let sealed = write_log(scratch.path()).await;
    assert!(verify(scratch.path())["sound"].as_bool().expect("a word"));
    let seed = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    for _ in 0..FLIPS {
        let path = sealed.choose(&mut rng).expect("a segment");
        let bytes = fs::metadata(path).expect("a file").len();
        let (byte, bit) = (rng.random_range(0..bytes), rng.random_range(0..8));
        flip(path, byte, bit);
        let found = verify(scratch.path());
        flip(path, byte, bit);
        let place = format!("bit {bit} of byte {byte} of {}: {found}", path.display());
        assert_eq!(found["sound"], false, "{place}");
        let damage = &found["damages"][0];
        assert_eq!(damage["file"], path.display().to_string(), "{place}");
        // The record (or page) begins at or before the byte, and no sound one lies between.
        let begins = damage["byte"].as_u64().expect("a byte");
        assert!(begins <= byte && byte - begins < 4096, "{place}");
        assert!(damage["offset"].is_u64(), "{place}");
    }
    assert!(verify(scratch.path())["sound"].as_bool().expect("a word"));
}

/// A log of small segments; returns those that are sealed.
async fn write_log(data: &Path) -> Vec<PathBuf> {
    let options = Options {
        segment_bytes: SEGMENT_BYTES,
        ..Options::default()
    };
    let log = EmbeddedLog::open(data.join("log"), options).expect("a log");
    for number in 0..RECORDS {
        let record = Record {
            key: format!("key-{}", number % 7).into(),
            recorded_at_us: number.into(),
            body: vec![b'x'; 100 + number as usize % 200].into(),
        };
        log.append(vec![record]).await.expect("it is written");
    }
    log.close();
    let files = fs::read_dir(data.join("log")).expect("a directory");
    let files = files.map(|file| file.expect("a file").path());
    let mut segments: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|it| it == "log"))
        .collect();
    segments.sort();
    segments.pop();
    assert!(segments.len() > 3, "{segments:?}");
    segments
}

fn flip(path: &Path, byte: u64, bit: u32) {
    let file = fs::File::options().read(true).write(true).open(path);
    let file = file.expect("a segment");
    let mut one = [0];
    file.read_exact_at(&mut one, byte).expect("a byte");
    one[0] ^= 1 << bit;
    file.write_all_at(&one, byte).expect("a byte");
}

/// What `aftercall log verify` says. Its exit code says the same.
fn verify(data: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aftercall"));
    command
        .args(["log", "verify", "--json", "--data"])
        .arg(data);
    let output = command.output().expect("it runs");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["sound"], output.status.success());
    found
}

/// A way to damage a file of a view.
type Damage = fn(&Path, &mut StdRng);

const DAMAGES: [(&str, Damage); 4] = [
    ("deleted", |path, _| fs::remove_file(path).expect("a file")),
    ("emptied", |path, _| fs::write(path, b"").expect("a file")),
    ("garbage", |path, rng| {
        let bytes = fs::metadata(path).expect("a file").len().max(1);
        let garbage: Vec<u8> = (0..bytes).map(|_| rng.random()).collect();
        fs::write(path, garbage).expect("a file");
    }),
    ("cut in half", |path, _| {
        let file = fs::File::options().write(true).open(path).expect("a file");
        let bytes = file.metadata().expect("a file").len();
        file.set_len(bytes / 2).expect("a file");
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_views_are_rebuilt() {
    let scratch = tempfile::tempdir().expect("a directory");
    let data = scratch.path().join("data");
    let mut trial = Trial::new(&data, scratch.path());
    for _ in 0..3 {
        let server = trial.start().await;
        let writers = trial.load(&server).await;
        server.kill();
        Trial::ended(writers).await;
    }
    let mut server = trial.start().await;
    trial.wait_for_lapses().await;
    let seed = trial.random(0..u64::MAX);
    let mut rng = StdRng::seed_from_u64(seed);
    for (what, damage) in DAMAGES {
        let harm = |views: &Path| {
            for view in directories(views) {
                let largest = files(&view).into_iter().max_by_key(|(bytes, _)| *bytes);
                let (_, path) = largest.expect("a view has files");
                println!("{what}: {}", path.display());
                damage(&path, &mut rng);
            }
        };
        server = trial.answers_the_same_after(server, harm).await;
    }
    server.stop();
    trial.conclude().await;
}

fn directories(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let found: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    assert!(!found.is_empty());
    found
}

/// All files below, with their sizes.
fn files(directory: &Path) -> Vec<(u64, PathBuf)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.push((fs::metadata(&path).expect("a file").len(), path));
        }
    }
    found
}
