//! The fold against a store in memory: whatever the log holds, and however it is cut into batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::{
    Actor, Cancel, Change, Event as Step, Fulfil, Reschedule, Standing,
};
use aftercall_log::Record;
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1 as wire;
use aftercall_view::{Changes, Direction, Engine, EngineScan, StoreError};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use proptest::prelude::*;

use super::*;

const TENANT: &str = "acme";

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryEngine(Arc<Mutex<BTreeMap<Bytes, Bytes>>>);

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.lock().get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan {
        let held = self.0.lock();
        let within = |key: &Bytes| key >= from && to.is_none_or(|to| key < to);
        let entries = held.iter().filter(|(key, _)| within(key));
        let mut entries: Vec<_> = entries
            .map(|(key, value)| Ok((key.clone(), value.clone())))
            .collect();
        if direction == Direction::Descending {
            entries.reverse();
        }
        Box::new(entries.into_iter())
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut held = self.0.lock();
        for (key, value) in changes {
            match value {
                Some(value) => drop(held.insert(key, value)),
                None => drop(held.remove(&key)),
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// What happens next in a log.
#[derive(Debug, Clone)]
enum Next {
    Record {
        contact: u8,
        due: i64,
        told: bool,
        imported: bool,
        done: Option<i64>,
    },
    Change {
        promise: u8,
        what: u8,
        ahead: i64,
    },
    /// An earlier event again: an append that was made twice.
    Again {
        back: usize,
    },
}

fn nexts() -> impl Strategy<Value = Vec<Next>> {
    let done = prop::option::weighted(0.3, -500_i64..100);
    let record = (0_u8..6, -500_i64..2_000, any::<bool>(), any::<bool>(), done);
    let next = prop_oneof![
        2 => record.prop_map(|(contact, due, told, imported, done)| {
            Next::Record { contact, due, told, imported, done }
        }),
        6 => (0_u8..6, 0_u8..4, 1_i64..2_000)
            .prop_map(|(promise, what, ahead)| Next::Change { promise, what, ahead }),
        1 => (0_usize..20).prop_map(|back| Next::Again { back }),
    ];
    prop::collection::vec(next, 0..60)
}

/// Writes a log as the services do: each event decided by the promises as they stand.
#[derive(Default)]
struct Writer {
    log: Vec<Event>,
    promises: BTreeMap<String, Commitment>,
}

impl Writer {
    fn write(&mut self, next: &Next) {
        let now = Timestamp::from_second(self.log.len() as i64 * 300).unwrap();
        match next {
            Next::Record {
                contact,
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
                self.record(*contact, draft, *imported, now);
            }
            Next::Change {
                promise,
                what,
                ahead,
            } => {
                let Some(promise) = self.promises.get(&format!("c-{promise}")) else {
                    return;
                };
                if let Some(step) = decide(promise, *what, *ahead, now) {
                    let event = event_of(promise, step);
                    self.push(event);
                }
            }
            Next::Again { back } => {
                let index = self.log.len().checked_sub(back + 1);
                if let Some(event) = index.map(|index| self.log[index].clone()) {
                    self.push(event);
                }
            }
        }
    }

    fn record(
        &mut self,
        contact: u8,
        draft: wire::CommitmentDraft,
        imported: bool,
        now: Timestamp,
    ) {
        let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: Some(wire::Interaction {
                interaction_id: format!("i-{contact}"),
                occurred_at: Some(to_wire(now)),
                commitments: vec![draft],
                ..wire::Interaction::default()
            }),
        }));
        self.push(Event {
            tenant_id: TENANT.to_owned(),
            r#type: fact.event_type().into(),
            aggregate_id: format!("i-{contact}"),
            sequence: 1,
            recorded_at: Some(to_wire(now)),
            customer_id: format!("customer-{}", contact % 2),
            import_batch: if imported {
                "batch".to_owned()
            } else {
                String::new()
            },
            data: fact.encode(),
            ..Event::default()
        });
    }

    fn push(&mut self, event: Event) {
        let fact = event.fact().unwrap().unwrap();
        if let Fact::InteractionRecorded(recorded) = &fact {
            for made in convert::commitment::made(&event, recorded) {
                let id = made.commitment_id.clone();
                self.promises
                    .entry(id)
                    .or_insert_with(|| Commitment::new(made));
            }
        } else if let Some(step) = convert::commitment::later_event(&event, &fact) {
            let promise = self.promises.get_mut(&event.aggregate_id).unwrap();
            promise.apply(&step);
        }
        self.log.push(event);
    }
}

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
    let step = match what {
        0 => promise.lapse("tracker", now),
        1 => promise.fulfil(
            Fulfil {
                fulfilled_at: None,
                evidence_interaction_id: None,
                note: reason,
            },
            lead,
            now,
        ),
        2 => promise.cancel(
            Cancel {
                customer_informed_interaction_id: None,
                reason,
            },
            lead,
            now,
        ),
        _ => promise.reschedule(
            Reschedule {
                promised_by: now + SignedDuration::from_secs(ahead),
                customer_informed_interaction_id: None,
                reason,
            },
            lead,
            now,
        ),
    };
    step.ok()
}

