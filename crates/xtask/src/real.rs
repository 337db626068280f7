//! `cargo xtask real DIR`: real calls through import, timelines, search and follow-ups.
//!
//! ```text
//!  DIR/*.jsonl(.gz) ─► converted ─► aftercall import ─► server ─► checked, by gRPC
//!                                   (twice)
//! ```
//!
//! Beside that, what insight measures is reckoned a second time, by another program from the sets' own files (`measures`);
//! chats are told as they happened, and those that were lost are found (`chats`); what the built-in rules say of labelled texts
//! is shown (`rules`); New York's dues are computed by their rules (`dues`), and the service desk's incidents are told again in
//! their own time, with their waits as pauses and their reopenings as new promises (`incidents`).
//!
//! Nothing of the sets is kept: what is converted lies in a directory that goes with this process.
//! A set that isn't in DIR is left out, and said to be.
//!
//! Each source is mapped honestly, and nothing is invented. Where a source lacks what the recorder
//! requires, a record gets the least that will do, and a label that says so:
//!
//! * **No customer**: nobody's contact, with `match_status` UNKNOWN. Where the source names a place instead (Boston), the place is the
//!   customer: what was asked about it before is what the next agent needs.
//! * **No time**: 1970-01-01T00:00:00Z, and the label `time_unknown`; a date without a time is its
//!   first instant, and `time_of_day_unknown`; a local time without a zone is taken for UTC, and
//!   `time_zone_unknown`.
//! * **No promise recorded**: `no_follow_up_promised`, and the label `promises_unknown` where the
//!   source has no notion of promises at all. A published service target with a due time is a
//!   promise, told to the customer by its publication.
//! * **No channel, or one that we have no name for**: TASK, and the label `channel_…` with the
//!   source's own word.

mod chats;
mod check;
mod contact;
mod dues;
mod incidents;
mod measures;
mod rules;
mod sources;
mod verdict;
mod write;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::command::Program;
use crate::kafka::{Cluster, DEFAULT};
use crate::server::Server;
use check::Checked;
use contact::Converted;

/// What to run on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory of the real sets
    dir: PathBuf,
    /// A server to use instead of one of our own; it must be empty
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Keep the log on Kafka, which is started for it if it isn't up, in place of files
    #[arg(long, conflicts_with = "server")]
    kafka: bool,
    #[command(flatten)]
    program: Program,
}

/// Converts, imports twice, and checks what the server then says.
///
/// # Errors
/// When anything is missing, refused, or says otherwise than its source.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let converted = sources::convert(&args.dir, &mut say)?;
    ensure!(
        !converted.contacts.is_empty(),
        "{} has none of the sets that are known",
        args.dir.display()
    );
    let rows = tempfile::tempdir()?;
    let files = write::files(rows.path(), &converted)?;
    say("the program");
    let binary = args.program.path()?;
    let kafka = match args.kafka {
        true => Some(Cluster::up(DEFAULT, None)?),
        false => None,
    };
    let outcome = on_log(
        args,
        &binary,
        kafka.as_ref().map(|(it, _)| it),
        &files,
        &converted,
    );
    // Only what was started for this is ended.
    if let Some((cluster, true)) = kafka {
        cluster.down()?;
    }
    let checked = outcome?;
    for mismatch in &checked.mismatches {
        eprintln!("mismatch: {mismatch}");
    }
    println!("{}", checked.measured.table());
    println!("{}", checked.chats.table());
    println!("{}", rules::report(&converted.texts));
    println!("{}", checked.dues.table());
    incidents::tell(&args.dir)?;
    println!("{}", line(&converted, &checked));
    match checked.mismatches_total {
        0 => Ok(()),
        more => bail!("{more} mismatches"),
    }
}

/// Runs on the server that `args` name, or on one of our own, whose log is in files or on `kafka`.
fn on_log(
    args: &Args,
    binary: &Path,
    kafka: Option<&Cluster>,
    files: &[PathBuf],
    converted: &Converted,
) -> anyhow::Result<Checked> {
    let settings = match kafka {
        Some(cluster) => new_topic(binary, cluster)?,
        None => Vec::new(),
    };
    let own = match args.server {
        Some(_) => None,
        None => Some(Server::start(binary, &settings)?),
    };
    let url = match (&args.server, &own) {
        (Some(url), _) => url.clone(),
        (None, Some(own)) => format!("http://{}", own.address()),
        (None, None) => bail!("no server"),
    };
    // Only a log in files can be counted beside the server.
    let counted = own.as_ref().filter(|_| kafka.is_none());
    let outcome = exercise(args, (binary, &url, counted), files, converted);
    if let Some(own) = own {
        own.stop()?;
    }
    outcome
}

