//! Telling other systems: of what, at which addresses, and when again.

mod address;
mod breaker;
mod pattern;
mod retry;

pub use address::{Network, NotANetwork, is_public};
pub use breaker::Breaker;
pub use pattern::{EventPattern, NotAPattern};
pub use retry::{ATTEMPTS_MAX, next_attempt};
