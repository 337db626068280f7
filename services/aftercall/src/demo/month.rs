//! A month of calls, drawn from the corpus by a seeded program: the same seed, the same month.
//!
//! Of the weeks before there are calls, too, so that a month has something to be compared with. They are of other
//! customers, have neither words nor promises, and nobody called more than twice: nothing that is told of the month is
//! of them.

use aftercall_proto::model::v1 as model;
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngCore, SeedableRng};
use uuid::Uuid;

use super::call::{Caller, Draw, call, cut_off, without_words};
use super::corpus::{Corpus, Promise, PromisedWhen, Scenario};

/// How many days a month has here.
const DAYS: i64 = 30;
/// First calls; those who call again come on top.
const FIRST_CALLS: usize = 1_560;
const CUSTOMERS: usize = 620;
/// How many days before the month are known.
const DAYS_BEFORE: i64 = 28;
/// First calls of those days, each of another customer.
const CALLS_BEFORE: usize = 1_100;
/// The share of those with an open matter who call again.
const CALLS_AGAIN: f64 = 0.4;
/// The share of those with a broken promise who complain.
const COMPLAINS: f64 = 0.5;
/// The share of calls that are lost on the line.
const DROPPED: f64 = 0.03;

/// What happens in the last days: a fire, in whole days before the month's end, about which each of so many others calls once.
const FIRE: &str = "internet.outage";
const FIRE_DAYS: i64 = 5;
const FIRE_CALLS: usize = 80;

/// What is put right in the month, so many whole days before its end: a letter of ours. So many others call about it before that,
/// each once, and fewer after it.
pub(super) const LETTER: &str = "billing.bill_too_high";
pub(super) const LETTER_LABEL: &str = "yearly-letter";
pub(super) const LETTER_DAYS: i64 = 10;
const LETTER_CALLS_BEFORE: usize = 70;
const LETTER_CALLS_AFTER: usize = 14;

/// The reason that has an answer for most of the month, and since when.
pub(super) const ANSWERED_REASON: &str = "internet.slow";
const ANSWERED_AGO: SignedDuration = SignedDuration::from_hours(24 * 20);

/// One thing that happens in the month.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) at: Timestamp,
    pub(super) act: Act,
}

/// What happens.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// A contact of before the month is taken over.
    TakeOver(Box<model::Interaction>),
    /// A contact ends and is recorded.
    Record(Box<model::Interaction>),
    /// A promise is kept.
    Fulfil { commitment_id: String, note: String },
    /// The customer is told another date, in a message.
    Reschedule {
        commitment_id: String,
        promised_by: Timestamp,
        told_in: String,
    },
    /// The customer no longer wants it, as a message says.
    Release {
        commitment_id: String,
        told_in: String,
    },
    /// What solved most cases of a reason becomes an answer, which agents use from then on.
    Answer { reason_code: &'static str },
}

/// A month that ends at `end`, and what was before it, in the order of time.
pub(super) fn month(corpus: &Corpus, seed: u64, end: Timestamp) -> Vec<Step> {
    let mut maker = Maker {
        corpus,
        rng: StdRng::seed_from_u64(seed),
        end,
        steps: Vec::new(),
    };
    let callers: Vec<_> = (0..CUSTOMERS).map(|number| maker.caller(number)).collect();
    for _ in 0..FIRST_CALLS {
        // The square makes a few customers call much more often than the rest.
        let which = maker.rng.random::<f64>().powi(2) * CUSTOMERS as f64;
        let caller = &callers[which as usize];
        let scenario = maker.scenario();
        let at = maker.opening_time((0, DAYS));
        maker.first_call(caller, scenario, at);
    }
    // Drawn last, so that the month is the same without them.
    for number in 0..CALLS_BEFORE {
        maker.calls_before(number);
    }
    if let Some(fire) = corpus.scenario(FIRE) {
        for number in 0..FIRE_CALLS {
            maker.call_about_fire(fire, number);
        }
    }
    if let Some(letter) = corpus.scenario(LETTER) {
        for number in 0..LETTER_CALLS_BEFORE + LETTER_CALLS_AFTER {
            maker.call_about_letter(letter, number);
        }
    }
    maker.steps.push(Step {
        at: end - ANSWERED_AGO,
        act: Act::Answer {
            reason_code: ANSWERED_REASON,
        },
    });
    maker.steps.retain(|step| step.at <= end);
    maker.steps.sort_by_key(|step| step.at);
    maker.steps
}

