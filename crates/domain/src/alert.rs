//! Alerts: what needs a human, in episodes, as those see it whom it concerns.
//!
//! An alert is about one [`Subject`]. If that is a promise, its aggregate holds the alert's state ([`Episode`]): so an alert
//! has no race of its own, and what is done about it is an event of its promise. What is about a contact or a customer is
//! an aggregate of its own, a [`Concern`](crate::concern::Concern), whose events are the alert's. A
//! lapse that the fold notes for itself, as for imported history, raises none: by then nobody can act on
//! it any more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::Parties;
use crate::commitment::{
    AlertState, Clock, Commitment, CommitmentKind, Episode, Escalation, Owner, Priority, WentOn,
};
use crate::ids::Namespace;
use crate::interaction::{SignalKind, SignalSource};
use crate::measure::Slip;

/// The label that names a promise's kind.
pub const LABEL_KIND: &str = "kind";
/// The label that names a promise's priority.
pub const LABEL_PRIORITY: &str = "priority";
/// The label that names the condition.
pub const LABEL_RULE: &str = "rule";
/// The label that says how bad it is.
pub const LABEL_SEVERITY: &str = "severity";
/// The label that names the team that should act.
pub const LABEL_TEAM: &str = "team";
/// The label that names the site of the agent in whose contact it began.
pub const LABEL_SITE: &str = "site";

/// Something that needs a human: an episode of a condition on one subject. Holds nothing personal.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// The episode's id.
    pub alert_id: Uuid,
    /// The condition and its subject: the same for all episodes.
    pub alert_key: Uuid,
    /// 1 at first, one more whenever it fires again.
    pub episode_no: u32,
    /// Which condition.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// Which customer it concerns; none where nobody is identified.
    pub customer_id: Option<String>,
    /// Who should act.
    pub owner: Option<Owner>,
    /// The team that should act: the owner's, or if it isn't known, that of the agent in whose contact
    /// it began. May be empty.
    pub team_id: String,
    /// Who has a part in what it is about: it is for them to see.
    pub parties: Parties,
    /// What else the rule says of it, by name.
    pub labels: BTreeMap<String, String>,
    /// For how many reasons it has fired: 1 at first, one more with each that is news.
    pub reason_no: u32,
    /// When it fired.
    pub first_fired_at: Timestamp,
    /// Whether what is news was noticed long after its time.
    pub late: bool,
    /// Whether what it is about came with an import of history.
    pub imported: bool,
    /// 1 at first, one more whenever nobody did anything about it.
    pub level: u32,
    /// Why it went on to that level; none on the first.
    pub went_on: Option<WentOn>,
    /// By what it is told, and when it goes on; none where nobody is to be told.
    pub escalation: Option<Escalation>,
    /// An alert of the same subject that says all of this, and more; none if there is none that is open.
    pub inhibited_by: Option<Rule>,
    /// Whether it stands still: it warns of our own due alone, which does while the promise is paused. Nobody is told.
    pub paused: bool,
    /// What somebody did about it, or how it was over.
    pub state: AlertState,
}

