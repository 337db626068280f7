//! Draws plans.

mod followups;
mod series;

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{
    Act, CONTACTS, CUSTOMERS, Caller, Change, Contact, HANDLES, Later, Minutes, PROMISES, Plan,
    Promise, REFERENCES, Step, TENANTS, Tenant, Watcher, Which, Wish,
};
use crate::log::Weather;

const DAY_SECONDS: i64 = 24 * 3_600;

/// Longer than a request is known.
const LONG_SECONDS: i64 = 8 * DAY_SECONDS;

/// How long a plan is, in rounds; each has a sort of its own.
const ROUNDS: std::ops::Range<u64> = 4..12;

pub(super) fn plan(seed: u64) -> Plan {
    let mut random = StdRng::seed_from_u64(seed ^ 0x5EED);
    let (processes, partitions) = match random.random_range(0..4) {
        0 | 1 => (1, 1),
        2 => (2, random.random_range(1..=3)),
        _ => (3, random.random_range(2..=4)),
    };
    let mut draw = Draw {
        random,
        processes,
        partitions,
        at_ms: 50,
        passed_seconds: 0,
        requests: 0,
        promised: Vec::new(),
        begun: Vec::new(),
        steps: Vec::new(),
    };
    for _ in 0..draw.random.random_range(0..3) {
        draw.watch();
    }
    for _ in 0..draw.random.random_range(ROUNDS) {
        draw.round();
    }
    draw.steps.sort_by_key(|step| step.at_ms);
    Plan {
        processes,
        partitions,
        steps: draw.steps,
    }
}

struct Draw {
    random: StdRng,
    processes: usize,
    partitions: u32,
    at_ms: u64,
    /// Of time in which nobody calls.
    passed_seconds: i64,
    requests: u16,
    /// The promises in the contacts that are recorded, the latest last.
    promised: Vec<Which>,
    /// The second promises of the series that contacts' records begin.
    begun: Vec<Later>,
    steps: Vec<Step>,
}

impl Draw {
    fn round(&mut self) {
        if self.random.random_bool(0.6) {
            let weather = self.weather();
            self.act(0, Act::Weather(weather));
        }
        match self.random.random_range(0..17) {
            0..=2 => self.rush(),
            3..=7 => self.traffic(),
            8 => self.trouble(),
            9 => self.again(),
            10 => self.queued(),
            11..=13 => self.story(),
            14 | 15 => self.series(),
            _ => match self.random.random_bool(0.8) {
                true => {
                    let seconds = [60, 600, 3_600, 21_600, 3 * DAY_SECONDS, LONG_SECONDS];
                    let seconds = *seconds.choose(&mut self.random).unwrap_or(&60);
                    self.pass(seconds);
                }
                false => self.days(),
            },
        }
        if self.random.random_bool(0.4) {
            self.trouble();
        }
        self.at_ms += self.random.random_range(0..3_000);
    }

    fn pass(&mut self, seconds: i64) {
        self.act(0, Act::Passes { seconds });
        self.passed_seconds += seconds;
        self.again();
    }

    /// One day after the other, each with some calls: requests are forgotten meanwhile.
    fn days(&mut self) {
        for _ in 0..9 {
            self.pass(DAY_SECONDS);
            for _ in 0..4 {
                self.requests += 1;
                let (contact, request) = (self.random.random_range(0..CONTACTS), self.requests);
                self.call(0, 0, Wish::Amend { contact, request });
            }
        }
    }

    fn act(&mut self, after_ms: u64, act: Act) {
        let at_ms = self.at_ms + after_ms;
        self.steps.push(Step { at_ms, act });
    }

    fn weather(&mut self) -> Weather {
        let random = &mut self.random;
        let mut share = |of: u8| match random.random_bool(0.4) {
            true => random.random_range(0..=of),
            false => 0,
        };
        Weather {
            refused: share(30),
            lost_acks: share(20),
            lost_records: share(20),
            late: share(15),
            unheard: share(5),
            slow_ms: u64::from(share(100)),
        }
    }

    fn watch(&mut self) {
        let watcher = Watcher {
            tenant: self.tenant(),
            connected_ms: self.random.random_range(100..10_000),
        };
        let after_ms = self.random.random_range(0..4_000);
        self.act(after_ms, Act::Watch(watcher));
    }

