//! Alerts: what needs a human, in episodes.
//!
//! An alert is about one [`Subject`]; today that is always a promise. It follows from the events of its
//! promise alone ([`Alert::after`]). It fires when the
//! tracker says that a due passed, and is over, once, when the promise is done, called off or
//! moved. A lapse that the fold notes for itself, as for imported history, raises none: by then
//! nobody can act on it any more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::Parties;
use crate::commitment::{Change, Commitment, CommitmentKind, Event, Lapse, Owner, Priority};
use crate::ids::Namespace;

/// The label that names a promise's kind.
pub const LABEL_KIND: &str = "kind";
/// The label that names a promise's priority.
pub const LABEL_PRIORITY: &str = "priority";

/// Something that needs a human: an episode of a condition on one subject. Holds nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// When it fired.
    pub first_fired_at: Timestamp,
    /// When and why it was over; none while it still needs somebody.
    pub resolved: Option<Resolved>,
}

/// The condition behind an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// A due passed with the promise open.
    PromiseLapsed,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 1] = [Self::PromiseLapsed];

    /// The rule as callers see it. A part of the alerts' ids: it never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PromiseLapsed => "commitment.promise_lapsed",
        }
    }
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A promise.
    Promise(PromiseSubject),
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
    /// The due that passed.
    pub promised_by: Timestamp,
    /// Which revision of the due that was.
    pub due_revision: u32,
}

impl Subject {
    /// The subject's own id, whatever sort of subject it is.
    pub fn id(&self) -> &str {
        match self {
            Self::Promise(promise) => &promise.commitment_id,
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
    /// What the alert becomes by an event that was applied to its promise: none if it stays as it
    /// is. `last` is the promise's latest episode, `commitment` the promise after the event.
    pub fn after(
        last: Option<&Self>,
        tenant_id: &str,
        commitment: &Commitment,
        event: &Event,
    ) -> Option<Self> {
        let cause = match &event.change {
            Change::Lapsed(lapse) => {
                let episode_no = last.map_or(0, |last| last.episode_no).saturating_add(1);
                return Some(Self::lapsed(tenant_id, commitment, lapse, episode_no));
            }
            Change::Fulfilled { .. } => ResolveCause::Fulfilled,
            Change::Cancelled { .. } => ResolveCause::Cancelled,
            Change::Rescheduled(_) => ResolveCause::Rescheduled,
        };
        let mut over = last.filter(|last| last.resolved.is_none())?.clone();
        over.resolved = Some(Resolved {
            at: event.recorded_at,
            cause,
        });
        Some(over)
    }

    fn lapsed(tenant_id: &str, promise: &Commitment, lapse: &Lapse, episode_no: u32) -> Self {
        let rule = Rule::PromiseLapsed;
        let alert_key = alert_key(tenant_id, rule.as_str(), &promise.commitment_id);
        let team_id = match promise.owner_team_id.as_str() {
            "" => &promise.team_id,
            owners => owners,
        };
        let kind = match promise.kind_code.as_str() {
            "" => promise.kind.code(),
            own => own,
        };
        let labels = [
            (LABEL_KIND, kind),
            (LABEL_PRIORITY, promise.priority.code()),
        ];
        Self {
            alert_id: alert_id(alert_key, episode_no),
            alert_key,
            episode_no,
            rule,
            severity: promise.priority.into(),
            subject: Subject::Promise(PromiseSubject {
                commitment_id: promise.commitment_id.clone(),
                interaction_id: promise.interaction_id.clone(),
                kind: promise.kind,
                kind_code: promise.kind_code.clone(),
                promised_by: lapse.lapsed_at,
                due_revision: lapse.due_revision,
            }),
            customer_id: promise.customer_id.clone(),
            owner: promise.owner.clone(),
            team_id: team_id.to_owned(),
            parties: promise.parties().collect(),
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            first_fired_at: lapse.detected_at,
            resolved: None,
        }
    }
}

/// The key of a rule's alerts about one promise. Kept for ever.
fn alert_key(tenant_id: &str, rule_id: &str, commitment_id: &str) -> Uuid {
    let parts = [tenant_id, rule_id, commitment_id];
    Namespace::AlertKey.id(&parts.map(str::as_bytes))
}

/// The id of one episode. Kept for ever.
fn alert_id(alert_key: Uuid, episode_no: u32) -> Uuid {
    Namespace::Alert.id(&[&alert_key.as_bytes()[..], &episode_no.to_be_bytes()])
}