fn event_of(promise: &Commitment, step: Step) -> Event {
    let request_id = match step.change {
        Change::Lapsed(_) => String::new(),
        _ => format!("r-{}", step.sequence % 3),
    };
    let fact = fact(promise.interaction_id.clone(), step.change);
    Event {
        tenant_id: TENANT.to_owned(),
        r#type: fact.event_type().into(),
        aggregate_id: promise.commitment_id.clone(),
        sequence: step.sequence,
        recorded_at: Some(to_wire(step.recorded_at)),
        actor_id: step.actor_id,
        request_id,
        data: fact.encode(),
        ..Event::default()
    }
}

/// The store after the log, cut into batches of the given sizes over and over.
fn fold(log: &[Event], sizes: &[usize]) -> (BTreeMap<Bytes, Bytes>, Promises) {
    let engine = MemoryEngine::default();
    let store = Store::on(Box::new(engine.clone()));
    let mut view = Promises::default();
    let mut offset = 0;
    for size in sizes.iter().cycle() {
        if offset == log.len() {
            break;
        }
        let end = log.len().min(offset + size);
        let mut txn = Txn::new(&store);
        for (offset, event) in (offset as u64..).zip(&log[offset..end]) {
            let record = Record {
                key: Bytes::new(),
                recorded_at_us: 0,
                body: event.encode_to_vec().into(),
            };
            let position = Position {
                partition: 0,
                offset,
            };
            view.apply(&Entry { position, record }, &mut txn).unwrap();
        }
        store.apply(txn.into_changes()).unwrap();
        offset = end;
    }
    let held = engine.0.lock().clone();
    (held, view)
}

proptest! {
    #[test]
    fn the_store_holds_what_the_promises_are_however_the_log_is_cut(
        nexts in nexts(),
        sizes in prop::collection::vec(1_usize..9, 1..5),
    ) {
        let mut writer = Writer::default();
        nexts.iter().for_each(|next| writer.write(next));
        let (held, view) = fold(&writer.log, &[1]);
        prop_assert_eq!(&held, &fold(&writer.log, &sizes).0, "batches make no difference");

        let mut indexes = Vec::new();
        let store = |key: &[u8]| Ok(held.get(key).cloned());
        for (id, promise) in &writer.promises {
            let stored = stored::commitment(TENANT, id, store).unwrap();
            prop_assert_eq!(stored.as_ref(), Some(promise));
            indexes.extend(keys::indexes(TENANT, promise));
        }
        let is_index = |key: &&Bytes| (3..8).contains(&key[0]);
        let mut expected: Vec<_> = indexes.iter().map(|key| Bytes::copy_from_slice(key)).collect();
        expected.sort();
        let found: Vec<_> = held.keys().filter(is_index).cloned().collect();
        prop_assert_eq!(found, expected, "the indexes hold each promise where it stands");
        let open = writer.promises.values().filter(|promise| promise.is_open()).count();
        prop_assert_eq!(view.open, open as u64);
        check_alerts(&held, &writer.promises)?;
    }
}

/// Each promise has one triggered alert exactly while it is open after a lapse that the tracker
/// said; each alert stands in the list of its state.
fn check_alerts(
    held: &BTreeMap<Bytes, Bytes>,
    promises: &BTreeMap<String, Commitment>,
) -> Result<(), TestCaseError> {
    let alerts = held.iter().filter(|(key, _)| key[0] == 10);
    let alerts: Vec<Alert> = alerts
        .map(|(_, alert)| stored::domain_alert(alert.clone()).unwrap())
        .collect();
    for alert in &alerts {
        let place = keys::alert_place(TENANT, alert);
        prop_assert!(held.contains_key(&place[..]));
        let promise = &promises[&alert.commitment_id];
        let lapses = promise.lapses.iter();
        let lapse = lapses
            .clone()
            .find(|lapse| lapse.detected_at == alert.first_fired_at);
        prop_assert!(lapse.is_some(), "every alert is about a lapse");
        prop_assert!(microseconds(alert.first_fired_at) > microseconds(alert.promised_by));
        if alert.resolved.is_none() {
            prop_assert!(promise.is_open() && promise.has_lapsed());
        }
    }
    let places = held.keys().filter(|key| key[0] == 11).count();
    prop_assert_eq!(places, alerts.len(), "and no alert in two lists");
    Ok(())
}
