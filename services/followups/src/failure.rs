//! Why a request isn't done.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_domain::commitment::{Permission, Refusal};
use aftercall_domain::limits::RESCHEDULES_MAX;
use aftercall_domain::violation::Reason as FieldReason;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Precondition, Reason, Unauthenticated, Unread};
use aftercall_view::{ApplyError, StoreError};

/// A request that isn't done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error("{}", lacks(*.0))]
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

fn lacks(permission: Permission) -> &'static str {
    match permission {
        Permission::Fulfil => {
            "only the owner, a team lead, a supervisor or an integration may say that it was kept"
        }
        Permission::Cancel => {
            "only a team lead or supervisor may call it off; the owner may with \
             customer_informed_interaction_id, and whoever made it within 15 minutes"
        }
        Permission::Reschedule => "only the owner, a team lead or a supervisor may move it",
        Permission::RescheduleAfterLapse => {
            "the due has passed: only a team lead or supervisor may move it"
        }
        Permission::RescheduleAgain => {
            "it was moved twice already: only a team lead or supervisor may move it again"
        }
    }
}

const fn roles(permission: Permission) -> &'static str {
    match permission {
        Permission::Fulfil => "agent (the owner), team_lead, supervisor, integration",
        Permission::Cancel | Permission::Reschedule => "agent (the owner), team_lead, supervisor",
        Permission::RescheduleAfterLapse | Permission::RescheduleAgain => "team_lead, supervisor",
    }
}

impl Refused {
    /// Why the domain refused a wish about `commitment_id`.
    pub(crate) fn by_rule(refusal: Refusal, commitment_id: &str) -> Self {
        let invalid = |field: &str, reason, text: &str| {
            let mut found = Violations::new();
            found.add(field, reason, text);
            Self::Invalid(found)
        };
        match refusal {
            Refusal::AlreadyClosed => Self::AlreadyClosed {
                commitment_id: commitment_id.to_owned(),
            },
            Refusal::MovedTooOften => Self::MovedTooOften {
                commitment_id: commitment_id.to_owned(),
            },
            Refusal::NotPermitted(permission) => Self::NotPermitted(permission),
            Refusal::FulfilledInFuture => invalid(
                "fulfilled_at",
                FieldReason::InFuture,
                "it is more than five minutes ahead of our clock; check the sender's clock",
            ),
            Refusal::FulfilledBeforeMade => invalid(
                "fulfilled_at",
                FieldReason::OutOfRange,
                "it is earlier than the contact in which the promise was made; check the commitment",
            ),
            Refusal::DueNotAhead => invalid(
                "promised_by",
                FieldReason::DueInPast,
                "the new due is not in the future; give a later time",
            ),
            Refusal::DueTooFar => invalid(
                "promised_by",
                FieldReason::OutOfRange,
                "the new due is more than 1095 days ahead; give an earlier time",
            ),
            // Nobody but the tracker asks for a lapse.
            Refusal::NotYetDue | Refusal::AlreadyLapsed | Refusal::NeverTold => {
                Self::Unread(Unread::internal("a caller's wish was taken for a lapse"))
            }
        }
    }
}

impl Failure for Refused {
    fn reason(&self) -> Reason {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::Unauthenticated(failure) => failure.reason(),
            Self::NotPermitted(_) => Reason::RoleRequired,
            Self::NotFound => Reason::CommitmentNotFound,
            Self::AlreadyClosed { .. } => Reason::CommitmentAlreadyClosed,
            Self::MovedTooOften { .. } => Reason::CommitmentMovedTooOften,
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
            Self::NotPermitted(permission) => vec![("any_of", roles(*permission).to_owned())],
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
