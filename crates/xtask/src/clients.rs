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
    let server = Server::start(&program.path()?, &[])?;
    let home = crate::root().join("target/clients");
    fs::create_dir_all(&home)?;
    for mut calls in [rust(), grpcurl(&home)?, python(&home)?, typescript(&home)?] {
        command::run(calls.env("AFTERCALL_ADDRESS", server.address()))?;
    }
    eprintln!("the first calls went well in all languages");
    server.stop()
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

fn python(home: &Path) -> anyhow::Result<Command> {
    let programs = python::with(home, &["grpcio>=1.74", "grpcio-tools>=1.74"])?;
    let mut calls = Command::new(programs.join("python"));
    calls.arg(examples().join("first_calls.py"));
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
