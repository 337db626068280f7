//! The fold against a store in memory: whatever the log holds, and however it is read.

mod moves;
mod redialled;
mod returned;

use std::collections::BTreeMap;

use aftercall_domain::alert::{Alert, Subject};
use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{
    Actor, AlertWish, Cancel, Change, Event as Step, Evidence, Fulfil, Owner, Pausing, Reassign,
    Reschedule, Standing,
};
use aftercall_domain::due::PauseReason;
use aftercall_ledger::testing::fold;
use aftercall_log::Record;
use aftercall_proto::convert;
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{Event, InteractionIdentified, InteractionRecorded};
use aftercall_proto::model::v1 as wire;
use aftercall_view::key::{Parts, whose};
use aftercall_view::testing::{Held, Partitions};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::keys::AlertPlace;
use crate::keys::Home;

const TENANT: &str = "acme";

/// What happens next in a log.
#[derive(Debug, Clone)]
enum Next {
    Record {
        contact: u8,
        customer: u8,
        due: i64,
        told: bool,
        imported: bool,
        done: Option<i64>,
    },
    Change {
        promise: usize,
        what: u8,
        ahead: i64,
    },
    /// A contact turns out to be another customer's, or nobody's.
    Identify { promise: usize, customer: u8 },
    /// An earlier event again: an append that was made twice.
    Again { back: usize },
}

fn nexts() -> impl Strategy<Value = Vec<Next>> {
    let done = prop::option::weighted(0.3, -500_i64..100);
    let name = (0_u8..4, 0_u8..3);
    let record = (name, -500_i64..2_000, any::<bool>(), any::<bool>(), done);
    let next = prop_oneof![
        2 => record.prop_map(|((contact, customer), due, told, imported, done)| {
            Next::Record { contact, customer, due, told, imported, done }
        }),
        6 => (0_usize..12, 0_u8..9, 1_i64..2_000)
            .prop_map(|(promise, what, ahead)| Next::Change { promise, what, ahead }),
        2 => (0_usize..12, 0_u8..3)
            .prop_map(|(promise, customer)| Next::Identify { promise, customer }),
        1 => (0_usize..20).prop_map(|back| Next::Again { back }),
    ];
    prop::collection::vec(next, 0..60)
}

/// A promise by its id and whose it is.
type Name = (String, u64);

/// Writes a log as the services do: each event decided by the promises as they stand. The ids of
/// different customers' contacts and promises are the same.
struct Writer {
    now: Timestamp,
    log: Partitions,
    records: Vec<Record>,
    promises: BTreeMap<Name, (Commitment, Home)>,
    /// Under which key the contacts of the promises were recorded, and their versions.
    contacts: BTreeMap<Name, (Bytes, u64)>,
}

impl Writer {
    fn new(partitions: u32) -> Self {
        Self {
            now: Timestamp::UNIX_EPOCH,
            log: Partitions::new(partitions),
            records: Vec::new(),
            promises: BTreeMap::new(),
            contacts: BTreeMap::new(),
        }
    }

    fn write(&mut self, next: &Next) {
        // Some minutes, and now and then days: long enough for requests to be forgotten.
        let days = self.records.len() % 7 == 6;
        self.now += SignedDuration::from_secs(if days { 200_000 } else { 300 });
        let now = self.now;
        match next {
            Next::Record {
                contact,
                customer,
                due,
                told,
                imported,
                done,
            } => {
                let at = |seconds: i64| Some(to_wire(now + SignedDuration::from_secs(seconds)));
                let draft = wire::CommitmentDraft {
                    commitment_id: format!("c-{contact}"),
                    told_to_customer: *told,
                    promised_by: at(*due),
                    fulfilled_at: done.and_then(at),
                    ..wire::CommitmentDraft::default()
                };
                self.record(*contact, *customer, draft, *imported);
            }
            Next::Change {
                promise,
                what,
                ahead,
            } => {
                let promises = &self.promises;
                let place = promise % promises.len().max(1);
                let Some((name, (promise, _))) = promises.iter().nth(place) else {
                    return;
                };
                if let Some(step) = decide(promise, *what, *ahead, now) {
                    let event = event_of(promise, step);
                    let key = self.contacts[name].0.clone();
                    self.push(key, &event);
                }
            }
            Next::Identify { promise, customer } => {
                let place = promise % self.promises.len().max(1);
                if let Some(name) = self.promises.keys().nth(place).cloned() {
                    self.identify(&name, *customer);
                }
            }
            Next::Again { back } => {
                let index = self.records.len().checked_sub(back + 1);
                if let Some(record) = index.map(|index| self.records[index].clone()) {
                    self.append(record);
                }
            }
        }
    }

