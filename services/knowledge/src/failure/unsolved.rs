//! Why a command on a solution is not done as the solution stands.

use aftercall_domain::Violations;
use aftercall_domain::limits::{MERGED_SOLUTIONS_MAX, UNMERGE_DAYS_MAX};
use aftercall_domain::solution::{Audience, Barred, Refused, Right, VersionState};
use aftercall_service::{Failure, Precondition, Principal, Reason, Role};

use super::Error;

/// Why a command on a solution is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsolved {
    #[error(
        "the solution is at sequence {is}, and {expected} was expected: somebody has changed it since; read it \
         again, and decide anew"
    )]
    SequenceStale { expected: u64, is: u64 },
    #[error("{0}")]
    State(String),
    #[error(
        "version {version} of the solution is worked on; publish it, or discard it, and repeat the request"
    )]
    DraftOpen { version: u32 },
    #[error("the version lacks what it must have: {0}; edit the draft")]
    Incomplete(Violations),
    #[error(
        "the version is for the audience {}, and you may publish for INTERNAL at most; ask somebody with the \
         role kb_publisher", .0.name()
    )]
    AudienceTooWide(Audience),
    #[error(
        "you wrote the version or handed it in, and what is COMPLIANCE_BASED needs the eyes of another \
         compliance officer"
    )]
    OwnWork,
    #[error(
        "the version is somebody else's; ask who wrote it, or somebody with the role kb_contributor"
    )]
    NotAuthor,
    #[error(
        "the time by which the solution had to be verified is over; check it, and send what you checked it \
         against as verified_against, and until when that holds as verify_by"
    )]
    VerificationDue,
    #[error("they are of different clients; write a solution for each")]
    AcrossClients,
    #[error("the solutions are in different languages; keep both, and say translation_of")]
    AcrossLanguages,
    #[error("the solution would lead to itself; name another one")]
    RedirectCyclic,
    #[error(
        "the other solution is for fewer people, or for another team: who reads this one would not find it; \
         name one that is for as many"
    )]
    RedirectNarrower,
    #[error("{MERGED_SOLUTIONS_MAX} solutions were merged into this one; begin a new one")]
    MergedTooMany,
    #[error(
        "a merge can be undone within {UNMERGE_DAYS_MAX} days, and this one is older; draft a new solution in its \
         place"
    )]
    UnmergeTooLate,
    #[error(
        "somebody has judged the flag already; read it, and raise another one if it is still so"
    )]
    FlagResolved,
    #[error(
        "version {version} is not live, and only what is live is verified or vouched for; name version {live}"
    )]
    NotLive { version: u32, live: u32 },
    #[error(
        "the solution was changed as often as it may be; begin a new one, and merge this into it"
    )]
    ChangedTooOften,
}

/// States in words: "a draft or in review".
fn either(states: &[VersionState]) -> String {
    let words: Vec<_> = states.iter().map(|state| state.words()).collect();
    words.join(" or ")
}

impl Failure for Unsolved {
    fn reason(&self) -> Reason {
        match self {
            Self::SequenceStale { .. } => Reason::SequenceStale,
            Self::State(_) => Reason::SolutionState,
            Self::DraftOpen { .. } => Reason::DraftOpen,
            Self::Incomplete(_) => Reason::SolutionIncomplete,
            Self::AudienceTooWide(_) => Reason::AudienceTooWide,
            Self::OwnWork => Reason::OwnWork,
            Self::NotAuthor => Reason::NotAuthor,
            Self::VerificationDue => Reason::VerificationDue,
            Self::AcrossClients => Reason::MergeAcrossClients,
            Self::AcrossLanguages => Reason::MergeAcrossLanguages,
            Self::RedirectCyclic => Reason::RedirectCyclic,
            Self::RedirectNarrower => Reason::RedirectNarrower,
            Self::MergedTooMany => Reason::MergedTooMany,
            Self::UnmergeTooLate => Reason::UnmergeTooLate,
            Self::FlagResolved => Reason::FlagResolved,
            Self::NotLive { .. } => Reason::VersionNotLive,
            Self::ChangedTooOften => Reason::SolutionChangedTooOften,
        }
    }

