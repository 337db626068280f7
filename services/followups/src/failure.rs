//! Why a request isn't done.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_domain::commitment::{Lacking, Permission, Refusal};
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
        "there is no such alert for you to see; check the id, and the teams and sites of your credentials"
    )]
    AlertNotFound,
    #[error(
        "the alert is over; what it was about is done, or it has fired again as another episode"
    )]
    AlertOver,
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

/// Something that a promise is, or is not, so that what is asked for can't be done.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) commitment_id: String,
    kind: StateKind,
}

#[derive(Debug, Clone, Copy)]
enum StateKind {
    NotConfirmed,
    NotProposed,
    Paused,
    NotPaused,
    PausedTooOften,
    Theirs,
    NoHandover,
    WaiverPending,
    NoWaiver,
}

impl State {
    const fn text(&self) -> &'static str {
        match self.kind {
            StateKind::NotConfirmed => {
                "the commitment is only proposed; confirm it first, or dismiss it"
            }
            StateKind::NotProposed => "the commitment is no proposal: it is confirmed already",
            StateKind::Paused => "the commitment is paused already; resume it first",
            StateKind::NotPaused => "the commitment is not paused; there is nothing to resume",
            StateKind::PausedTooOften => {
                "the commitment was paused 100 times, which is the most; fulfil or cancel it"
            }
            StateKind::Theirs => {
                "they keep the commitment already, or are asked to; name somebody else"
            }
            StateKind::NoHandover => "nobody is asked to keep the commitment; reassign it first",
            StateKind::WaiverPending => {
                "somebody has asked already to let the commitment go; agree to it or decline it"
            }
            StateKind::NoWaiver => {
                "nobody has asked to let the commitment go; request a waiver first, and have another agree"
            }
        }
    }

    const fn precondition(&self) -> (&'static str, &'static str) {
        match self.kind {
            StateKind::NotConfirmed => {
                ("CONFIRMED", "only a promise that is confirmed can be kept")
            }
            StateKind::NotProposed => ("PROPOSED", "only a proposal can be confirmed or dismissed"),
            StateKind::Paused => ("RUNNING", "only what runs can be paused"),
            StateKind::NotPaused => ("PAUSED", "only what is paused can be resumed"),
            StateKind::PausedTooOften => ("PAUSES_LEFT", "a commitment can be paused 100 times"),
            StateKind::Theirs => (
                "ANOTHER_OWNER",
                "it is given to somebody who has no part in it",
            ),
            StateKind::NoHandover => ("HANDOVER_PENDING", "somebody is asked before they accept"),
            StateKind::WaiverPending => ("NO_WAIVER_PENDING", "one asks for it at a time"),
            StateKind::NoWaiver => ("WAIVER_PENDING", "one asks for it, another one agrees"),
        }
    }
}

/// What an actor lacks, and who has it.
const fn lacks(permission: Permission) -> (&'static str, &'static str) {
    const OWNER: &str = "agent (the owner), team_lead, supervisor";
    const LEADS: &str = "team_lead, supervisor";
    match permission {
        Permission::Fulfil => (
            "only the owner, a team lead, a supervisor or an integration may say that it was kept",
            "agent (the owner), team_lead, supervisor, integration",
        ),
        Permission::Cancel => (
            "only a team lead or supervisor may call it off; the owner may with \
             customer_informed_interaction_id, and whoever made it within 15 minutes",
            OWNER,
        ),
        Permission::Reschedule => (
            "only the owner, a team lead or a supervisor may move it",
            OWNER,
        ),
        Permission::RescheduleAfterLapse => (
            "the due has passed: only a team lead or supervisor may move it",
            LEADS,
        ),
        Permission::RescheduleAgain => (
            "it was moved twice already: only a team lead or supervisor may move it again",
            LEADS,
        ),
        Permission::Pause => (
            "only the owner, a team lead or a supervisor may pause it or let it go on",
            OWNER,
        ),
        Permission::PauseSoLong => (
            "an owner may wait for the customer for five business days; for another reason or longer only a \
             team lead or supervisor may pause it",
            LEADS,
        ),
        Permission::Reassign => (
            "only the owner, a team lead or a supervisor may give it to somebody else",
            OWNER,
        ),
        Permission::ReassignAtOnce => (
            "only a team lead or supervisor may give it away without asking; leave out at_once",
            LEADS,
        ),
        Permission::Accept => (
            "only whoever is asked to keep it may accept it; they, whoever asked, the owner, a team lead or a \
             supervisor may decline",
            OWNER,
        ),
        Permission::AskWaiver => (
            "only the owner, a team lead or a supervisor may ask to let it go",
            OWNER,
        ),
        Permission::Waive => (
            "only a supervisor may let it go, and a compliance officer what a regulator requires",
            "supervisor, compliance_officer",
        ),
        Permission::WaiveOnesOwn => (
            "whoever asks to let it go can't be the one who agrees; ask another supervisor",
            "supervisor, compliance_officer (another one)",
        ),
        Permission::Supersede => (
            "only the owner, a team lead, a supervisor or an integration may say that another promise took \
             its place",
            "agent (the owner), team_lead, supervisor, integration",
        ),
        Permission::Confirm => (
            "only an agent, a team lead, a supervisor or an integration may say whether it was promised",
            "agent, team_lead, supervisor, integration",
        ),
        Permission::FulfilUrgent => (
            "it is overdue and of the highest priority: only a team lead or supervisor may say with a note \
             alone that it was kept",
            LEADS,
        ),
        Permission::Attempt => (
            "only an agent, a team lead, a supervisor or an integration may note an attempt",
            "agent, team_lead, supervisor, integration",
        ),
        Permission::Acknowledge => (
            "only an agent, a team lead or a supervisor may see to an alert",
            "agent, team_lead, supervisor",
        ),
        Permission::CloseAlert => ("only a supervisor may put an alert away", "supervisor"),
    }
}

