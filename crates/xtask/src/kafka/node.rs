//! One node: its files, and its process.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use rand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use super::network::Network;
use super::secrets::{Credentials, secret};

/// Below the ports that the kernel gives to outgoing connections, which could otherwise take a
/// node's port while the node is down.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// How often a process that was killed is looked at until it is gone, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: usize = 500;

/// What the nodes of a new cluster have in common.
pub(super) struct Founding<'a> {
    /// The cluster's directory.
    pub(super) cluster: &'a Path,
    pub(super) jars: &'a Path,
    pub(super) nodes: &'a [Node],
    pub(super) credentials: &'a Credentials,
    /// The cluster's identity, as Kafka writes it.
    pub(super) id: &'a str,
}

/// A node of a cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) id: u8,
    host: Ipv4Addr,
    plaintext: u16,
    sasl_ssl: u16,
    controller: u16,
    /// The namespace that it is in, and its link there, where it has a network of its own.
    link: Option<String>,
}

impl Node {
    /// In a network of its own, where every port is free.
    pub(super) fn apart(id: u8, network: &Network) -> Self {
        Self {
            id,
            host: network.host(id),
            plaintext: 9_092,
            sasl_ssl: 9_093,
            controller: 9_094,
            link: Some(network.link(id)),
        }
    }

    /// On this machine's loopback, on ports that are free now.
    pub(super) fn on_loopback(id: u8) -> anyhow::Result<Self> {
        let host = Ipv4Addr::LOCALHOST;
        // All are held until all are known, or one would be found twice.
        let held: Vec<_> = (0..3)
            .map(|_| free_port(host))
            .collect::<anyhow::Result<_>>()?;
        let port = |at: usize| held[at].local_addr().map(|address| address.port());
        Ok(Self {
            id,
            host,
            plaintext: port(0)?,
            sasl_ssl: port(1)?,
            controller: port(2)?,
            link: None,
        })
    }

    /// Its address.
    pub(super) fn host(&self) -> Ipv4Addr {
        self.host
    }

    /// Whether it has a network of its own.
    pub(super) fn is_apart(&self) -> bool {
        self.link.is_some()
    }

    /// Where clients come without protection.
    pub(super) fn plaintext(&self) -> SocketAddr {
        (self.host, self.plaintext).into()
    }

    /// Where clients come by TLS and SASL.
    pub(super) fn sasl_ssl(&self) -> SocketAddr {
        (self.host, self.sasl_ssl).into()
    }

    fn dir(&self, cluster: &Path) -> PathBuf {
        cluster.join(format!("node-{}", self.id))
    }

    fn properties_file(&self, cluster: &Path) -> PathBuf {
        self.dir(cluster).join("server.properties")
    }

    /// Writes the node's files, and formats its storage.
    pub(super) fn create(&self, of: &Founding<'_>) -> anyhow::Result<()> {
        let Founding { cluster, jars, .. } = *of;
        let dir = self.dir(cluster);
        fs::create_dir_all(&dir)?;
        let properties = self.properties_file(cluster);
        secret(&properties, &self.properties(of))?;
        fs::write(dir.join("log4j2.properties"), LOGGING)?;
        fs::write(dir.join("run"), self.script(cluster, jars))?;
        if let Some(link) = &self.link {
            fs::write(dir.join("link"), link)?;
        }
        let scram = |mechanism: &str| {
            let Credentials { user, password } = of.credentials;
            format!("{mechanism}=[name={user},password={password}]")
        };
        let formatted = Command::new("java")
            .arg("-cp")
            .arg(format!("{}/*", jars.display()))
            .args(["kafka.tools.StorageTool", "format", "--config"])
            .arg(&properties)
            // In one argument: an id may begin with a dash.
            .arg(format!("--cluster-id={}", of.id))
            .args(["--add-scram", &scram("SCRAM-SHA-256")])
            .args(["--add-scram", &scram("SCRAM-SHA-512")])
            .stdin(Stdio::null())
            .output()
            .context("can't start java")?;
        if !formatted.status.success() {
            bail!(
                "can't format the storage of node {}: {}",
                self.id,
                String::from_utf8_lossy(&formatted.stderr)
            );
        }
        Ok(())
    }

