//! The project's own commands, run as `cargo xtask COMMAND`.

mod bench;
mod chaos;
mod clients;
mod command;
mod console;
mod deploy;
mod kafka;
mod needs;
mod proto;
mod python;
mod real;
mod server;
mod simulate;
mod soak;
mod test;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tests, measures and checks aftercall.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sets up all that the tests need, then runs all of them
    Test {
        /// Only tests whose name contains this
        filter: Option<String>,
    },
    /// Measures, beside a peer or a limit in the same run
    Bench(bench::Args),
    /// A real Apache Kafka on this machine: up, down, status
    Kafka {
        #[command(subcommand)]
        command: kafka::Kafka,
    },
    /// Lets brokers and services fail under load, and checks that nothing is lost
    Chaos(chaos::Args),
    /// Runs the first calls of docs/clients, in every language, against a server
    Clients(command::Program),
    /// Builds the console's pages, checks that they are what is committed, or tries them in a browser
    Console(console::Args),
    /// Checks the deployment's files, as far as that needs no container engine
    Deploy(command::Program),
    /// Checks the protos by buf: format, style, and that nothing breaks since the last release
    Proto(proto::Args),
    /// Runs real calls through import, timelines, search and follow-ups
    Real(real::Args),
    /// Installs what the build and the tests need, where it may, and says what is missing
    Setup,
    /// Plays whole processes and their faults on one thread, seed after seed
    Simulate(simulate::Args),
    /// Keeps a server under load for hours, stops and kills it, fills its disk, and checks that nothing is lost
    Soak(soak::Args),
    /// Checks the shape of the source: sizes, dependencies, leftovers
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Test { filter } => test::run(filter.as_deref()),
        Command::Bench(args) => bench::run(&args),
        Command::Kafka { command } => kafka::run(&command),
        Command::Chaos(args) => chaos::run(&args, true),
        Command::Clients(program) => clients::run(&program),
        Command::Console(args) => console::run(&args),
        Command::Deploy(program) => deploy::run(&program),
        Command::Proto(args) => proto::run(&args),
        Command::Real(args) => real::run(&args),
        Command::Setup => needs::run(),
        Command::Simulate(args) => simulate::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The project's top directory.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or(here.clone(), PathBuf::from)
}
