//! Concerns: what about a contact or a customer needs a human. Each is one alert's, in episodes.
//!
//! A signal of a contact, such as a legal threat, has happened: it is raised once, and is over when somebody puts it away,
//! or when what was noticed is taken back. Too many slip-ups of a customer are raised once for each window; a further
//! window is the next episode. The concern's id is the alert's key, so that whoever raises it twice says the same.

use jiff::Timestamp;
use uuid::Uuid;

use crate::Parties;
use crate::alert::{
    Alert, LABEL_KIND, LABEL_RULE, LABEL_SEVERITY, LABEL_SITE, LABEL_TEAM, ResolveCause, Resolved,
    Rule, Severity, Subject, alert_id, alert_key,
};
use crate::commitment::{
    Actor, AlertState, AlertWhat, AlertWish, EscalatesBy, Escalation, LATE_AFTER, Owner, Priority,
    Refusal, WentOn,
};
use crate::due::Calendars;
use crate::interaction::SignalKind;
use crate::measure::Slip;

/// Something about a contact or a customer that needs a human, in its latest episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Concern {
    /// What raised the episode.
    pub raised: Raised,
    /// Whose it is now: of a contact that became another customer's, that one's; none for nobody's.
    pub customer_id: Option<String>,
    /// 1 at first, one more whenever nobody did anything about it.
    pub level: u32,
    /// Why it went on to that level; none on the first.
    pub went_on: Option<WentOn>,
    /// By what it is told, and when it goes on; none where nobody is to be told.
    pub escalation: Option<Escalation>,
    /// What somebody did about it, or how it was over.
    pub state: AlertState,
    /// How many events made it what it is.
    pub version: u64,
}

/// That a concern is raised: an episode begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// The alert's rule.
    pub rule: Rule,
    /// Which episode of it, from 1.
    pub episode_no: u32,
    /// What it is about.
    pub subject: Subject,
    /// Who should act.
    pub owner: Option<Owner>,
    /// The team that should act; may be empty.
    pub team_id: String,
    /// The site of that team's agent; may be empty.
    pub site_id: String,
    /// Who has a part in what it is about.
    pub parties: Parties,
    /// When it was known to the log that it holds.
    pub began_at: Timestamp,
    /// When we noticed.
    pub detected_at: Timestamp,
    /// By what the alert is told.
    pub escalation: Option<Escalation>,
}

/// An event of a concern.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The concern's version once this is applied.
    pub sequence: u64,
    /// When it was appended, by our clock.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub actor_id: String,
    /// What happened.
    pub change: Change,
}

/// What happens to a concern.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An episode begins.
    Raised(Box<Raised>),
    /// Somebody does something about an episode, or it goes on.
    Alert {
        /// Which episode.
        episode_no: u32,
        /// What happens.
        what: AlertWhat,
        /// By what it is told from then on, if it goes on.
        escalation: Option<Escalation>,
    },
    /// An episode is over.
    Resolved {
        /// Which.
        episode_no: u32,
        /// Why.
        cause: ResolveCause,
    },
}

/// The id of a rule's concern about a subject, which is also the key of its alerts. Kept for ever. `whose` tells two
/// contacts apart that two customers' recorders gave the same id.
pub fn concern_id(tenant_id: &str, rule: Rule, subject_id: &str, whose: u64) -> String {
    let named = format!("{subject_id}/{whose:016x}");
    alert_key(tenant_id, rule.as_str(), &named).to_string()
}

/// The id of the alert that an episode of a concern is, by the concern's id; none of what is no concern's.
pub fn concern_alert_id(concern_id: &str, episode_no: u32) -> Option<Uuid> {
    let key = Uuid::try_parse(concern_id).ok()?;
    Some(alert_id(key, episode_no))
}

impl Concern {
    /// A concern that was raised for a customer.
    pub fn begin(raised: Raised, customer_id: Option<String>, sequence: u64) -> Self {
        Self {
            escalation: raised.escalation.clone(),
            raised,
            customer_id,
            level: 1,
            went_on: None,
            state: AlertState::Triggered,
            version: sequence,
        }
    }

    /// Takes in what happened next, which counts. Of an episode that is not the latest, nothing is changed but the version.
    pub fn accept(&mut self, event: &Event) {
        self.version = event.sequence;
        let is_latest = |episode_no: u32| episode_no == self.raised.episode_no;
        match &event.change {
            Change::Raised(raised) => {
                let customer_id = self.customer_id.clone();
                *self = Self::begin((**raised).clone(), customer_id, event.sequence);
            }
            Change::Alert {
                episode_no,
                what,
                escalation,
            } if is_latest(*episode_no) && self.state.is_open() => {
                if *what == AlertWhat::Retriggered {
                    self.level = self.level.saturating_add(1);
                    self.went_on = Some(self.state.went_on());
                    self.escalation.clone_from(escalation);
                }
                self.state = what.leaves(&event.actor_id, event.recorded_at);
            }
            Change::Resolved { episode_no, cause }
                if is_latest(*episode_no) && self.state.is_open() =>
            {
                self.state = AlertState::Resolved(Resolved {
                    at: event.recorded_at,
                    cause: *cause,
                });
            }
            Change::Alert { .. } | Change::Resolved { .. } => {}
        }
    }

