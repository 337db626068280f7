//! `cargo xtask clients`: runs the first calls of `docs/clients` in every language against a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::command::Program;
use crate::server::Server;
use crate::{command, python};

/// Sets up each language's tools under `target/clients`, and runs its calls.
pub(crate) fn run(program: &Program) -> anyhow::Result<()> {
    let home = crate::root().join("target/clients");
    fs::create_dir_all(&home)?;
    let server = Server::start(&program.path()?, &sending(&home)?)?;
    let all = [
        rust(),
        grpcurl(&home)?,
        python(&home, "first_calls.py")?,
        python(&home, "receive_webhooks.py")?,
        python(&home, "calendar_feed.py")?,
        typescript(&home)?,
    ];
    for mut calls in all {
        command::run(calls.env("AFTERCALL_ADDRESS", server.address()))?;
    }
    eprintln!("the first calls went well in all languages");
    server.stop()
}

/// What lets the server send webhooks to this machine, and serve calendars.
fn sending(home: &Path) -> anyhow::Result<[(&'static str, String); 3]> {
    let key = home.join("secrets.key");
    fs::write(&key, "0123456789abcdef".repeat(4))?;
    Ok([
        (
            "AFTERCALL_NOTIFY__SECRETS_KEY_FILE",
            key.display().to_string(),
        ),
        (
            "AFTERCALL_NOTIFY__PRIVATE_NETWORKS",
            r#"["127.0.0.0/8"]"#.to_owned(),
        ),
        ("AFTERCALL_SERVER__FEEDS_LISTEN", "127.0.0.1:0".to_owned()),
    ])
}

fn examples() -> PathBuf {
    crate::root().join("docs/clients")
}

fn rust() -> Command {
    let mut calls = command::cargo();
    // Without a package's name: for one alone, libraries would be built anew with fewer features.
    calls.args(["run", "--quiet", "--example", "first_calls"]);
    calls
}

fn grpcurl(home: &Path) -> anyhow::Result<Command> {
    if !home.join("grpcurl").exists() {
        let mut install = Command::new("go");
        install.args([
            "install",
            "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3",
        ]);
        command::run(install.env("GOBIN", home))?;
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let mut calls = Command::new("bash");
    calls.arg(examples().join("first_calls.sh"));
    calls.env("PATH", format!("{}:{path}", home.display()));
    Ok(calls)
}

fn python(home: &Path, program: &str) -> anyhow::Result<Command> {
    let packages = [
        "grpcio>=1.74",
        "grpcio-tools>=1.74",
        "standardwebhooks>=1.0",
        "cryptography>=42",
        "icalendar>=6",
    ];
    let programs = python::with(home, &packages)?;
    let mut calls = Command::new(programs.join("python"));
    calls.arg(examples().join(program));
    Ok(calls)
}

fn typescript(home: &Path) -> anyhow::Result<Command> {
    let place = home.join("typescript");
    fs::create_dir_all(&place)?;
    for file in ["package.json", "first_calls.ts"] {
        fs::copy(examples().join(file), place.join(file)).with_context(|| file.to_owned())?;
    }
    let mut install = Command::new("npm");
    install
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        .current_dir(&place);
    command::run(&mut install)?;
    let mut calls = Command::new("npx");
    calls.args(["tsx", "first_calls.ts"]).current_dir(&place);
    calls.env("AFTERCALL_PROTO", crate::root().join("proto"));
    Ok(calls)
}
