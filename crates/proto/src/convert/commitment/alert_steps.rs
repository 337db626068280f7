//! What is done about a promise's alerts.

use aftercall_domain::alert::Rule;
use aftercall_domain::commitment::{AlertStep, AlertWhat};

use super::parts::required;
use crate::convert::{Unreadable, time};
use crate::envelope::Fact;
use crate::event::v1 as wire;

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
            (&data.rule, data.episode_no, AlertWhat::Snoozed { until })
        }
        Fact::AlertClosed(data) => {
            let reason = data.reason.clone();
            (&data.rule, data.episode_no, AlertWhat::Closed { reason })
        }
        Fact::AlertRetriggered(data) => (&data.rule, data.episode_no, AlertWhat::Retriggered),
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
        AlertWhat::Snoozed { until } => Fact::AlertSnoozed(wire::AlertSnoozed {
            rule,
            episode_no,
            snoozed_until: Some(time::to_wire(until)),
        }),
        AlertWhat::Closed { reason } => Fact::AlertClosed(wire::AlertClosed {
            rule,
            episode_no,
            reason,
        }),
        AlertWhat::Retriggered => {
            Fact::AlertRetriggered(wire::AlertRetriggered { rule, episode_no })
        }
        AlertWhat::FiredAgain => Fact::AlertFiredAgain(wire::AlertFiredAgain { rule, episode_no }),
    }
}