struct Maker<'a> {
    corpus: &'a Corpus,
    rng: StdRng,
    end: Timestamp,
    steps: Vec<Step>,
}

impl<'a> Maker<'a> {
    fn caller(&mut self, number: usize) -> Caller {
        let corpus = self.corpus;
        let mut name = |from: &'a [String]| from.choose(&mut self.rng).map_or("", String::as_str);
        let display_name = format!("{} {}", name(&corpus.first_names), name(&corpus.last_names));
        let place = name(&corpus.places).to_owned();
        Caller {
            customer_id: format!("C-{}", 1001 + number),
            display_name,
            place,
            number,
        }
    }

    fn scenario(&mut self) -> &'a Scenario {
        let total: u32 = self
            .corpus
            .scenarios
            .iter()
            .map(|scenario| scenario.weight)
            .sum();
        let mut left = self.rng.random_range(0..total.max(1));
        let drawn = self.corpus.scenarios.iter().find(|scenario| {
            let found = left < scenario.weight;
            left = left.saturating_sub(scenario.weight);
            found
        });
        drawn.unwrap_or(&self.corpus.scenarios[0])
    }

    /// A time at which the centre is open, between so many days ago: mostly mornings, less at weekends.
    fn opening_time(&mut self, (least, most): (i64, i64)) -> Timestamp {
        const DAY_S: i64 = 24 * 3600;
        loop {
            let back = self.rng.random_range(least * DAY_S..most * DAY_S);
            let at = self.end - SignedDuration::from_secs(back);
            let local = at.to_zoned(zone());
            let busy = match (local.weekday().to_monday_zero_offset(), local.hour()) {
                (0..5, 9..12) => 1.0,
                (0..5, 8 | 12..18) => 0.6,
                (0..5, 18..20) => 0.3,
                (5, 9..14) => 0.3,
                _ => 0.0,
            };
            if self.rng.random_bool(busy) {
                return at;
            }
        }
    }

    fn first_call(&mut self, caller: &Caller, scenario: &'a Scenario, at: Timestamp) {
        if self.rng.random_bool(DROPPED) {
            self.dropped_call(caller, scenario, at);
            let again = at + SignedDuration::from_secs(self.rng.random_range(60..280));
            return self.whole_call(caller, scenario, again, 0);
        }
        self.whole_call(caller, scenario, at, 0);
    }

    /// The calls of a customer before the month: one, and another one where the first left something open.
    fn calls_before(&mut self, number: usize) {
        let caller = self.caller(CUSTOMERS + number);
        let scenario = self.scenario();
        let month = self.end - SignedDuration::from_hours(24 * DAYS);
        let mut at = self.opening_time((DAYS, DAYS + DAYS_BEFORE));
        for _ in 0..2 {
            let resolved = self.rng.random_bool(scenario.resolved);
            let draw = Draw {
                promises: false,
                signals: false,
                ..self.draw(scenario, resolved)
            };
            let mut contact = call(self.corpus, &caller, scenario, &draw, at);
            without_words(&mut contact);
            let ended = self.ended(contact, at, Act::TakeOver);
            at = ended + SignedDuration::from_hours(self.rng.random_range(20..90));
            if resolved || at >= month || !self.rng.random_bool(CALLS_AGAIN) {
                break;
            }
        }
    }

    /// A call of somebody who calls this once alone.
    fn call_about_fire(&mut self, fire: &Scenario, number: usize) {
        let caller = self.caller(CUSTOMERS + CALLS_BEFORE + number);
        let at = self.opening_time((0, FIRE_DAYS));
        let draw = self.draw(fire, false);
        let contact = call(self.corpus, &caller, fire, &draw, at);
        self.record(contact, at);
    }

    /// The same about the letter; nothing is promised to them.
    fn call_about_letter(&mut self, letter: &Scenario, number: usize) {
        let caller = self.caller(CUSTOMERS + CALLS_BEFORE + FIRE_CALLS + number);
        let days = match number < LETTER_CALLS_BEFORE {
            true => (LETTER_DAYS, 2 * LETTER_DAYS),
            false => (0, LETTER_DAYS),
        };
        let at = self.opening_time(days);
        let draw = Draw {
            promises: false,
            signals: false,
            ..self.draw(letter, true)
        };
        let mut contact = call(self.corpus, &caller, letter, &draw, at);
        contact.labels.push(LETTER_LABEL.to_owned());
        self.record(contact, at);
    }

    fn dropped_call(&mut self, caller: &Caller, scenario: &'a Scenario, at: Timestamp) {
        let draw = self.draw(scenario, false);
        let mut lost = call(self.corpus, caller, scenario, &draw, at);
        cut_off(&mut lost);
        self.record(lost, at);
    }

    fn whole_call(&mut self, caller: &Caller, scenario: &'a Scenario, at: Timestamp, nth: u32) {
        let resolved = self.rng.random_bool(scenario.resolved);
        let draw = self.draw(scenario, resolved);
        let contact = call(self.corpus, caller, scenario, &draw, at);
        let promised = contact.commitments.first().cloned();
        let ended = self.record(contact, at);
        let mut broken = None;
        if let (Some(promise), Some(draft)) = (&scenario.promise, promised) {
            broken = self.outcome(promise, &draft, ended);
        }
        if nth >= 2 {
            return;
        }
        if let Some(due) = broken.filter(|_| self.rng.random_bool(COMPLAINS)) {
            let later = due + SignedDuration::from_secs(self.rng.random_range(1_800..40_000));
            if let Some(complaint) = self.corpus.scenario("complaint.broken_promise") {
                self.whole_call(caller, complaint, later, nth + 1);
            }
        } else if !resolved && self.rng.random_bool(CALLS_AGAIN) {
            let later = ended + SignedDuration::from_hours(self.rng.random_range(20..90));
            self.whole_call(caller, scenario, later, nth + 1);
        }
    }

    fn draw(&mut self, scenario: &Scenario, resolved: bool) -> Draw {
        let promises = scenario
            .promise
            .as_ref()
            .is_some_and(|promise| match promise.when {
                PromisedWhen::Always => true,
                PromisedWhen::Open => !resolved,
            });
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        Draw {
            resolved,
            promises,
            talk_s: self.rng.random_range(90..900),
            queue_s: self.rng.random_range(5..240),
            hold_s: if self.rng.random_bool(0.3) {
                self.rng.random_range(20..180)
            } else {
                0
            },
            pick: self.rng.random(),
            swing: self.rng.random_range(-1.0..1.0),
            signals: scenario
                .signal
                .as_ref()
                .is_some_and(|it| self.rng.random_bool(it.share)),
            commitment_id: Uuid::new_v8(bytes),
            random: self.rng.random(),
        }
    }

    /// Adds the record at the contact's end, and says when that is.
    fn record(&mut self, contact: model::Interaction, began: Timestamp) -> Timestamp {
        self.ended(contact, began, Act::Record)
    }

    /// Adds what becomes of a contact at its end, and says when that is.
    fn ended(
        &mut self,
        contact: model::Interaction,
        began: Timestamp,
        act: impl FnOnce(Box<model::Interaction>) -> Act,
    ) -> Timestamp {
        let ended = contact
            .ended_at
            .as_ref()
            .and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
        let at = ended.unwrap_or(began) + SignedDuration::from_secs(20);
        self.steps.push(Step {
            at,
            act: act(Box::new(contact)),
        });
        at
    }

    /// Draws what becomes of a promise; gives its due where it's broken.
    fn outcome(
        &mut self,
        promise: &Promise,
        draft: &model::CommitmentDraft,
        made: Timestamp,
    ) -> Option<Timestamp> {
        let due = draft.promised_by.as_ref()?;
        let due = Timestamp::new(due.seconds, due.nanos).ok()?;
        let commitment_id = draft.commitment_id.clone();
        let told_in = format!("<{commitment_id}@mail.example>");
        let span = due.duration_since(made).as_secs().max(60);
        let drawn: f64 = self.rng.random();
        if drawn < promise.kept {
            let at = made + SignedDuration::from_secs(self.rng.random_range(span / 5..span));
            let note = "Done as promised.".to_owned();
            self.steps.push(Step {
                at,
                act: Act::Fulfil {
                    commitment_id,
                    note,
                },
            });
        } else if drawn < promise.kept + promise.late {
            let at = due + SignedDuration::from_secs(self.rng.random_range(900..90_000));
            let note = "Done, later than promised.".to_owned();
            self.steps.push(Step {
                at,
                act: Act::Fulfil {
                    commitment_id,
                    note,
                },
            });
            return Some(due);
        } else if drawn < promise.kept + promise.late + 0.04 {
            let at = made + SignedDuration::from_secs(span / 2);
            let promised_by = due + SignedDuration::from_hours(24);
            let act = Act::Reschedule {
                commitment_id: commitment_id.clone(),
                promised_by,
                told_in,
            };
            self.steps.push(Step { at, act });
            let at = promised_by - SignedDuration::from_secs(600);
            let note = "Done by the new date.".to_owned();
            self.steps.push(Step {
                at,
                act: Act::Fulfil {
                    commitment_id,
                    note,
                },
            });
        } else if drawn < promise.kept + promise.late + 0.06 {
            let at = made + SignedDuration::from_secs(span / 3);
            self.steps.push(Step {
                at,
                act: Act::Release {
                    commitment_id,
                    told_in,
                },
            });
        } else {
            return Some(due);
        }
        None
    }
}

