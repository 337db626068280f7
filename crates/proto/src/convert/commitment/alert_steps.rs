//! What is done about a promise's alerts.

use aftercall_domain::alert::Rule;
use aftercall_domain::commitment::{AlertStep, AlertWhat, Escalation};

use super::parts::required;
use crate::convert::{Unreadable, time};
use crate::envelope::Fact;
use crate::event::v1 as wire;
use crate::model::v1::AlertEscalation;

/// What an event says of an alert.
pub(super) fn step(fact: &Fact) -> Result<AlertStep, Unreadable> {
    let (rule, episode_no, what) = match fact {
        Fact::AlertAcknowledged(data) => {
            let until = data.acknowledged_until.as_ref();
            let what = AlertWhat::Acknowledged {
                until: required("acknowledged_until", until)?,
                note: data.note.clone(),
            };
            (&data.rule, data.episode_no, what)
        }
        Fact::AlertSnoozed(data) => {
            let until = required("snoozed_until", data.snoozed_until.as_ref())?;
            let what = AlertWhat::Snoozed {
                until,
                ends_by_return: data.ends_by_return,
            };
            (&data.rule, data.episode_no, what)
        }
        Fact::AlertClosed(data) => {
            let reason = data.reason.clone();
            (&data.rule, data.episode_no, AlertWhat::Closed { reason })
        }
        Fact::AlertRetriggered(data) => {
            let what = match data.returned_interaction_id.as_str() {
                "" => AlertWhat::Retriggered,
                contact => AlertWhat::CustomerReturned {
                    interaction_id: contact.to_owned(),
                },
            };
            (&data.rule, data.episode_no, what)
        }
        Fact::AlertFiredAgain(data) => (&data.rule, data.episode_no, AlertWhat::FiredAgain),
        _ => return Err(Unreadable { field: "alert" }),
    };
    Ok(AlertStep {
        rule: Rule::named(rule).ok_or(Unreadable { field: "rule" })?,
        episode_no,
        what,
    })
}

/// What the log says of it.
pub(super) fn fact(step: AlertStep) -> Fact {
    let AlertStep {
        rule,
        episode_no,
        what,
    } = step;
    let rule = rule.as_str().to_owned();
    match what {
        AlertWhat::Acknowledged { until, note } => {
            Fact::AlertAcknowledged(wire::AlertAcknowledged {
                rule,
                episode_no,
                acknowledged_until: Some(time::to_wire(until)),
                note,
            })
        }
        AlertWhat::Snoozed {
            until,
            ends_by_return,
        } => Fact::AlertSnoozed(wire::AlertSnoozed {
            rule,
            episode_no,
            snoozed_until: Some(time::to_wire(until)),
            ends_by_return,
        }),
        AlertWhat::Closed { reason } => Fact::AlertClosed(wire::AlertClosed {
            rule,
            episode_no,
            reason,
        }),
        AlertWhat::Retriggered => Fact::AlertRetriggered(wire::AlertRetriggered {
            rule,
            episode_no,
            ..wire::AlertRetriggered::default()
        }),
        AlertWhat::CustomerReturned { interaction_id } => {
            Fact::AlertRetriggered(wire::AlertRetriggered {
                rule,
                episode_no,
                escalation: None,
                returned_interaction_id: interaction_id,
            })
        }
        AlertWhat::FiredAgain => Fact::AlertFiredAgain(wire::AlertFiredAgain {
            rule,
            episode_no,
            escalation: None,
        }),
    }
}

/// By what an alert is told that fires by an event, or comes to another level.
pub(super) fn escalation(fact: &Fact) -> Option<Escalation> {
    let escalation = match fact {
        Fact::CommitmentLapsed(data) => &data.escalation,
        Fact::CommitmentStageReached(data) => &data.escalation,
        Fact::CommitmentDependencyTurned(data) => &data.escalation,
        Fact::CommitmentExpired(data) => &data.escalation,
        Fact::AlertRetriggered(data) => &data.escalation,
        Fact::AlertFiredAgain(data) => &data.escalation,
        _ => &None,
    };
    escalation.clone().map(Into::into)
}

/// What the log says of an event of a promise, with that.
pub(super) fn escalating(mut fact: Fact, escalation: Option<Escalation>) -> Fact {
    let escalation = escalation.map(AlertEscalation::from);
    match &mut fact {
        Fact::CommitmentLapsed(data) => data.escalation = escalation,
        Fact::CommitmentStageReached(data) => data.escalation = escalation,
        Fact::CommitmentDependencyTurned(data) => data.escalation = escalation,
        Fact::CommitmentExpired(data) => data.escalation = escalation,
        Fact::AlertRetriggered(data) => data.escalation = escalation,
        Fact::AlertFiredAgain(data) => data.escalation = escalation,
        _ => {}
    }
    fact
}

impl From<Escalation> for AlertEscalation {
    fn from(escalation: Escalation) -> Self {
        Self {
            escalation_policy_id: escalation.policy_id,
            escalation_policy_version: escalation.policy_version,
            goes_on_at: escalation.goes_on_at.map(time::to_wire),
            exhausted: escalation.exhausted,
            by_fallback: escalation.by_fallback,
        }
    }
}

impl From<AlertEscalation> for Escalation {
    fn from(escalation: AlertEscalation) -> Self {
        Self {
            policy_id: escalation.escalation_policy_id,
            policy_version: escalation.escalation_policy_version,
            goes_on_at: escalation.goes_on_at.as_ref().and_then(time::from_wire),
            exhausted: escalation.exhausted,
            by_fallback: escalation.by_fallback,
        }
    }
}
