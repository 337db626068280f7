//! The recorder: writes what happened. An answer means that the record is durable.
//!
//! # How a record is written
//!
//! ```text
//!  request ─► check and resolve ─► claim the id ─► Log::append ─► settle the claim ─► answer
//!                                   │                                │
//!                                   ├─ pending: claimed, and not     └─ waiters with the same id
//!                                   │  yet in the ledger                get the same outcome
//!                                   └─ ledger: all that was recorded
//! ```
//!
//! # What holds
//!
//! * **Sending twice is harmless.** An id with the same content gets the first answer again, with
//!   other content `REQUEST_ID_REUSED`. An id is claimed in memory before its record is appended,
//!   and the claim is kept until the ledger has the record, so there is no gap between the two. So
//!   are a contact's other names: its reference in another system, and the ids that its caller gave
//!   to promises.
//! * **An unknown outcome is looked up.** Where the log can't say whether it wrote, the claim is in
//!   doubt: the retry waits until the ledger has read all that the log holds, and writes only what
//!   isn't there. Whoever shares such a retry's append asks the ledger as its owner does.
//! * **The ledger has the last word.** The first record of an id counts, and so does the first
//!   amendment of each version; every reader ignores the rest.
//! * **Nothing is written before the ledger has caught up** with the log as it was at the start.

mod amend;
mod analyse;
mod appending;
mod calls;
mod change;
mod core;
mod failure;
mod first;
mod follow_up;
mod grpc;
mod house;
mod identify;
#[doc(hidden)]
pub mod measure;
mod merge;
mod pending;
mod prepare;
mod propose;
mod record;
mod recorder;
mod resolve;
mod saying;
mod score;
mod stream;

pub use recorder::Recorder;
