//! Concerns: what about a contact or a customer needs a human, as events say it and as views keep it.

use aftercall_domain::Parties;
use aftercall_domain::alert::{Rule, Subject};
use aftercall_domain::commitment::AlertWhat;
use aftercall_domain::concern::{Change, Concern, Event, Raised};
use prost::Message;
use prost::bytes::Buf;

use super::alert::{StateRow, WentOnRow};
use super::commitment::{owner_from_wire, required, specified};
use super::{Unreadable, UnreadableRow, text, time};
use crate::envelope::Fact;
use crate::event::v1::{self as wire, concern_raised};
use crate::model::v1 as model;

/// A concern as views keep it.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(message, optional, tag = "1")]
    raised: Option<wire::ConcernRaised>,
    #[prost(string, tag = "2")]
    customer_id: String,
    #[prost(uint32, tag = "3")]
    level: u32,
    #[prost(message, optional, tag = "4")]
    went_on: Option<WentOnRow>,
    #[prost(message, optional, tag = "5")]
    escalation: Option<model::AlertEscalation>,
    #[prost(message, optional, tag = "6")]
    state: Option<StateRow>,
    #[prost(uint64, tag = "7")]
    version: u64,
}

/// The concern as a row.
pub fn to_row(concern: Concern) -> Vec<u8> {
    let Concern {
        raised,
        customer_id,
        level,
        went_on,
        escalation,
        state,
        version,
    } = concern;
    let row = Row {
        raised: Some(raised.into()),
        customer_id: customer_id.unwrap_or_default(),
        level,
        went_on: went_on.map(Into::into),
        escalation: escalation.map(Into::into),
        state: Some(state.into()),
        version,
    };
    row.encode_to_vec()
}

/// The concern that [`to_row`] wrote.
///
/// # Errors
/// [`UnreadableRow`] for what [`to_row`] didn't write.
pub fn from_row(row: impl Buf) -> Result<Concern, UnreadableRow> {
    let row = Row::decode(row)?;
    let raised = row.raised.ok_or(Unreadable { field: "raised" })?;
    Ok(Concern {
        raised: raised.try_into()?,
        customer_id: text(row.customer_id),
        level: row.level,
        went_on: row.went_on.and_then(WentOnRow::read),
        escalation: row.escalation.map(Into::into),
        state: row.state.unwrap_or_default().try_into()?,
        version: row.version,
    })
}

/// What the log says of an event of a concern.
pub fn fact(change: Change) -> Fact {
    match change {
        Change::Raised(raised) => Fact::ConcernRaised(Box::new((*raised).into())),
        Change::Resolved { episode_no, cause } => Fact::ConcernResolved(wire::ConcernResolved {
            episode_no,
            cause: model::AlertResolveCause::from(cause).into(),
        }),
        Change::Alert {
            episode_no,
            what,
            escalation,
        } => match what {
            AlertWhat::Acknowledged { until, note } => {
                Fact::ConcernAcknowledged(wire::ConcernAcknowledged {
                    episode_no,
                    acknowledged_until: Some(time::to_wire(until)),
                    note,
                })
            }
            AlertWhat::Snoozed { until, .. } => Fact::ConcernSnoozed(wire::ConcernSnoozed {
                episode_no,
                snoozed_until: Some(time::to_wire(until)),
            }),
            AlertWhat::Closed { reason } => {
                Fact::ConcernClosed(wire::ConcernClosed { episode_no, reason })
            }
            // A concern does not fire again, nor by a contact: who decides about it never says so.
            AlertWhat::Retriggered | AlertWhat::CustomerReturned { .. } | AlertWhat::FiredAgain => {
                Fact::ConcernRetriggered(wire::ConcernRetriggered {
                    episode_no,
                    escalation: escalation.map(Into::into),
                })
            }
        },
    }
}

/// The event of a concern that a fact of the log is; none for other facts, and for what no writer of ours makes.
pub fn event(event: &wire::Event, fact: &Fact) -> Option<Event> {
    Some(Event {
        sequence: event.sequence,
        recorded_at: event.recorded_at.as_ref().and_then(time::from_wire)?,
        actor_id: event.actor_id.clone(),
        change: change(fact).ok().flatten()?,
    })
}

