//! Draws series of promises, and what callers do with them while time passes.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::{DAY_SECONDS, Draw};
use crate::plan::{
    Act, Batched, CONTACTS, CUSTOMERS, CatchingUp, Change, Contact, Ends, Every, Following, Later,
    Minutes, Promise, Recurs, Which, Wish,
};

/// How long processes are down at most while time passes.
const DOWN_MS: u64 = 2_500;

impl Draw {
    /// How a promise recurs that is due then.
    pub(super) fn recurs(&mut self, due_minutes: Minutes) -> Recurs {
        let random = &mut self.random;
        let (every, interval) = match random.random_range(0..10) {
            0..=4 => (Every::Hour, random.random_range(2..=18)),
            5..=7 => (Every::Day, random.random_range(1..=3)),
            8 => (Every::Week, 1),
            _ => (Every::Month, 1),
        };
        Recurs {
            every,
            interval,
            is_independent: random.random_bool(0.6),
            catch_up: match random.random_range(0..3) {
                0 => CatchingUp::Skip,
                1 => CatchingUp::CollapseToOne,
                _ => CatchingUp::All,
            },
            max_open: random.random_range(0..=5),
            ends: match random.random_range(0..4) {
                0 => Ends::After {
                    count: random.random_range(1..=8),
                },
                1 => Ends::At {
                    minutes: due_minutes + random.random_range(0..10_000),
                },
                _ => Ends::Never,
            },
            ends_in_rule: random.random_bool(0.5),
        }
    }

    /// If a contact begins a series, its later promises may be meant from now on.
    pub(super) fn begins(&mut self, contact: &Contact) {
        let promise = contact.promise.as_ref();
        if let Some(promise) = promise.filter(|promise| promise.recurs.is_some()) {
            self.begun.push(Later {
                contact: contact.id,
                customer: contact.customer,
                given: promise.id,
                number: 2,
            });
        }
    }

    /// A later promise of a series, if one was begun.
    pub(super) fn later(&mut self) -> Option<Which> {
        let begun = self.begun.choose(&mut self.random).copied()?;
        let number = self.random.random_range(2..7);
        Some(Which::Later(Later { number, ..begun }))
    }

    /// Any promise of a series, if one was begun.
    pub(super) fn recurring(&mut self) -> Which {
        let begun = self.begun.choose(&mut self.random).copied();
        match begun {
            Some(begun) if self.random.random_bool(0.4) => begun.first(),
            Some(_) => self.later().unwrap_or_else(|| self.which()),
            None => self.which(),
        }
    }

    /// A series whose promises are kept, called off or left, one after the other, while time passes.
    pub(super) fn series(&mut self) {
        let id = self.random.random_range(0..CONTACTS);
        let promise = self.promise();
        let promise = Promise {
            recurs: Some(self.recurs(promise.due_minutes)),
            ..promise
        };
        let begun = Later {
            contact: id,
            customer: Some(id % CUSTOMERS),
            given: promise.id,
            number: 2,
        };
        let mut contact = self.contact(id);
        (contact.content, contact.customer) = (0, begun.customer);
        contact.promise = Some(promise);
        self.begins(&contact);
        self.promised.push(begun.first());
        self.call(0, 0, Wish::Record(contact));
        let mut number = 1;
        for _ in 0..self.random.random_range(4..14) {
            self.at_ms += self.random.random_range(200..1_500);
            if self.random.random_bool(0.5) {
                self.time_passes();
            }
            let which = match number {
                1 => begun.first(),
                _ => Which::Later(Later { number, ..begun }),
            };
            number += u8::from(self.goes_on(which, begun));
        }
        self.at_ms += 2_000;
    }

    /// Something is done with a promise of a series. Says whether that ends the promise.
    fn goes_on(&mut self, promise: Which, begun: Later) -> bool {
        self.requests += 1;
        let change = |request| Change { promise, request };
        let (wish, ends) = match self.random.random_range(0..14) {
            0..=5 => (Wish::Fulfil(change(self.requests)), true),
            6 => (Wish::Cancel(change(self.requests)), true),
            7 => {
                let command = match self.random.random_range(0..4) {
                    0 => Batched::EndSeries,
                    1 => Batched::Cancel,
                    _ => Batched::Fulfil,
                };
                let mut promises = self.several();
                promises.retain(|one| *one != promise);
                promises.push(promise);
                let request = self.requests;
                let batch = Wish::Batch {
                    promises,
                    command,
                    request,
                };
                (batch, command != Batched::EndSeries)
            }
            8 => {
                // Whoever ends it names any of its promises.
                let promise = match self.random.random_bool(0.5) {
                    true => begun.first(),
                    false => promise,
                };
                let request = self.requests;
                let end = Wish::Follow(Change { promise, request }, Following::EndSeries);
                (end, false)
            }
            9 => {
                let due = self.due(2_000);
                (Wish::Reschedule(change(self.requests), due), false)
            }
            10 => (self.followup(self.requests), false),
            _ => {
                let following = self.following();
                (Wish::Follow(change(self.requests), following), false)
            }
        };
        self.call(0, 0, wish);
        ends
    }

    /// Time in which nobody calls, and perhaps no process runs.
    fn time_passes(&mut self) {
        let seconds = [600, 3_600, 21_600, 90_000, 3 * DAY_SECONDS];
        let seconds = *seconds.choose(&mut self.random).unwrap_or(&600);
        if self.random.random_bool(0.3) {
            for process in 0..self.processes {
                let back_after_ms = self.random.random_range(500..DOWN_MS);
                self.act(
                    0,
                    Act::Crash {
                        process,
                        back_after_ms,
                    },
                );
            }
            self.act(400, Act::Passes { seconds });
            self.at_ms += DOWN_MS;
        } else {
            self.act(0, Act::Passes { seconds });
        }
        self.passed_seconds += seconds;
    }
}
