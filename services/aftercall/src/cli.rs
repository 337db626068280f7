//! The command line: what is asked for, and how it ends.

mod ending;
mod serve;
mod setting_up;

use std::process::ExitCode;
use std::sync::Arc;

use aftercall_service::{Clock, SystemClock};
use clap::{Parser, Subcommand};
use rustix::fs::Mode;
use rustix::process::umask;

use crate::command::{
    CommandError, ServerArgs, Session, alerts, amend, backup, calls, customers, export, followups,
    health, identify, insight, log, merge, model, record, restore, search, sentiment, solutions,
    timeline,
};
use crate::config::{self, ConfigArgs};
use crate::connect;
use crate::demo;
use crate::import;
use crate::output::Output;

pub use ending::Ending;

/// Records every contact with a customer, keeps promises in view until they are kept, and turns
/// solved cases into answers.
#[derive(Debug, Parser)]
#[command(
    name = "aftercall",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(args_override_self = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed (standard error says what), 2 wrong usage.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server
    ///
    /// One line on standard output says when it is ready, and where; its log goes to standard error.
    /// SIGTERM or SIGINT lets requests in flight end; a second one ends the process at once.
    Serve(serve::ServeArgs),
    /// Plays a month of a fictional company's calls into a server, and shows around
    Demo(demo::DemoArgs),
    /// Prints the configuration in force, as a file that explains itself
    Config(ConfigArgs),
    /// Records contacts from JSON
    ///
    /// FILE holds one or several record requests in proto3 JSON, such as {"interaction": {"channel":
    /// "CHANNEL_VOICE", ...}}, one after the other or in a list. With a mistake in it nothing is
    /// recorded, and all mistakes are said. Recording the same file again is harmless. For many, use
    /// `aftercall import`.
    Record {
        #[command(flatten)]
        args: record::RecordArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Imports contacts from JSON Lines: many, fast, and harmless to repeat
    ///
    /// Each line, or each item of a list, is a record request in proto3 JSON: {"interaction": {...}}; it
    /// may go over several lines. A wrong one is named, and the others are imported. Nothing is written
    /// twice: an import that was interrupted, or met wrong rows, can be run again as it is. A row without an
    /// id gets one from its content. Rows of one customer are recorded in the order of the files.
    Import {
        #[command(flatten)]
        args: import::ImportArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Tells the calls of a telephone system as they happen there: reads its events, and keeps its place
    ///
    /// Nothing is lost and nothing counts twice, also when this, the telephone system or the server is restarted: a
    /// place in --state goes on when the server has acknowledged all before it. While the server is away it is asked
    /// again. What is refused is said, and kept there. docs/connect.md says how to set up the other side.
    Connect {
        #[command(subcommand)]
        command: connect::Connect,
        #[command(flatten)]
        asking: Asking,
    },
    /// Says fields of a contact anew, from JSON, such as what made the customer call
    ///
    /// FILE holds an object with the fields in proto3 JSON, such as {"driverSegment": {"code": "incident.outage", "setBy":
    /// "DRIVER_SETTER_AGENT"}}. Each replaces what was said; null empties it. What was recorded stays in the log.
    Amend {
        #[command(flatten)]
        args: amend::AmendArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Says whose contact it is: of one that was recorded as nobody's, or as somebody else's
    ///
    /// The contact moves into that customer's timeline, with its promises and alerts. What was recorded
    /// stays in the log, and `aftercall show` tells what was said when. With --nobody it is taken back.
    Identify {
        #[command(flatten)]
        args: identify::IdentifyArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Says that two customers are one: whoever asks for either is shown both
    ///
    /// Both keep their keys, and nothing that was recorded of them changes: `aftercall unmerge` undoes it.
    Merge {
        #[command(flatten)]
        args: merge::MergeArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Says that two customers that were merged are two again
    ///
    /// Name them in the order in which they were merged.
    Unmerge {
        #[command(flatten)]
        args: merge::MergeArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Customers: who is called so, or reached by this
    Customers {
        #[command(subcommand)]
        command: customers::Customers,
        #[command(flatten)]
        asking: Asking,
    },
    /// Prints all that happened with a customer, the latest first
    Timeline {
        #[command(flatten)]
        args: timeline::TimelineArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Prints what an agent needs when the phone rings
    Context {
        #[command(flatten)]
        args: timeline::ContextArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Prints one contact, with its promises as they stand and its amendments
    Show {
        #[command(flatten)]
        args: timeline::ShowArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Finds contacts by text and filters
    Search {
        #[command(flatten)]
        args: Box<search::SearchArgs>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Takes contacts home: all that a search finds, as of one moment, in files with a signed list
    ///
    /// Writes part-00001 and so on into the directory, and last manifest.json with its signature in manifest.sig. Without
    /// them the export is not whole: run the same command again, and it goes on after the last whole file. Asks for the
    /// role supervisor, compliance_officer, privacy_officer or auditor, and is itself an event.
    Export {
        #[command(flatten)]
        args: Box<export::ExportArgs>,
        #[command(flatten)]
        asking: Asking,
    },
    /// How people felt, by what they said, and what was found in contacts
    Sentiment {
        #[command(subcommand)]
        command: sentiment::Sentiments,
        #[command(flatten)]
        asking: Asking,
    },
    /// Promises: which are open, and what becomes of them
    Followups {
        #[command(subcommand)]
        command: followups::Followups,
        #[command(flatten)]
        asking: Asking,
    },
    /// What needs somebody, such as promises that lapsed: as a list, or as it happens
    Alerts {
        #[command(subcommand)]
        command: alerts::Alerts,
        #[command(flatten)]
        asking: Asking,
    },
    /// Calls as they happen, as telephony tells of them
    Calls {
        #[command(subcommand)]
        command: calls::Calls,
        #[command(flatten)]
        asking: Asking,
    },
    /// Answers from solved cases, and what they are made of
    Solutions {
        #[command(subcommand)]
        command: solutions::Solutions,
        #[command(flatten)]
        asking: Asking,
    },
    /// Measures: how long contacts took, how they went, what rose, what came back
    Insight {
        #[command(subcommand)]
        command: insight::Insight,
        #[command(flatten)]
        asking: Asking,
    },
    /// What a tenant sets up.
    #[command(flatten)]
    SettingUp(setting_up::SettingUp),
    /// Says whether a server does its work; for probes, by its exit code
    ///
    /// It does when all of its services do. A server that catches up with a long log does not yet.
    Health {
        #[command(flatten)]
        asking: Asking,
    },
    /// Copies a server's log while it runs, to a directory or as a tar archive
    ///
    /// The copy is that of one moment, and is read once more when it is written. One that was broken off
    /// goes on when it is started again, and a later one adds what was recorded since. Asks for the role
    /// operator: it holds the records of all tenants.
    Backup {
        #[command(flatten)]
        args: backup::BackupArgs,
        #[command(flatten)]
        asking: Asking,
    },
    /// Puts a backup in the place of a log; needs no server
    ///
    /// The log goes on as itself: what was told of records that the backup lacks is refused from then on.
    /// With --copy it is another log.
    Restore {
        #[command(flatten)]
        args: restore::RestoreArgs,
        /// Prints JSON, one object a line
        #[arg(long, help_heading = "Output")]
        json: bool,
    },
    /// Gets the model by which solutions are found by meaning, beside their words; needs no server
    ///
    /// Without it solutions are found by their words alone. The model is in the data directory then, and
    /// nothing asks the network when the server runs. A server takes it up when it is started.
    Model {
        #[command(subcommand)]
        command: model::ModelCommand,
        /// Prints JSON, one object a line
        #[arg(long, global = true, help_heading = "Output")]
        json: bool,
    },
    /// Makes, copies, inspects and repairs logs; needs no server
    Log {
        #[command(subcommand)]
        command: log::LogCommand,
        /// Prints JSON, one object a line
        #[arg(long, global = true, help_heading = "Output")]
        json: bool,
    },
}

/// Whom to ask, and in which form to answer.
#[derive(Debug, clap::Args)]
struct Asking {
    #[command(flatten)]
    server: ServerArgs,
    /// Waits until the answer includes a write, by the position that it was answered with
    #[arg(
        long,
        global = true,
        // A position may begin with one.
        allow_hyphen_values = true,
        value_name = "POSITION",
        help_heading = "Connection"
    )]
    after: Option<String>,
    /// Prints proto3 JSON, one message a line
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
}

/// The process: reads the command line, does what it says, and tells how it ended.
pub fn main() -> ExitCode {
    keep_private();
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(ending) => ending.report(),
    }
}

/// Keeps all that the process writes from those who are neither its user nor of its group, also what
/// libraries write.
fn keep_private() {
    let others = Mode::WGRP | Mode::RWXO;
    let before = umask(others);
    umask(before | others);
}

impl Cli {
    /// Does what a command that asks a server says; nothing for the others.
    ///
    /// # Errors
    /// What the process would end with.
    pub(crate) async fn ask(self) -> Result<(), Ending> {
        ask(self.command).await
    }

    fn run(self) -> Result<(), Ending> {
        match self.command {
            Command::Serve(args) => serve::run(&args),
            Command::Demo(args) => demo::run(&args).map_err(Ending::failed),
            Command::Config(args) => print_config(&args),
            Command::Log { command, json } => inspect(command, json),
            Command::Restore { args, json } => restore_log(&args, json),
            Command::Model { command, json } => get_model(&command, json),
            Command::Export { args, asking } if args.is_local() => {
                verify_export(&args, asking.json)
            }
            command => client(command),
        }
    }
}

fn print_config(args: &ConfigArgs) -> Result<(), Ending> {
    let config = args.load(std::env::vars_os()).map_err(Ending::failed)?;
    let text = config::print(&config).map_err(Ending::failed)?;
    let mut output = Output::stdout(false);
    output.line(&text).map_err(Ending::output)?;
    output.flush().map_err(Ending::output)
}

fn inspect(command: log::LogCommand, json: bool) -> Result<(), Ending> {
    let mut output = Output::stdout(json);
    let done = log::run(command, &mut output, &SystemClock::new());
    let flushed = output.flush();
    done?;
    flushed.map_err(Ending::output)
}

fn restore_log(args: &restore::RestoreArgs, json: bool) -> Result<(), Ending> {
    let mut output = Output::stdout(json);
    let done = restore::restore(args, &mut output);
    let flushed = output.flush();
    done?;
    flushed.map_err(Ending::output)
}

fn get_model(command: &model::ModelCommand, json: bool) -> Result<(), Ending> {
    let mut output = Output::stdout(json);
    let done = model::run(command, &mut output, &SystemClock::new());
    let flushed = output.flush();
    done?;
    flushed.map_err(Ending::output)
}

fn verify_export(args: &export::ExportArgs, json: bool) -> Result<(), Ending> {
    let mut output = Output::stdout(json);
    let done = export::verify(args, &mut output);
    let flushed = output.flush();
    done?;
    flushed.map_err(Ending::output)
}

/// Runs a command that asks a server. One thread is enough where it only waits.
fn client(command: Command) -> Result<(), Ending> {
    let mut builder = match command {
        Command::Import { .. } => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build().map_err(Ending::failed)?;
    runtime.block_on(ask(command))
}

#[expect(clippy::too_many_lines, reason = "one arm for each command")]
async fn ask(command: Command) -> Result<(), Ending> {
    match command {
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Config(_)
        | Command::Restore { .. }
        | Command::Model { .. }
        | Command::Log { .. } => Ok(()),
        Command::Backup { args, asking } => {
            let session = &mut asking.session().await?;
            finish(backup::backup(session, &args).await, session)
        }
        Command::Record { args, asking } => {
            let session = &mut asking.session().await?;
            finish(record::record(session, &args).await, session)
        }
        Command::Import { args, asking } => {
            let mut output = Output::stdout(asking.json);
            let clock = SystemClock::new();
            Ok(import::import(&args, &asking.server, &mut output, &clock).await?)
        }
        Command::Connect { command, asking } => {
            let mut output = Output::stdout(asking.json);
            let clock = SystemClock::new();
            Ok(connect::connect(&command, &asking.server, &mut output, &clock).await?)
        }
        Command::Amend { args, asking } => {
            let session = &mut asking.session().await?;
            finish(amend::amend(session, args).await, session)
        }
        Command::Identify { args, asking } => {
            let session = &mut asking.session().await?;
            finish(identify::identify(session, args).await, session)
        }
        Command::Merge { args, asking } => {
            let session = &mut asking.session().await?;
            finish(merge::merge(session, args).await, session)
        }
        Command::Unmerge { args, asking } => {
            let session = &mut asking.session().await?;
            finish(merge::unmerge(session, args).await, session)
        }
        Command::Customers { command, asking } => {
            let session = &mut asking.session().await?;
            finish(customers::run(session, command).await, session)
        }
        Command::Timeline { args, asking } => {
            let session = &mut asking.session().await?;
            finish(timeline::timeline(session, &args).await, session)
        }
        Command::Context { args, asking } => {
            let session = &mut asking.session().await?;
            finish(timeline::context(session, &args).await, session)
        }
        Command::Show { args, asking } => {
            let session = &mut asking.session().await?;
            finish(timeline::show(session, &args).await, session)
        }
        Command::Search { args, asking } => {
            let session = &mut asking.session().await?;
            finish(search::search(session, *args).await, session)
        }
        Command::Export { args, asking } => {
            let session = &mut asking.session().await?;
            finish(export::run(session, *args).await, session)
        }
        Command::Sentiment { command, asking } => {
            let session = &mut asking.session().await?;
            finish(sentiment::run(session, command).await, session)
        }
        Command::Followups { command, asking } => {
            let session = &mut asking.session().await?;
            finish(followups::run(session, command).await, session)
        }
        Command::Alerts { command, asking } => {
            let session = &mut asking.session().await?;
            finish(alerts::run(session, command).await, session)
        }
        Command::Calls { command, asking } => {
            let session = &mut asking.session().await?;
            finish(calls::run(session, command).await, session)
        }
        Command::Health { asking } => {
            let session = &mut asking.session().await?;
            finish(health::health(session).await, session)
        }
        Command::Solutions { command, asking } => {
            let session = &mut asking.session().await?;
            finish(solutions::run(session, command).await, session)
        }
        Command::Insight { command, asking } => {
            let session = &mut asking.session().await?;
            finish(insight::run(session, command).await, session)
        }
        Command::SettingUp(command) => command.ask().await,
    }
}

/// What was printed before a failure is shown all the same.
fn finish(outcome: Result<(), CommandError>, session: &mut Session) -> Result<(), Ending> {
    let flushed = session.output.flush();
    outcome?;
    flushed.map_err(Ending::output)
}

impl Asking {
    async fn session(&self) -> Result<Session, Ending> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let output = Output::stdout(self.json);
        let mut session = Session::open(&self.server, output, clock).await?;
        session.after = self.after.clone().unwrap_or_default();
        Ok(session)
    }
}
