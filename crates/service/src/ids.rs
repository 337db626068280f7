//! Ids, injected: fresh ones that sort by time. Those that are derived are the domain's.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use uuid::{Builder, Uuid};

use crate::Clock;

/// Draws ids. Shared as `Arc<dyn Ids>`.
pub trait Ids: Send + Sync + std::fmt::Debug + 'static {
    /// A fresh id that sorts by the clock's time (UUID version 7).
    fn uuid_v7(&self) -> Uuid;

    /// Fills `bytes` with randomness that nobody can guess: keys are made of it.
    fn fill(&self, bytes: &mut [u8]);
}

/// Ids from the operating system's randomness.
#[derive(Debug, Clone)]
pub struct SystemIds {
    clock: Arc<dyn Clock>,
}

impl SystemIds {
    /// Ids whose time is `clock`'s.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Ids for SystemIds {
    fn uuid_v7(&self) -> Uuid {
        // The generator is the thread's own, seeded by the system: no lock on the way of a request.
        draw(self.clock.as_ref(), &mut rand::rng())
    }

    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// Ids that are the same in every run: for tests.
#[derive(Debug)]
pub struct TestIds {
    clock: Arc<dyn Clock>,
    random: Mutex<StdRng>,
}

impl TestIds {
    /// Ids drawn from `seed` and `clock`.
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        Self {
            clock,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }
}

impl Ids for TestIds {
    fn uuid_v7(&self) -> Uuid {
        draw(self.clock.as_ref(), &mut *self.random.lock())
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.random.lock().fill_bytes(bytes);
    }
}

fn draw(clock: &dyn Clock, random: &mut dyn RngCore) -> Uuid {
    // A clock before 1970 is broken; its ids are still unique, they only sort first.
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    let mut bytes = [0; 10];
    random.fill_bytes(&mut bytes);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}
