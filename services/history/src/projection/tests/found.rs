//! Customers are found as a naive model finds them, that keeps all contacts and looks through each.

use std::collections::BTreeMap;

use aftercall_domain::{Party, Scope};
use aftercall_ledger::testing::{fold_to_store, merged};
use aftercall_proto::envelope::customer_key;

use super::*;
use crate::customers::{Finding, Found, Looking, Sought};
use crate::known::Known;

/// What customers are called; the last time nothing is said.
const CALLED: [&str; 5] = ["Anna Meier", "Anna Schulz", "Bert Meierhof", "Ann", ""];

const TEXTS: [&str; 8] = [
    "anna",
    "ANN",
    "meier",
    "mei an",
    "schulz anna",
    "hof",
    "bert m",
    "customer-1",
];

const CUSTOMERS: u8 = 4;

#[derive(Debug, Clone)]
enum Step {
    /// A contact, of nobody known if its customer is 0.
    Record {
        customer: u8,
        name: usize,
        occurred_at: u8,
        team: u8,
    },
    /// One of the contacts so far turns out to be somebody's.
    Identify {
        contact: prop::sample::Index,
        customer: u8,
        name: usize,
    },
    /// Two customers are one, or two again.
    Merge { first: u8, by: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let name = || 0..CALLED.len();
    prop_oneof![
        4 => (0..=CUSTOMERS, name(), 0..6_u8, 0..2_u8).prop_map(
            |(customer, name, occurred_at, team)| Step::Record { customer, name, occurred_at, team }
        ),
        2 => (any::<prop::sample::Index>(), 0..=CUSTOMERS, name())
            .prop_map(|(contact, customer, name)| Step::Identify { contact, customer, name }),
        1 => (1..=CUSTOMERS, 1..CUSTOMERS).prop_map(|(first, by)| Step::Merge { first, by }),
    ]
}

/// A contact as the model has it.
#[derive(Debug, Clone)]
struct Held {
    id: String,
    /// Whose it was when it was recorded.
    recorded_of: String,
    version: u64,
    customer: String,
    name: &'static str,
    team: String,
    occurred_at: Timestamp,
    seq: u64,
}

/// The log, and what the model makes of it.
struct Course {
    log: Partitions,
    through: Positions,
    contacts: Vec<Held>,
    /// The merges of each customer: how many there were, and who is merged now.
    merges: BTreeMap<String, (u64, BTreeSet<String>)>,
}

fn team(number: u8) -> String {
    format!("team-{number}")
}

impl Course {
    fn of(steps: &[Step], partitions: u32) -> Self {
        let mut course = Self {
            log: Partitions::new(partitions),
            through: Positions::new(),
            contacts: Vec::new(),
            merges: BTreeMap::new(),
        };
        for step in steps {
            course.take(step);
        }
        course
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Record {
                customer,
                name,
                occurred_at,
                team,
            } => self.record((*customer, *name), *occurred_at, *team),
            Step::Identify {
                contact,
                customer,
                name,
            } => {
                if !self.contacts.is_empty() {
                    let place = contact.index(self.contacts.len());
                    self.identify(place, customer_id(*customer), CALLED[*name]);
                }
            }
            Step::Merge { first, by } => {
                let other = (first - 1 + by) % CUSTOMERS + 1;
                self.merge(customer_id(*first), customer_id(other));
            }
        }
    }

