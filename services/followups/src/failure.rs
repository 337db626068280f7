//! Why a request isn't done.

mod evidence;
mod permission;
mod rule;
mod state;

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_domain::commitment::Permission;
use aftercall_domain::limits::RESCHEDULES_MAX;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Forbidden, Precondition, Reason, Unauthenticated, Unread};
use aftercall_view::{ApplyError, StoreError};

use permission::lacks;
use state::State;

/// A request that isn't done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("{}", lacks(*.0).0)]
    NotPermitted(Permission),
    #[error(
        "there is no such commitment for you to see; check the id, and the teams and sites of your \
         credentials"
    )]
    NotFound,
    #[error("the commitment is closed; a closed commitment does not change any more")]
    AlreadyClosed { commitment_id: String },
    #[error(
        "the commitment was moved {RESCHEDULES_MAX} times, which is the most; fulfil or cancel it, and \
         promise anew in a contact with the customer"
    )]
    MovedTooOften { commitment_id: String },
    #[error("{}", .0.text())]
    State(State),
    #[error(
        "there is no such call for you to see; check the id, and the teams and sites of your credentials. A contact of which \
         telephony told nothing is judged by an amendment of its disconnect"
    )]
    CallNotFound,
    #[error(
        "there is no such alert for you to see; check the id, and the teams and sites of your credentials"
    )]
    AlertNotFound,
    #[error(
        "the alert is over; what it was about is done, or it has fired again as another episode"
    )]
    AlertOver,
    #[error("there is no such calendar feed for you to see; list them for those that there are")]
    FeedNotFound,
    #[error(
        "calendar feeds are not served here, so a new one would have no address; the operator sets \
         server.feeds_listen"
    )]
    FeedsNotServed,
    #[error("the commitment has changed; read it again and decide anew")]
    VersionMismatch { current: u64 },
    #[error("the request_id was used for another request; give each request its own")]
    RequestIdReused,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Undone(#[from] Undone),
    #[error(transparent)]
    Unread(#[from] Unread),
}

impl Failure for Refused {
    fn reason(&self) -> Reason {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::Unauthenticated(failure) => failure.reason(),
            Self::Forbidden(failure) => failure.reason(),
            Self::NotPermitted(_) => Reason::RoleRequired,
            Self::NotFound => Reason::CommitmentNotFound,
            Self::CallNotFound => Reason::InteractionNotFound,
            Self::AlreadyClosed { .. } => Reason::CommitmentAlreadyClosed,
            Self::MovedTooOften { .. } => Reason::CommitmentMovedTooOften,
            Self::State(_) => Reason::CommitmentState,
            Self::FeedNotFound => Reason::CalendarFeedNotFound,
            Self::FeedsNotServed => Reason::CalendarFeedsNotServed,
            Self::AlertNotFound => Reason::AlertNotFound,
            Self::AlertOver => Reason::AlertOver,
            Self::VersionMismatch { .. } => Reason::VersionMismatch,
            Self::RequestIdReused => Reason::RequestIdReused,
            Self::TooLarge(failure) => failure.reason(),
            Self::Undone(failure) => failure.reason(),
            Self::Unread(failure) => failure.reason(),
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Invalid(violations) => Some(violations),
            _ => None,
        }
    }

    fn preconditions(&self) -> Vec<Precondition> {
        match self {
            Self::AlreadyClosed { commitment_id } => vec![Precondition {
                kind: "COMMITMENT_OPEN",
                subject: commitment_id.clone(),
                description: "only an open commitment can change".into(),
            }],
            Self::MovedTooOften { commitment_id } => vec![Precondition {
                kind: "MOVES_LEFT",
                subject: commitment_id.clone(),
                description:
                    "a commitment can be fulfilled or cancelled however often it was moved".into(),
            }],
            Self::State(state) => {
                let (kind, description) = state.precondition();
                vec![Precondition {
                    kind,
                    subject: state.commitment_id.clone(),
                    description: description.into(),
                }]
            }
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Undone(failure) => failure.retry_after(),
            Self::Unread(failure) => failure.retry_after(),
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Forbidden(failure) => failure.metadata(),
            Self::NotPermitted(permission) => vec![("any_of", lacks(*permission).1.to_owned())],
            Self::VersionMismatch { current } => vec![("current_version", current.to_string())],
            _ => Vec::new(),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Unread(error.into())
    }
}

impl From<ApplyError> for Refused {
    fn from(error: ApplyError) -> Self {
        Self::Unread(error.into())
    }
}