/// What a server must be told to have its log in a new topic of `cluster`.
fn new_topic(binary: &Path, cluster: &Cluster) -> anyhow::Result<Vec<(&'static str, String)>> {
    let [(_, brokers), ..] = cluster.environment();
    let settings = vec![
        ("AFTERCALL_LOG__ENGINE", "kafka".to_owned()),
        (
            "AFTERCALL_LOG__KAFKA__BROKERS",
            brokers.to_string_lossy().into_owned(),
        ),
        (
            "AFTERCALL_LOG__KAFKA__TOPIC",
            format!("real-{:016x}", rand::random::<u64>()),
        ),
    ];
    let mut init = Command::new(binary);
    init.args(["log", "init", "--partitions", "6"]);
    init.args(["--replication", "1", "--min-in-sync", "1"]);
    crate::command::run(init.envs(settings.iter().cloned()))?;
    Ok(settings)
}

/// Imports twice, and checks.
fn exercise(
    args: &Args,
    (binary, url, own): (&Path, &str, Option<&Server>),
    files: &[PathBuf],
    converted: &Converted,
) -> anyhow::Result<Checked> {
    let count = converted.contacts.len() as u64;
    say("import");
    let first = import(binary, url, files)?;
    ensure!(
        (first.recorded, first.already_recorded, first.failed) == (count, 0, 0),
        "the first import did not record each of {count} rows once: {first:?}"
    );
    let records = log_records(binary, own)?;
    say("import again");
    let again = import(binary, url, files)?;
    ensure!(
        (again.recorded, again.already_recorded, again.failed) == (0, count, 0),
        "the second import was not silent: {again:?}"
    );
    // What the followers of the log add by themselves may come late; contacts may not.
    let after = log_records(binary, own)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let checked = runtime.block_on(check::all(url, &args.dir, converted, &mut say))?;
    ensure!(
        after == records,
        "the second import changed the log: {records:?} records before, {after:?} after"
    );
    Ok(checked)
}

/// What `aftercall import --json` ends with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Imported {
    recorded: u64,
    already_recorded: u64,
    failed: u64,
}

fn import(binary: &Path, url: &str, files: &[PathBuf]) -> anyhow::Result<Imported> {
    let output = Command::new(binary)
        .args(["import", "--json", "--server", url, "--batch", "real"])
        .args(files)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("can't run {}", binary.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last)
        .with_context(|| format!("the import ended with {} and said {last:?}", output.status))
}

/// How many interactions the log of our own server holds, by type of event: a lapse may come at
/// any time, a contact only by an import.
fn log_records(binary: &Path, own: Option<&Server>) -> anyhow::Result<Option<u64>> {
    let Some(own) = own else { return Ok(None) };
    let output = Command::new(binary)
        .args(["log", "cat", "--json", "--data"])
        .arg(own.data())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "log cat ended with {}",
        output.status
    );
    let recorded = b"INTERACTION_RECORDED";
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let found = lines.filter(|line| line.windows(recorded.len()).any(|part| part == recorded));
    Ok(Some(found.count() as u64))
}

fn say(progress: &str) {
    let _ = writeln!(std::io::stderr(), "real: {progress}");
}

/// All counts, in one line.
fn line(converted: &Converted, checked: &Checked) -> String {
    let mut parts = vec![
        format!(
            "{} records from {} sources",
            converted.contacts.len(),
            converted.sources
        ),
        format!("{} found", checked.found),
        format!("{} timelines", checked.timelines),
        format!("{} searches", checked.searches),
        format!("{} promises", checked.promises),
        format!("{} verdicts as labelled", checked.as_labelled),
        format!("{} as computed", checked.as_computed),
        format!(
            "{} numbers of measures reckoned twice",
            checked.measured.cells
        ),
        format!("{} groups listed", checked.measured.drilled),
        format!("{} chats told", checked.chats.told),
        format!(
            "{} found lost, of these {} rightly",
            checked.chats.found(),
            checked.chats.right()
        ),
        format!("{} texts with labels", converted.texts.len()),
    ];
    let kinds = converted.noted.iter().chain(&checked.contradictions);
    parts.extend(kinds.map(|(kind, count)| format!("{count} {kind}")));
    parts.push(format!("{} mismatches", checked.mismatches_total));
    format!("real: {}", parts.join(", "))
}
