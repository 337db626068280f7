//! A simulation of whole processes, clients and faults on one thread, by one seed.
//!
//! A [`Plan`] is drawn from a seed: some processes on one log, clients that call them and cancel,
//! repeat, race and vanish, and what goes wrong meanwhile. It is played on one thread with a paused
//! clock, so the same seed gives the same course, and a fault that shows once shows again.
//!
//! ```text
//!  plan ─► clients ─► handlers ─► SimLog ─► Medium ─► SimReader ─► feed ─► views ─► answers
//!            │        (a process is all of it in between, and it may crash)             │
//!            └──────────────► checks: what was acknowledged, and a naive model ◄────────┘
//! ```
//!
//! * `executor` has all tasks, and draws which is next; `clock` is each process's time.
//! * `log` is the log in memory, with its faults.
//! * `process` is one life of a process, `world` is where they live and what goes wrong there.
//! * `plan` says what happens when, `client` does what a plan's caller does.
//! * `replay` is a process without faults, in the time of something that happened once.
//! * `model` folds the log as simply as can be, and `checks` compares.
//!
//! Beside it threads of libraries run: they merge files and check them. Nothing waits for them, and
//! what they do is seen by nobody.

mod checks;
mod client;
mod clock;
mod executor;
mod log;
mod model;
mod plan;
mod process;
mod replay;
mod shrink;
mod tally;
mod transcript;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use plan::Plan;
pub use replay::{Stage, replay};
pub use shrink::shrink;
pub use tally::Tally;

use executor::Executor;
use tally::Counts;
use transcript::Transcript;
use world::World;

/// What came of a simulation.
#[derive(Debug, Clone)]
pub struct Course {
    /// What was found, if anything was.
    pub finding: Option<String>,
    /// What happened, one event a line.
    pub transcript: Vec<String>,
    /// A hash of all that happened: the same for the same course.
    pub hash: String,
    /// How much happened.
    pub tally: Tally,
}

/// Plays `plan`; `seed` decides all that it leaves open.
///
/// # Panics
/// When the machine gives no runtime or no temporary directory.
pub fn play(seed: u64, plan: &Plan) -> Course {
    let executor = Executor::new(seed);
    let transcript = Transcript::default();
    let counts = Counts::default();
    let played = on_one_thread(&executor, async {
        let world = World::new(plan, executor.clone(), transcript.clone(), counts.clone());
        executor.run(world::play(world, plan.clone())).await
    });
    let finding = match played {
        Ok(finding) => finding,
        Err(panic) => Some(format!("a panic: {panic}")),
    };
    let tally = counts.tally(executor.steps());
    Course {
        finding,
        hash: transcript.hash(),
        transcript: transcript.lines(),
        tally,
    }
}

/// Runs it on this thread with a paused clock, and ends all that it leaves. Gives what a panic says.
fn on_one_thread<T>(executor: &Executor, it: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime of this thread");
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(it)));
    // What is left of the processes still asks the runtime for the time.
    let _entered = runtime.enter();
    executor.end_all();
    played.map_err(|panic| transcript::panic_text(&*panic).to_owned())
}
