//! Calendars of an agent's open promises, which other programs subscribe to by a secret address.
//!
//! Whoever has the address reads the calendar, as calendars send no credentials. So:
//!
//! * The secret is 32 random bytes. It is told once, and the log and the view have its hash alone.
//! * A feed holds what its maker could read when they made it, and of that only what the agent keeps. It is
//!   recorded with it, and not looked up again.
//! * What the customer was promised, word for word, is in it only where its maker said so.
//! * It is good until somebody revokes it: see `docs/security.md`.

mod calendar;
mod command;
mod lines;
mod list;
mod page;
mod rows;
mod secret;
mod server;

pub use server::FeedGrpc;

pub(crate) use page::page;
pub(crate) use rows::apply;
pub(crate) use secret::Address;