/// Where the company is.
pub(super) fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
}

/// The due of a promise made at `made`: some hours on, at a full half hour, as people say it.
pub(super) fn due(made: Timestamp, hours: i64) -> Timestamp {
    let local = (made + SignedDuration::from_hours(hours)).to_zoned(zone());
    let half = if local.minute() < 30 { 0 } else { 30 };
    let rounded = local
        .with()
        .minute(half)
        .second(0)
        .subsec_nanosecond(0)
        .build();
    rounded.map_or(made, |at| {
        at.checked_add(30.minutes())
            .map_or(made, |at| at.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use aftercall_domain::setting::{TaxonomyKind, default_label};

    use super::*;

    #[test]
    fn the_calls_of_the_fire_are_of_the_last_days_and_every_driver_has_a_name() {
        let corpus = Corpus::built_in().unwrap();
        let end: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let fire_from = end - SignedDuration::from_hours(24 * FIRE_DAYS);
        let mut fires = 0;
        for step in month(&corpus, 7, end) {
            let (Act::Record(contact) | Act::TakeOver(contact)) = step.act else {
                continue;
            };
            let driver = contact.driver_segment.clone().unwrap_or_default().code;
            let label = default_label(TaxonomyKind::Driver, &driver);
            assert!(driver.is_empty() || label.is_some(), "{driver}");
            if contact.contact_reasons[0].code == FIRE {
                assert_eq!(driver, "incident.outage");
                assert!(fire_from <= step.at && step.at <= end);
                fires += 1;
            }
        }
        // A call that would end later than the month is not in it.
        assert!(
            (FIRE_CALLS - 5..=FIRE_CALLS).contains(&fires),
            "{fires} calls"
        );
    }

    #[test]
    fn fewer_call_about_the_letter_once_it_is_put_right() {
        let corpus = Corpus::built_in().unwrap();
        let end: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let put_right = end - SignedDuration::from_hours(24 * LETTER_DAYS);
        let (mut before, mut after) = (0, 0);
        for step in month(&corpus, 7, end) {
            let Act::Record(contact) = step.act else {
                continue;
            };
            if contact.labels.iter().all(|label| label != LETTER_LABEL) {
                continue;
            }
            assert_eq!(contact.contact_reasons[0].code, LETTER);
            match contact.occurred_at.unwrap().seconds < put_right.as_second() {
                true => before += 1,
                false => after += 1,
            }
        }
        assert_eq!(before, LETTER_CALLS_BEFORE);
        // A call that would end later than the month is not in it.
        assert!(
            (LETTER_CALLS_AFTER - 3..=LETTER_CALLS_AFTER).contains(&after),
            "{after} calls"
        );
    }
}