    /// Starts it, without waiting until it answers.
    pub(super) fn start(&self, cluster: &Path) -> anyhow::Result<Child> {
        Command::new("sh")
            .arg(self.dir(cluster).join("run"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt of this command is not the node's.
            .process_group(0)
            .spawn()
            .context("can't start a node")
    }

    /// Its process, if it runs.
    pub(super) fn pid(&self, cluster: &Path) -> Option<Pid> {
        let pid = fs::read_to_string(self.dir(cluster).join("pid")).ok()?;
        let pid = Pid::from_raw(pid.trim().parse().ok()?)?;
        let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
        // The number may be another process's by now.
        let ours = self.properties_file(cluster);
        command
            .split(|byte| *byte == 0)
            .any(|argument| argument == ours.as_os_str().as_encoded_bytes())
            .then_some(pid)
    }

    /// Ends its process, if it runs, and waits until it is gone. At once: what it has in memory is
    /// for nobody any more.
    pub(super) fn kill(&self, cluster: &Path) -> anyhow::Result<()> {
        let Some(pid) = self.pid(cluster) else {
            return Ok(());
        };
        kill_process(pid, Signal::KILL).context("can't end a node")?;
        for _ in 0..LOOKS {
            if self.pid(cluster).is_none() {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        bail!(
            "node {} (process {}) does not end",
            self.id,
            pid.as_raw_nonzero()
        );
    }

    /// Deletes what it has stored.
    pub(super) fn delete_data(&self, cluster: &Path) -> anyhow::Result<()> {
        let data = self.dir(cluster).join("data");
        if data.exists() {
            fs::remove_dir_all(&data)
                .with_context(|| format!("can't delete {}", data.display()))?;
        }
        Ok(())
    }

    /// The last that it logged.
    pub(super) fn last_words(&self, cluster: &Path) -> String {
        let log = fs::read_to_string(self.dir(cluster).join("server.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// A script that becomes the node's process: whoever starts a node, starts it by this.
    fn script(&self, cluster: &Path, jars: &Path) -> String {
        let dir = self.dir(cluster).display().to_string();
        let within = match &self.link {
            Some(link) => format!("ip netns exec {link} "),
            None => String::new(),
        };
        format!(
            r#"#!/bin/sh
# Becomes node {id}. The process outlives the terminal that it was started from.
trap '' HUP
echo $$ >'{dir}/pid'
exec {within}java -Xms128m -Xmx512m -cp '{jars}/*' -Dlog4j2.configurationFile='{dir}/log4j2.properties' \
    kafka.Kafka '{dir}/server.properties' >>'{dir}/server.log' 2>&1
"#,
            id = self.id,
            jars = jars.display(),
        )
    }

    fn properties(&self, of: &Founding<'_>) -> String {
        let voters: Vec<_> = of
            .nodes
            .iter()
            .map(|node| format!("{}@{}:{}", node.id, node.host, node.controller))
            .collect();
        let clients = format!(
            "PLAINTEXT://{},SASL_SSL://{}",
            self.plaintext(),
            self.sasl_ssl()
        );
        let jaas = "org.apache.kafka.common.security";
        format!(
            "\
process.roles=broker,controller
node.id={id}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners={clients},CONTROLLER://{host}:{controller}
advertised.listeners={clients}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL
log.dirs={dir}/data

ssl.keystore.type=PEM
ssl.keystore.location={broker}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_ssl.plain.sasl.jaas.config={jaas}.plain.PlainLoginModule required \
user_{user}=\"{password}\";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={jaas}.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={jaas}.scram.ScramLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config={jaas}.oauthbearer.OAuthBearerLoginModule \
required;

auto.create.topics.enable=false
unclean.leader.election.enable=false
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=8
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0

# Hundreds of small topics, on little memory and disk.
log.segment.bytes=16777216
log.index.size.max.bytes=1048576
log.segment.delete.delay.ms=1000
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
background.threads=2
",
            id = self.id,
            host = self.host,
            controller = self.controller,
            voters = voters.join(","),
            dir = self.dir(of.cluster).display(),
            broker = of.cluster.join("broker.pem").display(),
            user = of.credentials.user,
            password = of.credentials.password,
            replicas = of.nodes.len().min(3),
        )
    }
}

/// The node's log goes to its standard output, which the script sends to a file.
const LOGGING: &str = "\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
";

fn free_port(host: Ipv4Addr) -> anyhow::Result<TcpListener> {
    let mut rng = rand::rng();
    for _ in 0..100 {
        if let Ok(listener) = TcpListener::bind((host, rng.random_range(PORTS))) {
            return Ok(listener);
        }
    }
    bail!(
        "no port of {host} between {} and {} is free",
        PORTS.start,
        PORTS.end
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_with_its_number_is_let_alone() {
        let cluster = tempfile::tempdir().expect("a directory");
        let node = Node::on_loopback(1).expect("ports");
        fs::create_dir(node.dir(cluster.path())).expect("a directory");
        let pid = node.dir(cluster.path()).join("pid");
        fs::write(pid, std::process::id().to_string()).expect("a file");
        assert_eq!(node.pid(cluster.path()), None);
        // Or this would be the end of the test.
        node.kill(cluster.path()).expect("nothing to end");
    }
}
