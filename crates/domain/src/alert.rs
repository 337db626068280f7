//! Alerts: what needs a human, in episodes.
//!
//! An alert follows from the events of its promise alone ([`Alert::after`]). It fires when the
//! tracker says that a due passed, and is over, once, when the promise is done, called off or
//! moved. A lapse that the fold notes for itself, as for imported history, raises none: by then
//! nobody can act on it any more.

use jiff::Timestamp;
use uuid::Uuid;

use crate::commitment::{Change, Commitment, CommitmentKind, Event, Owner, Priority};
use crate::ids::Namespace;

/// The rule behind every alert about a lapsed promise.
pub const PROMISE_LAPSED: &str = "commitment.promise_lapsed";

/// Something that needs a human: an episode of a condition on one promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The episode's id.
    pub alert_id: Uuid,
    /// The condition and its subject: the same for all episodes.
    pub alert_key: Uuid,
    /// 1 at first, one more whenever it fires again.
    pub episode_no: u32,
    /// How bad it is.
    pub severity: Severity,
    /// The promise.
    pub commitment_id: String,
    /// The contact in which the promise was made.
    pub interaction_id: String,
    /// Whom the promise was made to.
    pub customer_id: Option<String>,
    /// Who should act.
    pub owner: Option<Owner>,
    /// The team of the agent who made the promise.
    pub team_id: String,
    /// What sort of promise it is.
    pub kind: CommitmentKind,
    /// The due that passed.
    pub promised_by: Timestamp,
    /// When it fired.
    pub first_fired_at: Timestamp,
    /// When and why it was over; none while it still needs somebody.
    pub resolved: Option<Resolved>,
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
                let mut alert = Self::fired(tenant_id, commitment, episode_no);
                alert.promised_by = lapse.lapsed_at;
                alert.first_fired_at = lapse.detected_at;
                return Some(alert);
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

    fn fired(tenant_id: &str, commitment: &Commitment, episode_no: u32) -> Self {
        let alert_key = alert_key(tenant_id, PROMISE_LAPSED, &commitment.commitment_id);
        Self {
            alert_id: alert_id(alert_key, episode_no),
            alert_key,
            episode_no,
            severity: commitment.priority.into(),
            commitment_id: commitment.commitment_id.clone(),
            interaction_id: commitment.interaction_id.clone(),
            customer_id: commitment.customer_id.clone(),
            owner: commitment.owner.clone(),
            team_id: commitment.team_id.clone(),
            kind: commitment.kind,
            promised_by: commitment.promised_by,
            first_fired_at: commitment.promised_by,
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
