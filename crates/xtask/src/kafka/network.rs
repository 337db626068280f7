//! A network of its own for each node, so that a node can be cut off.
//!
//! ```text
//!   this machine ── bridge PREFIX (10.213.N.1)
//!                     ├── link PREFIX-1 ═══ namespace PREFIX-1: node 1 (10.213.N.11)
//!                     ├── link PREFIX-2 ═══ namespace PREFIX-2: node 2 (10.213.N.12)
//! ```
//!
//! `ip link set PREFIX-1 down` cuts node 1 off from everybody. All of it is ours by name, and goes
//! with the cluster.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::command;

/// The bridge's network, but for its third number.
const NETWORK: [u8; 2] = [10, 213];

/// The networks of a cluster's nodes.
#[derive(Debug)]
pub(super) struct Network {
    prefix: String,
    third: u8,
}

impl Network {
    /// Named after the cluster's directory: two clusters on one machine don't meet.
    pub(super) fn of(cluster: &Path) -> Self {
        let hash = blake3::hash(cluster.as_os_str().as_encoded_bytes());
        let [first, second, third, ..] = *hash.as_bytes();
        Self {
            prefix: format!("ac{first:02x}{second:02x}{third:02x}"),
            third,
        }
    }

    /// Whether this process may make networks.
    pub(super) fn possible() -> bool {
        rustix::process::geteuid().is_root()
            && command::succeeds("ip", ["-Version"])
            && command::succeeds("unshare", ["--net", "true"])
    }

    /// The address of node `id`.
    pub(super) fn host(&self, id: u8) -> Ipv4Addr {
        self.address(10 + id)
    }

    /// The name of node `id`'s namespace and link.
    pub(super) fn link(&self, id: u8) -> String {
        format!("{}-{id}", self.prefix)
    }

    fn address(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(NETWORK[0], NETWORK[1], self.third, last)
    }

    /// Makes the networks of `nodes` nodes, in place of those that an earlier cluster left.
    pub(super) fn create(&self, nodes: u8) -> anyhow::Result<()> {
        self.delete(nodes)?;
        let bridge = &self.prefix;
        ip(&format!("link add {bridge} type bridge"))?;
        ip(&format!("address add {}/24 dev {bridge}", self.address(1)))?;
        ip(&format!("link set {bridge} up"))?;
        for id in 1..=nodes {
            let link = self.link(id);
            ip(&format!("netns add {link}"))?;
            ip(&format!(
                "link add {link} type veth peer name eth0 netns {link}"
            ))?;
            ip(&format!("link set {link} master {bridge}"))?;
            ip(&format!("link set {link} up"))?;
            let host = self.host(id);
            ip(&format!("-netns {link} address add {host}/24 dev eth0"))?;
            ip(&format!("-netns {link} link set eth0 up"))?;
            ip(&format!("-netns {link} link set lo up"))?;
        }
        Ok(())
    }

    /// Deletes what there is of them.
    pub(super) fn delete(&self, nodes: u8) -> anyhow::Result<()> {
        for id in 1..=nodes {
            let link = self.link(id);
            if Path::new("/sys/class/net").join(&link).exists() {
                ip(&format!("link delete {link}"))?;
            }
            if Path::new("/run/netns").join(&link).exists() {
                ip(&format!("netns delete {link}"))?;
            }
        }
        if Path::new("/sys/class/net").join(&self.prefix).exists() {
            ip(&format!("link delete {}", self.prefix))?;
        }
        Ok(())
    }
}

fn ip(arguments: &str) -> anyhow::Result<()> {
    let done = Command::new("ip").args(arguments.split(' ')).output();
    let done = done.context("can't start ip")?;
    ensure!(
        done.status.success(),
        "ip {arguments}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}