/// The condition behind an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The due that the customer was told passed with the promise open.
    PromiseLapsed,
    /// Our own due passed with the promise open.
    TargetLapsed,
    /// A stage was reached with the promise open, or a promise slips that it waits for: its due is in danger.
    AtRisk,
    /// The promise was overdue for so long that it was given up. That has happened: it is over when somebody puts it
    /// away.
    Expired,
    /// A customer speaks of lawyers or courts.
    LegalThreat,
    /// A customer asks for a manager.
    ManagerRequest,
    /// So much went wrong with a customer within a window that something has to be done to keep them.
    SaveAction,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 7] = [
        Self::PromiseLapsed,
        Self::TargetLapsed,
        Self::AtRisk,
        Self::Expired,
        Self::LegalThreat,
        Self::ManagerRequest,
        Self::SaveAction,
    ];

    /// The rules of alerts about contacts and customers: each alert is an aggregate of its own.
    pub const OF_CONCERNS: [Self; 3] = [Self::LegalThreat, Self::ManagerRequest, Self::SaveAction];

    /// The rule by which a signal of a contact raises an alert; none for signals that don't.
    pub const fn of_signal(kind: SignalKind) -> Option<Self> {
        match kind {
            SignalKind::LegalThreat => Some(Self::LegalThreat),
            SignalKind::ManagerRequest => Some(Self::ManagerRequest),
            SignalKind::ChurnThreat
            | SignalKind::Abuse
            | SignalKind::VulnerableCustomer
            | SignalKind::RepeatStated
            | SignalKind::Praise
            | SignalKind::Other => None,
        }
    }

    /// Whether its alerts are about contacts or customers.
    pub const fn is_of_concerns(self) -> bool {
        matches!(
            self,
            Self::LegalThreat | Self::ManagerRequest | Self::SaveAction
        )
    }

    /// The rule as callers see it. A part of the alerts' ids: it never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PromiseLapsed => "commitment.promise_lapsed",
            Self::TargetLapsed => "commitment.target_lapsed",
            Self::AtRisk => "commitment.at_risk",
            Self::Expired => "commitment.expired",
            Self::LegalThreat => "signal.legal_threat",
            Self::ManagerRequest => "signal.manager_request",
            Self::SaveAction => "customer.save_action",
        }
    }

    /// The rule whose alert says all that this one's does, and more, if it is about the same subject.
    const fn inhibited_by(self) -> Option<Self> {
        match self {
            Self::TargetLapsed | Self::AtRisk => Some(Self::PromiseLapsed),
            Self::PromiseLapsed
            | Self::Expired
            | Self::LegalThreat
            | Self::ManagerRequest
            | Self::SaveAction => None,
        }
    }

    /// The rule with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// How bad it is for a promise of a priority: what may still become good, and what no customer was told,
    /// is less bad. What is about a contact or a customer is as bad as its rule.
    pub fn severity(self, priority: Priority) -> Severity {
        let severity = Severity::from(priority);
        match self {
            Self::PromiseLapsed | Self::Expired => severity,
            Self::TargetLapsed | Self::AtRisk => severity.lowered(),
            Self::LegalThreat | Self::SaveAction => Severity::High,
            Self::ManagerRequest => Severity::Warning,
        }
    }
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A promise.
    Promise(PromiseSubject),
    /// A signal in a contact.
    Signal(SignalSubject),
    /// What went wrong with a customer.
    SlipUps(SlipUpsSubject),
}

/// A signal in a contact that needs a human.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalSubject {
    /// The contact.
    pub interaction_id: String,
    /// What it is.
    pub kind: SignalKind,
    /// Who noticed.
    pub source: Option<SignalSource>,
    /// How sure, from 0 to 1.
    pub confidence: Option<f64>,
    /// When it was noticed; where nobody said it, when the contact began.
    pub noticed_at: Timestamp,
    /// The rule set or model that noticed; may be empty.
    pub scorer: String,
    /// Its version.
    pub scorer_version: String,
}

/// What went wrong with a customer within a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlipUpsSubject {
    /// The customer.
    pub customer_id: String,
    /// What went wrong, the oldest first; the last one reached the threshold.
    pub slips: Vec<Slip>,
    /// When the window is over.
    pub window_until: Timestamp,
}

/// A promise that needs a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseSubject {
    /// The promise.
    pub commitment_id: String,
    /// The contact in which it was made.
    pub interaction_id: String,
    /// What sort of promise it is.
    pub kind: CommitmentKind,
    /// The tenant's own code of the kind; may be empty.
    pub kind_code: String,
    /// Of which clock.
    pub clock: Clock,
    /// The due that passed, or is about to.
    pub due: Timestamp,
    /// Which revision of that due.
    pub due_revision: u32,
    /// The stage that was reached; empty for a due that passed.
    pub stage_id: String,
}

impl Subject {
    /// The subject's own id, whatever sort of subject it is.
    pub fn id(&self) -> &str {
        match self {
            Self::Promise(promise) => &promise.commitment_id,
            Self::Signal(signal) => &signal.interaction_id,
            Self::SlipUps(slips) => &slips.customer_id,
        }
    }
}

/// How an alert was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: ResolveCause,
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Will be bad.
    Warning,
    /// Is bad.
    High,
    /// Drop everything.
    Critical,
}

/// Why an alert is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResolveCause {
    /// The promise was done.
    Fulfilled,
    /// The promise was called off.
    Cancelled,
    /// The due moved.
    Rescheduled,
    /// The promise was let go.
    Waived,
    /// Another promise took its place.
    Superseded,
    /// The promise was given up.
    Expired,
    /// What it warned of has come.
    Overtaken,
    /// What it warned of does not come.
    Averted,
    /// What was noticed was taken back.
    TakenBack,
}

