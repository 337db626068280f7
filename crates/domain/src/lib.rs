//! The rules of aftercall: what an interaction, a promise, an alert and a solution are, and what may
//! become of them.
//!
//! Pure functions over plain types. Nothing here is async, does I/O, asks a clock, or knows the wire
//! or the storage: times, ids and hashes come in as arguments.

pub mod alert;
pub mod calendar;
pub mod call;
pub mod commitment;
pub mod concern;
pub mod customer;
pub mod delivery;
pub mod due;
pub mod handle;
pub mod ids;
pub mod interaction;
pub mod limits;
mod local_day;
pub mod masking;
pub mod measure;
mod path;
pub mod recurrence;
pub mod routing;
pub mod scope;
pub mod sentiment;
pub mod setting;
pub mod solution;
pub mod spoken;
pub mod text;
pub mod violation;
mod warning;
pub mod wording;
pub mod words;

pub use calendar::{Calendar, CalendarDraft};
pub use handle::{Country, Handle, HandleKind};
pub use ids::{CandidateId, CommitmentId, InteractionId, SolutionId};
pub use interaction::{Amendment, Interaction, Recording};
pub use local_day::{LocalDays, NotADay, local_day};
pub use path::FieldPath;
pub use scope::{Parties, Party, Scope};
pub use violation::{Violation, Violations};
pub use warning::{Cleaner, Warning, WarningReason};
