//! Who may do what, by the roles of a caller: lists that many methods share.

use crate::Role::{
    self, Agent, Auditor, ComplianceOfficer, Integration, KbCandidate, KbCoach, KbContributor,
    KbDomainExpert, KbPublisher, Operator, PrivacyOfficer, QaAnalyst, Supervisor, TeamLead,
    TenantAdmin,
};

/// Who records contacts: those who have them, and the systems that carry them.
pub(super) const RECORDING: &[Role] = &[Agent, TeamLead, Supervisor, Integration];

/// Who may correct a record; until when, and whose, depends on the record.
pub(super) const AMENDING: &[Role] = &[Agent, TeamLead, ComplianceOfficer, Integration];

/// Who may add to a contact what they found in it later; an agent only to the own one, for a day.
pub(super) const ANALYSING: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    QaAnalyst,
    ComplianceOfficer,
    Integration,
];

/// Who may say whose contact it is: those who talk with customers, and the systems that know them.
pub(super) const IDENTIFYING: &[Role] =
    &[Agent, TeamLead, Supervisor, ComplianceOfficer, Integration];

/// Who may say that two customers are one, or are not.
pub(super) const MERGING: &[Role] = &[TeamLead, Supervisor, ComplianceOfficer, Integration];

/// Who reads what customers said: everybody but administrators, who set the house up and have no
/// business with its talks, and our own timers, which read no words.
pub(super) const READING: &[Role] = &[
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
pub(super) const FOLLOWING: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    QaAnalyst,
    ComplianceOfficer,
    PrivacyOfficer,
    Integration,
    Auditor,
];

/// Who may take all events of a tenant away: programs of the house, and those who look into everything.
pub(super) const COPYING: &[Role] = &[ComplianceOfficer, Integration, Auditor];

/// Who takes contacts home in bulk: who leads a site, what lies in it; and those who look into everything.
pub(super) const EXPORTING: &[Role] = &[Supervisor, ComplianceOfficer, PrivacyOfficer, Auditor];

/// Who reads measures, of the contacts that they may read.
pub(super) const MEASURING: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    QaAnalyst,
    KbCoach,
    ComplianceOfficer,
    Integration,
    Auditor,
];

/// Who looks into contacts later, and says what their cause was.
pub(super) const ATTRIBUTING: &[Role] = &[TeamLead, Supervisor, QaAnalyst, ComplianceOfficer];

/// Who may say that a promise was kept; an agent only of an own one.
pub(super) const FULFILLING: &[Role] = &[Agent, TeamLead, Supervisor, Integration];

/// Who may call a promise off or move it; an agent only an own one, and not in every state.
pub(super) const CHANGING: &[Role] = &[Agent, TeamLead, Supervisor];

/// Who may give away what others keep, and take up again what has ended.
pub(super) const LEADING: &[Role] = &[TeamLead, Supervisor];

/// Who may let a promise go; what a regulator requires only a compliance officer.
pub(super) const WAIVING: &[Role] = &[Supervisor, ComplianceOfficer];

/// Who may take back that a promise is to be let go: who decides on it, and who asked for it.
pub(super) const DECLINING: &[Role] = &[Agent, TeamLead, Supervisor, ComplianceOfficer];

/// Who may do anything with promises; the command decides whether they may do it.
pub(super) const ACTING: &[Role] = &[Agent, TeamLead, Supervisor, ComplianceOfficer, Integration];
/// Who sees and revokes calendars of promises: an agent the own, who leads those of their people, and whoever sets
/// the house up all of them.
pub(super) const CALENDAR_FEEDS: &[Role] = &[Agent, TeamLead, Supervisor, TenantAdmin];

/// Who may put an alert away although its condition holds.
pub(super) const CLOSING: &[Role] = &[Supervisor];

/// Who sets a tenant's house up; a supervisor silences alone.
pub(super) const SETTING_UP: &[Role] = &[Supervisor, TenantAdmin];

/// Who sets up what supervisors don't.
pub(super) const ADMINISTERING: &[Role] = &[TenantAdmin];

/// Who reads how it is set up: everybody whose promises are reckoned by it, and who sets it up.
pub(super) const SEEING_SETTINGS: &[Role] = &[
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
pub(super) const SEEING_WEBHOOKS: &[Role] = &[TenantAdmin, PrivacyOfficer, Integration, Auditor];

/// Who has the whole log, of all tenants, in hand.
pub(super) const OPERATING: &[Role] = &[Operator];

/// Who makes answers for others.
pub(super) const PUBLISHING: &[Role] = &[
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    Supervisor,
];

/// Who writes drafts of answers.
pub(super) const DRAFTING: &[Role] = &[
    KbCandidate,
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    Supervisor,
    ComplianceOfficer,
];

/// Who approves and publishes versions; which of them, depends on the version.
pub(super) const APPROVING: &[Role] = &[
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    Supervisor,
    ComplianceOfficer,
];

/// Who makes live again what was; what is governed by compliance only its officer.
pub(super) const REVIVING: &[Role] = &[KbPublisher, ComplianceOfficer];

/// Who says that two solutions are one, or are not.
pub(super) const MERGING_SOLUTIONS: &[Role] = &[KbPublisher];

/// Who sees how solutions are worked on, beside those who read what is published.
pub(super) const WORKING_ON_SOLUTIONS: &[Role] = &[
    KbCandidate,
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    Supervisor,
    ComplianceOfficer,
    Auditor,
];

/// Who says that a solution is wrong: who uses them, and who works on them.
pub(super) const FLAGGING: &[Role] = &[
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
    Integration,
];

/// Who says that a solution was checked against its sources, and who vouches for it; of which, depends on its rules.
pub(super) const VERIFYING: &[Role] = &[
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    Supervisor,
    ComplianceOfficer,
];

/// Who says what came of a search: those who search while they talk with customers or write answers, and the systems
/// that search for them.
pub(super) const SEARCHING: &[Role] = &[
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
    Integration,
];

/// Who sees what can't be answered, and what answers are good for: those who lead, and those who write.
pub(super) const IMPROVING: &[Role] = &[
    TeamLead,
    Supervisor,
    QaAnalyst,
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    ComplianceOfficer,
    Auditor,
];

/// Who judges whether answers were the right ones.
pub(super) const JUDGING: &[Role] = &[
    Supervisor,
    QaAnalyst,
    KbContributor,
    KbPublisher,
    KbCoach,
    KbDomainExpert,
    ComplianceOfficer,
];

/// Who takes back what was found wrong.
pub(super) const RECALLING: &[Role] = &[KbDomainExpert, ComplianceOfficer];