impl Severity {
    /// The severity as labels spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One step less bad.
    pub const fn lowered(self) -> Self {
        match self {
            Self::Critical => Self::High,
            Self::High => Self::Warning,
            Self::Warning | Self::Info => Self::Info,
        }
    }
}

impl From<Priority> for Severity {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::P1 => Self::Critical,
            Priority::P2 => Self::High,
            Priority::P3 => Self::Warning,
            Priority::P4 => Self::Info,
        }
    }
}

impl Alert {
    /// The alerts that an event changed: `before` is their promise before it, if it was there, and `after`
    /// after it.
    pub fn changed(tenant_id: &str, before: Option<&Commitment>, after: &Commitment) -> Vec<Self> {
        let alerts = after.alerts.iter().map(|episode| {
            let before = before.and_then(|before| Some((before, before.alert(episode.rule)?)));
            let before = before.map(|(promise, last)| Self::of(tenant_id, promise, last));
            let alert = Self::of(tenant_id, after, episode);
            (before.as_ref() != Some(&alert)).then_some(alert)
        });
        alerts.flatten().collect()
    }

    /// Whether it waits, as long as nothing is decided of it, for what else its group has to tell. One that nobody is to
    /// be told of, and one that went on meanwhile, waits for nothing.
    pub const fn waits_undecided(&self) -> bool {
        self.escalation.is_some() && self.went_on.is_none()
    }

    /// The id of another episode of the same alert.
    pub fn id_of_episode(&self, episode_no: u32) -> Uuid {
        alert_id(self.alert_key, episode_no)
    }

    /// An episode as those see it whom it concerns.
    pub fn of(tenant_id: &str, promise: &Commitment, episode: &Episode) -> Self {
        let rule = episode.rule;
        let alert_key = alert_key(tenant_id, rule.as_str(), &promise.commitment_id);
        let team_id = match promise.owner_team_id.as_str() {
            "" => &promise.team_id,
            owners => owners,
        };
        let kind = match promise.kind_code.as_str() {
            "" => promise.kind.code(),
            own => own,
        };
        let severity = rule.severity(promise.priority);
        let labels = [
            (LABEL_KIND, kind),
            (LABEL_PRIORITY, promise.priority.code()),
            (LABEL_RULE, rule.as_str()),
            (LABEL_SEVERITY, severity.code()),
            (LABEL_TEAM, team_id),
            (LABEL_SITE, &promise.site_id),
        ];
        let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
        let inhibitor = rule.inhibited_by().filter(|inhibitor| {
            let open = promise.alert(*inhibitor);
            open.is_some_and(|open| open.state.is_open())
        });
        Self {
            alert_id: alert_id(alert_key, episode.number),
            alert_key,
            episode_no: episode.number,
            rule,
            severity,
            subject: Subject::Promise(PromiseSubject {
                commitment_id: promise.commitment_id.clone(),
                interaction_id: promise.interaction_id.clone(),
                kind: promise.kind,
                kind_code: promise.kind_code.clone(),
                clock: episode.reason.clock,
                due: episode.reason.due,
                due_revision: episode.reason.due_revision,
                stage_id: episode.reason.stage_id.clone(),
            }),
            customer_id: promise.customer_id.clone(),
            owner: promise.owner.clone(),
            team_id: team_id.to_owned(),
            parties: promise.parties().collect(),
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            reason_no: episode.reason_no,
            first_fired_at: episode.first_fired_at,
            late: episode.late,
            imported: promise.imported,
            level: episode.level,
            went_on: episode.went_on.clone(),
            escalation: episode.escalation.clone(),
            inhibited_by: inhibitor,
            paused: episode.state.is_open() && promise.stands_still(episode),
            state: episode.state.clone(),
        }
    }
}

/// The key of a rule's alerts about one subject. Kept for ever.
pub(crate) fn alert_key(tenant_id: &str, rule_id: &str, commitment_id: &str) -> Uuid {
    let parts = [tenant_id, rule_id, commitment_id];
    Namespace::AlertKey.id(&parts.map(str::as_bytes))
}

/// The id of one episode. Kept for ever.
pub(crate) fn alert_id(alert_key: Uuid, episode_no: u32) -> Uuid {
    Namespace::Alert.id(&[&alert_key.as_bytes()[..], &episode_no.to_be_bytes()])
}
