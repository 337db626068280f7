//! Who may call what: one table of all methods, which the server asks before it reads a message.
//! `docs/permissions.md` is the same table for people, and a test compares them.
//!
//! What depends on more than the caller's roles (whose record it is, how old it is, who owns a
//! promise) is decided by the service that knows it.

mod who;

use std::collections::HashMap;
use std::sync::Arc;

use crate::Role;
use who::{
    ACTING, ADMINISTERING, AMENDING, ANALYSING, APPROVING, ATTRIBUTING, CALENDAR_FEEDS, CHANGING,
    CLOSING, COPYING, DECLINING, DRAFTING, EXPORTING, FLAGGING, FOLLOWING, FULFILLING, IDENTIFYING,
    IMPROVING, JUDGING, LEADING, MEASURING, MERGING, MERGING_SOLUTIONS, OPERATING, PUBLISHING,
    READING, RECALLING, RECORDING, REVIVING, SEARCHING, SEEING_SETTINGS, SEEING_WEBHOOKS,
    SETTING_UP, VERIFYING, WAIVING, WORKING_ON_SOLUTIONS,
};

/// A service's methods, each with the roles of which a caller needs one.
type Methods = &'static [(&'static str, &'static [Role])];

/// Every method of every service.
const TABLE: &[(&str, Methods)] = &[
    (
        "aftercall.recorder.v1.RecorderService",
        &[
            ("RecordInteraction", RECORDING),
            ("RecordInteractions", RECORDING),
            ("AmendInteraction", AMENDING),
            ("AnalyseInteraction", ANALYSING),
            ("ScoreText", ANALYSING),
            ("FindPromises", ANALYSING),
            ("IdentifyInteraction", IDENTIFYING),
            ("MergeCustomers", MERGING),
            ("UnmergeCustomers", MERGING),
        ],
    ),
    (
        "aftercall.recorder.v1.CallService",
        &[
            ("ReportCallEvents", RECORDING),
            ("BatchReportCallEvents", RECORDING),
        ],
    ),
    (
        "aftercall.followups.v1.LiveCallService",
        &[
            ("WatchCalls", FOLLOWING),
            ("ListIncompleteCalls", FOLLOWING),
            ("JudgeCallDrop", MERGING),
            ("SaveWrapUp", RECORDING),
        ],
    ),
    (
        "aftercall.history.v1.HistoryService",
        &[
            ("GetInteraction", READING),
            ("BatchGetInteractions", READING),
            ("ListAmendments", READING),
            ("GetCustomerContext", READING),
            ("ListTimeline", READING),
            ("SearchInteractions", READING),
            ("FindCustomers", READING),
        ],
    ),
    (
        "aftercall.history.v1.ExportService",
        &[
            ("ExportInteractions", EXPORTING),
            ("GetExportKey", EXPORTING),
        ],
    ),
    (
        "aftercall.insight.v1.InsightService",
        &[
            ("Aggregate", MEASURING),
            ("ListContacts", MEASURING),
            ("CompareDrivers", MEASURING),
            ("CountRepeatContacts", MEASURING),
            ("AttributeCause", ATTRIBUTING),
            ("ListSlipUps", MEASURING),
            ("ListCustomerSlipUps", MEASURING),
            ("MeasureFairClocks", MEASURING),
            ("ListFairClocks", MEASURING),
        ],
    ),
    (
        "aftercall.insight.v1.ProblemService",
        &[
            ("CreateProblem", ATTRIBUTING),
            ("UpdateProblem", ATTRIBUTING),
            ("RecordImprovement", ATTRIBUTING),
            ("GetProblem", MEASURING),
            ("ListProblems", MEASURING),
            ("ListProblemVersions", MEASURING),
            ("MeasureImprovement", MEASURING),
        ],
    ),
    (
        "aftercall.followups.v1.FollowupService",
        &[
            ("GetCommitment", FOLLOWING),
            ("ListCommitments", FOLLOWING),
            ("CountCommitments", FOLLOWING),
            ("WatchCommitments", FOLLOWING),
            ("CountRepeats", FOLLOWING),
            ("ListReschedules", FOLLOWING),
            ("FulfilCommitment", FULFILLING),
            ("PreviewDue", SEEING_SETTINGS),
            ("ExplainDue", FOLLOWING),
            ("CancelCommitment", CHANGING),
            ("RescheduleCommitment", CHANGING),
            ("MakeCommitment", RECORDING),
            ("ReopenCommitment", LEADING),
            ("SetDependencies", CHANGING),
            ("EndRecurrence", CHANGING),
            ("ConfirmCommitment", FULFILLING),
            ("DismissCommitment", FULFILLING),
            ("PauseCommitment", CHANGING),
            ("ResumeCommitment", CHANGING),
            ("ReassignCommitment", CHANGING),
            ("ReassignAll", LEADING),
            ("BatchCommitments", ACTING),
            ("RetargetOpen", SETTING_UP),
            ("AcceptHandover", CHANGING),
            ("EndHandover", CHANGING),
            ("RecordAttempt", FULFILLING),
            ("RequestWaiver", CHANGING),
            ("WaiveCommitment", WAIVING),
            ("DeclineWaiver", DECLINING),
            ("SupersedeCommitment", FULFILLING),
        ],
    ),
    (
        "aftercall.alerts.v1.AlertService",
        &[
            ("ListAlerts", FOLLOWING),
            ("WatchAlerts", FOLLOWING),
            ("AcknowledgeAlert", CHANGING),
            ("SnoozeAlert", CHANGING),
            ("CloseAlert", CLOSING),
            ("ExplainAlert", FOLLOWING),
            ("TestRoute", SEEING_SETTINGS),
        ],
    ),
    (
        "aftercall.followups.v1.CalendarFeedService",
        &[
            ("CreateCalendarFeed", CHANGING),
            ("ListCalendarFeeds", CALENDAR_FEEDS),
            ("RevokeCalendarFeed", CALENDAR_FEEDS),
        ],
    ),
    (
        "aftercall.knowledge.v1.KnowledgeService",
        &[
            ("ListCandidates", READING),
            ("GetCandidate", READING),
            ("CaptureFromCase", DRAFTING),
            ("ClaimCandidate", PUBLISHING),
            ("ReleaseCandidate", PUBLISHING),
            ("PutOffCandidate", PUBLISHING),
            ("RejectCandidate", PUBLISHING),
            ("MergeCandidate", PUBLISHING),
            ("PromoteCandidate", PUBLISHING),
            ("GetSolution", READING),
            ("ListSolutions", READING),
            ("SuggestSolutions", READING),
        ],
    ),
    (
        "aftercall.knowledge.v1.SolutionService",
        &[
            ("DraftSolution", DRAFTING),
            ("EditDraft", DRAFTING),
            ("SubmitForReview", DRAFTING),
            ("RequestChanges", DRAFTING),
            ("TakeBack", DRAFTING),
            ("DiscardDraft", DRAFTING),
            ("ApproveVersion", APPROVING),
            ("PublishVersion", APPROVING),
            ("RollBack", REVIVING),
            ("RetireSolution", DRAFTING),
            ("RestoreSolution", REVIVING),
            ("MergeSolutions", MERGING_SOLUTIONS),
            ("UnmergeSolution", MERGING_SOLUTIONS),
            ("GetSolutionVersion", READING),
            ("ListVersions", WORKING_ON_SOLUTIONS),
            ("DiffVersions", WORKING_ON_SOLUTIONS),
            ("ListChanges", WORKING_ON_SOLUTIONS),
        ],
    ),
    (
        "aftercall.knowledge.v1.SearchService",
        &[
            ("SearchSolutions", READING),
            ("ReportSearch", SEARCHING),
            ("ListStruggles", IMPROVING),
            ("ListStruggleEvidence", IMPROVING),
            ("KnowledgeReport", IMPROVING),
            ("SampleLinks", JUDGING),
            ("JudgeLink", JUDGING),
        ],
    ),
    (
        "aftercall.knowledge.v1.EvidenceService",
        &[
            ("ListUses", READING),
            ("ListVersionStats", READING),
            ("FlagSolution", FLAGGING),
            ("ResolveFlag", PUBLISHING),
            ("ListFlags", WORKING_ON_SOLUTIONS),
            ("VerifySolution", VERIFYING),
            ("ValidateSolution", VERIFYING),
            ("ListReviewQueue", WORKING_ON_SOLUTIONS),
            ("RecallVersion", RECALLING),
            ("GetRecall", READING),
            ("ListRecalled", READING),
        ],
    ),
    (
        "aftercall.settings.v1.SettingsService",
        &[
            ("ChangeSettings", SETTING_UP),
            ("StageHolidays", ADMINISTERING),
            ("ApproveHolidays", ADMINISTERING),
            ("RejectHolidays", ADMINISTERING),
            ("ShadowPolicies", ADMINISTERING),
            ("GetSetting", SEEING_SETTINGS),
            ("ListSettings", SEEING_SETTINGS),
            ("ListSettingVersions", SEEING_SETTINGS),
        ],
    ),
    (
        "aftercall.notify.v1.WebhookService",
        &[
            ("CreateWebhook", ADMINISTERING),
            ("GetWebhook", SEEING_WEBHOOKS),
            ("ListWebhooks", SEEING_WEBHOOKS),
            ("UpdateWebhook", ADMINISTERING),
            ("RotateWebhookKey", ADMINISTERING),
            ("TestWebhook", ADMINISTERING),
            ("ListWebhookDeliveries", SEEING_WEBHOOKS),
            ("ReplayWebhook", ADMINISTERING),
        ],
    ),
    (
        "aftercall.notify.v1.EventService",
        &[("SubscribeEvents", COPYING)],
    ),
    (
        "aftercall.notify.v1.MailService",
        &[("TestMail", ADMINISTERING)],
    ),
    (
        "aftercall.operations.v1.OperationsService",
        &[("BackupLog", OPERATING)],
    ),
];