fn change(fact: &Fact) -> Result<Option<Change>, Unreadable> {
    let alert = |episode_no, what, escalation: Option<&model::AlertEscalation>| Change::Alert {
        episode_no,
        what,
        escalation: escalation.cloned().map(Into::into),
    };
    Ok(Some(match fact {
        Fact::ConcernRaised(raised) => Change::Raised(Box::new((**raised).clone().try_into()?)),
        Fact::ConcernAcknowledged(data) => {
            let until = data.acknowledged_until.as_ref();
            let what = AlertWhat::Acknowledged {
                until: required("acknowledged_until", until)?,
                note: data.note.clone(),
            };
            alert(data.episode_no, what, None)
        }
        Fact::ConcernSnoozed(data) => {
            let until = required("snoozed_until", data.snoozed_until.as_ref())?;
            let what = AlertWhat::Snoozed {
                until,
                // The customer has no part in what is about them.
                ends_by_return: false,
            };
            alert(data.episode_no, what, None)
        }
        Fact::ConcernClosed(data) => {
            let reason = data.reason.clone();
            alert(data.episode_no, AlertWhat::Closed { reason }, None)
        }
        Fact::ConcernRetriggered(data) => {
            let escalation = data.escalation.as_ref();
            alert(data.episode_no, AlertWhat::Retriggered, escalation)
        }
        Fact::ConcernResolved(data) => Change::Resolved {
            episode_no: data.episode_no,
            cause: specified("cause", data.cause())?,
        },
        _ => return Ok(None),
    }))
}

impl From<Raised> for wire::ConcernRaised {
    fn from(raised: Raised) -> Self {
        let Raised {
            rule,
            episode_no,
            subject,
            owner,
            team_id,
            site_id,
            parties,
            began_at,
            detected_at,
            escalation,
        } = raised;
        let subject = match subject {
            Subject::Signal(signal) => Some(concern_raised::Subject::Signal(signal.into())),
            Subject::SlipUps(slips) => Some(concern_raised::Subject::SlipUps(slips.into())),
            // A promise's alert is its own.
            Subject::Promise(_) => None,
        };
        let Parties {
            agents,
            teams,
            sites,
        } = parties;
        Self {
            rule: rule.as_str().to_owned(),
            episode_no,
            subject,
            owner: owner.map(Into::into),
            team_id,
            site_id,
            agent_ids: agents.into_iter().collect(),
            team_ids: teams.into_iter().collect(),
            site_ids: sites.into_iter().collect(),
            began_at: Some(time::to_wire(began_at)),
            detected_at: Some(time::to_wire(detected_at)),
            escalation: escalation.map(Into::into),
        }
    }
}

impl TryFrom<wire::ConcernRaised> for Raised {
    type Error = Unreadable;

    fn try_from(raised: wire::ConcernRaised) -> Result<Self, Unreadable> {
        let rule = Rule::named(&raised.rule).filter(|rule| rule.is_of_concerns());
        let subject = raised.subject.ok_or(Unreadable { field: "subject" })?;
        Ok(Self {
            rule: rule.ok_or(Unreadable { field: "rule" })?,
            episode_no: raised.episode_no,
            subject: match subject {
                concern_raised::Subject::Signal(signal) => Subject::Signal(signal.try_into()?),
                concern_raised::Subject::SlipUps(slips) => Subject::SlipUps(slips.try_into()?),
            },
            owner: raised.owner.and_then(owner_from_wire),
            team_id: raised.team_id,
            site_id: raised.site_id,
            parties: Parties {
                agents: raised.agent_ids.into_iter().collect(),
                teams: raised.team_ids.into_iter().collect(),
                sites: raised.site_ids.into_iter().collect(),
            },
            began_at: required("began_at", raised.began_at.as_ref())?,
            detected_at: required("detected_at", raised.detected_at.as_ref())?,
            escalation: raised.escalation.map(Into::into),
        })
    }
}