    /// The same episode, over because the next one begins; none if it was over.
    pub fn overtaken(&self, at: Timestamp) -> Option<Self> {
        let cause = ResolveCause::Overtaken;
        self.state.is_open().then(|| Self {
            state: AlertState::Resolved(Resolved { at, cause }),
            ..self.clone()
        })
    }

    /// When it goes on by itself; none if it does not.
    pub fn goes_on_at(&self) -> Option<Timestamp> {
        match &self.state {
            AlertState::Acknowledged(seen) => Some(seen.until),
            AlertState::Snoozed { until, .. } => Some(*until),
            AlertState::Triggered => self.escalation.as_ref()?.goes_on_at,
            // It has happened, and whoever put it away has seen to it.
            AlertState::Closed { .. } | AlertState::Resolved(_) => None,
        }
    }

    /// Somebody does something about an episode of it.
    ///
    /// # Errors
    /// When there is no such episode or it is over, the actor may not, or the time makes no sense.
    pub fn handle(
        &self,
        episode_no: u32,
        wish: AlertWish,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        if episode_no != self.raised.episode_no || !self.state.is_open() {
            return Err(Refusal::AlertOver);
        }
        let what = wish.decide(self.raised.severity(), (actor, now), None)?;
        Ok(self.next(
            actor.id,
            now,
            Change::Alert {
                episode_no,
                what,
                escalation: None,
            },
        ))
    }

    /// What the scheduler `actor_id` has to say at `now`, and when its time was: that it goes on, as the escalation policy
    /// has it; none if there is nothing to say yet.
    pub fn fire(
        &self,
        actor_id: &str,
        now: Timestamp,
        escalates_by: Option<EscalatesBy<'_>>,
        calendars: &impl Calendars,
    ) -> Option<(Timestamp, Event)> {
        let at = self.goes_on_at().filter(|at| *at < now)?;
        let level = self.level.saturating_add(1);
        let change = Change::Alert {
            episode_no: self.raised.episode_no,
            what: AlertWhat::Retriggered,
            escalation: escalates_by.map(|by| by.at_level(level, now, calendars)),
        };
        Some((at, self.next(actor_id, now, change)))
    }

    /// That what was noticed was taken back; none if it is over.
    pub fn take_back(&self, actor_id: &str, now: Timestamp) -> Option<Event> {
        self.state.is_open().then(|| {
            let change = Change::Resolved {
                episode_no: self.raised.episode_no,
                cause: ResolveCause::TakenBack,
            };
            self.next(actor_id, now, change)
        })
    }

    fn next(&self, actor_id: &str, now: Timestamp, change: Change) -> Event {
        Event {
            sequence: self.version.saturating_add(1),
            recorded_at: now,
            actor_id: actor_id.to_owned(),
            change,
        }
    }

    /// The alert as those see it whom it concerns. `concern_id` is the concern's.
    pub fn alert(&self, concern_id: &str) -> Alert {
        let raised = &self.raised;
        let (rule, severity) = (raised.rule, raised.severity());
        let kind = match &raised.subject {
            Subject::Signal(signal) => signal_code(signal.kind),
            Subject::Promise(_) | Subject::SlipUps(_) => "",
        };
        let labels = [
            (LABEL_KIND, kind),
            (LABEL_RULE, rule.as_str()),
            (LABEL_SEVERITY, severity.code()),
            (LABEL_TEAM, &raised.team_id),
            (LABEL_SITE, &raised.site_id),
        ];
        let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
        let key = Uuid::try_parse(concern_id).unwrap_or_default();
        Alert {
            alert_id: alert_id(key, raised.episode_no),
            alert_key: key,
            episode_no: raised.episode_no,
            rule,
            severity,
            subject: raised.subject.clone(),
            customer_id: self.customer_id.clone(),
            owner: raised.owner.clone(),
            team_id: raised.team_id.clone(),
            parties: raised.parties.clone(),
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            reason_no: 1,
            first_fired_at: raised.detected_at,
            late: raised.detected_at.duration_since(raised.began_at) > LATE_AFTER,
            imported: false,
            level: self.level,
            went_on: self.went_on.clone(),
            escalation: self.escalation.clone(),
            inhibited_by: None,
            paused: false,
            state: self.state.clone(),
        }
    }
}

impl Raised {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        // No promise's priority makes a difference to it.
        self.rule.severity(Priority::P2)
    }
}

/// Whether a listing of slip-ups is to be raised for a customer of whom some windows were raised: if its first and its
/// last slip-up lie outside of each of them. What is found out late about the past of a window that was raised does not
/// raise it once more. `raised` are the windows, from their first slip-up until they are over, in microseconds.
pub fn is_new_window(listed: &[Slip], raised: &[(i64, i64)]) -> bool {
    let (Some(first), Some(last)) = (listed.first(), listed.last()) else {
        return false;
    };
    let overlaps = |(from, until): &(i64, i64)| first.at_us < *until && *from <= last.at_us;
    !raised.iter().any(overlaps)
}

/// A signal's kind as labels spell it.
const fn signal_code(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::LegalThreat => "legal_threat",
        SignalKind::ManagerRequest => "manager_request",
        SignalKind::ChurnThreat => "churn_threat",
        SignalKind::Abuse => "abuse",
        SignalKind::VulnerableCustomer => "vulnerable_customer",
        SignalKind::RepeatStated => "repeat_stated",
        SignalKind::Praise => "praise",
        SignalKind::Other => "other",
    }
}

#[cfg(test)]
mod tests;
