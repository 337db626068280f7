//! What happens when: restarts, full disks, looks at the process.

use std::time::Duration;

use aftercall_client::Error;
use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::disk::Disk;
use super::footprint::Footprints;
use super::host::Host;
use super::scene::{Scene, now};

/// How often the process is looked at, and progress is said.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const SAY_EVERY: u32 = 10;

/// In the first third of the time the server is restarted so often, unless that is too often or too
/// seldom.
const RESTARTS: u32 = 10;
const RESTART_EVERY_MIN: Duration = Duration::from_secs(5);
const RESTART_EVERY_MAX: Duration = Duration::from_secs(300);

/// The same of the disk, in all of the time.
const FILLED: u32 = 20;
const FILL_EVERY_MIN: Duration = Duration::from_secs(12);
const FILL_EVERY_MAX: Duration = Duration::from_secs(600);

/// How long the disk stays full once a record was refused for it, and how long that may take: the log
/// has some room that it took before.
const FULL_FOR: Duration = Duration::from_secs(2);
const FELT_WITHIN: Duration = Duration::from_secs(60);

/// A course, and what was seen on it.
pub(super) struct Course {
    lasting: Duration,
    begun: Instant,
    /// When the last process was started.
    restarted: Instant,
    filled_at: Instant,
    pub(super) footprints: Footprints,
    /// How often the disk was full.
    pub(super) filled: u32,
    /// How long it went.
    pub(super) took: Duration,
}

impl Course {
    pub(super) fn new(lasting: Duration) -> Self {
        let begun = Instant::now();
        Self {
            lasting,
            begun,
            restarted: begun,
            filled_at: begun,
            footprints: Footprints::default(),
            filled: 0,
            took: Duration::ZERO,
        }
    }

    /// Goes through it; an interrupt ends it early, with all that is checked at the end.
    pub(super) async fn run(
        &mut self,
        scene: &Scene,
        host: &mut Host,
        disk: &Disk,
    ) -> anyhow::Result<()> {
        let faults_until = self.lasting / 3;
        let restart_every = (faults_until / RESTARTS).clamp(RESTART_EVERY_MIN, RESTART_EVERY_MAX);
        let fill_every = (self.lasting / FILLED).clamp(FILL_EVERY_MIN, FILL_EVERY_MAX);
        let mut looks = interval(LOOK_EVERY);
        let mut terminated = signal(SignalKind::terminate())?;
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut said = 0;
        while self.begun.elapsed() < self.lasting {
            tokio::select! {
                _ = looks.tick() => {}
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted?;
                    break;
                }
                _ = terminated.recv() => break,
            }
            self.footprints
                .look(host.process_id()?, self.begun.elapsed())?;
            said += 1;
            if said % SAY_EVERY == 0 {
                self.say(scene, host);
            }
            let elapsed = self.begun.elapsed();
            if elapsed < faults_until && self.restarted.elapsed() > restart_every {
                host.restart()?;
                self.restarted = Instant::now();
                self.footprints.begin();
            }
            if disk.is_ours() && self.filled_at.elapsed() > fill_every {
                self.fill(scene, disk).await?;
                self.filled_at = Instant::now();
            }
        }
        self.took = self.begun.elapsed();
        Ok(())
    }

    /// Fills the disk until a record is refused for it, and gives it back.
    async fn fill(&mut self, scene: &Scene, disk: &Disk) -> anyhow::Result<()> {
        disk.fill()?;
        let felt = felt(scene).await;
        sleep(FULL_FOR).await;
        disk.give_back()?;
        self.filled += 1;
        felt
    }

    fn say(&self, scene: &Scene, host: &Host) {
        let elapsed = self.begun.elapsed();
        let (calls, wrong) = (scene.tally.total(), scene.book.wrong());
        let Some(seen) = self.footprints.last() else {
            return;
        };
        eprintln!(
            "soak: {:>6} s, {calls} calls, {:.0}/s, {} contacts, {} restarts, {} times full, {:.0} MiB, \
             {:.0} files, {:.0} threads, {wrong} wrong",
            elapsed.as_secs(),
            calls as f64 / elapsed.as_secs_f64(),
            scene.book.sent(),
            host.stops + host.kills,
            self.filled,
            seen.memory,
            seen.files,
            seen.threads,
        );
    }
}

/// Records, and much at a time, until a record is refused for want of room.
async fn felt(scene: &Scene) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < FELT_WITHIN {
        let contact = scene.book.begin(now(), true);
        match scene.doors.once.call(contact.record(false)).await {
            Ok(answer) => {
                scene.book.told(&contact, false, &answer.position);
            }
            Err(Error::Refused(refusal)) if refusal.reason == "LOG_DISK_FULL" => return Ok(()),
            Err(Error::Refused(refusal)) if refusal.is_retryable() => {}
            Err(error) => bail!("on a full disk: {error}"),
        }
    }
    bail!("the disk is full, and records are taken for {FELT_WITHIN:?}")
}