/// The roles that each method asks for. Cheap to clone. The default is aftercall's own table.
#[derive(Debug, Clone)]
pub struct Permissions(Arc<HashMap<String, &'static [Role]>>);

impl Permissions {
    /// The roles that read measures: whoever asks another service for the contacts behind a number needs one of them, too.
    /// Each of them may search.
    pub const MEASURING: &'static [Role] = MEASURING;

    /// The roles by a method's path, as in `/aftercall.history.v1.HistoryService/GetInteraction`.
    pub fn new(methods: impl IntoIterator<Item = (String, &'static [Role])>) -> Self {
        Self(Arc::new(methods.into_iter().collect()))
    }

    /// The roles of which a caller of the method at `path` needs one. None for what is no method:
    /// nobody may call that.
    pub fn of(&self, path: &str) -> Option<&'static [Role]> {
        self.0.get(path).copied()
    }

    /// All methods by their paths, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'static [Role])> {
        self.0.iter().map(|(path, roles)| (path.as_str(), *roles))
    }
}

impl Default for Permissions {
    fn default() -> Self {
        let services = TABLE.iter();
        Self::new(services.flat_map(|(service, methods)| {
            let methods = methods.iter();
            methods.map(move |(method, roles)| (format!("/{service}/{method}"), *roles))
        }))
    }
}
