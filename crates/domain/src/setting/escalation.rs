//! Whom an alert is told to, level after level.

use jiff::SignedDuration;

use super::{OpenTime, Reference, SettingKind, Visit, check_few, check_id, check_span};
use crate::alert::Rule;
use crate::limits::{
    ESCALATION_LEVELS_MAX, ESCALATION_LOOPS_MAX, ESCALATION_RULES_MAX, ESCALATION_TARGETS_MAX,
    WAIT_DAYS_MAX,
};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// Whom an alert is told to, level after level, until somebody takes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EscalationPolicy {
    /// What people call it; may be empty.
    pub display_name: String,
    /// The levels, in order.
    pub levels: Vec<EscalationLevel>,
    /// How often they begin anew when nobody took it.
    pub num_loops: u32,
    /// The receiver that is told when all of that is over.
    pub catch_all_receiver_id: String,
    /// The rules of alerts about contacts and customers that are told by it, by their names.
    pub rules: Vec<String>,
    /// Whether it is the tenant's fallback: alerts are told by it for which nothing names an escalation policy. A tenant
    /// has one such policy at most.
    pub fallback: bool,
}

/// Those who are told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationLevel {
    /// How long they have to take it.
    pub delay: Delay,
    /// Who is told.
    pub targets: Vec<EscalationTarget>,
    /// Whether all of them are told, or one.
    pub strategy: EscalationStrategy,
}

/// How long a level has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delay {
    /// So long, by any clock.
    Wall(SignedDuration),
    /// So much open time.
    Business(OpenTime),
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EscalationTarget {
    /// An agent.
    Agent(String),
    /// A team: its leads, or if it has none, its members.
    Team(String),
    /// Those teams that work a queue off.
    Queue(String),
    /// A receiver.
    Receiver(String),
    /// Whoever should act on the alert when it is told: an agent, or those teams that work the queue off.
    Owner,
    /// The team that should act on the alert when it is told: of a queue, those that work it off.
    OwnerTeam,
}

/// Whether all targets of a level are told, or one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EscalationStrategy {
    /// All of them.
    #[default]
    All,
    /// One, by turns.
    RoundRobin,
}

impl EscalationPolicy {
    /// Who is told on an alert's level, from 1; none once the levels have been told as often as they are.
    pub fn level(&self, level: u32) -> Option<&EscalationLevel> {
        let place = usize::try_from(level.saturating_sub(1)).ok()?;
        let rounds = usize::try_from(self.num_loops.saturating_add(1)).ok()?;
        let told = self.levels.len().saturating_mul(rounds);
        self.levels
            .get(place.checked_rem(self.levels.len())?)
            .filter(|_| place < told)
    }

    /// The calendars by which levels wait.
    pub fn calendar_ids(&self) -> impl Iterator<Item = &str> {
        let delays = self.levels.iter().map(|level| &level.delay);
        delays.filter_map(|delay| match delay {
            Delay::Wall(_) => None,
            Delay::Business(time) => Some(&*time.calendar_id),
        })
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        let levels = at.field("levels");
        if self.levels.is_empty() {
            found.required(levels);
        } else if self.levels.len() > ESCALATION_LEVELS_MAX {
            found.too_many(levels, self.levels.len(), ESCALATION_LEVELS_MAX);
        } else {
            for (place, level) in self.levels.iter().enumerate() {
                level.check(levels.index(place), found);
            }
        }
        if self.num_loops > ESCALATION_LOOPS_MAX {
            let text = format!("is out of range; at most {ESCALATION_LOOPS_MAX} are taken");
            found.add(at.field("num_loops"), Reason::OutOfRange, text);
        }
        let catch_all = at.field("catch_all_receiver_id");
        check_id(catch_all, &self.catch_all_receiver_id, found);
        let rules = at.field("rules");
        if check_few(rules, &self.rules, ESCALATION_RULES_MAX, found) {
            for (place, rule) in self.rules.iter().enumerate() {
                let is_known = Rule::named(rule).is_some_and(Rule::is_of_concerns);
                if !is_known {
                    let known = Rule::OF_CONCERNS.map(Rule::as_str).join(", ");
                    let text = format!(
                        "is no rule of alerts about contacts or customers; take some of: {known}"
                    );
                    found.add(rules.index(place), Reason::UnknownValue, text);
                }
            }
        }
    }

    /// Whether alerts of a rule about contacts or customers are told by it.
    pub fn is_for(&self, rule: Rule) -> bool {
        self.rules.iter().any(|name| name == rule.as_str())
    }

    pub(super) fn references(&self, at: FieldPath<'_>, visit: &mut Visit<'_>) {
        let levels = at.field("levels");
        for (place, level) in self.levels.iter().enumerate() {
            let at = levels.index(place);
            if let Delay::Business(time) = &level.delay {
                time.reference(at.field("business"), visit);
            }
            let targets = at.field("targets");
            for (place, target) in level.targets.iter().enumerate() {
                let at = targets.index(place);
                if let Some(named) = target.reference() {
                    visit(at.field(target.told().0), named);
                }
            }
        }
        let named = Reference {
            kind: SettingKind::Receiver,
            id: &self.catch_all_receiver_id,
        };
        visit(at.field("catch_all_receiver_id"), named);
    }
}

impl EscalationLevel {
    fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        match &self.delay {
            Delay::Wall(delay) => check_span(at.field("wall"), *delay, WAIT_DAYS_MAX, found),
            Delay::Business(time) => {
                let at = at.field("business");
                check_span(at.field("duration"), time.duration, WAIT_DAYS_MAX, found);
                check_id(at.field("calendar_id"), &time.calendar_id, found);
            }
        }
        let targets = at.field("targets");
        if self.targets.is_empty() {
            found.required(targets);
        }
        if check_few(targets, &self.targets, ESCALATION_TARGETS_MAX, found) {
            for (place, target) in self.targets.iter().enumerate() {
                let at = targets.index(place);
                if let (name, Some(id)) = target.told() {
                    check_id(at.field(name), id, found);
                }
            }
        }
    }
}

impl EscalationTarget {
    /// The name of its field, and the id; none where the alert says who it is.
    const fn told(&self) -> (&'static str, Option<&String>) {
        match self {
            Self::Agent(id) => ("agent_id", Some(id)),
            Self::Team(id) => ("team_id", Some(id)),
            Self::Queue(id) => ("queue_id", Some(id)),
            Self::Receiver(id) => ("receiver_id", Some(id)),
            Self::Owner => ("owner", None),
            Self::OwnerTeam => ("owner_team", None),
        }
    }

    fn reference(&self) -> Option<Reference<'_>> {
        let kind = match self {
            Self::Agent(_) | Self::Queue(_) | Self::Owner | Self::OwnerTeam => return None,
            Self::Team(_) => SettingKind::Team,
            Self::Receiver(_) => SettingKind::Receiver,
        };
        let id = self.told().1?;
        Some(Reference { kind, id })
    }
}
