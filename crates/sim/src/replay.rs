//! One process in the time of something that happened once: whoever tells it again sets the clock.
//!
//! Nothing goes wrong here, and nobody calls but who tells. All services are whole, and the tracker watches meanwhile.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::time::sleep;
use tonic::Request;
use tonic::service::Routes;

use crate::checks;
use crate::client::requests;
use crate::executor::Executor;
use crate::on_one_thread;
use crate::plan::Plan;
use crate::tally::Counts;
use crate::transcript::Transcript;
use crate::world::World;

/// How long the tracker has to look at its clock, which it does once a second.
const LOOKS_WITHIN: Duration = Duration::from_millis(1_500);

/// How much time passes between two looks. Each takes as long as a few commands.
const LOOKS_EVERY: SignedDuration = SignedDuration::from_hours(12);

/// How long before the next event the tracker looks once more.
const LOOKS_BEFORE: SignedDuration = SignedDuration::from_secs(2);

/// How long views have for all that was told.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(600);

/// A process in a time of its own.
#[derive(Debug)]
pub struct Stage {
    world: World,
    looked_at: Mutex<Option<Timestamp>>,
}

/// Plays `play` on a process that is started at `begins_at`.
///
/// # Errors
/// What `play` finds, or what the process does that it never may.
pub fn replay<T, F>(
    begins_at: Timestamp,
    play: impl FnOnce(Stage) -> F + Send + 'static,
) -> Result<T, String>
where
    T: Send + 'static,
    F: Future<Output = Result<T, String>> + Send,
{
    let executor = Executor::new(1);
    let counts = Counts::default();
    let plan = Plan {
        processes: 1,
        partitions: 1,
        steps: Vec::new(),
    };
    let played = on_one_thread(&executor, async {
        let world = World::new(&plan, executor.clone(), Transcript::default(), counts);
        world.clocks()[0].stop_at(begins_at);
        world.start_alone();
        executor
            .run(async move { play(Stage::new(world)).await })
            .await
    });
    played.unwrap_or_else(|panic| Err(format!("a panic: {panic}")))
}

impl Stage {
    fn new(world: World) -> Self {
        Self {
            world,
            looked_at: Mutex::default(),
        }
    }

    /// All services, called in memory.
    ///
    /// # Errors
    /// When the process has ended by itself.
    pub fn services(&self) -> Result<Routes, String> {
        let process = self.world.process(0).ok_or("the process is gone")?;
        Ok(process.services)
    }

    /// A request as the server hands it on, of a caller who may do everything.
    pub fn asked<T>(&self, message: T) -> Request<T> {
        requests::asked(0, message)
    }

    /// It is `at` now. Before that the tracker has looked at what was due meanwhile, unless it has done so lately: what it
    /// finds later, it says of the same time.
    pub async fn go_to(&self, at: Timestamp) {
        let clock = &self.world.clocks()[0];
        let next = (*self.looked_at.lock()).map(|last| last + LOOKS_EVERY);
        if next.is_none_or(|next| at > next) {
            clock.stop_at(at - LOOKS_BEFORE);
            sleep(LOOKS_WITHIN).await;
            *self.looked_at.lock() = Some(at);
        }
        clock.stop_at(at);
    }

    /// All views have taken in all that was told, and are as views that are built anew from the log.
    ///
    /// # Errors
    /// When they are not.
    pub async fn ends_well(&self) -> Result<(), String> {
        let process = self.world.process(0).ok_or("the process is gone")?;
        process.catch_up(CAUGHT_UP_WITHIN).await?;
        checks::stores_are_the_same(&self.world).await
    }
}
