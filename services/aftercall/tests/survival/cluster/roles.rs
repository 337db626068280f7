//! Each role as processes of its own, in replicas.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rustix::process::Signal;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::Newcomers;
use super::user::User;
use crate::answers::Answers;
use crate::load;
use crate::process::{READY_WITHIN, Server, Start};

/// Below the ports that the kernel gives to outgoing connections, which could otherwise take a
/// replica's port while the replica is down.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// The role that tells others.
const NOTIFY: &str = "notify";

/// How often a server that starts is asked whether it is behind.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A process of one role. It keeps its address and its views over restarts.
#[derive(Debug)]
pub(crate) struct Replica {
    /// Such as `history-2`.
    pub(crate) name: String,
    /// As whom it runs, where it may be another than the test.
    user: Option<User>,
    start: Start,
    server: Option<Server>,
    channel: Channel,
}

impl Replica {
    /// With its data in `scratch`, on the log that `settings` name. Not started yet.
    pub(crate) fn new(
        role: &'static str,
        number: usize,
        scratch: &Path,
        settings: &[(String, String)],
    ) -> Self {
        let name = format!("{role}-{number}");
        // What tenants set up is asked for seldom: it has no process of its own.
        let services = match role {
            NOTIFY => vec![NOTIFY, "settings"],
            role => vec![role],
        };
        let address = free_address();
        let data: PathBuf = scratch.join(&name);
        let user = User::draw();
        let wrapper = user.as_ref().map(|user| user.owner_of(&data));
        let start = Start::on(&data, &scratch.join(format!("{name}.log")))
            .under(&wrapper.unwrap_or_default())
            .with(&services)
            .configured(settings)
            .listening(address);
        let endpoint = Endpoint::from_shared(format!("http://{address}"));
        Self {
            name,
            user,
            start,
            server: None,
            channel: endpoint.expect("an address").connect_lazy(),
        }
    }

    /// A connection to it, which comes back when it does.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Starts it, and waits until it is ready.
    pub(crate) fn start(&mut self) {
        self.server = Some(self.start.ready());
    }

    /// Starts it, and kills it while it says that it catches up. Says whether it could: whether it
    /// was not there at once.
    pub(crate) async fn start_and_kill_behind(&mut self) -> bool {
        let starting = self.start.spawn();
        let mut health = HealthClient::new(self.channel.clone());
        let behind = async {
            loop {
                let asked = health.check(HealthCheckRequest::default()).await;
                if let Ok(answer) = asked {
                    return answer.into_inner().status != ServingStatus::Serving as i32;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let behind = timeout(READY_WITHIN, behind).await.expect("a server");
        starting.kill();
        behind
    }

    /// kill −9.
    pub(crate) fn kill(&mut self) {
        self.server.take().expect("it runs").kill();
    }

    /// SIGTERM, and an orderly end.
    pub(crate) fn stop(&mut self) {
        self.server.take().expect("it runs").stop();
    }

    /// Stops it from doing anything.
    pub(crate) fn pause(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.server.as_ref().expect("it runs").signal(Signal::CONT);
    }

    /// Whether it can be cut off: whether it runs as a user of its own.
    pub(crate) fn can_be_cut_off(&self) -> bool {
        self.user.is_some()
    }

    /// Cuts it off from the brokers. Its clients, on this machine, still reach it.
    pub(crate) fn cut_off(&self) {
        self.user.as_ref().expect("a user of its own").cut_off();
    }

    /// Ends that.
    pub(crate) fn connect(&self) {
        self.user.as_ref().expect("a user of its own").connect();
    }

    /// Whether its process still runs: one that ended by itself has failed.
    pub(crate) fn runs(&mut self) -> bool {
        self.server.as_mut().is_some_and(Server::runs)
    }
}

/// All replicas of all roles.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) recorders: Vec<Replica>,
    pub(crate) histories: Vec<Replica>,
    pub(crate) followups: Vec<Replica>,
    pub(crate) knowledge: Vec<Replica>,
    /// Those who tell others, and keep what tenants set up: none unless they are added.
    pub(crate) notifiers: Vec<Replica>,
}

/// Connections to the replicas of each role.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    pub(crate) recorders: Arc<[Channel]>,
    pub(crate) histories: Arc<[Channel]>,
    pub(crate) followups: Arc<[Channel]>,
    pub(crate) knowledge: Arc<[Channel]>,
    pub(crate) notifiers: Arc<[Channel]>,
}

impl Fleet {
    /// `replicas` of each role, running, on the log that `settings` name.
    pub(crate) fn start(replicas: usize, scratch: &Path, settings: &[(String, String)]) -> Self {
        let role = |role| -> Vec<_> {
            (1..=replicas)
                .map(|number| Replica::new(role, number, scratch, settings))
                .collect()
        };
        let mut fleet = Self {
            recorders: role("recorder"),
            histories: role("history"),
            followups: role("followups"),
            knowledge: role("knowledge"),
            notifiers: Vec::new(),
        };
        fleet.each(Replica::start);
        fleet
    }

