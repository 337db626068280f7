//! `cargo xtask kafka`: a real Apache Kafka on this machine, for tests and measurements.
//!
//! ```text
//!  target/kafka/jars/      Kafka as it is published for Maven
//!  target/kafka/default/   a cluster
//!    cluster.json            its nodes and their ports
//!    ca.pem                  who signed the certificates of its SASL_SSL listeners
//!    user, password          who may enter there, by PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512
//!    node-1/                 server.properties, run (starts the node), pid, server.log, data/,
//!                             link (its network's, where it has one of its own)
//! ```
//!
//! Every node is broker and controller in one process (KRaft). Each has a listener without
//! protection, and one by TLS and SASL, which also takes unsecured tokens by OAUTHBEARER.

mod cluster;
mod jars;
mod metadata;
mod network;
mod node;
mod secrets;

use std::process::Command;

use clap::Subcommand;

use crate::command;

pub(crate) use cluster::{Cluster, DEFAULT};

/// What to do with the cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum Kafka {
    /// Starts a cluster, or what is down of it, and waits until it answers
    ///
    /// Prints what tests need to know, so that a shell can take it over:
    /// eval "$(cargo xtask kafka up)". A cluster that was down as a whole begins anew, empty.
    Up {
        /// How many nodes; left out, as many as it has, and 1 if there is none
        #[arg(long, value_parser = clap::value_parser!(u8).range(1..=9))]
        brokers: Option<u8>,
    },
    /// Ends the cluster, and deletes its data; its logs stay until the next one
    Down,
    /// Prints which nodes are up, and where
    Status,
}

/// Does it.
///
/// # Errors
/// When something is missing that can't be installed, and when the cluster does not come up.
pub(crate) fn run(what: &Kafka) -> anyhow::Result<()> {
    match what {
        Kafka::Up { brokers } => {
            let (cluster, _) = Cluster::up(DEFAULT, *brokers)?;
            for (name, value) in cluster.environment() {
                println!("export {name}={}", value.to_string_lossy());
            }
            Ok(())
        }
        Kafka::Down => match Cluster::open(DEFAULT)? {
            Some(cluster) => cluster.down(),
            None => Ok(()),
        },
        Kafka::Status => {
            match Cluster::open(DEFAULT)? {
                Some(cluster) => print!("{}", cluster.status()),
                None => println!("no cluster; `cargo xtask kafka up` starts one"),
            }
            Ok(())
        }
    }
}

/// Runs `command` beside the default cluster, and ends the cluster if it was not there before.
///
/// # Errors
/// As [`run`], and when the command fails.
pub(crate) fn beside(command: &mut Command) -> anyhow::Result<()> {
    let (cluster, ours) = Cluster::up(DEFAULT, None)?;
    let outcome = command::run(command.envs(cluster.environment()));
    let ended = if ours { cluster.down() } else { Ok(()) };
    outcome.and(ended)
}
