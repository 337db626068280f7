//! Draws what callers do with promises, alerts and settings.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::Draw;
use crate::plan::{
    AGENTS, Act, Batched, CONTACTS, CUSTOMERS, Change, Following, SETTINGS, SeeingTo, Which, Wish,
};

impl Draw {
    /// Two promises to one customer, with which much is done while time passes.
    pub(super) fn story(&mut self) {
        let first = self.random.random_range(0..CONTACTS);
        let promises = [first, (first + CUSTOMERS) % CONTACTS].map(|id| {
            let promise = self.promise();
            let which = promise.id.map_or(Which::Of(id), Which::Given);
            let mut contact = self.contact(id);
            (contact.content, contact.promise) = (0, Some(promise));
            contact.customer = Some(id % CUSTOMERS);
            self.begins(&contact);
            self.call(0, 0, Wish::Record(contact));
            self.promised.push(which);
            which
        });
        for _ in 0..self.random.random_range(3..12) {
            self.at_ms += self.random.random_range(200..1_500);
            if self.random.random_bool(0.3) {
                let seconds = [30, 600, 3_600, 21_600, 90_000];
                let seconds = *seconds.choose(&mut self.random).unwrap_or(&30);
                self.act(0, Act::Passes { seconds });
                self.passed_seconds += seconds;
            }
            match self.random.random_bool(0.6) {
                true => self.step(promises[0], promises[1]),
                false => self.step(promises[1], promises[0]),
            }
        }
        self.at_ms += 2_000;
    }

    fn step(&mut self, promise: Which, other: Which) {
        self.requests += 1;
        let change = |request| Change { promise, request };
        let wish = match self.random.random_range(0..10) {
            0 => {
                let wish = self.followup(self.requests);
                return self.call(0, 0, wish);
            }
            1 => Wish::Fulfil(change(self.requests)),
            2 => Wish::Reschedule(change(self.requests), self.due(2_000)),
            3 => {
                let on = vec![other];
                Wish::Follow(change(self.requests), Following::Depend { on })
            }
            _ => Wish::Follow(change(self.requests), self.following()),
        };
        let asked = match &wish {
            Wish::Follow(_, Following::Reassign { agent, .. }) => Some(*agent),
            _ => None,
        };
        self.call(0, 0, wish);
        if let Some(agent) = asked.filter(|_| self.random.random_bool(0.6)) {
            self.requests += 1;
            let accept = Following::Accept { agent };
            self.call(0, 100, Wish::Follow(change(self.requests), accept));
        }
    }

    pub(super) fn followup(&mut self, request: u16) -> Wish {
        match self.random.random_range(0..25) {
            0..=13 => {
                let change = self.change(request);
                Wish::Follow(change, self.following())
            }
            14 | 15 => {
                let due_minutes = self.due(600);
                Wish::Make {
                    contact: self.random.random_range(0..CONTACTS),
                    due_minutes,
                    told_to_customer: self.random.random_bool(0.7),
                    recurs: self
                        .random
                        .random_bool(0.2)
                        .then(|| self.recurs(due_minutes)),
                    request,
                }
            }
            16 | 17 => Wish::Batch {
                promises: self.several(),
                command: match self.random.random_range(0..7) {
                    0 => Batched::Fulfil,
                    1 => Batched::Cancel,
                    2 | 3 => Batched::Pause,
                    4 | 5 => Batched::Resume,
                    _ => Batched::EndSeries,
                },
                request,
            },
            18..=20 => Wish::SeeTo {
                how: match self.random.random_range(0..3) {
                    0 => SeeingTo::Acknowledge,
                    1 => SeeingTo::Snooze {
                        until_minutes: self.due(1_000),
                    },
                    _ => SeeingTo::Close,
                },
                request,
            },
            21 | 22 => Wish::Settings {
                state: self.random.random_range(0..SETTINGS),
                request,
            },
            23 => Wish::Retarget { request },
            _ => {
                let promise = self.recurring();
                Wish::Follow(Change { promise, request }, Following::EndSeries)
            }
        }
    }

    pub(super) fn following(&mut self) -> Following {
        match self.random.random_range(0..16) {
            0..=3 => Following::Pause {
                until_minutes: self.random.random_bool(0.6).then(|| self.due(600)),
            },
            4 | 5 => Following::Resume,
            6 | 7 => Following::Reassign {
                agent: self.random.random_range(0..AGENTS),
                within_minutes: self
                    .random
                    .random_bool(0.6)
                    .then(|| self.random.random_range(1..600)),
            },
            8 | 9 => Following::Accept {
                agent: self.random.random_range(0..AGENTS),
            },
            10 => Following::EndHandover,
            11 => Following::Attempt,
            12 | 13 => Following::Depend { on: self.several() },
            _ => Following::Reopen {
                due_minutes: self.due(1_000),
                told_to_customer: self.random.random_bool(0.7),
            },
        }
    }

    /// Some promises, each once; those of one customer often enough.
    pub(super) fn several(&mut self) -> Vec<Which> {
        let mut several: Vec<Which> = Vec::new();
        for _ in 0..self.random.random_range(1..4) {
            let which = self.which();
            if !several.contains(&which) {
                several.push(which);
            }
        }
        several
    }
}