    /// Adds `replicas` that tell others, running.
    pub(crate) fn add_notifiers(
        &mut self,
        replicas: usize,
        scratch: &Path,
        settings: &[(String, String)],
    ) {
        for number in 1..=replicas {
            let mut replica = Replica::new(NOTIFY, number, scratch, settings);
            replica.start();
            self.notifiers.push(replica);
        }
    }

    /// Does something with each replica.
    pub(crate) fn each(&mut self, mut what: impl FnMut(&mut Replica)) {
        self.all().for_each(&mut what);
    }

    /// All replicas.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Replica> {
        let queries = self.histories.iter_mut().chain(&mut self.followups);
        let others = queries
            .chain(&mut self.knowledge)
            .chain(&mut self.notifiers);
        self.recorders.iter_mut().chain(others)
    }

    /// Connections to them.
    pub(crate) fn doors(&self) -> Doors {
        let channels = |role: &[Replica]| role.iter().map(|one| one.channel.clone()).collect();
        Doors {
            recorders: channels(&self.recorders),
            histories: channels(&self.histories),
            followups: channels(&self.followups),
            knowledge: channels(&self.knowledge),
            notifiers: channels(&self.notifiers),
        }
    }
}

impl Doors {
    /// These, and those to `newcomers`.
    pub(crate) fn with(&self, newcomers: &Newcomers) -> Self {
        let with = |doors: &[Channel], one: &Replica| {
            let all = doors.iter().chain([one.channel()]);
            all.cloned().collect()
        };
        Self {
            recorders: Arc::clone(&self.recorders),
            histories: with(&self.histories, &newcomers.history),
            followups: with(&self.followups, &newcomers.followups),
            knowledge: with(&self.knowledge, &newcomers.knowledge),
            notifiers: Arc::clone(&self.notifiers),
        }
    }

    /// # Panics
    /// Unless all replicas of a role answer alike, complete through `position`.
    pub(crate) async fn all_say_the_same(&self, position: &str) {
        let customers = load::customers();
        let mut roles = [Vec::new(), Vec::new(), Vec::new()];
        for door in &*self.histories {
            let mut answers = Answers::of_history(door, &customers, position).await;
            answers.searches(door, position).await;
            roles[0].push(answers);
        }
        for door in &*self.followups {
            roles[1].push(Answers::of_followups(door, &customers, position).await);
        }
        for door in &*self.knowledge {
            roles[2].push(Answers::of_knowledge(door, position).await);
        }
        for answers in roles {
            for other in &answers[1..] {
                answers[0].assert_same(other);
            }
        }
    }
}

fn free_address() -> SocketAddr {
    let mut rng = rand::rng();
    let free = (0..100).find_map(|_| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, rng.random_range(PORTS)));
        listener.ok()?.local_addr().ok()
    });
    free.expect("a port that is free")
}
