//! Who may call what: one table of all methods, which the server asks before it reads a message.
//! `docs/permissions.md` is the same table for people, and a test compares them.
//!
//! What depends on more than the caller's roles (whose record it is, how old it is, who owns a
//! promise) is decided by the service that knows it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Role;
use crate::Role::{
    Agent, Auditor, ComplianceOfficer, Integration, KbCandidate, KbCoach, KbContributor,
    KbDomainExpert, KbPublisher, Operator, PrivacyOfficer, QaAnalyst, Supervisor, TeamLead,
    TenantAdmin,
};

/// Who records contacts: those who have them, and the systems that carry them.
const RECORDING: &[Role] = &[Agent, TeamLead, Supervisor, Integration];

/// Who may correct a record; until when, and whose, depends on the record.
const AMENDING: &[Role] = &[Agent, TeamLead, ComplianceOfficer, Integration];

/// Who may say whose contact it is: those who talk with customers, and the systems that know them.
const IDENTIFYING: &[Role] = &[Agent, TeamLead, Supervisor, ComplianceOfficer, Integration];

/// Who may say that two customers are one, or are not.
const MERGING: &[Role] = &[TeamLead, Supervisor, ComplianceOfficer, Integration];

/// Who reads what customers said: everybody but administrators, who set the house up and have no
/// business with its talks, and our own timers, which read no words.
const READING: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    QaAnalyst,
    KbCandidate,
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    ComplianceOfficer,
    PrivacyOfficer,
    Integration,
    Auditor,
];

/// Who reads promises and alerts: everybody whose work is with customers, or to watch over it.
const FOLLOWING: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    QaAnalyst,
    ComplianceOfficer,
    PrivacyOfficer,
    Integration,
    Auditor,
];

/// Who may say that a promise was kept; an agent only of an own one.
const FULFILLING: &[Role] = &[Agent, TeamLead, Supervisor, Integration];

/// Who may call a promise off or move it; an agent only an own one, and not in every state.
const CHANGING: &[Role] = &[Agent, TeamLead, Supervisor];

/// Who may give away what others keep, and take up again what has ended.
const LEADING: &[Role] = &[TeamLead, Supervisor];

/// Who may let a promise go; what a regulator requires only a compliance officer.
const WAIVING: &[Role] = &[Supervisor, ComplianceOfficer];

/// Who may take back that a promise is to be let go: who decides on it, and who asked for it.
const DECLINING: &[Role] = &[Agent, TeamLead, Supervisor, ComplianceOfficer];

/// Who may do anything with promises; the command decides whether they may do it.
const ACTING: &[Role] = &[Agent, TeamLead, Supervisor, ComplianceOfficer, Integration];
/// Who sees and revokes calendars of promises: an agent the own, who leads those of their people, and whoever sets
/// the house up all of them.
const CALENDAR_FEEDS: &[Role] = &[Agent, TeamLead, Supervisor, TenantAdmin];

/// Who may put an alert away although its condition holds.
const CLOSING: &[Role] = &[Supervisor];

/// Who sets a tenant's house up; a supervisor silences alone.
const SETTING_UP: &[Role] = &[Supervisor, TenantAdmin];

/// Who sets up what supervisors don't.
const ADMINISTERING: &[Role] = &[TenantAdmin];

/// Who reads how it is set up: everybody whose promises are reckoned by it, and who sets it up.
const SEEING_SETTINGS: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    QaAnalyst,
    ComplianceOfficer,
    PrivacyOfficer,
    Integration,
    Auditor,
    TenantAdmin,
];

/// Who sees whom the house tells of what happens, and whether that arrives.
const SEEING_WEBHOOKS: &[Role] = &[TenantAdmin, PrivacyOfficer, Integration, Auditor];

/// Who has the whole log, of all tenants, in hand.
const OPERATING: &[Role] = &[Operator];

/// Who makes answers for others.
const PUBLISHING: &[Role] = &[
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    Supervisor,
];

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
            ("IdentifyInteraction", IDENTIFYING),
            ("MergeCustomers", MERGING),
            ("UnmergeCustomers", MERGING),
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
            ("PromoteCandidate", PUBLISHING),
            ("GetSolution", READING),
            ("ListSolutions", READING),
            ("SuggestSolutions", READING),
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
