//! How an alert goes on if nobody takes it: level after level of the tenant's escalation policy.
//!
//! When an alert fires or goes on, its event says by which version of which policy it is told, and when it goes on
//! next. So the promise knows its time without looking anything up, and an edit of the policy counts from the
//! next level on.

use jiff::Timestamp;

use crate::due::Calendars;
use crate::setting::{Delay, EscalationPolicy};

/// By what an alert is told, and when it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// The escalation policy.
    pub policy_id: String,
    /// Its version.
    pub policy_version: u64,
    /// When the next level is told, if nobody takes it; none where there is no next one.
    pub goes_on_at: Option<Timestamp>,
    /// Whether all levels were told as often as they are: now the catch-all is.
    pub exhausted: bool,
    /// Whether it is the tenant's fallback, and told because nothing names another one.
    pub by_fallback: bool,
}

/// Why an alert went on to the level that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WentOn {
    /// Nobody took it in time.
    Untaken,
    /// The time of an acknowledgement was over.
    Acknowledged {
        /// Whose it was.
        by: String,
    },
    /// The time of a snooze was over.
    Snoozed {
        /// Whose it was.
        by: String,
    },
}

/// A version of an escalation policy.
#[derive(Debug, Clone, Copy)]
pub struct EscalatesBy<'a> {
    /// The policy.
    pub policy_id: &'a str,
    /// The version.
    pub version: u64,
    /// What it says.
    pub policy: &'a EscalationPolicy,
    /// Whether it is the tenant's fallback, and taken because nothing names another one.
    pub is_fallback: bool,
}

impl EscalatesBy<'_> {
    /// The level of those who are told last, before levels begin anew: who has the most to say.
    pub fn last_level(self) -> u32 {
        u32::try_from(self.policy.levels.len()).map_or(u32::MAX, |count| count.max(1))
    }

    /// What is to be said of an alert that comes to a level at `from`. A calendar that is not known any more is
    /// taken as always open: else the alert would stand still for ever.
    pub fn at_level(self, level: u32, from: Timestamp, calendars: &impl Calendars) -> Escalation {
        let of = self.policy.level(level);
        let goes_on_at = of.and_then(|of| match &of.delay {
            Delay::Wall(delay) => from.checked_add(*delay).ok(),
            Delay::Business(time) => {
                let calendar = calendars.calendar(&time.calendar_id);
                let open = calendar.and_then(|it| it.add(from, time.duration).ok());
                open.or_else(|| from.checked_add(time.duration).ok())
            }
        });
        Escalation {
            policy_id: self.policy_id.to_owned(),
            policy_version: self.version,
            goes_on_at,
            exhausted: of.is_none(),
            by_fallback: self.is_fallback,
        }
    }
}
