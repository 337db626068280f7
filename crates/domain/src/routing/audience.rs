//! Who of an escalation policy is told on a level.

use std::collections::BTreeMap;

use super::{Books, House, Verdict, Why};
use crate::alert::Alert;
use crate::commitment::Owner;
use crate::setting::{
    EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget, Whose,
};

/// Who is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Audience {
    /// The receivers, one for a person.
    pub(super) receiver_ids: Vec<String>,
    /// Who is not, and why.
    pub(super) left_out: Vec<Verdict>,
}

/// Who has their turn in a round: of a policy, a team and a level, the place of the target.
pub(super) type Turns = BTreeMap<(String, String, u32), usize>;

/// Whose a receiver is, as far as one message is enough for them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Person<'a> {
    Agent(&'a str),
    Team(&'a str),
    Receiver(&'a str),
}

/// The receivers that are told of an alert on a level, as the house is set up now: of a level that is told by turns,
/// all whose turn it may be.
pub fn on_level(alert: &Alert, level: u32, house: &House) -> Vec<String> {
    let escalation = alert.escalation.as_ref();
    let policy = escalation.and_then(|escalation| {
        let name = (escalation.policy_id.clone(), escalation.policy_version);
        house.escalations.get(&name)
    });
    let Some(policy) = policy else {
        return Vec::new();
    };
    let targets = policy.level(level).map_or(&[][..], |level| &level.targets);
    let told = Audience::all(alert, targets, house);
    told.or_last(alert, policy, house).receiver_ids
}

impl Audience {
    /// Who is told of an alert on its level.
    pub(super) fn of(alert: &Alert, house: &House, books: &mut Books, turns: &mut Turns) -> Self {
        let Some(escalation) = &alert.escalation else {
            return Self::default();
        };
        let name = (escalation.policy_id.clone(), escalation.policy_version);
        let Some(policy) = house.escalations.get(&name) else {
            return Self::default();
        };
        let level = policy.level(alert.level).filter(|_| !escalation.exhausted);
        let audience = match level {
            Some(level) => {
                let place = policy
                    .levels
                    .iter()
                    .position(|one| std::ptr::eq(one, level));
                let place = u32::try_from(place.unwrap_or_default()).unwrap_or(u32::MAX);
                Self::of_level((alert, place, level), house, books, turns)
            }
            None => Self::default(),
        };
        audience.or_last(alert, policy, house)
    }

    fn of_level(
        (alert, place, level): (&Alert, u32, &EscalationLevel),
        house: &House,
        books: &mut Books,
        turns: &mut Turns,
    ) -> Self {
        let targets = &level.targets;
        if level.strategy == EscalationStrategy::All {
            return Self::all(alert, targets, house);
        }
        let Some(escalation) = &alert.escalation else {
            return Self::default();
        };
        let name = (
            escalation.policy_id.clone(),
            alert.team_id.clone(),
            alert.level,
        );
        let chosen = *turns.entry(name).or_insert_with(|| {
            let had = books.turns.entry((escalation.policy_id.clone(), place));
            let had = had.or_default();
            let count = u64::try_from(targets.len()).unwrap_or(u64::MAX).max(1);
            let next = usize::try_from(*had % count).unwrap_or_default();
            *had = had.saturating_add(1);
            next
        });
        // Who can't be told gives the turn to the next one.
        let (before, from) = targets.split_at(chosen.min(targets.len()));
        let mut audience = Self::default();
        for target in from.iter().chain(before) {
            if audience.receiver_ids.is_empty() {
                audience.add(Self::all(alert, std::slice::from_ref(target), house));
            }
        }
        audience
    }

    /// The same, or who is told where that is nobody: the policy's catch-all, or else that of the tenant's fallback.
    fn or_last(mut self, alert: &Alert, policy: &EscalationPolicy, house: &House) -> Self {
        for receiver_id in [&policy.catch_all_receiver_id, &house.last_receiver_id] {
            if self.receiver_ids.is_empty() {
                let last = EscalationTarget::Receiver(receiver_id.clone());
                self.add(Self::all(alert, &[last], house));
            }
        }
        self
    }

    /// Adds others.
    fn add(&mut self, others: Self) {
        self.receiver_ids.extend(others.receiver_ids);
        for one in others.left_out {
            self.leave_out(&one.receiver_id, one.reason);
        }
    }

    /// Says, once, why who is not told.
    fn leave_out(&mut self, receiver_id: &str, reason: Why) {
        let verdict = Verdict {
            receiver_id: receiver_id.to_owned(),
            reason,
        };
        if !self.left_out.contains(&verdict) {
            self.left_out.push(verdict);
        }
    }

    /// Those of several targets whom receivers reach, one receiver for each person.
    fn all(alert: &Alert, targets: &[EscalationTarget], house: &House) -> Self {
        let mut audience = Self::default();
        let mut people: BTreeMap<Person<'_>, &str> = BTreeMap::new();
        for target in targets {
            let receivers = receivers_of(target, alert, house);
            if let Some(whom) = owner_of(target, alert).filter(|_| receivers.is_empty()) {
                let whom = whom.to_owned();
                audience.leave_out("", Why::OwnerUnreached { whom });
            }
            for receiver_id in receivers {
                if let Some(reason) = house.unreached(receiver_id) {
                    audience.leave_out(receiver_id, reason);
                }
                if !house.reaches(receiver_id) {
                    continue;
                }
                let person = person_of(receiver_id, house);
                match people.get(&person) {
                    Some(told) if *told == receiver_id => {}
                    Some(told) => {
                        let same = Why::SamePerson {
                            receiver_id: (*told).to_owned(),
                        };
                        audience.leave_out(receiver_id, same);
                    }
                    None => {
                        people.insert(person, receiver_id);
                        audience.receiver_ids.push(receiver_id.to_owned());
                    }
                }
            }
        }
        audience
    }
}

/// The receivers in use of a target.
fn receivers_of<'a>(target: &EscalationTarget, alert: &Alert, house: &'a House) -> Vec<&'a str> {
    match target {
        EscalationTarget::Agent(id) => agents(std::slice::from_ref(id), house),
        EscalationTarget::Team(id) => team(id, house),
        EscalationTarget::Queue(id) => queue(id, house),
        EscalationTarget::Receiver(id) => {
            let found = house.receivers.get_key_value(id);
            found.map(|(id, _)| id.as_str()).into_iter().collect()
        }
        EscalationTarget::Owner => match &alert.owner {
            Some(Owner::Agent(id)) => agents(std::slice::from_ref(id), house),
            Some(Owner::Queue(id)) => queue(id, house),
            None => Vec::new(),
        },
        EscalationTarget::OwnerTeam => match &alert.owner {
            // Its own team may be that of whoever made the promise.
            Some(Owner::Queue(id)) => queue(id, house),
            Some(Owner::Agent(_)) | None => team(&alert.team_id, house),
        },
    }
}

