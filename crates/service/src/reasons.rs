//! Every reason that a caller can be given, with its code. `docs/errors.md` has a row for each.

use crate::Code;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $code:ident;)*) => {
        /// Why a request failed. A reason's name and code are stable; never reuse one. What is
        /// wrong with single fields is said by `aftercall_domain::violation::Reason`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// All of them, in the order of `docs/errors.md`.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name, as it stands on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The status code that always goes with the reason.
            pub const fn code(self) -> Code {
                match self {
                    $(Self::$variant => Code::$code,)*
                }
            }
        }
    };
}

reasons! {
    /// One or more fields are wrong; each is named as a violation.
    InvalidRequest = "INVALID_REQUEST", InvalidArgument;
    /// A page token is not one that this list gave, or belongs to another query.
    PageTokenInvalid = "PAGE_TOKEN_INVALID", InvalidArgument;
    /// A position is not one that this log gave.
    PositionInvalid = "POSITION_INVALID", InvalidArgument;
    /// A position was told before this log was put back to an earlier state, and is of what it lost.
    PositionOfAnotherLife = "POSITION_OF_ANOTHER_LIFE", FailedPrecondition;
    /// There is no such method here.
    MethodUnknown = "METHOD_UNKNOWN", Unimplemented;
    /// A request is compressed in a way that is not taken.
    CompressionUnknown = "COMPRESSION_UNKNOWN", Unimplemented;
    /// A message or record is larger than is taken.
    MessageTooLarge = "MESSAGE_TOO_LARGE", InvalidArgument;
    /// No credentials, or none that are known.
    Unauthenticated = "UNAUTHENTICATED", Unauthenticated;
    /// The caller lacks a role.
    RoleRequired = "ROLE_REQUIRED", PermissionDenied;
    /// The tenant has no such interaction.
    InteractionNotFound = "INTERACTION_NOT_FOUND", NotFound;
    /// Too much has changed since the moment as of which something is asked.
    AsOfTooFarBack = "AS_OF_TOO_FAR_BACK", FailedPrecondition;
    /// The tenant has no such commitment.
    CommitmentNotFound = "COMMITMENT_NOT_FOUND", NotFound;
    /// The tenant has no such candidate.
    CandidateNotFound = "CANDIDATE_NOT_FOUND", NotFound;
    /// The tenant has no such solution.
    SolutionNotFound = "SOLUTION_NOT_FOUND", NotFound;
    /// The contact was not solved with that solution, or there is no such contact.
    LinkNotFound = "LINK_NOT_FOUND", NotFound;
    /// The tenant has no such setting.
    SettingNotFound = "SETTING_NOT_FOUND", NotFound;
    /// The tenant has no such webhook.
    WebhookNotFound = "WEBHOOK_NOT_FOUND", NotFound;
    /// The tenant has no such problem.
    ProblemNotFound = "PROBLEM_NOT_FOUND", NotFound;
    /// Nothing was done about the problem, or nothing of that number.
    ImprovementNotFound = "IMPROVEMENT_NOT_FOUND", NotFound;
    /// The tenant has no such calendar feed.
    CalendarFeedNotFound = "CALENDAR_FEED_NOT_FOUND", NotFound;
    /// The configuration says nowhere where calendar feeds are served.
    CalendarFeedsNotServed = "CALENDAR_FEEDS_NOT_SERVED", FailedPrecondition;
    /// The id was used before, for something else.
    RequestIdReused = "REQUEST_ID_REUSED", AlreadyExists;
    /// The commitment has been fulfilled or cancelled.
    CommitmentAlreadyClosed = "COMMITMENT_ALREADY_CLOSED", FailedPrecondition;
    /// The commitment has moved as often as it may.
    CommitmentMovedTooOften = "COMMITMENT_MOVED_TOO_OFTEN", FailedPrecondition;
    /// The commitment is, or is not, what it would have to be: the precondition says which.
    CommitmentState = "COMMITMENT_STATE", FailedPrecondition;
    /// The tenant has no such alert.
    AlertNotFound = "ALERT_NOT_FOUND", NotFound;
    /// The alert is over.
    AlertOver = "ALERT_OVER", FailedPrecondition;
    /// The contact's record has changed as often as it may.
    AmendedTooOften = "AMENDED_TOO_OFTEN", FailedPrecondition;
    /// The candidate has become a solution.
    CandidateAlreadyPromoted = "CANDIDATE_ALREADY_PROMOTED", FailedPrecondition;
    /// Somebody else has the candidate in hand.
    CandidateClaimed = "CANDIDATE_CLAIMED", FailedPrecondition;
    /// The candidate was decided on, so that this can't be done with it.
    CandidateState = "CANDIDATE_STATE", FailedPrecondition;
    /// The words to publish seem to be personal in part.
    PersonalWords = "PERSONAL_WORDS", FailedPrecondition;
    /// The solution has no such version.
    VersionNotFound = "VERSION_NOT_FOUND", NotFound;
    /// Several solutions have the number that one was asked for by.
    SolutionNumberShared = "SOLUTION_NUMBER_SHARED", FailedPrecondition;
    /// The solution has no such flag.
    FlagNotFound = "FLAG_NOT_FOUND", NotFound;
    /// The version was not recalled.
    RecallNotFound = "RECALL_NOT_FOUND", NotFound;
    /// The solution or its version is not as it would have to be: the precondition says how.
    SolutionState = "SOLUTION_STATE", FailedPrecondition;
    /// Somebody works on a version of the solution.
    DraftOpen = "DRAFT_OPEN", FailedPrecondition;
    /// The version lacks what it must have to be reviewed or published.
    SolutionIncomplete = "SOLUTION_INCOMPLETE", FailedPrecondition;
    /// The version is for more people than the caller may publish for.
    AudienceTooWide = "AUDIENCE_TOO_WIDE", PermissionDenied;
    /// The caller wrote the version or handed it in, and it needs the eyes of somebody else.
    OwnWork = "OWN_WORK", PermissionDenied;
    /// The caller took the contact whose root cause is to be said.
    RootCauseBySamePerson = "ROOT_CAUSE_BY_SAME_PERSON", PermissionDenied;
    /// The version is somebody else's draft.
    NotAuthor = "NOT_AUTHOR", PermissionDenied;
    /// The solution has to be verified again before it is live.
    VerificationDue = "VERIFICATION_DUE", FailedPrecondition;
    /// The solutions, or a candidate and its solution, are of different clients.
    MergeAcrossClients = "MERGE_ACROSS_CLIENTS", FailedPrecondition;
    /// The solutions are in different languages.
    MergeAcrossLanguages = "MERGE_ACROSS_LANGUAGES", FailedPrecondition;
    /// The solution would lead to itself.
    RedirectCyclic = "REDIRECT_CYCLIC", FailedPrecondition;
    /// The solution would lead to one that is for fewer people.
    RedirectNarrower = "REDIRECT_NARROWER", FailedPrecondition;
    /// So many solutions were merged into one already.
    MergedTooMany = "MERGED_TOO_MANY", FailedPrecondition;
    /// The time in which a merge may be undone is over.
    UnmergeTooLate = "UNMERGE_TOO_LATE", FailedPrecondition;
    /// The solution has been changed as often as it may.
    SolutionChangedTooOften = "SOLUTION_CHANGED_TOO_OFTEN", FailedPrecondition;
    /// The flag was judged already.
    FlagResolved = "FLAG_RESOLVED", FailedPrecondition;
    /// The version is not the one that is live.
    VersionNotLive = "VERSION_NOT_LIVE", FailedPrecondition;
    /// The two customers are merged.
    CustomersAlreadyMerged = "CUSTOMERS_ALREADY_MERGED", FailedPrecondition;
    /// The two customers are not merged.
    CustomersNotMerged = "CUSTOMERS_NOT_MERGED", FailedPrecondition;
    /// The configuration names no key by which secrets are sealed.
    SecretsKeyMissing = "SECRETS_KEY_MISSING", FailedPrecondition;
    /// The configuration names no server of mail.
    MailNotConfigured = "MAIL_NOT_CONFIGURED", FailedPrecondition;
    /// The staged holidays were approved or rejected.
    HolidaysDecided = "HOLIDAYS_DECIDED", FailedPrecondition;
    /// The server has no key to sign exports by.
    ExportKeyMissing = "EXPORT_KEY_MISSING", FailedPrecondition;
    /// A token of an export is not this server's, or somebody else's.
    ExportTokenInvalid = "EXPORT_TOKEN_INVALID", InvalidArgument;
    /// An export would have more contacts or files than one may.
    ExportTooLarge = "EXPORT_TOO_LARGE", FailedPrecondition;
    /// More contacts fit the part of a filter that another view knows than are looked up in it.
    FilterTooWide = "FILTER_TOO_WIDE", FailedPrecondition;
    /// Part of a filter is known to a service that does not run in this process.
    FilterNotServed = "FILTER_NOT_SERVED", FailedPrecondition;
    /// The time in which the caller may amend the record is over.
    AmendmentTooLate = "AMENDMENT_TOO_LATE", FailedPrecondition;
    /// `expected_version` is not the current version.
    VersionMismatch = "VERSION_MISMATCH", Aborted;
    /// `expected_sequence` is not how the solution stands.
    SequenceStale = "SEQUENCE_STALE", Aborted;
    /// More requests are in flight than the server takes.
    TooManyRequests = "TOO_MANY_REQUESTS", ResourceExhausted;
    /// As many exports run as may.
    TooManyExports = "TOO_MANY_EXPORTS", ResourceExhausted;
    /// Writes arrive faster than the view follows; nothing was written.
    ViewBehind = "VIEW_BEHIND", ResourceExhausted;
    /// The log's queue is full; nothing was written.
    LogQueueFull = "LOG_QUEUE_FULL", ResourceExhausted;
    /// The log's disk is full; nothing was written.
    LogDiskFull = "LOG_DISK_FULL", ResourceExhausted;
    /// The log can't be reached; nothing was written.
    LogUnavailable = "LOG_UNAVAILABLE", Unavailable;
    /// It is not known in time whether a write was made, or counts; a retry is harmless.
    WriteInDoubt = "WRITE_IN_DOUBT", Unavailable;
    /// The view is being built, or was stopped.
    ViewUnavailable = "VIEW_UNAVAILABLE", Unavailable;
    /// The server stops; a stream has to be opened again.
    ServerStopping = "SERVER_STOPPING", Unavailable;
    /// The process that serves it is not reached, or went away before it had answered.
    ServiceUnreached = "SERVICE_UNREACHED", Unavailable;
    /// The view did not reach `min_position` in time.
    PositionNotReached = "POSITION_NOT_REACHED", DeadlineExceeded;
    /// A shadow run did not come to its end in time. The same request again would not, either.
    ShadowNotFinished = "SHADOW_NOT_FINISHED", FailedPrecondition;
    /// The request took longer than it may.
    RequestTimeout = "REQUEST_TIMEOUT", DeadlineExceeded;
    /// A fault of the server.
    Internal = "INTERNAL", Internal;
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
