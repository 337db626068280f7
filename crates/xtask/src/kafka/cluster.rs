//! A cluster: its nodes together.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::network::Network;
use super::node::{Founding, Node};
use super::{jars, metadata, secrets};
use crate::needs;

/// The cluster that `cargo xtask kafka` is about.
pub(crate) const DEFAULT: &str = "default";

/// How often a cluster that starts is asked, and how many times: two minutes for a machine that does
/// other things, too.
const ASK_EVERY: Duration = Duration::from_millis(100);
const ASKED_TIMES: usize = 1_200;

/// A cluster whose files are there. Its nodes may be up or down.
#[derive(Debug)]
pub(crate) struct Cluster {
    dir: PathBuf,
    nodes: Vec<Node>,
}

impl Cluster {
    /// The cluster called `name`, if there is one.
    pub(crate) fn open(name: &str) -> anyhow::Result<Option<Self>> {
        let dir = directory().join(name);
        let Ok(nodes) = fs::read(dir.join("cluster.json")) else {
            return Ok(None);
        };
        let nodes = serde_json::from_slice(&nodes)
            .with_context(|| format!("{} is damaged: delete it", dir.display()))?;
        Ok(Some(Self { dir, nodes }))
    }

    /// Makes the cluster called `name` be up, with `brokers` nodes or as it is, and says whether it
    /// was down as a whole: who started it may end it.
    ///
    /// # Errors
    /// When it runs with another number of nodes, when something is missing that can't be installed,
    /// and when a node does not come up.
    pub(crate) fn up(name: &str, brokers: Option<u8>) -> anyhow::Result<(Self, bool)> {
        Self::up_with(name, brokers, false)
    }

    /// The same with a network of its own for each node, where that is possible.
    ///
    /// # Errors
    /// As of [`Cluster::up`].
    pub(crate) fn up_apart(name: &str, brokers: u8) -> anyhow::Result<(Self, bool)> {
        Self::up_with(name, Some(brokers), Network::possible())
    }

    fn up_with(name: &str, brokers: Option<u8>, apart: bool) -> anyhow::Result<(Self, bool)> {
        if let Some(missing) = needs::provide(&["needs_kafka"]).first() {
            bail!("no {}: {}", missing.name, missing.remedy);
        }
        let (cluster, anew) = match Self::open(name)?.filter(Self::runs) {
            Some(cluster) => {
                let nodes = cluster.nodes.len();
                ensure!(
                    brokers.is_none_or(|brokers| nodes == usize::from(brokers)),
                    "a cluster of {nodes} nodes is up; end it with `cargo xtask kafka down`"
                );
                (cluster, false)
            }
            None => (Self::create(name, brokers.unwrap_or(1), apart)?, true),
        };
        let mut started = Vec::new();
        for node in &cluster.nodes {
            if node.pid(&cluster.dir).is_none() {
                started.push((node, node.start(&cluster.dir)?));
            }
        }
        cluster.wait(&mut started)?;
        Ok((cluster, anew))
    }

    /// A new cluster in place of what had its name.
    fn create(name: &str, brokers: u8, apart: bool) -> anyhow::Result<Self> {
        let parent = directory();
        let jars = jars::provide(&parent)?;
        let dir = parent.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let nodes: Vec<_> = if apart {
            let network = Network::of(&dir);
            network.create(brokers)?;
            (1..=brokers).map(|id| Node::apart(id, &network)).collect()
        } else {
            let nodes = (1..=brokers).map(Node::on_loopback);
            nodes.collect::<anyhow::Result<_>>()?
        };
        let hosts: Vec<_> = nodes.iter().map(Node::host).collect();
        let credentials = secrets::draw(&dir, &hosts)?;
        let id = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        let founding = Founding {
            cluster: &dir,
            jars: &jars,
            nodes: &nodes,
            credentials: &credentials,
            id: &id,
        };
        // Side by side: most of the time is that of virtual machines that start.
        thread::scope(|scope| {
            let formatting: Vec<_> = nodes
                .iter()
                .map(|node| scope.spawn(|| node.create(&founding)))
                .collect();
            formatting
                .into_iter()
                .try_for_each(|node| node.join().unwrap_or_else(|_| bail!("no node")))
        })?;
        fs::write(dir.join("cluster.json"), serde_json::to_vec(&nodes)?)?;
        Ok(Self { dir, nodes })
    }

    fn runs(&self) -> bool {
        self.nodes.iter().any(|node| node.pid(&self.dir).is_some())
    }

    /// Until every node knows that all of them are alive.
    fn wait(&self, started: &mut [(&Node, Child)]) -> anyhow::Result<()> {
        for _ in 0..ASKED_TIMES {
            let all = self.nodes.iter().all(|node| {
                let known = metadata::brokers(node.plaintext());
                known.is_ok_and(|known| known as usize == self.nodes.len())
            });
            if all {
                return Ok(());
            }
            for (node, child) in &mut *started {
                if let Some(status) = child.try_wait()? {
                    bail!(
                        "node {} ended ({status}):\n{}",
                        node.id,
                        node.last_words(&self.dir)
                    );
                }
            }
            thread::sleep(ASK_EVERY);
        }
        bail!(
            "the cluster does not answer; its nodes' logs are in {}",
            self.dir.display()
        )
    }

    /// Ends all nodes, and deletes what they stored.
    ///
    /// # Errors
    /// When a process does not end.
    pub(crate) fn down(&self) -> anyhow::Result<()> {
        for node in &self.nodes {
            node.kill(&self.dir)?;
        }
        for node in &self.nodes {
            node.delete_data(&self.dir)?;
        }
        if self.nodes.iter().any(Node::is_apart) {
            Network::of(&self.dir).delete(u8::try_from(self.nodes.len())?)?;
        }
        Ok(())
    }

    /// What tests are told.
    pub(crate) fn environment(&self) -> [(&'static str, OsString); 3] {
        let list = |address: fn(&Node) -> SocketAddr| {
            let all: Vec<_> = self
                .nodes
                .iter()
                .map(|it| address(it).to_string())
                .collect();
            OsString::from(all.join(","))
        };
        [
            ("AFTERCALL_TEST_KAFKA", list(Node::plaintext)),
            ("AFTERCALL_TEST_KAFKA_SASL", list(Node::sasl_ssl)),
            ("AFTERCALL_TEST_KAFKA_DIR", self.dir.clone().into()),
        ]
    }

    /// A row for each node.
    pub(super) fn status(&self) -> String {
        let mut table = format!(
            "{:4} {:>8} {:22} {:22} state\n",
            "node", "process", "plaintext", "sasl_ssl"
        );
        for node in &self.nodes {
            let pid = node.pid(&self.dir);
            let answers = metadata::brokers(node.plaintext()).is_ok();
            let _ = writeln!(
                table,
                "{:<4} {:>8} {:22} {:22} {}",
                node.id,
                pid.map_or("-".to_owned(), |pid| pid.as_raw_nonzero().to_string()),
                node.plaintext().to_string(),
                node.sasl_ssl().to_string(),
                match (pid, answers) {
                    (Some(_), true) => "up",
                    (Some(_), false) => "up, does not answer",
                    (None, _) => "down",
                }
            );
        }
        table
    }
}

fn directory() -> PathBuf {
    crate::root().join("target/kafka")
}