    /// Most are of one tenant.
    fn tenant(&mut self) -> Tenant {
        match self.random.random_bool(0.8) {
            true => 0,
            false => self.random.random_range(0..TENANTS),
        }
    }

    /// Many callers with one contact at once, of whom some give up; or with contacts that have a name in
    /// common.
    fn rush(&mut self) {
        let tenant = self.tenant();
        let ids = match self.random.random_bool(0.7) {
            true => 1,
            false => self.random.random_range(2..4),
        };
        let first = self.random.random_range(0..CONTACTS);
        let mut contact = self.contact(first);
        for _ in 0..self.random.random_range(3..16) {
            contact.id = (first + self.random.random_range(0..ids) * CUSTOMERS) % CONTACTS;
            contact.content = self.random.random_range(0..3);
            let after_ms = self.random.random_range(0..40);
            self.call(tenant, after_ms, Wish::Record(contact.clone()));
        }
        self.at_ms += 100;
    }

    /// A rush to a slow log: who gives up leaves a record in its queue, which others take for lost.
    fn queued(&mut self) {
        let slow_ms = self.random.random_range(20..200);
        let slow = Weather {
            slow_ms,
            ..Weather::default()
        };
        self.act(0, Act::Weather(slow));
        for _ in 0..self.random.random_range(1..5) {
            self.rush();
        }
    }

    /// What was asked for before is asked for again.
    fn again(&mut self) {
        let calls = self.steps.iter().filter_map(|step| match &step.act {
            Act::Call(caller) => Some(caller.clone()),
            _ => None,
        });
        let calls: Vec<Caller> = calls.collect();
        for _ in 0..self.random.random_range(1..8) {
            if let Some(caller) = calls.choose(&mut self.random).cloned() {
                let after_ms = self.random.random_range(0..2_000);
                self.act(after_ms, Act::Call(caller));
            }
        }
        self.at_ms += 2_000;
    }

    /// Callers who want all sorts of things.
    fn traffic(&mut self) {
        for _ in 0..self.random.random_range(4..30) {
            let (tenant, wish) = (self.tenant(), self.wish());
            let after_ms = self.random.random_range(0..2_000);
            self.call(tenant, after_ms, wish);
            if self.random.random_bool(0.15) {
                // The same once more, beside it.
                let again = self.steps.last().cloned();
                self.steps.extend(again);
            }
        }
        self.at_ms += 2_000;
    }

    fn call(&mut self, tenant: Tenant, after_ms: u64, wish: Wish) {
        let patience_ms = match self.random.random_bool(0.4) {
            true => Some(self.random.random_range(0..15)),
            false => None,
        };
        let caller = Caller {
            tenant,
            to: self.random.random_range(0..self.processes),
            wish,
            patience_ms,
            retries: self.random.random_range(0..4),
        };
        self.act(after_ms, Act::Call(caller));
    }

    fn contact(&mut self, id: u8) -> Contact {
        let promise = self.random.random_bool(0.5).then(|| self.promise());
        if let Some(promise) = &promise {
            let which = promise.id.map_or(Which::Of(id), Which::Given);
            self.promised.push(which);
        }
        let follows_up = self.random.random_bool(0.15).then(|| self.which());
        let random = &mut self.random;
        let contact = Contact {
            id,
            content: u8::from(random.random_bool(0.2)),
            customer: match random.random_range(0..10) {
                // Now and then another customer's.
                0 => Some(random.random_range(0..CUSTOMERS)),
                1 => None,
                _ => Some(id % CUSTOMERS),
            },
            handle: random
                .random_bool(0.4)
                .then(|| random.random_range(0..HANDLES)),
            reference: random
                .random_bool(0.1)
                .then(|| random.random_range(0..REFERENCES)),
            promise,
            follows_up,
        };
        self.begins(&contact);
        contact
    }

    fn promise(&mut self) -> Promise {
        let random = &mut self.random;
        let id = random
            .random_bool(0.5)
            .then(|| random.random_range(0..PROMISES));
        let due_minutes = self.due(600);
        Promise {
            id,
            due_minutes,
            told_to_customer: self.random.random_bool(0.85),
            recurs: self
                .random
                .random_bool(0.12)
                .then(|| self.recurs(due_minutes)),
        }
    }

    /// Within so many minutes from now.
    fn due(&mut self, minutes: Minutes) -> Minutes {
        let passed = self.passed_seconds.unsigned_abs() / 60;
        passed as Minutes + self.random.random_range(1..minutes)
    }

