//! Keeps every promise in view until it is kept.
//!
//! Promises begin in the log with the record of their contact. This service follows them: it takes
//! what happens to them ([`FollowupService`]), says when their due passes, and raises the alarm
//! ([`AlertService`]).
//!
//! ```text
//!  command ─► decide by the view ─► append ─► log ─► view ─► did it count? ─► answer
//!                                    ▲         │       │
//!  tracker ─► due passed, followed up ┤        │       ├─► lists, alerts
//!  router ─► who is told ─────────────┘        │       └─► watchers
//!     ▲                                        │
//!     └── the due index ◄──────────────────────┘
//! ```
//!
//! # What holds
//!
//! * **The fold has the last word.** A command is checked against the view, appended as one event,
//!   and answered by what the fold made of that event.
//! * **A lapse is recorded once for each due revision, after the due, and never for a promise whose
//!   end was durable before.** Before the tracker appends a lapse it has folded everything that was
//!   durable at a moment after the due. What it appends twice, or beside another tracker, is
//!   ignored by the fold.
//! * **A contact that follows a promise up counts for it once**, whoever decides about it and whatever is read
//!   again: see `timer/matching.rs`. What was recorded before the due passed is decided before the lapse.
//! * **Nothing lives in memory only**: the due index is a part of the view, and the view a cache of
//!   the log.
//!
//! [`FollowupService`]: aftercall_proto::followups::v1::followup_service_server::FollowupService
//! [`AlertService`]: aftercall_proto::alerts::v1::alert_service_server::AlertService

mod alerts;
mod batch;
mod calls;
mod command;
mod contacts;
mod dues;
mod failure;
mod feeds;
mod followups;
mod keys;
mod limits;
mod list;
mod making;
mod merged;
mod meters;
mod odd;
mod parts;
mod projection;
mod reassign_all;
mod repeats;
mod retarget;
mod routing;
mod server;
mod shown;
mod stored;
mod timer;
mod waiting;
mod watch;

pub use calls::CallGrpc;
pub use feeds::FeedGrpc;
pub use followups::{Followups, StartError, Whereabouts};
pub use server::Grpc;
