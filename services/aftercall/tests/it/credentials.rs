//! Who may call, and what they see.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, line, run, run_with};

/// The SHA-256 of `one` and of `two`.
const CREDENTIALS: &str = r#"
[[token]]
sha256 = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
tenant = "first"
actor = "crm-1"
kind = "INTEGRATION"
roles = ["integration", "agent", "supervisor"]

[[token]]
sha256 = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
tenant = "second"
actor = "crm-2"
kind = "INTEGRATION"
roles = ["integration", "agent", "supervisor"]
"#;

fn credentials() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("tokens.toml");
    std::fs::write(&file, CREDENTIALS).unwrap();
    (directory, file)
}

#[test]
fn without_credentials_nothing_but_loopback_is_served() {
    let data = TempDir::new().unwrap();
    let mut serve = aftercall(["serve", "--listen", "0.0.0.0:0", "--data"]);
    let error = run(serve.arg(data.path())).fails(1);
    assert!(error.contains("no credentials are configured"), "{error}");
}

#[test]
fn another_tenants_data_does_not_exist() {
    let (_directory, file) = credentials();
    let args = ["--credentials", file.to_str().unwrap()];
    let server = Server::start_on(TempDir::new().unwrap(), &args);
    let record = |token: &str| {
        let mut record = server.client(["record", "-", "--json"]);
        run_with(
            record.env("AFTERCALL_TOKEN", token),
            line(1, "C-1").as_bytes(),
        )
    };
    let first = record("one").messages().remove(0);
    // The same name in another tenant is another contact.
    let second = record("two").messages().remove(0);
    assert_eq!(second["alreadyRecorded"], serde_json::Value::Null);
    let show = |token: &str| {
        let id = first["interactionId"].as_str().unwrap().to_owned();
        let mut show = server.client(["show", "--json"]);
        let position = second["position"].as_str().unwrap();
        run(show
            .arg(id)
            .args(["--after", position])
            .env("AFTERCALL_TOKEN", token))
    };
    show("one").ok();
    if first["interactionId"] != second["interactionId"] {
        let error = show("two").fails(1);
        assert!(error.contains("INTERACTION_NOT_FOUND"), "{error}");
    }
    let mut timeline = server.client(["timeline", "C-1", "--json"]);
    let seen = run(timeline.env("AFTERCALL_TOKEN", "two")).messages();
    assert_eq!(seen[1]["totalSize"], "1");
    assert_eq!(
        seen[0]["interaction"]["interactionId"],
        second["interactionId"]
    );
}

#[test]
fn a_caller_without_a_known_token_is_refused_and_the_token_never_shown() {
    let (directory, file) = credentials();
    let args = ["--credentials", file.to_str().unwrap()];
    let server = Server::start_on(TempDir::new().unwrap(), &args);
    let error = run(&mut server.client(["timeline", "C-1"])).fails(1);
    assert!(error.contains("UNAUTHENTICATED"), "{error}");

    let mut wrong = server.client(["timeline", "C-1"]);
    let error = run(wrong.env("AFTERCALL_TOKEN", "wrong-token")).fails(1);
    assert!(error.contains("not known"), "{error}");
    assert!(!error.contains("wrong-token"), "{error}");
    let mut help = server.client(["timeline", "--help"]);
    let help = run(help.env("AFTERCALL_TOKEN", "secret-token")).ok();
    assert!(!help.contains("secret-token"), "{help}");

    let token = directory.path().join("token");
    std::fs::write(&token, "one\n").unwrap();
    run(server
        .client(["timeline", "C-1"])
        .arg("--token-file")
        .arg(&token))
    .ok();
}
