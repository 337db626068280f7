//! What a tenant sets up, for all services that decide by it.
//!
//! Each change is an event under the tenant's key, with the whole of what it makes. The ledger keeps every
//! version, so that whoever decides reads the settings where it reads what counts, and an event names the
//! versions by which it was decided. A change never moves what was decided before it.
//!
//! All settings of a tenant are one aggregate: a change is checked against all others as they are, and
//! counts only while they are so.

mod change;
mod failure;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod holidays;
mod list;
mod server;
mod shadow;
mod whole;

pub use server::Settings;