/// Whom a target means that the alert names, by their id: empty where it names nobody. None for another target.
fn owner_of<'a>(target: &EscalationTarget, alert: &'a Alert) -> Option<&'a str> {
    let owner = alert.owner.as_ref();
    match target {
        EscalationTarget::Owner => Some(owner.map_or("", Owner::id)),
        EscalationTarget::OwnerTeam => Some(match owner {
            Some(Owner::Queue(id)) => id.as_str(),
            Some(Owner::Agent(_)) | None => alert.team_id.as_str(),
        }),
        _ => None,
    }
}

/// The receivers of those teams that work a queue off.
fn queue<'a>(queue_id: &str, house: &'a House) -> Vec<&'a str> {
    let teams = house.teams.iter();
    let of = teams.filter(|(_, team)| team.queue_ids.iter().any(|id| id == queue_id));
    of.flat_map(|(id, _)| team(id, house)).collect()
}

/// A team's own receivers, and those of whom it tells.
fn team<'a>(team_id: &str, house: &'a House) -> Vec<&'a str> {
    let receivers = house.receivers.iter();
    let own = receivers.filter(
        |(_, (_, receiver))| matches!(&receiver.whose, Some(Whose::Team(id)) if id == team_id),
    );
    let mut found: Vec<_> = own.map(|(id, _)| id.as_str()).collect();
    if let Some(team) = house.teams.get(team_id) {
        found.extend(agents(team.told(), house));
    }
    found
}

/// The receivers of agents.
fn agents<'a>(agent_ids: &[String], house: &'a House) -> Vec<&'a str> {
    let receivers = house.receivers.iter();
    let of = receivers.filter(|(_, (_, receiver))| {
        matches!(&receiver.whose, Some(Whose::Agent(id)) if agent_ids.contains(id))
    });
    of.map(|(id, _)| id.as_str()).collect()
}

/// The receivers of whoever one is for, itself among them.
pub(super) fn receivers_of_person<'a>(
    receiver_id: &'a str,
    house: &'a House,
) -> impl Iterator<Item = &'a str> {
    let person = person_of(receiver_id, house);
    let all = house.receivers.keys().map(String::as_str);
    all.filter(move |id| person_of(id, house) == person)
}

/// Whether what goes to either of two receivers reaches the same person.
pub(super) fn is_same_person(one: &str, other: &str, house: &House) -> bool {
    person_of(one, house) == person_of(other, house)
}

fn person_of<'a>(receiver_id: &'a str, house: &'a House) -> Person<'a> {
    let receiver = house.receivers.get(receiver_id);
    match receiver.and_then(|(_, receiver)| receiver.whose.as_ref()) {
        Some(Whose::Agent(id)) => Person::Agent(id),
        Some(Whose::Team(id)) => Person::Team(id),
        None => Person::Receiver(receiver_id),
    }
}
