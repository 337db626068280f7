//! Tells other systems of what happens, by webhooks, and people by [mail].
//!
//! ```text
//!  log ─► matcher: which webhooks are told of it ─► queued, numbered ─► log ─► view
//!                                                                              │ due
//!                  taken, failed, dead ◄─ receiver ◄─ courier, one a webhook ◄─┘
//!                          └─► log ─► view: when it is tried again
//! ```
//!
//! # What holds
//!
//! * **At least once, always the same id.** An event is queued before it is sent, and what came of an attempt
//!   is recorded after it. Who dies between the two sends again, under the same id.
//! * **Numbers are given once**, by the event that queues a delivery, so that a receiver sees a gap. A process
//!   that numbers beside another one loses the race as any writer does.
//! * **Nothing lives in memory only** but how a receiver did lately, which decides how many attempts are made
//!   at it at once.
//! * **A secret leaves this crate once**, in the answer to who made it. In the log it is sealed by a key of the
//!   configuration.
//! * **Mail is sent in the same way**: a round of decisions about alerts queues it, and each attempt is an event.
//! * **The address that was checked is the one that is connected to.** What the configuration does not name is
//!   not sent to, unless everybody reaches it.
//! * **Whoever subscribes** reads the log by themselves, as far as the ledger has judged it, and is told what counts.
//! * **A copy is mute.** What is sent to in one environment is recorded as suppressed in another, and all of it where the
//!   data is a copy that nobody named.

mod ahead;
mod changes;
mod command;
mod config;
mod courier;
mod couriers;
mod failure;
mod keys;
mod list;
pub mod mail;
mod matcher;
mod meters;
mod notify;
mod payload;
mod probe;
mod projection;
mod promised;
mod rows;
mod send;
mod server;
mod signing;
mod subscribing;
mod target;
mod vault;
mod writer;

pub use config::{NotifyConfig, PrivateNetwork};
pub use notify::{Notify, StartError};
pub use send::{Resolve, Resolving, SystemResolver};
pub use server::{EventGrpc, Grpc};
