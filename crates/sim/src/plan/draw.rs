//! Draws plans.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{Act, Caller, Change, Contact, Plan, Promise, Step, Which, Wish};
use crate::log::Weather;

/// How many contacts, customers, given ids of promises and references there are.
const CONTACTS: u8 = 24;
const CUSTOMERS: u8 = 4;
const PROMISES: u8 = 6;
const REFERENCES: u8 = 6;

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
        requests: 0,
        steps: Vec::new(),
    };
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
    requests: u16,
    steps: Vec<Step>,
}

impl Draw {
    fn round(&mut self) {
        if self.random.random_bool(0.6) {
            let weather = self.weather();
            self.act(0, Act::Weather(weather));
        }
        match self.random.random_range(0..10) {
            0..=2 => self.rush(),
            3..=7 => self.traffic(),
            8 => self.trouble(),
            _ => {
                let seconds = [60, 600, 3_600, 21_600];
                let seconds = *seconds.choose(&mut self.random).unwrap_or(&60);
                self.act(0, Act::Passes { seconds });
            }
        }
        if self.random.random_bool(0.4) {
            self.trouble();
        }
        self.at_ms += self.random.random_range(0..3_000);
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

    /// Many callers with one contact at once, of whom some give up.
    fn rush(&mut self) {
        let id = self.random.random_range(0..CONTACTS);
        let customer = id % CUSTOMERS;
        let (reference, promise) = (self.reference(), self.promise());
        for _ in 0..self.random.random_range(3..16) {
            let contact = Contact {
                id,
                content: self.random.random_range(0..3),
                customer,
                reference,
                promise: promise.clone(),
            };
            let after_ms = self.random.random_range(0..40);
            self.call(after_ms, Wish::Record(contact));
        }
        self.at_ms += 100;
    }

    /// Callers who want all sorts of things.
    fn traffic(&mut self) {
        for _ in 0..self.random.random_range(4..30) {
            let wish = self.wish();
            let after_ms = self.random.random_range(0..2_000);
            self.call(after_ms, wish);
            if self.random.random_bool(0.15) {
                // The same once more, beside it.
                let again = self.steps.last().cloned();
                self.steps.extend(again);
            }
        }
        self.at_ms += 2_000;
    }

    fn call(&mut self, after_ms: u64, wish: Wish) {
        let patience_ms = match self.random.random_bool(0.4) {
            true => Some(self.random.random_range(0..15)),
            false => None,
        };
        let caller = Caller {
            to: self.random.random_range(0..self.processes),
            wish,
            patience_ms,
            retries: self.random.random_range(0..4),
        };
        self.act(after_ms, Act::Call(caller));
    }

    fn reference(&mut self) -> Option<u8> {
        let random = &mut self.random;
        random
            .random_bool(0.1)
            .then(|| random.random_range(0..REFERENCES))
    }

    fn promise(&mut self) -> Option<Promise> {
        self.random.random_bool(0.5).then(|| Promise {
            id: self
                .random
                .random_bool(0.5)
                .then(|| self.random.random_range(0..PROMISES)),
            due_minutes: self.random.random_range(1..600),
        })
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
        match self.random.random_range(0..24) {
            0..=8 => Wish::Record(Contact {
                id: contact,
                content: u8::from(self.random.random_bool(0.2)),
                // Now and then for another customer.
                customer: match self.random.random_bool(0.1) {
                    true => customer,
                    false => contact % CUSTOMERS,
                },
                reference: self.reference(),
                promise: self.promise(),
            }),
            9..=11 => Wish::Fulfil(self.change(request)),
            12 => Wish::Cancel(self.change(request)),
            13 | 14 => {
                let change = self.change(request);
                Wish::Reschedule(change, self.random.random_range(1..3_000))
            }
            15 | 16 => Wish::Amend { contact, request },
            17 => Wish::Identify {
                contact,
                customer,
                request,
            },
            18 => Wish::Merge {
                customer,
                merged,
                request,
            },
            19 => Wish::Unmerge {
                customer,
                merged,
                request,
            },
            20 => Wish::Promote { request },
            21 => Wish::ListPromises,
            _ => Wish::ListTimeline { customer },
        }
    }

    fn change(&mut self, request: u16) -> Change {
        let promise = match self.random.random_bool(0.6) {
            true => Which::Of(self.random.random_range(0..CONTACTS)),
            false => Which::Given(self.random.random_range(0..PROMISES)),
        };
        Change { promise, request }
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
            3 => Act::SetClock {
                process,
                seconds: *[-3_600, -60, -1, 2, 60, 7_200]
                    .choose(&mut self.random)
                    .unwrap_or(&0),
            },
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
}
