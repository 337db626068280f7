//! What the fold changed that the keeper should look at: kept in memory alone, for who holds the partitions looks at
//! everything once.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::keys::evidence::Told;

/// How much is noted one by one. Beyond that all solutions are looked at.
const NOTED_MAX: usize = 50_000;

/// A solution: its tenant, and its id.
pub(crate) type Name = (String, String);

/// Solutions about which something changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    /// All of them did, as far as anybody knows.
    pub(crate) all: bool,
    /// Those whose events or uses are others.
    pub(crate) solutions: BTreeSet<Name>,
    /// Who was told which version, although it was recalled.
    pub(crate) told: BTreeSet<(Name, u32, Told)>,
    /// Customers, each after its tenant, who are one with others than before.
    pub(crate) customers: BTreeSet<(String, String)>,
    /// Solutions whose uses are others, as long as the batch of events lasts that changed them. All of them, however many.
    moved: BTreeSet<Name>,
}

impl Noted {
    /// That anything may have changed.
    pub(crate) fn everything() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Notes a solution.
    pub(crate) fn solution(&mut self, tenant_id: &str, solution_id: &str) {
        self.solutions
            .insert((tenant_id.to_owned(), solution_id.to_owned()));
    }

    /// Notes that somebody was told a version that was recalled.
    pub(crate) fn told(&mut self, tenant_id: &str, (solution_id, version): (&str, u32), to: Told) {
        let name = (tenant_id.to_owned(), solution_id.to_owned());
        self.told.insert((name, version, to));
    }

    /// Notes that a customer is one with others than before.
    pub(crate) fn customer(&mut self, tenant_id: &str, customer_id: &str) {
        self.customers
            .insert((tenant_id.to_owned(), customer_id.to_owned()));
    }

    /// Takes in what was noted of a contact or a customer, whose uses are others.
    pub(crate) fn add_moved(&mut self, other: Self) {
        self.moved.extend(other.solutions.iter().cloned());
        self.add(other);
    }

    /// Takes the solutions whose uses are others.
    pub(crate) fn take_moved(&mut self) -> BTreeSet<Name> {
        std::mem::take(&mut self.moved)
    }

    /// Takes in what another one has noted.
    pub(crate) fn add(&mut self, other: Self) {
        self.all |= other.all;
        self.solutions.extend(other.solutions);
        self.told.extend(other.told);
        self.customers.extend(other.customers);
        self.moved.extend(other.moved);
        if self.solutions.len() + self.told.len() + self.customers.len() > NOTED_MAX {
            self.all = true;
        }
        if self.all {
            self.solutions.clear();
            self.told.clear();
            self.customers.clear();
        }
    }
}

/// Where the fold leaves what it noted, and the keeper takes it. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

impl Notes {
    /// Leaves what was noted, once it is committed.
    pub(crate) fn leave(&self, noted: Noted) {
        self.0.lock().add(noted);
    }

    /// Takes all that was left.
    pub(crate) fn take(&self) -> Noted {
        std::mem::take(&mut *self.0.lock())
    }
}