    fn record(&mut self, (customer, name): (u8, usize), occurred_at: u8, team: u8) {
        let number = u8::try_from(self.contacts.len()).unwrap();
        let (id, customer) = (interaction_id(number), customer_id(customer));
        let (name, team) = (CALLED[name], self::team(team));
        let interaction = Interaction {
            interaction_id: id.clone(),
            occurred_at: Some(to_wire(at(occurred_at))),
            team_id: team.clone(),
            customer: Some(Customer {
                customer_id: customer.clone(),
                display_name: name.to_owned(),
                ..Customer::default()
            }),
            ..Interaction::default()
        };
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(interaction),
            ..InteractionRecorded::default()
        }));
        let key = contact_key(TENANT, &customer, &id);
        let about = (&*id, 1, (&*customer, &*id));
        let position = self.append(key, about, fact);
        self.contacts.push(Held {
            recorded_of: customer.clone(),
            version: 1,
            customer,
            name,
            team,
            occurred_at: at(occurred_at),
            seq: keys::seq_of(position),
            id,
        });
    }

    fn identify(&mut self, place: usize, customer: String, name: &'static str) {
        let held = &mut self.contacts[place];
        held.version += 1;
        held.customer.clone_from(&customer);
        if !name.is_empty() {
            held.name = name;
        }
        let fact = Fact::InteractionIdentified(InteractionIdentified {
            customer_id: customer,
            display_name: name.to_owned(),
            ..InteractionIdentified::default()
        });
        let Held {
            id,
            recorded_of,
            version,
            ..
        } = held.clone();
        let key = contact_key(TENANT, &recorded_of, &id);
        self.append(key, (&id, version, (&recorded_of, &id)), fact);
    }

    fn merge(&mut self, first: String, other: String) {
        let (version, others) = self.merges.entry(first.clone()).or_default();
        *version += 1;
        let are_one = others.insert(other.clone());
        if !are_one {
            others.remove(&other);
        }
        let sequence = *version;
        let fact = merged(&first, &other, are_one);
        let key = customer_key(TENANT, &first);
        self.append(key, (&first, sequence, (&first, "")), fact);
    }

    fn append(
        &mut self,
        key: Bytes,
        (aggregate_id, sequence, (customer_id, interaction_id)): (&str, u64, (&str, &str)),
        fact: Fact,
    ) -> aftercall_log::Position {
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            sequence,
            recorded_at: Some(to_wire(at(6))),
            customer_id: customer_id.to_owned(),
            interaction_id: interaction_id.to_owned(),
            ..fact.event()
        };
        let position = self.log.append(Record {
            key,
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        });
        self.through.include(position);
        position
    }

    /// The customers that are one with this one, in order.
    fn group(&self, customer: String) -> Vec<String> {
        let mut group = BTreeSet::from([customer]);
        loop {
            let mut wider = group.clone();
            for (first, (_, merged)) in &self.merges {
                for other in merged {
                    if group.contains(first) || group.contains(other) {
                        wider.extend([first.clone(), other.clone()]);
                    }
                }
            }
            if wider == group {
                return group.into_iter().collect();
            }
            group = wider;
        }
    }

    /// What somebody finds who reads the contacts of these teams: each customer's contacts, the latest first.
    fn found(&self, text: &str, teams: &[String]) -> Vec<Expected> {
        let groups: BTreeSet<_> = (1..=CUSTOMERS)
            .map(|n| self.group(customer_id(n)))
            .collect();
        let found = groups.into_iter().filter_map(|customers| {
            let own = self
                .contacts
                .iter()
                .filter(|one| customers.contains(&one.customer) && teams.contains(&one.team));
            let mut own: Vec<&Held> = own.collect();
            own.sort_by_key(|one| std::cmp::Reverse((one.occurred_at, one.seq)));
            Expected::of(text, customers, &own)
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by(|one, other| one.order().cmp(&other.order()));
        found
    }
}

/// What the model says of somebody who is found.
#[derive(Debug)]
struct Expected {
    customer_id: String,
    customers: Vec<String>,
    display_name: String,
    /// The name that fits, where it is not the current one; any of them where several fit as well as it.
    matched_names: BTreeSet<String>,
    rank: usize,
    last: Timestamp,
}

/// How many of the typed words are only beginnings of the name's words, if each of them is at least that.
fn begun(text: &str, name: &str) -> Option<usize> {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let words: Vec<&str> = name.split(' ').collect();
    let begun = text.split(' ').map(|typed| {
        let is_there = words.iter().any(|word| word.starts_with(typed));
        is_there.then(|| usize::from(!words.contains(&typed)))
    });
    begun.sum()
}

impl Expected {
    fn of(text: &str, customers: Vec<String>, own: &[&Held]) -> Option<Self> {
        let last = own.first()?;
        let current = own.iter().find(|one| !one.name.is_empty());
        let current = current.map_or("", |one| one.name);
        let is_exact = customers.iter().any(|id| id == text);
        let fitting = own
            .iter()
            .filter_map(|one| Some((begun(text, one.name)?, one.name)));
        let best = fitting.clone().map(|(begun, _)| begun).min();
        let (rank, matched_names) = match (is_exact, begun(text, current)) {
            (true, _) => (0, BTreeSet::new()),
            (false, Some(begun)) => (1 + begun, BTreeSet::new()),
            (false, None) => {
                let names = fitting.filter(|(begun, _)| Some(*begun) == best);
                (1 + best?, names.map(|(_, name)| name.to_owned()).collect())
            }
        };
        let typed = is_exact.then(|| text.to_owned());
        Some(Self {
            customer_id: typed.unwrap_or_else(|| last.customer.clone()),
            customers,
            display_name: current.to_owned(),
            matched_names,
            rank,
            last: last.occurred_at,
        })
    }

    fn order(&self) -> (usize, std::cmp::Reverse<Timestamp>, &str) {
        (self.rank, std::cmp::Reverse(self.last), &self.customer_id)
    }

    /// Whether this is what was found.
    fn is(&self, found: &Found) -> bool {
        let name = &found.matched_name;
        let is_named = match self.matched_names.is_empty() {
            true => name.is_empty(),
            false => self.matched_names.contains(name),
        };
        is_named
            && self.customer_id == found.place.customer_id
            && self.customers == found.customers
            && self.display_name == found.display_name
            && Some(to_wire(self.last)) == found.last_contact_at
    }
}

fn find(store: &Store, through: &Positions, text: &str, scope: &Scope) -> Vec<Found> {
    let looking = Looking {
        known: &Known::now(store),
        tenant_id: TENANT,
        scope,
        through,
        is_first: true,
    };
    let Finding { found, cut_short } = looking.find(&Sought::of(text)).unwrap();
    assert!(!cut_short);
    found
}

proptest! {
    /// By whatever is typed, whoever asks, and however the log is read.
    #[test]
    fn customers_are_found_as_a_naive_model_finds_them(
        steps in prop::collection::vec(step(), 0..40),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let course = Course::of(&steps, partitions);
        let projection = &mut HistoryProjection::new(Fields::new());
        let store = fold_to_store(&course.log, projection, &turns);
        let own = [team(0)];
        let of_team = Scope::of([Party::Team(&own[0])]);
        for text in TEXTS {
            for (scope, teams) in [(&Scope::All, &[team(0), team(1)][..]), (&of_team, &own[..])] {
                let found = find(&store, &course.through, text, scope);
                let expected = course.found(text, teams);
                let is_same = found.len() == expected.len()
                    && found.iter().zip(&expected).all(|(found, expected)| expected.is(found));
                prop_assert!(is_same, "{}: {:?}, not {:?}", text, found, expected);
            }
        }
    }
}

proptest! {
    /// A name that no contact has any more leaves nothing.
    #[test]
    fn names_go_with_the_last_contact_that_has_them(steps in prop::collection::vec(step(), 0..20)) {
        let mut course = Course::of(&steps, 2);
        for place in 0..course.contacts.len() {
            course.identify(place, String::new(), "");
        }
        let projection = &mut HistoryProjection::new(Fields::new());
        let store = fold_to_store(&course.log, projection, &[(0, 7)]);
        for tag in [70_u8, 71] {
            let rows = Known::now(&store).scan_prefix([tag], aftercall_view::Direction::Ascending);
            prop_assert_eq!(rows.count(), 0);
        }
    }
}
