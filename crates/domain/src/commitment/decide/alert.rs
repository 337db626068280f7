//! What somebody does about an alert.

use jiff::{SignedDuration, Timestamp};

use super::{Actor, Permission, Refusal, permitted};
use crate::alert::{Rule, Severity};
use crate::calendar::Calendar;
use crate::commitment::{AlertState, AlertStep, AlertWhat, Change, Commitment, Episode, Event};
use crate::due::Calendars;

/// The longest time for which somebody may see to an alert, or want to hear nothing of it.
const PUT_OFF_FOR_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How long an acknowledgement counts, if nobody says otherwise: of what is bad by any clock, and of the rest in open
/// time, where a calendar says when that is.
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
    /// What comes of it for an alert that is open, in the open time of a calendar if there is one for it.
    pub(crate) fn decide(
        self,
        severity: Severity,
        (actor, now): (Actor<'_>, Timestamp),
        calendar: Option<&Calendar>,
    ) -> Result<AlertWhat, Refusal> {
        let standing = actor.standing;
        Ok(match self {
            Self::Acknowledge { until, note } => {
                permitted(standing.agent || actor.leads(), Permission::Acknowledge)?;
                let until = match until {
                    Some(until) => put_off(until, now).ok_or(Refusal::SeenToOutOfRange)?,
                    None => usual_end(severity, now, calendar),
                };
                AlertWhat::Acknowledged { until, note }
            }
            Self::Snooze { until } => {
                permitted(standing.agent || actor.leads(), Permission::Acknowledge)?;
                let until = put_off(until, now).ok_or(Refusal::SnoozeOutOfRange)?;
                AlertWhat::Snoozed {
                    until,
                    ends_by_return: true,
                }
            }
            Self::Close { reason } => {
                permitted(standing.supervisor, Permission::CloseAlert)?;
                AlertWhat::Closed { reason }
            }
        })
    }
}

impl Commitment {
    /// Somebody does something about an episode of an alert. Where nobody says until when an acknowledgement counts, that
    /// is in the open time of our own due.
    ///
    /// # Errors
    /// When there is no such episode or it is over, the actor may not, or the time makes no sense.
    pub fn handle_alert(
        &self,
        (rule, episode_no): (Rule, u32),
        wish: AlertWish,
        (actor, now): (Actor<'_>, Timestamp),
        calendars: &impl Calendars,
    ) -> Result<Event, Refusal> {
        let episode = self.alert(rule);
        let episode = episode.filter(|episode| episode.number == episode_no);
        let episode = episode.ok_or(Refusal::AlertOver)?;
        if !episode.state.is_open() {
            return Err(Refusal::AlertOver);
        }
        let severity = episode.rule.severity(self.priority);
        let reckoned = self.target.as_ref().and_then(|it| it.reckoned.as_ref());
        let calendar = reckoned.and_then(|reckoned| reckoned.calendar.find(calendars));
        let what = wish.decide(severity, (actor, now), calendar.as_ref())?;
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

/// Until when an acknowledgement counts if nobody says otherwise. A calendar with too little open time counts as none.
fn usual_end(severity: Severity, now: Timestamp, calendar: Option<&Calendar>) -> Timestamp {
    match severity {
        Severity::Critical | Severity::High => now + SEEN_TO_FOR_BAD,
        Severity::Warning | Severity::Info => calendar
            .and_then(|calendar| calendar.add(now, SEEN_TO_FOR).ok())
            .unwrap_or(now + SEEN_TO_FOR),
    }
}

/// The time, if an alert may be put off to it.
fn put_off(until: Timestamp, now: Timestamp) -> Option<Timestamp> {
    (until > now && until.duration_since(now) <= PUT_OFF_FOR_MAX).then_some(until)
}