/// What a policy asks for as proof, and in which field.
const fn proof(lacking: Lacking) -> (&'static str, &'static str) {
    match lacking {
        Lacking::Reached => (
            "note",
            "by its policy the promise is kept when the customer is reached; record the attempt that reached \
             them, or have a team lead say so with a note",
        ),
        Lacking::Attempts => (
            "note",
            "by its policy the promise is kept when the customer was reached or tried often enough; record the \
             attempts, or have a team lead say so with a note",
        ),
        Lacking::Message => (
            "evidence_message_id",
            "by its policy the promise is kept with a message; give the id of the message that was delivered",
        ),
        Lacking::Evidence => (
            "evidence_interaction_id",
            "by its policy the promise is kept when the case is resolved; give the contact or message in which \
             it was",
        ),
        Lacking::Note => (
            "note",
            "by its policy somebody says how the promise was kept; give a note",
        ),
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
        let state = |kind| {
            Self::State(State {
                commitment_id: commitment_id.to_owned(),
                kind,
            })
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
            Refusal::AttemptedInFuture => invalid(
                "attempted_at",
                FieldReason::InFuture,
                "it is more than five minutes ahead of our clock; check the sender's clock",
            ),
            Refusal::AttemptedBeforeMade => invalid(
                "attempted_at",
                FieldReason::OutOfRange,
                "it is earlier than the contact in which the promise was made; check the commitment",
            ),
            Refusal::NotProven(lacking) => {
                let (field, text) = proof(lacking);
                invalid(field, FieldReason::Required, text)
            }
            Refusal::PauseEndOutOfRange => invalid(
                "paused_until",
                FieldReason::OutOfRange,
                "a pause ends in the future, at most 1095 days ahead; give such a time, or leave it out",
            ),
            Refusal::PutOffOutOfRange => invalid(
                "until",
                FieldReason::OutOfRange,
                "an alert is put off to a time that lies ahead, within 24 hours; give such a time",
            ),
            Refusal::SupersededByItself => invalid(
                "superseded_by",
                FieldReason::Conflicting,
                "is the promise itself; name the one that took its place",
            ),
            Refusal::AlertOver => Self::AlertOver,
            Refusal::NotConfirmed => state(StateKind::NotConfirmed),
            Refusal::NotProposed => state(StateKind::NotProposed),
            Refusal::AlreadyPaused => state(StateKind::Paused),
            Refusal::NotPaused => state(StateKind::NotPaused),
            Refusal::PausedTooOften => state(StateKind::PausedTooOften),
            Refusal::AlreadyTheirs => state(StateKind::Theirs),
            Refusal::NoHandover => state(StateKind::NoHandover),
            Refusal::WaiverPending => state(StateKind::WaiverPending),
            Refusal::NoWaiver => state(StateKind::NoWaiver),
            // Nobody but the tracker asks for what is due.
            Refusal::NotYetDue => {
                Self::Unread(Unread::internal("a caller's wish was taken for a timer"))
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
            Self::State(_) => Reason::CommitmentState,
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