    fn record(&mut self, contact: u8, customer: u8, draft: wire::CommitmentDraft, imported: bool) {
        let direction = match contact % 2 {
            0 => wire::Direction::Inbound,
            _ => wire::Direction::Outbound,
        };
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(wire::Interaction {
                interaction_id: format!("i-{contact}"),
                agent_id: format!("agent-{}", contact % 2),
                team_id: format!("team-{}", contact % 3),
                site_id: "site".repeat(usize::from(contact % 2)),
                direction: direction.into(),
                occurred_at: Some(to_wire(self.now)),
                commitments: vec![draft],
                ..wire::Interaction::default()
            }),
            ..InteractionRecorded::default()
        }));
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: format!("i-{contact}"),
            sequence: 1,
            interaction_id: format!("i-{contact}"),
            recorded_at: Some(to_wire(self.now)),
            customer_id: customer_id(customer),
            import_batch: "batch".repeat(imported.into()),
            ..fact.event()
        };
        let key = contact_key(TENANT, &event.customer_id, &event.interaction_id);
        self.push(key, &event);
    }

    fn identify(&mut self, name: &Name, customer: u8) {
        let (key, version) = self.contacts[name].clone();
        let fact = Fact::InteractionIdentified(InteractionIdentified {
            customer_id: customer_id(customer),
            commitment_ids: vec![name.0.clone()],
            ..InteractionIdentified::default()
        });
        let interaction_id = name.0.replace("c-", "i-");
        let event = Event {
            tenant_id: TENANT.to_owned(),
            aggregate_id: interaction_id.clone(),
            sequence: version + 1,
            interaction_id,
            recorded_at: Some(to_wire(self.now)),
            customer_id: customer_id(customer),
            ..fact.event()
        };
        self.push(key, &event);
    }

    fn push(&mut self, key: Bytes, event: &Event) {
        self.append(Record {
            key,
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        });
    }

    fn append(&mut self, record: Record) {
        let at = self.log.append(record.clone());
        let home = Home {
            partition: at.partition,
            whose: whose(&record.key),
        };
        let event = Event::decode(record.body.clone()).unwrap();
        let fact = event.fact().unwrap().unwrap();
        if let Fact::InteractionRecorded(recorded) = &fact {
            for made in convert::commitment::made(&event, recorded) {
                let name = (made.commitment_id.clone(), home.whose);
                let contact = || (record.key.clone(), 1);
                self.contacts.entry(name.clone()).or_insert_with(contact);
                let promise = || (Commitment::new(made), home);
                self.promises.entry(name).or_insert_with(promise);
            }
        } else if let Fact::InteractionIdentified(identified) = fact {
            let name = (identified.commitment_ids[0].clone(), home.whose);
            let version = &mut self.contacts.get_mut(&name).unwrap().1;
            if event.sequence == *version + 1 {
                *version += 1;
                let customer_id = Some(identified.customer_id).filter(|id| !id.is_empty());
                self.promises.get_mut(&name).unwrap().0.customer_id = customer_id;
            }
        } else if let Some(step) = convert::commitment::later_event(&event, &fact) {
            let name = (event.aggregate_id.clone(), home.whose);
            self.promises.get_mut(&name).unwrap().0.apply(&step);
        }
        self.records.push(record);
    }
}

