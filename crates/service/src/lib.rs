//! What every gRPC service of aftercall shares: time, ids, the caller's identity, failures and
//! their wire form, supervised tasks, configuration, telemetry and the server itself.
//!
//! This crate knows nothing of the domain's rules. What a service may use:
//!
//! * [`Clock`] and [`Ids`]: time, ids and randomness are injected, so that tests own them.
//! * [`Principal`]: who calls. Tenant, actor and roles come from the credentials, never from a
//!   request's body. Which roles a method asks for stands in [`Permissions`], and the server sees
//!   to it.
//! * [`Access`]: whose records of the tenant that is, by the caller's roles, teams and sites.
//! * [`Failure`]: a service's errors implement it; [`to_status`] is the one way onto the wire.
//! * [`Call`]: a request with its caller, and with the [`Deadline`] until when they wait.
//! * [`Checker`], [`Reading`], [`Paging`]: how a request is checked, how it reads a view, and how a
//!   list goes over pages. [`Through`]: how far an answer is complete.
//! * [`Environment`]: where this is, and whether anybody is told anything from there.
//! * [`Lent`]: which contacts a filter finds, asked of another service of the process.
//! * [`writing`]: what a service notices by itself goes into the log.
//! * [`Supervisor`]: background tasks whose failure stops the process.
//!
//! What the composition root uses: [`config`], [`telemetry`], [`server`] and [`Authenticator`].

mod access;
mod auth;
mod call;
mod checker;
mod clock;
pub mod command;
pub mod config;
mod deadline;
mod deps;
mod environment;
mod failure;
pub mod fetch;
mod files;
mod ids;
mod lending;
mod paging;
mod permissions;
mod places;
mod principal;
mod promising;
mod readers;
mod reading;
mod reasons;
mod scheduler;
pub mod seal;
pub mod server;
mod supervisor;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod writing;

pub use access::{Access, Agents, Context, Reach, Supervisors};
pub use auth::{Authenticator, CredentialsError, Tenant, Vouched, Whom};
pub use call::Call;
pub use checker::{Checker, Counts, given};
pub use clock::{Clock, ManualClock, Sleep, SystemClock};
pub use deadline::Deadline;
pub use deps::Deps;
pub use environment::Environment;
pub(crate) use failure::Untaken;
pub use failure::{
    Code, Failure, Internal, Precondition, ServerStopping, chain, explained, to_status,
};
pub use ids::{Ids, SystemIds, TestIds};
pub use lending::{Finds, LENT_MAX, Lent, Searched, Sought, Unfound};
pub use paging::{ANSWER_BYTES_MAX, COUNTED_MAX, Counting, MESSAGE_BYTES_MAX, Page, Paging, Total};
pub use permissions::Permissions;
pub use places::{Places, position_of, seq_of};
pub use principal::{
    ActorKind, Forbidden, Principal, Role, Roles, Unauthenticated, UnknownName, principal_of,
};
pub use promising::Promising;
pub use reading::{Including, Reading, Through, Unread};
pub use reasons::Reason;
pub use scheduler::{Scheduler, Task};
pub use supervisor::{RunError, Supervisor, TaskCause, TaskFailure};
