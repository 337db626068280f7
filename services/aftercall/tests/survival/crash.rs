//! Rounds of load that end in a crash, and what must hold after each of them.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::answers::Answers;
use crate::checker::Checker;
use crate::journal::Journal;
use crate::load;
use crate::process::{Server, Start};
use crate::requests::now;
use crate::resend;

/// A round crashes when a number up to this was acknowledged in it.
const ACKNOWLEDGED_MAX: u64 = 400;
/// And up to so much later.
const LATER_US_MAX: u64 = 20_000;
/// How often the log is looked at for what is to come.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often a log that is looked at must not have grown to seem quiet.
const QUIET_LOOKS: u32 = 15;
/// How often the log may have grown by itself before there must be an end of it.
const STILL_WITHIN: u32 = 20;
/// What a slow machine may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The seed that this run is to repeat, or a new one.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("AFTERCALL_SURVIVAL_SEED")
        .map_or_else(|_| rand::random(), |seed| seed.parse().expect("a number"));
    println!("AFTERCALL_SURVIVAL_SEED={seed}");
    seed
}

/// A log that grows from crash to crash.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) journal: Arc<Journal>,
    pub(crate) checker: Checker,
    rng: StdRng,
    data: PathBuf,
    start: Start,
}

impl Trial {
    /// On the directory `data`. What the server logs goes to a file in `scratch`.
    pub(crate) fn new(data: &Path, scratch: &Path) -> Self {
        Self {
            journal: Arc::new(Journal::new()),
            checker: Checker::default(),
            rng: StdRng::seed_from_u64(seed()),
            data: data.to_owned(),
            start: Start::on(data, &scratch.join("server.log")),
        }
    }

    /// With settings in the server's environment.
    pub(crate) fn configured(mut self, environment: &[(String, String)]) -> Self {
        self.start = self.start.configured(environment);
        self
    }

    /// Starts the server; now and then after it was killed while it started. What was acknowledged
    /// before is there.
    pub(crate) async fn start(&mut self) -> Server {
        if self.rng.random_ratio(1, 8) {
            let starting = self.start.spawn();
            let wait = self.rng.random_range(0..200_000);
            tokio::time::sleep(Duration::from_micros(wait)).await;
            starting.kill();
        }
        let server = self.start.ready();
        self.check();
        server
    }

    /// Starts the server by another program, under which it may end before it is ready.
    pub(crate) fn start_under(&mut self, wrapper: &[String]) -> Result<Server, ExitStatus> {
        let server = self.start.clone().under(wrapper).spawn();
        let server = server.ready_unless_ended();
        self.check();
        server
    }

    /// A number of the trial's random ones.
    pub(crate) fn random(&mut self, range: Range<u64>) -> u64 {
        self.rng.random_range(range)
    }

    /// Compares what the log has got with what was sent.
    pub(crate) fn check(&mut self) {
        self.checker.check(&self.data, &self.journal);
    }

    /// Writes until a random moment. The writers end with the server.
    pub(crate) async fn load(&mut self, server: &Server) -> JoinSet<()> {
        let mut acknowledged = self.journal.acknowledgements();
        let until = *acknowledged.borrow() + self.rng.random_range(0..=ACKNOWLEDGED_MAX);
        let seed = self.rng.random();
        let writers = load::start(&self.journal, &server.channel(), seed);
        let enough = acknowledged.wait_for(|count| *count >= until);
        let enough = timeout(PATIENCE, enough)
            .await
            .expect("a server that works");
        drop(enough.expect("a journal"));
        let later = self.rng.random_range(0..LATER_US_MAX);
        tokio::time::sleep(Duration::from_micros(later)).await;
        writers
    }

    /// Writes until the server is gone.
    pub(crate) fn load_without_end(&mut self, server: &Server) -> JoinSet<()> {
        load::start(&self.journal, &server.channel(), self.rng.random())
    }

    /// Waits for the writers, whose server is gone.
    pub(crate) async fn ended(mut writers: JoinSet<()>) {
        let all = async {
            while let Some(ended) = writers.join_next().await {
                ended.expect("a writer ends well");
            }
        };
        timeout(PATIENCE, all)
            .await
            .expect("writers end with their server");
    }

    /// What must hold when all crashes are over.
    pub(crate) async fn conclude(mut self) {
        let server = self.start().await;
        resend::all(&self.journal, &self.checker, &server.channel()).await;
        self.wait_for_lapses().await;
        // From the beginning: what was read once is still there.
        let (records, lapses) = (self.checker.records(), self.checker.lapses());
        self.checker = Checker::default();
        self.check();
        assert_eq!(self.checker.records(), records);
        assert_eq!(self.checker.lapses(), lapses);
        println!("{records} records, {lapses} lapses");
        assert!(records > 0 && lapses > 0, "a test of nothing");

        let delete = |views: &Path| fs::remove_dir_all(views).expect("views to delete");
        let server = self.answers_the_same_after(server, delete).await;
        server.stop();
        self.check();
        assert_eq!(
            self.checker.lapses(),
            lapses,
            "building views anew lapses nothing"
        );
    }

    /// Stops the server, does something to its views, and starts it: it answers as before. Asked again as long as the
    /// server writes by itself meanwhile, such as what caused a contact, for then it may answer more.
    pub(crate) async fn answers_the_same_after(
        &mut self,
        mut server: Server,
        mut harm: impl FnMut(&Path),
    ) -> Server {
        let customers = load::customers();
        for _ in 0..STILL_WITHIN {
            self.wait_for_quiet().await;
            let position = self.checker.position();
            let before = Answers::of(&server.channel(), &customers, &position).await;
            server.stop();
            harm(&self.data.join("views"));
            server = self.start.ready();
            let after = Answers::of(&server.channel(), &customers, &position).await;
            self.check();
            if self.checker.position() == position {
                before.assert_same(&after);
                return server;
            }
        }
        panic!("the server goes on to write by itself");
    }

    /// Waits until the server seems to have written all that it writes by itself.
    async fn wait_for_quiet(&mut self) {
        let mut looks = 0;
        let mut position = String::new();
        while looks < QUIET_LOOKS {
            tokio::time::sleep(LOOK_EVERY).await;
            self.check();
            looks += 1;
            if self.checker.position() != position {
                position = self.checker.position();
                looks = 0;
            }
        }
    }

    /// Waits until every promise that is due within a minute has lapsed or been kept.
    pub(crate) async fn wait_for_lapses(&mut self) {
        let soon = now() + SignedDuration::from_secs(60);
        let lapsed = async {
            loop {
                self.check();
                if self.checker.to_lapse(&self.journal, soon) == 0 {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        timeout(PATIENCE, lapsed)
            .await
            .expect("every due that passes is noticed");
    }
}