/// 0 for a customer who isn't identified.
fn customer_id(number: u8) -> String {
    match number {
        0 => String::new(),
        number => format!("customer-{number}"),
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each command")]
fn decide(promise: &Commitment, what: u8, ahead: i64, now: Timestamp) -> Option<Step> {
    let standing = Standing {
        team_lead: true,
        ..Standing::default()
    };
    let lead = Actor {
        id: "lead",
        standing,
    };
    let reason = String::new();
    let none = BTreeMap::<String, Calendar>::new();
    let step = match what {
        0 => promise.fire("tracker", now, &none).map(|(_, fired)| fired),
        1 => promise.fulfil(
            Fulfil {
                fulfilled_at: None,
                evidence: Evidence::default(),
                note: reason,
            },
            lead,
            now,
        ),
        3 => promise.reassign(
            Reassign {
                to: Owner::Agent(format!("agent-{}", ahead % 3)),
                to_team_id: "team-2".to_owned(),
                at_once: ahead % 2 != 0,
                accept_within: (ahead % 2 == 0).then(|| SignedDuration::from_secs(ahead)),
            },
            lead,
            now,
        ),
        4 => promise.pause(
            Pausing {
                until: None,
                reason: PauseReason::ForceMajeure,
                note: reason,
            },
            lead,
            now,
            &none,
        ),
        5 => promise.resume(lead, now, &none),
        6 => match promise.alerts.first() {
            None => return None,
            Some(episode) => {
                let wish = AlertWish::Acknowledge {
                    until: None,
                    note: reason,
                };
                let of = (episode.rule, episode.number);
                promise.handle_alert(of, wish, (lead, now), &none)
            }
        },
        2 => promise.cancel(
            Cancel {
                customer_informed: Evidence::default(),
                reason,
            },
            lead,
            now,
        ),
        _ => promise.reschedule(
            Reschedule {
                promised_by: now + SignedDuration::from_secs(ahead),
                due: None,
                told_at: None,
                customer_informed: Evidence {
                    interaction_id: None,
                    message_id: (ahead % 2 == 0).then(|| "<told@mail.example>".to_owned()),
                },
                reason,
                target: None,
            },
            lead,
            now,
            &none,
        ),
    };
    step.ok()
}

fn event_of(promise: &Commitment, step: Step) -> Event {
    let request_id = match step.change {
        Change::Lapsed(_) => String::new(),
        _ => format!("r-{}", step.sequence % 3),
    };
    let fact = fact(step.change);
    Event {
        tenant_id: TENANT.to_owned(),
        aggregate_id: promise.commitment_id.clone(),
        sequence: step.sequence,
        recorded_at: Some(to_wire(step.recorded_at)),
        actor_id: step.actor_id,
        request_hash: request_id.clone().into(),
        request_id,
        customer_id: promise.customer_id.clone().unwrap_or_default(),
        interaction_id: promise.interaction_id.clone(),
        ..fact.event()
    }
}

proptest! {
    #[test]
    fn the_store_holds_what_the_promises_are_however_the_log_is_read(
        nexts in nexts(),
        partitions in 1_u32..5,
        turns in prop::collection::vec((0_usize..4, 1_usize..9), 1..12),
    ) {
        let mut writer = Writer::new(partitions);
        nexts.iter().for_each(|next| writer.write(next));
        let mut view = Promises::default();
        let folded = fold(&writer.log, &mut view, &[(0, 1)]);
        let again = fold(&writer.log, &mut Promises::default(), &turns);
        prop_assert_eq!(&folded, &again, "the way of reading makes no difference");

        let held = folded.held;
        let mut indexes = Vec::new();
        let store = |key: &[u8]| Ok(held.get(key).cloned());
        for ((id, whose), (promise, home)) in &writer.promises {
            let stored = stored::commitment(TENANT, id, *whose, store).unwrap();
            prop_assert_eq!(stored.as_ref(), Some(promise));
            indexes.extend(keys::indexes(TENANT, promise, *home));
        }
        let noted: Vec<_> = (1..9).map(|no| keys::contacts::lapsed(TENANT, &customer_id(no))).collect();
        let is_noted = |key: &Bytes| noted.iter().any(|noted| noted[..] == key[..]);
        let is_index = |key: &&Bytes| matches!(key[0], 3..8 | 18 | 62) && !is_noted(key);
        let mut expected: Vec<_> = indexes
            .into_iter()
            .map(|(key, beside)| (Bytes::copy_from_slice(&key), beside))
            .collect();
        expected.sort();
        let found = held.iter().filter(|(key, _)| is_index(key));
        let found: Vec<_> = found.map(|(key, beside)| (key.clone(), beside.clone())).collect();
        prop_assert_eq!(found, expected, "the indexes hold each promise where it stands");
        let open = writer.promises.values().filter(|(promise, _)| promise.is_open()).count();
        prop_assert_eq!(view.open, open as u64);
        check_alerts(&held, &writer.promises)?;
    }
}

/// Each alert is about a lapse that the tracker said, is open only while the promise is and has lapsed, and
/// stands in the list of its state. The latest of each rule is as the promise has it.
fn check_alerts(
    held: &Held,
    promises: &BTreeMap<Name, (Commitment, Home)>,
) -> Result<(), TestCaseError> {
    let alerts = held.iter().filter(|(key, _)| key[0] == 10);
    let alerts: Vec<(u64, Alert)> = alerts
        .map(|(key, alert)| {
            (
                whose_alert(key),
                stored::decode_alert(alert.clone()).unwrap(),
            )
        })
        .collect();
    let mut placed = 0;
    for (whose, alert) in &alerts {
        for place in keys::alert_places(TENANT, alert, *whose) {
            prop_assert!(held.contains_key(&place[..]));
            placed += 1;
        }
        let Subject::Promise(subject) = &alert.subject else {
            return Err(TestCaseError::fail("only promises have alerts here"));
        };
        let (promise, _) = &promises[&(subject.commitment_id.clone(), *whose)];
        let lapses = promise.lapses.iter();
        let lapse = lapses
            .clone()
            .find(|lapse| lapse.detected_at == alert.first_fired_at);
        prop_assert!(lapse.is_some(), "every alert is about a lapse");
        prop_assert_eq!(&alert.customer_id, &promise.customer_id);
        prop_assert!(microseconds(alert.first_fired_at) > microseconds(subject.due));
        let latest = promise.alert(alert.rule).unwrap();
        if latest.number == alert.episode_no {
            prop_assert_eq!(alert, &Alert::of(TENANT, promise, latest));
        }
        if alert.state.is_open() {
            prop_assert!(promise.is_open() && promise.has_lapsed(subject.clock));
        }
        let named = keys::alert_id_at(TENANT, alert, &AlertPlace::of(alert, *whose));
        prop_assert!(held.contains_key(&named[..]), "each is found by its id");
    }
    let places = held.keys().filter(|key| matches!(key[0], 11 | 19)).count();
    prop_assert_eq!(places, placed, "and no alert in the lists of two states");
    Ok(())
}

fn whose_alert(key: &[u8]) -> u64 {
    let mut parts = Parts::new(key);
    parts.tag().unwrap();
    parts.text().unwrap();
    parts.id().unwrap();
    parts.u64().unwrap()
}
