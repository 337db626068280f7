//! Each service as a process of its own, on a log on Kafka.

use std::process::Command;

use tempfile::TempDir;
use uuid::Uuid;

use crate::command::{Server, Site, aftercall, run};

/// Runs each scenario, a function of a [`Site`], as a test of one process with all services, and as
/// one of services in processes of their own.
macro_rules! everywhere {
    ($($scenario:ident)*) => {
        mod in_one_process {
            $(
                #[test]
                fn $scenario() {
                    super::$scenario(&crate::command::Server::start());
                }
            )*
        }

        #[cfg(feature = "kafka")]
        mod in_roles_needs_kafka {
            $(
                #[test]
                fn $scenario() {
                    super::$scenario(&crate::on_kafka::Roles::start());
                }
            )*
        }
    };
}

pub(crate) use everywhere;

/// One process of each role.
#[derive(Debug)]
pub(crate) struct Roles {
    recorder: Server,
    history: Server,
    followups: Server,
    knowledge: Server,
    settings: Server,
    notify: Server,
    log: [(&'static str, String); 3],
}

impl Roles {
    /// On a new log.
    pub(crate) fn start() -> Self {
        let settings = settings();
        let mut init = aftercall(["log", "init", "--partitions", "3", "--replication", "1"]);
        run(init.args(["--min-in-sync", "1"]).envs(settings.clone())).ok();
        let role = |name: &str| start(name, &settings, &[]);
        Self {
            recorder: role("recorder"),
            history: role("history"),
            followups: role("followups"),
            knowledge: role("knowledge"),
            settings: role("settings"),
            notify: role("notify"),
            log: settings,
        }
    }

    /// The console in front of them, and with them insight, which nothing else asks.
    pub(crate) fn console(&self) -> (Server, Server) {
        let insight = start("insight", &self.log, &[]);
        let servers = [
            ("RECORDER", &self.recorder),
            ("HISTORY", &self.history),
            ("FOLLOWUPS", &self.followups),
            ("KNOWLEDGE", &self.knowledge),
            ("SETTINGS", &self.settings),
            ("NOTIFY", &self.notify),
            ("INSIGHT", &insight),
        ];
        let addresses = servers.map(|(role, server)| {
            let name = format!("AFTERCALL_CONSOLE__SERVICES__{role}");
            (name, server.said("grpc").to_owned())
        });
        let console = start("console", &self.log, &addresses);
        (console, insight)
    }
}

/// A process of one role.
fn start(role: &str, log: &[(&'static str, String)], more: &[(String, String)]) -> Server {
    let data = TempDir::new().unwrap();
    let mut command = aftercall(["serve", role, "--listen", "127.0.0.1:0"]);
    command
        .args(["--metrics-listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .envs(log.iter().cloned())
        .envs(more.iter().cloned());
    Server::spawn(&mut command, data)
}

/// A log of its own on the cluster that the tests were given.
pub(crate) fn settings() -> [(&'static str, String); 3] {
    let brokers = std::env::var("AFTERCALL_TEST_KAFKA")
        .expect("AFTERCALL_TEST_KAFKA is not set: run this by `cargo xtask test`");
    #[expect(clippy::disallowed_methods, reason = "a topic that no other run has")]
    let topic = format!("it-{}", Uuid::now_v7());
    [
        ("AFTERCALL_LOG__ENGINE", "kafka".to_owned()),
        ("AFTERCALL_LOG__KAFKA__BROKERS", brokers),
        ("AFTERCALL_LOG__KAFKA__TOPIC", topic),
    ]
}

impl Site for Roles {
    fn client<const N: usize>(&self, args: [&str; N]) -> Command {
        let server = match args[0] {
            "record" | "import" | "identify" | "merge" | "unmerge" => &self.recorder,
            "timeline" | "context" | "show" | "search" => &self.history,
            "followups" | "alerts" => &self.followups,
            "solutions" => &self.knowledge,
            // Whoever sends mail tries it.
            "receivers" if args.get(1) == Some(&"test") => &self.notify,
            "calendars" | "policies" | "escalations" | "teams" | "receivers" | "silences" => {
                &self.settings
            }
            "webhooks" => &self.notify,
            other => panic!("whose is {other}?"),
        };
        server.client(args)
    }
}