    fn preconditions(&self) -> Vec<Precondition> {
        let Self::Incomplete(lacks) = self else {
            return Vec::new();
        };
        let lacks = lacks.as_slice().iter();
        let conditions = lacks.map(|one| Precondition {
            kind: one.reason.as_str(),
            subject: one.field.clone(),
            description: one.description.clone().into(),
        });
        conditions.collect()
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::SequenceStale { is, .. } => vec![("sequence", is.to_string())],
            Self::NotLive { live, .. } => vec![("live_version", live.to_string())],
            Self::DraftOpen { version } => vec![("draft_version", version.to_string())],
            _ => Vec::new(),
        }
    }
}

/// The roles that give a right.
fn roles(right: Right) -> &'static [Role] {
    match right {
        Right::Draft => DRAFTING,
        Right::Contribute => CONTRIBUTING,
        Right::Publish => &[Role::KbPublisher],
        Right::Recall => &[Role::KbDomainExpert, Role::ComplianceOfficer],
        Right::Comply => &[Role::ComplianceOfficer],
    }
}

/// Who writes drafts.
pub(crate) const DRAFTING: &[Role] = &[
    Role::KbCandidate,
    Role::KbContributor,
    Role::KbPublisher,
    Role::KbCoach,
    Role::KbDomainExpert,
    Role::Supervisor,
    Role::ComplianceOfficer,
];

/// Who approves, and publishes within the house.
pub(crate) const CONTRIBUTING: &[Role] = &[
    Role::KbContributor,
    Role::KbPublisher,
    Role::KbCoach,
    Role::KbDomainExpert,
    Role::Supervisor,
];

/// Why `by` is refused.
pub(crate) fn refused(refused: Refused, by: &Principal) -> Error {
    let unsolved = match refused {
        Refused::Barred(Barred::Lacks(right)) => match by.require_any(roles(right)) {
            Err(forbidden) => return forbidden.into(),
            // The right is somebody's who has one of the roles, so this is not met.
            Ok(()) => return Error::internal("a right and its roles differ"),
        },
        Refused::Barred(Barred::AudienceTooWide(audience)) => Unsolved::AudienceTooWide(audience),
        Refused::Barred(Barred::OwnWork) => Unsolved::OwnWork,
        Refused::Barred(Barred::NotAuthor) => Unsolved::NotAuthor,
        Refused::WrongState {
            version,
            is,
            wanted,
        } => Unsolved::State(format!(
            "version {version} is {}, and would have to be {}; list the solution's versions",
            is.words(),
            either(wanted)
        )),
        Refused::NothingLive => Unsolved::State(
            "no version of the solution is live; publish one, and repeat the request".to_owned(),
        ),
        Refused::Ended(state) => Unsolved::State(format!(
            "the solution is {}; restore or unmerge it, or go on with the one that takes its place",
            state.words()
        )),
        Refused::NotEnded(state) => Unsolved::State(format!(
            "the solution is not {}, so that there is nothing to undo",
            state.words()
        )),
        Refused::DraftOpen(version) => Unsolved::DraftOpen { version },
        Refused::VerificationDue => Unsolved::VerificationDue,
        Refused::UnmergeTooLate => Unsolved::UnmergeTooLate,
        Refused::ChangedTooOften => Unsolved::ChangedTooOften,
        Refused::NothingMore => Unsolved::State(
            "the version was recalled, and no more is said of it than there was; say a worse harm class, or a \
             correction where there is none"
                .to_owned(),
        ),
        Refused::PromisedAlready => Unsolved::State(
            "it is promised already to put right what was told by the version, and that stays as it was promised; \
             leave the correction out"
                .to_owned(),
        ),
    };
    unsolved.into()
}