    fn stream(&mut self) -> Wish {
        let count = self.random.random_range(1..8);
        let contacts = (0..count).map(|_| {
            let id = self.random.random_range(0..CONTACTS);
            self.contact(id)
        });
        let contacts = contacts.collect();
        let breaks_after = self
            .random
            .random_bool(0.4)
            .then(|| self.random.random_range(0..count));
        Wish::RecordMany {
            contacts,
            breaks_after,
        }
    }

    fn wish(&mut self) -> Wish {
        let contact = self.random.random_range(0..CONTACTS);
        let customer = self.random.random_range(0..CUSTOMERS);
        let merged = (customer + 1) % CUSTOMERS;
        self.requests += 1;
        // Now and then somebody takes the id of another request.
        let request = match self.random.random_bool(0.1) {
            true => self.random.random_range(0..self.requests),
            false => self.requests,
        };
        match self.random.random_range(0..52) {
            0..=8 => Wish::Record(self.contact(contact)),
            9..=11 => Wish::Fulfil(self.change(request)),
            12 => Wish::Cancel(self.change(request)),
            13 | 14 => {
                let change = self.change(request);
                Wish::Reschedule(change, self.due(3_000))
            }
            15 | 16 => Wish::Amend { contact, request },
            17 | 18 => Wish::Identify {
                contact,
                customer: self.random.random_bool(0.8).then_some(customer),
                request,
            },
            19 => Wish::Merge {
                customer,
                merged,
                request,
            },
            20 => Wish::Unmerge {
                customer,
                merged,
                request,
            },
            21 => Wish::Promote { request },
            22 => Wish::ListPromises,
            23 => Wish::ListByHandle {
                handle: self.random.random_range(0..HANDLES),
            },
            24 | 25 => self.stream(),
            26 | 27 => Wish::ListTimeline { customer },
            _ => self.followup(request),
        }
    }

    fn change(&mut self, request: u16) -> Change {
        let promise = self.which();
        Change { promise, request }
    }

    /// Most often one that was made lately.
    fn which(&mut self) -> Which {
        if !self.begun.is_empty()
            && self.random.random_bool(0.1)
            && let Some(later) = self.later()
        {
            return later;
        }
        let lately = self.promised.iter().rev().take(PROMISES.into());
        let lately: Vec<Which> = lately.copied().collect();
        match lately.choose(&mut self.random) {
            Some(which) if self.random.random_bool(0.75) => *which,
            _ if self.random.random_bool(0.6) => Which::Of(self.random.random_range(0..CONTACTS)),
            _ => Which::Given(self.random.random_range(0..PROMISES)),
        }
    }

    /// Something that happens to machines.
    fn trouble(&mut self) {
        let process = self.random.random_range(0..self.processes);
        let after_ms = self.random.random_range(0..2_000);
        let back_after_ms = self.random.random_range(1..1_000);
        let act = match self.random.random_range(0..7) {
            0 | 1 => Act::Crash {
                process,
                back_after_ms,
            },
            2 => Act::Restart {
                process,
                back_after_ms,
            },
            3 => return self.wrong_clock(process, after_ms),
            4 => Act::DiskFull {
                process,
                ms: self.random.random_range(10..20_000),
            },
            5 if self.processes > 1 => Act::Outage {
                partition: self.random.random_range(0..self.partitions),
                ms: self.random.random_range(10..4_000),
            },
            _ => {
                let mut partitions = BTreeSet::new();
                for partition in 0..self.partitions {
                    if self.random.random_bool(0.6) {
                        partitions.insert(partition);
                    }
                }
                Act::Claims {
                    process,
                    partitions,
                }
            }
        };
        self.act(after_ms, act);
    }

    /// A clock is set, and now and then set right again.
    fn wrong_clock(&mut self, process: usize, after_ms: u64) {
        let choices = [-3_600, -60, -1, 2, 60, 7_200, LONG_SECONDS];
        let seconds = *choices.choose(&mut self.random).unwrap_or(&0);
        self.act(after_ms, Act::SetClock { process, seconds });
        if seconds == LONG_SECONDS || self.random.random_bool(0.5) {
            let after_ms = after_ms + self.random.random_range(0..5_000);
            let seconds = -seconds;
            self.act(after_ms, Act::SetClock { process, seconds });
        }
    }
}
