//! What somebody does about an alert.

use jiff::{SignedDuration, Timestamp};

use super::{Actor, Permission, Refusal, permitted};
use crate::alert::{Rule, Severity};
use crate::commitment::{AlertState, AlertStep, AlertWhat, Change, Commitment, Episode, Event};

/// The longest time for which somebody may see to an alert, or want to hear nothing of it.
const PUT_OFF_FOR_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How long an acknowledgement counts, if nobody says otherwise: of what is bad, and of the rest.
const SEEN_TO_FOR_BAD: SignedDuration = SignedDuration::from_mins(30);
const SEEN_TO_FOR: SignedDuration = SignedDuration::from_hours(4);

/// When an alert that somebody put away fires again, if its condition still holds.
const PUT_AWAY_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What somebody wants to do about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertWish {
    /// To see to it.
    Acknowledge {
        /// Until when that counts; none for as long as is usual for its severity.
        until: Option<Timestamp>,
        /// What else is to be said. Personal.
        note: String,
    },
    /// To hear of it later.
    Snooze {
        /// Until when.
        until: Timestamp,
    },
    /// To put it away although its condition holds.
    Close {
        /// Why. Personal.
        reason: String,
    },
}

impl AlertWish {
    /// What comes of it for an alert that is open.
    pub(crate) fn decide(
        self,
        severity: Severity,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<AlertWhat, Refusal> {
        let standing = actor.standing;
        Ok(match self {
            Self::Acknowledge { until, note } => {
                permitted(standing.agent || actor.leads(), Permission::Acknowledge)?;
                let usual = match severity {
                    Severity::Critical | Severity::High => SEEN_TO_FOR_BAD,
                    Severity::Warning | Severity::Info => SEEN_TO_FOR,
                };
                let until = until.unwrap_or(now + usual);
                let until = put_off(until, now).ok_or(Refusal::SeenToOutOfRange)?;
                AlertWhat::Acknowledged { until, note }
            }
            Self::Snooze { until } => {
                permitted(standing.agent || actor.leads(), Permission::Acknowledge)?;
                let until = put_off(until, now).ok_or(Refusal::SnoozeOutOfRange)?;
                AlertWhat::Snoozed { until }
            }
            Self::Close { reason } => {
                permitted(standing.supervisor, Permission::CloseAlert)?;
                AlertWhat::Closed { reason }
            }
        })
    }
}

impl Commitment {
    /// Somebody does something about an episode of an alert.
    ///
    /// # Errors
    /// When there is no such episode or it is over, the actor may not, or the time makes no sense.
    pub fn handle_alert(
        &self,
        (rule, episode_no): (Rule, u32),
        wish: AlertWish,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let episode = self.alert(rule);
        let episode = episode.filter(|episode| episode.number == episode_no);
        let episode = episode.ok_or(Refusal::AlertOver)?;
        if !episode.state.is_open() {
            return Err(Refusal::AlertOver);
        }
        let severity = episode.rule.severity(self.priority);
        let what = wish.decide(severity, actor, now)?;
        let step = AlertStep {
            rule,
            episode_no,
            what,
        };
        Ok(self.next_event(Change::Alert(step), actor.id, now))
    }

    /// When an alert goes on by itself, and how.
    pub(in crate::commitment) fn alert_timer(episode: &Episode) -> Option<(Timestamp, AlertWhat)> {
        match &episode.state {
            AlertState::Acknowledged(seen) => Some((seen.until, AlertWhat::Retriggered)),
            AlertState::Snoozed { until, .. } => Some((*until, AlertWhat::Retriggered)),
            // It has happened, and whoever put it away has seen to it.
            AlertState::Closed { .. } if episode.rule == Rule::Expired => None,
            AlertState::Closed { at, .. } => {
                let again = at.checked_add(PUT_AWAY_FOR).ok()?;
                Some((again, AlertWhat::FiredAgain))
            }
            AlertState::Triggered => {
                let escalation = episode.escalation.as_ref()?;
                Some((escalation.goes_on_at?, AlertWhat::Retriggered))
            }
            AlertState::Resolved(_) => None,
        }
    }
}

/// The time, if an alert may be put off to it.
fn put_off(until: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (until > now && until.duration_since(now) <= PUT_OFF_FOR_MAX).then_some(until)
}
