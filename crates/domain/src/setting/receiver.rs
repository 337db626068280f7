//! A person or system that is told, and how.

use jiff::Timestamp;

use super::{Reference, SettingKind, Visit, check_code, check_id};
use crate::calendar::{Calendar, Hours, OpeningHours, TimeOfDay, Zone, unknown_zone};
use crate::interaction::is_language;
use crate::limits::{BUDGET_PER_HOUR, BUDGET_PER_HOUR_MAX, MAIL_BYTES_MAX};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// A person or system that is told, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receiver {
    /// What people call it; may be empty.
    pub display_name: String,
    /// Whose it is.
    pub whose: Option<Whose>,
    /// Where mail goes; may be empty. Personal.
    pub mail_address: String,
    /// The webhook that takes what it is told; may be empty.
    pub webhook_id: String,
    /// In which language it is told; may be empty.
    pub language: String,
    /// Its zone; may be empty.
    pub time_zone: String,
    /// When it is not disturbed.
    pub quiet_hours: Option<QuietHours>,
    /// How much it is told in an hour. 0 means [`BUDGET_PER_HOUR`].
    pub budget_per_hour: u32,
    /// Whether it may be told what is personal.
    pub personal_allowed: bool,
}

/// Whose a receiver is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Whose {
    /// An agent's.
    Agent(String),
    /// A team's.
    Team(String),
}

/// A part of each day, by the clocks of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuietHours {
    /// Its first moment.
    pub begins: TimeOfDay,
    /// The first moment after it: on the next day, unless it is later.
    pub ends: TimeOfDay,
}

impl Receiver {
    /// Says what counts where nothing was said, so that a version means the same for ever.
    pub(super) fn fill_in(&mut self) {
        if self.budget_per_hour == 0 {
            self.budget_per_hour = BUDGET_PER_HOUR;
        }
    }

    /// The first instant from `at` on at which it may be disturbed; `at` itself outside of its quiet hours.
    pub fn told_at(&self, at: Timestamp) -> Timestamp {
        let zone = Zone::named(&self.time_zone);
        match (self.quiet_hours, zone) {
            (Some(quiet), Some(zone)) => quiet.over(zone, at),
            _ => at,
        }
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        match &self.whose {
            Some(Whose::Agent(id)) => check_id(at.field("agent_id"), id, found),
            Some(Whose::Team(id)) => check_id(at.field("team_id"), id, found),
            None if self.mail_address.is_empty() && self.webhook_id.is_empty() => {
                let text = "reaches nobody; give agent_id, team_id, mail_address or webhook_id";
                found.add(at, Reason::Required, text);
            }
            None => {}
        }
        self.check_mail(at.field("mail_address"), found);
        let webhook = at.field("webhook_id");
        check_code(webhook, &self.webhook_id, found);
        if !self.language.is_empty() && !is_language(&self.language) {
            let text = "is no BCP 47 language tag; give one such as de or de-CH";
            found.add(at.field("language"), Reason::Malformed, text);
        }
        self.check_quiet(at, found);
        if self.budget_per_hour > BUDGET_PER_HOUR_MAX {
            let text = format!("is out of range; give 1 to {BUDGET_PER_HOUR_MAX}");
            found.add(at.field("budget_per_hour"), Reason::OutOfRange, text);
        }
    }

    fn check_mail(&self, at: FieldPath<'_>, found: &mut Violations) {
        if self.mail_address.len() > MAIL_BYTES_MAX {
            found.too_long(at, MAIL_BYTES_MAX);
        } else if !self.mail_address.is_empty() && !is_mail_address(&self.mail_address) {
            let text = "is no mail address; give one such as desk@example.com, without a name";
            found.add(at, Reason::Malformed, text);
        }
    }

    fn check_quiet(&self, at: FieldPath<'_>, found: &mut Violations) {
        let zone_at = at.field("time_zone");
        match (self.time_zone.as_str(), self.quiet_hours) {
            ("", Some(_)) => found.required(zone_at),
            ("", None) => {}
            (name, _) if Zone::named(name).is_none() => unknown_zone(zone_at, found),
            _ => {}
        }
        if let Some(QuietHours { begins, ends }) = self.quiet_hours {
            let quiet = at.field("quiet_hours");
            let whole = begins == TimeOfDay::START && ends == TimeOfDay::END;
            if begins == ends || whole || begins == TimeOfDay::END {
                let text = "leave no time to be told; let them begin before 24:00, and end at another time";
                found.add(quiet, Reason::Conflicting, text);
            }
        }
    }

    pub(super) fn references(&self, at: FieldPath<'_>, visit: &mut Visit<'_>) {
        if let Some(Whose::Team(id)) = &self.whose {
            let kind = SettingKind::Team;
            visit(at.field("team_id"), Reference { kind, id });
        }
    }
}

impl QuietHours {
    /// The first instant from `at` on that is not in them. What is not quiet are opening hours of every day.
    fn over(self, zone: Zone, at: Timestamp) -> Timestamp {
        let Self { begins, ends } = self;
        let open = |opens, closes| Hours { opens, closes };
        let day: Vec<_> = match begins < ends {
            true => vec![open(TimeOfDay::START, begins), open(ends, TimeOfDay::END)],
            false => vec![open(ends, begins)],
        };
        let day: Vec<_> = day
            .into_iter()
            .filter(|hours| hours.opens < hours.closes)
            .collect();
        let week = std::array::from_fn(|_| day.clone());
        let hours = OpeningHours::new(zone, week, Vec::new(), None);
        Calendar::new("", hours).next_open(at).unwrap_or(at)
    }
}

/// Whether mail can be sent there: one `@`, with a name before it and a domain after it.
fn is_mail_address(text: &str) -> bool {
    let unfit = |c: char| c.is_control() || c.is_whitespace() || "<>,;:\"()[]\\".contains(c);
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let labels = |text: &str| text.split('.').all(|label| !label.is_empty());
    !text.chars().any(unfit) && !domain.contains('@') && labels(name) && labels(domain)
}
