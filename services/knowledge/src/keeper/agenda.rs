//! What the keeper has to look at, and when. It lives in memory alone: whoever begins surveys all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aftercall_log::Partition;
use jiff::Timestamp;

use super::correcting::Sweep;
use super::judging::Found;
use crate::keys::evidence::{self, Told};
use crate::notes::{Name, Noted};

/// How many who were told something are looked at in one go.
const TOLD_AT_ONCE: usize = 200;

/// How many customers who are one with others than before are looked at in one go: each with all recalls.
const CUSTOMERS_AT_ONCE: usize = 20;

/// What there is to do.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Whose solutions it is about.
    partitions: Arc<BTreeSet<Partition>>,
    /// From which key on all solutions are still to be looked at.
    survey: Option<Vec<u8>>,
    /// Solutions to look at as soon as possible.
    soon: BTreeSet<Name>,
    /// When each of the others is to be looked at.
    later: BTreeMap<Name, Timestamp>,
    times: BTreeSet<(Timestamp, Name)>,
    /// Who was told a version, although it was recalled.
    told: BTreeSet<(Name, u32, Told)>,
    /// Customers, each after its tenant, who are one with others than before.
    customers: BTreeSet<(String, String)>,
    /// Recalled versions whose customers are being gone through.
    sweeps: Vec<Sweep>,
    /// Those that were begun with since the last survey.
    swept: BTreeSet<(Name, u32)>,
}

impl Agenda {
    /// Begins anew when other partitions are held.
    pub(super) fn hold(&mut self, partitions: &Arc<BTreeSet<Partition>>) {
        if self.partitions != *partitions {
            self.partitions = Arc::clone(partitions);
            self.begin();
        }
    }

    fn begin(&mut self) {
        *self = Self {
            partitions: Arc::clone(&self.partitions),
            survey: Some(evidence::all_standings().into()),
            ..Self::default()
        };
    }

    /// Takes in what the fold noted.
    pub(super) fn note(&mut self, noted: Noted) {
        if noted.all {
            self.begin();
        }
        self.soon.extend(noted.solutions);
        self.told.extend(noted.told);
        self.customers.extend(noted.customers);
    }

    /// From which key on solutions are to be found.
    pub(super) fn survey_from(&self) -> Option<Vec<u8>> {
        self.survey.clone()
    }

    /// Takes in what was found.
    pub(super) fn surveyed(&mut self, found: Found) {
        self.soon.extend(found.names);
        self.survey = found.rest;
    }

    /// Whose corrections are to be looked at next.
    pub(super) fn next_sweep(&mut self) -> Option<Sweep> {
        if let Some(sweep) = self.sweeps.pop() {
            return Some(sweep);
        }
        let mut told = Vec::new();
        while told.len() < TOLD_AT_ONCE {
            let Some(one) = self.told.pop_first() else {
                break;
            };
            told.push(one);
        }
        match told.is_empty() {
            true => self.next_customers(),
            false => Some(Sweep::Told(told)),
        }
    }

    /// Some customers of one tenant.
    fn next_customers(&mut self) -> Option<Sweep> {
        let tenant_id = self.customers.first()?.0.clone();
        let is_of = |one: &(String, String)| one.0 == tenant_id;
        let mut customers = BTreeSet::new();
        while customers.len() < CUSTOMERS_AT_ONCE && self.customers.first().is_some_and(is_of) {
            customers.extend(self.customers.pop_first().map(|(_, id)| id));
        }
        Some(Sweep::Customers {
            tenant_id,
            customers,
            from: None,
        })
    }

    /// Goes on with a sweep.
    pub(super) fn sweep_again(&mut self, sweep: Sweep) {
        self.sweeps.push(sweep);
    }

    /// The solutions to look at now, at most so many.
    pub(super) fn due(&mut self, now: Timestamp, names_max: usize) -> Vec<Name> {
        while self.times.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((at, name)) = self.times.pop_first()
                && self.later.get(&name) == Some(&at)
            {
                self.later.remove(&name);
                self.soon.insert(name);
            }
        }
        let mut names = Vec::new();
        while names.len() < names_max {
            let Some(name) = self.soon.pop_first() else {
                break;
            };
            names.push(name);
        }
        names
    }

    /// Solutions that could not be looked at.
    pub(super) fn look_again(&mut self, names: Vec<Name>) {
        self.soon.extend(names);
    }

    /// When solutions are to be looked at again, and which of their versions were recalled.
    pub(super) fn judged(
        &mut self,
        next: Vec<(Name, Option<Timestamp>)>,
        recalled: Vec<(Name, u32)>,
    ) {
        for (name, next) in next {
            if let Some(before) = self.later.remove(&name) {
                self.times.remove(&(before, name.clone()));
            }
            if let Some(next) = next {
                self.times.insert((next, name.clone()));
                self.later.insert(name, next);
            }
        }
        for (name, version) in recalled {
            if self.swept.insert((name.clone(), version)) {
                self.sweeps.push(Sweep::All {
                    name,
                    version,
                    from: None,
                });
            }
        }
    }

    /// When there is something to do.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.times.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn name(id: &str) -> Name {
        ("acme".to_owned(), id.to_owned())
    }

    #[test]
    fn a_solution_is_looked_at_when_it_is_due_and_no_more_at_a_time_that_was_moved() {
        let mut agenda = Agenda::default();
        agenda.judged(
            vec![(name("a"), Some(at(10))), (name("b"), Some(at(20)))],
            vec![],
        );
        assert_eq!(agenda.next(), Some(at(10)));
        assert_eq!(agenda.due(at(9), 9), Vec::<Name>::new());
        agenda.judged(vec![(name("a"), Some(at(30)))], vec![]);
        assert_eq!(agenda.due(at(20), 9), vec![name("b")]);
        assert_eq!(agenda.next(), Some(at(30)));
        agenda.judged(vec![(name("a"), None)], vec![]);
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn customers_are_gone_through_tenant_by_tenant_and_some_at_a_time() {
        let mut agenda = Agenda::default();
        let mut noted = Noted::default();
        noted.customer("umbrella", "a");
        for n in 0..=CUSTOMERS_AT_ONCE {
            noted.customer("acme", &format!("customer-{n}"));
        }
        agenda.note(noted);
        let mut next = || match agenda.next_sweep() {
            Some(Sweep::Customers {
                tenant_id,
                customers,
                ..
            }) => Some((tenant_id, customers.len())),
            Some(other) => panic!("{other:?}"),
            None => None,
        };
        assert_eq!(next(), Some(("acme".to_owned(), CUSTOMERS_AT_ONCE)));
        assert_eq!(next(), Some(("acme".to_owned(), 1)));
        assert_eq!(next(), Some(("umbrella".to_owned(), 1)));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_recall_is_gone_through_once_until_everything_begins_anew() {
        let mut agenda = Agenda::default();
        agenda.judged(vec![], vec![(name("a"), 1)]);
        agenda.judged(vec![], vec![(name("a"), 1)]);
        assert!(agenda.next_sweep().is_some());
        assert!(agenda.next_sweep().is_none());
        agenda.hold(&Arc::new(BTreeSet::from([0])));
        assert!(agenda.survey_from().is_some());
        agenda.judged(vec![], vec![(name("a"), 1)]);
        assert!(agenda.next_sweep().is_some());
    }
}
