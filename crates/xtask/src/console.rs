//! `cargo xtask console`: the console's pages, built, checked, tried in a browser, and measured there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::{command, kafka, needs};

/// What needs Node.
const PAGES: &str = "console";
/// What needs a browser, too.
const BROWSER: &str = "console --browser";
/// What the pages' roles need where each is a process of its own, as they are tried.
const KAFKA: &str = "needs_kafka";

/// What is to be done with the pages; left out, they are built into `services/console/built`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Changes nothing: fails if the built files are not what the sources make, byte by byte
    #[arg(long)]
    check: bool,
    /// Tries every screen in Chromium, against a real server, and on a Kafka of its own against several
    #[arg(long)]
    browser: bool,
    /// Measures in Chromium, against a real server, how soon the board is there and how soon it shows what changes
    #[arg(long, conflicts_with_all = ["check", "browser"])]
    speed: bool,
    /// With `--speed`: prints one JSON object a line
    #[arg(long, requires = "speed")]
    json: bool,
    #[command(flatten)]
    program: command::Program,
}

/// Builds the pages, or checks them, or tries them.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let users: &[&str] = match (args.browser, args.speed) {
        (true, _) => &[PAGES, BROWSER, KAFKA],
        (false, true) => &[PAGES, BROWSER],
        (false, false) => &[PAGES],
    };
    let missing = needs::provide(users);
    if let Some(need) = missing.first() {
        bail!("{} is missing: {}", need.name, need.remedy);
    }
    npm(&["ci", "--no-audit", "--no-fund", "--ignore-scripts"])?;
    npm(&["run", "generate"])?;
    if args.browser || args.speed {
        let mut tried = at_pages("npx");
        tried.args(["playwright", "test"]);
        if args.speed {
            tried.args(["--config", "playwright.speed.config.ts"]);
        }
        if args.json {
            tried.env("SPEED_JSON", "1");
        }
        tried.env("AFTERCALL_BINARY", args.program.path()?);
        return match args.browser {
            true => kafka::beside(&mut tried),
            false => command::run(&mut tried),
        };
    }
    npm(&["run", "check"])?;
    npm(&["test"])?;
    match args.check {
        false => npm(&["run", "build"])?,
        true => check()?,
    }
    command::run(at_pages("node").arg("budget.mjs"))
}

fn pages() -> PathBuf {
    crate::root().join("services/console/web")
}

fn at_pages(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(pages());
    // The browser is the system's.
    command.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    command
}

fn npm(args: &[&str]) -> anyhow::Result<()> {
    command::run(at_pages("npm").arg("--silent").args(args))
}

/// Builds the pages elsewhere, and compares.
fn check() -> anyhow::Result<()> {
    let anew = tempfile::tempdir()?;
    let mut build = at_pages("npx");
    build.args(["vite", "build", "--logLevel", "error", "--outDir"]);
    command::run(build.arg(anew.path()))?;
    let built = files(&crate::root().join("services/console/built"))?;
    let made = files(anew.path())?;
    let paths = built.keys().chain(made.keys());
    let mut differ: Vec<_> = paths
        .filter(|path| built.get(*path) != made.get(*path))
        .map(|path| path.display().to_string())
        .collect();
    differ.sort();
    differ.dedup();
    match differ.as_slice() {
        [] => Ok(()),
        differ => bail!(
            "services/console/built is not what its sources make: run `cargo xtask console`, and commit what it \
             makes. These differ: {}",
            differ.join(", ")
        ),
    }
}

/// All files under `top`, by their paths from there.
fn files(top: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut left = vec![top.to_owned()];
    while let Some(directory) = left.pop() {
        let entries = fs::read_dir(&directory);
        for entry in entries.with_context(|| directory.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                left.push(path);
                continue;
            }
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            found.insert(path.strip_prefix(top)?.to_owned(), bytes);
        }
    }
    Ok(found)
}
